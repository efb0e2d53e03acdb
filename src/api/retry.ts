/** Whether and when a request is tried again. Pure. */

import { type MaviError, NetworkError, RateLimitError, TruncatedError } from '../errors.ts';
import { LONGEST_WAIT_MS } from './rate-limit-store.ts';

/** The longest pause that back-off grows to, in milliseconds, as the vendor advises. */
export const LONGEST_BACKOFF_MS = 32_000;
const FIRST_BACKOFF_MS = 1000;

/**
 * Exponential back-off with full jitter: anything from nothing to the whole of 1, 2, 4 … 32 seconds, so that
 * clients which failed together don't come back together.
 * @param failures how many tries have failed so far, from 1
 * @param random from 0 to below 1
 */
export function backoffMs(failures: number, random: number): number {
  return Math.floor(random * Math.min(LONGEST_BACKOFF_MS, FIRST_BACKOFF_MS * 2 ** (failures - 1)));
}

/** What has been tried. */
export interface Tries {
  /** Failed tries, the last one included; from 1. */
  readonly failures: number;
  /** The most tries that may follow the first. */
  readonly retries: number;
  /** Lengths of earlier bodies that ended cleanly but incomplete, in bytes. */
  readonly cutLengths: readonly number[];
}

/** What to do after a failure. */
export type Decision =
  | { readonly kind: 'again'; readonly delayMs: number }
  | { readonly kind: 'final'; readonly error: MaviError };

/** Decides after a failure; `random` from 0 to below 1, `nowMs` since the epoch. */
export function decide(error: MaviError, tries: Tries, random: number, nowMs: number): Decision {
  const askedMs =
    error instanceof NetworkError || error instanceof RateLimitError ? error.retryAfterMs : null;
  if (askedMs !== null && askedMs > LONGEST_WAIT_MS)
    return { kind: 'final', error: tooLongAWait(error, nowMs + askedMs) };
  if (!mayTryAgain(error, tries) || tries.failures > tries.retries) return { kind: 'final', error };
  return { kind: 'again', delayMs: Math.max(backoffMs(tries.failures, random), askedMs ?? 0) };
}

/** The allow-list: passing trouble of the network or the account, and a cut body whose length is new. */
function mayTryAgain(error: MaviError, tries: Tries): boolean {
  if (error instanceof TruncatedError) return !tries.cutLengths.includes(error.lengthBytes);
  return (error instanceof NetworkError || error instanceof RateLimitError) && error.retryable;
}

function tooLongAWait(error: MaviError, untilMs: number): RateLimitError {
  const until = new Date(Math.min(untilMs, 8.64e15)).toISOString().replace(/\.\d+Z$/, 'Z');
  return new RateLimitError(error.code, `${error.message}; the server asks to wait until ${until}`, {
    hint: `run the command again after ${until}`,
    cause: error,
  });
}
