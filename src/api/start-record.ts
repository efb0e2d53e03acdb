/** The record of starts that all `mavi` processes of one user and key on a machine share. */
import { createHash } from 'node:crypto';
import { mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Rate } from '../settings/values.ts';
import { LONGEST_WAIT_MS, worthKeeping } from './pacing.ts';

/** What the record holds. */
export interface Starts {
  /** When requests started, in milliseconds since the epoch. */
  readonly starts: readonly number[];
  /** Nobody starts before this, for the server said so; 0 for no such word. */
  readonly blockedUntilMs: number;
}

/** A place where starts are kept; `update` is atomic. */
export interface StartRecord {
  /**
   * Replaces what is there by what `change` makes of it, and answers with that. The time is taken when the record
   * is at hand: waiting for it takes a while, and a start that is recorded too early lets another come too soon.
   */
  update(nowMs: () => number, change: (now: Starts, nowMs: number) => Starts): Promise<Starts>;
}

/** A record of this process alone. */
export function ownRecord(): StartRecord {
  let kept: Starts = { starts: [], blockedUntilMs: 0 };
  return {
    async update(nowMs, change) {
      kept = change(kept, nowMs());
      return kept;
    },
  };
}

/** A lock older than this, in milliseconds, is a dead process's; it is held for a few milliseconds at a time. */
const STALE_LOCK_MS = 5000;

/** Starts are kept this long at the least, in milliseconds, for processes with a longer window than one's own. */
const LEAST_KEPT_MS = 3_600_000;

/**
 * The record in a folder, for one key, which stands there only as a hash. Where it cannot be read, locked or
 * written, the process paces itself alone from then on, and `onAlone` is told why, once.
 */
export function sharedRecord(
  folder: string,
  key: string,
  rate: Rate,
  onAlone: (why: string) => void,
): StartRecord {
  const name = createHash('sha256').update(key).digest('hex').slice(0, 16);
  const path = join(folder, `starts-${name}.json`);
  const keepMs = Math.max(LEAST_KEPT_MS, rate.windowMs);
  const own = ownRecord();
  let alone = false;
  return {
    async update(nowMs, change) {
      if (!alone) {
        try {
          return await locked(folder, path, async () => {
            const before = await read(path);
            const atMs = nowMs();
            const after = change(current(before, keepMs, atMs), atMs);
            await write(path, after);
            await own.update(nowMs, () => after);
            return after;
          });
        } catch (error) {
          alone = true;
          onAlone((error as Error).message);
        }
      }
      return own.update(nowMs, (now, atMs) => change(current(now, keepMs, atMs), atMs));
    },
  };
}

/** What of a record still counts; a clock that was set back leaves times behind that would block for long. */
function current(record: Starts, keepMs: number, nowMs: number): Starts {
  return {
    starts: worthKeeping(record.starts, keepMs, nowMs),
    blockedUntilMs: record.blockedUntilMs > nowMs + LONGEST_WAIT_MS ? 0 : record.blockedUntilMs,
  };
}

async function locked<T>(folder: string, path: string, work: () => Promise<T>): Promise<T> {
  const { default: lockfile } = await import('proper-lockfile');
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const release = await lockfile.lock(path, {
    realpath: false,
    stale: STALE_LOCK_MS,
    retries: { retries: 400, factor: 1.1, minTimeout: 5, maxTimeout: 50, randomize: true },
    // Losing the lock costs a start too many at worst; ending the process over it would cost more.
    onCompromised: () => {},
  });
  try {
    return await work();
  } finally {
    await release().catch(() => {});
  }
}

async function read(path: string): Promise<Starts> {
  let text: string;
  try {
    text = await readFile(path, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return { starts: [], blockedUntilMs: 0 };
    throw error;
  }
  try {
    const value = JSON.parse(text) as Partial<Starts>;
    const starts = Array.isArray(value.starts) ? value.starts.filter((start) => Number.isFinite(start)) : [];
    return {
      starts,
      blockedUntilMs: Number.isFinite(value.blockedUntilMs) ? Number(value.blockedUntilMs) : 0,
    };
  } catch {
    // A torn record, as after a crash of the machine, counts as empty.
    return { starts: [], blockedUntilMs: 0 };
  }
}

async function write(path: string, starts: Starts): Promise<void> {
  const next = `${path}.next`;
  await writeFile(next, JSON.stringify(starts), { mode: 0o600 });
  await rename(next, path);
}
