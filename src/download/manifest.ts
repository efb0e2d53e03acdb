/** The manifest: an append-only file of records, one JSON object a line. */
import { constants } from 'node:fs';
import { type FileHandle, lstat, open } from 'node:fs/promises';
import { dirname, isAbsolute } from 'node:path';
import { LocalError, localError, UsageError } from '../errors.ts';
import { flushFile, flushFolder, pathFrom, pathKey } from '../folders.ts';
import { abortable, type Host } from '../host.ts';
import { recordFrom, type VideoRecord } from '../record.ts';
import { safeJson } from '../sanitize.ts';
import { behindLinks } from './target.ts';

/** What the manifest of a synced folder is called. */
export const MANIFEST_NAME = 'mavi-manifest.ndjson';

/** A manifest that is open for appending. */
export interface Manifest {
  /** Appends a record; when it resolves, the line is complete on the disk. Throws LocalError. */
  append(record: VideoRecord): Promise<void>;
  close(): Promise<void>;
}

/** A manifest that the user named may be a link or a pipe; that of a synced folder is a regular file. */
export type ManifestKind = 'named' | 'synced';

/** Opens a manifest for appending, or creates it. Throws LocalError, UsageError for paths that can't be recorded. */
export async function openManifest(shown: string, host: Host, kind: ManifestKind): Promise<Manifest> {
  if (isAbsolute(shown) && pathKey(host.cwd).includes('\ufffd')) {
    const text = `cannot write ${shown}: the name of the current folder, to be recorded, is not UTF-8`;
    throw new UsageError(text, { hint: 'name the manifest relative to the current folder' });
  }
  const { path, handle, isFile, bytes } = await openPlain(shown, host, kind, 'append');
  let atLineStart = true;
  try {
    if (isFile) await flushFolder(dirname(path));
    if (isFile && bytes > 0) {
      const { buffer } = await handle.read(Buffer.alloc(1), 0, 1, bytes - 1);
      atLineStart = buffer.toString() === '\n';
      const start = await handle.read(Buffer.alloc(START_BYTES), 0, START_BYTES, 0);
      const text = start.buffer.toString('utf8', 0, start.bytesRead);
      if (withoutNul(text) !== '' && !text.split('\n').some(mayBeRecord)) throw noManifest('write', shown);
    }
  } catch (error) {
    await handle.close().catch(() => {});
    throw localError(error, shown);
  }
  let waiting: VideoRecord[] = [];
  let last: Promise<void> = Promise.resolve();
  let next: Promise<void> | null = null;
  /** Writes all records that wait, since one flush costs as much as another. */
  const write = async (): Promise<void> => {
    const records = waiting;
    waiting = [];
    next = null;
    const lines = records.map((record) => `${safeJson(recordFrom(dirname(path), host.cwd, record))}\n`);
    // A torn last line, from a crash, stays a line of its own.
    if (!atLineStart) lines.unshift('\n');
    atLineStart = false;
    const written = handle.appendFile(lines.join(''));
    // Nobody may ever read what is written to a pipe.
    await (isFile ? written : abortable(written, host.interrupt));
    atLineStart = true;
    // A failure that a crash forgets is retried, so it need not wait for the disk.
    const mustLast = isFile && records.some(({ status }) => status !== 'failed');
    if (mustLast) await flushFile(() => handle.datasync());
  };
  return {
    append(record) {
      waiting.push(record);
      if (next === null) {
        next = last.then(write);
        last = next.catch(() => {});
      }
      return next.catch((error) => {
        throw notRecorded(localError(error, shown), record);
      });
    },
    async close() {
      const closed = handle.close().catch(() => {});
      // Closing waits for a write, which a pipe may hold up.
      if (isFile || !host.interrupt.aborted) await closed;
    },
  };
}

/** The error of a record that can't be written: it also says what became of the video. */
function notRecorded(error: unknown, { video_no, status, file }: VideoRecord): unknown {
  if (!(error instanceof LocalError)) return error;
  const { code, message, hint, cause } = error;
  const state = { downloaded: 'was downloaded', skipped: 'is complete', failed: 'failed' }[status];
  const where = status === 'failed' || file === null ? '' : ` (${file})`;
  const text = `${message}; ${video_no} ${state}${where} but is not recorded`;
  return new LocalError(code, text, { hint, cause });
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

/** The records of complete videos, the later one of two for the same. */
export interface ManifestIndex {
  /** By `pathKey` of the file. */
  readonly byPath: Map<string, FileRecord>;
  readonly byVideoNo: Map<string, FileRecord>;
  /** Every video recorded as downloaded or skipped, those that went to standard output included. */
  readonly recorded: Set<string>;
}

/** Reads a manifest. Throws LocalError if it can't be read; with `mayBeMissing` a missing one is empty. */
export async function readManifest(
  shown: string,
  host: Host,
  kind: ManifestKind,
  mayBeMissing = false,
): Promise<ManifestIndex> {
  const index: ManifestIndex = { byPath: new Map(), byVideoNo: new Map(), recorded: new Set() };
  const readAll = async (): Promise<void> => {
    const { path, handle } = await openPlain(shown, host, kind, 'read');
    let isOther = false;
    let hasRecord = false;
    for await (const line of linesOf(handle, shown)) {
      hasRecord ||= mayBeRecord(line);
      isOther ||= withoutNul(line) !== '';
      addLine(line, dirname(path), index);
    }
    if (isOther && !hasRecord) throw noManifest('read', shown);
  };
  // Opening a FIFO waits for a writer.
  await abortable(readAll(), host.interrupt).catch((error) => {
    const isMissing = error instanceof LocalError && error.code === 'missing';
    if (!isMissing || !mayBeMissing) throw localError(error, shown, 'read');
  });
  return index;
}

/** How much of a file is looked at, in bytes, before it is appended to. */
const START_BYTES = 4096;

/** A text without what a file system puts in place of what a power cut has lost. */
function withoutNul(text: string): string {
  return text.replace(/\0+/g, '').trim();
}

/** Whether a line is a record, or the start of one that a crash has torn. */
function mayBeRecord(line: string): boolean {
  const text = withoutNul(line);
  return text.includes('"video_no"') || (text !== '' && '{"video_no"'.startsWith(text));
}

/** The error of a file without such a line: named by mistake, it is not to be changed or relied on. */
function noManifest(doing: 'read' | 'write', shown: string): LocalError {
  const hint = 'name a manifest, or a file that does not exist';
  return new LocalError('bad_manifest', `cannot ${doing} ${shown}: it is not a manifest`, { hint });
}

/** Adds the record on a line; ignores torn lines, as a crash leaves them, and records of failures. */
function addLine(line: string, folder: string, { byPath, byVideoNo, recorded }: ManifestIndex): void {
  let value: Partial<VideoRecord> | null;
  try {
    // An editor may have put a byte order mark at the start.
    value = JSON.parse(line.replace(/^\ufeff/, ''));
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

const READ_BYTES = 1024 * 1024;
/** Longer than any record, in characters: a longer line is no manifest, and may not fit into memory. */
const LONGEST_LINE = 16 * 1024 * 1024;

/** The lines of a file, which it closes. Throws LocalError for one that is too long. */
async function* linesOf(handle: FileHandle, shown: string): AsyncGenerator<string> {
  let count = 1;
  let rest = '';
  for await (const text of handle.createReadStream({ encoding: 'utf8', highWaterMark: READ_BYTES })) {
    const lines = `${rest}${text}`.split('\n');
    rest = lines.pop() ?? '';
    count += lines.length;
    yield* lines;
    if (rest.length > LONGEST_LINE) {
      const text = `cannot read ${shown}: line ${count} is longer than 16 MiB`;
      throw new LocalError('bad_manifest', text, { hint: 'check that it is a manifest' });
    }
  }
  yield rest;
}

/** Absent on Windows, where only an administrator can create a link. */
const NO_FOLLOW = constants.O_NOFOLLOW ?? 0;

/** Opens a manifest without following a link that was planted in the meantime. */
async function openPlain(
  shown: string,
  host: Host,
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
      const hint = 'move it away; the manifest of a synced folder must not be a link or a device';
      throw new LocalError('bad_manifest', `cannot ${doing} ${shown}: it is not a regular file`, { hint });
    }
    const { O_RDONLY, O_RDWR, O_APPEND, O_CREAT } = constants;
    const flags = purpose === 'read' ? O_RDONLY : O_RDWR | O_APPEND | O_CREAT;
    const handle = await open(path, flags | (isPlain ? NO_FOLLOW : 0), 0o666);
    const stat = await handle.stat();
    return { path, handle, isFile: stat.isFile(), bytes: stat.size };
  } catch (error) {
    throw localError(error, shown, doing);
  }
}
