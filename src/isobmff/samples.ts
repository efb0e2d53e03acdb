/** Where the samples of a movie are, by the tables of its `moov` (ISO/IEC 14496-12, 8.6 to 8.8). */
import { readSampleEntries, type SampleEntry } from './codec.ts';
import { BrokenTable, boxesIn, Fields, find, type Part, Sizes, whole } from './tables.ts';

/** Samples that follow one another in the file: a chunk, or a run of a fragment. */
export interface Run {
  readonly track: Track;
  readonly entry: SampleEntry | null;
  /** Number of the first sample within its track, from 1. */
  readonly first: number;
  readonly count: number;
  /** Offset of the first sample in the file. */
  readonly offset: number;
  /** Where the sample of this index begins in time, in the track's own units. */
  readonly ticksAt: (index: number) => number;
  /** The samples' sizes; the first one is at `sizesFrom`. */
  readonly sizes: Sizes;
  readonly sizesFrom: number;
}

/** What a fragment leaves to be known from the `moov`. */
export interface FragmentDefaults {
  readonly description: number;
  readonly duration: number;
  readonly size: number;
}

/** One track. `samples` and `ticks` grow as its fragments come. */
export interface Track {
  readonly id: number;
  /** Units of time per second. */
  readonly timescale: number;
  readonly isVideo: boolean;
  readonly entries: readonly SampleEntry[];
  readonly defaults: FragmentDefaults;
  /** The tables of the `moov`; null where it has none, as in most fragmented files. */
  readonly tables: SampleTables | null;
  samples: number;
  ticks: number;
}

/** The tables of one track, where they are in the view. */
export interface SampleTables {
  readonly view: DataView;
  readonly chunks: { readonly start: number; readonly count: number; readonly wide: boolean };
  readonly sampleToChunk: { readonly start: number; readonly count: number };
  readonly timeToSample: { readonly start: number; readonly count: number };
  readonly sizes: Sizes;
}

/** What a `moov` says. */
export interface Movie {
  readonly tracks: ReadonlyMap<number, Track>;
  /** By `mehd`: how long the film with all its fragments is, in seconds; null if it says nothing. */
  readonly promisedSeconds: number | null;
  /** Whether fragments are announced. */
  readonly fragmented: boolean;
}

/** Far more tracks than any camera or editor writes; a hostile file can name millions. */
const MOST_TRACKS = 1000;

const NO_DEFAULTS: FragmentDefaults = { description: 1, duration: 0, size: 0 };

/** Reads the payload of a `moov`. Throws BrokenTable if its tables can't be true. */
export function readMoov(view: DataView): Movie {
  const moov = whole(view);
  const mvex = find(view, moov, 'mvex');
  const defaults = mvex === null ? new Map<number, FragmentDefaults>() : readTrex(view, mvex);
  const tracks = new Map<number, Track>();
  for (const part of boxesIn(view, moov, 'trak')) {
    if (tracks.size === MOST_TRACKS) throw new BrokenTable(`there are more than ${MOST_TRACKS} tracks`);
    const track = readTrack(view, part, defaults);
    if (track !== null) tracks.set(track.id, track);
  }
  const timescale = timescaleOf(view, find(view, moov, 'mvhd'));
  const promised = mvex === null ? 0 : readMehd(view, mvex);
  return {
    tracks,
    promisedSeconds: promised === 0 || timescale === 0 ? null : promised / timescale,
    fragmented: mvex !== null,
  };
}

/** Units of time per second, by `mvhd` or `mdhd`; 0 if unknown. */
function timescaleOf(view: DataView, box: Part | null): number {
  if (box === null) return 0;
  const fields = new Fields(view, box);
  fields.skip(fields.uint32() >>> 24 === 1 ? 16 : 8);
  return fields.uint32();
}

/** How long the film with all its fragments is, in units of the movie header; 0 if unknown. */
function readMehd(view: DataView, mvex: Part): number {
  const mehd = find(view, mvex, 'mehd');
  if (mehd === null) return 0;
  const fields = new Fields(view, mehd);
  return fields.uint(fields.uint32() >>> 24 === 1);
}

function readTrex(view: DataView, mvex: Part): Map<number, FragmentDefaults> {
  const defaults = new Map<number, FragmentDefaults>();
  for (const part of boxesIn(view, mvex, 'trex')) {
    if (defaults.size === MOST_TRACKS) break;
    const fields = new Fields(view, part);
    fields.skip(4);
    const id = fields.uint32();
    defaults.set(id, { description: fields.uint32(), duration: fields.uint32(), size: fields.uint32() });
  }
  return defaults;
}

function readTrack(view: DataView, trak: Part, defaults: Map<number, FragmentDefaults>): Track | null {
  const header = find(view, trak, 'tkhd');
  const minf = find(view, trak, 'mdia minf');
  if (header === null || minf === null) return null;
  const fields = new Fields(view, header);
  fields.skip(fields.uint32() >>> 24 === 1 ? 16 : 8);
  const id = fields.uint32();
  const stbl = find(view, minf, 'stbl');
  const tables = stbl === null ? null : readTables(view, stbl);
  return {
    id,
    timescale: timescaleOf(view, find(view, trak, 'mdia mdhd')),
    isVideo: find(view, minf, 'vmhd') !== null,
    entries: readSampleEntries(view, minf),
    defaults: defaults.get(id) ?? NO_DEFAULTS,
    tables: tables?.tables ?? null,
    samples: tables?.samples ?? 0,
    ticks: tables?.tables ? ticksBefore(tables.tables, tables.samples) : 0,
  };
}

/** Reads where the tables are; null if any of the four is missing or there are no samples. */
function readTables(view: DataView, stbl: Part): { tables: SampleTables | null; samples: number } {
  const [stsz, stz2, stsc, stco, co64, stts] = ['stsz', 'stz2', 'stsc', 'stco', 'co64', 'stts'].map((type) =>
    find(view, stbl, type),
  );
  const sizes = stsz ? readStsz(view, stsz) : stz2 ? readStz2(view, stz2) : null;
  const offsets = stco ?? co64;
  if (sizes === null || !stsc || !offsets || sizes.samples === 0) return { tables: null, samples: 0 };
  const wide = offsets === co64;
  return {
    samples: sizes.samples,
    tables: {
      view,
      sizes: sizes.sizes,
      chunks: { ...readTable(view, offsets, wide ? 8 : 4), wide },
      sampleToChunk: readTable(view, stsc, 12),
      timeToSample: stts ? readTable(view, stts, 8) : { start: 0, count: 0 },
    },
  };
}

function readTable(view: DataView, box: Part, bytesPerEntry: number): { start: number; count: number } {
  const fields = new Fields(view, box);
  fields.skip(4);
  const count = fields.uint32();
  return { start: fields.table(count, bytesPerEntry), count };
}

function readStsz(view: DataView, box: Part): { sizes: Sizes; samples: number } {
  const fields = new Fields(view, box);
  fields.skip(4);
  const fixed = fields.uint32();
  const samples = fields.uint32();
  if (fixed > 0) return { sizes: new Sizes(view, 0, 0, 32, fixed), samples };
  return { sizes: new Sizes(view, fields.table(samples, 4), 4, 32), samples };
}

function readStz2(view: DataView, box: Part): { sizes: Sizes; samples: number } {
  const fields = new Fields(view, box);
  fields.skip(4);
  const bits = fields.uint32() & 0xff;
  const samples = fields.uint32();
  if (![4, 8, 16].includes(bits)) throw new BrokenTable(`box 'stz2' claims entries of ${bits} bits`);
  return { sizes: new Sizes(view, fields.table(samples, bits / 8), bits / 8, bits), samples };
}

/** The chunks of a track that have samples, in the order of its tables. */
export function* chunksOf(track: Track): Generator<Run> {
  if (track.tables === null) return;
  const { view, chunks, sampleToChunk, sizes } = track.tables;
  const ticksAt = (sample: number): number => (track.tables === null ? 0 : ticksBefore(track.tables, sample));
  let nextEntry = 0;
  let perChunk = 0;
  let description = 1;
  let sample = 0;
  for (let chunk = 0; chunk < chunks.count && sample < track.samples; chunk += 1) {
    for (; nextEntry < sampleToChunk.count; nextEntry += 1) {
      const entry = sampleToChunk.start + nextEntry * 12;
      if (view.getUint32(entry) > chunk + 1) break;
      perChunk = view.getUint32(entry + 4);
      description = view.getUint32(entry + 8);
    }
    const count = Math.min(perChunk, track.samples - sample);
    const at = chunks.start + chunk * (chunks.wide ? 8 : 4);
    const first = sample;
    if (count > 0) {
      yield {
        track,
        entry: track.entries[description - 1] ?? null,
        first: first + 1,
        count,
        offset: chunks.wide ? Number(view.getBigUint64(at)) : view.getUint32(at),
        ticksAt: (index) => ticksAt(first + index),
        sizes,
        sizesFrom: first,
      };
    }
    sample += count;
  }
}

/** How long the first `samples` samples last together, in the track's units. */
function ticksBefore({ view, timeToSample }: SampleTables, samples: number): number {
  let ticks = 0;
  let left = samples;
  for (let index = 0; index < timeToSample.count && left > 0; index += 1) {
    const at = timeToSample.start + index * 8;
    const count = Math.min(left, view.getUint32(at));
    ticks += count * view.getUint32(at + 4);
    left -= count;
  }
  return ticks;
}

/** Chunks that are in no order are sorted in memory: more than a day of video has. */
const MOST_SORTED_CHUNKS = 500_000;

/** The chunks of some tracks in the order of the file; null if there are too many to sort. */
export function chunksInFileOrder(tracks: readonly Track[]): Iterable<Run> | null {
  const [only] = tracks;
  if (tracks.length === 1 && only !== undefined && isInOrder(only)) return chunksOf(only);
  const total = tracks.reduce((sum, { tables }) => sum + (tables?.chunks.count ?? 0), 0);
  if (total > MOST_SORTED_CHUNKS) return null;
  return tracks.flatMap((track) => [...chunksOf(track)]).sort((a, b) => a.offset - b.offset);
}

function isInOrder(track: Track): boolean {
  let last = 0;
  for (const { offset } of chunksOf(track)) {
    if (offset < last) return false;
    last = offset;
  }
  return true;
}
