/** What a file's own boxes and tables say: is it complete, how much has come, is its media intact. */
import {
  type Box,
  BoxReader,
  type ChainState,
  type Malformed,
  MOST_KEPT_BYTES,
  TOP_LEVEL_TYPES,
} from './boxes.ts';
import type { SampleEntry } from './codec.ts';
import { readSidx, runsOf } from './fragments.ts';
import { MediaReader } from './nal.ts';
import { chunksInFileOrder, chunksOf, type Run, readMoov, type Track } from './samples.ts';
import { type Part, sumOf } from './tables.ts';

/** What can be said of a movie when its stream has ended. */
export type MovieVerdict =
  /**
   * All that the boxes and tables name has come; `endProven` if they prove the end too, as those of a fragmented file
   * without an index can't. `junkBytes` after the last box are no box; `notes` say what could not be checked.
   */
  | Readonly<{ kind: 'complete'; endProven: boolean; junkBytes: number; notes: readonly string[] }>
  /** The stream ended too early: `reason` says what is missing. */
  | Readonly<{ kind: 'cut'; reason: string }>
  /** It can't be a movie whatever follows. */
  | Malformed;

/** How much of a file has come, as far as its own boxes tell. */
export type Progress =
  /** The least size of the complete file; `mayGrow` if more may follow. */
  | Readonly<{ kind: 'bytes'; totalBytes: number; mayGrow: boolean }>
  /** The share of its playing time, from 0 to 1. */
  | Readonly<{ kind: 'time'; share: number }>;

/** Reads a stream of top-level boxes as one movie. */
export class MovieReader extends BoxReader {
  readonly #deep: boolean;
  /** The last box of a known type. */
  #last: Box = { type: '', start: 0, end: 0 };
  #hasMoov = false;
  #hasMedia = false;
  /** Whether an `mfra` has come, and no fragment after it. */
  #hasMfra = false;
  /** Whether a `moof` has come, or is announced. */
  #isFragmented = false;
  readonly #notes = new Set<string>();

  #tracks: ReadonlyMap<number, Track> = new Map();
  /** The sample that ends last. */
  #furthest = { end: 0, track: 0, sample: 0 };
  /** Where the last segment ends that an index names; whether one of the complete film names it. */
  #indexedEnd = 0;
  #isIndexed = false;
  /** Duration in seconds of all samples named so far. */
  #seconds = 0;
  /** Of the last `moof`: the duration in seconds before it, its end, and whether it named any samples. */
  #fragment = { seconds: 0, start: 0, hasSamples: false };
  /** Duration in seconds that `mehd` announces; null if unknown. */
  promisedSeconds: number | null = null;

  /** Checks the media that comes after its tables. */
  readonly media = new MediaReader();
  /** Media that came before its tables: chunks of the `moov`, and runs of fragments. */
  #lateChunks: Iterable<Run> | null = null;
  readonly #lateRuns: Run[] = [];
  #fragmentBytes = 0;

  /** @param deep whether the media itself is checked too */
  constructor(deep = false) {
    super();
    this.#deep = deep;
  }

  override push(chunk: Uint8Array): void {
    const { offset } = this;
    super.push(chunk);
    this.media.push(chunk, offset);
  }

  override get skippable(): number {
    return Math.min(super.skippable, this.media.skippable(this.offset));
  }

  /** Why it can't be a movie whatever follows; null so far. */
  get malformed(): Malformed | null {
    const { state } = this;
    return state.kind === 'malformed' ? state : null;
  }

  /** Duration of a fragmented film in seconds, by its fragments; null if unknown. */
  get fragmentSeconds(): number | null {
    return this.#isFragmented ? this.#seconds || null : null;
  }

  /** The kinds of samples that the tracks have. */
  get sampleEntries(): readonly SampleEntry[] {
    return [...this.#tracks.values()].flatMap(({ entries }) => entries);
  }

  /**
   * How much has come; null if the boxes don't tell.
   * @param listedDuration of the video in seconds, by the listing; null if unknown
   */
  progress(listedDuration: number | null): Progress | null {
    if (this.#isFragmented) {
      if (this.#isIndexed) return { kind: 'bytes', totalBytes: this.#indexedEnd, mayGrow: true };
      const duration = this.promisedSeconds ?? listedDuration ?? 0;
      return duration <= 0 ? null : { kind: 'time', share: Math.min(1, this.#secondsSoFar() / duration) };
    }
    if (!this.#hasMedia) return null;
    const isOpen = this.#last.end === Number.POSITIVE_INFINITY;
    const totalBytes = Math.max(isOpen ? 0 : this.#last.end, this.#furthest.end);
    return totalBytes === 0 ? null : { kind: 'bytes', totalBytes, mayGrow: isOpen || !this.#hasMoov };
  }

  /** Seconds of film that have come: those of the last fragment in proportion to its bytes. */
  #secondsSoFar(): number {
    const { seconds, start } = this.#fragment;
    const bytes = this.#furthest.end - start;
    const share = bytes <= 0 ? 1 : Math.min(1, Math.max(0, (this.offset - start) / bytes));
    return seconds + (this.#seconds - seconds) * share;
  }

  /** The verdict if the stream ends now. */
  end(): MovieVerdict {
    this.finish();
    const { state } = this;
    if (state.kind === 'malformed') return state;
    const missing = this.#missing(state);
    if (missing !== null) return { kind: 'cut', reason: missing };
    const { overlapping } = this.media;
    if (overlapping === 1) this.#notes.add('1 sample overlaps another and was not checked');
    if (overlapping > 1) this.#notes.add(`${overlapping} samples overlap others and were not checked`);
    const hasEnd = state.kind !== 'to-the-end' || this.#furthest.end > 0;
    return {
      kind: 'complete',
      endProven: this.#isFragmented ? this.#hasMfra || this.#isIndexed : hasEnd,
      junkBytes: state.kind === 'junk' ? this.offset - state.start : 0,
      notes: [...this.#notes],
    };
  }

  /** What is missing at the end of the stream; null if nothing is. */
  #missing(state: ChainState): string | null {
    const { offset } = this;
    const { end, sample, track } = this.#furthest;
    const past = (named: number): string => `${bytesText(named - offset)} past the end of the file`;
    if (end > offset) return `sample ${sample} of track ${track} ends ${past(end)}`;
    if (this.#indexedEnd > offset) return `the segments that 'sidx' names end ${past(this.#indexedEnd)}`;
    if (state.kind === 'boxes' && state.missing > 0) {
      const what = state.inHeader ? 'the header of the last box' : `box '${state.type}'`;
      const allSamples = end > 0 && !this.#isFragmented;
      const note = allSamples ? '; all samples are complete, only this box is short' : '';
      return `${what} lacks ${bytesText(state.missing)}${note}`;
    }
    if (!this.#hasMoov) return "there is no 'moov' box";
    if (!this.#hasMedia) return "there is no 'mdat' box";
    if (this.#last.type === 'moof' && !this.#fragment.hasSamples) return "the last fragment has no 'mdat'";
    // Nothing follows an mfra, so a few bytes after it are not a header.
    if (state.kind === 'junk' && this.#isFragmented && !this.#hasMfra && offset - state.start < 8) {
      return `the header of the last box lacks ${bytesText(8 - (offset - state.start))}`;
    }
    return null;
  }

  /** The state of the chain, where what looks like a box after a complete movie may be something appended. */
  override get state(): ChainState {
    const state = super.state;
    const isUnfinished = state.kind === 'malformed' || (state.kind === 'boxes' && state.missing > 0);
    if (!isUnfinished || !this.#hasMoov || !this.#hasMedia) return state;
    const mayBePadding = state.kind === 'malformed' && !this.#isFragmented;
    const isPadding = mayBePadding && (state.type === 'free' || state.type === 'skip');
    return isPadding || !TOP_LEVEL_TYPES.has(state.type) ? { kind: 'junk', start: state.start } : state;
  }

  /** Of `moov` only the first is read. */
  protected override onHeader(box: Box): boolean {
    const { type } = box;
    if (TOP_LEVEL_TYPES.has(type)) this.#last = box;
    if (type === 'mdat' || type === 'imda') this.#hasMedia = true;
    if (type === 'mfra') this.#hasMfra = true;
    if (type === 'moof') {
      this.#hasMfra = false;
      this.#isFragmented = true;
      this.#fragment = { seconds: this.#seconds, start: box.end, hasSamples: false };
    }
    return type === 'moof' || type === 'sidx' || (type === 'moov' && !this.#hasMoov);
  }

  protected override onPayload(box: Box, payload: Part | null): void {
    if (payload === null) {
      const limit = `${MOST_KEPT_BYTES / 1024 / 1024} MiB`;
      this.#notes.add(`box '${box.type}' is larger than ${limit}: its sample tables were not checked`);
    } else if (box.type === 'moov') this.#useMoov(payload, box);
    else if (box.type === 'moof') this.#useMoof(payload, box);
    else this.#useSidx(payload, box);
    this.#hasMoov ||= box.type === 'moov';
  }

  #useMoov(payload: Part, box: Box): void {
    const { tracks, promisedSeconds, isFragmented } = readMoov(payload);
    this.#tracks = tracks;
    this.promisedSeconds = promisedSeconds;
    this.#isFragmented ||= isFragmented;
    let isLate = false;
    for (const track of tracks.values()) {
      this.#extendTo(track.ticks, track);
      for (const run of chunksOf(track)) {
        this.#useRun(run);
        isLate ||= hasNal(run) && run.offset < box.end;
      }
    }
    if (!this.#deep) return;
    const checked = [...tracks.values()].filter(({ entries }) => entries.some(({ nal }) => nal !== null));
    const chunks = chunksInFileOrder(checked);
    if (chunks === null) this.#notes.add('there are too many chunks: their media was not checked');
    else if (isLate) this.#lateChunks = chunks;
    else this.media.useChunks(chunks);
  }

  #useMoof(payload: Part, box: Box): void {
    const runs: Run[] = [];
    for (const run of runsOf(payload, box.start, this.#tracks)) {
      this.#useRun(run);
      this.#extendTo(run.ticksAt(run.count), run.track);
      this.#fragment.hasSamples = true;
      if (this.#deep && hasNal(run)) runs.push(run);
    }
    if (runs.length === 0) return;
    this.#fragmentBytes += payload.end;
    if (this.#fragmentBytes > MOST_KEPT_BYTES) {
      this.#notes.add('there are too many fragments: not all of their media was checked');
      return;
    }
    for (const run of runs.sort((a, b) => a.offset - b.offset)) {
      if (run.offset < box.end || !this.media.addRun(run)) this.#lateRuns.push(run);
    }
  }

  #useSidx(payload: Part, box: Box): void {
    const { end, segments } = readSidx(payload, box.end);
    // An index of the complete film comes before the first fragment; others are about one segment.
    const isComplete = segments > 1 && this.#fragment.start === 0;
    if (isComplete) this.#isIndexed = true;
    else if (end > this.#indexedEnd) this.#isIndexed = false;
    this.#indexedEnd = Math.max(this.#indexedEnd, end);
  }

  /** Here, not in a loop over the tracks at each fragment: a hostile file has many of both. */
  #extendTo(ticks: number, { timescale }: Track): void {
    if (timescale > 0) this.#seconds = Math.max(this.#seconds, ticks / timescale);
  }

  #useRun(run: Run): void {
    const bytes = run.entry?.external === true ? 0 : sumOf(run.sizes, run.sizesFrom, run.count);
    const end = run.offset + bytes;
    if (bytes > 0 && end > this.#furthest.end) {
      this.#furthest = { end, track: run.track.id, sample: run.first + run.count - 1 };
    }
  }

  /** A reader for media that came before its tables, to push the file into from its start; null if none did. Call it once. */
  lateMedia(): MediaReader | null {
    if (this.#lateChunks === null && this.#lateRuns.length === 0) return null;
    const media = new MediaReader();
    media.useChunks(this.#lateChunks ?? []);
    for (const run of this.#lateRuns.sort((a, b) => a.offset - b.offset)) media.addRun(run);
    return media;
  }
}

function hasNal({ entry }: Run): boolean {
  return entry !== null && entry.nal !== null;
}

function bytesText(count: number): string {
  return count === 1 ? '1 byte' : `${count} bytes`;
}
