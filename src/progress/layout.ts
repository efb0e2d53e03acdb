/**
 * Where on its line each part of a running video stands. The places depend on the terminal and on the longest
 * name alone, never on the figures, so that nothing jumps while they change. Pure.
 */

/** The width of each part in columns; 0 where there is no room for it. */
export interface Layout {
  readonly name: number;
  readonly bar: number;
  readonly percent: number;
  readonly size: number;
  readonly speed: number;
  readonly time: number;
}

/** What stands between two parts. */
export const GAP = '  ';

/** `100 %`, `99.9/99.9 MiB`, `99.9 MiB/s` and `59:59 so far`. */
export const WIDTHS = { percent: 5, size: 13, speed: 10, time: 12 } as const;

const WIDEST_BAR = 30;
/** A bar below this width says less than the room it takes; the parts that it makes drop, from the last on. */
const NARROWEST_BARS = [
  { bar: 10, drops: [] },
  { bar: 10, drops: ['speed'] },
  { bar: 8, drops: ['speed', 'size'] },
] as const;
/** The room that a name may take however long it is, and its share of a wide line. */
const LEAST_NAME = 16;
const NAME_SHARE = 0.31;

/** The places on a line of `width` columns, where the longest name takes `longestName`. */
export function layoutFor(width: number, longestName: number): Layout {
  const name = Math.min(Math.max(1, longestName), Math.max(LEAST_NAME, Math.floor(width * NAME_SHARE)));
  for (const { bar, drops } of NARROWEST_BARS) {
    const widths = { ...WIDTHS, ...Object.fromEntries(drops.map((part) => [part, 0])) };
    const others = [name, ...Object.values(widths)].filter((each) => each > 0);
    const room = width - sum(others) - others.length * GAP.length;
    if (room >= bar) return { name, bar: Math.min(room, WIDEST_BAR), ...widths };
  }
  const room = width - WIDTHS.percent - WIDTHS.time - 2 * GAP.length;
  return { ...WIDTHS, name: Math.max(1, Math.min(longestName, room)), bar: 0, size: 0, speed: 0 };
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, each) => total + each, 0);
}
