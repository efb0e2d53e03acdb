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
export async function transfer(
  body: Body,
  first: readonly Uint8Array[],
  into: ResumableBody,
  { clock, throttle, onChunk }: TransferOptions,
): Promise<void> {
  // The reader of a pipe wants the bytes as they come; a file takes them in larger pieces.
  const batchBytes = into.sink.restart === null ? 1 : FILE_BATCH_BYTES;
  let waiting: Uint8Array[] = [];
  let waitingBytes = 0;
  let writing: Promise<void> | null = null;
  let isPaused = true;
  let isThrottled = false;
  let hasEnded = false;
  let cancelThrottle = (): void => {};
  const failures: unknown[] = [];

  const fail = (error: unknown): void => {
    failures.push(error);
    waitingBytes = 0;
    body.abort(error);
  };

  const take = (chunk: Uint8Array): void => {
    if (failures.length > 0) return;
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
    if (writing === null && waitingBytes >= batchBytes) {
      writing = write().finally(() => {
        writing = null;
      });
    }
    const isFull = isThrottled || (writing !== null && waitingBytes >= MOST_WAITING_BYTES);
    if (isFull === isPaused) return;
    isPaused = isFull;
    if (isFull) body.pause();
    else body.resume();
  };

  /** Writes batch after batch as long as there is enough for one; at the end, whatever is left. */
  const write = async (): Promise<void> => {
    while (waitingBytes >= (hasEnded ? 1 : batchBytes)) {
      const batch = waiting;
      waiting = [];
      waitingBytes = 0;
      await into.sink.write(batch).catch(fail);
      next();
    }
  };

  body.use(take);
  for (const chunk of first) take(chunk);
  next();
  // Our own failure comes before one of the body: after that, the rest alone would be requested, and what could
  // not be written would be missing.
  const lost = await body.finished.then(
    () => [],
    (error) => [error],
  );
  hasEnded = true;
  cancelThrottle();
  await writing;
  await write();
  for (const error of [...failures, ...lost]) throw error;
}
