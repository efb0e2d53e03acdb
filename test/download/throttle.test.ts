import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { throttleTo } from '../../src/download/context.ts';

/** How far a transfer may run ahead, in milliseconds. */
const AHEAD_MS = 100;

describe('a limit on the bytes per second', () => {
  it('lets a tenth of a second run ahead', () => {
    const throttle = throttleTo(1000);
    expect(throttle(100, 5000)).toBe(0);
    expect(throttle(1, 5000)).toBe(1);
  });

  it('pauses for as long as the limit requires for the bytes received', () => {
    const throttle = throttleTo(1000);
    expect(throttle(2000, 5000)).toBe(2000 - AHEAD_MS);
    expect(throttle(500, 6000)).toBe(1500 - AHEAD_MS);
    expect(throttle(0, 7000)).toBe(500 - AHEAD_MS);
    expect(throttle(0, 7450)).toBe(0);
  });

  it('accumulates no credit while nothing is received', () => {
    const throttle = throttleTo(1000);
    throttle(100, 0);
    expect(throttle(600, 1_000_000)).toBe(600 - AHEAD_MS);
  });

  it('is shared by all transfers', () => {
    const throttle = throttleTo(2_000_000);
    expect(throttle(1_000_000, 0)).toBe(500 - AHEAD_MS);
    expect(throttle(1_000_000, 0)).toBe(1000 - AHEAD_MS);
  });

  it('holds for any chunks, if the returned pauses are kept', () => {
    const chunk = fc.record({ bytes: fc.integer({ min: 1, max: 65_536 }), pauseMs: fc.nat(300) });
    fc.assert(
      fc.property(
        fc.integer({ min: 1000, max: 1_000_000 }),
        fc.array(chunk, { minLength: 1 }),
        (limit, chunks) => {
          const throttle = throttleTo(limit);
          let nowMs = 1000;
          let total = 0;
          for (const { bytes, pauseMs } of chunks) {
            nowMs += pauseMs;
            total += bytes;
            nowMs += throttle(bytes, nowMs);
            const earned = ((nowMs - 1000 + AHEAD_MS) / 1000) * limit;
            expect(total).toBeLessThanOrEqual(earned + 1e-6 * total);
          }
        },
      ),
    );
  });

  it('is fully used while data keeps coming', () => {
    const throttle = throttleTo(1000);
    let nowMs = 0;
    for (let index = 0; index < 100; index += 1) nowMs += throttle(50, nowMs);
    expect(nowMs).toBeCloseTo(5000 - AHEAD_MS, 6);
  });
});
