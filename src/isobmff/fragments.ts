/** Where the samples of a fragment are, by its `moof`, and where `sidx` says that segments end (14496-12, 8.8, 8.16). */
import type { FragmentDefaults, Run, Track } from './samples.ts';
import { BrokenTable, boxesIn, Fields, find, type Part, partOf, sumOf } from './tables.ts';

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
export function* runsOf(
  view: DataView,
  start: number,
  tracks: ReadonlyMap<number, Track>,
): Generator<Run, undefined> {
  let implicitBase = start;
  for (const traf of boxesIn(partOf(view), 'traf')) {
    const fields = new Fields(find(traf, 'tfhd'));
    const track = tracks.get(fields.uint32());
    // Without its track nothing is known of its samples, nor of offsets that continue from them.
    if (track === undefined) continue;
    const has = (flag: number): boolean => (fields.flags & flag) !== 0;
    let base = has(BASE_IS_MOOF) ? start : implicitBase;
    if (has(BASE_DATA_OFFSET)) base = fields.uint64();
    const defaults = {
      description: has(DESCRIPTION) ? fields.uint32() : track.defaults.description,
      duration: has(DEFAULT_DURATION) ? fields.uint32() : track.defaults.duration,
      size: has(DEFAULT_SIZE) ? fields.uint32() : track.defaults.size,
    };
    let next = base;
    for (const box of boxesIn(traf, 'trun')) {
      const run = readRun(box, track, defaults, base, next);
      next = run.offset + sumOf(run.sizes, 0, run.count);
      if (run.count > 0) yield run;
      track.samples += run.count;
      track.ticks = run.ticksAt(run.count);
    }
    implicitBase = next;
  }
}

function readRun(box: Part, track: Track, defaults: FragmentDefaults, base: number, next: number): Run {
  const fields = new Fields(box);
  const has = (flag: number): boolean => (fields.flags & flag) !== 0;
  const count = fields.uint32();
  const offset = has(DATA_OFFSET) ? base + (fields.uint32() | 0) : next;
  if (offset < 0) throw new BrokenTable("box 'trun' points to before the start of the file");
  if (has(FIRST_FLAGS)) fields.skip(4);
  const stride = [DURATIONS, SIZES, FLAGS, TIME_OFFSETS].filter(has).length * 4;
  const start = fields.table(count, stride);
  const column = { view: box.view, start, stride, bits: 32 };
  const durations = has(DURATIONS) ? column : defaults.duration;
  const { ticks } = track;
  return {
    track,
    entry: track.entries[defaults.description - 1] ?? null,
    first: track.samples + 1,
    count,
    offset,
    ticksAt: (index) => ticks + sumOf(durations, 0, index),
    sizes: has(SIZES) ? { ...column, start: start + (has(DURATIONS) ? 4 : 0) } : defaults.size,
    sizesFrom: 0,
  };
}

/**
 * Reads a `sidx`: how many segments it names, and the offset at which the last one ends. Throws BrokenTable if it
 * can't be true.
 * @param boxEnd offset of the first byte after the box, which its segments count from
 */
export function readSidx(view: DataView, boxEnd: number): { end: number; segments: number } {
  const fields = new Fields(partOf(view, 'sidx'));
  fields.skip(8);
  fields.uint();
  let end = boxEnd + fields.uint();
  const segments = fields.uint32() & 0xffff;
  const table = fields.table(segments, 12);
  for (let at = table; at < table + segments * 12; at += 12) end += view.getUint32(at) & 0x7fff_ffff;
  return { end, segments };
}
