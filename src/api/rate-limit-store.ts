/** The record of starts that all `mavi` processes of one user and key on a machine share. */
import { createHash } from 'node:crypto';
import { mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Rate } from '../settings/values.ts';

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

/** The longest wait that a server may ask for, in milliseconds: ten minutes; longer ones end the video. */
export const LONGEST_WAIT_MS = 600_000;

/**
 * How far ahead of the time of looking a start may be, in milliseconds: a process looks at the clock, then waits
 * for the lock of the record, and others start meanwhile.
 */
const AHEAD_MS = 30_000;

/**
 * What is added to a window, in parts of it and at the most in milliseconds: what a request takes to the server
 * differs from one to the next, and the server counts when it comes. A 500th of a minute is 120 ms.
 */
const MARGIN_SHARE = 1 / 500;
const LARGEST_MARGIN_MS = 250;

/** How long a start counts, in milliseconds: the window of the rate, and a margin. */
export function countedMs({ windowMs }: Rate): number {
  return windowMs + Math.min(LARGEST_MARGIN_MS, Math.ceil(windowMs * MARGIN_SHARE));
}

/**
 * How long the request in the given place of the queue has to wait, in milliseconds, so that no window of
 * `rate.windowMs` holds more than `rate.starts`.
 * @param starts when earlier requests started, in milliseconds, in any order
 * @param place 0 for the next one, 1 for the one after it, and so on
 */
export function waitMs(starts: readonly number[], rate: Rate, nowMs: number, place = 0): number {
  const spanMs = countedMs(rate);
  const recent = starts.filter((start) => start > nowMs - spanMs).sort((a, b) => a - b);
  // Each place further back waits for one more start to leave the window; a whole window later it begins anew.
  const rounds = Math.floor(place / rate.starts);
  const index = recent.length - rate.starts + (place % rate.starts);
  const leaves = index < 0 ? nowMs : (recent[index] as number) + spanMs;
  return Math.max(0, leaves - nowMs) + rounds * spanMs;
}

/**
 * The starts that are worth keeping: those within `keepMs`, and none from a far future, which a clock that was
 * set back leaves behind and which would block for as long as it was set back.
 */
export function worthKeeping(starts: readonly number[], keepMs: number, nowMs: number): number[] {
  return starts.filter((start) => start > nowMs - keepMs - LARGEST_MARGIN_MS && start <= nowMs + AHEAD_MS);
}
