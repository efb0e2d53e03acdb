/** Where the samples of a fragment are, by its `moof`, and what a `sidx` says of all segments (14496-12, 8.8, 8.16). */
import type { FragmentDefaults, Movie, Run, Track } from './samples.ts';
import { BrokenTable, boxesIn, Fields, find, type Part, Sizes, whole } from './tables.ts';

const BASE_DATA_OFFSET = 0x1;
const DESCRIPTION = 0x2;
const DEFAULT_DURATION = 0x8;
const DEFAULT_SIZE = 0x10;
const BASE_IS_MOOF = 0x2_0000;

const DATA_OFFSET = 0x1;
const FIRST_FLAGS = 0x4;
const DURATIONS = 0x100;
const SIZES = 0x200;
const FLAGS = 0x400;
const TIME_OFFSETS = 0x800;

/**
 * The runs of samples of a fragment, in the order of its tables. Counts them into their tracks.
 * Throws BrokenTable if the tables can't be true.
 * @param start offset of the `moof` box itself, which offsets may count from
 */
export function* runsOf(view: DataView, start: number, movie: Movie): Generator<Run> {
  let implicitBase = start;
  for (const traf of boxesIn(view, whole(view), 'traf')) {
    const header = find(view, traf, 'tfhd');
    if (header === null) continue;
    const fields = new Fields(view, header);
    const flags = fields.uint32() & 0xff_ffff;
    const track = movie.tracks.get(fields.uint32());
    // Without its track nothing is known of its samples; whatever counts on from them is unknown too.
    if (track === undefined) continue;
    const base =
      (flags & BASE_DATA_OFFSET) !== 0
        ? fields.uint(true)
        : (flags & BASE_IS_MOOF) !== 0
          ? start
          : implicitBase;
    const defaults = {
      description: (flags & DESCRIPTION) !== 0 ? fields.uint32() : track.defaults.description,
      duration: (flags & DEFAULT_DURATION) !== 0 ? fields.uint32() : track.defaults.duration,
      size: (flags & DEFAULT_SIZE) !== 0 ? fields.uint32() : track.defaults.size,
    };
    let next = base;
    for (const box of boxesIn(view, traf, 'trun')) {
      const { run, ticks } = readRun(view, box, track, defaults, base, next);
      next = run.offset + run.sizes.sum(0, run.count);
      if (run.count > 0) yield run;
      track.samples += run.count;
      track.ticks += ticks;
    }
    implicitBase = next;
  }
}

function readRun(
  view: DataView,
  box: Part,
  track: Track,
  defaults: FragmentDefaults,
  base: number,
  next: number,
): { run: Run; ticks: number } {
  const fields = new Fields(view, box);
  const flags = fields.uint32() & 0xff_ffff;
  const count = fields.uint32();
  const offset = (flags & DATA_OFFSET) !== 0 ? base + (fields.uint32() | 0) : next;
  if (offset < 0) throw new BrokenTable("box 'trun' names a place before the file");
  if ((flags & FIRST_FLAGS) !== 0) fields.skip(4);
  const stride = [DURATIONS, SIZES, FLAGS, TIME_OFFSETS].filter((flag) => (flags & flag) !== 0).length * 4;
  const table = fields.table(count, stride);
  const hasDurations = (flags & DURATIONS) !== 0;
  const sizesAt = table + (hasDurations ? 4 : 0);
  const durations = new Sizes(view, table, stride, 32, hasDurations ? null : defaults.duration);
  const { ticks } = track;
  const run: Run = {
    track,
    entry: track.entries[defaults.description - 1] ?? null,
    first: track.samples + 1,
    count,
    offset,
    ticksAt: (index) => ticks + durations.sum(0, index),
    sizes: new Sizes(view, sizesAt, stride, 32, (flags & SIZES) !== 0 ? null : defaults.size),
    sizesFrom: 0,
  };
  return { run, ticks: durations.sum(0, count) };
}

/**
 * Reads the payload of a `sidx`: how many segments it names, and the offset at which the last one ends. Throws
 * BrokenTable if it can't be true.
 * @param boxEnd offset of the first byte after the box, which its segments count from
 */
export function readSidx(view: DataView, boxEnd: number): { end: number; segments: number } {
  const fields = new Fields(view, { ...whole(view), type: 'sidx' });
  const wide = fields.uint32() >>> 24 > 0;
  fields.skip(8);
  fields.uint(wide);
  let end = boxEnd + fields.uint(wide);
  const segments = fields.uint32() & 0xffff;
  const table = fields.table(segments, 12);
  for (let at = table; at < table + segments * 12; at += 12) end += view.getUint32(at) & 0x7fff_ffff;
  return { end, segments };
}
