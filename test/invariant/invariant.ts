/** The promise that every download keeps, whatever went wrong: one function, called after every case. */
import { readdirSync, readFileSync } from 'node:fs';
import { basename, dirname } from 'node:path';
import type { Mock } from '../../src/mock/server.ts';
import { leakedPart } from '../helpers/leaks.ts';

/** A file as it was before the run. */
export interface FileBefore {
  readonly kind: 'file';
  readonly path: string;
  /** What it held; null if there was none. */
  readonly held: Uint8Array | null;
  /** All names in its folder. */
  readonly names: readonly string[];
}

/** What came out of standard output. */
export interface StreamedOut {
  readonly kind: 'stdout';
  readonly bytes: Uint8Array;
}

/** All that can be known of a run when it is over. */
export interface Aftermath {
  readonly exitCode: number;
  readonly target: FileBefore | StreamedOut;
  /** Exactly the bytes that the server has for the video. */
  readonly truth: Uint8Array;
  /** All text that the run has printed. */
  readonly text: string;
  readonly mock: Mock;
  /** The most requests that the run may have made, hops of redirects included. */
  readonly mostRequests: number;
}

/** Looks at a target before a run. */
export function fileBefore(path: string): FileBefore {
  const names = readdirSync(dirname(path));
  return { kind: 'file', path, held: contentOf(path), names };
}

/**
 * What of the promise was broken, in words; empty if it was kept. Exit 0 if and only if the target holds exactly
 * the truth; otherwise the target is as it was, or what came out is the beginning of the truth. No temporary file
 * stays, the key stands nowhere, and no more requests were made than allowed.
 */
export function brokenPromises(aftermath: Aftermath): string[] {
  const { target } = aftermath;
  const ofTarget =
    target.kind === 'file' ? brokenByFile(target, aftermath) : brokenByStdout(target, aftermath);
  return [...ofTarget, ...brokenByText(aftermath), ...brokenByRequests(aftermath)];
}

function brokenByFile(before: FileBefore, { exitCode, truth }: Aftermath): string[] {
  const broken: string[] = [];
  const now = contentOf(before.path);
  const expected = exitCode === 0 ? truth : before.held;
  if (!same(now, expected)) {
    broken.push(`exit ${exitCode}, and the target holds ${described(now)} instead of ${described(expected)}`);
  }
  const mayBe = new Set([...before.names, ...(exitCode === 0 ? [basename(before.path)] : [])]);
  const strange = readdirSync(dirname(before.path)).filter((name) => !mayBe.has(name));
  if (strange.length > 0) broken.push(`left in the folder: ${strange.join(', ')}`);
  const names = new Set(readdirSync(dirname(before.path)));
  const gone = before.names.filter((name) => !names.has(name));
  if (gone.length > 0) broken.push(`gone from the folder: ${gone.join(', ')}`);
  return broken;
}

function brokenByStdout({ bytes }: StreamedOut, { exitCode, truth }: Aftermath): string[] {
  const expected = exitCode === 0 ? truth : truth.subarray(0, bytes.length);
  if (same(bytes, expected)) return [];
  return [
    `exit ${exitCode}, and what came out is ${described(bytes)}, not ${described(expected)} of the video`,
  ];
}

function brokenByText({ text, mock }: Aftermath): string[] {
  const part = leakedPart(mock.key, text);
  return part === null ? [] : [`a part of the key stands in the output: ${part}`];
}

function brokenByRequests({ mock, mostRequests }: Aftermath): string[] {
  const broken: string[] = [];
  const { requests } = mock;
  if (requests.length > mostRequests) {
    broken.push(`${requests.length} requests were made, and ${mostRequests} are allowed`);
  }
  const home = new URL(mock.baseUrl).origin;
  if (requests.some(({ origin, headers }) => origin !== home && headers.authorization !== undefined)) {
    broken.push('the key was sent to another origin');
  }
  return broken;
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
