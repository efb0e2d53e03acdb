/** Boxes written byte by byte, so that a test shares none of the parser's ideas of them. */

/** A piece of bytes. */
export type Part = string | readonly number[] | Uint8Array;

/** Bytes in a row: texts as Latin-1, numbers one a byte. */
export function bytes(...parts: readonly Part[]): Buffer {
  return Buffer.concat(
    parts.map((part) => (typeof part === 'string' ? Buffer.from(part, 'latin1') : Buffer.from(part))),
  );
}

/** Four bytes, the highest first. */
export function uint32(value: number): readonly number[] {
  return [24, 16, 8, 0].map((shift) => (value >>> shift) & 0xff);
}

/** Eight bytes, the highest first. */
export function uint64(value: bigint): readonly number[] {
  return [56n, 48n, 40n, 32n, 24n, 16n, 8n, 0n].map((shift) => Number((value >> shift) & 0xffn));
}

/** A box of a 32-bit size. */
export function box(type: string, ...payload: readonly Part[]): Buffer {
  const inside = bytes(...payload);
  return bytes(uint32(8 + inside.length), type, inside);
}

/** A box of a 64-bit size. */
export function largeBox(type: string, ...payload: readonly Part[]): Buffer {
  const inside = bytes(...payload);
  return bytes(uint32(1), type, uint64(BigInt(16 + inside.length)), inside);
}

/** A box of size 0: it reaches to the end of the file. */
export function openBox(type: string, ...payload: readonly Part[]): Buffer {
  return bytes(uint32(0), type, ...payload);
}

/** An `ftyp` of 24 bytes. */
export const FTYP = box('ftyp', 'isom', uint32(512), 'isom', 'mp41');

/** A `moov` with a movie header that is not read. */
export const MOOV = box('moov', box('mvhd', new Uint8Array(20)));

/** A `moov` that announces fragments. */
export const FRAGMENTED_MOOV = box('moov', box('mvhd', new Uint8Array(20)), box('mvex', box('trex')));

/** The bytes in pieces, cut at these offsets. */
export function cutAt(all: Uint8Array, offsets: readonly number[]): Uint8Array[] {
  const edges = [0, ...[...offsets].sort((a, b) => a - b), all.length];
  return edges.slice(1).map((end, index) => all.subarray(edges[index], end));
}

/** The bytes one by one. */
export function oneByOne(all: Uint8Array): Uint8Array[] {
  return Array.from(all, (_byte, index) => all.subarray(index, index + 1));
}
