import type { StoredVideo, VideoLibrary, VideoStatus } from '../../src/mock/library.ts';
import { box, boxHead, endlessNoise, movieBox } from './boxes.ts';

/** What a generated library contains. */
export interface GeneratedLibraryOptions {
  /** How many videos, at most a billion. */
  readonly count: number;
  /** Another seed gives other `video_no`s and bytes. Default 1. */
  readonly seed?: number;
  /** Of each file; at least 256. Default 4096. */
  readonly sizeBytes?: number;
  /** Assigned in turn, newest first. Default: all `PARSE`. */
  readonly statuses?: readonly VideoStatus[];
  /** Default `default`. */
  readonly uniqueId?: string;
}

const SMALLEST_FILE_BYTES = 256;
const NEWEST_MS = Date.UTC(2025, 9, 1);
const FILE_TYPE = box('ftyp', Buffer.from('isom\0\0\x02\0isommp41', 'latin1'));
const DURATION_SECONDS = 10;
const NAMES = ['walk', 'Lake 🌊 | day 1', 'clip', 'IMG 0042', 'birthday #3', 'who?', 'clip'];

/**
 * A library of `count` small MP4s, each with its own bytes, none of them held in memory.
 * @throws RangeError if the size is too small for an MP4
 */
export function generatedLibrary(options: GeneratedLibraryOptions): VideoLibrary {
  const { count, seed = 1, sizeBytes = 4096, statuses = ['PARSE'], uniqueId = 'default' } = options;
  if (sizeBytes < SMALLEST_FILE_BYTES)
    throw new RangeError(`A generated video needs ${SMALLEST_FILE_BYTES} bytes`);
  const prefix = `VI6${String(seed % 100_000_000).padStart(8, '0')}`;

  const at = (position: number): StoredVideo | undefined => {
    if (!(position >= 0 && position < count)) return undefined;
    // Numbered from the oldest, so that a higher video_no is a newer video, as in the real API.
    const index = count - 1 - position;
    return {
      videoNo: prefix + String(index).padStart(9, '0'),
      uniqueId,
      name: NAMES[index % NAMES.length] ?? 'clip',
      sizeBytes,
      durationSeconds: DURATION_SECONDS,
      status: statuses[position % statuses.length] ?? 'PARSE',
      createTimeMs: NEWEST_MS - position * 1000,
      read: (fromByte, toByte) => readGenerated(seed * 1_000_003 + index, sizeBytes, fromByte, toByte),
    };
  };
  const here = (asked: string) => asked === uniqueId;
  return {
    uniqueIds: uniqueId === 'default' ? ['default'] : ['default', uniqueId],
    count: (asked) => (here(asked) ? count : 0),
    at: (asked, position) => (here(asked) ? at(position) : undefined),
    find: (asked, videoNo) => {
      if (!here(asked) || videoNo.length !== 20 || !videoNo.startsWith(prefix)) return undefined;
      const video = at(count - 1 - Number(videoNo.slice(prefix.length)));
      return video?.videoNo === videoNo ? video : undefined;
    },
  };
}

async function* readGenerated(
  seed: number,
  sizeBytes: number,
  fromByte: number,
  toByte: number,
): AsyncGenerator<Uint8Array> {
  const front = [FILE_TYPE, movieBox(DURATION_SECONDS * 1000)];
  const frontBytes = front.reduce((sum, part) => sum + part.length, 0);
  const head = Buffer.concat([...front, boxHead('mdat', sizeBytes - frontBytes)]);
  if (fromByte < head.length) yield head.subarray(fromByte, Math.min(head.length, toByte));
  yield* endlessNoise(seed, Math.max(0, fromByte - head.length), Math.max(0, toByte - head.length));
}
