/** What the tables of a file say, as they come: where the samples end, how long they last, and their media. */
import { type Box, MOST_KEPT_BYTES } from './boxes.ts';
import type { SampleEntry } from './codec.ts';
import { readSidx, runsOf } from './fragments.ts';
import { MediaReader } from './nal.ts';
import { chunksInFileOrder, chunksOf, type Run, readMoov, type Track } from './samples.ts';
import { sumOf } from './tables.ts';

/** Which formats of samples, such as `avc1`, are checked, and which can't be. */
export interface MediaReport {
  readonly checked: readonly string[];
  readonly unchecked: readonly (Pick<SampleEntry, 'format' | 'encrypted'> & { readonly isVideo: boolean })[];
}

/** The film that the tables describe. */
export class Film {
  readonly #deep: boolean;
  #tracks: ReadonlyMap<number, Track> = new Map();
  /** Whether the `moov` is complete. */
  hasMoov = false;
  /** Whether a `moof` has come, or is announced. */
  fragmented = false;
  /** Whether the last `moof` named any samples. */
  lastHasSamples = false;
  /** The sample that ends last. */
  furthest = { end: 0, track: 0, sample: 0 };
  /** Where the last segment ends, by an index of the complete film; null without one. */
  indexedEnd: number | null = null;
  /** Where the last segment ends that any index names. */
  furthestIndexed = 0;
  /** Duration in seconds by `mehd`; null if unknown. */
  promisedSeconds: number | null = null;
  /** What could not be checked. */
  readonly notes = new Set<string>();
  /** Checks the media that comes after its tables. */
  readonly media = new MediaReader();
  /** Duration in seconds before the last fragment and after it, and where its bytes begin. */
  #seconds = { before: 0, after: 0, from: 0 };
  /** Media that came before its tables: chunks of the `moov`, and runs of fragments. */
  #lateChunks: Iterable<Run> | null = null;
  readonly #lateRuns: Run[] = [];
  #fragmentBytes = 0;

  /** @param deep whether the media itself is checked too */
  constructor(deep: boolean) {
    this.#deep = deep;
  }

  /** Duration of a fragmented film in seconds, by its fragments; null if unknown. */
  get fragmentSeconds(): number | null {
    return this.fragmented ? this.#seconds.after || null : null;
  }

  /** Seconds of film before an offset: those of the last fragment in proportion to its bytes. */
  secondsBefore(offset: number): number {
    const { before, after, from } = this.#seconds;
    const bytes = this.furthest.end - from;
    const share = bytes <= 0 ? 1 : Math.min(1, Math.max(0, (offset - from) / bytes));
    return before + (after - before) * share;
  }

  /** Which tracks' media is checked, and which can't be. */
  get mediaReport(): MediaReport {
    const entries = [...this.#tracks.values()].flatMap(({ isVideo, entries: all }) =>
      all.map((entry) => ({ ...entry, isVideo })),
    );
    const checked = entries.filter(({ nal }) => nal !== null).map(({ format }) => format);
    return { checked: [...new Set(checked)], unchecked: entries.filter(({ nal }) => nal === null) };
  }

  /** Whether media came before its tables, so that the file must be read again. */
  get hasLateMedia(): boolean {
    return this.#lateChunks !== null || this.#lateRuns.length > 0;
  }

  /** A reader for that media. Push the file into it from its start; call this only once. */
  lateMedia(): MediaReader {
    const media = new MediaReader();
    media.useChunks(this.#lateChunks ?? []);
    for (const run of this.#lateRuns.sort((a, b) => a.offset - b.offset)) media.addRun(run);
    return media;
  }

  /** Takes the payload of the `moov`. Throws BrokenTable if it can't be true. */
  useMoov(view: DataView, box: Box): void {
    const { tracks, promisedSeconds, fragmented } = readMoov(view);
    this.#tracks = tracks;
    this.promisedSeconds = promisedSeconds;
    this.fragmented ||= fragmented;
    this.hasMoov = true;
    let isLate = false;
    for (const track of tracks.values()) {
      for (const run of chunksOf(track)) {
        this.#useRun(run);
        isLate ||= hasNal(run) && run.offset < box.end;
      }
    }
    this.#countSeconds();
    if (!this.#deep) return;
    const checked = [...tracks.values()].filter(({ entries }) => entries.some(({ nal }) => nal !== null));
    const chunks = chunksInFileOrder(checked);
    if (chunks === null) this.notes.add('there are too many chunks: their media was not checked');
    else if (isLate) this.#lateChunks = chunks;
    else this.media.useChunks(chunks);
  }

  /** Takes the payload of a `moof`. Throws BrokenTable if it can't be true. */
  useMoof(view: DataView, box: Box): void {
    this.#seconds.before = this.#seconds.after;
    this.#seconds.from = box.end;
    const runs: Run[] = [];
    for (const run of runsOf(view, box.start, this.#tracks)) {
      this.#useRun(run);
      this.lastHasSamples = true;
      if (this.#deep && hasNal(run)) runs.push(run);
    }
    this.#countSeconds();
    if (runs.length === 0) return;
    this.#fragmentBytes += view.byteLength;
    if (this.#fragmentBytes > MOST_KEPT_BYTES) {
      this.notes.add('there are too many fragments: not all of their media was checked');
      return;
    }
    for (const run of runs.sort((a, b) => a.offset - b.offset)) {
      if (run.offset < box.end || !this.media.addRun(run)) this.#lateRuns.push(run);
    }
  }

  /** Takes the payload of a `sidx`. Throws BrokenTable if it can't be true. */
  useSidx(view: DataView, box: Box): void {
    const { end, segments } = readSidx(view, box.end);
    this.furthestIndexed = Math.max(this.furthestIndexed, end);
    // An index of the complete film comes before the first fragment; others are about one segment.
    const isComplete = segments > 1 && this.#seconds.from === 0;
    if (isComplete) this.indexedEnd = Math.max(this.indexedEnd ?? 0, end);
    else if (this.indexedEnd !== null && end > this.indexedEnd) this.indexedEnd = null;
  }

  #useRun(run: Run): void {
    const bytes = run.entry?.external === true ? 0 : sumOf(run.sizes, run.sizesFrom, run.count);
    const end = run.offset + bytes;
    if (bytes > 0 && end > this.furthest.end) {
      this.furthest = { end, track: run.track.id, sample: run.first + run.count - 1 };
    }
  }

  #countSeconds(): void {
    for (const { ticks, timescale } of this.#tracks.values()) {
      if (timescale > 0) this.#seconds.after = Math.max(this.#seconds.after, ticks / timescale);
    }
  }
}

function hasNal({ entry }: Run): boolean {
  return entry !== null && entry.nal !== null;
}
