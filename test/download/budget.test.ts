import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Budget } from '../../src/download/budget.ts';
import { BudgetError } from '../../src/errors.ts';

describe('a budget of bytes', () => {
  it('lets a video begin that fits, to the byte', () => {
    const budget = new Budget(100);
    budget.begin(60)(60);
    expect(() => budget.begin(41)).toThrow(BudgetError);
    budget.begin(40)(40);
    expect(() => budget.begin(1)).toThrow(BudgetError);
  });

  it('counts what is on its way as if it had come', () => {
    const budget = new Budget(100);
    const end = budget.begin(60);
    expect(() => budget.begin(50)).toThrow(BudgetError);
    end(10);
    budget.begin(50);
  });

  it('counts what came, which can be more than was promised', () => {
    const budget = new Budget(100);
    budget.begin(10)(95);
    expect(() => budget.begin(10)).toThrow(BudgetError);
    budget.begin(5);
  });

  it('lets a video of an unknown size begin as long as it is not used up', () => {
    const budget = new Budget(100);
    const first = budget.begin(null);
    const second = budget.begin(null);
    first(99);
    budget.begin(null)(0);
    second(1);
    expect(() => budget.begin(null)).toThrow(BudgetError);
  });

  it('may be used up by what was not known before', () => {
    const budget = new Budget(100);
    budget.begin(null)(5000);
    expect(() => budget.begin(0)).toThrow(BudgetError);
  });

  it('says what would pass it, and what to do', () => {
    const budget = new Budget(100);
    budget.begin(60)(50);
    budget.begin(20);
    expect(() => budget.begin(40)).toThrow(
      expect.objectContaining({
        exitCode: 9,
        code: 'max_transfer',
        message:
          'not started: its 40 bytes are too many, for 70 bytes of --max-transfer 100 are transferred or on their way',
        hint: 'run the command again with a higher --max-transfer',
      }),
    );
    budget.begin(30);
    expect(() => budget.begin(null)).toThrow(
      'not started: 100 bytes of --max-transfer 100 are transferred or on their way',
    );
  });

  it('that is none ends nothing', () => {
    const budget = new Budget(null);
    budget.begin(Number.MAX_SAFE_INTEGER)(Number.MAX_SAFE_INTEGER);
    budget.begin(null)(Number.MAX_SAFE_INTEGER);
    budget.begin(1);
  });

  it('is never passed by videos of known sizes, however they overlap', () => {
    const video = fc.record({ size: fc.nat(60), endsBefore: fc.nat(5) });
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 200 }), fc.array(video), (most, videos) => {
        const budget = new Budget(most);
        const running: { size: number; end: (bytes: number) => void }[] = [];
        let spent = 0;
        for (const { size, endsBefore } of videos) {
          for (const { size: done, end } of running.splice(0, endsBefore)) {
            end(done);
            spent += done;
          }
          try {
            running.push({ size, end: budget.begin(size) });
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
