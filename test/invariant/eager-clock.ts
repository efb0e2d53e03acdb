import { performance } from 'node:perf_hooks';
import type { Clock } from '../../src/host.ts';
import type { Mock } from '../../src/mock/server.ts';

/** Timers at least this long are time-outs; shorter ones are pauses. */
const LEAST_TIME_OUT_MS = 30_000;
const LOOK_EVERY_MS = 5;

/**
 * A clock that waits for nothing: a pause is over at once and counts as long as it was asked for, and a time-out
 * rings as soon as, and only if, `isQuiet` says that nothing more will come.
 */
export function eagerClock(isQuiet: () => boolean): Clock {
  let aheadMs = 0;
  let isRinging = false;
  return {
    nowMs: () => Date.now() + aheadMs,
    ticksMs: () => performance.now() + aheadMs,
    uptimeMs: () => performance.now() + aheadMs,
    after(delayMs, callback) {
      const dueMs = performance.now() + aheadMs + delayMs;
      const ring = (): void => {
        aheadMs += Math.max(0, dueMs - performance.now() - aheadMs);
        isRinging = true;
        callback();
        // A time-out reads what lies in the socket before it judges, and may be set again for it.
        if (delayMs < LEAST_TIME_OUT_MS) isRinging = false;
        else setImmediate(() => (isRinging = false));
      };
      // Whoever sets a time-out again as it rings was not ready for it, and is still waiting for the same.
      const isDue = isRinging;
      if (delayMs < LEAST_TIME_OUT_MS) {
        const pause = setImmediate(ring);
        return () => clearImmediate(pause);
      }
      const looking = setInterval(() => {
        if (!isDue && !isQuiet()) return;
        clearInterval(looking);
        ring();
      }, LOOK_EVERY_MS);
      return () => clearInterval(looking);
    },
  };
}

/**
 * Whether a server has gone quiet in the middle of its last request. Now and then true again while the client stays
 * connected: the first time it may still have had bytes to read.
 */
export function goneQuiet(requests: () => Mock['requests']): () => boolean {
  let order = 0;
  let bytesBefore = -1;
  let looks = 0;
  return () => {
    const last = requests().at(-1);
    if (last === undefined || last.isOver || !/^(stall|silent)/.test(last.fault ?? '')) return false;
    if (last.order !== order || last.bytesSent !== bytesBefore) looks = 0;
    else looks += 1;
    order = last.order;
    bytesBefore = last.bytesSent;
    return looks === 1 || (looks > 0 && looks % 20 === 0);
  };
}
