/** Moves a body into a sink: one batch is written while the next one fills, and a slow sink slows the socket. */
import type { Body } from '../api/body.ts';
import type { Clock } from '../host.ts';
import type { Throttle } from './context.ts';
import type { ResumableBody } from './resumable-body.ts';

/** How a transfer runs. */
export interface TransferOptions {
  readonly clock: Clock;
  readonly throttle: Throttle | null;
  /** Called after every chunk; may throw to end the transfer. */
  readonly onChunk: (chunk: Uint8Array) => void;
}

/** The size of a batch for a file. Measured: more gains nothing, less costs system calls. */
const FILE_BATCH_BYTES = 1024 * 1024;

const MOST_CHUNKS = 1000;

/** How many bytes may wait for a write to end before the socket is paused. */
const MOST_WAITING_BYTES = 1024 * 1024;

/**
 * Transfers the rest of a body. Resolves when it has ended and everything is written. Rejects with the first
 * failure, once everything that came before it is written, so that the sink's content is known.
 * @param first chunks that were already read
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
        onChunk(chunk);
      } catch (error) {
        return fail(error);
      }
      if (wanted !== null && wanted.length > 0) {
        // Thousands of small chunks would take far more memory than their bytes.
        if (waiting.length === MOST_CHUNKS) waiting = [Buffer.concat(waiting)];
        waiting.push(wanted);
        waitingBytes += wanted.length;
      }
      if (throttle !== null) slowDown(throttle.take(chunk.length, clock.ticksMs()));
      next();
    };

    /** Starts a write if there is enough for one, pauses or resumes the body, and settles at the end. */
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

    // Our own failure comes before one of the body: after that, the rest alone would be requested, and what
    // could not be written would be missing.
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
