/** Whether and when a request is retried. Pure. */
import { type MaviError, NetworkError, PauseError, RateLimitError, TruncatedError } from '../errors.ts';
import type { Settings } from '../settings/settings.ts';

/** The longest pause that a run waits for when the server asks for one, in milliseconds: ten minutes. */
export const LONGEST_WAIT_MS = 600_000;

/** The longest pause that backoff grows to, in milliseconds, as the vendor advises. */
export const LONGEST_BACKOFF_MS = 32_000;
const FIRST_BACKOFF_MS = 1000;

/** The first pause after a rate limit reply without Retry-After, in milliseconds. */
const FIRST_LIMIT_PAUSE_MS = 2000;

/** For how many windows of the rate a limit is waited out: another machine may have used up this one and the next. */
const WAITED_WINDOWS = 2;

/**
 * Exponential backoff with full jitter: anything from nothing to the whole of 1, 2, 4 … 32 seconds, so that clients
 * that failed together don't come back together.
 * @param failures how many attempts have failed so far, from 1
 * @param random from 0 to below 1
 */
export function backoffMs(failures: number, random: number): number {
  return Math.floor(random * Math.min(LONGEST_BACKOFF_MS, FIRST_BACKOFF_MS * 2 ** (failures - 1)));
}

/**
 * The pause after a rate limit reply without Retry-After: 2, 4, 8 … 32 seconds, up to half as much again by chance,
 * at most 32 seconds.
 */
export function limitPauseMs(replies: number, random: number): number {
  return Math.min(
    LONGEST_BACKOFF_MS,
    Math.floor(FIRST_LIMIT_PAUSE_MS * 2 ** (replies - 1) * (1 + random / 2)),
  );
}

/** What to do after a failure. */
export type Decision =
  | { readonly kind: 'again'; readonly delayMs: number }
  | { readonly kind: 'final'; readonly error: MaviError };

/** When a failure happened, and the chance that its pause is drawn by. */
export interface Moment {
  /** Milliseconds since the epoch. */
  readonly nowMs: number;
  /** Milliseconds that only ever grow. */
  readonly ticksMs: number;
  /** From 0 to below 1. */
  readonly random: number;
}

/** The retries of one request: counts its failures and decides after each. */
export class RetryState {
  readonly #settings: Pick<Settings, 'retries' | 'rate'>;
  readonly #cutLengths: number[] = [];
  #failures = 0;
  /** Rate limit replies in a row, and when the first of them came. */
  #limitReplies = 0;
  #limitedSinceMs = 0;

  constructor(settings: Pick<Settings, 'retries' | 'rate'>) {
    this.#settings = settings;
  }

  /** Decides after a failure. */
  decide(error: MaviError, moment: Moment): Decision {
    const askedMs =
      error instanceof NetworkError || error instanceof RateLimitError ? error.retryAfterMs : null;
    if (askedMs !== null && askedMs > LONGEST_WAIT_MS) {
      return { kind: 'final', error: tooLongAPause(moment.nowMs + askedMs, error) };
    }
    if (!this.#isPassing(error)) return { kind: 'final', error };
    const isLimit = error instanceof RateLimitError && askedMs === null;
    if (!isLimit) this.#limitReplies = 0;
    else if (this.#limitReplies++ === 0) this.#limitedSinceMs = moment.ticksMs;
    if (!isLimit || this.#settings.rate === null) this.#failures += 1;
    const isOver = this.#failures > this.#settings.retries || (isLimit && this.#isWaitedOut(moment));
    if (isOver) return { kind: 'final', error };
    const pauseMs = isLimit
      ? limitPauseMs(this.#limitReplies, moment.random)
      : Math.max(backoffMs(this.#failures, moment.random), askedMs ?? 0);
    return { kind: 'again', delayMs: pauseMs };
  }

  /** Whether a limit without Retry-After has lasted too long. With a rate, its replies use up no retries of others. */
  #isWaitedOut({ ticksMs }: Moment): boolean {
    const { retries, rate } = this.#settings;
    if (rate === null) return false;
    const waitedMs = ticksMs - this.#limitedSinceMs;
    return retries === 0 || (this.#limitReplies > retries && waitedMs >= WAITED_WINDOWS * rate.windowMs);
  }

  /** The allow-list: passing trouble of the network or the account, and a cut body whose length is new. */
  #isPassing(error: MaviError): boolean {
    if (error instanceof TruncatedError) {
      if (this.#cutLengths.includes(error.lengthBytes)) return false;
      this.#cutLengths.push(error.lengthBytes);
      return true;
    }
    if (error instanceof PauseError) return false;
    return (error instanceof NetworkError || error instanceof RateLimitError) && error.retryable;
  }
}

/**
 * The error of a pause that is longer than a run waits, which ends the run.
 * @param untilMs milliseconds since the epoch
 * @param cause the reply that asked for it; none where an earlier run was asked
 */
export function tooLongAPause(untilMs: number, cause?: MaviError): PauseError {
  const until = new Date(Math.min(untilMs, 8.64e15)).toISOString().replace(/\.\d+Z$/, 'Z');
  const said = cause === undefined ? '' : `${cause.message}; `;
  return new PauseError(cause?.code ?? 'paused', `${said}the server asks for no requests until ${until}`, {
    hint: `run the command again after ${until}`,
    ...(cause === undefined ? {} : { cause }),
  });
}
