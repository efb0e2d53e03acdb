import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import type { Mock } from '../../src/mock/server.ts';
import { tempDir } from '../helpers/temp-dir.ts';
import { type Aftermath, fileBefore, violationsOf } from './invariant.ts';

const TRUTH = Buffer.from('the bytes that the server has');
const KEY = 'sk-mavi-an-invented-key-of-no-account-0123456789';
const HOME = 'http://127.0.0.1:4000';

function serverThatSaw(...requests: { origin: string; headers: Record<string, string> }[]): Mock {
  return { baseUrl: `${HOME}/serve/api/v1`, key: KEY, requests } as unknown as Mock;
}

const request = { origin: HOME, headers: { authorization: KEY } };

/** The violations found after something happens in a folder with one other file. */
function violationsAfter(
  happening: (path: string, folder: string) => void,
  { held = null, ...more }: Partial<Aftermath> & { held?: string | null } = {},
): string[] {
  const folder = tempDir();
  const path = join(folder, 'v.mp4');
  writeFileSync(join(folder, 'other.txt'), 'mine');
  if (held !== null) writeFileSync(path, held);
  const target = fileBefore(path);
  happening(path, folder);
  return violationsOf({
    exitCode: 6,
    target,
    truth: TRUTH,
    text: '',
    mock: serverThatSaw(request),
    mostRequests: 1,
    ...more,
  });
}

function violationsOfOutput(bytes: string, exitCode: number): string[] {
  return violationsAfter(() => {}, { exitCode, target: { kind: 'stdout', bytes: Buffer.from(bytes) } });
}

it('the check accepts the correct bytes with exit 0, and the previous content with any other exit code', () => {
  expect(violationsAfter((path) => writeFileSync(path, TRUTH), { exitCode: 0 })).toEqual([]);
  expect(violationsAfter((path) => writeFileSync(path, TRUTH), { exitCode: 0, held: 'old' })).toEqual([]);
  expect(violationsAfter(() => {})).toEqual([]);
  expect(violationsAfter(() => {}, { held: 'old' })).toEqual([]);
  expect(violationsOfOutput(TRUTH.toString(), 0)).toEqual([]);
  expect(violationsOfOutput('the bytes', 6)).toEqual([]);
});

it.each<[string, () => string[]]>([
  ['exit 0 without a file', () => violationsAfter(() => {}, { exitCode: 0 })],
  [
    'exit 0 with a byte missing',
    () => violationsAfter((path) => writeFileSync(path, TRUTH.subarray(1)), { exitCode: 0 }),
  ],
  ['exit 0 with the old file', () => violationsAfter(() => {}, { exitCode: 0, held: 'old' })],
  ['a failure with a new file', () => violationsAfter((path) => writeFileSync(path, TRUTH))],
  ['a failure that removes the old file', () => violationsAfter((path) => rmSync(path), { held: 'old' })],
  [
    'a failure that empties the old file',
    () => violationsAfter((path) => writeFileSync(path, ''), { held: 'old' }),
  ],
  [
    'a temporary file left behind',
    () => violationsAfter((_path, folder) => writeFileSync(join(folder, 'v.mp4.part'), '')),
  ],
  ['another file removed', () => violationsAfter((_path, folder) => rmSync(join(folder, 'other.txt')))],
  ['exit 0 with too little on standard output', () => violationsOfOutput('the bytes', 0)],
  ['bytes on standard output that the video does not start with', () => violationsOfOutput('the bits', 6)],
  ['one byte too many on standard output', () => violationsOfOutput(`${TRUTH}s`, 6)],
  ['the key in the output', () => violationsAfter(() => {}, { text: `denied for ${KEY}` })],
  [
    'a part of the key in the output',
    () => violationsAfter(() => {}, { text: `denied for ${KEY.slice(12, 24)}` }),
  ],
  ['one request too many', () => violationsAfter(() => {}, { mock: serverThatSaw(request, request) })],
  [
    'the key sent to another origin',
    () => violationsAfter(() => {}, { mock: serverThatSaw({ ...request, origin: 'http://127.0.0.1:5000' }) }),
  ],
])('the check reports %s', (_what, check) => {
  expect(check()).not.toEqual([]);
});
