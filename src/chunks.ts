/** Lists of chunks of bytes, and how they are written to a descriptor. */
import { writev } from 'node:fs';
import { promisify } from 'node:util';
import { ClosedPipe } from './errors.ts';

/** A list of chunks without its first `count` bytes; nothing is copied. */
export function dropBytes(chunks: readonly Uint8Array[], count: number): Uint8Array[] {
  let skip = count;
  const rest: Uint8Array[] = [];
  for (const chunk of chunks) {
    if (skip >= chunk.length) skip -= chunk.length;
    else {
      rest.push(skip === 0 ? chunk : chunk.subarray(skip));
      skip = 0;
    }
  }
  return rest;
}

/** How many bytes a list of chunks holds. */
export function byteCount(chunks: readonly Uint8Array[]): number {
  let sum = 0;
  for (const chunk of chunks) sum += chunk.length;
  return sum;
}

/**
 * Writes chunks to a descriptor, in order, through the thread pool: `process.stdout` writes to pipes synchronously,
 * so that a slow reader would hold up signals and time-outs. `pause` waits for room in a pipe that somebody made
 * non-blocking. The function returned rejects with ClosedPipe, or with what the system reports.
 */
export function descriptorWriter(
  descriptor: number,
  pause: () => Promise<void>,
): (chunks: readonly Uint8Array[]) => Promise<void> {
  const write = promisify(writev);
  const writeAll = async (chunks: readonly Uint8Array[]): Promise<void> => {
    let rest = chunks.filter((chunk) => chunk.length > 0);
    while (rest.length > 0) {
      try {
        const { bytesWritten } = await write(descriptor, rest);
        rest = dropBytes(rest, bytesWritten);
      } catch (error) {
        const { code } = error as NodeJS.ErrnoException;
        if (code === 'EPIPE' || code === 'ECONNRESET') throw new ClosedPipe();
        if (code !== 'EAGAIN') throw error;
        await pause();
      }
    }
  };
  let last: Promise<void> = Promise.resolve();
  return (chunks) => {
    const next = last.then(() => writeAll(chunks));
    // A failed write is its caller's to handle; those queued behind it fail on their own.
    last = next.catch(() => {});
    return next;
  };
}
