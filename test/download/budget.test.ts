import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Budget } from '../../src/download/context.ts';
import { BudgetError } from '../../src/errors.ts';

function limitOf(bytes: number): Budget {
  return new Budget({ bytes, flag: '--max-transfer' });
}

describe('a budget of bytes', () => {
  it('lets an attempt begin that fits exactly', () => {
    const budget = limitOf(100);
    budget.reserve(60).settle(60);
    expect(() => budget.reserve(41)).toThrow(BudgetError);
    budget.reserve(40).settle(40);
    expect(() => budget.reserve(1)).toThrow(BudgetError);
  });

  it('counts expected bytes as received', () => {
    const budget = limitOf(100);
    const first = budget.reserve(60);
    expect(() => budget.reserve(50)).toThrow(BudgetError);
    first.settle(10);
    budget.reserve(50);
  });

  it('lets a video of unknown size begin until it is used up', () => {
    const budget = limitOf(100);
    const first = budget.reserve(null);
    const second = budget.reserve(null);
    first.settle(99);
    budget.reserve(null).settle(0);
    second.settle(1);
    expect(() => budget.reserve(null)).toThrow(BudgetError);
  });

  it.each([null, 10])('stops a transfer that exceeds it, when %s bytes were expected', (expected) => {
    const budget = limitOf(100);
    budget.reserve(30);
    const reservation = budget.reserve(expected);
    reservation.cover(5);
    reservation.cover(70);
    expect(() => reservation.cover(71)).toThrow(BudgetError);
  });

  it('releases what an attempt reserved and did not receive', () => {
    const budget = limitOf(100);
    const reservation = budget.reserve(10);
    reservation.cover(90);
    reservation.settle(20);
    budget.reserve(80);
  });

  it('reports what would exceed it, and what to do', () => {
    const budget = limitOf(2 * 1024 * 1024);
    budget.reserve(1024 * 1024).settle(1024 * 1024);
    const thrown = (run: () => unknown): unknown => {
      try {
        return run();
      } catch (error) {
        return error;
      }
    };
    expect(thrown(() => budget.reserve(3_000_000_000))).toMatchObject({
      exitCode: 9,
      code: 'max_transfer',
      message: 'skipped: 2.8 GiB more would exceed --max-transfer (2.0 MiB)',
      hint: 'run the command again with a higher --max-transfer',
    });
    expect(thrown(() => budget.reserve(3_000_000_000, true))).toMatchObject({
      message: 'not retried: another 2.8 GiB would exceed --max-transfer (2.0 MiB)',
    });
    const reservation = budget.reserve(null);
    expect(thrown(() => reservation.cover(1_100_000))).toMatchObject({
      message: 'stopped: the rest would exceed --max-transfer (2.0 MiB)',
    });
    reservation.settle(1024 * 1024);
    expect(thrown(() => budget.reserve(null))).toMatchObject({
      message: 'skipped: more bytes would exceed --max-transfer (2.0 MiB)',
    });
  });

  it('without a limit stops nothing', () => {
    const budget = new Budget(null);
    budget.reserve(Number.MAX_SAFE_INTEGER).settle(Number.MAX_SAFE_INTEGER);
    budget.reserve(null).cover(Number.MAX_SAFE_INTEGER);
    budget.reserve(1);
  });

  it('is never exceeded by videos of known sizes, however they overlap', () => {
    const video = fc.record({ size: fc.nat(60), endsBefore: fc.nat(5) });
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 200 }), fc.array(video), (most, videos) => {
        const budget = limitOf(most);
        const running: { size: number; end: (bytes: number) => void }[] = [];
        let spent = 0;
        for (const { size, endsBefore } of videos) {
          for (const { size: done, end } of running.splice(0, endsBefore)) {
            end(done);
            spent += done;
          }
          try {
            running.push({ size, end: budget.reserve(size).settle });
          } catch (error) {
            expect(error).toBeInstanceOf(BudgetError);
          }
          const promised = running.reduce((sum, each) => sum + each.size, 0);
          expect(spent + promised).toBeLessThanOrEqual(most);
        }
      }),
    );
  });
});
