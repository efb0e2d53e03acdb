/** An append-only list of records, one JSON object a line. */
import { type FileHandle, open } from 'node:fs/promises';
import { dirname } from 'node:path';
import { localError } from '../local-error.ts';
import type { VideoRecord } from '../record.ts';
import { safeJson } from '../sanitize.ts';

/** A manifest that is open for appending. */
export interface Manifest {
  /** The folder that its paths are relative to. */
  readonly folder: string;
  /** Appends a record; when it resolves, the line is whole on the disk. Throws LocalError. */
  append(record: VideoRecord): Promise<void>;
  close(): Promise<void>;
}

/**
 * Opens a manifest, making it if there is none. Throws LocalError.
 * @param path where it is; `shown` is what messages call it
 */
export async function openManifest(path: string, shown: string): Promise<Manifest> {
  const failed = (error: unknown) => localError(error, shown);
  const handle = await open(path, 'a+').catch((error) => {
    throw failed(error);
  });
  const { isFile, ...found } = await lookAt(handle).catch((error) => {
    throw failed(error);
  });
  let { atLineStart } = found;
  let waiting: VideoRecord[] = [];
  let last: Promise<void> = Promise.resolve();
  let next: Promise<void> | null = null;
  /** Writes all that wait, for one flush costs as much as another. */
  const write = async (): Promise<void> => {
    const records = waiting;
    waiting = [];
    next = null;
    // A torn last line, from a crash, stays a line of its own.
    const lines = (atLineStart ? '' : '\n') + records.map((record) => `${safeJson(record)}\n`).join('');
    atLineStart = false;
    await handle.appendFile(lines);
    atLineStart = true;
    // A failure that a crash forgets is tried again, so it need not wait for the disk.
    if (isFile && records.some((record) => record.status !== 'failed')) await handle.datasync();
  };
  return {
    folder: dirname(path),
    append(record) {
      waiting.push(record);
      if (next === null) {
        next = last.then(write).catch((error) => {
          throw failed(error);
        });
        last = next.catch(() => {});
      }
      return next;
    },
    close: () => handle.close().catch(() => {}),
  };
}

/** A pipe or a device has no last line, and cannot be flushed to a disk. */
async function lookAt(handle: FileHandle): Promise<{ isFile: boolean; atLineStart: boolean }> {
  const stat = await handle.stat();
  const isFile = stat.isFile();
  if (!isFile || stat.size === 0) return { isFile, atLineStart: true };
  const { buffer } = await handle.read(Buffer.alloc(1), 0, 1, stat.size - 1);
  return { isFile, atLineStart: buffer[0] === 0x0a };
}
