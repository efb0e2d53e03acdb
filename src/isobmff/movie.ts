/** What a file's own boxes and tables say of it: is it complete, how much has come, is its media intact. */
import {
  type Box,
  BoxReader,
  type ChainState,
  isTopLevelType,
  MOST_KEPT_BYTES,
  PayloadBuffer,
} from './boxes.ts';
import { Film } from './film.ts';
import type { Damage } from './nal.ts';
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
  | ({ readonly kind: 'malformed' } & Malformation);

/** Why it can't be a movie whatever follows, and at which offset. */
export interface Malformation {
  readonly reason: string;
  readonly at: number;
}

/** How much of a file has come, as far as its own boxes tell. */
export type KnownProgress =
  /** The least size of the whole file; `mayGrow` if more may follow. */
  | { readonly kind: 'bytes'; readonly totalBytes: number; readonly mayGrow: boolean }
  /** Seconds of the film, and of all of it by its `mehd`, of a fragmented file. */
  | { readonly kind: 'time'; readonly seconds: number; readonly promisedSeconds: number | null };

/** The boxes whose payloads are read; of a `moov` the first one. */
const KEPT_TYPES = new Set(['moov', 'moof', 'sidx']);

/** Reads a stream of top-level boxes as one movie. */
export class MovieReader {
  readonly #reader: BoxReader;
  readonly #deep: boolean;
  readonly #film: Film;
  #payload: PayloadBuffer | null = null;
  #hasMoov = false;
  #hasMedia = false;
  /** Whether an `mfra` has come, and no fragment after it. */
  #hasMfra = false;
  /** The last box of a known type. */
  #last: Box | null = null;
  #broken: Malformation | null = null;

  /** @param deep whether the media itself is checked too */
  constructor(deep = false) {
    this.#deep = deep;
    this.#film = new Film(deep);
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
    if (this.#deep) this.#film.media.push(chunk, offset);
  }

  /** How many of the next bytes say nothing, so that the reader of a file may jump over them. */
  get skippable(): number {
    const bytes = this.#reader.skippable;
    return this.#deep ? Math.min(bytes, this.#film.media.skippable(this.offset)) : bytes;
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

  /** The first damage to media that came after its tables; null if none, or if it isn't looked for. */
  get damage(): Damage | null {
    return this.#film.media.damage;
  }

  /** How long it is, what media there is, and what of it has to be read again. */
  get film(): Pick<Film, 'times' | 'mediaReport' | 'hasLateMedia' | 'lateMedia'> {
    return this.#film;
  }

  /** How much has come, as far as the boxes tell; null if they don't. */
  get progress(): KnownProgress | null {
    const { fragmented, furthest, indexedEnd, times } = this.#film;
    if (fragmented) {
      if (indexedEnd !== null) return { kind: 'bytes', totalBytes: indexedEnd, mayGrow: true };
      const seconds = this.#film.secondsBefore(this.offset);
      return { kind: 'time', seconds, promisedSeconds: times.promisedSeconds };
    }
    if (!this.#hasMedia) return null;
    const { knownEnd } = this.#reader;
    const isOpen = knownEnd === Number.POSITIVE_INFINITY;
    const totalBytes = isOpen ? furthest.end : Math.max(knownEnd, furthest.end);
    return totalBytes === 0 ? null : { kind: 'bytes', totalBytes, mayGrow: isOpen || !this.#hasMoov };
  }

  /** The verdict, if the stream ended here. */
  end(): MovieVerdict {
    if (this.#reader.state.kind === 'to-the-end' && this.#payload !== null && this.#last !== null)
      this.#close(this.#last);
    const { malformed } = this;
    if (malformed !== null) return { kind: 'malformed', ...malformed };
    const state = this.#state();
    const missing = this.#missing(state);
    if (missing !== null) return { kind: 'cut', reason: missing };
    const { fragmented, furthest, indexedEnd, media, notes } = this.#film;
    const overlap = `${number(media.overlapping)} samples overlap others and were not checked`;
    return {
      kind: 'whole',
      endProven: fragmented
        ? this.#hasMfra || indexedEnd !== null
        : state.kind !== 'to-the-end' || furthest.end > 0,
      junkBytes: state.kind === 'junk' ? this.offset - state.start : 0,
      notes: media.overlapping === 0 ? [...notes] : [...notes, overlap],
    };
  }

  /** What is missing at the end of the stream; null if nothing is. */
  #missing(state: ChainState): string | null {
    const { offset } = this.#reader;
    const { fragmented, furthest, furthestIndexed, lastHasSamples } = this.#film;
    const past = (end: number): string => `${bytesText(end - offset)} past the end of the file`;
    if (furthest.end > offset)
      return `sample ${number(furthest.sample)} of track ${furthest.track} ends ${past(furthest.end)}`;
    if (furthestIndexed > offset) return `the segments that 'sidx' names end ${past(furthestIndexed)}`;
    if (state.kind === 'boxes' && state.missing > 0) {
      const what = state.inHeader ? 'the header of the last box' : `box '${state.type}'`;
      const isShort = furthest.end > 0 && !fragmented;
      const proven = isShort ? '; all samples are complete, only this box is short' : '';
      return `${what} lacks ${bytesText(state.missing)}${proven}`;
    }
    if (!this.#hasMoov) return "there is no 'moov' box";
    if (!this.#hasMedia) return "there is no 'mdat' box";
    if (this.#last?.type === 'moof' && !lastHasSamples) return "the last fragment has no 'mdat'";
    // Behind an mfra nothing follows, so what is there is no header.
    if (state.kind === 'junk' && fragmented && !this.#hasMfra && offset - state.start < 8)
      return `the header of the last box lacks ${bytesText(8 - (offset - state.start))}`;
    return null;
  }

  /** The state of the chain: what reads as a box after a complete movie may be something appended. */
  #state(): ChainState {
    const { state } = this.#reader;
    const isMovie = this.#film.hasMoov && this.#hasMedia;
    if (!isMovie || (state.kind !== 'malformed' && (state.kind !== 'boxes' || state.missing === 0)))
      return state;
    const type = state.type ?? '';
    const mayBePadding = state.kind === 'malformed' && !this.#film.fragmented;
    const isPadding = mayBePadding && (type === 'free' || type === 'skip');
    return isPadding || !isTopLevelType(type) ? { kind: 'junk', start: state.start } : state;
  }

  #open(box: Box): boolean {
    const { type } = box;
    if (isTopLevelType(type)) this.#last = box;
    if (type === 'mdat' || type === 'imda') this.#hasMedia = true;
    if (type === 'mfra') this.#hasMfra = true;
    if (type === 'moof') {
      this.#hasMfra = false;
      this.#film.fragmented = true;
      this.#film.lastHasSamples = false;
    }
    const isKept = KEPT_TYPES.has(type) && (type !== 'moov' || !this.#hasMoov);
    if (type === 'moov') this.#hasMoov = true;
    if (isKept) this.#payload = new PayloadBuffer();
    return isKept;
  }

  #close(box: Box): void {
    const view = this.#payload?.view ?? null;
    this.#payload = null;
    if (view === null) {
      const limit = `${MOST_KEPT_BYTES / 1024 / 1024} MiB`;
      this.#film.notes.add(`box '${box.type}' is larger than ${limit}: its sample tables were not checked`);
    }
    try {
      if (box.type === 'moov') this.#film.useMoov(view, box);
      else if (view !== null && box.type === 'moof') this.#film.useMoof(view, box);
      else if (view !== null) this.#film.useSidx(view, box);
    } catch (error) {
      if (!(error instanceof BrokenTable)) throw error;
      this.#broken ??= { reason: error.message, at: box.start };
    }
  }
}

/** A count with a comma between thousands. */
function number(count: number): string {
  return String(count).replace(/\B(?=(\d{3})+$)/g, ',');
}

function bytesText(count: number): string {
  return count === 1 ? '1 byte' : `${number(count)} bytes`;
}
