import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { countedMs, LONGEST_WAIT_MS, waitMs, worthKeeping } from '../../src/api/rate-limit-store.ts';
import type { Rate } from '../../src/settings/values.ts';

const NOW = 1_000_000;
const TWO_A_SECOND: Rate = { starts: 2, windowMs: 1000 };

/** Two milliseconds more than a window: a clock's tick at each end of it. */

describe('the next request', () => {
  it.each<[string, number[], number]>([
    ['at once when nothing has started', [], 0],
    ['at once when there is room', [NOW], 0],
    ['a window after the earlier of two', [NOW - 300, NOW - 100], 702],
    ['a window after both when both started now', [NOW, NOW], 1002],
    ['after the second to last, whatever the order', [NOW - 100, NOW - 900, NOW - 300], 702],
    ['at the very end of the window', [NOW - 1001, NOW - 5], 1],
    ['once the window has passed', [NOW - 1002, NOW - 5], 0],
    ['without a look at what is long over', [NOW - 50_000, NOW - 40_000, NOW - 1], 0],
  ])('starts %s', (_when, starts, wait) => {
    expect(waitMs(starts, TWO_A_SECOND, NOW)).toBe(wait);
  });

  it('leaves the list of starts as it was', () => {
    const starts = [NOW, NOW - 500];
    waitMs(starts, TWO_A_SECOND, NOW);
    expect(starts).toEqual([NOW, NOW - 500]);
  });
});

describe('the requests behind it', () => {
  it.each<[number, number]>([
    [0, 602],
    [1, 902],
    [2, 1604],
    [3, 1904],
    [4, 2606],
  ])('wait, in place %i, %i ms', (place, wait) => {
    expect(waitMs([NOW - 400, NOW - 100], TWO_A_SECOND, NOW, place)).toBe(wait);
  });

  it.each<[number, number]>([
    [0, 0],
    [1, 902],
    [2, 1002],
    [3, 1904],
  ])('wait, where one has room, in place %i, %i ms', (place, wait) => {
    expect(waitMs([NOW - 100], TWO_A_SECOND, NOW, place)).toBe(wait);
  });
});

const anyRate = fc.record({
  starts: fc.integer({ min: 1, max: 6 }),
  windowMs: fc.integer({ min: 1, max: 500 }),
});

/** When requests start that ask for it at these times, each as soon as it may. */
function startTimes(arrivals: readonly number[], rate: Rate): number[] {
  const starts: number[] = [];
  for (const arrival of arrivals) {
    const nowMs = Math.max(arrival, starts.at(-1) ?? 0);
    starts.push(nowMs + waitMs(starts, rate, nowMs));
  }
  return starts;
}

describe('for any arrivals at any rate', () => {
  const gaps = fc.array(fc.oneof(fc.constant(0), fc.nat(50), fc.nat(1000)), { maxLength: 40 });
  const arrivalsOf = (between: readonly number[]): number[] => {
    let at = NOW;
    return between.map((gap) => {
      at += gap;
      return at;
    });
  };

  it('no window holds more starts than the rate', () => {
    fc.assert(
      fc.property(gaps, anyRate, (between, rate) => {
        const starts = startTimes(arrivalsOf(between), rate);
        for (const [index, start] of starts.entries()) {
          const inWindow = starts.slice(index).filter((other) => other <= start + rate.windowMs);
          expect(inWindow.length).toBeLessThanOrEqual(rate.starts);
        }
      }),
    );
  });

  it('no start waits longer than it must', () => {
    fc.assert(
      fc.property(gaps, anyRate, (between, rate) => {
        const arrivals = arrivalsOf(between);
        const starts = startTimes(arrivals, rate);
        for (const [index, start] of starts.entries()) {
          const earlier = starts[index - rate.starts];
          const room = earlier === undefined ? 0 : earlier + countedMs(rate);
          expect(start).toBe(Math.max(arrivals[index] as number, starts[index - 1] ?? 0, room));
        }
      }),
    );
  });

  it('a place in the queue tells its start', () => {
    fc.assert(
      fc.property(gaps, anyRate, fc.nat(20), (between, rate, place) => {
        const starts = startTimes(arrivalsOf(between), rate);
        const nowMs = Math.max(NOW, starts.at(-1) ?? 0);
        const queue = [...starts];
        for (let ahead = 0; ahead <= place; ahead += 1) {
          const from = queue.at(-1) ?? nowMs;
          queue.push(Math.max(nowMs, from) + waitMs(queue, rate, Math.max(nowMs, from)));
        }
        const told = nowMs + waitMs(starts, rate, nowMs, place);
        expect(told).toBe(queue.at(-1));
      }),
    );
  });
});

describe('a start is worth keeping', () => {
  it.each<[number, boolean]>([
    [NOW, true],
    [NOW - 1, true],
    [NOW - 5000, true],
    [NOW - 5249, true],
    [NOW - 5250, false],
    [NOW - 60_000, false],
    // As another process has recorded it while this one waited for the lock.
    [NOW + 30_000, true],
    [NOW + 30_001, false],
    [NOW + 3_600_000, false],
  ])('at %i: %s', (start, kept) => {
    expect(worthKeeping([start], 5000, NOW)).toEqual(kept ? [start] : []);
  });

  it('as long as it can make the next one wait', () => {
    const oldest = NOW - TWO_A_SECOND.windowMs - 1;
    expect(waitMs([oldest, oldest], TWO_A_SECOND, NOW)).toBe(1);
    expect(worthKeeping([oldest], TWO_A_SECOND.windowMs, NOW)).toEqual([oldest]);
  });
});

it('a server may ask to wait ten minutes', () => {
  expect(LONGEST_WAIT_MS).toBe(10 * 60 * 1000);
});
