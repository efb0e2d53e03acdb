import type { Content } from './answer.ts';

const BLOCK_BYTES = 65_536;

/** Bytes that look random and are the same for the same seed. */
export function noise(seed: number, sizeBytes: number): Uint8Array {
  const words = new Uint32Array(Math.ceil(sizeBytes / 4));
  let state = seed | 0;
  for (let index = 0; index < words.length; index += 1) {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    words[index] = mixed ^ (mixed >>> 14);
  }
  return new Uint8Array(words.buffer, 0, sizeBytes);
}

/**
 * Part of an endless noise that can be read from any byte on, at the speed of a copy.
 * One block is made and then repeated with its number stamped on it, so that no two stretches are equal.
 */
export async function* endlessNoise(
  seed: number,
  fromByte: number,
  toByte: number,
): AsyncGenerator<Uint8Array> {
  const block = Buffer.from(noise(seed, Math.min(BLOCK_BYTES, roundedUp(toByte))).buffer);
  for (let at = fromByte; at < toByte; ) {
    const number = Math.floor(at / BLOCK_BYTES);
    const stamped = Buffer.from(block);
    stamped.writeDoubleBE(number, 0);
    const start = at - number * BLOCK_BYTES;
    const end = Math.min(BLOCK_BYTES, start + toByte - at);
    yield stamped.subarray(start, end);
    at += end - start;
  }
}

function roundedUp(sizeBytes: number): number {
  return Math.max(8, sizeBytes);
}

/** One box of a media file: its size, its four-letter type, what is in it. */
export function box(type: string, ...parts: readonly Uint8Array[]): Buffer {
  const sizeBytes = parts.reduce((sum, part) => sum + part.length, 8);
  return Buffer.concat([boxHead(type, sizeBytes), ...parts]);
}

/** The head of a box of `sizeBytes` in all; 16 bytes long instead of 8 where 32 bits cannot hold the size. */
export function boxHead(type: string, sizeBytes: number): Buffer {
  const wide = sizeBytes > 0xffff_ffff;
  const head = Buffer.alloc(wide ? 16 : 8);
  head.writeUInt32BE(wide ? 1 : sizeBytes, 0);
  head.write(type, 4, 'latin1');
  if (wide) head.writeBigUInt64BE(BigInt(sizeBytes), 8);
  return head;
}

/** A `moov` with a movie header and no tracks: enough for whoever looks at boxes alone. */
export function movieBox(durationMs: number): Buffer {
  const header = Buffer.alloc(100);
  header.writeUInt32BE(1000, 12); // units a second
  header.writeUInt32BE(durationMs, 16);
  header.writeUInt32BE(0x0001_0000, 20); // rate 1.0
  header.writeUInt16BE(0x0100, 24); // volume 1.0
  header.writeUInt32BE(0x0001_0000, 36); // the unit matrix, three numbers on its diagonal
  header.writeUInt32BE(0x0001_0000, 52);
  header.writeUInt32BE(0x4000_0000, 68);
  header.writeUInt32BE(1, 96); // next track
  return box('moov', box('mvhd', header));
}

const MEDIA_BYTES = 100_000;
const TS_PACKET_BYTES = 188;

/** A Matroska file, or a WebM one, which differs in its document type. */
export function matroskaFile(docType: 'matroska' | 'webm'): Buffer {
  const header = element(
    [0x1a, 0x45, 0xdf, 0xa3],
    element([0x42, 0x86], Buffer.of(1)),
    element([0x42, 0xf7], Buffer.of(1)),
    element([0x42, 0xf2], Buffer.of(4)),
    element([0x42, 0xf3], Buffer.of(8)),
    element([0x42, 0x82], Buffer.from(docType)),
    element([0x42, 0x87], Buffer.of(4)),
    element([0x42, 0x85], Buffer.of(2)),
  );
  const nothing = element([0xec], noise(11, MEDIA_BYTES));
  return Buffer.concat([header, element([0x18, 0x53, 0x80, 0x67], nothing)]);
}

/** An AVI file. */
export function aviFile(): Buffer {
  return riff(
    'RIFF',
    'AVI ',
    riff('LIST', 'hdrl', Buffer.alloc(64)),
    riff('LIST', 'movi', noise(12, MEDIA_BYTES)),
  );
}

/** An MPEG transport stream. */
export function transportStreamFile(): Buffer {
  const packets = Array.from({ length: Math.ceil(MEDIA_BYTES / TS_PACKET_BYTES) }, (_, index) => {
    const packet = Buffer.from(noise(13 + index, TS_PACKET_BYTES));
    // Sync byte, a packet id, payload only with its running number.
    packet.set([0x47, 0x01, 0x00, 0x10 | (index & 0x0f)]);
    return packet;
  });
  return Buffer.concat(packets);
}

/** A QuickTime file of the old kind: no `ftyp`, and the `moov` last. */
export function quickTimeFile(): Buffer {
  return Buffer.concat([box('wide'), box('mdat', noise(14, MEDIA_BYTES)), movieBox(2000)]);
}

/** Bytes of no format at all. */
export function garbageFile(): Buffer {
  return Buffer.concat([Buffer.of(0xde, 0xad, 0xbe, 0xef), noise(15, MEDIA_BYTES)]);
}

function element(id: readonly number[], ...parts: readonly Uint8Array[]): Buffer {
  const payload = Buffer.concat(parts);
  // The leading bits of a size tell how many bytes it takes: one or, as here for all that is larger, eight.
  const size = Buffer.alloc(payload.length < 127 ? 1 : 8);
  size.writeUIntBE(payload.length, Math.max(0, size.length - 6), Math.min(6, size.length));
  size[0]! |= size.length === 1 ? 0x80 : 0x01;
  return Buffer.concat([Buffer.from(id), size, payload]);
}

function riff(id: 'RIFF' | 'LIST', type: string, ...parts: readonly Uint8Array[]): Buffer {
  const payload = Buffer.concat([Buffer.from(type), ...parts]);
  const size = Buffer.alloc(4);
  size.writeUInt32LE(payload.length);
  return Buffer.concat([Buffer.from(id), size, payload]);
}

interface Span {
  readonly fromByte: number;
  readonly toByte: number;
}

const UNKNOWN_FORMAT_HEAD_BYTES = 1024;

/** A content of the same length and boxes whose media data differs in every byte from `fromOffset` on. */
export function withOtherMedia(content: Content, fromOffset: number): Content {
  return {
    ...content,
    async *read(fromByte, toByte) {
      const spans = await mediaSpans(content);
      let at = fromByte;
      for await (const piece of content.read(fromByte, toByte)) {
        const changed = Uint8Array.from(piece);
        for (const span of spans) {
          const start = Math.max(span.fromByte, fromOffset, at) - at;
          const end = Math.min(span.toByte - at, changed.length);
          for (let index = start; index < end; index += 1) changed[index]! ^= 0x55;
        }
        yield changed;
        at += piece.length;
      }
    },
  };
}

/** Where the payloads of the `mdat` boxes lie; for what is no chain of boxes, all but its head. */
async function mediaSpans(content: Content): Promise<Span[]> {
  const { sizeBytes } = content;
  const spans: Span[] = [];
  for (let at = 0; at + 8 <= sizeBytes; ) {
    const head = await firstBytes(content, at, Math.min(at + 16, sizeBytes));
    const short = head.readUInt32BE(0);
    const wide = short === 1 && head.length === 16;
    const boxBytes = wide ? Number(head.readBigUInt64BE(8)) : short === 0 ? sizeBytes - at : short;
    if (boxBytes < 8) break;
    const toByte = Math.min(sizeBytes, at + boxBytes);
    if (head.toString('latin1', 4, 8) === 'mdat') spans.push({ fromByte: at + (wide ? 16 : 8), toByte });
    at = toByte;
  }
  return spans.length > 0 ? spans : [{ fromByte: UNKNOWN_FORMAT_HEAD_BYTES, toByte: sizeBytes }];
}

async function firstBytes(content: Content, fromByte: number, toByte: number): Promise<Buffer> {
  const pieces: Uint8Array[] = [];
  for await (const piece of content.read(fromByte, toByte)) pieces.push(piece);
  return Buffer.concat(pieces);
}
