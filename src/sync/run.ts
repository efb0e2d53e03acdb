/** `mavi sync`, from a checked plan to an exit code: list, skip what is up to date, download the rest. */
import { lstat } from 'node:fs/promises';
import { openSession } from '../api/session.ts';
import { runBatch } from '../download/batch.ts';
import { printForecast } from '../download/forecast.ts';
import { type Manifest, openManifest, readManifest } from '../download/manifest.ts';
import { removeStalePartials } from '../download/partial-file.ts';
import { listedTask } from '../download/plan.ts';
import { type ExitCode, mergeExitCodes, UsageError } from '../errors.ts';
import { makeFolder, pathFrom } from '../folders.ts';
import { type Host, print, requireStdout, say } from '../host.ts';
import { type Container, EXTENSIONS } from '../isobmff/signature.ts';
import { type ListingContext, listReady } from '../library/listing.ts';
import { recordFrom, type VideoRecord } from '../record.ts';
import { safeJson } from '../sanitize.ts';
import { type Inventory, type MovedFile, takeInventory } from './inventory.ts';
import { lockFolder } from './lock.ts';
import { isInShard, MANIFEST_NAME, type SyncPlan } from './plan.ts';

/** Brings the folder into step. Answers the merged exit code; throws what ends the run itself. */
export async function runSync(plan: SyncPlan, host: Host): Promise<ExitCode> {
  const note = (text: string): void => {
    if (!plan.quiet) say(host, `mavi: ${text}`);
  };
  const folder = pathFrom(host.cwd, plan.folder);
  if (/^(?:VI\d+|PI-[\w-]+)$/.test(plan.folder) && !(await exists(folder))) {
    throw new UsageError(`'${plan.folder}' is the ID of a video, and no such folder exists`, {
      hint: `to download that video: mavi download ${plan.folder}`,
    });
  }
  if (plan.dryRun) requireStdout(host);
  const session = await openSession(host, plan.settings, plan);
  const context: ListingContext = { ...session, host, note };
  if (plan.dryRun) {
    const { inventory, incomplete } = await compare(plan, context);
    const upToDate = inventory.upToDate + inventory.moved.length;
    await printForecast({ ...inventory, upToDate, rate: session.settings.rate }, plan.json, host);
    return incomplete;
  }
  await makeFolder(folder, plan.folder);
  const release = await lockFolder({ folder, shown: plan.folder, shard: plan.shard, host, note });
  try {
    await removeStalePartials(folder, host);
    const { inventory, incomplete } = await compare(plan, context);
    const manifest = await openManifest(pathFrom(plan.folder, MANIFEST_NAME), host, 'synced');
    try {
      // All at once, for the manifest then flushes many lines together.
      await Promise.all(inventory.moved.map((moved) => recordMoved(moved, manifest, plan, host)));
      const code = await runBatch(
        inventory.items.map(({ task }) => task),
        {
          host,
          session,
          output: plan,
          rules: { ...plan.rules, checksum: true },
          maxTransfer: plan.maxTransfer,
          manifest,
          warnings: [],
          streams: false,
          showsChecksum: false,
          continueHint: 'rerun the same command to continue',
          summaryEnd: endOf(inventory),
        },
      );
      // A failure of the account is the code of the whole run.
      return code === 3 ? code : mergeExitCodes([code, incomplete]);
    } finally {
      await manifest.close();
    }
  } finally {
    await release();
  }
}

const MP4: readonly Container[] = ['mp4'];

/** Lists the library, reports what can't be downloaded now, and compares the rest with the folder. */
async function compare(
  plan: SyncPlan,
  context: ListingContext,
): Promise<{ inventory: Inventory; incomplete: ExitCode }> {
  const { cwd, interrupt } = context.host;
  const index = await readManifest(pathFrom(plan.folder, MANIFEST_NAME), context.host, 'synced', true);
  const listed = await listReady(context, plan.query, ({ videoNo }) => isInShard(videoNo, plan.shard));
  const containers = plan.rules.container === 'any' ? (Object.keys(EXTENSIONS) as Container[]) : MP4;
  const { note } = context;
  const inventory = await takeInventory({
    ...plan,
    ...listed,
    cwd,
    index,
    containers,
    signal: interrupt,
    note,
  });
  const others = inventory.otherNames;
  if (others > 0) {
    const files =
      others === 1 ? '1 recorded file keeps its name' : `${others} recorded files keep their names`;
    note(`${files}; --name-template applies to new files only`);
  }
  return { inventory, incomplete: listed.exitCode };
}

/** Records a moved file anew, as one that needed no download. */
async function recordMoved(
  { row, record, file }: MovedFile,
  manifest: Manifest,
  plan: SyncPlan,
  host: Host,
): Promise<void> {
  const { videoNo, uniqueId = '', listed, listedSize } = listedTask(row);
  const made: VideoRecord = {
    video_no: videoNo,
    unique_id: uniqueId,
    status: 'skipped',
    file,
    bytes: record.bytes,
    bytes_received: 0,
    expected_size: listedSize,
    sha256: record.sha256,
    seconds: 0,
    attempts: 0,
    brand: null,
    downloaded_at: null,
    error: null,
    warnings: [],
    ...listed,
  };
  await manifest.append(recordFrom(manifest.folder, host.cwd, made));
  if (plan.json) await print(host, `${safeJson(made)}\n`);
}

function endOf({ upToDate, moved }: Inventory): string {
  const upToDateText = upToDate === 0 ? '' : `; ${upToDate} already up to date`;
  return moved.length === 0 ? upToDateText : `${upToDateText}; ${moved.length} moved or renamed`;
}

async function exists(path: string): Promise<boolean> {
  return lstat(path).then(
    () => true,
    () => false,
  );
}
