/**
 * A push parser of ISO-BMFF boxes of one level (ISO/IEC 14496-12, 4.2): it sees headers and jumps payloads,
 * keeps at most one header, and gives the same boxes however the stream is cut.
 */

/** The header of one box, as it stands in the stream. */
export interface Box {
  /** Four characters, one a byte (Latin-1), such as `moov`. */
  readonly type: string;
  /** Offset of the box's first byte, in bytes. */
  readonly start: number;
  /** Size of its header in bytes: 8, or 16 with a 64-bit size, and 16 more for a `uuid` box. */
  readonly headerSize: number;
  /** Offset of the first byte after the box; Infinity when its size is 0, "to the end of the file". */
  readonly end: number;
}

/** Where the chain of boxes stands. */
export type ChainState =
  /** Between boxes, or inside one: `missing` bytes of it are still to come; 0 at an edge. */
  | { readonly kind: 'boxes'; readonly missing: number }
  /** Inside a box that reaches to the end of the file. */
  | { readonly kind: 'to-the-end' }
  /** After the last whole box came bytes that are no box: `start` is where. */
  | { readonly kind: 'junk'; readonly start: number }
  /** A header whose size cannot be: `start` is where, `reason` why. */
  | { readonly kind: 'malformed'; readonly start: number; readonly reason: string };

const SIZE_AND_TYPE = 8;
const LARGE_SIZE = 8;
const USER_TYPE = 16;
const LONGEST_HEADER = SIZE_AND_TYPE + LARGE_SIZE;

/** Reads a stream of boxes, pushed in chunks of any size. */
export class BoxReader {
  readonly #onBox: (box: Box) => void;
  readonly #header = new Uint8Array(LONGEST_HEADER);
  #headerFill = 0;
  /** Offset of the next byte to come. */
  #offset = 0;
  /** Offset at which the next header begins. */
  #next = 0;
  #broken: Extract<ChainState, { kind: 'junk' | 'malformed' }> | null = null;

  /** @param onBox called once for each box, as soon as its header has come */
  constructor(onBox: (box: Box) => void) {
    this.#onBox = onBox;
  }

  /** Bytes pushed or skipped so far. */
  get offset(): number {
    return this.#offset;
  }

  /** Offset of the first byte after the last box whose header has come. */
  get knownEnd(): number {
    return this.#next;
  }

  /** Takes the next bytes of the stream. */
  push(chunk: Uint8Array): void {
    const base = this.#offset;
    const end = base + chunk.length;
    while (this.#offset < end && this.#broken === null) {
      if (this.#offset < this.#next) {
        this.#offset = Math.min(this.#next, end);
      } else {
        this.#header[this.#headerFill] = chunk[this.#offset - base] as number;
        this.#headerFill += 1;
        this.#offset += 1;
        this.#next += 1;
        if (this.#headerFill >= SIZE_AND_TYPE) this.#readHeader();
      }
    }
    this.#offset = end;
  }

  /** Passes over bytes that nobody has read: at most what is left of the payload of the current box. */
  skip(count: number): void {
    if (this.#headerFill > 0 || count > this.payloadLeft)
      throw new RangeError('only a payload can be skipped');
    this.#offset += count;
  }

  /** Bytes of the current payload still to come; 0 between boxes, Infinity in a box that reaches to the end. */
  get payloadLeft(): number {
    return this.#broken === null ? this.#next - this.#offset : 0;
  }

  /** Where the chain stands if the stream ended here. */
  get state(): ChainState {
    if (this.#broken !== null) return this.#broken;
    if (this.#next === Number.POSITIVE_INFINITY) return { kind: 'to-the-end' };
    if (this.#headerFill === 0) return { kind: 'boxes', missing: this.#next - this.#offset };
    const start = this.#offset - this.#headerFill;
    // Fewer than eight bytes cannot be told from what cameras leave behind the last box.
    if (this.#headerFill < SIZE_AND_TYPE) return { kind: 'junk', start };
    return { kind: 'boxes', missing: LONGEST_HEADER - this.#headerFill };
  }

  #readHeader(): void {
    const view = new DataView(this.#header.buffer);
    const start = this.#offset - this.#headerFill;
    const type = String.fromCharCode(...this.#header.subarray(4, 8));
    if (!/^[\x20-\x7e]{4}$/.test(type)) {
      this.#broken = { kind: 'junk', start };
      return;
    }
    const size32 = view.getUint32(0);
    if (size32 === 1 && this.#headerFill < LONGEST_HEADER) return;
    const size = size32 === 1 ? Number(view.getBigUint64(8)) : size32;
    const headerSize = (size32 === 1 ? LONGEST_HEADER : SIZE_AND_TYPE) + (type === 'uuid' ? USER_TYPE : 0);
    if (size32 !== 0 && size < headerSize) {
      this.#broken = { kind: 'malformed', start, reason: `box '${type}' claims a size of ${size} bytes` };
      return;
    }
    if (size > Number.MAX_SAFE_INTEGER) {
      this.#broken = { kind: 'malformed', start, reason: `box '${type}' claims an impossible size` };
      return;
    }
    const end = size32 === 0 ? Number.POSITIVE_INFINITY : start + size;
    this.#headerFill = 0;
    this.#next = end;
    this.#onBox({ type, start, headerSize, end });
  }
}
