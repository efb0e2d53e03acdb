import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect } from 'vitest';
import type { Mock } from '../../src/mock/server.ts';
import { it } from '../helpers/scene.ts';
import { downloadsOf } from '../helpers/with-mock.ts';
import { madeVideos } from '../library/stored-video.ts';

/** How much the delay between sending a request and its arrival varies, in milliseconds. */
const JITTER_MS = 300;

const VIDEOS = madeVideos(8);
const IDS = VIDEOS.map((video) => video.videoNo);

/** Fails if the mock saw more than `starts` video requests within any window of `windowMs`. */
function expectPaced(mock: Mock, starts: number, windowMs: number): void {
  const times = downloadsOf(mock).map((request) => request.startedAtMs);
  for (const [index, time] of times.slice(starts).entries()) {
    expect(time - (times[index] ?? 0)).toBeGreaterThanOrEqual(windowMs - JITTER_MS);
  }
}

function attemptsIn(output: Buffer): number[] {
  const lines = output.toString().split('\n').filter(Boolean);
  return lines.map((line) => (JSON.parse(line) as { attempts: number }).attempts);
}

/** The files that record starts. */
function recordsIn(folder: string): string[] {
  return readdirSync(folder).filter((name) => name.startsWith('starts-'));
}

describe('processes with the same user and key', () => {
  it('share the account’s rate limit, retries included', async ({ scene }) => {
    const mock = await scene.mock({
      videos: VIDEOS,
      faults: { [IDS[0] ?? '']: 'server-errorx1' },
      accountLimit: { starts: 3, windowMs: 2000 - JITTER_MS },
    });
    const flags = ['--rate', '3/2s', '-c', '4', '--json', '-q'];
    const halves = [IDS.slice(0, 4), IDS.slice(4)];
    const ended = await Promise.all(halves.map((ids) => scene.run(['download', ...ids, ...flags])));
    expect(ended.map(({ code }) => code)).toEqual([0, 0]);
    expect(scene.names()).toEqual([...IDS].sort().map((id) => `${id}.mp4`));
    // Nine requests for eight videos: the limit refused none, or there would be more.
    expect(ended.flatMap(({ stdout }) => attemptsIn(stdout)).sort()).toEqual([1, 1, 1, 1, 1, 1, 1, 2]);
    expect(downloadsOf(mock)).toHaveLength(9);
    expectPaced(mock, 3, 2000);
    expect(recordsIn(scene.configFolder)).toHaveLength(1);
  });

  it('all wait as long as the server tells one of them to', async ({ scene }) => {
    const [first = '', second = ''] = IDS;
    const mock = await scene.mock({ videos: VIDEOS, faults: { [first]: 'rate-limit=2x1' } });
    const limited = scene.start(['download', first, '--rate', '100/s']);
    await limited.says('attempt 2');
    const other = await scene.run(['download', second, '--rate', '100/s']);
    expect([other.code, (await limited.ended).code]).toEqual([0, 0]);
    expect(downloadsOf(mock)).toHaveLength(3);
    const [refused, ...later] = downloadsOf(mock).map((request) => request.startedAtMs);
    for (const time of later) expect(time - (refused ?? 0)).toBeGreaterThanOrEqual(2000 - JITTER_MS);
  });

  it.for(['12', '0'])(
    'send no more requests with --rate %s after the server asks for a pause of more than ten minutes',
    async (rate, { scene }) => {
      const [first = ''] = IDS;
      const mock = await scene.mock({ videos: VIDEOS, faults: { [first]: 'rate-limit=3600' } });
      const args = ['-c', '1', '--rate', rate, '-d', 'videos'];
      const limited = await scene.run(['download', ...IDS, ...args, '--json']);
      expect(limited.code).toBe(8);
      expect(limited.stderr).toMatch(/the server asks for no requests until \d{4}-\d\d-\d\dT/);
      const records = limited.stdout
        .toString()
        .trim()
        .split('\n')
        .map((line) => JSON.parse(line));
      expect(records.map(({ error }) => error.code)).toEqual(['0429', ...Array(7).fill('not_started')]);
      for (const command of [['download', IDS[1] ?? '', ...args], ['list'], ['sync', 'library']]) {
        const next = await scene.run(command);
        expect([next.code, next.stderr]).toEqual([8, expect.stringContaining('no requests until')]);
      }
      expect(mock.requests).toHaveLength(1);
    },
  );

  it('are not held up by what another server asked of the same key', async ({ scene }) => {
    const [first = '', second = ''] = IDS;
    await scene.mock({ videos: VIDEOS, faults: { [first]: 'rate-limit=3600' } });
    expect((await scene.run(['download', first])).code).toBe(8);
    await scene.mock({ videos: VIDEOS });
    const { code, stderr } = await scene.run(['download', second]);
    expect(code, stderr).toBe(0);
  });

  it('neither wait nor record their starts with --rate 0', async ({ scene }) => {
    const mock = await scene.mock({ videos: VIDEOS });
    expect((await scene.run(['download', ...IDS.slice(0, 2), '--rate', '2/1h'])).code).toBe(0);
    const [name = ''] = recordsIn(scene.configFolder);
    const before = readFileSync(join(scene.configFolder, name), 'utf8');
    // If it waited, it would wait for an hour.
    expect((await scene.run(['download', ...IDS.slice(2), '--rate', '0'])).code).toBe(0);
    expect(downloadsOf(mock)).toHaveLength(8);
    expect(readFileSync(join(scene.configFolder, name), 'utf8')).toBe(before);
  });

  it('create no record when the rate is always 0', async ({ scene }) => {
    await scene.mock({ videos: VIDEOS });
    mkdirSync(scene.configFolder);
    expect((await scene.run(['download', ...IDS, '--rate', '0'])).code).toBe(0);
    expect(readdirSync(scene.configFolder)).toEqual([]);
  });

  it('each keep the limit by themselves when the record cannot be locked, and -v says why', async ({
    scene,
  }) => {
    const mock = await scene.mock({ videos: VIDEOS });
    writeFileSync(scene.configFolder, 'a file where the folder should be');
    const { code, stderr } = await scene.run(['download', ...IDS.slice(0, 4), '--rate', '2/1s', '-v']);
    expect(code).toBe(0);
    expect(stderr).toContain('this process keeps to it by itself');
    expect(scene.names()).toHaveLength(4);
    expectPaced(mock, 2, 1000);
  });

  it('do not write the key to the record', async ({ scene }) => {
    await scene.mock({ videos: VIDEOS });
    await scene.run(['download', ...IDS.slice(0, 1), '--rate', '12']);
    const [name = ''] = recordsIn(scene.configFolder);
    const record = name + readFileSync(join(scene.configFolder, name), 'utf8');
    expect(record).not.toContain('sk-');
    expect(record).not.toContain(scene.key.slice(-8));
  });
});
