import { noise } from '../../src/mock/media.ts';

const BLOCK_BYTES = 65_536;

/** One box of a media file: its size, its four-letter type, its content. */
export function box(type: string, ...parts: readonly Uint8Array[]): Buffer {
  const sizeBytes = parts.reduce((sum, part) => sum + part.length, 8);
  return Buffer.concat([boxHead(type, sizeBytes), ...parts]);
}

/** The head of a box of `sizeBytes` in all; 16 bytes long instead of 8 if the size needs more than 32 bits. */
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

/**
 * Part of an endless noise that can be read from any byte on, at the speed of a copy.
 * One block is made and then repeated with its number stamped on it, so that no two stretches are equal.
 */
export async function* endlessNoise(
  seed: number,
  fromByte: number,
  toByte: number,
): AsyncGenerator<Uint8Array> {
  const block = Buffer.from(noise(seed, Math.min(BLOCK_BYTES, Math.max(8, toByte))).buffer);
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
