/** Judges silence: of a connection that is being made, of a response that is awaited, of a body that stopped. */
import { NetworkError } from '../errors.ts';
import type { Clock } from '../host.ts';

/** A timer this late, in milliseconds, shows that the process itself was stopped, or the machine suspended. */
const LATE_MS = 1000;

/**
 * Calls back when the silence since `sinceMs`, in the clock's ticks, has reached the timeout; returns what ends the watch.
 * Time in which the process was stopped is no silence: what lies in the socket is read before judging, and after a stop
 * everything gets the full timeout again.
 */
export function watchForStall(
  clock: Clock,
  timeoutMs: number,
  sinceMs: () => number,
  onStall: () => void,
): () => void {
  const leftMs = (): number => sinceMs() + timeoutMs - clock.ticksMs();
  let isOver = false;
  let cancel = (): void => {};
  const wait = (delayMs: number): void => {
    const dueMs = clock.ticksMs() + delayMs;
    cancel = clock.after(delayMs, () => {
      if (leftMs() > 0) return wait(leftMs());
      const isLate = clock.ticksMs() - dueMs > LATE_MS;
      // Between timers and this, Node reads from its sockets.
      setImmediate(() => {
        if (isOver) return;
        if (leftMs() > 0) wait(leftMs());
        else if (isLate) wait(timeoutMs);
        else onStall();
      });
    });
  };
  wait(timeoutMs);
  return () => {
    isOver = true;
    cancel();
  };
}

/** The error of a connection on which nothing, or no complete response, comes any more. */
export function stalled(host: string, timeoutMs: number, inHeaders = false): NetworkError {
  const time = `${Math.round(timeoutMs / 100) / 10} s`;
  const hint = 'run the command again; for a slow server set a longer --timeout';
  const endless = `the response headers from ${host} are not complete after ${time}`;
  return new NetworkError('stall', inHeaders ? endless : `no data from ${host} for ${time}`, { hint });
}
