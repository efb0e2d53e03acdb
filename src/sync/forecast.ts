/** What a sync would do, at what time and price, for `--dry-run`. */

import { type Host, print } from '../host.ts';
import { bytesText, durationText } from '../progress/text.ts';
import { printable, safeJson } from '../sanitize.ts';
import type { Rate } from '../settings/values.ts';
import type { Inventory, Item } from './inventory.ts';

/** Dollars for a gigabyte (10^9 bytes) of downloads, by the vendor's price list. */
export const DOLLARS_PER_GB = 0.12;

/** What it comes to. */
export interface Forecast {
  readonly videos: number;
  /** Recorded, or to be hashed and kept without a download. */
  readonly already_there: number;
  /** Not to be had, for another file has their name. */
  readonly blocked: number;
  /** Bytes of all videos whose size the library lists. */
  readonly bytes: number;
  readonly unknown_sizes: number;
  /** By the rate of starts alone. */
  readonly least_seconds: number;
  readonly dollars: number;
}

/** Sums up an inventory. */
export function forecast({ items, there }: Inventory, rate: Rate | null): Forecast {
  const sizes = items.filter(({ kind }) => kind === 'fetch').map(({ task }) => task.listedSize);
  const count = (kind: Item['kind']): number => items.filter((item) => item.kind === kind).length;
  const bytes = sizes.reduce<number>((sum, size) => sum + (size ?? 0), 0);
  const windows = rate === null || sizes.length === 0 ? 0 : Math.ceil(sizes.length / rate.starts) - 1;
  return {
    videos: sizes.length,
    already_there: there + count('keep'),
    blocked: count('blocked'),
    bytes,
    unknown_sizes: sizes.filter((size) => size === null).length,
    least_seconds: (windows * (rate?.windowMs ?? 0)) / 1000,
    dollars: Math.round((bytes / 1e9) * DOLLARS_PER_GB * 100) / 100,
  };
}

/** Prints a line a video, and one that sums up, on standard output. */
export async function printForecast(
  inventory: Inventory,
  rate: Rate | null,
  json: boolean,
  host: Host,
): Promise<void> {
  for (const item of inventory.items) {
    if (item.kind !== 'keep') await print(host, `${json ? jsonFor(item) : lineFor(item)}\n`);
  }
  const sum = forecast(inventory, rate);
  if (json) return print(host, `${safeJson(sum)}\n`);
  const unknown = sum.unknown_sizes === 0 ? '' : ` and ${sum.unknown_sizes} of unknown size`;
  const price = sum.bytes > 0 && sum.dollars === 0 ? 'less than $0.01' : `about $${sum.dollars.toFixed(2)}`;
  const blocked = sum.blocked === 0 ? '' : `; ${sum.blocked} blocked by other files`;
  const lines = [
    `${sum.videos} to download: ${bytesText(sum.bytes)}${unknown}; ${sum.already_there} there already${blocked}`,
    `least time at the rate limit: ${sum.least_seconds === 0 ? 'none' : durationText(sum.least_seconds * 1000)}`,
    `price: ${price} at $${DOLLARS_PER_GB} a GB`,
  ];
  return print(host, `${lines.join('\n')}\n`);
}

/** `size unknown` is the widest that stands there. */
const SIZE_WIDTH = 12;

function lineFor({ task, kind }: Item): string {
  const size = task.listedSize === null ? 'size unknown' : bytesText(task.listedSize);
  const said = kind === 'blocked' ? 'blocked' : size;
  return `${task.videoNo}  ${said.padStart(SIZE_WIDTH)}  ${printable(fileOf(task) ?? '')}`;
}

function jsonFor({ task, kind }: Item): string {
  return safeJson({
    video_no: task.videoNo,
    file: fileOf(task),
    bytes: task.listedSize,
    blocked: kind === 'blocked',
  });
}

function fileOf({ destination }: Item['task']): string | null {
  return destination.kind === 'file' ? destination.nameFor('mp4') : null;
}
