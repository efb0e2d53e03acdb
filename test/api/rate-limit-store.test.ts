import { createHash } from 'node:crypto';
import {
  chmodSync,
  chownSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { basename, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { type RateLimitStore, rateLimitStore, type Starts } from '../../src/api/rate-limit-store.ts';
import { type Clock, systemClock } from '../../src/host.ts';
import { tempDir } from '../helpers/temp-dir.ts';

const KEY = `sk-mavi-${'k'.repeat(60)}wxyz`;
const NAME = `starts-${createHash('sha256').update(KEY).digest('hex').slice(0, 16)}.json`;
const RATE = { starts: 2, windowMs: 1000 };
const NOW = Date.UTC(2026, 0, 1);
const HOUR_MS = 3_600_000;

/** A store at one moment. */
interface Moment {
  readonly nowMs?: number;
  /** Default: as much more than an hour as the clock shows more than NOW. */
  readonly uptimeMs?: number;
  readonly key?: string;
  readonly rate?: typeof RATE;
  /** Default: fails the test. */
  readonly onAlone?: (why: string) => void;
}

function store(folder: string, moment: Moment = {}): RateLimitStore {
  const { nowMs = NOW, uptimeMs = nowMs - NOW + HOUR_MS, key = KEY, rate = RATE } = moment;
  const clock: Clock = { ...systemClock, nowMs: () => nowMs, uptimeMs: () => uptimeMs };
  const host = {
    hostname: 'here',
    pid: process.pid,
    isAlive: () => true,
    onExit: () => () => {},
    clock,
    random: () => 0.5,
  };
  const { onAlone = (why: string) => expect.unreachable(why) } = moment;
  return rateLimitStore(clock, { host, folder, account: key, rate, onAlone });
}

function add(startMs: number): (now: Starts) => Starts {
  return (now) => ({ ...now, starts: [...now.starts, startMs] });
}

function pause(untilMs: number): (now: Starts) => Starts {
  return (now) => ({ ...now, pausedUntilMs: untilMs });
}

const same = (now: Starts): Starts => now;

describe('the shared record', () => {
  it('is the same for the same folder and key', async () => {
    const folder = tempDir();
    await store(folder).update(add(NOW));
    const seen = await store(folder, { nowMs: NOW + 5 }).update(add(NOW + 5));
    expect(seen).toMatchObject({ starts: [NOW, NOW + 5], pausedUntilMs: 0 });
    expect(await store(folder, { nowMs: NOW + 6 }).read()).toMatchObject({ starts: [NOW, NOW + 5] });
  });

  it('is a different one for a different key', async () => {
    const folder = tempDir();
    await store(folder).update(add(NOW));
    expect((await store(folder, { key: 'another-key' }).update(same)).starts).toEqual([]);
  });

  it('loses no start when several write at the same time', async () => {
    const folder = tempDir();
    const nowMs = NOW + 100;
    const stores = [store(folder, { nowMs }), store(folder, { nowMs }), store(folder, { nowMs })];
    const times = Array.from({ length: 24 }, (_, index) => NOW + index);
    await Promise.all(times.map((at) => stores[at % 3]?.update(add(at))));
    const { starts } = await store(folder, { nowMs }).read();
    expect([...starts].sort()).toEqual(times);
  });

  it('keeps the end of a pause', async () => {
    const folder = tempDir();
    await store(folder).update(pause(NOW + 9000));
    expect((await store(folder, { nowMs: NOW + 1 }).read()).pausedUntilMs).toBe(NOW + 9000);
  });

  it('names the key only by a hash, outside and inside', async () => {
    const folder = tempDir();
    await store(folder).update(add(NOW));
    expect(readdirSync(folder)).toEqual([NAME]);
    expect(readFileSync(join(folder, NAME), 'utf8')).not.toContain(KEY.slice(-8));
  });

  it('creates its folder if missing, and is readable by its owner alone', async () => {
    const folder = join(tempDir(), 'deep', 'mavi');
    await store(folder).update(add(NOW));
    expect(statSync(folder).mode & 0o777).toBe(0o700);
    expect(statSync(join(folder, NAME)).mode & 0o777).toBe(0o600);
  });

  it('can become shorter without leftovers of the longer text', async () => {
    const folder = tempDir();
    await store(folder).update((now) => ({ ...now, starts: Array.from({ length: 50 }, () => NOW) }));
    await store(folder, { nowMs: NOW + 2 * HOUR_MS }).update(same);
    expect(JSON.parse(readFileSync(join(folder, NAME), 'utf8'))).toMatchObject({ starts: [] });
  });

  it.each([
    ['torn', '{"starts":[17672256'],
    ['empty', ''],
    ['null', 'null'],
    ['a list', '[1,2]'],
    ['of other types', '{"starts":"none","pausedUntilMs":"never","boot":7}'],
    ['with invalid numbers', '{"starts":["1",null,{}],"pausedUntilMs":null,"writtenMs":{}}'],
    ['binary', '\u0000\u0001\u0002'],
  ])('counts as empty when its file is %s, and is rewritten', async (_what, content) => {
    const folder = tempDir();
    await store(folder).update(add(NOW));
    writeFileSync(join(folder, NAME), content);
    expect((await store(folder).update(add(NOW))).starts).toEqual([NOW]);
    expect((await store(folder).read()).starts).toEqual([NOW]);
  });

  it('forgets starts after an hour, or after the window if that is longer', async () => {
    const folder = tempDir();
    const rate = { starts: 2, windowMs: 24 * HOUR_MS };
    const starts = [NOW - 25 * HOUR_MS, NOW - 2 * HOUR_MS, NOW - HOUR_MS / 2];
    await store(folder, { rate }).update((now) => ({ ...now, starts }));
    expect((await store(folder, { rate }).update(same)).starts).toEqual(starts.slice(1));
    expect((await store(folder).update(same)).starts).toEqual(starts.slice(2));
  });

  it('a pause lasts a week at most, whatever the file says', async () => {
    const folder = tempDir();
    await store(folder).update(pause(1e300));
    expect((await store(folder).read()).pausedUntilMs).toBe(NOW + 7 * 24 * HOUR_MS);
  });
});

describe('when the clock was set', () => {
  it.each([
    ['back by an hour', -HOUR_MS],
    ['back by a month', -720 * HOUR_MS],
    ['forward by a minute', 60_000],
    ['forward by a day', 24 * HOUR_MS],
  ])('%s, starts and pauses are as old as before', async (_how, stepMs) => {
    const folder = tempDir();
    await store(folder).update(() => ({ starts: [NOW - 300, NOW], pausedUntilMs: NOW + 5000 }));
    const nowMs = NOW + 100 + stepMs;
    const seen = await store(folder, { nowMs, uptimeMs: HOUR_MS + 100 }).update(same);
    expect(seen).toMatchObject({ starts: [nowMs - 400, nowMs - 100], pausedUntilMs: nowMs + 4900 });
  });

  it('back while the machine was off, a future start counts as now', async () => {
    const folder = tempDir();
    await store(folder).update(() => ({ starts: [NOW - 300, NOW], pausedUntilMs: NOW + 5000 }));
    const nowMs = NOW - HOUR_MS;
    const seen = await store(folder, { nowMs, uptimeMs: 1000 }).update(same);
    expect(seen).toMatchObject({ starts: [nowMs - 300, nowMs], pausedUntilMs: nowMs + 5000 });
  });

  it('an unexplained future start counts as now', async () => {
    const folder = tempDir();
    await store(folder).update(() => ({ starts: [NOW + 5000, NOW + HOUR_MS], pausedUntilMs: 0 }));
    expect((await store(folder).update(same)).starts).toEqual([NOW, NOW]);
  });
});

describe('where the record cannot be shared', () => {
  it.each<[string, (folder: string) => void]>([
    ['its folder is a file', (folder) => writeFileSync(folder, 'in the way')],
    ['its file is a folder', (folder) => mkdirSync(join(folder, NAME), { recursive: true })],
    [
      'its file is a link',
      (folder) => {
        mkdirSync(folder);
        symlinkSync('/nowhere', join(folder, NAME));
      },
    ],
    [
      'others may write its file',
      (folder) => {
        mkdirSync(folder);
        writeFileSync(join(folder, NAME), '{"starts":[],"pausedUntilMs":9e99}');
        chmodSync(join(folder, NAME), 0o666);
      },
    ],
  ])('because %s, the process paces itself alone immediately, and says so once', async (_why, spoil) => {
    const folder = join(tempDir(), 'mavi');
    spoil(folder);
    const reasons: string[] = [];
    const alone = store(folder, { onAlone: (why) => reasons.push(why) });
    await alone.update(add(NOW));
    expect(await alone.update(add(NOW))).toMatchObject({ starts: [NOW, NOW], pausedUntilMs: 0 });
    expect(await alone.read()).toMatchObject({ starts: [NOW, NOW] });
    expect(reasons).toHaveLength(1);
    expect(reasons[0]).not.toContain(KEY.slice(8));
  });

  it('because its file belongs to another user, it is not used', async () => {
    // Only root can give a file away; for others the mode is tested above.
    if (process.getuid?.() !== 0) return;
    const folder = tempDir();
    await store(folder).update(pause(NOW + HOUR_MS));
    chownSync(join(folder, NAME), 1234, 1234);
    const reasons: string[] = [];
    const alone = store(folder, { onAlone: (why) => reasons.push(why) });
    expect((await alone.update(same)).pausedUntilMs).toBe(0);
    expect(reasons).toEqual([expect.stringContaining('others may write')]);
  });

  it('any longer, the process remembers what it read', async () => {
    const folder = join(tempDir(), 'mavi');
    const reasons: string[] = [];
    const mine = store(folder, { onAlone: (why) => reasons.push(why) });
    await mine.update(add(NOW));
    chmodSync(join(folder, NAME), 0o602);
    expect((await mine.update(add(NOW))).starts).toEqual([NOW, NOW]);
    expect(reasons).toHaveLength(1);
  });

  it('leaves no file but the record', async () => {
    const folder = tempDir();
    writeFileSync(join(folder, 'victim'), 'precious');
    for (const name of ['next', 'tmp']) symlinkSync('victim', join(folder, `${NAME}.${name}`));
    await store(folder).update(add(NOW));
    expect(readFileSync(join(folder, 'victim'), 'utf8')).toBe('precious');
    expect(readdirSync(folder).sort()).toEqual(
      [NAME, `${NAME}.next`, `${NAME}.tmp`, basename('victim')].sort(),
    );
  });
});

describe('a store without a record', () => {
  it('keeps what was recorded, and shares it with nobody', async () => {
    const own = rateLimitStore(systemClock);
    await own.update((now, nowMs) => add(nowMs)(now));
    await own.update((now, nowMs) => add(nowMs)(now));
    expect((await own.read()).starts).toHaveLength(2);
    expect((await rateLimitStore(systemClock).read()).starts).toEqual([]);
  });
});
