import { setImmediate } from 'node:timers/promises';
import type { Clock } from '../../src/host.ts';

/** A clock that stands still until the test moves it. */
export interface ManualClock extends Clock {
  /** Lets time pass, ringing each timer at its moment and letting what it started run. */
  advance(ms: number): Promise<void>;
  /** How many timers are running. */
  readonly timers: number;
}

interface Timer {
  readonly dueMs: number;
  readonly callback: () => void;
}

/** A manual clock that shows a time since the epoch. */
export function manualClock(startMs = Date.UTC(2026, 0, 1)): ManualClock {
  let nowMs = startMs;
  const timers = new Set<Timer>();
  const next = (): Timer | undefined => [...timers].sort((a, b) => a.dueMs - b.dueMs)[0];
  return {
    nowMs: () => nowMs,
    ticksMs: () => nowMs,
    uptimeMs: () => nowMs - startMs,
    after(delayMs, callback) {
      const timer = { dueMs: nowMs + delayMs, callback };
      timers.add(timer);
      return () => timers.delete(timer);
    },
    async advance(ms) {
      const untilMs = nowMs + ms;
      await setImmediate();
      for (let timer = next(); timer !== undefined && timer.dueMs <= untilMs; timer = next()) {
        timers.delete(timer);
        nowMs = timer.dueMs;
        timer.callback();
        await setImmediate();
      }
      nowMs = untilMs;
    },
    get timers() {
      return timers.size;
    },
  };
}
