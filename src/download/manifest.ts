/** An append-only list of records, one JSON object a line. */
import { type FileHandle, open } from 'node:fs/promises';
import { dirname } from 'node:path';
import { safeJson } from '../foreign-text.ts';
import { localError } from './local-error.ts';
import type { VideoRecord } from './record.ts';

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
  let atLineStart = await endsWithLine(handle).catch((error) => {
    throw failed(error);
  });
  let last: Promise<void> = Promise.resolve();
  const write = async (record: VideoRecord): Promise<void> => {
    // A torn last line, from a crash, stays a line of its own.
    const line = Buffer.from(`${atLineStart ? '' : '\n'}${safeJson(record)}\n`);
    atLineStart = false;
    await handle.appendFile(line);
    atLineStart = true;
    // A failure that a crash forgets is tried again, so it need not wait for the disk.
    if (record.status !== 'failed') await handle.datasync();
  };
  return {
    folder: dirname(path),
    append(record) {
      const next = last
        .then(() => write(record))
        .catch((error) => {
          throw failed(error);
        });
      last = next.catch(() => {});
      return next;
    },
    close: () => handle.close().catch(() => {}),
  };
}

async function endsWithLine(handle: FileHandle): Promise<boolean> {
  const stat = await handle.stat();
  if (!stat.isFile() || stat.size === 0) return true;
  const { buffer } = await handle.read(Buffer.alloc(1), 0, 1, stat.size - 1);
  return buffer[0] === 0x0a;
}
