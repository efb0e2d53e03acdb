/** Boxes, fields and tables inside a payload that is in memory. Every read is checked against its box. */

/** The payload of a box: the bytes of a view from `start` up to `end`. */
export type Part = Readonly<{ view: DataView; type: string; start: number; end: number }>;

/** Thrown for a table that can't be true: it claims more entries than its box has room for. */
export class BrokenTable extends Error {}

/** The boxes in a part, or those of one type, up to bytes that are no box. One that is too long ends with its parent. */
export function* boxesIn(parent: Part | null, only?: string): Generator<Part, undefined> {
  if (parent === null) return;
  const { view, end } = parent;
  // Compared as a number: a hostile payload has millions of boxes, and a string for each would cost seconds.
  const wanted = only === undefined ? null : codeOf(only);
  for (let at = parent.start; end - at >= 8; ) {
    const size32 = view.getUint32(at);
    const header = size32 === 1 ? 16 : 8;
    if (end - at < header) return;
    const size = size32 === 1 ? Number(view.getBigUint64(at + 8)) : size32;
    if (size < header) return;
    if (wanted === null || wanted === view.getUint32(at + 4)) {
      yield { view, type: fourCharacters(view, at + 4), start: at + header, end: Math.min(end, at + size) };
    }
    at += size;
  }
}

/** The first box along a path of types, such as `mdia minf stbl`. */
export function find(parent: Part | null, path: string): Part | null {
  return path.split(' ').reduce((part, type) => boxesIn(part, type).next().value ?? null, parent);
}

function codeOf(type: string): number {
  return [...type].reduce((sum, character) => sum * 256 + character.charCodeAt(0), 0);
}

/** Four bytes as Latin-1 characters. */
export function fourCharacters(view: DataView, at: number): string {
  return String.fromCharCode(...new Uint8Array(view.buffer, view.byteOffset + at, 4));
}

const EMPTY: Part = { view: new DataView(new ArrayBuffer(0)), type: '', start: 0, end: 0 };

/** Reads the fields of a box after its version and flags. Fields that a short or missing box lacks are 0. */
export class Fields {
  readonly #part: Part;
  #at: number;
  /** The version, in the highest 8 bits, and the flags. */
  readonly #head: number;

  constructor(part: Part | null) {
    this.#part = part ?? EMPTY;
    this.#at = this.#part.start;
    this.#head = this.uint32();
  }

  has(flag: number): boolean {
    return (this.#head & flag) !== 0;
  }

  /** Skips bytes. Returns where they begin; null if the box ends before they do. */
  skip(bytes: number): number | null {
    const from = this.#at;
    this.#at = Math.min(this.#part.end, from + bytes);
    return from + bytes > this.#part.end ? null : from;
  }

  uint32(): number {
    const at = this.skip(4);
    return at === null ? 0 : this.#part.view.getUint32(at);
  }

  /** Not exact past 2^53, which is beyond any file. */
  uint64(): number {
    return this.uint32() * 2 ** 32 + this.uint32();
  }

  /** A number of 32 bits in version 0 of the box, of 64 bits in later ones. */
  uint(): number {
    return this.#head >>> 24 === 0 ? this.uint32() : this.uint64();
  }

  /** Skips a table. Returns its first column; throws BrokenTable if the box ends before it does. */
  table(stride: number, bits = 32, count = this.uint32()): Table {
    const { view } = this.#part;
    const start = this.skip(Math.ceil(count * stride));
    if (start !== null) return { view, start, count, stride, bits };
    throw new BrokenTable(`box '${this.#part.type}' claims ${count} entries, more than it has room for`);
  }
}

/** Numbers of 4 to 64 `bits`; from one to the next it is `stride` bytes, which is half a byte for 4 bits. */
export type Table = Readonly<{ view: DataView; start: number; count: number; stride: number; bits: number }>;

/** A number for each sample: the same for all, or one in a table. */
export type Column = number | Table;

/** The number at an index from 0; `further` bytes after it, for another field of a table's entry. */
export function valueAt(column: Column, index: number, further = 0): number {
  if (typeof column === 'number') return column;
  const { view, start, stride, bits } = column;
  const at = start + further + Math.floor(index * stride);
  if (bits === 32) return view.getUint32(at);
  if (bits === 64) return Number(view.getBigUint64(at));
  if (bits === 16) return view.getUint16(at);
  const byte = view.getUint8(at);
  if (bits === 8) return byte;
  return index % 2 === 0 ? byte >> 4 : byte & 15;
}

/** The sum over `count` samples. */
export function sumOf(column: Column, from: number, count: number): number {
  if (typeof column === 'number') return column * count;
  let sum = 0;
  for (let index = from; index < from + count; index += 1) sum += valueAt(column, index);
  return sum;
}
