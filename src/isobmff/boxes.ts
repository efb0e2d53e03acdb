/** A push parser for the top-level boxes of an ISO-BMFF file (ISO/IEC 14496-12, 4.2), in chunks of any size. */
import { BrokenTable, type Part } from './tables.ts';

/** The type of a box, its offset, and the offset after it: Infinity if its size is 0, "to the end of the file". */
export type Box = Readonly<{ type: string; start: number; end: number }>;

/** The state of the chain of boxes if the stream ends now. */
export type ChainState =
  /** Between two boxes, or `missing` bytes before the end of the last box, or of its header. */
  | Readonly<{ kind: 'boxes'; missing: number; inHeader: boolean; start: number; type: string }>
  /** Inside a box that extends to the end of the file. */
  | Readonly<{ kind: 'to-the-end' }>
  | Junk
  | Malformed;

/** The bytes from `start` on are not boxes. */
type Junk = Readonly<{ kind: 'junk'; start: number }>;

/** The box at `start` can't be what its header or its tables say. */
export type Malformed = Readonly<{ kind: 'malformed'; start: number; type: string; reason: string }>;

/** The types that occur at the top level of video files. Any other type may be text that looks like one. */
export const TOP_LEVEL_TYPES: ReadonlySet<string> = new Set(
  'mdat imda moov moof free skip wide uuid udta meta mfra sidx styp emsg prft ssix'.split(' '),
);

const SMALL_HEADER = 8;
/** With a 64-bit size. */
const LARGE_HEADER = 16;

/** The most that is kept of one box, in bytes; the `moov` of a day of video at 60 frames a second has a tenth. */
export const MOST_KEPT_BYTES = 128 * 1024 * 1024;

const NOTHING = new Uint8Array(0);

/** Reads a stream of boxes. */
export abstract class BoxReader {
  /** Bytes pushed or skipped so far. */
  offset = 0;
  readonly #header = new Uint8Array(LARGE_HEADER);
  #headerFill = 0;
  /** Offset at which the next header begins. */
  #next = 0;
  #last: Box = { type: '', start: 0, end: 0 };
  /** Whether the payload of the last box is wanted, and not complete. */
  #isWanted = false;
  /** Begins with that payload so far; has room for more. */
  #payload = NOTHING;
  #payloadFill = 0;
  /** Start of the first box of an unprintable type after the last known one. */
  #doubtfulFrom: number | null = null;
  #broken: Junk | Malformed | null = null;

  /** Takes each complete header; returns whether its payload is wanted. */
  protected abstract onHeader(box: Box): boolean;

  /** Takes a wanted payload when it is complete; null if it is larger than MOST_KEPT_BYTES. May throw BrokenTable. */
  protected abstract onPayload(box: Box, payload: Part | null): void;

  /** Takes the next bytes of the stream. */
  push(chunk: Uint8Array): void {
    const base = this.offset;
    const end = base + chunk.length;
    while (this.offset < end && this.#broken === null) {
      if (this.offset < this.#next) {
        const to = Math.min(this.#next, end);
        if (this.#isWanted) this.#keep(chunk.subarray(this.offset - base, to - base));
        this.offset = to;
      } else {
        this.#header[this.#headerFill] = chunk[this.offset - base] as number;
        this.#headerFill += 1;
        this.offset += 1;
        if (this.#headerFill >= SMALL_HEADER) this.#readHeader();
      }
      if (this.offset === this.#next) this.#close();
    }
    this.offset = end;
  }

  /** The stream has ended: completes a payload that extends to the end of the file. */
  protected finish(): void {
    if (this.#next === Number.POSITIVE_INFINITY) this.#close();
  }

  #close(): void {
    if (!this.#isWanted) return;
    const isKept = this.#payloadFill <= MOST_KEPT_BYTES;
    const view = new DataView(this.#payload.buffer, 0, isKept ? this.#payloadFill : 0);
    this.#isWanted = false;
    this.#payload = NOTHING;
    this.#payloadFill = 0;
    const { start, type } = this.#last;
    try {
      this.onPayload(this.#last, isKept ? { view, type, start: 0, end: view.byteLength } : null);
    } catch (error) {
      if (!(error instanceof BrokenTable)) throw error;
      this.#broken = { kind: 'malformed', start, type, reason: error.message };
    }
  }

  /** Adds to the payload. Its memory grows with what has come, whatever size the header claims. */
  #keep(bytes: Uint8Array): void {
    const start = this.#payloadFill;
    this.#payloadFill += bytes.length;
    const smaller = this.#payload;
    if (this.#payloadFill > MOST_KEPT_BYTES) this.#payload = NOTHING;
    else if (this.#payloadFill > smaller.length) {
      const room = Math.max(this.#payloadFill, 2 * smaller.length);
      this.#payload = new Uint8Array(Math.min(MOST_KEPT_BYTES, room));
      this.#payload.set(smaller);
    }
    if (this.#payload !== NOTHING) this.#payload.set(bytes, start);
  }

  /** Skips bytes that were not read: at most `skippable` of them. */
  skip(count: number): void {
    if (count > this.skippable) throw new RangeError('only a payload that was not requested can be skipped');
    this.offset += count;
  }

  /** How many of the next bytes need not be read; Infinity once the chain is broken. */
  get skippable(): number {
    if (this.#broken !== null) return Number.POSITIVE_INFINITY;
    return this.#isWanted ? 0 : Math.max(0, this.#next - this.offset);
  }

  /** The state of the chain if the stream ends now. */
  get state(): ChainState {
    if (this.#broken !== null) return this.#broken;
    if (this.#next === Number.POSITIVE_INFINITY) return { kind: 'to-the-end' };
    if (this.offset !== this.#next && this.#doubtfulFrom !== null) {
      return { kind: 'junk', start: this.#doubtfulFrom };
    }
    if (this.#headerFill === 0) {
      const { start, type } = this.#last;
      return { kind: 'boxes', missing: this.#next - this.offset, inHeader: false, start, type };
    }
    // Fewer than eight bytes look like what some cameras append.
    if (this.#headerFill < SMALL_HEADER) return { kind: 'junk', start: this.#next };
    const missing = LARGE_HEADER - this.#headerFill;
    return { kind: 'boxes', missing, inHeader: true, start: this.#next, type: this.#headerType() };
  }

  #headerType(): string {
    return String.fromCharCode(...this.#header.subarray(4, 8));
  }

  #readHeader(): void {
    const view = new DataView(this.#header.buffer);
    const size32 = view.getUint32(0);
    if (size32 === 1 && this.#headerFill < LARGE_HEADER) return;
    const start = this.#next;
    const type = this.#headerType();
    const size = size32 === 1 ? Number(view.getBigUint64(8)) : size32;
    // A `uuid` box has a user type of 16 bytes.
    const smallest = this.#headerFill + (type === 'uuid' ? 16 : 0);
    const isPossible = size32 === 0 || (size >= smallest && size <= Number.MAX_SAFE_INTEGER);
    if (TOP_LEVEL_TYPES.has(type) && isPossible) this.#doubtfulFrom = null;
    else if (/[^\x20-\x7e]/.test(type)) this.#doubtfulFrom ??= start;
    if (this.#doubtfulFrom !== null && (!isPossible || size32 === 0)) {
      this.#broken = { kind: 'junk', start: this.#doubtfulFrom };
      return;
    }
    if (!isPossible) {
      const claim = size < smallest ? `a size of ${size} bytes` : 'an impossible size';
      this.#broken = { kind: 'malformed', start, type, reason: `box '${type}' claims ${claim}` };
      return;
    }
    this.#headerFill = 0;
    this.#next = size32 === 0 ? Number.POSITIVE_INFINITY : start + size;
    this.#last = { type, start, end: this.#next };
    this.#isWanted = this.onHeader(this.#last);
  }
}
