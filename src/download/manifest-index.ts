/** What a manifest says: its last good record of each file and of each video. */
import { createReadStream } from 'node:fs';
import { dirname } from 'node:path';
import { createInterface } from 'node:readline';
import { pathFrom, pathKey } from '../folders.ts';
import { localError } from '../local-error.ts';
import type { VideoRecord } from '../record.ts';

/** A record of a file that is in its place. */
export interface FileRecord {
  readonly status: 'downloaded' | 'skipped';
  readonly videoNo: string;
  /** Where the file is, named from where the manifest is named from. */
  readonly path: string;
  readonly bytes: number;
  /** Lower-case hexadecimal; null if it was not computed. */
  readonly sha256: string | null;
}

/** The records that count, the later one of two for the same. */
export interface ManifestIndex {
  /** By `pathKey` of the file. */
  readonly byPath: ReadonlyMap<string, FileRecord>;
  readonly byVideoNo: ReadonlyMap<string, FileRecord>;
}

/**
 * Reads a manifest, line by line. A torn line, as a crash leaves it, and the records of failures do not count.
 * Throws LocalError if it cannot be read; with `mayBeMissing` a missing one is empty.
 */
export async function readManifest(
  path: string,
  shown: string,
  mayBeMissing = false,
): Promise<ManifestIndex> {
  const byPath = new Map<string, FileRecord>();
  const byVideoNo = new Map<string, FileRecord>();
  const folder = dirname(path);
  try {
    for await (const line of createInterface({
      input: createReadStream(path),
      crlfDelay: Number.POSITIVE_INFINITY,
    })) {
      const record = readRecord(line, folder);
      if (record === null) continue;
      byPath.set(pathKey(record.path), record);
      byVideoNo.set(record.videoNo, record);
    }
  } catch (error) {
    const missing = (error as NodeJS.ErrnoException).code === 'ENOENT';
    if (!missing || !mayBeMissing) throw localError(error, shown, 'read');
  }
  return { byPath, byVideoNo };
}

function readRecord(line: string, folder: string): FileRecord | null {
  let value: Partial<VideoRecord> | null;
  try {
    value = JSON.parse(line) as Partial<VideoRecord> | null;
  } catch {
    return null;
  }
  if (typeof value !== 'object' || value === null) return null;
  const { video_no, file, bytes, sha256, status } = value;
  if (status !== 'downloaded' && status !== 'skipped') return null;
  if (typeof video_no !== 'string' || typeof file !== 'string' || typeof bytes !== 'number') return null;
  return {
    status,
    videoNo: video_no,
    path: pathFrom(folder, file),
    bytes,
    sha256: typeof sha256 === 'string' ? sha256.toLowerCase() : null,
  };
}
