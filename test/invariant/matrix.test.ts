import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { FAULTS, type FaultName } from '../../src/mock/faults.ts';
import { tempDir } from '../helpers/temp-dir.ts';
import { EXPECTATIONS, type Expectation } from './expectations.ts';
import { layoutVideo } from './layouts.ts';
import { type Case, play } from './play.ts';

const VIDEO = layoutVideo('moov-last');
const RETRIES = 2;
const EXISTING = Buffer.from('the old content');

const faultNames = Object.keys(FAULTS) as FaultName[];
let cases = 0;

/** A case with one fault, which persists or stops after some failed attempts. */
function faultCase(name: FaultName, failures: number | null, to: Case['to'], existing?: Uint8Array): Case {
  const { detail = '', truth, hops = 1, requestsAFailure = 1 } = EXPECTATIONS[name];
  const times = failures === null ? '' : `x${failures * requestsAFailure}`;
  cases += 1;
  return {
    folder: join(tempDir(), 'here'),
    video: VIDEO,
    to,
    faults: `${name}${detail}${times}`,
    retries: RETRIES,
    hops,
    ...(truth === undefined ? {} : { truth }),
    ...(existing === undefined ? {} : { existing }),
  };
}

function attemptsOf({ again }: Expectation): number {
  return { always: 1 + RETRIES, once: 2, never: 1 }[again];
}

describe.each(['file', 'stdout'] as const)('a download to %s', (to) => {
  it.each(faultNames)('keeps the invariant when %s persists', async (name) => {
    const expected = EXPECTATIONS[name];
    const { exitCode, record, violations } = await play(faultCase(name, null, to));
    expect(violations).toEqual([]);
    expect({ exitCode, code: record.error?.code ?? null }).toEqual({
      exitCode: expected.exitCode,
      code: expected.code,
    });
    expect(record).toMatchObject({
      status: expected.exitCode === 0 ? 'downloaded' : 'failed',
      attempts: attemptsOf(expected),
    });
  });

  it.each(faultNames)('keeps the invariant when %s is temporary', async (name) => {
    const expected = EXPECTATIONS[name];
    const failures = { always: 2, once: 1, never: 1 }[expected.again];
    const { exitCode, record, violations } = await play(faultCase(name, failures, to));
    expect(violations).toEqual([]);
    const recovers = expected.again !== 'never';
    expect({ exitCode, code: record.error?.code ?? null }).toEqual(
      recovers ? { exitCode: 0, code: null } : { exitCode: expected.exitCode, code: expected.code },
    );
    expect(record.attempts).toBe(recovers ? failures + 1 : 1);
  });
});

describe('a download with a settings file', () => {
  it.each(faultNames)(
    'keeps the invariant when %s persists, and its flags override the settings',
    async (name) => {
      const expected = EXPECTATIONS[name];
      const settings = { retries: '9', rate: '6', timeout: '45' };
      const { exitCode, record, violations } = await play({ ...faultCase(name, null, 'file'), settings });
      expect(violations).toEqual([]);
      expect({ exitCode, attempts: record.attempts }).toEqual({
        exitCode: expected.exitCode,
        attempts: attemptsOf(expected),
      });
    },
  );
});

describe('a download with --force', () => {
  it.each(faultNames)('keeps or completely replaces the old file when %s persists', async (name) => {
    const expected = EXPECTATIONS[name];
    const { exitCode, violations } = await play(faultCase(name, null, 'file', EXISTING));
    expect(violations).toEqual([]);
    expect(exitCode).toBe(expected.exitCode);
  });

  it.each(faultNames)('keeps or completely replaces the old file when %s is temporary', async (name) => {
    const { again, exitCode: final } = EXPECTATIONS[name];
    const failures = again === 'always' ? 2 : 1;
    const { exitCode, violations } = await play(faultCase(name, failures, 'file', EXISTING));
    expect(violations).toEqual([]);
    expect(exitCode).toBe(again === 'never' ? final : 0);
  });
});

afterAll(() => {
  process.stdout.write(`invariant: ${faultNames.length} faults in ${cases} cases\n`);
});
