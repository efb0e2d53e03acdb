import { performance } from 'node:perf_hooks';
import type { Clock } from '../../src/host.ts';
import type { Mock } from '../../src/mock/server.ts';

/** Timers of at least this length are timeouts; shorter ones are pauses. */
const LEAST_TIME_OUT_MS = 30_000;
const LOOK_EVERY_MS = 5;

/**
 * A clock that never waits: a pause ends immediately but advances the clock by its full length, and a timeout fires
 * as soon as, and only if, `isQuiet` says that no more data will arrive.
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
        // A timeout first reads what has arrived in the socket, and may set its timer again for that.
        if (delayMs < LEAST_TIME_OUT_MS) isRinging = false;
        else setImmediate(() => (isRinging = false));
      };
      // A timeout that is set again while it fires is still waiting for the same data.
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
 * Whether a server has stopped sending during its last request. Returns true again from time to time while the client
 * stays connected, because the first time it may still have had bytes to read.
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
