/** Lets requests for videos start no faster than the account allows, in the order in which they asked. */
import { abortable, type Clock, sleep } from '../host.ts';
import type { Rate } from '../settings/values.ts';
import type { RateLimitStore, Starts } from './rate-limit-store.ts';
import { LONGEST_WAIT_MS, tooLongAPause } from './retry.ts';

/** The documented limit of the listing: five requests a second. */
export const LIST_RATE = { starts: 5, windowMs: 1000 };

/** The gate before every request. */
export interface RateLimiter {
  /**
   * Waits for room, takes it, and resolves to what is to be called when the request goes out, once the connection is
   * made: that is when the server counts it. Throws the signal's reason, and PauseError where the server asked for a
   * pause that is too long to wait for.
   * @param onWait called, as often as it changes, with the end of the wait (milliseconds since the epoch)
   */
  start(signal: AbortSignal, onWait: (untilMs: number) => void): Promise<() => Promise<void>>;
  /** Lets nobody start before then (milliseconds since the epoch). */
  pauseUntil(untilMs: number): Promise<void>;
  /** Throws PauseError during a pause that is too long to wait for. */
  checkPause(): Promise<void>;
  /** In how many milliseconds the n-th start from now is possible, as far as this process knows. */
  delayMsOfStart(n: number): number;
}

/** A limiter of one rate over one store; null is no limit: then only pauses count, and no start is recorded. */
export function rateLimiter(rate: Rate | null, store: RateLimitStore, clock: Clock): RateLimiter {
  const queue: ((untilMs: number) => void)[] = [];
  // Only the head of the queue reads the store; the others wait for it.
  let turn: Promise<unknown> = Promise.resolve();
  let seen: Starts = { starts: [], pausedUntilMs: 0 };
  let ownPauseUntilMs = 0;
  let isHeadWaiting = false;

  const delayMs = ({ starts, pausedUntilMs }: Starts, nowMs: number, place: number): number => {
    const fromMs = Math.max(nowMs, pausedUntilMs, ownPauseUntilMs);
    return fromMs - nowMs + (rate === null ? 0 : waitMs(starts, rate, fromMs, place));
  };

  const announce = (onWait: (untilMs: number) => void, place: number): void => {
    const nowMs = clock.nowMs();
    if (isHeadWaiting) onWait(nowMs + delayMs(seen, nowMs, place));
  };

  const refuseLongPause = ({ pausedUntilMs }: Starts): void => {
    if (pausedUntilMs - clock.nowMs() > LONGEST_WAIT_MS) throw tooLongAPause(pausedUntilMs);
  };

  /** Waits for room and takes it; resolves to the moment of the start. */
  const take = async (signal: AbortSignal): Promise<number> => {
    for (;;) {
      signal.throwIfAborted();
      let [waitedMs, startedMs] = [0, 0];
      const takeRoom = (now: Starts, nowMs: number): Starts => {
        waitedMs = delayMs(now, nowMs, 0);
        startedMs = nowMs;
        return waitedMs > 0 ? now : { ...now, starts: [...now.starts, nowMs] };
      };
      const look = async (): Promise<Starts> => takeRoom(await store.read(), clock.nowMs());
      seen = await abortable(rate === null ? look() : store.update(takeRoom), signal);
      if (waitedMs <= 0) return startedMs;
      refuseLongPause(seen);
      isHeadWaiting = true;
      queue.forEach(announce);
      await sleep(clock, waitedMs, signal).finally(() => {
        isHeadWaiting = false;
      });
    }
  };

  /** Moves a start to when its request went out, if that was later than the margin allows for. */
  const sent = async (startedMs: number): Promise<void> => {
    const sentMs = clock.nowMs();
    if (rate === null || sentMs - startedMs <= marginMs(rate) / 2) return;
    seen = await store.update(({ starts, ...now }) => {
      const index = starts.indexOf(startedMs);
      return { ...now, starts: index < 0 ? starts : starts.with(index, sentMs) };
    });
  };

  return {
    async start(signal, onWait) {
      queue.push(onWait);
      announce(onWait, queue.length - 1);
      const mine = turn.then(() => take(signal));
      turn = mine.catch(() => {});
      const startedMs = await mine.finally(() => queue.splice(queue.indexOf(onWait), 1));
      return () => sent(startedMs);
    },
    async pauseUntil(untilMs) {
      ownPauseUntilMs = Math.max(ownPauseUntilMs, untilMs);
      // Without a limit nothing is recorded, except a pause that the next run has to keep.
      if (rate === null && untilMs - clock.nowMs() <= LONGEST_WAIT_MS) return;
      seen = await store.update((now) => ({ ...now, pausedUntilMs: Math.max(now.pausedUntilMs, untilMs) }));
    },
    async checkPause() {
      refuseLongPause(await store.read());
    },
    delayMsOfStart: (n) => delayMs(seen, clock.nowMs(), n - 1),
  };
}

/** In milliseconds. Requests take differently long to the server, which counts when they arrive. */
function marginMs({ windowMs }: Rate): number {
  return Math.min(1000, Math.ceil(windowMs / 100));
}

/** How long a start counts, in milliseconds: the window of the rate, and its margin. */
export function countedMs(rate: Rate): number {
  return rate.windowMs + marginMs(rate);
}

/**
 * How long the request in a place of the queue (0 for the next one) has to wait, in milliseconds, so that no window
 * holds more starts than the rate allows. Pure.
 */
export function waitMs(starts: readonly number[], rate: Rate, nowMs: number, place = 0): number {
  const spanMs = countedMs(rate);
  const recent = starts.filter((start) => start > nowMs - spanMs).sort((a, b) => a - b);
  // Each place further back waits for one more start to leave the window; a full window later it starts over.
  const rounds = Math.floor(place / rate.starts);
  const index = recent.length - rate.starts + (place % rate.starts);
  const leaves = index < 0 ? nowMs : (recent[index] as number) + spanMs;
  return Math.max(0, leaves - nowMs) + rounds * spanMs;
}
