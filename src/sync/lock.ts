/** One sync of a folder at a time. */
import { join } from 'node:path';
import type { Shard } from '../commands/sync.ts';
import { localError } from '../download/local-error.ts';
import { LocalError } from '../errors.ts';

/** A lock older than this, in milliseconds, was left by a run that was killed; a living one renews it. */
const STALE_MS = 5000;
/** Long enough, in milliseconds, for such a lock to be found out. */
const PATIENCE_MS = 6500;
const PAUSE_MS = 500;

/** Locks a folder for one shard. Answers with what releases it; throws LocalError while another sync lives. */
export async function lockFolder(folder: string, shown: string, shard: Shard): Promise<() => Promise<void>> {
  const { default: lockfile } = await import('proper-lockfile');
  const part = shard.of === 1 ? '' : `-${shard.index}-of-${shard.of}`;
  try {
    const release = await lockfile.lock(folder, {
      lockfilePath: join(folder, `.mavi-sync${part}.lock`),
      stale: STALE_MS,
      update: STALE_MS / 5,
      retries: { retries: PATIENCE_MS / PAUSE_MS, factor: 1, minTimeout: PAUSE_MS, maxTimeout: PAUSE_MS },
      // A machine that slept may lose it; no file can come to harm by that, it may only be fetched twice.
      onCompromised: () => {},
    });
    return () => release().catch(() => {});
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ELOCKED') {
      throw new LocalError('locked', `another sync of ${shown} is running`, {
        hint: 'wait for it to end; parts of a library can be synced side by side with --shard',
      });
    }
    throw localError(error, shown, 'lock');
  }
}
