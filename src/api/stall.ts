/** Judges silence: of a connection that is being made, of a response that is awaited, of a body that stopped. */
import type { Clock } from '../host.ts';

/** A timer this late, in milliseconds, shows that the process itself was stopped, or the machine suspended. */
const LATE_MS = 1000;

/**
 * Calls back when `idleMs`, the milliseconds of silence until now, has reached the timeout; returns what ends the watch.
 * Time in which the process was stopped is no silence: what lies in the socket is read before judging, and after a stop
 * everything gets the full timeout again.
 */
export function watchForStall(
  clock: Clock,
  timeoutMs: number,
  idleMs: () => number,
  onStall: () => void,
): () => void {
  let isOver = false;
  let cancel = (): void => {};
  const wait = (delayMs: number): void => {
    const dueMs = clock.ticksMs() + delayMs;
    cancel = clock.after(delayMs, () => {
      if (idleMs() < timeoutMs) return wait(timeoutMs - idleMs());
      const isLate = clock.ticksMs() - dueMs > LATE_MS;
      // Between timers and this, Node reads from its sockets.
      setImmediate(() => {
        if (isOver) return;
        if (idleMs() < timeoutMs) wait(timeoutMs - idleMs());
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
