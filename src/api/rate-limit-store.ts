/** The record of starts and pauses that all `mavi` processes of one user and key on a machine share. */
import { createHash } from 'node:crypto';
import { constants, open, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { makeFolder } from '../folders.ts';
import type { Clock } from '../host.ts';
import { bootId } from '../liveness.ts';
import { acquireLock, type LockOptions } from '../lock.ts';
import type { Rate } from '../settings/values.ts';

/** What counts for the next start. Times are milliseconds since the epoch. */
export interface Starts {
  /** When requests started. */
  readonly starts: readonly number[];
  /** Nobody starts before this, because the server said so; 0 for no pause. */
  readonly pausedUntilMs: number;
}

/** Where starts are kept. It returns times by the clock as it is now, even if that was set meanwhile. */
export interface RateLimitStore {
  /** Replaces what is kept by what `change` makes of it, and resolves to that. Atomic among all users of the store. */
  update(change: Change): Promise<Starts>;
  /** What is kept, read without a lock: another process may be changing it. */
  read(): Promise<Starts>;
}

type Change = (now: Starts, nowMs: number) => Starts;

/** Starts are kept for at least this long, in milliseconds, for processes with a longer window. */
const KEPT_MS = 3_600_000;

/** No pause lasts longer than a week, in milliseconds: a damaged record must not block for ever. */
const LONGEST_PAUSE_MS = 7 * 86_400_000;

/** By how much the clock and the time since boot may drift apart, in milliseconds, before the clock counts as set. */
const CLOCK_TOLERANCE_MS = 1500;

/** The lock is held for a few milliseconds at a time. A process that waits for longer than this paces itself alone. */
const BRIEF_LOCK = { patienceMs: 10_000, abandonedAfterMs: 2000, renews: false };

/** What is kept, with the readings of the clocks when it was written. */
interface Entry extends Starts {
  readonly writtenMs: number;
  /** Milliseconds since the machine was started. */
  readonly uptimeMs: number;
  /** Identifies that start of the machine; empty if unknown. */
  readonly boot: string;
}

const EMPTY: Entry = { starts: [], pausedUntilMs: 0, writtenMs: 0, uptimeMs: 0, boot: '' };

/** How the times of entries are read and written. */
interface Timing {
  readonly clock: Clock;
  readonly boot: string;
  readonly keepMs: number;
}

/** A store of this process alone. */
export function memoryStore(clock: Clock): RateLimitStore {
  const timing = { clock, boot: 'this process', keepMs: KEPT_MS };
  let kept = EMPTY;
  return {
    update: async (change) => {
      kept = changed(kept, change, timing);
      return kept;
    },
    read: async () => current(kept, timing, clock.nowMs()),
  };
}

/** What a shared store is made of. */
export interface SharedStoreOptions {
  readonly host: LockOptions['host'];
  /** The folder of the record, created if missing. */
  readonly folder: string;
  /** Names the record, as a hash only. */
  readonly key: string;
  readonly rate: Rate | null;
  /** Called once with the reason when the record can't be shared: from then on, this process paces itself alone. */
  readonly onAlone: (why: string) => void;
}

/** The store that the processes of one user and key share. */
export function sharedStore({ host, folder, key, rate, onAlone }: SharedStoreOptions): RateLimitStore {
  const name = createHash('sha256').update(key).digest('hex').slice(0, 16);
  const path = join(folder, `starts-${name}.json`);
  const { clock } = host;
  const keepMs = Math.max(KEPT_MS, rate === null ? 0 : countedMs(rate));
  const timing = { clock, boot: bootId() ?? '', keepMs };
  let kept = EMPTY;
  let isAlone = false;
  const updateFile = async (change: Change): Promise<Entry> => {
    await makeFolder(folder, folder, 0o700);
    const lockPath = `${path}.lock`;
    const release = await acquireLock(lockPath, { host, ...BRIEF_LOCK });
    try {
      const { uid } = await stat(lockPath);
      return await rewrite(path, uid, (entry) => changed(entry, change, timing));
    } finally {
      await release();
    }
  };
  const paceAlone = (error: Error): null => {
    isAlone = true;
    onAlone(error.message);
    return null;
  };
  const update = async (change: Change): Promise<Starts> => {
    const shared = isAlone ? null : await updateFile(change).catch(paceAlone);
    kept = shared ?? changed(kept, change, timing);
    return kept;
  };
  // One after the other, so that this process does not wait for its own lock.
  let last: Promise<unknown> = Promise.resolve();
  return {
    update(change) {
      const updated = last.then(() => update(change));
      last = updated.catch(() => {});
      return updated;
    },
    async read() {
      if (!isAlone) kept = await readFile(path, { encoding: 'utf8', flag: SAFELY }).then(parse, () => kept);
      return current(kept, timing, clock.nowMs());
    },
  };
}

function changed(entry: Entry, change: Change, timing: Timing): Entry {
  const { clock, boot } = timing;
  // Read once, after the wait for the record.
  const nowMs = clock.nowMs();
  const { starts, pausedUntilMs } = change(current(entry, timing, nowMs), nowMs);
  return { starts, pausedUntilMs, writtenMs: nowMs, uptimeMs: clock.uptimeMs(), boot };
}

/**
 * What still counts of an entry. Where the clock was set since it was written, its times move along, as far as the
 * time since boot shows that; a time in the future, which a clock that was set back leaves behind, counts as now.
 */
function current(entry: Entry, { clock, boot, keepMs }: Timing, nowMs: number): Starts {
  const isSameBoot = boot !== '' && entry.boot === boot && entry.uptimeMs <= clock.uptimeMs();
  const stepMs = isSameBoot ? nowMs - entry.writtenMs - (clock.uptimeMs() - entry.uptimeMs) : 0;
  const shiftMs = Math.abs(stepMs) > CLOCK_TOLERANCE_MS ? stepMs : Math.min(0, nowMs - entry.writtenMs);
  const starts = entry.starts.map((start) => Math.min(start + shiftMs, nowMs));
  return {
    starts: starts.filter((start) => start > nowMs - keepMs),
    pausedUntilMs: Math.min(entry.pausedUntilMs + shiftMs, nowMs + LONGEST_PAUSE_MS),
  };
}

/** Something else may have been put in the record's place: a link is not followed, a FIFO not waited for. */
const SAFELY = constants.O_NOFOLLOW | constants.O_NONBLOCK;

/** Changes the file, which is created if missing. `owner` is the user ID of what this process creates. */
async function rewrite(path: string, owner: number, change: (entry: Entry) => Entry): Promise<Entry> {
  // In place, so that no other file is created or left behind.
  const file = await open(path, constants.O_RDWR | constants.O_CREAT | SAFELY, 0o600);
  try {
    const { uid, mode, size } = await file.stat();
    if ((uid !== owner && uid !== 0) || (mode & 0o022) !== 0) throw new Error(`others may write ${path}`);
    const entry = change(parse(await file.readFile('utf8')));
    // Spaces over the end of a longer record, so that no moment shows half of it.
    await file.write(JSON.stringify(entry).padEnd(size), 0);
    return entry;
  } finally {
    await file.close();
  }
}

/** Parses an entry; what is torn, as after a crash of the machine, counts as empty. */
function parse(text: string): Entry {
  try {
    const value = JSON.parse(text) as Partial<Record<keyof Entry, unknown>>;
    const number = (each: unknown): number => (Number.isFinite(each) ? Number(each) : 0);
    return {
      starts: Array.isArray(value.starts) ? value.starts.filter((start) => Number.isFinite(start)) : [],
      pausedUntilMs: number(value.pausedUntilMs),
      writtenMs: number(value.writtenMs),
      uptimeMs: number(value.uptimeMs),
      boot: typeof value.boot === 'string' ? value.boot : '',
    };
  } catch {
    return EMPTY;
  }
}

/**
 * The margin of a rate, in milliseconds: a 100th of its window, at most a second. Requests take differently long to
 * the server, which counts when they arrive.
 */
export function marginMs({ windowMs }: Rate): number {
  return Math.min(1000, Math.ceil(windowMs / 100));
}

/** How long a start counts, in milliseconds: the window of the rate, and its margin. */
export function countedMs(rate: Rate): number {
  return rate.windowMs + marginMs(rate);
}

/**
 * How long the request in the given place of the queue has to wait, in milliseconds, so that no window of
 * `rate.windowMs` holds more than `rate.starts`. Pure.
 * @param starts when earlier requests started, in milliseconds, in any order
 * @param place 0 for the next one, 1 for the one after it, and so on
 */
export function waitMs(starts: readonly number[], rate: Rate, nowMs: number, place = 0): number {
  const spanMs = countedMs(rate);
  const recent = starts.filter((start) => start > nowMs - spanMs).sort((a, b) => a - b);
  // Each place further back waits for one more start to leave the window; a full window later it starts over.
  const rounds = Math.floor(place / rate.starts);
  const index = recent.length - rate.starts + (place % rate.starts);
  const leaves = index < 0 ? nowMs : (recent[index] as number) + spanMs;
  return Math.max(0, leaves - nowMs) + rounds * spanMs;
}
