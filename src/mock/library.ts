/** The videos that the mock serves: the samples, a folder, or a list. */
import { createHash } from 'node:crypto';
import { constants } from 'node:fs';
import { open, readdir, realpath, stat } from 'node:fs/promises';
import { join, parse, relative } from 'node:path';
import samples from './samples/samples.json' with { type: 'json' };

/** `PARSE` means ready; the others mean not indexed yet, or indexing failed. */
export type VideoStatus = 'PARSE' | 'UNPARSE' | 'FAILED' | 'PARSE_ERROR';

/** One video of the account, with its original. */
export interface StoredVideo {
  readonly videoNo: string;
  /** The scope, `unique_id` in the API. */
  readonly uniqueId: string;
  readonly name: string;
  readonly sizeBytes: number;
  readonly durationSeconds: number;
  readonly status: VideoStatus;
  readonly createTimeMs: number;
  readonly takenAtMs?: number;
  readonly cameraModel?: string;
  readonly latitude?: number;
  readonly longitude?: number;
  readonly tags?: readonly string[];
  /** Digits as a string, since the number may exceed 2^53. Default `-1`, the default folder. */
  readonly folderId?: string;
  /** The bytes from `fromByte` up to, but not including, `toByte`; the same bytes at each call. */
  read(fromByte: number, toByte: number): AsyncIterable<Uint8Array>;
}

/** An account's videos by scope. */
export interface VideoLibrary {
  readonly uniqueIds: readonly string[];
  count(uniqueId: string): number;
  /** The video at a position of the listing; position 0 is the newest. */
  at(uniqueId: string, position: number): StoredVideo | undefined;
  find(uniqueId: string, videoNo: string): StoredVideo | undefined;
}

/** A library of these videos, given in any order. */
export function libraryOf(videos: readonly StoredVideo[]): VideoLibrary {
  const scopes = new Map<string, StoredVideo[]>([['default', []]]);
  for (const video of [...videos].sort((a, b) => b.createTimeMs - a.createTimeMs)) {
    const scope = scopes.get(video.uniqueId) ?? [];
    scopes.set(video.uniqueId, scope);
    scope.push(video);
  }
  return {
    uniqueIds: [...scopes.keys()],
    count: (uniqueId) => scopes.get(uniqueId)?.length ?? 0,
    at: (uniqueId, position) => scopes.get(uniqueId)?.[position],
    find: (uniqueId, videoNo) => scopes.get(uniqueId)?.find((video) => video.videoNo === videoNo),
  };
}

/** Reads a file, which is opened at each call; fails if it has become a symlink. */
function readerOf(file: string): StoredVideo['read'] {
  return async function* read(fromByte, toByte) {
    // The end of a stream is inclusive, so it cannot express "no bytes".
    if (fromByte >= toByte) return;
    const opened = await open(file, constants.O_RDONLY | (constants.O_NOFOLLOW ?? 0));
    yield* opened.createReadStream({ start: fromByte, end: toByte - 1 });
  };
}

/** The library of the samples that ship with the package: three in `default`, one in `holiday_2025`. */
export async function sampleLibrary(): Promise<VideoLibrary> {
  const videos = Object.values(samples).map(async ({ file, ...facts }): Promise<StoredVideo> => {
    const path = join(import.meta.dirname, 'samples', file);
    const { size } = await stat(path);
    return { ...facts, sizeBytes: size, status: 'PARSE', read: readerOf(path) };
  });
  return libraryOf(await Promise.all(videos));
}

const VIDEO_NO = /^VI\d{18}$/;

/**
 * A library of the files in a folder, all in the scope `default`. Skips hidden files, broken symlinks, and symlinks that leave
 * the folder, because anyone who can reach the mock can read what it serves.
 * A file named `<video_no>.mp4` keeps that number; any other gets one derived from its name.
 */
export async function videosFromFolder(folder: string): Promise<VideoLibrary> {
  const root = await realpath(folder);
  // Sorted, so that of two files with the same number, the same one keeps it at each start.
  const names = (await readdir(root)).filter((name) => !name.startsWith('.')).sort();
  const taken = new Set<string>();
  const videos: StoredVideo[] = [];
  for (const name of names) {
    const path = await realpath(join(root, name)).catch(() => root);
    if (/^\.\.(?:[\\/]|$)/.test(relative(root, path))) continue;
    const facts = await stat(path);
    if (!facts.isFile()) continue;
    const stem = parse(name).name;
    const videoNo = VIDEO_NO.test(stem) && !taken.has(stem) ? stem : videoNoFor(name);
    taken.add(videoNo);
    videos.push({
      videoNo,
      uniqueId: 'default',
      name: stem,
      sizeBytes: facts.size,
      durationSeconds: 0,
      status: 'PARSE',
      createTimeMs: Math.floor(facts.mtimeMs),
      read: readerOf(path),
    });
  }
  return libraryOf(videos);
}

function videoNoFor(name: string): string {
  const hash = createHash('sha256').update(name).digest().readBigUInt64BE();
  return `VI${String(hash % 10n ** 18n).padStart(18, '0')}`;
}
