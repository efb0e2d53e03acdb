/** One video as the library lists it. Pure. */

/** A row; what the API sends besides is kept in `fields`. */
export interface LibraryRow {
  readonly videoNo: string;
  readonly name: string;
  /** Bytes; null if it was not said. */
  readonly sizeBytes: number | null;
  readonly durationSeconds: number | null;
  /** `PARSE` is ready; anything else is not, or not yet. */
  readonly status: string;
  /** Milliseconds since the epoch; null if it was not said. */
  readonly createdMs: number | null;
  /** All fields of the API, numbers as numbers. */
  readonly fields: Readonly<Record<string, unknown>>;
}

/** Fields that are numbers, which the API sends as numbers or as strings. */
const NUMBERS = ['duration', 'size', 'create_time', 'datetime_taken', 'latitude', 'longitude'];

/** Reads one row; null if it has no video_no. */
export function readRow(value: unknown): LibraryRow | null {
  if (typeof value !== 'object' || value === null) return null;
  const fields: Record<string, unknown> = { ...value };
  for (const name of NUMBERS) {
    if (fields[name] !== undefined && fields[name] !== null)
      fields[name] = readNumber(fields[name]) ?? fields[name];
  }
  const videoNo = fields.video_no;
  if (typeof videoNo !== 'string' || videoNo === '') return null;
  return {
    videoNo,
    name: typeof fields.video_name === 'string' ? fields.video_name : '',
    sizeBytes: readNumber(fields.size),
    durationSeconds: readNumber(fields.duration),
    status: typeof fields.status === 'string' ? fields.status : '',
    createdMs: readNumber(fields.create_time),
    fields,
  };
}

/** A number that may come as a string; null if it is none. */
export function readNumber(value: unknown): number | null {
  const number = typeof value === 'string' && value.trim() !== '' ? Number(value) : value;
  return typeof number === 'number' && Number.isFinite(number) ? number : null;
}
