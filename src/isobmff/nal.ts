/**
 * Whether the media of AVC and HEVC tracks is intact: each sample is a chain of NAL units, each after its length, and
 * the chain ends exactly where the sample does (ISO/IEC 14496-15, 5.3.4.2). Only the lengths and types are read, in
 * the order of the file.
 */
import type { NalFormat } from './codec.ts';
import type { Run } from './samples.ts';
import { valueAt } from './tables.ts';

/** The NAL unit at offset `byte` can't be what the tables say; its sample, counted from 1, begins after `seconds`. */
export type Damage = Readonly<{ track: number; sample: number; seconds: number; byte: number }>;

/** The size of the header of a NAL unit. */
const HEADER_BYTES = { avc: 1, hevc: 2 };

/** Whether a NAL unit can have this header: its first bit is zero, its type not reserved. */
function isHeader(codec: NalFormat['codec'], first: number, last: number): boolean {
  if (first >= 128) return false;
  // After two bits of importance, five of type: 1 to 16 and 19 to 21; vendors use 24 and up.
  if (codec === 'avc') return ![0, 17, 18, 22, 23].includes(first & 31);
  // Six bits of type, six of layer, three of temporal layer, which count from 1.
  const type = first >> 1;
  const isReserved = (type > 9 && type < 16) || (type > 21 && type < 32) || (type > 40 && type < 48);
  return !isReserved && (last & 7) !== 0;
}

/** Follows the samples of one file from its first byte to its last. */
export class MediaReader {
  /** The first damage; null so far. */
  damage: Damage | null = null;
  /** How many samples began inside another one, and were not checked. */
  overlapping = 0;
  #chunks: Iterator<Run, undefined> | null = null;
  #nextChunk: Run | null = null;
  readonly #fragments: Run[] = [];
  #nextFragment = 0;
  /** Waits for the byte at `#at`; null between two runs. */
  #reading: Generator<void, void, number> | null = null;
  /** Offset of the next byte to read; between two runs, the end of the last sample. */
  #at = 0;

  /** Takes the chunks of the `moov`, in the order of the file. */
  useChunks(chunks: Iterable<Run, undefined>): void {
    this.#chunks = chunks[Symbol.iterator]();
    this.#nextChunk = this.#chunks.next().value ?? null;
  }

  /** Adds a run of a fragment. Returns false if it comes before one that is still to be read. */
  addRun(run: Run): boolean {
    if (this.#nextFragment === this.#fragments.length) {
      this.#fragments.length = 0;
      this.#nextFragment = 0;
    }
    const last = this.#fragments.at(-1);
    if (last !== undefined && run.offset < last.offset) return false;
    this.#fragments.push(run);
    return true;
  }

  /** How many bytes from an offset on need not be read; Infinity if no sample follows. */
  skippable(offset: number): number {
    if (this.damage !== null) return Number.POSITIVE_INFINITY;
    const next = this.#reading === null ? this.#nextRun()?.offset : this.#at;
    return Math.max(0, (next ?? Number.POSITIVE_INFINITY) - offset);
  }

  /** Takes the bytes from an offset on. */
  push(chunk: Uint8Array, offset: number): void {
    const end = offset + chunk.length;
    while (this.damage === null) {
      if (this.#reading !== null) {
        if (this.#at >= end) return;
        const byte = chunk[this.#at - offset] as number;
        this.#at += 1;
        if (this.#reading.next(byte).done) this.#reading = null;
        continue;
      }
      const run = this.#nextRun();
      if (run === null || run.offset >= end) return;
      if (run === this.#nextChunk) this.#nextChunk = this.#chunks?.next().value ?? null;
      else this.#nextFragment += 1;
      const reading = this.#read(run);
      if (!reading.next().done) this.#reading = reading;
    }
  }

  /** The run that comes next in the file. */
  #nextRun(): Run | null {
    const fragment = this.#fragments[this.#nextFragment] ?? null;
    const chunk = this.#nextChunk;
    return fragment === null || (chunk !== null && chunk.offset <= fragment.offset) ? chunk : fragment;
  }

  /** Reads the samples of a run that have bytes and overlap no earlier one; is given the byte at `#at` at each step. */
  *#read(run: Run): Generator<void, void, number> {
    if (!run.entry?.nal || run.sizes === 0) return;
    const { sizes, count } = run;
    const { codec, lengthBytes } = run.entry.nal;
    const headerBytes = HEADER_BYTES[codec];
    let index = 0;
    let start = run.offset;
    if (typeof sizes === 'number' && start < this.#at) {
      // In one step: samples of one size need no room in a table, so a hostile file can have any number of them.
      index = Math.min(count, Math.ceil((this.#at - start) / sizes));
      this.overlapping += index;
      start += index * sizes;
    }
    for (let end = start; index < count; index += 1, start = end) {
      end = start + valueAt(sizes, run.sizesFrom + index);
      if (end === start) continue;
      if (start < this.#at) {
        this.overlapping += 1;
        continue;
      }
      this.#at = start;
      while (this.#at < end) {
        const unitStart = this.#at;
        if (unitStart + lengthBytes + headerBytes > end) return this.#fail(run, index, unitStart);
        let length = 0;
        for (let left = lengthBytes; left > 0; left -= 1) length = length * 256 + (yield);
        if (length < headerBytes || this.#at + length > end) return this.#fail(run, index, unitStart);
        const first = yield;
        const last = headerBytes === 1 ? first : yield;
        if (!isHeader(codec, first, last)) return this.#fail(run, index, unitStart);
        this.#at = unitStart + lengthBytes + length;
      }
    }
  }

  #fail({ track, first, ticksAt }: Run, index: number, byte: number): void {
    const { id, timescale } = track;
    const seconds = timescale === 0 ? 0 : ticksAt(index) / timescale;
    this.damage = { track: id, sample: first + index, seconds, byte };
  }
}
