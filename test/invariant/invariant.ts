/** The invariant of every download, whatever goes wrong: one function, called after every case. */
import { readdirSync, readFileSync } from 'node:fs';
import { basename, dirname } from 'node:path';
import type { Mock } from '../../src/mock/server.ts';
import { leakedPart } from '../helpers/leaks.ts';

/** The target and its folder before the run. */
export interface FileBefore {
  readonly kind: 'file';
  readonly path: string;
  /** Its content; null if it did not exist. */
  readonly held: Uint8Array | null;
  /** The names of all files in its folder. */
  readonly names: readonly string[];
}

/** What was written to standard output. */
export interface StreamedOut {
  readonly kind: 'stdout';
  readonly bytes: Uint8Array;
}

/** Everything known about a run after its end. */
export interface Aftermath {
  readonly exitCode: number;
  readonly target: FileBefore | StreamedOut;
  /** The correct content of the video. */
  readonly truth: Uint8Array;
  /** All text that the run printed. */
  readonly text: string;
  readonly mock: Mock;
  /** The most requests that the run may have made, redirects included. */
  readonly mostRequests: number;
}

/** Records the target and its folder before a run. */
export function fileBefore(path: string): FileBefore {
  const names = readdirSync(dirname(path));
  return { kind: 'file', path, held: contentOf(path), names };
}

/**
 * Describes every violation of the invariant; empty if there is none. The exit code is 0 if and only if the target is
 * exactly the truth; otherwise a file is unchanged, and standard output is a prefix of the truth. No temporary file is
 * left, no output contains a part of the key, and no more requests were made than allowed.
 */
export function violationsOf(aftermath: Aftermath): string[] {
  const { target } = aftermath;
  const ofTarget =
    target.kind === 'file' ? fileViolations(target, aftermath) : stdoutViolations(target, aftermath);
  return [...ofTarget, ...textViolations(aftermath), ...requestViolations(aftermath)];
}

function fileViolations(before: FileBefore, { exitCode, truth }: Aftermath): string[] {
  const violations: string[] = [];
  const now = contentOf(before.path);
  const expected = exitCode === 0 ? truth : before.held;
  if (!same(now, expected)) {
    violations.push(
      `exit ${exitCode}, but the target holds ${described(now)} instead of ${described(expected)}`,
    );
  }
  const mayBe = new Set([...before.names, ...(exitCode === 0 ? [basename(before.path)] : [])]);
  const strange = readdirSync(dirname(before.path)).filter((name) => !mayBe.has(name));
  if (strange.length > 0) violations.push(`left behind in the folder: ${strange.join(', ')}`);
  const names = new Set(readdirSync(dirname(before.path)));
  const gone = before.names.filter((name) => !names.has(name));
  if (gone.length > 0) violations.push(`missing from the folder: ${gone.join(', ')}`);
  return violations;
}

function stdoutViolations({ bytes }: StreamedOut, { exitCode, truth }: Aftermath): string[] {
  const expected = exitCode === 0 ? truth : truth.subarray(0, bytes.length);
  if (same(bytes, expected)) return [];
  return [
    `exit ${exitCode}, but standard output has ${described(bytes)}, not the ${described(expected)} expected`,
  ];
}

function textViolations({ text, mock }: Aftermath): string[] {
  const part = leakedPart(mock.key, text);
  return part === null ? [] : [`the output contains a part of the key: ${part}`];
}

function requestViolations({ mock, mostRequests }: Aftermath): string[] {
  const violations: string[] = [];
  const { requests } = mock;
  if (requests.length > mostRequests) {
    violations.push(`${requests.length} requests were made, but only ${mostRequests} are allowed`);
  }
  const home = new URL(mock.baseUrl).origin;
  if (requests.some(({ origin, headers }) => origin !== home && headers.authorization !== undefined)) {
    violations.push('the key was sent to another origin');
  }
  return violations;
}

function contentOf(path: string): Uint8Array | null {
  try {
    return readFileSync(path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
    throw error;
  }
}

function same(a: Uint8Array | null, b: Uint8Array | null): boolean {
  return a === null || b === null ? a === b : Buffer.compare(a, b) === 0;
}

function described(bytes: Uint8Array | null): string {
  return bytes === null ? 'nothing' : `${bytes.length} bytes`;
}
