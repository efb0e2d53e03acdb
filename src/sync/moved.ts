/** Finds recorded files that the user moved or renamed within a synced folder: by size, then by SHA-256. */
import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { lstat, readdir } from 'node:fs/promises';
import { basename } from 'node:path';
import { pathFrom } from '../folders.ts';

/** What is looked for: the bytes of one recorded file. */
export interface LostFile {
  readonly videoNo: string;
  /** Where it was, relative to the folder. */
  readonly file: string;
  readonly bytes: number;
  readonly sha256: string | null;
}

/** Where to look. */
export interface SearchOptions {
  readonly folder: string;
  /** Whether a path relative to the folder belongs to another video, and is not to be looked at. */
  readonly isTaken: (file: string) => boolean;
  readonly signal: AbortSignal;
}

/** Our own files: the manifest, locks, and downloads under way. */
const OURS = /^(?:mavi-manifest\.ndjson|\.mavi-.*|.*\.part)$/;

/**
 * Looks through the folder and all folders below it, without following links. Reads only files of a size that
 * is looked for. Answers with the new path, relative to the folder, of each file that was found, by video_no.
 */
export async function findMoved(
  lost: readonly LostFile[],
  options: SearchOptions,
): Promise<Map<string, string>> {
  const wanted = lost.filter(({ sha256 }) => sha256 !== null);
  const sizes = new Set(wanted.map(({ bytes }) => bytes));
  const found = new Map<string, string[]>();
  if (sizes.size > 0) {
    for await (const file of filesBelow('', sizes, options)) {
      const hash = await sha256Of(pathFrom(options.folder, file), options.signal);
      if (hash !== null) found.set(hash, [...(found.get(hash) ?? []), file]);
    }
  }
  const moved = new Map<string, string>();
  for (const { videoNo, file, sha256 } of wanted) {
    const copies = found.get(sha256 ?? '') ?? [];
    // Of several copies, the one that kept its name was moved; each stands for one video only.
    const at = Math.max(
      0,
      copies.findIndex((copy) => basename(copy) === basename(file)),
    );
    const [copy] = copies.splice(at, 1);
    if (copy !== undefined) moved.set(videoNo, copy);
  }
  return moved;
}

async function* filesBelow(
  subfolder: string,
  sizes: ReadonlySet<number>,
  options: SearchOptions,
): AsyncGenerator<string> {
  const { folder, isTaken, signal } = options;
  const entries = await readdir(pathFrom(folder, subfolder), { withFileTypes: true }).catch(() => []);
  for (const entry of entries.sort((a, b) => (a.name < b.name ? -1 : 1))) {
    if (signal.aborted) throw signal.reason;
    const file = subfolder === '' ? entry.name : `${subfolder}/${entry.name}`;
    if (entry.isDirectory()) yield* filesBelow(file, sizes, options);
    else if (entry.isFile() && !OURS.test(entry.name) && !isTaken(file)) {
      const size = await lstat(pathFrom(folder, file)).then(
        (stat) => stat.size,
        () => null,
      );
      if (size !== null && sizes.has(size)) yield file;
    }
  }
}

/** The SHA-256 of a file; null if it cannot be read. Throws the signal's reason. */
async function sha256Of(path: string, signal: AbortSignal): Promise<string | null> {
  const hash = createHash('sha256');
  try {
    for await (const chunk of createReadStream(path, { highWaterMark: 1024 * 1024, signal }))
      hash.update(chunk);
    return hash.digest('hex');
  } catch {
    if (signal.aborted) throw signal.reason;
    return null;
  }
}
