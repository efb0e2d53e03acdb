/** What a sync would do, at what time and price, for `--dry-run`. */
import type { VideoTask } from '../download/plan.ts';
import { printable, safeJson } from '../foreign-text.ts';
import { type Host, print } from '../host.ts';
import { bytesText, durationText } from '../progress/units.ts';
import type { Rate } from '../settings/values.ts';

/** Dollars for a gigabyte (10^9 bytes) of downloads, by the vendor's price list. */
export const DOLLARS_PER_GB = 0.12;

/** What it comes to. */
export interface Forecast {
  readonly videos: number;
  readonly already_there: number;
  /** Bytes of all videos whose size the library lists. */
  readonly bytes: number;
  readonly unknown_sizes: number;
  /** By the rate of starts alone. */
  readonly least_seconds: number;
  readonly dollars: number;
}

/** Sums up the tasks that fetch something. */
export function forecast(tasks: readonly VideoTask[], there: number, rate: Rate | null): Forecast {
  const bytes = tasks.reduce((sum, task) => sum + (task.listedSize ?? 0), 0);
  const windows = rate === null || tasks.length === 0 ? 0 : Math.ceil(tasks.length / rate.starts) - 1;
  return {
    videos: tasks.length,
    already_there: there,
    bytes,
    unknown_sizes: tasks.filter((task) => task.listedSize === null).length,
    least_seconds: (windows * (rate?.windowMs ?? 0)) / 1000,
    dollars: Math.round((bytes / 1e9) * DOLLARS_PER_GB * 100) / 100,
  };
}

/** Prints a line a video, and one that sums up, on standard output. */
export async function printForecast(
  tasks: readonly VideoTask[],
  there: number,
  rate: Rate | null,
  json: boolean,
  host: Host,
): Promise<void> {
  const fetched = tasks.filter((task) => task.whenExists !== 'skip');
  for (const task of fetched) {
    const file = task.place.kind === 'file' ? task.place.nameFor('mp4') : null;
    const size = task.listedSize === null ? 'size unknown' : bytesText(task.listedSize);
    const line = json
      ? safeJson({ video_no: task.videoNo, file, bytes: task.listedSize })
      : `${task.videoNo}  ${size}  ${printable(file ?? '')}`;
    await print(host, `${line}\n`);
  }
  const sum = forecast(fetched, there, rate);
  if (json) return print(host, `${safeJson(sum)}\n`);
  const unknown = sum.unknown_sizes === 0 ? '' : ` and ${sum.unknown_sizes} of unknown size`;
  const lines = [
    `${sum.videos} to download: ${bytesText(sum.bytes)}${unknown}; ${there} there already`,
    `least time at the rate limit: ${durationText(sum.least_seconds * 1000)}`,
    `price: about $${sum.dollars.toFixed(2)} at $${DOLLARS_PER_GB} a GB`,
  ];
  return print(host, `${lines.join('\n')}\n`);
}
