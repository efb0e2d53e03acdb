/** The record of starts and pauses that all `mavi` processes of one user and key on a machine share. */
import { createHash } from 'node:crypto';
import { constants, open, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { makeFolder } from '../folders.ts';
import type { Clock, Host } from '../host.ts';
import { bootId } from '../liveness.ts';
import { acquireLock } from '../lock.ts';
import type { Rate } from '../settings/values.ts';

/** What counts for the next start. Times are milliseconds since the epoch. */
export interface Starts {
  /** When requests started. */
  readonly starts: readonly number[];
  /** Nobody starts before this, because the server said so; 0 for no pause. */
  readonly pausedUntilMs: number;
}

/** Where starts are kept. Times in what it answers with are right by today's clock, even if it was set meanwhile. */
export interface RateLimitStore {
  /** Replaces what is kept by what `change` makes of it, and resolves to that. Atomic among all users of the store. */
  update(change: (now: Starts, nowMs: number) => Starts): Promise<Starts>;
  /** What is kept, read without a lock: another process may be changing it. */
  read(): Promise<Starts>;
}

/** Starts are kept for at least this long, in milliseconds, for processes with a longer window than one's own. */
const KEPT_MS = 3_600_000;

/** No pause lasts longer than a week, in milliseconds: a damaged record must not block for ever. */
const LONGEST_PAUSE_MS = 7 * 86_400_000;

/** By how much two readings of the clock and of the time since boot may differ, in milliseconds, without a step of the clock. */
const CLOCK_TOLERANCE_MS = 1500;

/** The lock is held for a few milliseconds at a time. Whoever waits for longer than this paces itself alone. */
const PATIENCE_MS = 10_000;
const ABANDONED_AFTER_MS = 2000;

/** What is kept, with the readings of the clocks when it was written. */
interface Entry extends Starts {
  readonly writtenMs: number;
  /** Milliseconds since the machine was started. */
  readonly uptimeMs: number;
  /** Which start of the machine that was; empty where the system does not tell. */
  readonly boot: string;
}

const EMPTY: Entry = { starts: [], pausedUntilMs: 0, writtenMs: 0, uptimeMs: 0, boot: '' };

type Change = (now: Starts, nowMs: number) => Starts;

/** A store of this process alone. */
export function memoryStore(clock: Clock): RateLimitStore {
  let kept = EMPTY;
  return {
    update: async (change) => {
      kept = changed(kept, change, clock, 'this process', KEPT_MS);
      return kept;
    },
    read: async () => current(kept, clock, 'this process', KEPT_MS),
  };
}

/** What a shared store is made of. */
export interface SharedStoreOptions {
  readonly host: Pick<Host, 'hostname' | 'pid' | 'isAlive' | 'onExit' | 'clock' | 'random'>;
  /** The folder of the record, made if missing. */
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
  const boot = bootId() ?? '';
  const keepMs = Math.max(KEPT_MS, rate === null ? 0 : countedMs(rate));
  let kept = EMPTY;
  let isAlone = false;
  const updateFile = async (change: Change): Promise<void> => {
    await makeFolder(folder, folder, 0o700);
    const lockPath = `${path}.lock`;
    const patience = { patienceMs: PATIENCE_MS, abandonedAfterMs: ABANDONED_AFTER_MS, renews: false };
    const release = await acquireLock(lockPath, { host, ...patience });
    try {
      const { uid } = await stat(lockPath);
      kept = await rewrite(path, uid, (entry) => changed(entry, change, clock, boot, keepMs));
    } finally {
      await release();
    }
  };
  const update = async (change: Change): Promise<Starts> => {
    if (!isAlone) {
      try {
        await updateFile(change);
        return kept;
      } catch (error) {
        isAlone = true;
        onAlone((error as Error).message);
      }
    }
    kept = changed(kept, change, clock, boot, keepMs);
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
      if (!isAlone) kept = await readOnly(path).catch(() => kept);
      return current(kept, clock, boot, keepMs);
    },
  };
}

function changed(entry: Entry, change: Change, clock: Clock, boot: string, keepMs: number): Entry {
  // One reading for all: the time at which the record is at hand, since waiting for it takes a while.
  const nowMs = clock.nowMs();
  const { starts, pausedUntilMs } = change(current(entry, clock, boot, keepMs, nowMs), nowMs);
  return { starts, pausedUntilMs, writtenMs: nowMs, uptimeMs: clock.uptimeMs(), boot };
}

/**
 * What still counts of an entry. Where the clock was set since it was written, its times move along, as far as the
 * time since boot shows that; a time in the future, which a clock that was set back leaves behind, counts as now.
 */
function current(entry: Entry, clock: Clock, boot: string, keepMs: number, nowMs = clock.nowMs()): Starts {
  const isSameBoot = boot !== '' && entry.boot === boot && entry.uptimeMs <= clock.uptimeMs();
  const stepMs = isSameBoot ? nowMs - entry.writtenMs - (clock.uptimeMs() - entry.uptimeMs) : 0;
  const shiftMs = Math.abs(stepMs) > CLOCK_TOLERANCE_MS ? stepMs : Math.min(0, nowMs - entry.writtenMs);
  return {
    starts: entry.starts
      .map((start) => Math.min(start + shiftMs, nowMs))
      .filter((start) => start > nowMs - keepMs),
    pausedUntilMs: Math.min(entry.pausedUntilMs + shiftMs, nowMs + LONGEST_PAUSE_MS),
  };
}

/** Changes the file under its name, which is created if missing. `owner` is the user id of what this process creates. */
async function rewrite(path: string, owner: number, change: (entry: Entry) => Entry): Promise<Entry> {
  // In place, so that no other file is created or left behind. A link is not followed, a FIFO not waited for.
  const file = await open(
    path,
    constants.O_RDWR | constants.O_CREAT | constants.O_NOFOLLOW | constants.O_NONBLOCK,
    0o600,
  );
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

async function readOnly(path: string): Promise<Entry> {
  const file = await open(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
  try {
    return parse(await file.readFile('utf8'));
  } finally {
    await file.close();
  }
}

/** Reads an entry; what is torn, as after a crash of the machine, counts as empty. */
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
 * What is added to a window, in parts of it and at most in milliseconds: requests take differently long from their
 * start to the server, which counts when they arrive. A 100th of a minute is 600 ms.
 */
const MARGIN_SHARE = 1 / 100;
const LARGEST_MARGIN_MS = 1000;

/** The margin of a rate, in milliseconds: a request that goes out later than half of it is recorded once more. */
export function marginMs({ windowMs }: Rate): number {
  return Math.min(LARGEST_MARGIN_MS, Math.ceil(windowMs * MARGIN_SHARE));
}

/** How long a start counts, in milliseconds: the window of the rate, and a margin. */
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
  // Each place further back waits for one more start to leave the window; a whole window later it begins anew.
  const rounds = Math.floor(place / rate.starts);
  const index = recent.length - rate.starts + (place % rate.starts);
  const leaves = index < 0 ? nowMs : (recent[index] as number) + spanMs;
  return Math.max(0, leaves - nowMs) + rounds * spanMs;
}
