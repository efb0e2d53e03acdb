/** The videos that the mock serves: the samples, a folder, or a list. */
import { createHash } from 'node:crypto';
import { constants } from 'node:fs';
import { open, readdir, realpath, stat } from 'node:fs/promises';
import { join, parse, relative } from 'node:path';

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
    const scope = scopes.get(video.uniqueId);
    if (scope) scope.push(video);
    else scopes.set(video.uniqueId, [video]);
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

const SAMPLES_FOLDER = join(import.meta.dirname, 'samples');

/** The `video_no`s of the samples; the vendor's documentation uses the first. */
export const SAMPLE_VIDEO_NOS = {
  faststart: 'VI625239098370850816',
  moovLast: 'VI624611307445927936',
  fragmented: 'VI623870256104189952',
  /** In the scope `holiday_2025`; all others are in `default`. */
  holiday: 'VI622954018833670144',
} as const;

type Facts = Omit<StoredVideo, 'sizeBytes' | 'status' | 'read'>;

const SAMPLES: readonly (Facts & { readonly file: string })[] = [
  {
    file: 'faststart.mp4',
    videoNo: SAMPLE_VIDEO_NOS.faststart,
    uniqueId: 'default',
    name: 'first steps',
    durationSeconds: 4,
    createTimeMs: Date.UTC(2025, 9, 4, 9, 30),
    takenAtMs: Date.UTC(2025, 9, 3, 16, 5),
    cameraModel: 'Pocket 3',
    latitude: 47.3769,
    longitude: 8.5417,
    tags: ['family', 'walk'],
  },
  {
    file: 'moov-last.mp4',
    videoNo: SAMPLE_VIDEO_NOS.moovLast,
    uniqueId: 'default',
    name: 'Morning walk 🌅 | Lake, day #1?',
    durationSeconds: 5,
    createTimeMs: Date.UTC(2025, 9, 2, 7, 15),
    takenAtMs: Date.UTC(2025, 9, 1, 5, 40),
    cameraModel: 'Hero 12',
    latitude: 46.4628,
    longitude: 6.8419,
    tags: ['lake', 'walk'],
  },
  {
    file: 'fragmented.mp4',
    videoNo: SAMPLE_VIDEO_NOS.fragmented,
    uniqueId: 'default',
    name: 'screen recording 12:30',
    durationSeconds: 6,
    createTimeMs: Date.UTC(2025, 8, 30, 12, 30),
  },
  {
    file: 'moov-last.mp4',
    videoNo: SAMPLE_VIDEO_NOS.holiday,
    uniqueId: 'holiday_2025',
    name: 'Beach day',
    durationSeconds: 5,
    createTimeMs: Date.UTC(2025, 8, 28, 18, 0),
    takenAtMs: Date.UTC(2025, 7, 14, 11, 20),
    cameraModel: 'Hero 12',
    tags: ['beach'],
  },
];

/** The library of the samples that ship with the package: three in `default`, one in `holiday_2025`. */
export async function sampleLibrary(): Promise<VideoLibrary> {
  const videos = SAMPLES.map(async ({ file, ...facts }): Promise<StoredVideo> => {
    const path = join(SAMPLES_FOLDER, file);
    const { size } = await stat(path);
    return { ...facts, sizeBytes: size, status: 'PARSE', read: readerOf(path) };
  });
  return libraryOf(await Promise.all(videos));
}

const VIDEO_NO = /^VI\d{18}$/;

/**
 * A library of the files in a folder, all in one scope. Skips hidden files, broken symlinks, and symlinks that leave
 * the folder, because anyone who can reach the mock can read what it serves.
 * A file named `<video_no>.mp4` keeps that number; any other gets one derived from its name.
 */
export async function videosFromFolder(folder: string, uniqueId = 'default'): Promise<VideoLibrary> {
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
      uniqueId,
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
