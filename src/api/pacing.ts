/** When the next request may start. Pure. */
import type { Rate } from '../settings/values.ts';

/** The longest wait that a server may ask for, in milliseconds: ten minutes; longer ones end the video. */
export const LONGEST_WAIT_MS = 600_000;

/**
 * How far ahead of the time of looking a start may be, in milliseconds: a process looks at the clock, then waits
 * for the lock of the record, and others start meanwhile.
 */
const AHEAD_MS = 30_000;

/**
 * What is added to a window, in parts of it and at the most in milliseconds: what a request takes to the server
 * differs from one to the next, and the server counts when it comes. A 500th of a minute is 120 ms.
 */
const MARGIN_SHARE = 1 / 500;
const LARGEST_MARGIN_MS = 250;

/** How long a start counts, in milliseconds: the window of the rate, and a margin. */
export function countedMs({ windowMs }: Rate): number {
  return windowMs + Math.min(LARGEST_MARGIN_MS, Math.ceil(windowMs * MARGIN_SHARE));
}

/**
 * How long the request in the given place of the queue has to wait, in milliseconds, so that no window of
 * `rate.windowMs` holds more than `rate.starts`.
 * @param starts when earlier requests started, in milliseconds, in any order
 * @param place 0 for the next one, 1 for the one after it, and so on
 */
export function waitMs(starts: readonly number[], rate: Rate, nowMs: number, place = 0): number {
  const spanMs = countedMs(rate);
  const recent = starts.filter((start) => start > nowMs - spanMs).sort((a, b) => a - b);
  // Each place further back waits for one more start to leave the window; a whole window later it begins anew.
  const rounds = Math.floor(place / rate.starts);
  const index = recent.length - rate.starts + (place % rate.starts);
  const leaves = index < 0 ? nowMs : (recent[index] as number) + spanMs;
  return Math.max(0, leaves - nowMs) + rounds * spanMs;
}

/**
 * The starts that are worth keeping: those within `keepMs`, and none from a far future, which a clock that was
 * set back leaves behind and which would block for as long as it was set back.
 */
export function worthKeeping(starts: readonly number[], keepMs: number, nowMs: number): number[] {
  return starts.filter((start) => start > nowMs - keepMs - LARGEST_MARGIN_MS && start <= nowMs + AHEAD_MS);
}
