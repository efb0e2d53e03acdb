/** The manifest: an append-only file of records, one JSON object a line. */
import { constants } from 'node:fs';
import { type FileHandle, lstat, open } from 'node:fs/promises';
import { dirname, isAbsolute } from 'node:path';
import { LocalError, localError, UsageError } from '../errors.ts';
import { flushFile, flushFolder, pathFrom, pathKey } from '../folders.ts';
import { abortable, type Host } from '../host.ts';
import type { VideoRecord } from '../record.ts';
import { safeJson } from '../sanitize.ts';
import { behindLinks } from './target.ts';

/** A manifest that is open for appending. */
export interface Manifest {
  /** The folder that its paths are relative to. */
  readonly folder: string;
  /** Appends a record; when it resolves, the line is complete on the disk. Throws LocalError. */
  append(record: VideoRecord): Promise<void>;
  close(): Promise<void>;
}

/** Whose manifest it is: one that the user named may be a link or a pipe, that of a synced folder is a plain file. */
export type ManifestKind = 'named' | 'synced';

/** The parts of the host that a manifest needs. */
export type ManifestHost = Pick<Host, 'cwd' | 'uid' | 'interrupt'>;

/** Opens a manifest for appending, creating it if there is none. Throws LocalError, UsageError for a name that can't be kept. */
export async function openManifest(shown: string, host: ManifestHost, kind: ManifestKind): Promise<Manifest> {
  if (isAbsolute(shown) && pathKey(host.cwd).includes('\ufffd')) {
    throw new UsageError(
      `cannot write ${shown}: the name of the current folder, to be recorded, is not UTF-8`,
      {
        hint: 'name the manifest relative to the current folder',
      },
    );
  }
  const { path, handle, isFile, bytes } = await openPlain(shown, host, kind, 'append');
  let atLineStart = true;
  try {
    if (isFile) await flushFolder(dirname(path));
    if (isFile && bytes > 0) {
      const { buffer } = await handle.read(Buffer.alloc(1), 0, 1, bytes - 1);
      atLineStart = buffer[0] === LINE_FEED;
    }
  } catch (error) {
    await handle.close().catch(() => {});
    throw localError(error, shown);
  }
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
    const written = handle.appendFile(lines);
    // Nobody may ever read what is written to a pipe.
    await (isFile ? written : abortable(written, host.interrupt));
    atLineStart = true;
    // A failure that a crash forgets is tried again, so it need not wait for the disk.
    if (isFile && records.some((record) => record.status !== 'failed'))
      await flushFile(() => handle.datasync());
  };
  return {
    folder: dirname(path),
    append(record) {
      waiting.push(record);
      if (next === null) {
        next = last.then(write);
        last = next.catch(() => {});
      }
      return next.catch((error) => {
        throw notRecorded(error, shown, record);
      });
    },
    async close() {
      const closed = handle.close().catch(() => {});
      // Closing waits for a write, which a pipe may hold up.
      if (isFile || !host.interrupt.aborted) await closed;
    },
  };
}

/** A record of a file that was complete. */
export interface FileRecord {
  readonly videoNo: string;
  /** Where the file is, named from where the manifest is named from. */
  readonly path: string;
  readonly bytes: number;
  /** Lower-case hexadecimal; null if it was not computed. */
  readonly sha256: string | null;
  /** Its duration in seconds by the listing; null if that was not known. */
  readonly duration: number | null;
  readonly status: 'downloaded' | 'skipped';
}

/** The records that count, the later one of two for the same. */
export interface ManifestIndex {
  /** By `pathKey` of the file. */
  readonly byPath: Map<string, FileRecord>;
  readonly byVideoNo: Map<string, FileRecord>;
  /** Every video recorded as downloaded or skipped, those that went to standard output included. */
  readonly recorded: Set<string>;
}

/**
 * Reads a manifest. A torn line, as a crash leaves it, and the records of failures do not count. Throws LocalError
 * if it can't be read, also where a line is longer than any record; with `mayBeMissing` a missing one is empty.
 */
export async function readManifest(
  shown: string,
  host: ManifestHost,
  kind: ManifestKind,
  mayBeMissing = false,
): Promise<ManifestIndex> {
  const index: ManifestIndex = { byPath: new Map(), byVideoNo: new Map(), recorded: new Set() };
  const readAll = async (): Promise<void> => {
    const { path, handle } = await openPlain(shown, host, kind, 'read');
    try {
      for await (const line of linesOf(handle, shown)) addLine(line, dirname(path), index);
    } finally {
      await handle.close().catch(() => {});
    }
  };
  // A FIFO is waited for as long as nobody writes to it.
  await abortable(readAll(), host.interrupt).catch((error) => {
    const isMissing = error instanceof LocalError && error.code === 'missing';
    if (!isMissing || !mayBeMissing) throw localError(error, shown, 'read');
  });
  return index;
}

/** Adds what a line tells; nothing for a torn one, as a crash leaves it, and for the record of a failure. */
function addLine(line: string, folder: string, { byPath, byVideoNo, recorded }: ManifestIndex): void {
  let value: Partial<VideoRecord> | null;
  try {
    // An editor may have put a byte order mark at the start.
    value = JSON.parse(line.replace(/^\ufeff/, '')) as Partial<VideoRecord> | null;
  } catch {
    return;
  }
  const { video_no: videoNo, file, bytes, sha256, duration, status } = value ?? {};
  if ((status !== 'downloaded' && status !== 'skipped') || typeof videoNo !== 'string') return;
  recorded.add(videoNo);
  // No file's name has a NUL: such a record was not written by this program.
  if (typeof file !== 'string' || file.includes('\0') || typeof bytes !== 'number') return;
  const record: FileRecord = {
    videoNo,
    status,
    bytes,
    path: pathFrom(folder, file),
    sha256: typeof sha256 === 'string' ? sha256.toLowerCase() : null,
    duration: typeof duration === 'number' ? duration : null,
  };
  byPath.set(pathKey(record.path), record);
  byVideoNo.set(videoNo, record);
}

const FLAGS = {
  read: constants.O_RDONLY,
  append: constants.O_RDWR | constants.O_APPEND | constants.O_CREAT,
} as const;
/** Absent on Windows, where making a link takes an administrator. */
const NO_FOLLOW = constants.O_NOFOLLOW ?? 0;

/** Opens a manifest in such a way that no link planted meanwhile is followed. */
async function openPlain(
  shown: string,
  host: ManifestHost,
  kind: ManifestKind,
  purpose: 'read' | 'append',
): Promise<{ path: string; handle: FileHandle; isFile: boolean; bytes: number }> {
  const doing = purpose === 'read' ? 'read' : 'write';
  try {
    const given = pathFrom(host.cwd, shown);
    const path = kind === 'named' && purpose === 'append' ? await behindLinks(given, shown, host) : given;
    const found = await lstat(path).catch(() => null);
    const isPlain = found === null || found.isFile();
    if (kind === 'synced' && !isPlain && !found.isDirectory()) {
      throw new LocalError('bad_manifest', `cannot ${doing} ${shown}: it is not a regular file`, {
        hint: 'move it away; the manifest of a synced folder must not be a link or a device',
      });
    }
    const handle = await open(path, FLAGS[purpose] | (isPlain ? NO_FOLLOW : 0), 0o666);
    const stat = await handle.stat();
    return { path, handle, isFile: stat.isFile(), bytes: stat.size };
  } catch (error) {
    throw localError(error, shown, doing);
  }
}

const LINE_FEED = 0x0a;
const READ_BYTES = 64 * 1024;
/** More than any record has, in bytes: what is longer is no manifest, and may not fit into a string. */
const LONGEST_LINE = 16 * 1024 * 1024;

/** The lines of a file as text, without their ends. Throws LocalError for one that is too long. */
async function* linesOf(handle: FileHandle, shown: string): AsyncGenerator<string> {
  let parts: Buffer[] = [];
  let bytes = 0;
  for (let line = 1; ; ) {
    const { buffer, bytesRead } = await handle.read(Buffer.allocUnsafe(READ_BYTES), 0, READ_BYTES, null);
    let from = 0;
    for (let end = buffer.indexOf(LINE_FEED); end !== -1 && end < bytesRead; line += 1) {
      yield Buffer.concat([...parts, buffer.subarray(from, end)]).toString();
      parts = [];
      bytes = 0;
      from = end + 1;
      end = buffer.indexOf(LINE_FEED, from);
    }
    parts.push(buffer.subarray(from, bytesRead));
    bytes += bytesRead - from;
    if (bytes > LONGEST_LINE) {
      throw new LocalError('bad_manifest', `cannot read ${shown}: line ${line} is longer than 16 MiB`, {
        hint: 'check that it is a manifest',
      });
    }
    if (bytesRead === 0) {
      yield Buffer.concat(parts).toString();
      return;
    }
  }
}

/** A record that can't be written leaves the video as it is, and that is said. */
function notRecorded(error: unknown, shown: string, { video_no, status, file }: VideoRecord): unknown {
  const local = localError(error, shown);
  if (!(local instanceof LocalError)) return local;
  const state = { downloaded: 'was downloaded', skipped: 'is complete', failed: 'failed' }[status];
  const where = status === 'failed' || file === null ? '' : ` (${file})`;
  return new LocalError(local.code, `${local.message}; ${video_no} ${state}${where} but is not recorded`, {
    hint: local.hint,
    cause: local.cause,
  });
}
