/** Where the samples of a fragment are, by its `moof`, and where `sidx` says that segments end (14496-12, 8.8, 8.16). */
import type { Run, Track } from './samples.ts';
import { BrokenTable, boxesIn, Fields, find, type Part, sumOf, valueAt } from './tables.ts';

/** Flags of `tfhd`. */
const TFHD = { BASE: 0x1, DESCRIPTION: 0x2, DURATION: 0x8, SIZE: 0x10, BASE_IS_MOOF: 0x2_0000 };
/** Flags of `trun`. */
const TRUN = { OFFSET: 0x1, FIRST: 0x4, DURATIONS: 0x100, SIZES: 0x200, FLAGS: 0x400, COMPOSITION: 0x800 };

/**
 * The runs of samples of a fragment, in the order of its tables. Counts them into their tracks. Throws BrokenTable.
 * @param start offset of the `moof` box itself, which offsets may count from
 */
export function* runsOf(moof: Part, start: number, tracks: ReadonlyMap<number, Track>): Generator<Run> {
  let implicitBase = start;
  for (const traf of boxesIn(moof, 'traf')) {
    const fields = new Fields(find(traf, 'tfhd'));
    const track = tracks.get(fields.uint32());
    // Without its track nothing is known of its samples, nor of offsets that continue from them.
    if (track === undefined) continue;
    let base = fields.has(TFHD.BASE_IS_MOOF) ? start : implicitBase;
    if (fields.has(TFHD.BASE)) base = fields.uint64();
    const defaults = {
      description: fields.has(TFHD.DESCRIPTION) ? fields.uint32() : track.defaults.description,
      duration: fields.has(TFHD.DURATION) ? fields.uint32() : track.defaults.duration,
      size: fields.has(TFHD.SIZE) ? fields.uint32() : track.defaults.size,
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

function readRun(box: Part, track: Track, defaults: Track['defaults'], base: number, next: number): Run {
  const fields = new Fields(box);
  const count = fields.uint32();
  const offset = fields.has(TRUN.OFFSET) ? base + (fields.uint32() | 0) : next;
  if (offset < 0) throw new BrokenTable("box 'trun' points to before the start of the file");
  if (fields.has(TRUN.FIRST)) fields.skip(4);
  const { DURATIONS, SIZES, FLAGS, COMPOSITION } = TRUN;
  const stride = [DURATIONS, SIZES, FLAGS, COMPOSITION].filter((flag) => fields.has(flag)).length * 4;
  const table = fields.table(stride, 32, count);
  const durations = fields.has(DURATIONS) ? table : defaults.duration;
  const { ticks } = track;
  return {
    track,
    entry: track.entries[defaults.description - 1] ?? null,
    first: track.samples + 1,
    count,
    offset,
    ticksAt: (index) => ticks + sumOf(durations, 0, index),
    sizes: fields.has(SIZES)
      ? { ...table, start: table.start + (fields.has(DURATIONS) ? 4 : 0) }
      : defaults.size,
    sizesFrom: 0,
  };
}

/**
 * How many segments a `sidx` names, and the offset at which the last one ends. Throws BrokenTable.
 * @param boxEnd offset of the first byte after the box, which its segments count from
 */
export function readSidx(sidx: Part, boxEnd: number): { end: number; segments: number } {
  const fields = new Fields(sidx);
  fields.skip(8);
  fields.uint();
  let end = boxEnd + fields.uint();
  const segments = fields.uint32() & 0xffff;
  const table = fields.table(12, 32, segments);
  for (let index = 0; index < segments; index += 1) end += valueAt(table, index) & 0x7fff_ffff;
  return { end, segments };
}
