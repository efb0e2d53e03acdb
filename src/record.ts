/** The JSON record of one video: the same in `--json`, in `--manifest` and in a synced folder. */
import { relative, resolve } from 'node:path';
import { MaviError } from './errors.ts';
import { redactKeys } from './sanitize.ts';

/** Why a video failed. */
export interface RecordedError {
  readonly exit_code: number;
  /** The API's own code, or a short stable word such as `truncated`. */
  readonly code: string;
  readonly message: string;
  /** Whether the same command may succeed later. */
  readonly retryable: boolean;
  readonly hint: string;
}

/** What the library lists about a video. Times in milliseconds since the epoch, durations in seconds. */
export interface ListedFacts {
  readonly video_name?: string | undefined;
  readonly duration?: number | undefined;
  readonly create_time?: number | undefined;
  readonly datetime_taken?: number | undefined;
}

/** One line. Keys are added, never renamed or removed. */
export interface VideoRecord extends ListedFacts {
  readonly video_no: string;
  readonly unique_id: string;
  readonly status: 'downloaded' | 'skipped' | 'failed';
  /** The file as the user named it, relative to the manifest's folder in a manifest; null for standard output. */
  readonly file: string | null;
  /** Size of the complete video in bytes; null if it failed. */
  readonly bytes: number | null;
  /** Every byte of every attempt, because those are billed. */
  readonly bytes_received: number;
  /** The size by the library or Content-Length, in bytes; null if neither gave it. */
  readonly expected_size: number | null;
  /** Lower-case hexadecimal; null unless asked for. */
  readonly sha256: string | null;
  /** Without the waits for the rate limit and between attempts. */
  readonly seconds: number;
  /** Number of requests. */
  readonly attempts: number;
  /** The `ftyp` box's major brand; null if none was seen. */
  readonly brand: string | null;
  /** ISO 8601, UTC; null unless downloaded now. */
  readonly downloaded_at: string | null;
  readonly error: RecordedError | null;
  readonly warnings: readonly string[];
}

/** A record that changes as its video is downloaded. */
export type RecordInProgress = { -readonly [Key in keyof VideoRecord]: VideoRecord[Key] };

/** The record of a video of which nothing was received; `listedSize` in bytes, by the library. */
export function newRecord(
  videoNo: string,
  uniqueId: string,
  listedSize: number | null,
  listed: ListedFacts = {},
): RecordInProgress {
  return {
    video_no: videoNo,
    unique_id: uniqueId,
    status: 'skipped',
    file: null,
    bytes: null,
    bytes_received: 0,
    expected_size: listedSize,
    sha256: null,
    seconds: 0,
    attempts: 0,
    brand: null,
    downloaded_at: null,
    error: null,
    warnings: [],
    ...listed,
  };
}

/** A thrown error as it is recorded. */
export function recordedError(error: unknown, secrets: Iterable<string>): RecordedError {
  const known = error instanceof MaviError ? error : unexpected(error);
  const { exitCode, code, retryable } = known;
  const message = redactKeys(known.message, secrets);
  const hint = redactKeys(known.hint, secrets);
  return { exit_code: exitCode, code, message, retryable, hint };
}

function unexpected(error: unknown): MaviError {
  const text = error instanceof Error ? error.message : String(error);
  const hint = 'run it again with --verbose to see where';
  return new MaviError(1, 'unexpected', `unexpected error: ${text}`, { hint });
}

/** A record whose `file`, relative to `cwd`, is made relative to another folder. */
export function recordFrom(folder: string, cwd: string, record: VideoRecord): VideoRecord {
  if (record.file === null) return record;
  return { ...record, file: relative(folder, resolve(cwd, record.file)).replaceAll('\\', '/') };
}
