/**
 * A push parser for the top-level boxes of an ISO-BMFF file (ISO/IEC 14496-12, 4.2). It reads headers, hands over
 * the payloads that its visitor asks for, and finds the same boxes however the stream is cut into chunks.
 */

/** The header of one box. */
export interface Box {
  /** Four characters, one per byte (Latin-1), such as `moov`. */
  readonly type: string;
  /** Offset of the box's first byte. */
  readonly start: number;
  /** Size of its header in bytes: 8, or 16 with a 64-bit size, and 16 more for a `uuid` box. */
  readonly headerSize: number;
  /** Offset of the first byte after the box; Infinity if its size is 0, "to the end of the file". */
  readonly end: number;
}

/** Where the chain of boxes stands if the stream ends now. */
export type ChainState =
  /** Between two boxes, or `missing` bytes before the end of the last box, or of its header. */
  | {
      readonly kind: 'boxes';
      readonly missing: number;
      readonly inHeader: boolean;
      readonly start: number;
      readonly type: string | null;
    }
  /** Inside a box that extends to the end of the file. */
  | { readonly kind: 'to-the-end' }
  /** From `start` on, the bytes are no boxes. */
  | { readonly kind: 'junk'; readonly start: number }
  /** The header at `start` has an impossible size. */
  | { readonly kind: 'malformed'; readonly start: number; readonly type: string; readonly reason: string };

/** Receives what the parser finds. */
export interface BoxVisitor {
  /** A header is complete. Return true to get the payload. */
  open(box: Box): boolean;
  /** The next bytes of a requested payload; only valid during the call. */
  payload(bytes: Uint8Array): void;
  /** A requested payload is complete. */
  close(box: Box): void;
}

/** The types that are found at the top level of video files. Any other type may be text that looks like one. */
const TOP_LEVEL_TYPES = new Set(
  'mdat imda moov moof free skip wide uuid udta meta mfra sidx styp emsg prft ssix'.split(' '),
);

/** Whether a type is known to occur at the top level. */
export function isTopLevelType(type: string): boolean {
  return TOP_LEVEL_TYPES.has(type);
}

const SIZE_AND_TYPE = 8;
const LARGE_SIZE = 8;
const USER_TYPE = 16;
const LONGEST_HEADER = SIZE_AND_TYPE + LARGE_SIZE;

/** Reads a stream of boxes, pushed in chunks of any size. */
export class BoxReader {
  readonly #visitor: BoxVisitor;
  readonly #header = new Uint8Array(LONGEST_HEADER);
  #headerFill = 0;
  /** Offset of the next byte to come. */
  #offset = 0;
  /** Offset at which the next header begins. */
  #next = 0;
  #knownEnd = 0;
  /** The box whose payload was requested. */
  #wanted: Box | null = null;
  #type: string | null = null;
  #start = 0;
  /** Where the first box of an unprintable type began that no known box has followed yet. */
  #doubtfulFrom: number | null = null;
  #broken: Extract<ChainState, { kind: 'junk' | 'malformed' }> | null = null;

  constructor(visitor: BoxVisitor) {
    this.#visitor = visitor;
  }

  /** Bytes pushed or skipped so far. */
  get offset(): number {
    return this.#offset;
  }

  /** Offset of the first byte after the last box of a known type whose header has come. */
  get knownEnd(): number {
    return this.#knownEnd;
  }

  /** Takes the next bytes of the stream. */
  push(chunk: Uint8Array): void {
    const base = this.#offset;
    const end = base + chunk.length;
    while (this.#offset < end && this.#broken === null) {
      if (this.#offset < this.#next) {
        const to = Math.min(this.#next, end);
        if (this.#wanted !== null) this.#visitor.payload(chunk.subarray(this.#offset - base, to - base));
        this.#offset = to;
      } else {
        this.#header[this.#headerFill] = chunk[this.#offset - base] as number;
        this.#headerFill += 1;
        this.#offset += 1;
        this.#next += 1;
        if (this.#headerFill >= SIZE_AND_TYPE) this.#readHeader();
      }
      if (this.#wanted !== null && this.#offset === this.#next) this.#closeWanted();
    }
    this.#offset = end;
  }

  /** Passes over bytes that have not been read: at most `skippable` of them. */
  skip(count: number): void {
    if (count > this.skippable) throw new RangeError('only a payload that nobody wants can be skipped');
    this.#offset += count;
  }

  /** How many of the next bytes no one needs to read; Infinity once the chain is broken. */
  get skippable(): number {
    if (this.#broken !== null) return Number.POSITIVE_INFINITY;
    return this.#wanted === null && this.#headerFill === 0 ? this.#next - this.#offset : 0;
  }

  /** Where the chain stands if the stream ends now. */
  get state(): ChainState {
    if (this.#broken !== null) return this.#broken;
    if (this.#next === Number.POSITIVE_INFINITY) return { kind: 'to-the-end' };
    const atEdge = this.#headerFill === 0 && this.#offset === this.#next;
    if (!atEdge && this.#doubtfulFrom !== null) return { kind: 'junk', start: this.#doubtfulFrom };
    if (this.#headerFill === 0) {
      const missing = this.#next - this.#offset;
      return { kind: 'boxes', missing, inHeader: false, start: this.#start, type: this.#type };
    }
    const start = this.#offset - this.#headerFill;
    // Fewer than eight bytes can't be told from what cameras append.
    if (this.#headerFill < SIZE_AND_TYPE) return { kind: 'junk', start };
    const missing = LONGEST_HEADER - this.#headerFill;
    return { kind: 'boxes', missing, inHeader: true, start, type: this.#headerType() };
  }

  #closeWanted(): void {
    const box = this.#wanted;
    this.#wanted = null;
    if (box !== null) this.#visitor.close(box);
  }

  #headerType(): string {
    return String.fromCharCode(...this.#header.subarray(4, 8));
  }

  #readHeader(): void {
    const view = new DataView(this.#header.buffer);
    const start = this.#offset - this.#headerFill;
    const type = this.#headerType();
    const size32 = view.getUint32(0);
    if (size32 === 1 && this.#headerFill < LONGEST_HEADER) return;
    const size = size32 === 1 ? Number(view.getBigUint64(8)) : size32;
    const headerSize = (size32 === 1 ? LONGEST_HEADER : SIZE_AND_TYPE) + (type === 'uuid' ? USER_TYPE : 0);
    const isPossible = size32 === 0 || (size >= headerSize && size <= Number.MAX_SAFE_INTEGER);
    if (isTopLevelType(type) && isPossible) this.#doubtfulFrom = null;
    else if (!/^[\x20-\x7e]{4}$/.test(type)) this.#doubtfulFrom ??= start;
    if (this.#doubtfulFrom !== null && (!isPossible || size32 === 0)) {
      this.#broken = { kind: 'junk', start: this.#doubtfulFrom };
      return;
    }
    if (!isPossible) {
      const claim = size < headerSize ? `a size of ${size} bytes` : 'an impossible size';
      this.#broken = { kind: 'malformed', start, type, reason: `box '${type}' claims ${claim}` };
      return;
    }
    const end = size32 === 0 ? Number.POSITIVE_INFINITY : start + size;
    this.#headerFill = 0;
    this.#next = end;
    this.#start = start;
    this.#type = type;
    if (isTopLevelType(type)) this.#knownEnd = end;
    const box = { type, start, headerSize, end };
    if (this.#visitor.open(box)) this.#wanted = box;
  }
}

/** The most that is kept of one box, in bytes; the `moov` of a day of video at 60 frames a second has a tenth. */
export const MOST_KEPT_BYTES = 128 * 1024 * 1024;

/** Collects the payload of one box. What it holds grows with what has come, whatever size the header claims. */
export class PayloadBuffer {
  #bytes = new Uint8Array(0);
  #length = 0;

  /** Adds bytes. Returns false, and forgets everything, once it is more than `MOST_KEPT_BYTES`. */
  append(bytes: Uint8Array): boolean {
    const length = this.#length + bytes.length;
    if (length > MOST_KEPT_BYTES) {
      this.#bytes = new Uint8Array(0);
      return false;
    }
    if (length > this.#bytes.length) {
      const larger = new Uint8Array(Math.min(MOST_KEPT_BYTES, this.#length === 0 ? length : 2 * length));
      larger.set(this.#bytes.subarray(0, this.#length));
      this.#bytes = larger;
    }
    this.#bytes.set(bytes, this.#length);
    this.#length = length;
    return true;
  }

  /** What has been collected. */
  get view(): DataView {
    return new DataView(this.#bytes.buffer, 0, this.#length);
  }
}
