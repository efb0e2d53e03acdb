import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import type { Mock } from '../../src/mock/server.ts';
import { tempDir } from '../helpers/temp-dir.ts';
import { type Aftermath, brokenPromises, fileBefore } from './invariant.ts';

const TRUTH = Buffer.from('the bytes that the server has');
const KEY = 'sk-mavi-an-invented-key-of-no-account-0123456789';
const HOME = 'http://127.0.0.1:4000';

function serverThatSaw(...requests: { origin: string; headers: Record<string, string> }[]): Mock {
  return { baseUrl: `${HOME}/serve/api/v1`, key: KEY, requests } as unknown as Mock;
}

const request = { origin: HOME, headers: { authorization: KEY } };

/** Looks at a folder with one other file, lets something happen, and asks what of the promise was broken. */
function brokenBy(
  happening: (path: string, folder: string) => void,
  { held = null, ...more }: Partial<Aftermath> & { held?: string | null } = {},
): string[] {
  const folder = tempDir();
  const path = join(folder, 'v.mp4');
  writeFileSync(join(folder, 'other.txt'), 'mine');
  if (held !== null) writeFileSync(path, held);
  const target = fileBefore(path);
  happening(path, folder);
  return brokenPromises({
    exitCode: 6,
    target,
    truth: TRUTH,
    text: '',
    mock: serverThatSaw(request),
    mostRequests: 1,
    ...more,
  });
}

function brokenByOutput(bytes: string, exitCode: number): string[] {
  return brokenBy(() => {}, { exitCode, target: { kind: 'stdout', bytes: Buffer.from(bytes) } });
}

it('the promise is kept by the true bytes with exit 0, and by what was there before with any other', () => {
  expect(brokenBy((path) => writeFileSync(path, TRUTH), { exitCode: 0 })).toEqual([]);
  expect(brokenBy((path) => writeFileSync(path, TRUTH), { exitCode: 0, held: 'old' })).toEqual([]);
  expect(brokenBy(() => {})).toEqual([]);
  expect(brokenBy(() => {}, { held: 'old' })).toEqual([]);
  expect(brokenByOutput(TRUTH.toString(), 0)).toEqual([]);
  expect(brokenByOutput('the bytes', 6)).toEqual([]);
});

it.each<[string, () => string[]]>([
  ['exit 0 without a file', () => brokenBy(() => {}, { exitCode: 0 })],
  [
    'exit 0 with a byte less',
    () => brokenBy((path) => writeFileSync(path, TRUTH.subarray(1)), { exitCode: 0 }),
  ],
  ['exit 0 with the old file', () => brokenBy(() => {}, { exitCode: 0, held: 'old' })],
  ['a failure with a new file', () => brokenBy((path) => writeFileSync(path, TRUTH))],
  ['a failure that takes the old file', () => brokenBy((path) => rmSync(path), { held: 'old' })],
  ['a failure that empties the old file', () => brokenBy((path) => writeFileSync(path, ''), { held: 'old' })],
  ['a temporary file', () => brokenBy((_path, folder) => writeFileSync(join(folder, 'v.mp4.part'), ''))],
  ['another file gone', () => brokenBy((_path, folder) => rmSync(join(folder, 'other.txt')))],
  ['exit 0 with too little on standard output', () => brokenByOutput('the bytes', 0)],
  ['bytes on standard output that are not the beginning', () => brokenByOutput('the bits', 6)],
  ['a byte too many on standard output', () => brokenByOutput(`${TRUTH}s`, 6)],
  ['the key', () => brokenBy(() => {}, { text: `denied for ${KEY}` })],
  ['a part of the key', () => brokenBy(() => {}, { text: `denied for ${KEY.slice(12, 24)}` })],
  ['a request too many', () => brokenBy(() => {}, { mock: serverThatSaw(request, request) })],
  [
    'the key at another origin',
    () => brokenBy(() => {}, { mock: serverThatSaw({ ...request, origin: 'http://127.0.0.1:5000' }) }),
  ],
])('the promise is broken by %s', (_what, breaking) => {
  expect(breaking()).not.toEqual([]);
});
