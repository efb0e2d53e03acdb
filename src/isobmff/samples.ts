/** Where the samples of a movie are, by the tables of its `moov` (ISO/IEC 14496-12, 8.6 to 8.8). */
import { readSampleEntries, type SampleEntry } from './codec.ts';
import { BrokenTable, boxesIn, type Column, Fields, find, type Part, type Table, valueAt } from './tables.ts';

/** Samples that follow one another in the file: a chunk, or a run of a fragment. */
export interface Run {
  readonly track: Track;
  readonly entry: SampleEntry | null;
  /** Number of the first sample within its track, from 1. */
  readonly first: number;
  readonly count: number;
  /** Where the first sample is in the file. */
  readonly offset: number;
  /** When the sample of this index begins, in the track's own units. */
  readonly ticksAt: (index: number) => number;
  /** The samples' sizes; the first one is at `sizesFrom`. */
  readonly sizes: Column;
  readonly sizesFrom: number;
}

/** One track. */
export type Track = NonNullable<ReturnType<typeof readTrack>>;

/** Far more tracks than any camera or editor writes; a hostile file can name millions. */
const MOST_TRACKS = 1000;

/**
 * Reads the payload of a `moov`: its tracks, whether it announces fragments, and how long the film is with all of
 * them, in seconds; null if it does not say. Throws BrokenTable if its tables can't be true.
 */
export function readMoov(moov: Part) {
  const tracks = new Map<number, Track>();
  for (const trak of boxesIn(moov, 'trak')) {
    if (tracks.size === MOST_TRACKS) throw new BrokenTable(`there are more than ${MOST_TRACKS} tracks`);
    const track = readTrack(trak);
    if (track !== null) tracks.set(track.id, track);
  }
  const mvex = find(moov, 'mvex');
  for (const trex of boxesIn(mvex, 'trex')) {
    const fields = new Fields(trex);
    const track = tracks.get(fields.uint32());
    const defaults = { description: fields.uint32(), duration: fields.uint32(), size: fields.uint32() };
    if (track !== undefined) track.defaults = defaults;
  }
  const timescale = fieldsAfterTimes(find(moov, 'mvhd')).uint32();
  const promised = new Fields(find(mvex, 'mehd')).uint();
  return {
    tracks,
    promisedSeconds: promised === 0 || timescale === 0 ? null : promised / timescale,
    isFragmented: mvex !== null,
  };
}

/** The fields of `mvhd`, `mdhd` or `tkhd` after the times of creation and change. */
function fieldsAfterTimes(box: Part | null): Fields {
  const fields = new Fields(box);
  fields.uint();
  fields.uint();
  return fields;
}

function readTrack(trak: Part) {
  const header = find(trak, 'tkhd');
  if (header === null) return null;
  const minf = find(trak, 'mdia minf');
  if (minf === null) return null;
  const tables = readTables(find(minf, 'stbl'));
  return {
    id: fieldsAfterTimes(header).uint32(),
    /** Units of time per second; 0 if unknown. */
    timescale: fieldsAfterTimes(find(trak, 'mdia mdhd')).uint32(),
    entries: readSampleEntries(minf),
    tables,
    /** For the samples of a fragment that says nothing else. */
    defaults: { description: 1, duration: 0, size: 0 },
    /** How many there are so far, and how long they take: both grow with the fragments. */
    samples: tables.samples,
    ticks: ticksBefore(tables.timeToSample, tables.samples),
  };
}

/** Finds the tables, which are empty in most fragmented files. Without samples or chunks none of them is read. */
function readTables(stbl: Part | null) {
  const sizes = readSizes(stbl);
  const stco = find(stbl, 'stco');
  const [chunks, stsc] = [stco ?? find(stbl, 'co64'), find(stbl, 'stsc')];
  const isUsed = sizes.samples > 0 && chunks !== null && stsc !== null;
  const read = (box: Part | null, stride: number, bits?: number) =>
    new Fields(isUsed ? box : null).table(stride, bits);
  return {
    sizes: sizes.sizes,
    samples: isUsed ? sizes.samples : 0,
    chunks: stco === null ? read(chunks, 8, 64) : read(stco, 4),
    sampleToChunk: read(stsc, 12),
    timeToSample: read(find(stbl, 'stts'), 8),
  };
}

/** Reads `stsz`, or `stz2` with its smaller entries. */
function readSizes(stbl: Part | null): { readonly sizes: Column; readonly samples: number } {
  const stsz = find(stbl, 'stsz');
  const box = stsz ?? find(stbl, 'stz2');
  if (box === null) return { sizes: 0, samples: 0 };
  const fields = new Fields(box);
  const sizeOrBits = fields.uint32();
  const samples = fields.uint32();
  if (stsz !== null && sizeOrBits > 0) return { sizes: sizeOrBits, samples };
  const bits = stsz === null ? sizeOrBits & 0xff : 32;
  if (![4, 8, 16, 32].includes(bits)) throw new BrokenTable(`box 'stz2' claims entries of ${bits} bits`);
  return { sizes: fields.table(bits / 8, bits, samples), samples };
}

/** The chunks of a track that have samples, in the order of its tables. */
export function* chunksOf(track: Track): Generator<Run, undefined> {
  const { chunks, sampleToChunk, samples, sizes, timeToSample } = track.tables;
  let nextEntry = 0;
  let perChunk = 0;
  let description = 1;
  let sample = 0;
  for (let chunk = 0; chunk < chunks.count && sample < samples; chunk += 1) {
    while (nextEntry < sampleToChunk.count && valueAt(sampleToChunk, nextEntry) <= chunk + 1) {
      perChunk = valueAt(sampleToChunk, nextEntry, 4);
      description = valueAt(sampleToChunk, nextEntry, 8);
      nextEntry += 1;
    }
    const count = Math.min(perChunk, samples - sample);
    const first = sample;
    // A chunk without samples may be said to be anywhere.
    if (count === 0) continue;
    yield {
      track,
      entry: track.entries[description - 1] ?? null,
      first: first + 1,
      count,
      offset: valueAt(chunks, chunk),
      ticksAt: (index) => ticksBefore(timeToSample, first + index),
      sizes,
      sizesFrom: first,
    };
    sample += count;
  }
}

/** The duration of the first `samples` samples, in the track's units. */
function ticksBefore(timeToSample: Table, samples: number): number {
  let ticks = 0;
  let left = samples;
  for (let index = 0; index < timeToSample.count; index += 1) {
    const count = Math.min(left, valueAt(timeToSample, index));
    ticks += count * valueAt(timeToSample, index, 4);
    left -= count;
  }
  return ticks;
}

/** Chunks that are not in order are sorted in memory: this is more than a day of video has. */
const MOST_SORTED_CHUNKS = 500_000;

/** The chunks of some tracks in the order of the file; null if there are too many to sort. */
export function chunksInFileOrder(tracks: readonly Track[]): Iterable<Run> | null {
  const [only] = tracks;
  if (tracks.length === 1 && only !== undefined && isInOrder(only)) return chunksOf(only);
  const total = tracks.reduce((sum, { tables }) => sum + tables.chunks.count, 0);
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
