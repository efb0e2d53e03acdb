/** Boxes and tables inside a payload that is in memory. Every read is checked against the box that holds it. */

/** The payload of a box inside a view: from `start` up to `end`. */
export interface Part {
  readonly type: string;
  readonly start: number;
  readonly end: number;
}

/** A table that can't be true: it claims more entries than its box has room for. */
export class BrokenTable extends Error {}

/** All of a view as a part. */
export function whole(view: DataView): Part {
  return { type: '', start: 0, end: view.byteLength };
}

/**
 * The boxes in a part, in order, or those of one type; it ends where the bytes are no box. A box that is too long is
 * cut to its parent.
 */
export function* boxesIn(view: DataView, parent: Part, only: string | null = null): Generator<Part> {
  const wanted = only === null ? null : code(only);
  for (let at = parent.start; parent.end - at >= 8; ) {
    const size32 = view.getUint32(at);
    const header = size32 === 1 ? 16 : 8;
    if (parent.end - at < header) return;
    const size = size32 === 1 ? Number(view.getBigUint64(at + 8)) : size32;
    if (size < header) return;
    if (wanted === null || wanted === view.getUint32(at + 4)) {
      yield { type: fourCharacters(view, at + 4), start: at + header, end: Math.min(parent.end, at + size) };
    }
    at += size;
  }
}

/** The first box along a path of types, such as `mdia minf stbl`. */
export function find(view: DataView, parent: Part, path: string): Part | null {
  let part: Part | null = parent;
  for (const type of path.split(' ')) part = part && firstOf(view, part, type);
  return part;
}

function firstOf(view: DataView, parent: Part, type: string): Part | null {
  for (const part of boxesIn(view, parent, type)) return part;
  return null;
}

function code(type: string): number {
  return [...type].reduce((sum, character) => sum * 256 + character.charCodeAt(0), 0);
}

/** Four bytes as characters. */
export function fourCharacters(view: DataView, at: number): string {
  const [a, b, c, d] = [
    view.getUint8(at),
    view.getUint8(at + 1),
    view.getUint8(at + 2),
    view.getUint8(at + 3),
  ];
  return String.fromCharCode(a, b, c, d);
}

/** Reads the fields of one part in order. Fields past its end are 0: a short box says nothing, and is not refused. */
export class Fields {
  readonly #view: DataView;
  readonly #part: Part;
  #at: number;

  constructor(view: DataView, part: Part) {
    this.#view = view;
    this.#part = part;
    this.#at = part.start;
  }

  /** Passes over bytes. Returns where they begin; null if the part ends before they do. */
  skip(bytes: number): number | null {
    const from = this.#at;
    this.#at = Math.min(this.#part.end, from + bytes);
    return from + bytes > this.#part.end ? null : from;
  }

  uint32(): number {
    const at = this.skip(4);
    return at === null ? 0 : this.#view.getUint32(at);
  }

  /** A number of 8 bytes where `wide`, else of 4; past 2^53 it is not exact, and too large for any file. */
  uint(wide: boolean): number {
    return wide ? this.uint32() * 2 ** 32 + this.uint32() : this.uint32();
  }

  /** Passes over a table of `count` entries; returns where it began. */
  table(count: number, bytesPerEntry: number): number {
    const at = this.skip(Math.ceil(count * bytesPerEntry));
    if (at !== null) return at;
    throw new BrokenTable(`box '${this.#part.type}' claims ${count} entries, more than it has room for`);
  }
}

/** The sizes of samples: a table in a view, or one size for all. */
export class Sizes {
  readonly #view: DataView;
  readonly #start: number;
  /** Bytes from one entry to the next; half a byte for entries of 4 bits. */
  readonly #stride: number;
  readonly #bits: number;
  /** The size of all, in bytes; null where each has its own. */
  readonly fixed: number | null;

  constructor(view: DataView, start: number, stride: number, bits: number, fixed: number | null = null) {
    this.#view = view;
    this.#start = start;
    this.#stride = stride;
    this.#bits = bits;
    this.fixed = fixed;
  }

  /** The size of one sample in bytes. */
  at(index: number): number {
    if (this.fixed !== null) return this.fixed;
    const at = this.#start + Math.floor(index * this.#stride);
    if (this.#bits === 32) return this.#view.getUint32(at);
    if (this.#bits === 16) return this.#view.getUint16(at);
    const byte = this.#view.getUint8(at);
    if (this.#bits === 8) return byte;
    return index % 2 === 0 ? byte >> 4 : byte & 15;
  }

  /** The sizes of `count` samples together. */
  sum(from: number, count: number): number {
    if (this.fixed !== null) return this.fixed * count;
    let bytes = 0;
    for (let index = from; index < from + count; index += 1) bytes += this.at(index);
    return bytes;
  }
}
