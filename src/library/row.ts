/** One video as the library lists it. Pure. */

/** A row of the listing. */
export interface LibraryRow {
  readonly videoNo: string;
  /** The scope that was listed. */
  readonly uniqueId: string;
  /** At most 1,024 characters of it; empty if the library gives no name. */
  readonly name: string;
  /** Bytes; null if the library does not say. */
  readonly sizeBytes: number | null;
  readonly durationSeconds: number | null;
  /** `PARSE` is ready; anything else is not, or not yet. */
  readonly status: string;
  /** Milliseconds since the epoch; null if the library does not say. */
  readonly createdMs: number | null;
  readonly takenMs: number | null;
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
  const { video_no, video_name, status, tags } = fields;
  if (typeof video_no !== 'string' || !isVideoNo(video_no)) return null;
  const tag = Array.isArray(tags) ? tags.find((each) => typeof each === 'string') : null;
  const sizeBytes = readNumber(fields.size) ?? 0;
  return {
    videoNo: video_no,
    uniqueId,
    name: typeof video_name === 'string' ? shortened(video_name) : '',
    // No video is empty; a size of 0 or -1 means that the library does not know it.
    sizeBytes: sizeBytes > 0 && Number.isSafeInteger(sizeBytes) ? sizeBytes : null,
    durationSeconds: readNumber(fields.duration),
    status: typeof status === 'string' ? shortened(status) : '',
    createdMs: readNumber(fields.create_time),
    takenMs: readNumber(fields.datetime_taken),
    tag: typeof tag === 'string' ? shortened(tag) : null,
    fields,
  };
}

/** The date of a time in UTC, such as 2025-06-01; null if there is none, or its year has not four digits. */
export function dateOf(ms: number | null): string | null {
  const date = new Date(ms ?? Number.NaN);
  const year = date.getUTCFullYear();
  return year >= 0 && year <= 9999 ? date.toISOString().slice(0, 10) : null;
}

/** Reads a number that may come as a string; null for anything else. */
export function readNumber(value: unknown): number | null {
  const number = typeof value === 'string' && value.trim() !== '' ? Number(value) : value;
  return typeof number === 'number' && Number.isFinite(number) ? number : null;
}

/** A copy, because a slice would keep the full text in memory. */
function shortened(text: string): string {
  return text.length <= LONGEST_NAME ? text : Buffer.from(text.slice(0, LONGEST_NAME)).toString();
}

function isShallow(value: unknown, levels: number): boolean {
  if (typeof value !== 'object' || value === null) return true;
  return levels > 0 && Object.values(value).every((part) => isShallow(part, levels - 1));
}
