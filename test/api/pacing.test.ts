import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { countedMs, waitMs } from '../../src/api/rate-limiter.ts';
import type { Rate } from '../../src/settings/values.ts';

const NOW = 1_000_000;
const TWO_A_SECOND: Rate = { starts: 2, windowMs: 1000 };

describe('the next request', () => {
  it.each<[string, number[], number]>([
    ['immediately when nothing has started', [], 0],
    ['immediately when there is room', [NOW], 0],
    ['a window after the earlier of two', [NOW - 300, NOW - 100], 710],
    ['a window after both when both started now', [NOW, NOW], 1010],
    ['after the second to last, whatever the order', [NOW - 100, NOW - 900, NOW - 300], 710],
    ['at the very end of the window', [NOW - 1009, NOW - 5], 1],
    ['once the window has passed', [NOW - 1010, NOW - 5], 0],
    ['without a look at what is long over', [NOW - 50_000, NOW - 40_000, NOW - 1], 0],
  ])('starts %s', (_when, starts, wait) => {
    expect(waitMs(starts, TWO_A_SECOND, NOW)).toBe(wait);
  });

  it('does not change the list of starts', () => {
    const starts = [NOW, NOW - 500];
    waitMs(starts, TWO_A_SECOND, NOW);
    expect(starts).toEqual([NOW, NOW - 500]);
  });
});

describe('the requests behind it', () => {
  it.each<[number, number]>([
    [0, 610],
    [1, 910],
    [2, 1620],
    [3, 1920],
    [4, 2630],
  ])('at place %i wait %i ms', (place, wait) => {
    expect(waitMs([NOW - 400, NOW - 100], TWO_A_SECOND, NOW, place)).toBe(wait);
  });

  it.each<[number, number]>([
    [0, 0],
    [1, 910],
    [2, 1010],
    [3, 1920],
  ])('at place %i wait %i ms where one has room', (place, wait) => {
    expect(waitMs([NOW - 100], TWO_A_SECOND, NOW, place)).toBe(wait);
  });
});

const anyRate = fc.record({
  starts: fc.integer({ min: 1, max: 6 }),
  windowMs: fc.integer({ min: 1, max: 500 }),
});

/** When requests start that arrive at these times, each as soon as it may. */
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

  it('no start waits longer than needed', () => {
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

  it('a place in the queue predicts its start', () => {
    fc.assert(
      fc.property(gaps, anyRate, fc.nat(20), (between, rate, place) => {
        const starts = startTimes(arrivalsOf(between), rate);
        const nowMs = Math.max(NOW, starts.at(-1) ?? 0);
        const queue = [...starts];
        for (let ahead = 0; ahead <= place; ahead += 1) {
          const from = queue.at(-1) ?? nowMs;
          queue.push(Math.max(nowMs, from) + waitMs(queue, rate, Math.max(nowMs, from)));
        }
        const predicted = nowMs + waitMs(starts, rate, nowMs, place);
        expect(predicted).toBe(queue.at(-1));
      }),
    );
  });
});
