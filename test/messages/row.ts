import type { MockOptions } from '../../src/mock/server.ts';
import type { FakeHostOptions } from '../helpers/fake-host.ts';
import { SAMPLE_VIDEO_NOS } from '../mock/sample-files.ts';

export const { faststart: FIRST, moovLast: SECOND, fragmented: FRAGMENTED } = SAMPLE_VIDEO_NOS;
export const UNKNOWN = 'VI000000000000000000';
export const WRONG_KEY = 'sk-mavi-a-key-that-nobody-knows';

/** A command, and all that it prints. */
export interface Row {
  /** PORT stands for the port of the mock. */
  readonly args: readonly string[];
  readonly code: number;
  /** The lines of standard error. */
  readonly says: readonly string[];
  /** The lines of standard output, except a video. */
  readonly prints?: readonly string[];
  readonly mock?: MockOptions;
  readonly host?: Partial<FakeHostOptions>;
  /** Files that exist before; null for a folder. */
  readonly files?: Readonly<Record<string, string | Uint8Array | null>>;
  /** Whether others may read the files. */
  readonly openToOthers?: boolean;
}

/** Rows, by what happens in them. */
export type Rows = Readonly<Record<string, Row>>;

/** A download to a.mp4 with a fault, without retries unless the flags say so. */
export function faulty(faults: string, ...flags: readonly string[]): Pick<Row, 'args' | 'mock'> {
  return { args: ['download', FIRST, '-o', 'a.mp4', '--retries', '0', ...flags], mock: { faults } };
}

/** A download with these flags. */
export function download(...flags: readonly string[]): Pick<Row, 'args'> {
  return { args: ['download', FIRST, ...flags] };
}

/** Variables of a row. */
export function env(variables: Readonly<Record<string, string>>): { env: Record<string, string> } {
  return { env: { ...variables } };
}

/** A library of one video, FIRST, with these bytes. */
export function videoOf(bytes: Uint8Array): MockOptions {
  const facts = {
    uniqueId: 'default',
    name: 'odd',
    status: 'PARSE',
    durationSeconds: 1,
    createTimeMs: 0,
  } as const;
  const read = async function* (fromByte: number, toByte: number): AsyncGenerator<Uint8Array> {
    yield bytes.subarray(fromByte, toByte);
  };
  return { videos: [{ ...facts, videoNo: FIRST, sizeBytes: bytes.length, read }] };
}
