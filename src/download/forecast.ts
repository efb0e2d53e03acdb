/** What a run is to do for each video and, for `--dry-run`, in what time and at what price. */
import { lstat } from 'node:fs/promises';
import { pathFrom } from '../folders.ts';
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

/** Looks at what has a name of a video now; `isNamed` if another video may have it, but hardly with the same size. */
export async function itemFor(task: VideoTask, isNamed: boolean, cwd: string): Promise<Item> {
  const { destination, whenExists, listedSize } = task;
  if (destination.kind === 'stdout') return { task, why: 'new' };
  for (const container of destination.containers) {
    const found = await lstat(pathFrom(cwd, destination.nameFor(container))).catch(() => null);
    if (found === null) continue;
    if (whenExists === 'force') return { task, why: 'changed' };
    const isOther = isNamed && !(found.isFile() && found.size === listedSize);
    if (whenExists === 'skip' && !isOther) return { task, why: 'keep' };
    return { task: { ...task, whenExists: 'refuse' }, why: 'blocked' };
  }
  return { task, why: 'new' };
}

type Forecast = Readonly<{ items: readonly Item[]; upToDate: number; rate: Rate | null }>;

/** Prints a line a video, and the totals, on standard output; `upToDate` are those without an item. */
export async function printForecast(forecast: Forecast, json: boolean, host: Host): Promise<void> {
  for (const item of forecast.items) {
    if (item.why !== 'keep') await print(host, `${lineFor(item, json)}\n`);
  }
  const totals = totalsOf(forecast);
  return print(host, `${json ? safeJson(totals) : totalsText(totals)}\n`);
}

type Totals = ReturnType<typeof totalsOf>;

/** The totals, as `--json` prints them; `least_seconds` is by the rate of starts alone. */
function totalsOf({ items, upToDate, rate }: Forecast) {
  const fetched = items.filter((item) => item.why !== 'keep' && !isBlocked(item));
  const sizes = fetched.map(({ task }) => task.listedSize);
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

function totalsText(totals: Totals): string {
  const { videos, bytes, unknown_sizes, already_there, least_seconds } = totals;
  const unknown = unknown_sizes === 0 ? '' : ` and ${unknown_sizes} of unknown size`;
  const blocked = totals.blocked === 0 ? '' : `; ${totals.blocked} blocked by other files`;
  return [
    `${videos} to download: ${bytesText(bytes)}${unknown}; ${already_there} already up to date${blocked}`,
    `least time at the rate limit: ${least_seconds === 0 ? 'none' : durationText(least_seconds * 1000)}`,
    `price: ${priceText(totals)}`,
  ].join('\n');
}

function priceText({ videos, bytes, unknown_sizes, dollars }: Totals): string {
  const rate = `$${DOLLARS_PER_GB} a GB`;
  if (videos > 0 && unknown_sizes === videos) return `${rate}; no size is known`;
  const price = bytes > 0 && dollars === 0 ? 'less than $0.01' : `about $${dollars.toFixed(2)}`;
  return `${price} at ${rate}${unknown_sizes === 0 ? '' : ', plus the videos of unknown size'}`;
}

function isBlocked({ task, why }: Item): boolean {
  return why === 'blocked' || (why === 'changed' && task.whenExists !== 'force');
}

function lineFor(item: Item, json: boolean): string {
  const { task, why } = item;
  const { videoNo, listedSize, destination } = task;
  const file = destination.kind === 'file' ? destination.nameFor('mp4') : null;
  if (json) return safeJson({ video_no: videoNo, file, bytes: listedSize, blocked: isBlocked(item), why });
  const size = listedSize === null ? 'size unknown' : bytesText(listedSize);
  return `${videoNo}  ${size.padStart(12)}  ${why.padEnd(7)}  ${printable(file ?? '-')}`;
}
