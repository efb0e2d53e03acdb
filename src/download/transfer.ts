/**
 * Moves a body into a sink: batches, one write in flight while the next batch fills, and back-pressure to the
 * socket when the sink is slower.
 */
import type { Body } from '../api/body.ts';
import type { Clock } from '../host.ts';
import type { Throttle } from './context.ts';
import type { ResumableBody } from './resumable-body.ts';

/** How a transfer runs. */
export interface TransferOptions {
  readonly clock: Clock;
  readonly throttle: Throttle | null;
  /** Called after every chunk; may throw to end the transfer. */
  readonly onChunk: () => void;
}

/** How much is gathered before it is written to a file: measured, more gains nothing and less costs system calls. */
const FILE_BATCH_BYTES = 1024 * 1024;

/** How much may wait while a write is in flight before the socket is made to wait, in bytes. */
const MOST_WAITING_BYTES = 1024 * 1024;

/**
 * Transfers the rest of a body. Resolves when it has ended and all is written. Rejects with the first failure,
 * when all that came before it is written and no write is in flight, so that what the sink holds is known.
 * @param first chunks that were read already and come first
 */
export function transfer(
  body: Body,
  first: readonly Uint8Array[],
  into: ResumableBody,
  { clock, throttle, onChunk }: TransferOptions,
): Promise<void> {
  // The reader of a pipe wants the bytes as they come; a file takes them in larger pieces.
  const batchBytes = into.sink.restart === null ? 1 : FILE_BATCH_BYTES;
  return new Promise((resolve, reject) => {
    let waiting: Uint8Array[] = [];
    let waitingBytes = 0;
    let writing = false;
    let throttled = false;
    let paused = true;
    let cancelThrottle = (): void => {};
    let ended = false;
    let failure: unknown;
    let failedByUs = false;

    const take = (chunk: Uint8Array): void => {
      if (failure !== undefined) return;
      let wanted: Uint8Array | null;
      try {
        wanted = into.push(chunk);
        onChunk();
      } catch (error) {
        return fail(error);
      }
      if (wanted !== null && wanted.length > 0) {
        waiting.push(wanted);
        waitingBytes += wanted.length;
      }
      if (throttle !== null) slowDown(throttle.take(chunk.length, clock.ticksMs()));
      next();
    };

    /** Starts a write if there is enough for one, sets the flow, and settles if there is nothing left to do. */
    const next = (): void => {
      if (!writing && waitingBytes > 0 && (ended || waitingBytes >= batchBytes)) void writeBatch();
      if (ended && !writing) return failure === undefined ? resolve() : reject(failure);
      const full = throttled || (writing && waitingBytes >= MOST_WAITING_BYTES);
      if (full === paused) return;
      paused = full;
      if (full) body.pause();
      else body.resume();
    };

    const writeBatch = async (): Promise<void> => {
      const batch = waiting;
      waiting = [];
      waitingBytes = 0;
      writing = true;
      try {
        await into.sink.write(batch);
      } catch (error) {
        fail(error);
      }
      writing = false;
      next();
    };

    const slowDown = (delayMs: number): void => {
      if (delayMs <= 0 || throttled) return;
      throttled = true;
      cancelThrottle = clock.after(delayMs, () => {
        throttled = false;
        next();
      });
    };

    /**
     * A failure of ours: what waits is of no use any more. It goes before one of the body, after which the rest
     * of the bytes would be fetched: those that could not be written would be missing among them.
     */
    const fail = (error: unknown): void => {
      if (!failedByUs) failure = error;
      failedByUs = true;
      waiting = [];
      waitingBytes = 0;
      body.abort(error);
    };

    body.finished
      .catch((error) => {
        failure ??= error;
      })
      .then(() => {
        ended = true;
        cancelThrottle();
        next();
      });
    body.use(take);
    for (const chunk of first) take(chunk);
    next();
  });
}
