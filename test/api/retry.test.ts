import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  backoffMs,
  type DelayAfter,
  LONGEST_BACKOFF_MS,
  limitPauseMs,
  type Moment,
  retryDelays,
  tooLongAPause,
} from '../../src/api/retry.ts';
import {
  AccountError,
  BodyError,
  BudgetError,
  ClosedPipe,
  Interrupted,
  LocalError,
  MaviError,
  NetworkError,
  PauseError,
  RateLimitError,
  RefusedError,
  TruncatedError,
  UsageError,
} from '../../src/errors.ts';

const NOW_MS = Date.UTC(2026, 0, 2, 3, 4, 5, 678);
const ALMOST_ONE = 1 - 2 ** -53;
const MINUTE = { starts: 12, windowMs: 60_000 };

/** The pause after a failure, in milliseconds, or the error that ends the retries. */
function delayOrError(delayAfter: DelayAfter, error: MaviError, moment: Moment): unknown {
  try {
    return delayAfter(error, moment);
  } catch (thrown) {
    return thrown;
  }
}

/** The pause, or the final error, after the next failure of a request that has been retried so often. */
function after(error: MaviError, retries: number, failuresBefore: number, random = 0.5): unknown {
  const delayAfter = retryDelays({ retries, rate: MINUTE });
  const moment = { nowMs: NOW_MS, ticksMs: 0, random };
  for (let failure = 0; failure < failuresBefore; failure += 1) {
    delayAfter(new NetworkError('stall', 'before'), moment);
  }
  return delayOrError(delayAfter, error, moment);
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
  ])('after %i failures is up to %i ms', (failures, mostMs) => {
    expect(backoffMs(failures, 0)).toBe(0);
    expect(backoffMs(failures, 0.5)).toBe(mostMs / 2);
    expect(backoffMs(failures, ALMOST_ONE)).toBe(mostMs - 1);
  });

  it('is a whole number of milliseconds', () => {
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
    ['a failure of the network', new NetworkError('stall', 'x')],
    ['a rate limit with a known end', new RateLimitError('0429', 'x', { retryAfterMs: 0 })],
    ['a truncated body', new TruncatedError('x', 100)],
  ])('is retried after %s', (_what, error) => {
    expect(after(error, 5, 0)).toBe(500);
    expect(after(error, 5, 4)).toBe(8000);
    expect(after(error, 5, 5)).toBe(error);
    expect(after(error, 0, 0)).toBe(error);
    expect(after(error, 1, 0, 0)).toBe(0);
    expect(after(error, 1, 1, 0)).toBe(error);
  });

  it.each<[string, MaviError]>([
    ['a failure that no retry can fix', new NetworkError('tls', 'x', { retryable: false })],
    ['a refused key', new AccountError('0401', 'x')],
    ['a refusal', new RefusedError('0001', 'x')],
    ['a refusal said to be passing', new RefusedError('0001', 'x', { retryable: true })],
    ['what is no video', new BodyError('not_mp4', 'x')],
    ['a local error', new LocalError('disk_full', 'x', { retryable: true })],
    ['a bad argument', new UsageError('x')],
    ['the end of the budget', new BudgetError('max_transfer', 'x')],
    ['a signal', new Interrupted('SIGINT')],
    ['a closed pipe', new ClosedPipe()],
    ['a pause that is too long to wait for', new PauseError('paused', 'x')],
    ['anything else', new MaviError(1, 'x', 'x', { retryable: true })],
  ])('is final after %s', (_what, error) => {
    expect(after(error, 1000, 0)).toBe(error);
  });
});

describe('a truncated body', () => {
  it('is fetched again, but not once it ends at the same length as before', () => {
    const delayAfter = retryDelays({ retries: 10, rate: MINUTE });
    const moment = { nowMs: NOW_MS, ticksMs: 0, random: 0 };
    for (const length of [7, 100, 9]) {
      expect(delayAfter(new TruncatedError('x', length), moment)).toBe(0);
    }
    const again = new TruncatedError('x', 100);
    expect(delayOrError(delayAfter, again, moment)).toBe(again);
  });
});

/** The pauses after rate limit replies, each after the pause before it, until one is final. */
function pausesOf(retries: number, rate: typeof MINUTE | null, random = 0): number[] {
  const delayAfter = retryDelays({ retries, rate });
  const pauses: number[] = [];
  let ticksMs = 1000;
  for (;;) {
    const limit = new RateLimitError('0429', 'x');
    const delayMs = delayOrError(delayAfter, limit, { nowMs: NOW_MS, ticksMs, random });
    if (typeof delayMs !== 'number') return pauses;
    pauses.push(delayMs);
    ticksMs += delayMs;
  }
}

describe('a rate limit without Retry-After', () => {
  it.each([1, 2, 5])('is waited out for two windows at growing pauses, also with --retries %i', (retries) => {
    expect(pausesOf(retries, MINUTE)).toEqual([2000, 4000, 8000, 16_000, 32_000, 32_000, 32_000]);
  });

  it('uses only the retries without a rate', () => {
    expect(pausesOf(3, null)).toEqual([2000, 4000, 8000]);
  });

  it('waits two windows of a longer rate', () => {
    const pauses = pausesOf(1, { starts: 700, windowMs: 3_600_000 });
    expect(pauses.reduce((sum, pause) => sum + pause)).toBeGreaterThanOrEqual(7_200_000);
  });

  it('uses at least the retries if the window is short', () => {
    expect(pausesOf(4, { starts: 1, windowMs: 1000 })).toEqual([2000, 4000, 8000, 16_000]);
  });

  it('is final immediately with --retries 0', () => {
    expect(pausesOf(0, MINUTE)).toEqual([]);
  });

  it('pauses for up to 50 % longer by chance, and never for more than 32 seconds', () => {
    expect([1, 2, 5, 6, 1000].map((replies) => limitPauseMs(replies, ALMOST_ONE))).toEqual([
      3000, 6000, 32_000, 32_000, 32_000,
    ]);
  });

  it('leaves all retries to other failures, and starts over after one', () => {
    const delayAfter = retryDelays({ retries: 1, rate: MINUTE });
    const moment = { nowMs: NOW_MS, ticksMs: 0, random: 0 };
    const limit = new RateLimitError('0429', 'x');
    for (let reply = 0; reply < 6; reply += 1) delayAfter(limit, moment);
    expect(delayAfter(new NetworkError('stall', 'x'), moment)).toBe(0);
    expect(delayAfter(limit, { ...moment, ticksMs: 1e9 })).toBe(2000);
  });
});

describe('a pause that the server asks for', () => {
  it.each([
    ['network', (retryAfterMs: number | null) => new NetworkError('http_503', 'x', { retryAfterMs })],
    ['limit', (retryAfterMs: number | null) => new RateLimitError('0429', 'x', { retryAfterMs })],
  ])('is kept if it is the longer one (%s)', (_kind, make) => {
    expect(after(make(5000), 5, 0, 0.9)).toBe(5000);
    expect(after(make(500), 5, 0, 0.9)).toBe(900);
    expect(after(make(0), 5, 0, 0.9)).toBe(900);
    expect(after(make(600_000), 5, 0, 0.9)).toBe(600_000);
  });

  it.each([
    new NetworkError('http_503', 'down', { retryAfterMs: 600_001 }),
    new RateLimitError('0429', 'limited', { retryAfterMs: 3_600_000 }),
  ])('of more than ten minutes ends the run immediately, and says until when', (error) => {
    const final = after(error, 5, 0);
    const until = error.retryAfterMs === 600_001 ? '2026-01-02T03:14:05Z' : '2026-01-02T04:04:05Z';
    expect(final).toMatchObject({
      exitCode: 8,
      code: error.code,
      message: `${error.message}; the server asks for no requests until ${until}`,
      hint: `run the command again after ${until}`,
      cause: error,
    });
    expect(final).toBeInstanceOf(PauseError);
  });

  it('may be longer than any date', () => {
    expect(tooLongAPause(Number.POSITIVE_INFINITY).message).toBe(
      'the server asks for no requests until +275760-09-13T00:00:00Z',
    );
  });
});
