/** What a file's own boxes and tables say: is it complete, how much has come, is its media intact. */
import {
  type Box,
  BoxReader,
  type ChainState,
  MOST_KEPT_BYTES,
  PayloadBuffer,
  TOP_LEVEL_TYPES,
} from './boxes.ts';
import { Film } from './film.ts';
import { BrokenTable } from './tables.ts';

/** What can be said of a movie when its stream has ended. */
export type MovieVerdict =
  /** All that the boxes and tables name has come. */
  | {
      readonly kind: 'complete';
      /** Whether they prove the end too, as those of a fragmented file without an index can't. */
      readonly endProven: boolean;
      /** Bytes after the last box that are not a box, as some cameras append them. */
      readonly junkBytes: number;
      /** What could not be checked. */
      readonly notes: readonly string[];
    }
  /** The stream ended too early: `reason` says what is missing. */
  | { readonly kind: 'cut'; readonly reason: string }
  | ({ readonly kind: 'malformed' } & Malformation);

/** Why it can't be a movie whatever follows, and at which offset. */
export interface Malformation {
  readonly reason: string;
  readonly at: number;
}

/** How much of a file has come, as far as its own boxes tell. */
export type Progress =
  /** The least size of the complete file; `mayGrow` if more may follow. */
  | { readonly kind: 'bytes'; readonly totalBytes: number; readonly mayGrow: boolean }
  /** The share of its playing time, from 0 to 1. */
  | { readonly kind: 'time'; readonly share: number };

/** The boxes whose payloads are read; of `moov` only the first. */
const KEPT_TYPES = new Set(['moov', 'moof', 'sidx']);

/** Reads a stream of top-level boxes as one movie. */
export class MovieReader {
  readonly #reader: BoxReader;
  /** What its tables say: duration, media, and what of it must be read again. */
  readonly film: Film;
  #payload: PayloadBuffer | null = null;
  #hasMedia = false;
  /** Whether an `mfra` has come, and no fragment after it. */
  #hasMfra = false;
  /** The last box of a known type. */
  #last: Box = { type: '', start: 0, end: 0 };
  #broken: Malformation | null = null;

  /** @param deep whether the media itself is checked too */
  constructor(deep = false) {
    this.film = new Film(deep);
    this.#reader = new BoxReader({
      open: (box) => this.#open(box),
      payload: (bytes) => {
        if (this.#payload?.append(bytes) === false) this.#payload = null;
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
    this.film.media.push(chunk, offset);
  }

  /** How many of the next bytes need not be read. */
  get skippable(): number {
    return Math.min(this.#reader.skippable, this.film.media.skippable(this.offset));
  }

  /** Skips bytes that were not read, at most `skippable`. */
  skip(count: number): void {
    this.#reader.skip(count);
  }

  /** Why it can't be a movie whatever follows; null so far. */
  get malformed(): Malformation | null {
    if (this.#broken !== null) return this.#broken;
    const state = this.#state();
    return state.kind === 'malformed' ? { reason: state.reason, at: state.start } : null;
  }

  /**
   * How much has come; null if the boxes don't tell.
   * @param listedDuration of the video in seconds, by the listing; null if unknown
   */
  progress(listedDuration: number | null): Progress | null {
    const { fragmented, furthest, hasMoov, indexedEnd, promisedSeconds } = this.film;
    if (fragmented) {
      if (indexedEnd !== null) return { kind: 'bytes', totalBytes: indexedEnd, mayGrow: true };
      const duration = promisedSeconds ?? listedDuration ?? 0;
      if (duration <= 0) return null;
      return { kind: 'time', share: Math.min(1, this.film.secondsBefore(this.offset) / duration) };
    }
    if (!this.#hasMedia) return null;
    const { end } = this.#last;
    const isOpen = end === Number.POSITIVE_INFINITY;
    const totalBytes = isOpen ? furthest.end : Math.max(end, furthest.end);
    return totalBytes === 0 ? null : { kind: 'bytes', totalBytes, mayGrow: isOpen || !hasMoov };
  }

  /** The verdict if the stream ends now. */
  end(): MovieVerdict {
    const isOpen = this.#reader.state.kind === 'to-the-end';
    if (isOpen && this.#payload !== null) this.#close(this.#last);
    const { malformed } = this;
    if (malformed !== null) return { kind: 'malformed', ...malformed };
    const state = this.#state();
    const missing = this.#missing(state);
    if (missing !== null) return { kind: 'cut', reason: missing };
    const { fragmented, furthest, indexedEnd, media, notes } = this.film;
    const overlap =
      media.overlapping === 1
        ? '1 sample overlaps another and was not checked'
        : `${media.overlapping} samples overlap others and were not checked`;
    return {
      kind: 'complete',
      endProven: fragmented ? this.#hasMfra || indexedEnd !== null : !isOpen || furthest.end > 0,
      junkBytes: state.kind === 'junk' ? this.offset - state.start : 0,
      notes: media.overlapping > 0 ? [...notes, overlap] : [...notes],
    };
  }

  /** What is missing at the end of the stream; null if nothing is. */
  #missing(state: ChainState): string | null {
    const { offset } = this;
    const { fragmented, furthest, furthestIndexed, hasMoov, lastHasSamples } = this.film;
    const past = (end: number): string => `${bytesText(end - offset)} past the end of the file`;
    if (furthest.end > offset) {
      return `sample ${furthest.sample} of track ${furthest.track} ends ${past(furthest.end)}`;
    }
    if (furthestIndexed > offset) return `the segments that 'sidx' names end ${past(furthestIndexed)}`;
    if (state.kind === 'boxes' && state.missing > 0) {
      const what = state.inHeader ? 'the header of the last box' : `box '${state.type}'`;
      const allSamples = furthest.end > 0 && !fragmented;
      const note = allSamples ? '; all samples are complete, only this box is short' : '';
      return `${what} lacks ${bytesText(state.missing)}${note}`;
    }
    if (!hasMoov) return "there is no 'moov' box";
    if (!this.#hasMedia) return "there is no 'mdat' box";
    if (this.#last.type === 'moof' && !lastHasSamples) return "the last fragment has no 'mdat'";
    // Nothing follows an mfra, so a few bytes after it are not a header.
    if (state.kind === 'junk' && fragmented && !this.#hasMfra && offset - state.start < 8) {
      return `the header of the last box lacks ${bytesText(8 - (offset - state.start))}`;
    }
    return null;
  }

  /** The state of the chain, where what looks like a box after a complete movie may be something appended. */
  #state(): ChainState {
    const { state } = this.#reader;
    const isUnfinished = state.kind === 'malformed' || (state.kind === 'boxes' && state.missing > 0);
    if (!isUnfinished || !this.film.hasMoov || !this.#hasMedia) return state;
    const mayBePadding = state.kind === 'malformed' && !this.film.fragmented;
    const isPadding = mayBePadding && (state.type === 'free' || state.type === 'skip');
    return isPadding || !TOP_LEVEL_TYPES.has(state.type) ? { kind: 'junk', start: state.start } : state;
  }

  #open(box: Box): boolean {
    const { type } = box;
    if (TOP_LEVEL_TYPES.has(type)) this.#last = box;
    if (type === 'mdat' || type === 'imda') this.#hasMedia = true;
    if (type === 'mfra') this.#hasMfra = true;
    if (type === 'moof') {
      this.#hasMfra = false;
      this.film.fragmented = true;
      this.film.lastHasSamples = false;
    }
    const isKept = KEPT_TYPES.has(type) && (type !== 'moov' || !this.film.hasMoov);
    if (isKept) this.#payload = new PayloadBuffer();
    return isKept;
  }

  #close(box: Box): void {
    const view = this.#payload?.view ?? null;
    this.#payload = null;
    if (view === null) {
      this.film.hasMoov ||= box.type === 'moov';
      const limit = `${MOST_KEPT_BYTES / 1024 / 1024} MiB`;
      this.film.notes.add(`box '${box.type}' is larger than ${limit}: its sample tables were not checked`);
      return;
    }
    try {
      if (box.type === 'moov') this.film.useMoov(view, box);
      else if (box.type === 'moof') this.film.useMoof(view, box);
      else this.film.useSidx(view, box);
    } catch (error) {
      if (!(error instanceof BrokenTable)) throw error;
      this.#broken ??= { reason: error.message, at: box.start };
    }
  }
}

function bytesText(count: number): string {
  return count === 1 ? '1 byte' : `${count} bytes`;
}
