/** Whether and when a request is retried. Pure. */
import { type MaviError, NetworkError, PauseError, RateLimitError, TruncatedError } from '../errors.ts';
import type { Settings } from '../settings/settings.ts';

/** The longest pause that a run waits for if the server asks for it, in milliseconds: ten minutes. */
export const LONGEST_WAIT_MS = 600_000;

/** The longest pause that backoff grows to, in milliseconds, as the vendor advises. */
export const LONGEST_BACKOFF_MS = 32_000;
const FIRST_BACKOFF_MS = 1000;
const FIRST_LIMIT_PAUSE_MS = 2000;

/** For how many windows of the rate a limit is waited out: another machine may have used up this one and the next. */
const WAITED_WINDOWS = 2;

/** Exponential backoff with full jitter, in milliseconds: clients that failed together don't come back together. */
export function backoffMs(failures: number, random: number): number {
  return Math.floor(random * Math.min(LONGEST_BACKOFF_MS, FIRST_BACKOFF_MS * 2 ** (failures - 1)));
}

/** The pause after a rate limit reply without Retry-After: 2, 4, 8 … 32 seconds, or up to half as much again. */
export function limitPauseMs(replies: number, random: number): number {
  const pauseMs = FIRST_LIMIT_PAUSE_MS * 2 ** (replies - 1) * (1 + random / 2);
  return Math.min(LONGEST_BACKOFF_MS, Math.floor(pauseMs));
}

/** When a failure happened, by the clock and in its ticks, and the random part of its pause, from 0 to below 1. */
export type Moment = Readonly<Record<'nowMs' | 'ticksMs' | 'random', number>>;

/** The pause after a failure, in milliseconds. Throws the error if it is final. */
export type DelayAfter = (error: MaviError, moment: Moment) => number;

/** The retries of one request: counts the failures it is told of, and decides after each. */
export function retryDelays({ retries, rate }: Pick<Settings, 'retries' | 'rate'>): DelayAfter {
  const truncatedLengths = new Set<number>();
  let failures = 0;
  // Rate limit replies in a row, and when the first of them came.
  let limitReplies = 0;
  let limitedSinceMs = 0;

  /** Temporary failures of the network or the account, and a truncated body whose length is new. */
  const isRetryable = (error: MaviError): boolean => {
    if (error instanceof TruncatedError) {
      const isNew = !truncatedLengths.has(error.lengthBytes);
      truncatedLengths.add(error.lengthBytes);
      return isNew;
    }
    const isTemporary = error instanceof NetworkError || error instanceof RateLimitError;
    return isTemporary && error.retryable && !(error instanceof PauseError);
  };

  return (error, { nowMs, ticksMs, random }) => {
    const askedMs = error.retryAfterMs;
    if (askedMs !== null && askedMs > LONGEST_WAIT_MS) throw tooLongAPause(nowMs + askedMs, error);
    if (!isRetryable(error)) throw error;
    const isLimit = error instanceof RateLimitError && askedMs === null;
    limitReplies = isLimit ? limitReplies + 1 : 0;
    if (limitReplies === 1) limitedSinceMs = ticksMs;
    if (isLimit && rate !== null) {
      // It is waited out, and uses up no retries.
      const hasWaited = ticksMs - limitedSinceMs >= WAITED_WINDOWS * rate.windowMs;
      if (retries === 0 || (hasWaited && limitReplies > retries)) throw error;
    } else {
      failures += 1;
      if (failures > retries) throw error;
    }
    if (isLimit) return limitPauseMs(limitReplies, random);
    return Math.max(backoffMs(failures, random), askedMs ?? 0);
  };
}

/** The error of a pause that is too long to wait for. `cause` is the reply that asked for it, unless in an earlier run. */
export function tooLongAPause(untilMs: number, cause?: MaviError): PauseError {
  const until = new Date(Math.min(untilMs, 8.64e15)).toISOString().replace(/\.\d+Z$/, 'Z');
  const said = cause === undefined ? '' : `${cause.message.replace(/\.$/, '')}; `;
  const text = `${said}the server asks for no requests until ${until}`;
  const hint = `run the command again after ${until}`;
  return new PauseError(cause?.code ?? 'paused', text, { hint, cause });
}
