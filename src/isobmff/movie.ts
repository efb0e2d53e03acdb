/** What a file's own boxes and tables say of it: is it complete, how long is it, is its media intact. */
import {
  type Box,
  BoxReader,
  type ChainState,
  isTopLevelType,
  MOST_KEPT_BYTES,
  PayloadBuffer,
} from './boxes.ts';
import { readSidx, runsOf, type SegmentIndex } from './fragments.ts';
import { type Damage, MediaReader } from './nal.ts';
import { chunksInFileOrder, chunksOf, type Movie, type Run, readMoov, type Track } from './samples.ts';
import { BrokenTable } from './tables.ts';

/** What can be said of a movie when its stream has ended. */
export type MovieVerdict =
  /** All that the boxes and tables name is there. */
  | {
      readonly kind: 'whole';
      /** Whether they prove the end too; a fragmented file without an index can't. */
      readonly endProven: boolean;
      /** Bytes after the last box that are no box, as some cameras append them. */
      readonly junkBytes: number;
      /** What could not be looked into. */
      readonly notes: readonly string[];
    }
  /** The stream ended too early: `reason` says what is missing. */
  | { readonly kind: 'cut'; readonly reason: string }
  /** It can't be a movie, whatever follows. */
  | ({ readonly kind: 'malformed' } & Malformation);

/** Why it can't be a movie, and at which offset. */
export interface Malformation {
  readonly reason: string;
  readonly at: number;
}

/** How long a fragmented film is, in seconds; null where that is unknown. */
export interface FilmTimes {
  /** By the fragments that have come. */
  readonly seconds: number | null;
  /** By the `mehd`: of the whole film. */
  readonly promisedSeconds: number | null;
}

/** How much of a file has come, as far as its own boxes tell. */
export type KnownProgress =
  /** The least size of the whole file; `mayGrow` if more may follow. */
  | { readonly kind: 'bytes'; readonly totalBytes: number; readonly mayGrow: boolean }
  /** Seconds of the film, of a fragmented file. */
  | { readonly kind: 'time'; readonly seconds: number; readonly promisedSeconds: number | null };

/** What was done about the media. */
export interface MediaReport {
  /** The formats of the tracks that were looked into, such as `avc1`. */
  readonly checked: readonly string[];
  /** Those of all other tracks, and why. */
  readonly unchecked: readonly {
    readonly format: string;
    readonly isVideo: boolean;
    readonly encrypted: boolean;
  }[];
}

/** The boxes whose payloads are read. */
const KEPT_TYPES = new Set(['moov', 'moof', 'sidx']);

/** Reads a stream of top-level boxes as one movie. */
export class MovieReader {
  readonly #reader: BoxReader;
  readonly #deep: boolean;
  #payload: PayloadBuffer | null = null;
  #moov: Box | null = null;
  #movie: Movie | null = null;
  #hasMedia = false;
  #fragmented = false;
  /** The last box of a known type. */
  #last: Box | null = null;
  /** Whether the last `moof` named any samples. */
  #lastHasSamples = false;
  #mfra: Box | null = null;
  /** The sample that ends last. */
  #furthest = { end: 0, track: 0, sample: 0 };
  /** The index of the whole film, and the last segment that any index names. */
  #index: SegmentIndex | null = null;
  #indexedEnd = 0;
  #broken: Malformation | null = null;
  readonly #notes = new Set<string>();
  /** Seconds of film before the last fragment and after it, and where its bytes begin. */
  #seconds = { before: 0, after: 0, from: 0 };
  readonly #media = new MediaReader();
  /** Samples that had come before the tables that name them. */
  readonly #lateRuns: Run[] = [];
  #lateChunks = false;
  #fragmentBytes = 0;

  /** @param deep whether the media itself is checked too */
  constructor(deep = false) {
    this.#deep = deep;
    this.#reader = new BoxReader({
      open: (box) => this.#open(box),
      payload: (bytes) => {
        if (this.#payload?.append(bytes) === false) this.#tooLarge();
      },
      close: (box) => this.#close(box),
    });
  }

  /** Bytes pushed or skipped so far. */
  get offset(): number {
    return this.#reader.offset;
  }

  /** Takes the next bytes of the stream. */
  push(chunk: Uint8Array): void {
    const { offset } = this.#reader;
    this.#reader.push(chunk);
    if (this.#deep) this.#media.push(chunk, offset);
  }

  /** How many of the next bytes say nothing, so that the reader of a file may jump over them. */
  get skippable(): number {
    const bytes = this.#reader.skippable;
    return this.#deep ? Math.min(bytes, this.#media.skippable(this.#reader.offset)) : bytes;
  }

  /** Passes over bytes that have not been read, at most `skippable`. */
  skip(count: number): void {
    this.#reader.skip(count);
  }

  /** What makes it no movie whatever follows; null so far. */
  get malformed(): Malformation | null {
    if (this.#broken !== null) return this.#broken;
    const state = this.#state();
    return state.kind === 'malformed' ? { reason: state.reason, at: state.start } : null;
  }

  /** The first damage to the media so far; null if none, or if it isn't looked for. */
  get damage(): Damage | null {
    return this.#media.damage;
  }

  /** How much has come, as far as the boxes tell; null if they don't. */
  get progress(): KnownProgress | null {
    if (!this.#hasMedia && !this.#fragmented) return null;
    if (this.#fragmented) {
      if (this.#index !== null) return { kind: 'bytes', totalBytes: this.#index.end, mayGrow: true };
      return {
        kind: 'time',
        seconds: this.#secondsCome(),
        promisedSeconds: this.#movie?.promisedSeconds ?? null,
      };
    }
    const { knownEnd } = this.#reader;
    const isOpen = knownEnd === Number.POSITIVE_INFINITY;
    const totalBytes = isOpen ? this.#furthest.end : Math.max(knownEnd, this.#furthest.end);
    return totalBytes === 0 ? null : { kind: 'bytes', totalBytes, mayGrow: isOpen || this.#moov === null };
  }

  /** How long the film is, if it is fragmented. */
  get times(): FilmTimes {
    const seconds = this.#fragmented ? this.#seconds.after || null : null;
    return { seconds, promisedSeconds: this.#movie?.promisedSeconds ?? null };
  }

  /** Which tracks' media was looked into, and which could not be. */
  get mediaReport(): MediaReport {
    const tracks = [...(this.#movie?.tracks.values() ?? [])];
    const entries = tracks.flatMap(({ isVideo, entries }) => entries.map((entry) => ({ ...entry, isVideo })));
    const formats = entries.filter(({ nal }) => nal !== null).map(({ format }) => format);
    return { checked: [...new Set(formats)], unchecked: entries.filter(({ nal }) => nal === null) };
  }

  /** Whether media had come before its tables, so that it has to be read once more. */
  get hasLateMedia(): boolean {
    return this.#lateChunks || this.#lateRuns.length > 0;
  }

  /**
   * A reader for the media that had come before its tables: the file is to be pushed into it once more. Null if
   * there is none, or if the media isn't to be checked.
   */
  lateMedia(): MediaReader | null {
    if (!this.hasLateMedia) return null;
    const media = new MediaReader();
    const chunks = this.#lateChunks ? chunksInFileOrder(nalTracks(this.#movie)) : null;
    if (chunks !== null) media.useChunks(chunks);
    for (const run of this.#lateRuns.sort((a, b) => a.offset - b.offset)) media.addRun(run);
    return media;
  }

  /** The verdict, if the stream ended here. */
  end(): MovieVerdict {
    const reader = this.#reader;
    if (reader.state.kind === 'to-the-end' && this.#payload !== null && this.#last !== null)
      this.#close(this.#last);
    const { malformed } = this;
    if (malformed !== null) return { kind: 'malformed', ...malformed };
    const state = this.#state();
    const missing = this.#missing(state);
    if (missing !== null) return { kind: 'cut', reason: missing };
    const hasEnd = this.#fragmented
      ? this.#mfra !== null || this.#index !== null
      : state.kind !== 'to-the-end' || this.#furthest.end > 0;
    return {
      kind: 'whole',
      endProven: hasEnd,
      junkBytes: state.kind === 'junk' ? reader.offset - state.start : 0,
      notes: [...this.#notes, ...this.#overlaps()],
    };
  }

  /** What is missing at the end of the stream; null if nothing is. */
  #missing(state: ChainState): string | null {
    const { offset } = this.#reader;
    const { end, track, sample } = this.#furthest;
    if (end > offset) {
      const past = bytesText(end - offset);
      return `sample ${number(sample)} of track ${track} ends ${past} past the end of the file`;
    }
    if (this.#indexedEnd > offset) {
      return `the segments that 'sidx' names end ${bytesText(this.#indexedEnd - offset)} past the end of the file`;
    }
    if (state.kind === 'boxes' && state.missing > 0) {
      const isHeader = this.#reader.skippable === 0 && this.#payload === null;
      const what = isHeader ? 'the header of the last box' : `box '${state.type}'`;
      const proven = end > 0 && !this.#fragmented ? '; all samples are complete, only this box is short' : '';
      return `${what} lacks ${bytesText(state.missing)}${proven}`;
    }
    if (this.#moov === null) return "there is no 'moov' box";
    if (!this.#hasMedia) return "there is no 'mdat' box";
    if (this.#last?.type === 'moof' && !this.#lastHasSamples) return "the last fragment has no 'mdat'";
    if (state.kind === 'junk' && this.#fragmented && this.#mfra === null && offset - state.start < 8) {
      return `the header of the last box lacks ${bytesText(8 - (offset - state.start))}`;
    }
    return null;
  }

  /** The state of the chain: what reads as a box after a complete movie may be something appended. */
  #state(): ChainState {
    const { state } = this.#reader;
    const isMovie = this.#movie !== null && this.#hasMedia;
    if (!isMovie || (state.kind !== 'malformed' && (state.kind !== 'boxes' || state.missing === 0)))
      return state;
    const type = state.type ?? '';
    const isPadding = state.kind === 'malformed' && !this.#fragmented && (type === 'free' || type === 'skip');
    return isPadding || !isTopLevelType(type) ? { kind: 'junk', start: state.start } : state;
  }

  #open(box: Box): boolean {
    const { type } = box;
    if (isTopLevelType(type)) {
      this.#last = box;
      this.#mfra = type === 'mfra' ? box : type === 'moof' ? null : this.#mfra;
    }
    if (type === 'mdat' || type === 'imda') this.#hasMedia = true;
    if (type === 'moof') {
      this.#fragmented = true;
      this.#lastHasSamples = false;
    }
    const isFirst = type !== 'moov' || this.#moov === null;
    if (type === 'moov') this.#moov ??= box;
    if (!KEPT_TYPES.has(type) || !isFirst || (type !== 'moov' && this.#movie === null)) return false;
    this.#payload = new PayloadBuffer();
    return true;
  }

  #tooLarge(): void {
    this.#payload = null;
    this.#notes.add(
      `box '${this.#last?.type}' is larger than ${MOST_KEPT_BYTES / 1024 / 1024} MiB; its sample tables were not checked`,
    );
  }

  #close(box: Box): void {
    const view = this.#payload?.view ?? null;
    this.#payload = null;
    try {
      if (box.type === 'moov') this.#useMoov(view, box);
      else if (view !== null && this.#movie !== null) {
        if (box.type === 'moof') this.#useMoof(view, box, this.#movie);
        else this.#useSidx(view, box);
      }
    } catch (error) {
      if (!(error instanceof BrokenTable)) throw error;
      this.#broken ??= { reason: error.message, at: box.start };
    }
  }

  #useMoov(view: DataView | null, box: Box): void {
    this.#movie = view === null ? NOTHING_KNOWN : readMoov(view);
    const { tracks, fragmented, tooManyTracks } = this.#movie;
    this.#fragmented ||= fragmented;
    if (tooManyTracks) this.#notes.add('there are too many tracks; not all were checked');
    let isLate = false;
    for (const track of tracks.values()) {
      for (const run of chunksOf(track)) {
        this.#useRun(run);
        isLate ||= run.entry?.nal != null && run.offset < box.end;
      }
      this.#seconds.after = Math.max(this.#seconds.after, secondsOf(track));
    }
    const nal = nalTracks(this.#movie);
    if (!this.#deep || nal.length === 0) return;
    const chunks = chunksInFileOrder(nal);
    if (chunks === null) this.#notes.add('there are too many chunks; the media was not checked');
    else if (isLate) this.#lateChunks = true;
    else this.#media.useChunks(chunks);
  }

  #useMoof(view: DataView, box: Box, movie: Movie): void {
    this.#seconds.before = this.#seconds.after;
    this.#seconds.from = box.end;
    const runs: Run[] = [];
    for (const run of runsOf(view, box.start, movie)) {
      this.#useRun(run);
      this.#lastHasSamples = true;
      if (this.#deep && run.entry?.nal != null) runs.push(run);
    }
    for (const track of movie.tracks.values())
      this.#seconds.after = Math.max(this.#seconds.after, secondsOf(track));
    this.#fragmentBytes += runs.length > 0 ? view.byteLength : 0;
    if (this.#fragmentBytes > MOST_KEPT_BYTES) {
      this.#notes.add('there are too many fragments; not all of the media was checked');
      return;
    }
    for (const run of runs.sort((a, b) => a.offset - b.offset)) {
      if (run.offset < box.end || !this.#media.addRun(run)) this.#lateRuns.push(run);
    }
  }

  #useSidx(view: DataView, box: Box): void {
    const index = readSidx(view, box.end);
    this.#indexedEnd = Math.max(this.#indexedEnd, index.end);
    // The index of the whole film comes before its first fragment; one of a segment knows of that segment alone.
    const isOfAll = index.segments > 1 && this.#seconds.from === 0;
    if (isOfAll && index.end >= (this.#index?.end ?? 0)) this.#index = index;
    else if (index.end > (this.#index?.end ?? Number.POSITIVE_INFINITY)) this.#index = null;
  }

  #useRun(run: Run): void {
    if (run.entry?.external) return;
    const bytes = run.sizes.sum(run.sizesFrom, run.count);
    const end = run.offset + bytes;
    if (bytes > 0 && end > this.#furthest.end)
      this.#furthest = { end, track: run.track.id, sample: run.first + run.count - 1 };
  }

  /** How much of the film has come, the last fragment in proportion to its bytes. */
  #secondsCome(): number {
    const { before, after, from } = this.#seconds;
    const bytes = this.#furthest.end - from;
    const share = bytes <= 0 ? 1 : Math.min(1, Math.max(0, (this.#reader.offset - from) / bytes));
    return before + (after - before) * share;
  }

  #overlaps(): string[] {
    const { overlapping } = this.#media;
    return overlapping === 0 ? [] : [`${number(overlapping)} samples overlap others and were not checked`];
  }
}

/** In the place of a `moov` that is too large to look into. */
const NOTHING_KNOWN: Movie = {
  tracks: new Map(),
  promisedSeconds: null,
  fragmented: false,
  tooManyTracks: false,
};

function nalTracks(movie: Movie | null): Track[] {
  return [...(movie?.tracks.values() ?? [])].filter(
    ({ tables, entries }) => tables !== null && entries.some(({ nal }) => nal !== null),
  );
}

function secondsOf({ ticks, timescale }: Track): number {
  return timescale === 0 ? 0 : ticks / timescale;
}

/** A count with a comma between thousands. */
function number(count: number): string {
  return String(count).replace(/\B(?=(\d{3})+$)/g, ',');
}

function bytesText(count: number): string {
  return count === 1 ? '1 byte' : `${number(count)} bytes`;
}
