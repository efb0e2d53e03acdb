import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync, readFileSync, symlinkSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { systemClock } from '../src/host.ts';
import { livenessOf, type ProcessHost, processIdentity } from '../src/liveness.ts';
import { acquireLock, awaitUnlocked, LockHeldError, type LockOptions } from '../src/lock.ts';
import { manualClock } from './helpers/manual-clock.ts';
import { tempDir } from './helpers/temp-dir.ts';

const ME: LockOptions['host'] = {
  hostname: 'here',
  pid: process.pid,
  isAlive,
  onExit: () => () => {},
  clock: systemClock,
  random: () => 0.5,
};
const ELSEWHERE = { ...ME, hostname: 'elsewhere' };

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}

function take(path: string, options: Partial<LockOptions> = {}): Promise<() => Promise<void>> {
  return acquireLock(path, { host: ME, patienceMs: 0, abandonedAfterMs: 60_000, renews: false, ...options });
}

/** The PID of a process that has ended, and its identity while it ran. */
async function ended(): Promise<ProcessHost & { identity: string }> {
  const child = spawn('sleep', ['60']);
  await once(child, 'spawn');
  const host = { ...ME, pid: child.pid as number };
  const identity = processIdentity(host);
  child.kill('SIGKILL');
  await once(child, 'exit');
  return { ...host, identity };
}

describe('the identity of a process', () => {
  it('is short and valid in a file name', () => {
    expect(processIdentity(ME)).toMatch(/^[0-9a-f-]{9,48}$/);
  });

  it('is alive as long as the process runs, and dead afterwards', async () => {
    expect(livenessOf(processIdentity(ME), ME)).toBe('alive');
    expect(livenessOf((await ended()).identity, ME)).toBe('dead');
  });

  it('is dead if another process has been given its PID', () => {
    const [machine, boot, namespace, pid] = processIdentity(ME).split('-');
    expect(livenessOf([machine, boot, namespace, pid, '1'].join('-'), ME)).toBe('dead');
  });

  it('is dead after a reboot', () => {
    const [machine, , namespace, pid, start] = processIdentity(ME).split('-');
    expect(livenessOf([machine, 'abcdef', namespace, pid, start].join('-'), ME)).toBe('dead');
  });

  it.each([
    ['on another machine', processIdentity(ELSEWHERE)],
    ['in another PID namespace', processIdentity(ME).replace(/^(\w+-\w+)-\w+/, '$1-1')],
    ['of an invalid form', 'x'],
  ])('%s is unknown', (_where, identity) => {
    expect(livenessOf(identity, ME)).toBe('unknown');
  });
});

describe('a lock', () => {
  it('excludes others until it is released, and leaves nothing behind', async () => {
    const folder = tempDir();
    const path = join(folder, 'lock');
    const release = await take(path);
    await expect(take(path)).rejects.toThrow(LockHeldError);
    await expect(take(path)).rejects.toMatchObject({ holder: `process ${process.pid} on here` });
    await release();
    await (await take(path))();
    expect(readdirSync(folder)).toEqual([]);
  });

  it('is passed on to waiting processes, one at a time', async () => {
    const path = join(tempDir(), 'lock');
    let holders = 0;
    let most = 0;
    await Promise.all(
      Array.from({ length: 20 }, async () => {
        const release = await take(path, { patienceMs: 60_000 });
        holders += 1;
        most = Math.max(most, holders);
        await new Promise((resolve) => setImmediate(resolve));
        holders -= 1;
        await release();
      }),
    );
    expect(most).toBe(1);
  });

  it.each([
    ['long ago', -3600],
    ['in the future', 3600],
  ])(
    'of a dead process is taken over immediately, by one process only, when its time is %s',
    async (_when, seconds) => {
      const folder = tempDir();
      const path = join(folder, 'lock');
      const dead = await ended();
      writeFileSync(path, JSON.stringify({ hostname: 'here', pid: dead.pid, process: dead.identity }));
      const time = Date.now() / 1000 + seconds;
      utimesSync(path, time, time);
      const taken = await Promise.allSettled(Array.from({ length: 10 }, () => take(path)));
      expect(taken.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
      expect(readdirSync(folder)).toEqual(['lock']);
    },
  );

  it('of a running process is respected whatever its modification time', async () => {
    const path = join(tempDir(), 'lock');
    await take(path);
    utimesSync(path, 0, 0);
    await expect(take(path, { abandonedAfterMs: 0 })).rejects.toThrow(LockHeldError);
  });

  it.each([
    ['of another machine', (path: string) => take(path, { host: ELSEWHERE })],
    ['whose owner was killed before it wrote its name', (path: string) => writeFileSync(path, '')],
    ['with other text', (path: string) => writeFileSync(path, '[]')],
    ['that is a dangling link', (path: string) => symlinkSync('/nowhere', path)],
  ])('%s is taken once it has not changed for the given time', async (_what, make) => {
    const clock = manualClock();
    const path = join(tempDir(), 'lock');
    await make(path);
    let isTaken = false;
    const taken = take(path, { host: { ...ME, clock }, abandonedAfterMs: 1000 }).then((release) => {
      isTaken = true;
      return release;
    });
    await advanceUntil(clock, 900);
    expect(isTaken).toBe(false);
    await advanceUntil(clock, 2000, () => isTaken);
    await (await taken)();
  });

  it('of another machine that renews it is respected', async () => {
    const clock = manualClock();
    const path = join(tempDir(), 'lock');
    const release = await take(path, { host: { ...ELSEWHERE, clock }, abandonedAfterMs: 1000, renews: true });
    const before = readFileSync(path, 'utf8');
    let outcome: unknown = null;
    void take(path, { host: { ...ME, clock }, abandonedAfterMs: 1000 }).catch((error) => {
      outcome = error;
    });
    await advanceUntil(clock, 60_000, () => outcome !== null);
    expect(outcome).toBeInstanceOf(LockHeldError);
    expect(readFileSync(path, 'utf8')).not.toBe(before);
    await release();
    expect(clock.timers).toBe(0);
  });

  it('that another process took over is neither renewed nor removed by its old owner', async () => {
    const clock = manualClock();
    const path = join(tempDir(), 'lock');
    const release = await take(path, { host: { ...ME, clock }, abandonedAfterMs: 1000, renews: true });
    writeFileSync(path, 'of another');
    await advanceUntil(clock, 2000);
    await release();
    expect(readFileSync(path, 'utf8')).toBe('of another');
  });

  it('can be waited for without being taken', async () => {
    const folder = tempDir();
    const path = join(folder, 'lock');
    const options = { host: ME, patienceMs: 0, abandonedAfterMs: 60_000, renews: false };
    await awaitUnlocked(path, options);
    const release = await take(path);
    await expect(awaitUnlocked(path, options)).rejects.toThrow(LockHeldError);
    await release();
    const dead = await ended();
    writeFileSync(path, JSON.stringify({ hostname: 'here', pid: dead.pid, process: dead.identity }));
    await awaitUnlocked(path, options);
    expect(readdirSync(folder)).toEqual([]);
  });

  it('that cannot be created fails immediately', async () => {
    await expect(take(join(tempDir(), 'none', 'lock'), { patienceMs: 60_000 })).rejects.toMatchObject({
      code: 'ENOENT',
    });
  });

  it('is no longer waited for after an interrupt', async () => {
    const path = join(tempDir(), 'lock');
    const release = await take(path);
    onTestFinished(release);
    const interrupt = new AbortController();
    const reason = new Error('stop');
    const waiting = take(path, {
      patienceMs: 60_000,
      signal: interrupt.signal,
      onWait: () => interrupt.abort(reason),
    });
    await expect(waiting).rejects.toBe(reason);
  });
});

/** Lets time pass in small steps, with real file operations in between. */
async function advanceUntil(
  clock: ReturnType<typeof manualClock>,
  ms: number,
  isDone: () => boolean = () => false,
): Promise<void> {
  for (let passed = 0; passed < ms && !isDone(); passed += 50) {
    await clock.advance(50);
    // This waits for all file operations that were queued before it.
    await take(join(tempDir(), 'lock')).then((release) => release());
  }
}
