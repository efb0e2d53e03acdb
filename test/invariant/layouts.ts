/** Videos to download: the samples, and some with box layouts that our encoders do not write. */

import type { StoredVideo } from '../../src/mock/library.ts';
import { noise } from '../../src/mock/media.ts';
import { box, boxHead, movieBox } from '../helpers/boxes.ts';
import { sampleFile } from '../mock/sample-files.ts';

const FILE_TYPE = box('ftyp', Buffer.from('isom\0\0\x02\0isommp41', 'latin1'));
const MEDIA = noise(7, 30_000);

/** Files by the order and kind of their boxes. */
export const LAYOUTS = {
  faststart: sampleFile('faststart'),
  'moov-last': sampleFile('moov-last'),
  fragmented: sampleFile('fragmented'),
  /** The `mdat` box has a 64-bit size. */
  wide: Buffer.concat([FILE_TYPE, movieBox(1000), wideBox('mdat', MEDIA)]),
  /** The `mdat` box has size 0: it extends to the end of the file. */
  'to-the-end': Buffer.concat([FILE_TYPE, movieBox(1000), endlessBox('mdat', MEDIA)]),
  /** The last box is one that no player needs. */
  'free-last': Buffer.concat([FILE_TYPE, movieBox(1000), box('mdat', MEDIA), box('free', Buffer.alloc(100))]),
} as const;

/** The name of a layout. */
export type LayoutName = keyof typeof LAYOUTS;

/** A layout as a video of the server's library. */
export function layoutVideo(name: LayoutName): StoredVideo {
  return videoOf(LAYOUTS[name]);
}

/** Bytes as a video of the server's library. */
export function videoOf(bytes: Uint8Array): StoredVideo {
  return {
    videoNo: 'VI600000000000000001',
    uniqueId: 'default',
    name: 'a video',
    sizeBytes: bytes.length,
    durationSeconds: 1,
    status: 'PARSE',
    createTimeMs: 0,
    async *read(fromByte, toByte) {
      yield bytes.subarray(fromByte, toByte);
    },
  };
}

/** Offsets of a file's top-level boxes, read without the parser under test. */
export function boxStarts(file: Buffer): { readonly type: string; readonly start: number }[] {
  const starts: { type: string; start: number }[] = [];
  for (let at = 0; at < file.length; ) {
    const size = file.readUInt32BE(at);
    starts.push({ type: file.toString('latin1', at + 4, at + 8), start: at });
    if (size === 0) break;
    at += size === 1 ? Number(file.readBigUInt64BE(at + 8)) : size;
  }
  return starts;
}

/**
 * Why a cut at this offset cannot be detected when the transfer ends cleanly and no size is known; null if it can be.
 * These are exactly the exceptions that the contract names. Except in a fragmented file, fewer than 8 bytes after a
 * box count as junk.
 */
export function undetectable(layout: LayoutName, offset: number): string | null {
  const boxes = boxStarts(LAYOUTS[layout]);
  const lastComplete = boxes.findLastIndex(({ start }) => start <= offset && offset < start + 8);
  const next = boxes[lastComplete];
  const before = boxes.slice(0, Math.max(0, lastComplete)).map(({ type }) => type);
  const isMovie = before.includes('moov') && before.includes('mdat');
  if (layout === 'to-the-end') {
    const last = boxes.at(-1)?.start ?? 0;
    return offset >= last + 8 ? 'inside a last box of size 0' : null;
  }
  if (!isMovie || next === undefined) return null;
  if (next.type === 'moof' || next.type === 'mfra')
    return offset === next.start ? 'at the edge of a fragment' : null;
  return next.type === 'free' ? 'before an optional box' : null;
}

/** A box with a 64-bit size, although 32 bits would be enough. */
function wideBox(type: string, payload: Uint8Array): Buffer {
  const size = Buffer.alloc(8);
  size.writeBigUInt64BE(BigInt(16 + payload.length));
  const head = boxHead(type, 8);
  head.writeUInt32BE(1, 0);
  return Buffer.concat([head, size, payload]);
}

function endlessBox(type: string, payload: Uint8Array): Buffer {
  const head = boxHead(type, 8);
  head.writeUInt32BE(0, 0);
  return Buffer.concat([head, payload]);
}
