/** One sync of a folder at a time. */
import { join } from 'node:path';
import type { Shard } from '../commands/sync.ts';
import { LocalError } from '../errors.ts';
import { type Host, sleep } from '../host.ts';
import { localError } from '../local-error.ts';

/** A lock older than this, in milliseconds, was left by a run that was killed; a living one renews it. */
const STALE_MS = 5000;
/** How often a lock is looked at, in milliseconds, and how many times: long enough to find out a stale one. */
const PAUSE_MS = 500;
const LOOKS = 14;

/** What is locked, and for whom. */
export interface LockOptions {
  readonly folder: string;
  /** The folder as messages call it. */
  readonly shown: string;
  readonly shard: Shard;
  readonly host: Host;
  /** Told, in a line, that another sync is in the way. */
  readonly note: (text: string) => void;
}

/**
 * Locks a folder for one shard. Answers with what releases it. Throws LocalError while another sync lives, and
 * the signal that ends the wait.
 */
export async function lockFolder(options: LockOptions): Promise<() => Promise<void>> {
  const { folder, shown, shard, host, note } = options;
  const { default: lockfile } = await import('proper-lockfile');
  const part = shard.of === 1 ? '' : `-${shard.index}-of-${shard.of}`;
  for (let look = 1; ; look += 1) {
    try {
      const release = await lockfile.lock(folder, {
        lockfilePath: join(folder, `.mavi-sync${part}.lock`),
        stale: STALE_MS,
        update: STALE_MS / 5,
        // A machine that slept may lose it; no file can come to harm by that, it may only be fetched twice.
        onCompromised: () => {},
      });
      return () => release().catch(() => {});
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ELOCKED') throw localError(error, shown, 'lock');
      if (look === LOOKS) throw locked(shown);
      if (look === 1) note(`${shown} is locked by another sync; looking for a moment whether that one lives`);
      await sleep(host.clock, PAUSE_MS, host.interrupt);
    }
  }
}

function locked(shown: string): LocalError {
  return new LocalError('locked', `another sync of ${shown} is running`, {
    hint: 'wait for it to end; parts of a library can be synced side by side with --shard',
  });
}
