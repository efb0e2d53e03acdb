import { libraryOf, type StoredVideo, type VideoLibrary } from '../../../src/mock/library.ts';
import { noise } from '../../../src/mock/media.ts';
import { box, movieBox } from '../../helpers/boxes.ts';
import { type FragmentedFilm, film, fragmentedFilm, withUint32 } from '../../isobmff/films.ts';

/** A video of the library and its bytes. */
export interface SampleVideo {
  readonly videoNo: string;
  readonly bytes: Buffer;
  /** The offset of a cut that the boxes alone do not reveal. */
  readonly cutAt: number;
  /** What the server sends instead of `bytes`. */
  readonly served?: Buffer;
}

const FILE_TYPE = box('ftyp', Buffer.from('isom\0\0\x02\0isommp41', 'latin1'));
const MEDIA_BYTES = 1_000_000;

/** The video of nearly all cases: `ftyp`, `moov` and an `mdat` of 1 MB. */
export const PLAIN = video('VI600000000000000001', [
  FILE_TYPE,
  movieBox(10_000),
  box('mdat', noise(1, MEDIA_BYTES)),
]);

/** The frame size that makes a film about 1 MB large. */
const FRAMES = { unitBytes: 24_000 } as const;

/** Five fragments, and nothing that says how many there are; `cutAt` is after the second. */
export const FRAGMENTED = ofFragments('VI600000000000000002', fragmentedFilm(FRAMES));

/** The same, with an index of all fragments. */
export const INDEXED = ofFragments('VI600000000000000005', fragmentedFilm({ ...FRAMES, sidx: 'of all' }));

const SPLIT_FILM = film({ moov: 'first', splitAtChunk: 6 }, FRAMES);
/** The media is in two `mdat`s; the cut removes the second one completely. */
export const SPLIT: SampleVideo = {
  videoNo: 'VI600000000000000006',
  bytes: SPLIT_FILM.bytes,
  cutAt: (SPLIT_FILM.chunks[6] ?? 0) - 8,
};

const FILM = film({ moov: 'last' }, FRAMES);
/** The server sends 64 KiB of zeros in the middle of the media. */
export const HOLED: SampleVideo = {
  videoNo: 'VI600000000000000007',
  bytes: FILM.bytes,
  cutAt: 0,
  served: Buffer.from(FILM.bytes).fill(0, 300_000, 300_000 + 65_536),
};

/** The cut removes the last box, an optional one, completely. */
export const WITH_TAIL = video('VI600000000000000003', [
  FILE_TYPE,
  movieBox(10_000),
  box('mdat', noise(12, MEDIA_BYTES)),
  null,
  box('udta', noise(13, 1000)),
]);

const OPEN_FILM = film({ moov: 'first' }, FRAMES);
/** A last box of size 0, "to the end of the file". */
export const OPEN_ENDED: SampleVideo = {
  videoNo: 'VI600000000000000004',
  bytes: withUint32(OPEN_FILM.bytes, OPEN_FILM.mdatAt, 0),
  cutAt: OPEN_FILM.bytes.length >> 1,
};

/** The file that existed before the download. */
export const OLD_FILE = Buffer.concat([FILE_TYPE, movieBox(10_000), box('mdat', noise(16, MEDIA_BYTES))]);

/** A library of these videos. */
export function library(): VideoLibrary {
  return libraryOf([PLAIN, FRAGMENTED, WITH_TAIL, OPEN_ENDED, INDEXED, SPLIT, HOLED].map(stored));
}

/** Joins the parts; null marks the position of the cut. */
function video(videoNo: string, parts: readonly (Uint8Array | null)[]): SampleVideo {
  const bytesOf = (some: readonly (Uint8Array | null)[]): Buffer =>
    Buffer.concat(some.filter((part) => part !== null));
  const mark = parts.indexOf(null);
  return { videoNo, bytes: bytesOf(parts), cutAt: bytesOf(parts.slice(0, Math.max(0, mark))).length };
}

function ofFragments(videoNo: string, { bytes, fragments }: FragmentedFilm): SampleVideo {
  return { videoNo, bytes, cutAt: fragments[1]?.end ?? 0 };
}

function stored({ videoNo, bytes, served = bytes }: SampleVideo): StoredVideo {
  return {
    videoNo,
    uniqueId: 'default',
    name: 'clip',
    sizeBytes: bytes.length,
    durationSeconds: 0,
    status: 'PARSE',
    createTimeMs: Date.UTC(2025, 9, 1),
    async *read(fromByte, toByte) {
      yield served.subarray(fromByte, toByte);
    },
  };
}
