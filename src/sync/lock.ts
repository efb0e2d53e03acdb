/** One sync of a folder at a time, but for disjoint shards side by side. */
import { readdir } from 'node:fs/promises';
import { LocalError } from '../errors.ts';
import { pathFrom } from '../folders.ts';
import type { Host } from '../host.ts';
import { localError } from '../local-error.ts';
import { acquireLock, awaitUnlocked, LockHeldError, type LockOptions } from '../lock.ts';
import { printable } from '../sanitize.ts';
import type { Shard } from './plan.ts';

/** How long a lock of another machine is watched before it counts as left behind, in milliseconds. */
const ABANDONED_AFTER_MS = 15_000;

/** What is locked, and for whom. */
export interface FolderLock {
  readonly folder: string;
  /** The folder as messages call it. */
  readonly shown: string;
  readonly shard: Shard;
  readonly host: Host;
  /** Shows a line: another sync is waited for. */
  readonly note: (text: string) => void;
}

/** Names of the locks of syncs; those of one `n` go together, all others exclude each other. */
const LOCK_NAME = /^\.mavi-sync(?:-\d+-of-(\d+))?\.lock$/;

/**
 * Locks a folder for one shard. Resolves to what releases it, which never throws. Throws LocalError while another
 * sync of the same videos lives, and the signal that ends the wait.
 */
export async function lockFolder({
  folder,
  shown,
  shard,
  host,
  note,
}: FolderLock): Promise<() => Promise<void>> {
  const part = shard.of === 1 ? '' : `-${shard.index}-of-${shard.of}`;
  const options: LockOptions = {
    host,
    signal: host.interrupt,
    patienceMs: 0,
    abandonedAfterMs: ABANDONED_AFTER_MS,
    renews: true,
    onWait: ({ hostname }) => {
      const where = printable(hostname) || 'an unknown machine';
      note(
        `${shown} is locked by a sync on ${where}; waiting ${ABANDONED_AFTER_MS / 1000} s for a sign that it runs`,
      );
    },
  };
  let release = async (): Promise<void> => {};
  try {
    release = await acquireLock(pathFrom(folder, `.mavi-sync${part}.lock`), options);
    // First the own lock, then a look at the others: of two that begin at once, both may give way, but never none.
    for (const name of await readdir(folder)) {
      const [, of] = LOCK_NAME.exec(name) ?? [];
      const isOther = LOCK_NAME.test(name) && Number(of ?? 1) !== shard.of;
      if (isOther) await awaitUnlocked(pathFrom(folder, name), options);
    }
    return release;
  } catch (error) {
    await release();
    if (error instanceof LockHeldError) throw locked(shown, error);
    if (error === host.interrupt.reason) throw error;
    throw localError(error, shown, 'lock');
  }
}

function locked(shown: string, { holder }: LockHeldError): LocalError {
  const who = `process ${holder.pid ?? 'unknown'} on ${holder.hostname || 'an unknown machine'}`;
  return new LocalError('locked', `another sync of ${shown} is running (${who})`, {
    hint: 'wait until it ends; only shards of one number run side by side, such as --shard 1/4 and 2/4',
  });
}
