/** What a run would fetch, why, in what time and at what price, for `--dry-run`. */
import { type Host, print } from '../host.ts';
import { bytesText, durationText } from '../progress/text.ts';
import { printable, safeJson } from '../sanitize.ts';
import type { Rate } from '../settings/values.ts';
import { DOLLARS_PER_GB, type VideoTask } from './plan.ts';

/** One video that is not in its place, or not recorded. */
export interface Item {
  readonly task: VideoTask;
  /**
   * `new`, `gone` and, with --force, `changed` are fetched; `keep` is a file that only has to be verified and
   * recorded; `blocked` and, without --force, `changed` fail because another file has the name.
   */
  readonly why: 'new' | 'gone' | 'changed' | 'keep' | 'blocked';
}

/** What a run would do. */
export interface Forecast {
  /** In the order of the listing. */
  readonly items: readonly Item[];
  /** How many are done already. */
  readonly upToDate: number;
  readonly rate: Rate | null;
}

/** The totals of a forecast, as `--json` prints them. */
export interface Totals {
  readonly videos: number;
  readonly already_there: number;
  readonly blocked: number;
  /** Bytes of all videos to fetch whose size the library lists. */
  readonly bytes: number;
  readonly unknown_sizes: number;
  /** By the rate of starts alone. */
  readonly least_seconds: number;
  readonly dollars: number;
}

/** Sums up a forecast. */
export function totalsOf({ items, upToDate, rate }: Forecast): Totals {
  const sizes = items.filter(isFetched).map(({ task }) => task.listedSize);
  const bytes = sizes.reduce<number>((sum, size) => sum + (size ?? 0), 0);
  const windows = rate === null || sizes.length === 0 ? 0 : Math.ceil(sizes.length / rate.starts) - 1;
  return {
    videos: sizes.length,
    already_there: upToDate + items.filter(({ why }) => why === 'keep').length,
    blocked: items.filter(isBlocked).length,
    bytes,
    unknown_sizes: sizes.filter((size) => size === null).length,
    least_seconds: (windows * (rate?.windowMs ?? 0)) / 1000,
    dollars: Math.round((bytes / 1e9) * DOLLARS_PER_GB * 100) / 100,
  };
}

/** Prints a line a video, and the totals, on standard output. */
export async function printForecast(forecast: Forecast, json: boolean, host: Host): Promise<void> {
  for (const item of forecast.items) {
    if (item.why !== 'keep') await print(host, `${json ? jsonFor(item) : lineFor(item)}\n`);
  }
  const totals = totalsOf(forecast);
  if (json) return print(host, `${safeJson(totals)}\n`);
  const unknown = totals.unknown_sizes === 0 ? '' : ` and ${totals.unknown_sizes} of unknown size`;
  const isTiny = totals.bytes > 0 && totals.dollars === 0;
  const price = isTiny ? 'less than $0.01' : `about $${totals.dollars.toFixed(2)}`;
  const blocked = totals.blocked === 0 ? '' : `; ${totals.blocked} blocked by other files`;
  const seconds = totals.least_seconds;
  const lines = [
    `${totals.videos} to download: ${bytesText(totals.bytes)}${unknown}; ${totals.already_there} already up to date${blocked}`,
    `least time at the rate limit: ${seconds === 0 ? 'none' : durationText(seconds * 1000)}`,
    `price: ${price} at $${DOLLARS_PER_GB} a GB`,
  ];
  return print(host, `${lines.join('\n')}\n`);
}

function isBlocked({ task, why }: Item): boolean {
  return why === 'blocked' || (why === 'changed' && task.whenExists !== 'force');
}

function isFetched(item: Item): boolean {
  return item.why !== 'keep' && !isBlocked(item);
}

/** `size unknown` is the widest text in its column. */
const SIZE_WIDTH = 12;

function lineFor({ task, why }: Item): string {
  const size = task.listedSize === null ? 'size unknown' : bytesText(task.listedSize);
  return `${task.videoNo}  ${size.padStart(SIZE_WIDTH)}  ${why.padEnd(7)}  ${printable(fileOf(task) ?? '-')}`;
}

function jsonFor(item: Item): string {
  const { task, why } = item;
  const facts = { video_no: task.videoNo, file: fileOf(task), bytes: task.listedSize };
  return safeJson({ ...facts, blocked: isBlocked(item), why });
}

function fileOf({ destination }: VideoTask): string | null {
  return destination.kind === 'file' ? destination.nameFor('mp4') : null;
}
