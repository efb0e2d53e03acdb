/**
 * Whether the media of AVC and HEVC tracks is intact: each sample is a chain of NAL units, each with its length before
 * it, and the chain ends exactly where the sample does (ISO/IEC 14496-15, 5.3.4.2). It reads the lengths and types
 * alone, in the order of the file, and jumps from one to the next.
 */
import type { NalFormat } from './codec.ts';
import type { Run } from './samples.ts';

/** The first place where the media can't be what the tables say. */
export interface Damage {
  readonly track: number;
  /** Number of the sample within its track, from 1. */
  readonly sample: number;
  /** Where the sample begins in the film. */
  readonly seconds: number;
  /** Offset in the file of the NAL unit that is none. */
  readonly byte: number;
}

/** Whether the first bytes of a NAL unit can begin one of the codec. */
const MAY_BEGIN: Readonly<Record<NalFormat['codec'], (first: number, second: number) => boolean>> = {
  /** One bit of zero, two of importance, five of type: 1 to 16 and 19 to 21; from 24 on each vendor's own. */
  avc: (first) => {
    const type = first & 31;
    return first < 128 && type !== 0 && ![17, 18, 22, 23].includes(type);
  },
  /** One bit of zero, six of type, six of layer, three of temporal layer, which count from 1. */
  hevc: (first, second) => {
    const type = first >> 1;
    const isReserved = (type > 9 && type < 16) || (type > 21 && type < 32) || (type > 40 && type < 48);
    return first < 128 && !isReserved && (second & 7) !== 0;
  },
};

const HEADER_BYTES: Readonly<Record<NalFormat['codec'], number>> = { avc: 1, hevc: 2 };

/** A sample under way. */
interface Sample {
  readonly run: Run;
  readonly format: NalFormat;
  readonly index: number;
  readonly end: number;
}

/** Follows the samples of one file from its first byte to its last. */
export class MediaReader {
  #chunks: Iterator<Run> | null = null;
  #nextChunk: Run | null = null;
  readonly #fragments: Run[] = [];
  #nextFragment = 0;
  #sample: Sample | null = null;
  /** Offset of the next byte that says something. */
  #at = 0;
  #unitStart = 0;
  #fill = 0;
  #length = 0;
  #first = 0;
  #damage: Damage | null = null;
  #overlapping = 0;
  #checked = 0;

  /** The first damage; null so far. */
  get damage(): Damage | null {
    return this.#damage;
  }

  /** How many samples began inside another one, and were not checked. */
  get overlapping(): number {
    return this.#overlapping;
  }

  /** How many samples were found intact. */
  get checked(): number {
    return this.#checked;
  }

  /** Takes the chunks of the `moov`, in the order of the file. */
  useChunks(chunks: Iterable<Run>): void {
    this.#chunks = chunks[Symbol.iterator]();
    this.#nextChunk = this.#takeChunk();
  }

  /** Adds a run of a fragment. Returns false if it comes before one that was added earlier. */
  addRun(run: Run): boolean {
    const last = this.#fragments.at(-1);
    if (last !== undefined && run.offset < last.offset) return false;
    if (this.#nextFragment > 1000 && this.#nextFragment * 2 > this.#fragments.length) {
      this.#fragments.splice(0, this.#nextFragment);
      this.#nextFragment = 0;
    }
    this.#fragments.push(run);
    return true;
  }

  /** How many bytes from an offset on say nothing; Infinity if no sample follows. */
  skippable(offset: number): number {
    const next = this.#sample !== null ? this.#at : (this.#peek()?.offset ?? Number.POSITIVE_INFINITY);
    return this.#damage !== null ? Number.POSITIVE_INFINITY : Math.max(0, next - offset);
  }

  /** Takes the bytes from an offset on. */
  push(chunk: Uint8Array, offset: number): void {
    const end = offset + chunk.length;
    while (this.#damage === null) {
      if (this.#sample === null && !this.#beginSample(end)) return;
      if (this.#at >= end) return;
      this.#take(chunk[this.#at - offset] as number);
    }
  }

  #takeChunk(): Run | null {
    const next = this.#chunks?.next();
    return next === undefined || next.done ? null : next.value;
  }

  /** The run that comes next in the file. */
  #peek(): Run | null {
    const fragment = this.#fragments[this.#nextFragment] ?? null;
    const chunk = this.#nextChunk;
    return fragment === null || (chunk !== null && chunk.offset <= fragment.offset) ? chunk : fragment;
  }

  /** Begins the next run if it begins before an offset. */
  #beginSample(before: number): boolean {
    for (let run = this.#peek(); run !== null && run.offset < before; run = this.#peek()) {
      if (run === this.#nextChunk) this.#nextChunk = this.#takeChunk();
      else this.#nextFragment += 1;
      this.#sampleFrom(run, 0, run.offset);
      if (this.#sample !== null) return true;
    }
    return false;
  }

  /** Goes to the first sample of a run, from an index on, that has bytes and begins after all that was read. */
  #sampleFrom(run: Run, from: number, offset: number): void {
    this.#sample = null;
    const format = run.entry?.nal ?? null;
    if (format === null) return;
    const { fixed } = run.sizes;
    let index = from;
    let start = offset;
    if (fixed !== null && start < this.#at) {
      // In one step: samples of one size cost no room in a table, so there may be any number of them.
      const passed = Math.min(run.count - index, Math.ceil((this.#at - start) / fixed));
      this.#overlapping += passed;
      index += passed;
      start += passed * fixed;
    }
    for (; index < run.count && fixed !== 0; index += 1) {
      const size = run.sizes.at(run.sizesFrom + index);
      if (size > 0 && start >= this.#at) {
        this.#sample = { run, format, index, end: start + size };
        this.#at = start;
        return this.#beginUnit();
      }
      if (size > 0) this.#overlapping += 1;
      start += size;
    }
  }

  #beginUnit(): void {
    const { format, end } = this.#sample as Sample;
    this.#unitStart = this.#at;
    this.#fill = 0;
    this.#length = 0;
    if (this.#at + format.lengthBytes + HEADER_BYTES[format.codec] > end) this.#fail();
  }

  #take(byte: number): void {
    const { format, end, run, index } = this.#sample as Sample;
    const headerBytes = HEADER_BYTES[format.codec];
    this.#fill += 1;
    this.#at += 1;
    if (this.#fill <= format.lengthBytes) {
      this.#length = this.#length * 256 + byte;
      const isPossible = this.#length >= headerBytes && this.#at + this.#length <= end;
      if (this.#fill === format.lengthBytes && !isPossible) this.#fail();
      return;
    }
    if (this.#fill === format.lengthBytes + 1) this.#first = byte;
    if (this.#fill < format.lengthBytes + headerBytes) return;
    if (!MAY_BEGIN[format.codec](this.#first, byte)) return this.#fail();
    this.#at = this.#unitStart + format.lengthBytes + this.#length;
    if (this.#at < end) return this.#beginUnit();
    this.#checked += 1;
    this.#sampleFrom(run, index + 1, end);
  }

  #fail(): void {
    const { run, index } = this.#sample as Sample;
    const { id, timescale } = run.track;
    this.#damage = {
      track: id,
      sample: run.first + index,
      seconds: timescale === 0 ? 0 : run.ticksAt(index) / timescale,
      byte: this.#unitStart,
    };
  }
}
