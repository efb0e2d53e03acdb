/** The record of starts and pauses that all `mavi` processes of one user share for a server and key. */
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

/** Something else may have been put in the record's place: a link is not followed, a FIFO not waited for. */
const SAFELY = constants.O_NOFOLLOW | constants.O_NONBLOCK;

/** A record in a file that processes share. */
interface SharedRecord {
  readonly host: LockOptions['host'];
  /** The folder of the record, created if missing. */
  readonly folder: string;
  /** Whose starts are recorded: the API's origin and the key. Names the record, as a hash only. */
  readonly account: string;
  readonly rate: Rate | null;
  /** Called once with the reason when the record can't be shared: from then on, this process paces itself alone. */
  readonly onAlone: (why: string) => void;
}

/** The store of a shared record; without one, a store of this process alone. */
export function rateLimitStore(clock: Clock, shared: SharedRecord | null = null): RateLimitStore {
  const boot = bootId() ?? '';
  const keepMs = KEPT_MS + (shared?.rate?.windowMs ?? 0);
  let record = shared;
  let kept = EMPTY;

  /**
   * What still counts of an entry. Where the clock was set since it was written, its times move along, as far as the
   * time since boot shows that; a time in the future, which a clock that was set back leaves behind, counts as now.
   */
  const current = (entry: Entry, nowMs: number): Starts => {
    const isSameBoot = boot !== '' && entry.boot === boot && entry.uptimeMs <= clock.uptimeMs();
    const stepMs = isSameBoot ? nowMs - entry.writtenMs - (clock.uptimeMs() - entry.uptimeMs) : 0;
    const shiftMs = Math.abs(stepMs) > CLOCK_TOLERANCE_MS ? stepMs : Math.min(0, nowMs - entry.writtenMs);
    const starts = entry.starts.map((start) => Math.min(start + shiftMs, nowMs));
    return {
      starts: starts.filter((start) => start > nowMs - keepMs),
      pausedUntilMs: Math.min(entry.pausedUntilMs + shiftMs, nowMs + LONGEST_PAUSE_MS),
    };
  };

  const paceAlone = (error: Error): void => {
    record?.onAlone(error.message);
    record = null;
  };

  const update = async (change: Change): Promise<Starts> => {
    const changed = (entry: Entry): Entry => {
      // Read once, after the wait for the record.
      const nowMs = clock.nowMs();
      const { starts, pausedUntilMs } = change(current(entry, nowMs), nowMs);
      return { starts, pausedUntilMs, writtenMs: nowMs, uptimeMs: clock.uptimeMs(), boot };
    };
    const written = record && (await rewrite(record, changed).catch(paceAlone));
    kept = written ?? changed(kept);
    return kept;
  };

  let last: Promise<Starts> = Promise.resolve(EMPTY);
  return {
    update(change) {
      // One after the other, so that this process does not wait for its own lock.
      last = last.then(() => update(change));
      return last;
    },
    async read() {
      const options = { encoding: 'utf8', flag: SAFELY } as const;
      if (record !== null) kept = await readFile(pathOf(record), options).then(parse, () => kept);
      return current(kept, clock.nowMs());
    },
  };
}

function pathOf({ folder, account }: SharedRecord): string {
  const name = createHash('sha256').update(account).digest('hex').slice(0, 16);
  return join(folder, `starts-${name}.json`);
}

/** Changes the file, which is created if missing, under its lock. Throws where that is not possible. */
async function rewrite(record: SharedRecord, change: (entry: Entry) => Entry): Promise<Entry> {
  const path = pathOf(record);
  await makeFolder(record.folder, record.folder, 0o700);
  const lock = `${path}.lock`;
  const release = await acquireLock(lock, { host: record.host, ...BRIEF_LOCK });
  try {
    // In place, so that no other file is created or left behind.
    const file = await open(path, constants.O_RDWR | constants.O_CREAT | SAFELY, 0o600);
    try {
      const { uid, mode, size } = await file.stat();
      const isOurs = uid === 0 || uid === (await stat(lock)).uid;
      if (!isOurs || (mode & 0o022) !== 0) throw new Error(`others may write ${path}`);
      const entry = change(parse(await file.readFile('utf8')));
      // Spaces over the end of a longer record, so that no moment shows half of it.
      await file.write(JSON.stringify(entry).padEnd(size), 0);
      return entry;
    } finally {
      await file.close();
    }
  } finally {
    await release();
  }
}

/** Parses an entry; what is torn, as after a crash of the machine, counts as empty. */
function parse(text: string): Entry {
  try {
    const entry = JSON.parse(text) as Entry;
    const { starts, pausedUntilMs, writtenMs, uptimeMs } = entry;
    if ([...starts, pausedUntilMs, writtenMs, uptimeMs].every(Number.isFinite)) return entry;
  } catch {
    // It counts as empty.
  }
  return EMPTY;
}
