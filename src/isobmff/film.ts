/** What the tables of a file have named so far: where the samples end, how long they last, and their media. */
import { type Box, MOST_KEPT_BYTES } from './boxes.ts';
import { readSidx, runsOf } from './fragments.ts';
import { MediaReader } from './nal.ts';
import { chunksInFileOrder, chunksOf, type Movie, type Run, readMoov, type Track } from './samples.ts';

/** What was done about the media, by the formats of the tracks, such as `avc1`. */
export interface MediaReport {
  readonly checked: readonly string[];
  readonly unchecked: readonly {
    readonly format: string;
    readonly isVideo: boolean;
    readonly encrypted: boolean;
  }[];
}

/** The film that the tables describe, as they come. */
export class Film {
  readonly #deep: boolean;
  #movie: Movie | null = null;
  /** Whether a `moof` has come, or is announced. */
  fragmented = false;
  /** Whether the last `moof` named any samples. */
  lastHasSamples = false;
  /** The sample that ends last. */
  furthest = { end: 0, track: 0, sample: 0 };
  /** Where the segments end that an index of the whole film names; null without one. */
  indexedEnd: number | null = null;
  /** Where the last segment ends that any index names. */
  furthestIndexed = 0;
  /** What could not be looked into. */
  readonly notes = new Set<string>();
  /** Checks the media that comes after its tables. */
  readonly media = new MediaReader();
  /** Seconds of film before the last fragment and after it, and where its bytes begin. */
  #seconds = { before: 0, after: 0, from: 0 };
  /** Media that had come before its tables: chunks of the `moov`, and runs of fragments. */
  #lateChunks = false;
  readonly #lateRuns: Run[] = [];
  #fragmentBytes = 0;

  constructor(deep: boolean) {
    this.#deep = deep;
  }

  /** Whether the `moov` is complete. */
  get hasMoov(): boolean {
    return this.#movie !== null;
  }

  /** Seconds of a fragmented film by its fragments, and by its `mehd`; null where unknown. */
  get times(): { readonly seconds: number | null; readonly promisedSeconds: number | null } {
    const seconds = this.fragmented ? this.#seconds.after || null : null;
    return { seconds, promisedSeconds: this.#movie?.promisedSeconds ?? null };
  }

  /** Seconds that have come before an offset: of the last fragment in proportion to its bytes. */
  secondsBefore(offset: number): number {
    const { before, after, from } = this.#seconds;
    const bytes = this.furthest.end - from;
    const share = bytes <= 0 ? 1 : Math.min(1, Math.max(0, (offset - from) / bytes));
    return before + (after - before) * share;
  }

  /** Which tracks' media is checked, and which can't be. */
  get mediaReport(): MediaReport {
    const entries = this.#tracks().flatMap(({ isVideo, entries: all }) =>
      all.map((entry) => ({ ...entry, isVideo })),
    );
    const checked = entries.filter(({ nal }) => nal !== null).map(({ format }) => format);
    return { checked: [...new Set(checked)], unchecked: entries.filter(({ nal }) => nal === null) };
  }

  /** Whether media had come before its tables, so that it has to be read again. */
  get hasLateMedia(): boolean {
    return this.#lateChunks || this.#lateRuns.length > 0;
  }

  /** A reader for that media: the file is to be pushed into it once more. */
  lateMedia(): MediaReader {
    const media = new MediaReader();
    if (this.#lateChunks) media.useChunks(chunksInFileOrder(this.#nalTracks()) ?? []);
    for (const run of this.#lateRuns.sort((a, b) => a.offset - b.offset)) media.addRun(run);
    return media;
  }

  /** Takes a `moov`, null if it is too large to be kept. Throws BrokenTable if it can't be true. */
  useMoov(view: DataView | null, box: Box): void {
    this.#movie =
      view === null ? { tracks: new Map(), promisedSeconds: null, fragmented: false } : readMoov(view);
    this.fragmented ||= this.#movie.fragmented;
    let isLate = false;
    for (const track of this.#tracks()) {
      for (const run of chunksOf(track)) {
        this.#useRun(run);
        isLate ||= run.entry?.nal != null && run.offset < box.end;
      }
      this.#seconds.after = Math.max(this.#seconds.after, secondsOf(track));
    }
    if (!this.#deep || this.#nalTracks().length === 0) return;
    const chunks = chunksInFileOrder(this.#nalTracks());
    if (chunks === null) this.notes.add('there are too many chunks: their media was not checked');
    else if (isLate) this.#lateChunks = true;
    else this.media.useChunks(chunks);
  }

  /** Takes a `moof`. Throws BrokenTable if it can't be true. */
  useMoof(view: DataView, box: Box): void {
    if (this.#movie === null) return;
    this.#seconds.before = this.#seconds.after;
    this.#seconds.from = box.end;
    const runs: Run[] = [];
    for (const run of runsOf(view, box.start, this.#movie)) {
      this.#useRun(run);
      this.lastHasSamples = true;
      if (this.#deep && run.entry?.nal != null) runs.push(run);
    }
    for (const track of this.#tracks()) this.#seconds.after = Math.max(this.#seconds.after, secondsOf(track));
    this.#fragmentBytes += runs.length > 0 ? view.byteLength : 0;
    if (this.#fragmentBytes > MOST_KEPT_BYTES) {
      this.notes.add('there are too many fragments: not all of their media was checked');
      return;
    }
    for (const run of runs.sort((a, b) => a.offset - b.offset)) {
      if (run.offset < box.end || !this.media.addRun(run)) this.#lateRuns.push(run);
    }
  }

  /** Takes a `sidx`. Throws BrokenTable if it can't be true. */
  useSidx(view: DataView, box: Box): void {
    const { end, segments } = readSidx(view, box.end);
    this.furthestIndexed = Math.max(this.furthestIndexed, end);
    // The index of the whole film comes before its first fragment; one of a segment knows of that segment alone.
    const isOfAll = segments > 1 && this.#seconds.from === 0;
    if (isOfAll) this.indexedEnd = Math.max(this.indexedEnd ?? 0, end);
    else if (this.indexedEnd !== null && end > this.indexedEnd) this.indexedEnd = null;
  }

  #tracks(): readonly Track[] {
    return [...(this.#movie?.tracks.values() ?? [])];
  }

  #nalTracks(): readonly Track[] {
    return this.#tracks().filter(
      ({ tables, entries }) => tables !== null && entries.some(({ nal }) => nal !== null),
    );
  }

  #useRun(run: Run): void {
    const bytes = run.entry?.external === true ? 0 : run.sizes.sum(run.sizesFrom, run.count);
    const end = run.offset + bytes;
    if (bytes > 0 && end > this.furthest.end)
      this.furthest = { end, track: run.track.id, sample: run.first + run.count - 1 };
  }
}

function secondsOf({ ticks, timescale }: Track): number {
  return timescale === 0 ? 0 : ticks / timescale;
}
