/** Finds recorded files that the user moved or renamed within a synced folder: by size, then by SHA-256. */
import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { lstat, readdir } from 'node:fs/promises';
import { basename } from 'node:path';
import type { FileRecord } from '../download/manifest.ts';
import { pathFrom } from '../folders.ts';

/** A record whose file is, or was, in the folder. */
export interface RecordedFile {
  readonly record: FileRecord;
  /** Relative to the folder, with `/`. */
  readonly file: string;
  readonly state: 'present' | 'changed' | 'gone';
}

/** The program's own files: the manifest, locks, and partial downloads. */
const OURS = /^(?:mavi-manifest\.ndjson|\.mavi-.*|.*\.part)$/;

/**
 * The new paths, by video_no, of lost files. Searches below the folder without following links, and reads only files
 * that have the size of a lost one and belong to no other video.
 */
export async function findMoved(
  folder: string,
  lost: readonly RecordedFile[],
  present: readonly RecordedFile[],
  signal: AbortSignal,
): Promise<Map<string, string>> {
  const wanted = lost.filter(({ record }) => record.sha256 !== null);
  const sizes = new Set(wanted.map(({ record }) => record.bytes));
  const taken = new Set(present.map(({ file }) => file));
  const byHash = new Map<string, string[]>();
  for await (const file of wanted.length === 0 ? [] : filesBelow(folder, '', signal)) {
    if (taken.has(file)) continue;
    const path = pathFrom(folder, file);
    const found = await lstat(path).catch(() => null);
    const hash = found !== null && sizes.has(found.size) ? await sha256Of(path, signal) : null;
    if (hash !== null) byHash.set(hash, [...(byHash.get(hash) ?? []), file]);
  }
  const moved = new Map<string, string>();
  for (const { record, file } of wanted) {
    const copies = byHash.get(record.sha256 ?? '') ?? [];
    // Of several copies, the one that kept its name was moved; each counts for one video only.
    const namesake = copies.findIndex((copy) => basename(copy) === basename(file));
    const [copy] = copies.splice(Math.max(0, namesake), 1);
    if (copy !== undefined) moved.set(record.videoNo, copy);
  }
  return moved;
}

async function* filesBelow(folder: string, subfolder: string, signal: AbortSignal): AsyncGenerator<string> {
  const entries = await readdir(pathFrom(folder, subfolder), { withFileTypes: true }).catch(() => []);
  for (const entry of entries.sort((a, b) => (a.name < b.name ? -1 : 1))) {
    if (signal.aborted) throw signal.reason;
    const file = subfolder === '' ? entry.name : `${subfolder}/${entry.name}`;
    if (entry.isDirectory()) yield* filesBelow(folder, file, signal);
    else if (entry.isFile() && !OURS.test(entry.name)) yield file;
  }
}

/** The SHA-256 of a file; null if it cannot be read. Throws the signal's reason. */
async function sha256Of(path: string, signal: AbortSignal): Promise<string | null> {
  const hash = createHash('sha256');
  try {
    for await (const chunk of createReadStream(path, { highWaterMark: 1024 * 1024, signal })) {
      hash.update(chunk);
    }
    return hash.digest('hex');
  } catch {
    if (signal.aborted) throw signal.reason;
    return null;
  }
}
