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

/** The sample that is being read. */
type Sample = Readonly<{ run: Run; format: NalFormat; index: number; end: number }>;

/** Follows the samples of one file from its first byte to its last. */
export class MediaReader {
  /** The first damage; null so far. */
  damage: Damage | null = null;
  /** How many samples began inside another one, and were not checked. */
  overlapping = 0;
  #chunks: Iterator<Run> | null = null;
  #nextChunk: Run | null = null;
  readonly #fragments: Run[] = [];
  #nextFragment = 0;
  #sample: Sample | null = null;
  /** Offset of the next byte to read. */
  #at = 0;
  #unitStart = 0;
  /** How many bytes of the unit's length and header have been read, and what they say. */
  #fill = 0;
  #length = 0;
  #first = 0;

  /** Takes the chunks of the `moov`, in the order of the file. */
  useChunks(chunks: Iterable<Run>): void {
    this.#chunks = chunks[Symbol.iterator]();
    this.#takeChunk();
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
    const next = this.#sample === null ? this.#nextRun()?.offset : this.#at;
    return Math.max(0, (next ?? Number.POSITIVE_INFINITY) - offset);
  }

  /** Takes the bytes from an offset on. */
  push(chunk: Uint8Array, offset: number): void {
    const end = offset + chunk.length;
    while (this.damage === null) {
      const sample = this.#sample ?? this.#beginRun(end);
      if (sample === null || this.#at >= end) return;
      this.#take(chunk[this.#at - offset] as number, sample);
    }
  }

  #takeChunk(): void {
    const next = this.#chunks?.next();
    this.#nextChunk = next === undefined || next.done ? null : next.value;
  }

  /** The run that comes next in the file. */
  #nextRun(): Run | null {
    const fragment = this.#fragments[this.#nextFragment] ?? null;
    const chunk = this.#nextChunk;
    return fragment === null || (chunk !== null && chunk.offset <= fragment.offset) ? chunk : fragment;
  }

  /** Begins the next run that has a sample to check, if it begins before an offset. */
  #beginRun(before: number): Sample | null {
    for (let run = this.#nextRun(); run !== null && run.offset < before; run = this.#nextRun()) {
      if (run === this.#nextChunk) this.#takeChunk();
      else this.#nextFragment += 1;
      this.#beginSample(run, 0, run.offset);
      if (this.#sample !== null) return this.#sample;
    }
    return null;
  }

  /** Begins the first sample of a run, from an index on, that has bytes and does not overlap what was read. */
  #beginSample(run: Run, from: number, offset: number): void {
    this.#sample = null;
    const format = run.entry?.nal ?? null;
    if (format === null) return;
    let index = from;
    let start = offset;
    if (typeof run.sizes === 'number' && start < this.#at) {
      // In one step: samples of one size need no room in a table, so a hostile file can have any number of them.
      const passed = Math.min(run.count - index, Math.ceil((this.#at - start) / run.sizes));
      this.overlapping += passed;
      index += passed;
      start += passed * run.sizes;
    }
    for (; index < run.count && run.sizes !== 0; index += 1) {
      const size = valueAt(run.sizes, run.sizesFrom + index);
      if (size > 0 && start >= this.#at) {
        this.#sample = { run, format, index, end: start + size };
        this.#at = start;
        this.#beginUnit(this.#sample);
        return;
      }
      if (size > 0) this.overlapping += 1;
      start += size;
    }
  }

  #beginUnit(sample: Sample): void {
    const { codec, lengthBytes } = sample.format;
    this.#unitStart = this.#at;
    this.#fill = 0;
    this.#length = 0;
    if (this.#at + lengthBytes + HEADER_BYTES[codec] > sample.end) this.#fail(sample);
  }

  /** Takes a byte of a unit's length or header. */
  #take(byte: number, sample: Sample): void {
    const { format, end, run, index } = sample;
    const { lengthBytes, codec } = format;
    this.#fill += 1;
    this.#at += 1;
    if (this.#fill <= lengthBytes) {
      this.#length = this.#length * 256 + byte;
      const isPossible = this.#length >= HEADER_BYTES[codec] && this.#at + this.#length <= end;
      if (this.#fill === lengthBytes && !isPossible) this.#fail(sample);
      return;
    }
    if (this.#fill === lengthBytes + 1) this.#first = byte;
    if (this.#fill < lengthBytes + HEADER_BYTES[codec]) return;
    if (!isHeader(codec, this.#first, byte)) return this.#fail(sample);
    this.#at = this.#unitStart + lengthBytes + this.#length;
    if (this.#at < end) this.#beginUnit(sample);
    else this.#beginSample(run, index + 1, end);
  }

  #fail({ run, index }: Sample): void {
    const { id, timescale } = run.track;
    this.damage = {
      track: id,
      sample: run.first + index,
      seconds: timescale === 0 ? 0 : run.ticksAt(index) / timescale,
      byte: this.#unitStart,
    };
  }
}
