import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { backoffMs, decide, LONGEST_BACKOFF_MS, type Tries } from '../../src/api/retry.ts';
import {
  AccountError,
  BodyError,
  BudgetError,
  ClosedPipe,
  Interrupted,
  LocalError,
  MaviError,
  NetworkError,
  RateLimitError,
  RefusedError,
  TruncatedError,
  UsageError,
} from '../../src/errors.ts';

const NOW_MS = Date.UTC(2026, 0, 2, 3, 4, 5, 678);
const ALMOST_ONE = 1 - 2 ** -53;

function tries(failures: number, retries = 5, cutLengths: readonly number[] = []): Tries {
  return { failures, retries, cutLengths };
}

describe('the pause after a failure', () => {
  it.each([
    [1, 1000],
    [2, 2000],
    [3, 4000],
    [4, 8000],
    [5, 16_000],
    [6, 32_000],
    [7, 32_000],
    [1000, 32_000],
  ])('is after %i of them anything up to %i ms', (failures, mostMs) => {
    expect(backoffMs(failures, 0)).toBe(0);
    expect(backoffMs(failures, 0.5)).toBe(mostMs / 2);
    expect(backoffMs(failures, ALMOST_ONE)).toBe(mostMs - 1);
  });

  it('is whole milliseconds', () => {
    expect(backoffMs(1, 0.00151)).toBe(1);
  });

  it('is never longer than 32 seconds', () => {
    expect(LONGEST_BACKOFF_MS).toBe(32_000);
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 10_000 }),
        fc.double({ min: 0, max: ALMOST_ONE, noNaN: true }),
        (failures, random) => {
          const pauseMs = backoffMs(failures, random);
          expect(pauseMs).toBeGreaterThanOrEqual(0);
          expect(pauseMs).toBeLessThan(32_000);
        },
      ),
    );
  });
});

describe('a failure', () => {
  it.each<[string, MaviError]>([
    ['trouble of the network', new NetworkError('stall', 'x')],
    ['a limit that is reached', new RateLimitError('0429', 'x')],
    ['a body that is cut', new TruncatedError('x', 100)],
  ])('is tried again after %s', (_what, error) => {
    expect(decide(error, tries(1), 0.5, NOW_MS)).toEqual({ kind: 'again', delayMs: 500 });
    expect(decide(error, tries(5), 0.5, NOW_MS)).toEqual({ kind: 'again', delayMs: 8000 });
    expect(decide(error, tries(6), 0.5, NOW_MS)).toEqual({ kind: 'final', error });
    expect(decide(error, tries(1, 0), 0.5, NOW_MS)).toEqual({ kind: 'final', error });
    expect(decide(error, tries(1, 1), 0, NOW_MS)).toEqual({ kind: 'again', delayMs: 0 });
    expect(decide(error, tries(2, 1), 0, NOW_MS)).toEqual({ kind: 'final', error });
  });

  it.each<[string, MaviError]>([
    ['trouble that no try can mend', new NetworkError('tls', 'x', { retryable: false })],
    ['a refused key', new AccountError('0401', 'x')],
    ['a refusal', new RefusedError('0001', 'x')],
    ['a refusal said to be passing', new RefusedError('0001', 'x', { retryable: true })],
    ['what is no video', new BodyError('not_mp4', 'x')],
    ['a local error', new LocalError('disk_full', 'x', { retryable: true })],
    ['a bad argument', new UsageError('x')],
    ['the end of the budget', new BudgetError('x')],
    ['a signal', new Interrupted('SIGINT')],
    ['a closed pipe', new ClosedPipe()],
    ['anything else', new MaviError(1, 'x', 'x', { retryable: true })],
  ])('is final after %s', (_what, error) => {
    expect(decide(error, tries(1, 1000), 0, NOW_MS)).toEqual({ kind: 'final', error });
  });
});

describe('a body that is cut', () => {
  const cut = new TruncatedError('x', 100);

  it('at the same length as before is final', () => {
    expect(decide(cut, tries(2, 5, [100]), 0, NOW_MS)).toEqual({ kind: 'final', error: cut });
    expect(decide(cut, tries(3, 5, [7, 100, 9]), 0, NOW_MS)).toEqual({ kind: 'final', error: cut });
  });

  it('at another length than before is fetched again', () => {
    expect(decide(cut, tries(2, 5, [99]), 0, NOW_MS)).toMatchObject({ kind: 'again' });
  });
});

describe('a wait that the server asks for', () => {
  it.each([
    ['network', (retryAfterMs: number | null) => new NetworkError('http_503', 'x', { retryAfterMs })],
    ['limit', (retryAfterMs: number | null) => new RateLimitError('0429', 'x', { retryAfterMs })],
  ])('is kept where it is the longer one (%s)', (_kind, make) => {
    expect(decide(make(5000), tries(1), 0.9, NOW_MS)).toEqual({ kind: 'again', delayMs: 5000 });
    expect(decide(make(500), tries(1), 0.9, NOW_MS)).toEqual({ kind: 'again', delayMs: 900 });
    expect(decide(make(0), tries(1), 0.9, NOW_MS)).toEqual({ kind: 'again', delayMs: 900 });
    expect(decide(make(null), tries(1), 0, NOW_MS)).toEqual({ kind: 'again', delayMs: 0 });
    expect(decide(make(600_000), tries(1), 0.9, NOW_MS)).toEqual({ kind: 'again', delayMs: 600_000 });
  });

  it.each([
    new NetworkError('http_503', 'down', { retryAfterMs: 600_001 }),
    new RateLimitError('0429', 'limited', { retryAfterMs: 3_600_000 }),
  ])('for more than ten minutes ends the video at once, and says until when', (error) => {
    const decision = decide(error, tries(1), 0, NOW_MS);
    const until = error.retryAfterMs === 600_001 ? '2026-01-02T03:14:05Z' : '2026-01-02T04:04:05Z';
    expect(decision.kind).toBe('final');
    expect(decision).toMatchObject({
      error: {
        exitCode: 8,
        code: error.code,
        message: `${error.message}; the server asks to wait until ${until}`,
        hint: `run the command again after ${until}`,
        cause: error,
      },
    });
    expect((decision as { error: MaviError }).error).toBeInstanceOf(RateLimitError);
  });

  it('may be longer than a date can be', () => {
    const error = new RateLimitError('0429', 'x', { retryAfterMs: Number.POSITIVE_INFINITY });
    expect(decide(error, tries(1), 0, NOW_MS)).toMatchObject({
      kind: 'final',
      error: { message: expect.stringMatching(/until \+275760-09-13T00:00:00Z$/) },
    });
  });
});
