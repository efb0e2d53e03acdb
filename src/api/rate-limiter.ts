/** Lets requests for videos start no faster than the account allows, in the order in which they asked. */
import { abortable, type Clock, sleep } from '../host.ts';
import type { Rate } from '../settings/values.ts';
import type { StartRecord, Starts } from './rate-limit-store.ts';
import { waitMs } from './rate-limit-store.ts';

/** A start that was granted. */
export interface Start {
  /** Says that the request goes out now, for the connection stands: that is when the server counts it. */
  sent(): Promise<void>;
}

/** The gate before every request for a video. */
export interface Pacer {
  /**
   * Waits for room, and takes it. Throws the signal's reason.
   * @param onWait told, as often as it changes, until when the wait lasts (milliseconds since the epoch)
   */
  start(signal: AbortSignal, onWait: (untilMs: number) => void): Promise<Start>;
  /** Lets nobody start before then: the server has said that the limit is reached. */
  pauseUntil(untilMs: number): Promise<void>;
}

/** A pacer that neither waits nor records, for `--rate 0`. */
export const unpaced: Pacer = {
  start: async () => ({ sent: async () => {} }),
  pauseUntil: async () => {},
};

interface Waiting {
  readonly onWait: (untilMs: number) => void;
}

/** A pacer of one rate over one record. */
export function pacer(rate: Rate, record: StartRecord, clock: Clock): Pacer {
  const queue: Waiting[] = [];
  // Only the head of the queue looks at the record; the others wait for it.
  let turn: Promise<void> = Promise.resolve();
  /** What the head saw, as long as it waits. */
  let waitingFor: Starts | null = null;

  const time = (): number => clock.nowMs();

  const take = async (signal: AbortSignal): Promise<number> => {
    for (;;) {
      if (signal.aborted) throw signal.reason;
      let wait = 0;
      let startedMs = 0;
      const looked = record.update(time, (now, nowMs) => {
        wait = Math.max(waitMs(now.starts, rate, nowMs), now.blockedUntilMs - nowMs);
        startedMs = nowMs;
        return wait > 0 ? now : { ...now, starts: [...now.starts, nowMs] };
      });
      const seen = await abortable(looked, signal);
      if (wait <= 0) return startedMs;
      waitingFor = seen;
      queue.forEach(announce);
      try {
        await sleep(clock, wait, signal);
      } finally {
        waitingFor = null;
      }
    }
  };

  const announce = (waiting: Waiting, place: number): void => {
    if (waitingFor === null) return;
    const nowMs = clock.nowMs();
    const byRate = nowMs + waitMs(waitingFor.starts, rate, nowMs, place);
    waiting.onWait(Math.max(byRate, waitingFor.blockedUntilMs));
  };

  return {
    async start(signal, onWait) {
      const waiting: Waiting = { onWait };
      queue.push(waiting);
      announce(waiting, queue.length - 1);
      const mine = turn.then(() => take(signal));
      turn = mine.then(
        () => {},
        () => {},
      );
      try {
        const startedMs = await mine;
        return {
          async sent() {
            const sentMs = time();
            await record.update(time, (now) => ({ ...now, starts: moved(now.starts, startedMs, sentMs) }));
          },
        };
      } finally {
        queue.splice(queue.indexOf(waiting), 1);
      }
    },
    async pauseUntil(untilMs) {
      await record.update(time, (now) => ({
        ...now,
        blockedUntilMs: Math.max(now.blockedUntilMs, untilMs),
      }));
    },
  };
}

/** The starts with one of them, of that time, moved to a later time. */
function moved(starts: readonly number[], fromMs: number, toMs: number): number[] {
  const index = starts.indexOf(fromMs);
  return index < 0 ? [...starts] : starts.with(index, toMs);
}
