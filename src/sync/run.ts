/** `mavi sync`, from a checked plan to an exit code: list, skip what is up to date, download the rest. */
import { lstat, readdir } from 'node:fs/promises';
import { openSession } from '../api/client.ts';
import { runBatch } from '../download/batch.ts';
import { printForecast } from '../download/forecast.ts';
import { MANIFEST_NAME, openManifest } from '../download/manifest.ts';
import { removeStalePartials } from '../download/partial-file.ts';
import { type ExitCode, LocalError, localError, mergeExitCodes, UsageError } from '../errors.ts';
import { makeFolder, pathFrom } from '../folders.ts';
import { type Host, print, requireStdout, say } from '../host.ts';
import type { ListingContext } from '../library/listing.ts';
import { isNarrowed } from '../library/query.ts';
import { acquireLock, awaitUnlocked, LockHeldError, type LockOptions } from '../lock.ts';
import type { VideoRecord } from '../record.ts';
import { safeJson } from '../sanitize.ts';
import { type SyncPlan, takeInventory } from './inventory.ts';

/** Downloads what the folder lacks. Returns the merged exit code; throws what ends the run itself. */
export async function runSync(plan: SyncPlan, host: Host): Promise<ExitCode> {
  const note = (text: string): void => {
    if (!plan.quiet) say(host, `mavi: ${text}`);
  };
  const folder = pathFrom(host.cwd, plan.folder);
  const isLikeVideo = /^(?:VI\d+|PI-[\w-]+)$/.test(plan.folder);
  if (isLikeVideo && (await lstat(folder).catch(() => null)) === null) {
    const hint = `to download that video: mavi download ${plan.folder}`;
    throw new UsageError(`'${plan.folder}' is the ID of a video, and no such folder exists`, { hint });
  }
  if (plan.dryRun) requireStdout(host);
  const session = await openSession(host, plan.settings, plan);
  const context: ListingContext = { ...session, host, note };
  if (plan.dryRun) {
    const { items, moved, upToDate, exitCode } = await takeInventory(plan, context);
    const { rate } = session.settings;
    await printForecast({ items, upToDate: upToDate + moved.length, rate }, plan.json, host);
    return exitCode;
  }
  await makeFolder(folder, plan.folder);
  const release = await lockFolder(folder, plan, context);
  try {
    await removeStalePartials(folder, host);
    const { items, moved, upToDate, exitCode } = await takeInventory(plan, context);
    if (isNarrowed(plan.query) && items.length + moved.length + upToDate === 0) {
      note('no video that is ready matches; nothing to download');
      return exitCode;
    }
    const manifest = await openManifest(pathFrom(plan.folder, MANIFEST_NAME), host, 'synced');
    const upToDateText = upToDate === 0 ? '' : `; ${upToDate} already up to date`;
    const movedText = moved.length === 0 ? '' : `; ${moved.length} moved or renamed`;
    try {
      // In parallel, so that the manifest flushes many lines together.
      const recordMoved = async (record: VideoRecord): Promise<void> => {
        await manifest.append(record);
        if (plan.json) await print(host, `${safeJson(record)}\n`);
      };
      await Promise.all(moved.map(recordMoved));
      const tasks = items.map(({ task }) => task);
      const code = await runBatch(tasks, {
        host,
        session,
        plan,
        manifest,
        unlisted: [],
        showsChecksum: false,
        continueHint: 'rerun the same command to continue',
        summaryEnd: upToDateText + movedText,
      });
      // A failure of the account decides the exit code of the run.
      return code === 3 ? code : mergeExitCodes([code, exitCode]);
    } finally {
      await manifest.close();
    }
  } finally {
    await release();
  }
}

/** How long a lock of another machine is watched before it counts as left behind, in milliseconds. */
const ABANDONED_AFTER_MS = 15_000;

/** Names of the locks of syncs: shards of the same `n` run side by side, all others exclude each other. */
const LOCK_NAME = /^\.mavi-sync(?:-\d+-of-(\d+))?\.lock$/;

/** Locks the folder for one shard; resolves to what releases it. Throws LocalError while another such sync runs. */
async function lockFolder(
  folder: string,
  { folder: shown, shard }: SyncPlan,
  { host, note }: ListingContext,
): Promise<() => Promise<void>> {
  const options: LockOptions = {
    host,
    signal: host.interrupt,
    patienceMs: 0,
    abandonedAfterMs: ABANDONED_AFTER_MS,
    renews: true,
    onWait(hostname) {
      const wait = `waiting ${ABANDONED_AFTER_MS / 1000} s for a sign that it runs`;
      note(`${shown} is locked by a sync on ${hostname}; ${wait}`);
    },
  };
  const part = shard.of === 1 ? '' : `-${shard.index}-of-${shard.of}`;
  let release = async (): Promise<void> => {};
  try {
    release = await acquireLock(pathFrom(folder, `.mavi-sync${part}.lock`), options);
    // First the own lock, then a look at the others: of two that begin together both may give way, but never none.
    for (const name of await readdir(folder)) {
      const [, of = '1'] = LOCK_NAME.exec(name) ?? [];
      const isOther = LOCK_NAME.test(name) && Number(of) !== shard.of;
      if (isOther) await awaitUnlocked(pathFrom(folder, name), options);
    }
    return release;
  } catch (error) {
    await release();
    if (!(error instanceof LockHeldError)) throw localError(error, shown, 'lock');
    const hint =
      'wait until it ends; only shards of one number run side by side, such as --shard 1/4 and 2/4';
    throw new LocalError('locked', `another sync of ${shown} is running (${error.holder})`, { hint });
  }
}
