import { createHash } from 'node:crypto';
import { mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { ownRecord, type StartRecord, type Starts, sharedRecord } from '../../src/api/rate-limit-store.ts';
import { tempDir } from '../helpers/temp-dir.ts';

const KEY = `sk-mavi-${'k'.repeat(60)}wxyz`;
const RATE = { starts: 2, windowMs: 1000 };
const NOW = Date.UTC(2026, 0, 1);
const HOUR_MS = 3_600_000;

/** A record whose failure to be shared fails the test. */
function record(folder: string, key = KEY, rate = RATE): StartRecord {
  return sharedRecord(folder, key, rate, (why) => expect.unreachable(why));
}

function add(nowMs: number): (now: Starts) => Starts {
  return (now) => ({ ...now, starts: [...now.starts, nowMs] });
}

const same = (now: Starts): Starts => now;

function pathOf(folder: string): string {
  const [name, ...others] = readdirSync(folder).filter((each) => each.endsWith('.json'));
  expect(others).toEqual([]);
  return join(folder, name as string);
}

describe('the shared record', () => {
  it('is one for all who use the same folder and key', async () => {
    const folder = tempDir();
    expect(await record(folder).update(() => NOW, add(NOW))).toEqual({ starts: [NOW], blockedUntilMs: 0 });
    const seen = await record(folder).update(() => NOW + 5, add(NOW + 5));
    expect(seen).toEqual({ starts: [NOW, NOW + 5], blockedUntilMs: 0 });
    expect(JSON.parse(readFileSync(pathOf(folder), 'utf8'))).toEqual(seen);
  });

  it('is another one for another key', async () => {
    const folder = tempDir();
    await record(folder).update(() => NOW, add(NOW));
    expect(await record(folder, 'another-key').update(() => NOW, same)).toEqual({
      starts: [],
      blockedUntilMs: 0,
    });
  });

  it('loses no start of those who write at once', async () => {
    const folder = tempDir();
    const records = [record(folder), record(folder), record(folder)];
    const times = Array.from({ length: 24 }, (_, index) => NOW + index);
    await Promise.all(times.map((at) => records[at % 3]?.update(() => NOW + 100, add(at))));
    const { starts } = await record(folder).update(() => NOW + 100, same);
    expect([...starts].sort()).toEqual(times);
  });

  it('says until when nobody starts', async () => {
    const folder = tempDir();
    await record(folder).update(
      () => NOW,
      (now) => ({ ...now, blockedUntilMs: NOW + 9000 }),
    );
    expect(await record(folder).update(() => NOW + 1, same)).toEqual({
      starts: [],
      blockedUntilMs: NOW + 9000,
    });
  });

  it('names the key only by a hash, outside and inside', async () => {
    const folder = tempDir();
    await record(folder).update(() => NOW, add(NOW));
    const hash = createHash('sha256').update(KEY).digest('hex').slice(0, 16);
    expect(readdirSync(folder)).toEqual([`starts-${hash}.json`]);
    const content = readFileSync(pathOf(folder), 'utf8');
    expect(content).toBe(JSON.stringify({ starts: [NOW], blockedUntilMs: 0 }));
    expect(content).not.toContain(KEY.slice(-8));
  });

  it('makes its folder where there is none, for its owner alone', async () => {
    const folder = join(tempDir(), 'deep', 'mavi');
    await record(folder).update(() => NOW, add(NOW));
    if (process.platform === 'win32') return;
    expect(statSync(folder).mode & 0o777).toBe(0o700);
    expect(statSync(pathOf(folder)).mode & 0o777).toBe(0o600);
  });

  it('leaves neither a lock nor a half-written file behind', async () => {
    const folder = tempDir();
    await record(folder).update(() => NOW, add(NOW));
    expect(readdirSync(folder)).toEqual([basename(pathOf(folder))]);
  });

  it.each([
    ['torn', '{"starts":[17672256'],
    ['empty', ''],
    ['null', 'null'],
    ['a list', '[1,2]'],
    ['of other types', '{"starts":"none","blockedUntilMs":"never"}'],
    ['of other numbers', '{"starts":["1",null,{}],"blockedUntilMs":null}'],
    ['binary', '\u0000\u0001\u0002'],
  ])('counts as empty when its file is %s, and is written anew', async (_what, content) => {
    const folder = tempDir();
    await record(folder).update(() => NOW, add(NOW));
    writeFileSync(pathOf(folder), content);
    expect(await record(folder).update(() => NOW, add(NOW + 1))).toEqual({
      starts: [NOW + 1],
      blockedUntilMs: 0,
    });
    expect(await record(folder).update(() => NOW + 2, same)).toEqual({
      starts: [NOW + 1],
      blockedUntilMs: 0,
    });
  });

  it('forgets starts after an hour, or after the window where that is longer', async () => {
    const folder = tempDir();
    const day = { starts: 2, windowMs: 24 * HOUR_MS };
    await record(folder, KEY, day).update(
      () => NOW,
      () => ({
        starts: [NOW - 25 * HOUR_MS, NOW - 2 * HOUR_MS, NOW - HOUR_MS / 2],
        blockedUntilMs: 0,
      }),
    );
    expect((await record(folder, KEY, day).update(() => NOW, same)).starts).toEqual([
      NOW - 2 * HOUR_MS,
      NOW - HOUR_MS / 2,
    ]);
    expect((await record(folder).update(() => NOW, same)).starts).toEqual([NOW - HOUR_MS / 2]);
  });

  it('does not let a clock that was set back block for as long', async () => {
    const folder = tempDir();
    await record(folder).update(
      () => NOW,
      () => ({ starts: [NOW], blockedUntilMs: NOW + 600_000 }),
    );
    const before = NOW - 30 * 24 * HOUR_MS;
    expect(await record(folder).update(() => before, same)).toEqual({ starts: [], blockedUntilMs: 0 });
  });

  it('keeps a block of as long as a server may ask for, and none longer', async () => {
    const folder = tempDir();
    await record(folder).update(
      () => NOW,
      (now) => ({ ...now, blockedUntilMs: NOW + 600_001 }),
    );
    expect((await record(folder).update(() => NOW + 1, same)).blockedUntilMs).toBe(NOW + 600_001);
    expect((await record(folder).update(() => NOW, same)).blockedUntilMs).toBe(0);
  });
});

describe('where the record cannot be shared', () => {
  it.each([
    ['its folder is a file', (folder: string) => writeFileSync(join(folder, 'mavi'), 'in the way')],
    [
      'its file is a folder',
      (folder: string) => {
        const hash = createHash('sha256').update(KEY).digest('hex').slice(0, 16);
        mkdirSync(join(folder, 'mavi', `starts-${hash}.json`), { recursive: true });
      },
    ],
  ])('because %s, the process paces itself alone and is told so once', async (_why, spoil) => {
    const parent = tempDir();
    const folder = join(parent, 'mavi');
    spoil(parent);
    const told: string[] = [];
    const alone = sharedRecord(folder, KEY, RATE, (why) => told.push(why));
    await alone.update(() => NOW, add(NOW));
    expect(await alone.update(() => NOW + 5, add(NOW + 5))).toEqual({
      starts: [NOW, NOW + 5],
      blockedUntilMs: 0,
    });
    expect(told).toHaveLength(1);
    expect(told[0]).toMatch(/EEXIST|ENOTDIR|EISDIR/);
    expect(told[0]).not.toContain(KEY.slice(8));
  });

  it('since it was shared before, the process remembers what it saw', async () => {
    const folder = join(tempDir(), 'mavi');
    const told: string[] = [];
    const mine = sharedRecord(folder, KEY, RATE, (why) => told.push(why));
    await record(folder).update(() => NOW, add(NOW));
    await mine.update(() => NOW + 1, add(NOW + 1));
    // A folder stands where the next version of the file would be put together.
    mkdirSync(`${pathOf(folder)}.next`);
    const seen = await mine.update(() => NOW + 2, add(NOW + 2));
    expect(seen.starts).toEqual([NOW, NOW + 1, NOW + 2]);
    expect(told).toHaveLength(1);
  });

  it('alone, it forgets like the others', async () => {
    const parent = tempDir();
    writeFileSync(join(parent, 'mavi'), '');
    const alone = sharedRecord(join(parent, 'mavi'), KEY, RATE, () => {});
    await alone.update(
      () => NOW,
      () => ({ starts: [NOW - 2 * HOUR_MS, NOW], blockedUntilMs: NOW + HOUR_MS }),
    );
    expect(await alone.update(() => NOW, same)).toEqual({ starts: [NOW], blockedUntilMs: 0 });
  });
});

describe("a process's own record", () => {
  it('keeps what it was told', async () => {
    const own = ownRecord();
    await own.update(() => NOW, add(NOW));
    expect(await own.update(() => NOW, add(NOW + 1))).toEqual({ starts: [NOW, NOW + 1], blockedUntilMs: 0 });
  });

  it("is nobody else's", async () => {
    await ownRecord().update(() => NOW, add(NOW));
    expect(await ownRecord().update(() => NOW, same)).toEqual({ starts: [], blockedUntilMs: 0 });
  });
});
