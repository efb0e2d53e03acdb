/**
 * A lock file: created exclusively, with its owner inside. It needs neither hard links nor file times, so it works on
 * FAT, on network file systems and where clocks step.
 */
import { createHash, randomBytes } from 'node:crypto';
import { constants, type FileHandle, open, unlink } from 'node:fs/promises';
import { type Host, sleep } from './host.ts';
import { livenessOf, processIdentity } from './liveness.ts';

/** How a lock is taken. */
export interface LockOptions {
  readonly host: Pick<Host, 'hostname' | 'pid' | 'isAlive' | 'clock' | 'random'>;
  /** Ends the wait. */
  readonly signal?: AbortSignal;
  /** How long to wait for an owner that lives, in milliseconds. */
  readonly patienceMs: number;
  /**
   * A lock whose owner can't be judged (another machine or container) counts as left behind when it has not changed
   * for so long while watched, in milliseconds. A lock that is held for longer renews itself, see `renews`.
   */
  readonly abandonedAfterMs: number;
  /** Whether the owner rewrites the lock five times in `abandonedAfterMs`. */
  readonly renews: boolean;
  /** Called once, when the lock is held by another process and is waited for. */
  readonly onWait?: (holder: LockHolder) => void;
}

/** Who holds a lock, as far as its file tells; the host name is text from that file. */
export interface LockHolder {
  readonly hostname: string;
  readonly pid: number | null;
}

/** Thrown when a lock is still held by another process after all patience. */
export class LockHeldError extends Error {
  readonly holder: LockHolder;

  constructor(path: string, holder: LockHolder) {
    super(`${path} is held by process ${holder.pid ?? '?'} on ${holder.hostname || 'an unknown machine'}`);
    this.holder = holder;
  }
}

/** How often a held lock is looked at, in milliseconds: soon at first, then less often. */
const FIRST_POLL_MS = 5;
const LONGEST_POLL_MS = 100;

/** More than any lock file of ours holds, in bytes. */
const MOST_BYTES = 1024;

/**
 * Takes the lock, and resolves to the function that releases it (which never throws). A lock whose owner is dead is
 * removed. Throws LockHeldError, the file system's error where no lock can be made, and the signal's reason.
 */
export function acquireLock(path: string, options: LockOptions): Promise<() => Promise<void>> {
  const text = lockText(options.host);
  return whenFree(path, options, async () =>
    (await create(path, text)) ? holding(path, text, options) : null,
  );
}

/** Resolves when nobody holds the lock, without taking it. Removes and throws the same as acquireLock. */
export async function awaitUnlocked(path: string, options: LockOptions): Promise<void> {
  await whenFree(path, options, async () => ((await find(path)) === null ? true : null));
}

/** Resolves to what `take` answers with as soon as that is not null; in between, judges who holds the lock. */
async function whenFree<T>(path: string, options: LockOptions, take: () => Promise<T | null>): Promise<T> {
  const { host, signal, abandonedAfterMs, onWait } = options;
  const { clock } = host;
  const beganMs = clock.ticksMs();
  let seen: Found | null = null;
  let seenMs = beganMs;
  let hasChanged = false;
  for (let look = 0; ; look += 1) {
    const taken = await take();
    if (taken !== null) return taken;
    const found = await find(path);
    const nowMs = clock.ticksMs();
    if (found !== null) {
      if (found.instance !== seen?.instance) {
        hasChanged = seen !== null;
        seenMs = nowMs;
        seen = found;
      }
      const liveness = livenessOf(found.process, host);
      const isAbandoned = liveness === 'unknown' && nowMs - seenMs >= abandonedAfterMs;
      if (liveness === 'dead' || isAbandoned) await removeStale(path, found, options);
      else if ((liveness === 'alive' || hasChanged) && nowMs - beganMs >= options.patienceMs) {
        throw new LockHeldError(path, found);
      } else if (look === 0) onWait?.(found);
    }
    // Without the random part, processes that wait for each other would look at the same moments.
    const pollMs = Math.min(LONGEST_POLL_MS, FIRST_POLL_MS * 1.2 ** look) * (0.5 + host.random() / 2);
    await sleep(clock, pollMs, signal);
  }
}

/** A lock file that another process made. */
interface Found extends LockHolder {
  /** The owner's processIdentity; empty where the file does not tell. */
  readonly process: string;
  /** Differs between two locks of the same path, and changes when the owner renews it. */
  readonly instance: string;
}

function lockText({ hostname, pid, ...host }: LockOptions['host']): string {
  const process = processIdentity({ hostname, pid, ...host });
  const nonce = randomBytes(8).toString('hex');
  return `${JSON.stringify({ hostname: hostname.slice(0, 255), pid, process, nonce, renewal: '00000000' })}\n`;
}

/** Creates the file; false if there is one of that name. */
async function create(path: string, text: string): Promise<boolean> {
  let file: FileHandle;
  try {
    file = await open(path, 'wx', 0o600);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw error;
  }
  try {
    await file.writeFile(text);
    return true;
  } catch (error) {
    await unlink(path).catch(() => {});
    throw error;
  } finally {
    await file.close().catch(() => {});
  }
}

/** Reads the lock of another process; null if it is gone. What can't be read has no owner, and is watched like any. */
async function find(path: string): Promise<Found | null> {
  let text = '';
  let version = '';
  try {
    // Something else may have been put in its place: a link is not followed, a FIFO not waited for.
    const file = await open(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
    try {
      const { ino, mtimeMs } = await file.stat();
      version = `${ino} ${mtimeMs}`;
      const { bytesRead, buffer } = await file.read(Buffer.alloc(MOST_BYTES), 0, MOST_BYTES, 0);
      text = buffer.toString('utf8', 0, bytesRead);
    } finally {
      await file.close();
    }
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
  }
  // A file without text is one whose owner is about to write it, or was killed before it could.
  const instance = instanceOf(text || version);
  try {
    const { hostname, pid, process } = JSON.parse(text) as Record<string, unknown>;
    return {
      hostname: typeof hostname === 'string' ? hostname : '',
      pid: typeof pid === 'number' ? pid : null,
      process: typeof process === 'string' ? process : '',
      instance,
    };
  } catch {
    return { hostname: '', pid: null, process: '', instance };
  }
}

function instanceOf(text: string): string {
  return createHash('sha256').update(text).digest('hex').slice(0, 16);
}

/**
 * Removes a lock that was left behind. Two processes may find it so at once, and the slower one must not remove the
 * lock that the faster one has made since: so only who holds a lock named after this very lock may remove it.
 */
async function removeStale(path: string, stale: Found, options: LockOptions): Promise<void> {
  const { onWait: _, ...silent } = options;
  const release = await acquireLock(`${path}.${stale.instance}`, { ...silent, renews: false }).catch(
    (error) => {
      if (error instanceof LockHeldError) return null;
      throw error;
    },
  );
  if (release === null) return;
  try {
    const now = await find(path);
    if (now?.instance === stale.instance) await unlink(path);
  } finally {
    await release();
  }
}

/** Keeps the lock, renewing it where asked to, until the function that this answers with is called. */
function holding(path: string, text: string, options: LockOptions): () => Promise<void> {
  const { clock } = options.host;
  let current = text;
  let renewals = 0;
  let renewal: Promise<void> = Promise.resolve();
  let cancel = (): void => {};
  const renew = async (): Promise<void> => {
    renewals += 1;
    const renewed = text.replace(/0{8}(?="}\n$)/, String(renewals).padStart(8, '0'));
    try {
      await rewrite(path, current, renewed);
      current = renewed;
    } catch {
      // A lock that can't be renewed still holds against the processes that can see its owner live.
    }
  };
  const renewLater = (): void => {
    cancel = clock.after(options.abandonedAfterMs / 5, () => {
      renewal = renew();
      void renewal.then(renewLater);
    });
  };
  if (options.renews) renewLater();
  return async () => {
    cancel();
    await renewal;
    cancel();
    // Who was stopped for long may have lost it to another process.
    const isOurs = await find(path).then((found) => found?.instance === instanceOf(current));
    if (isOurs) await unlink(path).catch(() => {});
  };
}

/** Writes the text, of the same length, over that of our own lock; leaves another's alone. */
async function rewrite(path: string, ours: string, text: string): Promise<void> {
  if ((await find(path))?.instance !== instanceOf(ours)) return;
  const file = await open(path, constants.O_WRONLY | constants.O_NOFOLLOW);
  try {
    await file.write(text, 0);
    await file.sync();
  } finally {
    await file.close();
  }
}
