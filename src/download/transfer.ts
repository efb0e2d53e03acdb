/** Moves a body into a sink: one batch is written while the next one fills, and a slow sink slows the socket. */
import type { Body } from '../api/body.ts';
import type { DownloadContext } from './context.ts';
import type { ResumableBody } from './resumable-body.ts';

/** The size of a batch for a file. Measured: more gains nothing, less costs system calls. */
const FILE_BATCH_BYTES = 1024 * 1024;

/** The size of a batch for a pipe, which is what a pipe of Linux holds; with less, each write wakes a thread for little. */
const PIPE_BATCH_BYTES = 64 * 1024;

/** Thousands of small chunks would take far more memory than their bytes. */
const MOST_CHUNKS = 1000;

/** How many bytes may wait for a write to end before the socket is paused. */
const MOST_WAITING_BYTES = 1024 * 1024;

/**
 * Transfers the rest of a body. Resolves when it has ended and everything is written. Rejects with the first
 * failure, once everything that came before it is written, so that the sink's content is known.
 * @param first chunks that were already read
 * @param onChunk is called after every chunk; may throw to end the transfer
 */
export async function transfer(
  body: Body,
  first: readonly Uint8Array[],
  into: ResumableBody,
  { host: { clock }, throttle }: DownloadContext,
  onChunk: (chunk: Uint8Array) => void,
): Promise<void> {
  // The reader of a pipe wants the bytes as they come, a file only in large batches.
  const isPrompt = into.sink.restart === null;
  const batchBytes = isPrompt ? PIPE_BATCH_BYTES : FILE_BATCH_BYTES;
  let waiting: Uint8Array[] = [];
  let waitingBytes = 0;
  let writing: Promise<void> | null = null;
  let isFlushing = false;
  let isPaused = true;
  let cancelThrottle: (() => void) | null = null;
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
      into.check.push(chunk);
      const wanted = into.unsent(chunk);
      onChunk(chunk);
      if (waiting.length === MOST_CHUNKS) waiting = [Buffer.concat(waiting)];
      if (wanted.length > 0) waiting.push(wanted);
      waitingBytes += wanted.length;
    } catch (error) {
      return fail(error);
    }
    const delayMs = throttle?.(chunk.length, clock.ticksMs()) ?? 0;
    if (delayMs > 0 && cancelThrottle === null) {
      cancelThrottle = clock.after(delayMs, () => {
        cancelThrottle = null;
        next();
      });
    }
    next();
  };

  /** Starts a write if there is enough for one, and pauses or resumes the body. */
  const next = (): void => {
    if (writing === null && waitingBytes >= batchBytes) start();
    else if (writing === null && isPrompt && waitingBytes > 0 && !isFlushing) {
      isFlushing = true;
      // At the end of this turn of the event loop, what came with this chunk is there too.
      setImmediate(() => {
        isFlushing = false;
        start();
      });
    }
    const isFull = cancelThrottle !== null || (writing !== null && waitingBytes >= MOST_WAITING_BYTES);
    if (isFull === isPaused) return;
    isPaused = isFull;
    if (isFull) body.pause();
    else body.resume();
  };

  /** Starts to write what is waiting, unless a write is running. */
  const start = (): void => {
    if (writing !== null || waitingBytes === 0) return;
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

  const finish = async (): Promise<void> => {
    cancelThrottle?.();
    while (writing !== null || waitingBytes > 0) {
      start();
      await writing;
    }
  };

  body.use(take);
  for (const chunk of first) take(chunk);
  next();
  const lost = await body.finished.then(
    () => null,
    (error: unknown) => error,
  );
  await finish();
  // Our own failure comes before one of the body: after that one, only the rest would be requested, and what could not
  // be written would be missing.
  const error = failure ?? lost;
  if (error !== null) throw error;
}
