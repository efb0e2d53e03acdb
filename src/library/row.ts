/** One video as the library lists it. Pure. */
import type { ListedFacts } from '../record.ts';

/** A row of the listing. */
export interface LibraryRow {
  readonly videoNo: string;
  /** The scope that was listed. */
  readonly uniqueId: string;
  /** Bytes; null if the library does not say. */
  readonly listedSize: number | null;
  /** What else goes into the record of the video, as far as the library says it. */
  readonly listed: ListedFacts;
  /** `PARSE` is ready; anything else is not, or not yet. */
  readonly status: string;
  /** The first of its tags; null if it has none. */
  readonly tag: string | null;
  /** All fields of the API, numbers as numbers. */
  readonly fields: Readonly<Record<string, unknown>>;
}

/** Fields that are numbers, which the API sends as numbers or as strings. */
const NUMBERS = ['duration', 'size', 'create_time', 'datetime_taken', 'latitude', 'longitude'];

/** Longer names exist only to cause trouble; no file system takes a quarter of this. */
const LONGEST_NAME = 1024;

/** The documented fields nest two levels deep; JSON thousands of levels deep cannot be written again. */
const DEEPEST_NESTING = 20;

/** Whether a text can be a video_no: 1 to 64 characters, none of which can lead to another folder or be a flag. */
export function isVideoNo(text: string): boolean {
  return /^[A-Za-z0-9_][A-Za-z0-9_-]{0,63}$/.test(text);
}

/** Reads one row; null if it cannot be used: its video_no cannot be one, or its fields nest too deeply. */
export function readRow(value: unknown, uniqueId: string): LibraryRow | null {
  if (typeof value !== 'object' || value === null || !isShallow(value, DEEPEST_NESTING)) return null;
  const fields: Record<string, unknown> = { ...value };
  for (const name of NUMBERS) {
    if (Object.hasOwn(fields, name)) fields[name] = readNumber(fields[name]) ?? fields[name];
  }
  const { video_no: videoNo, video_name, status, tags } = fields;
  if (typeof videoNo !== 'string' || !isVideoNo(videoNo)) return null;
  const size = readNumber(fields.size) ?? 0;
  return {
    videoNo,
    uniqueId,
    // No video is empty; a size of 0 or -1 means that the library does not know it.
    listedSize: size > 0 && Number.isSafeInteger(size) ? size : null,
    listed: {
      video_name: shortened(video_name) || undefined,
      duration: readNumber(fields.duration),
      create_time: readNumber(fields.create_time),
      datetime_taken: readNumber(fields.datetime_taken),
    },
    status: shortened(status) ?? '',
    tag: shortened(Array.isArray(tags) && tags.find((tag) => typeof tag === 'string')) ?? null,
    fields,
  };
}

/** The date of a time in UTC, such as 2025-06-01; undefined if there is none, or its year has not four digits. */
export function dateOf(ms: number | undefined): string | undefined {
  const date = new Date(ms ?? Number.NaN);
  const year = date.getUTCFullYear();
  return year >= 0 && year <= 9999 ? date.toISOString().slice(0, 10) : undefined;
}

/** Reads a number that may come as a string; undefined for anything else. */
export function readNumber(value: unknown): number | undefined {
  const number = typeof value === 'string' && value.trim() !== '' ? Number(value) : value;
  return typeof number === 'number' && Number.isFinite(number) ? number : undefined;
}

/** A text, cut; undefined for anything else. A copy, because a slice would keep the full text in memory. */
function shortened(value: unknown): string | undefined {
  if (typeof value !== 'string') return undefined;
  return value.length <= LONGEST_NAME ? value : Buffer.from(value.slice(0, LONGEST_NAME)).toString();
}

function isShallow(value: unknown, levels: number): boolean {
  if (typeof value !== 'object' || value === null) return true;
  return levels > 0 && Object.values(value).every((part) => isShallow(part, levels - 1));
}
