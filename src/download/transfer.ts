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

/** The size of a batch for a pipe, which is what a pipe of Linux holds; with less, each write wakes a thread for little. */
const PIPE_BATCH_BYTES = 64 * 1024;

/** How many chunks may wait before they are merged. */
const MOST_CHUNKS = 1000;

/** How many bytes may wait for a write to end before the socket is paused. */
const MOST_WAITING_BYTES = 1024 * 1024;

/**
 * Transfers the rest of a body. Resolves when it has ended and everything is written. Rejects with the first
 * failure, once everything that came before it is written, so that the sink's content is known.
 * @param first chunks that were already read
 */
export async function transfer(
  body: Body,
  first: readonly Uint8Array[],
  into: ResumableBody,
  { clock, throttle, onChunk }: TransferOptions,
): Promise<void> {
  // The reader of a pipe wants the bytes as they come, a file only in large batches.
  const isPrompt = into.sink.restart === null;
  const batchBytes = isPrompt ? PIPE_BATCH_BYTES : FILE_BATCH_BYTES;
  let waiting: Uint8Array[] = [];
  let waitingBytes = 0;
  let writing: Promise<void> | null = null;
  let isFlushing = false;
  let isPaused = true;
  let isThrottled = false;
  let cancelThrottle = (): void => {};
  let failure: unknown = null;

  const fail = (error: unknown): void => {
    failure ??= error;
    waiting = [];
    waitingBytes = 0;
    body.abort(error);
  };

  const take = (chunk: Uint8Array): void => {
    if (failure !== null) return;
    try {
      const wanted = into.push(chunk);
      onChunk(chunk);
      if (wanted !== null && wanted.length > 0) {
        // Thousands of small chunks would take far more memory than their bytes.
        if (waiting.length === MOST_CHUNKS) waiting = [Buffer.concat(waiting)];
        waiting.push(wanted);
        waitingBytes += wanted.length;
      }
    } catch (error) {
      return fail(error);
    }
    const delayMs = throttle?.take(chunk.length, clock.ticksMs()) ?? 0;
    if (delayMs > 0 && !isThrottled) {
      isThrottled = true;
      cancelThrottle = clock.after(delayMs, () => {
        isThrottled = false;
        next();
      });
    }
    next();
  };

  /** Starts a write if there is enough for one, and pauses or resumes the body. */
  const next = (): void => {
    if (writing === null && waitingBytes >= batchBytes) start();
    else if (writing === null && isPrompt && waitingBytes > 0 && !isFlushing) flushSoon();
    const isFull = isThrottled || (writing !== null && waitingBytes >= MOST_WAITING_BYTES);
    if (isFull === isPaused) return;
    isPaused = isFull;
    if (isFull) body.pause();
    else body.resume();
  };

  /** Starts a write of what there is at the end of this turn of the event loop. */
  const flushSoon = (): void => {
    isFlushing = true;
    setImmediate(() => {
      isFlushing = false;
      if (waitingBytes > 0 && writing === null) start();
    });
  };

  /** Starts to write what is waiting. */
  const start = (): void => {
    const batch = waiting;
    waiting = [];
    waitingBytes = 0;
    writing = into.sink
      .write(batch)
      .catch(fail)
      .finally(() => {
        writing = null;
        next();
      });
  };

  /** Writes the rest. */
  const drain = async (): Promise<void> => {
    while (writing !== null || waitingBytes > 0) {
      if (writing === null) start();
      await writing;
    }
  };

  body.use(take);
  for (const chunk of first) take(chunk);
  next();
  let lost: unknown = null;
  await body.finished.catch((error) => {
    lost = error;
  });
  cancelThrottle();
  await drain();
  // Our own failure comes before one of the body: after that one, only the rest would be requested, and what could not
  // be written would be missing.
  const error = failure ?? lost;
  if (error !== null) throw error;
}
