/** A lock file, with its owner inside; without links and file times, for FAT, network disks and stepping clocks. */
import { createHash, randomBytes } from 'node:crypto';
import { readFileSync, unlinkSync } from 'node:fs';
import { constants, open, unlink } from 'node:fs/promises';
import { codeOf } from './errors.ts';
import { type Host, orNull, sleep } from './host.ts';
import { livenessOf, processIdentity } from './liveness.ts';
import { printable } from './sanitize.ts';

/** How a lock is taken. */
export interface LockOptions {
  readonly host: Pick<Host, 'hostname' | 'pid' | 'isAlive' | 'onExit' | 'clock' | 'random'>;
  /** Ends the wait. */
  readonly signal?: AbortSignal;
  /** How long to wait for an owner that runs, in milliseconds. */
  readonly patienceMs: number;
  /** After how long without a change the lock of an owner that can't be judged counts as left, in milliseconds. */
  readonly abandonedAfterMs: number;
  /** Whether the owner rewrites the lock five times in that time: needed if it is held for longer. */
  readonly renews: boolean;
  /** Called once, when the lock of another process is waited for, with the name of its machine. */
  readonly onWait?: (hostname: string) => void;
}

/** Thrown when another process still holds the lock after `patienceMs`. */
export class LockHeldError extends Error {
  /** The process and its machine, in words. */
  readonly holder: string;

  constructor(path: string, { hostname, pid }: Found) {
    const holder = `process ${pid ?? 'unknown'} on ${hostname}`;
    super(`${path} is held by ${holder}`);
    this.holder = holder;
  }
}

/** How often a held lock is read, in milliseconds: soon at first, then less often. */
const FIRST_POLL_MS = 5;
const LONGEST_POLL_MS = 100;

/** More than any lock file of ours holds, in bytes. */
const MOST_BYTES = 1024;

/**
 * Takes the lock, and resolves to the function that releases it (which never throws). A lock whose owner is dead is
 * removed. Throws LockHeldError, the file system's error where no lock can be made, and the signal's reason.
 */
export function acquireLock(path: string, options: LockOptions): Promise<() => Promise<void>> {
  const { hostname, pid } = options.host;
  const owner = { hostname: hostname.slice(0, 255), pid, process: processIdentity(options.host) };
  const lock = { ...owner, nonce: randomBytes(8).toString('hex') };
  return whenFree(path, options, async () =>
    (await create(path, textOf(lock, 0))) ? hold(path, lock, options) : null,
  );
}

/** Resolves when nobody holds the lock, without taking it. Removes and throws the same as acquireLock. */
export async function awaitUnlocked(path: string, options: LockOptions): Promise<void> {
  await whenFree(path, options, async () => ((await find(path)) === null ? true : null));
}

/** Resolves to the first result of `take` that is not null; in between, judges who holds the lock. */
async function whenFree<T>(path: string, options: LockOptions, take: () => Promise<T | null>): Promise<T> {
  const { host, patienceMs, abandonedAfterMs } = options;
  const beganMs = host.clock.ticksMs();
  let seen: Found | null = null;
  let seenMs = beganMs;
  let hasChanged = false;
  for (let look = 0; ; look += 1) {
    const taken = await take();
    if (taken !== null) return taken;
    const found = await find(path);
    const nowMs = host.clock.ticksMs();
    if (found !== null) {
      if (found.instance !== seen?.instance) {
        hasChanged = seen !== null;
        seenMs = nowMs;
        seen = found;
      }
      const liveness = livenessOf(found.process, host);
      const isAbandoned = liveness === 'unknown' && nowMs - seenMs >= abandonedAfterMs;
      if (liveness === 'dead' || isAbandoned) await removeStale(path, found, options);
      else if ((liveness === 'alive' || hasChanged) && nowMs - beganMs >= patienceMs) {
        throw new LockHeldError(path, found);
      } else if (look === 0) options.onWait?.(found.hostname);
    }
    // With a random part, so that processes that wait for each other don't look at the same moments.
    const pollMs = Math.min(LONGEST_POLL_MS, FIRST_POLL_MS * 1.2 ** look) * (0.5 + host.random() / 2);
    await sleep(host.clock, pollMs, options.signal);
  }
}

/** A lock file. */
interface Found {
  readonly hostname: string;
  readonly pid: number | null;
  /** The owner's processIdentity; empty if unknown. */
  readonly process: string;
  /** Differs between two locks of the same path, and changes when the owner renews it. */
  readonly instance: string;
}

/** The text of a lock: of the same length for each renewal, so that one can be written over another. */
function textOf(lock: object, renewal: number): string {
  return `${JSON.stringify({ ...lock, renewal: String(renewal).padStart(8, '0') })}\n`;
}

/** Creates the file; false if there is one of that name. */
async function create(path: string, text: string): Promise<boolean> {
  const file = await open(path, 'wx', 0o600).catch((error) => {
    if (codeOf(error) === 'EEXIST') return null;
    throw error;
  });
  try {
    await file?.writeFile(text);
    return file !== null;
  } catch (error) {
    await unlink(path).catch(() => {});
    throw error;
  } finally {
    await file?.close().catch(() => {});
  }
}

/** The text of a lock file, and what tells an empty one from another. */
async function read(path: string): Promise<{ text: string; version: string }> {
  // Something else may have been put in its place: a link is not followed, a FIFO not waited for.
  const file = await open(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
  try {
    const { ino, mtimeMs } = await file.stat();
    const { bytesRead, buffer } = await file.read(Buffer.alloc(MOST_BYTES), 0, MOST_BYTES, 0);
    return { text: buffer.toString('utf8', 0, bytesRead), version: `${ino} ${mtimeMs}` };
  } finally {
    await file.close();
  }
}

/** Reads a lock; null if it is gone. What can't be read has no owner, and is watched like any other. */
async function find(path: string): Promise<Found | null> {
  const content = await read(path).catch((error) => {
    return codeOf(error) === 'ENOENT' ? null : { text: '', version: '' };
  });
  if (content === null) return null;
  const { text, version } = content;
  // It is empty if its owner is about to write it, or was killed before it could.
  const { hostname, pid, process }: Record<string, unknown> = Object(orNull(() => JSON.parse(text)));
  const machine = typeof hostname === 'string' ? printable(hostname) : '';
  const hash = createHash('sha256').update(text || version);
  return {
    hostname: machine || 'an unknown machine',
    pid: typeof pid === 'number' ? pid : null,
    process: typeof process === 'string' ? process : '',
    instance: hash.digest('hex').slice(0, 16),
  };
}

/** Removes a lock that was left behind, under a lock named after this very one: a faster process may have a new one. */
async function removeStale(path: string, stale: Found, options: LockOptions): Promise<void> {
  const { onWait: _, ...quietly } = options;
  try {
    const release = await acquireLock(`${path}.${stale.instance}`, { ...quietly, renews: false });
    try {
      if ((await find(path))?.instance === stale.instance) await unlink(path);
    } finally {
      await release();
    }
  } catch (error) {
    if (!(error instanceof LockHeldError)) throw error;
  }
}

/** Keeps the lock, renewing it where asked to, until the function that this returns is called. */
function hold(
  path: string,
  lock: object,
  { host, abandonedAfterMs, renews }: LockOptions,
): () => Promise<void> {
  let text = textOf(lock, 0);
  // A process that was stopped for a long time may have lost the lock to another.
  const isOurs = async (): Promise<boolean> => (await read(path)).text === text;
  const renew = async (renewed: string): Promise<void> => {
    if (!(await isOurs())) return;
    const file = await open(path, constants.O_WRONLY | constants.O_NOFOLLOW);
    try {
      await file.write(renewed, 0);
      text = renewed;
      await file.sync();
    } finally {
      await file.close();
    }
  };
  const released = new AbortController();
  const keepRenewing = async (): Promise<void> => {
    for (let renewal = 1; renews; renewal += 1) {
      await sleep(host.clock, abandonedAfterMs / 5, released.signal);
      // A lock that can't be renewed still holds against processes that can see that its owner runs.
      await renew(textOf(lock, renewal)).catch(() => {});
    }
  };
  const renewals = keepRenewing().catch(() => {});
  // An interrupted run ends without calling the function below.
  const endWatch = host.onExit(() => {
    if (orNull(() => readFileSync(path, 'utf8')) === text) orNull(() => unlinkSync(path));
  });
  return async () => {
    released.abort();
    await renewals;
    // One that can't be read now is ours all the same, unless it is a link: nobody else removes a lock in use.
    if (await isOurs().catch((error) => codeOf(error) !== 'ELOOP')) await unlink(path).catch(() => {});
    endWatch();
  };
}
