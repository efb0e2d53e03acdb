import { libraryOf, type StoredVideo, type VideoLibrary } from '../../../src/mock/library.ts';
import { box, boxHead, movieBox, noise } from '../../../src/mock/media.ts';

/** A video of the library, its bytes at hand. */
export interface SampleVideo {
  readonly videoNo: string;
  readonly bytes: Buffer;
  /** Where a cut goes unnoticed by who reads the boxes alone. */
  readonly cutAt: number;
}

const FILE_TYPE = box('ftyp', Buffer.from('isom\0\0\x02\0isommp41', 'latin1'));
const MEDIA_BYTES = 1_000_000;
const FRAGMENTS = 10;

/** The video of nearly all cases: `ftyp`, `moov`, and an `mdat` of a megabyte. */
export const PLAIN = video('VI600000000000000001', [
  FILE_TYPE,
  movieBox(10_000),
  box('mdat', noise(1, MEDIA_BYTES)),
]);

/** Ten fragments, announced by an `mvex`; may be cut after the fifth. */
export const FRAGMENTED = video('VI600000000000000002', [
  FILE_TYPE,
  box('moov', box('mvex', box('trex', Buffer.alloc(24)))),
  ...fragments(5, 2),
  null,
  ...fragments(5, 7),
]);

/** An optional box after all the others, which a cut takes away whole. */
export const WITH_TAIL = video('VI600000000000000003', [
  FILE_TYPE,
  movieBox(10_000),
  box('mdat', noise(12, MEDIA_BYTES)),
  null,
  box('udta', noise(13, 1000)),
]);

/** A last box of size 0, "to the end of the file". */
export const OPEN_ENDED = video('VI600000000000000004', [
  FILE_TYPE,
  movieBox(10_000),
  openEnded('mdat'),
  noise(14, MEDIA_BYTES / 2),
  null,
  noise(15, MEDIA_BYTES / 2),
]);

/** A file that stood in the place before. */
export const OLD_FILE = Buffer.concat([FILE_TYPE, movieBox(10_000), box('mdat', noise(16, MEDIA_BYTES))]);

/** The library of these videos. */
export function library(): VideoLibrary {
  return libraryOf([PLAIN, FRAGMENTED, WITH_TAIL, OPEN_ENDED].map(stored));
}

/** Joins the parts; null marks the place of the cut. */
function video(videoNo: string, parts: readonly (Uint8Array | null)[]): SampleVideo {
  const bytesOf = (some: readonly (Uint8Array | null)[]): Buffer =>
    Buffer.concat(some.filter((part) => part !== null));
  const mark = parts.indexOf(null);
  return { videoNo, bytes: bytesOf(parts), cutAt: bytesOf(parts.slice(0, Math.max(0, mark))).length };
}

function fragments(count: number, seed: number): Buffer[] {
  return Array.from({ length: count }, (_, index) =>
    Buffer.concat([box('moof', Buffer.alloc(64)), box('mdat', noise(seed + index, MEDIA_BYTES / FRAGMENTS))]),
  );
}

function openEnded(type: string): Buffer {
  const head = boxHead(type, 8);
  head.writeUInt32BE(0, 0);
  return head;
}

function stored({ videoNo, bytes }: SampleVideo): StoredVideo {
  return {
    videoNo,
    uniqueId: 'default',
    name: 'clip',
    sizeBytes: bytes.length,
    durationSeconds: 10,
    status: 'PARSE',
    createTimeMs: Date.UTC(2025, 9, 1),
    async *read(fromByte, toByte) {
      yield bytes.subarray(fromByte, toByte);
    },
  };
}
