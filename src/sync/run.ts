/** `mavi sync`, from a checked plan to an exit code: list, skip what is there, download the rest. */
import { basename, dirname, extname, join } from 'node:path';
import { openSession } from '../api/session.ts';
import type { SyncPlan } from '../commands/sync.ts';
import { openManifest } from '../download/manifest.ts';
import { readManifest } from '../download/manifest-index.ts';
import { runBatch } from '../download/run-batch.ts';
import { isVideoNo } from '../download/video-no.ts';
import type { ExitCode } from '../errors.ts';
import { makeFolder, pathFrom, pathKey } from '../folders.ts';
import { type Host, say } from '../host.ts';
import { type Container, EXTENSIONS } from '../isobmff/signature.ts';
import { type ListingContext, libraryRows } from '../library/pages.ts';
import type { LibraryRow } from '../library/row.ts';
import { printable } from '../sanitize.ts';
import { printForecast } from './forecast.ts';
import { type Inventory, takeInventory } from './inventory.ts';
import { lockFolder } from './lock.ts';
import { assignNames } from './names.ts';
import { isInShard } from './shard.ts';

/** What a synced folder's manifest is called. */
export const MANIFEST_NAME = 'mavi-manifest.ndjson';

/** Brings the folder into step. Answers the merged exit code; throws what ends the run itself. */
export async function runSync(plan: SyncPlan, host: Host): Promise<ExitCode> {
  const note = (text: string): void => {
    if (!plan.quiet) say(host, `mavi: ${text}`);
  };
  const session = await openSession(host, plan.settings, plan.verbose);
  const listing: ListingContext = { ...session, host, note };
  if (plan.dryRun) {
    await printForecast(await inventory(plan, listing), session.settings.rate, plan.json, host);
    return 0;
  }
  const folder = pathFrom(host.cwd, plan.folder);
  await makeFolder(folder, plan.folder);
  const release = await lockFolder({ folder, shown: plan.folder, shard: plan.shard, host, note });
  try {
    const { items, there } = await inventory(plan, listing);
    const shownManifest = join(plan.folder, MANIFEST_NAME);
    const manifest = await openManifest(pathFrom(host.cwd, shownManifest), shownManifest);
    try {
      return await runBatch(
        items.map(({ task }) => task),
        {
          host,
          session,
          output: plan,
          rules: { ...plan.rules, checksum: true },
          maxTransfer: plan.maxTransfer,
          manifest,
          warnings: [],
          streams: false,
          summaryEnd: there > 0 ? `; ${there} were there already` : '',
        },
      );
    } finally {
      await manifest.close();
    }
  } finally {
    await release();
  }
}

/** Lists the scope, says what cannot be had now, and compares the rest with the folder. */
async function inventory(plan: SyncPlan, listing: ListingContext): Promise<Inventory> {
  const { cwd } = listing.host;
  const folder = pathFrom(cwd, plan.folder);
  const index = await readManifest(join(folder, MANIFEST_NAME), join(plan.folder, MANIFEST_NAME), true);
  const rows = await readyRows(plan, listing);
  const recorded = new Map<string, string>();
  for (const { videoNo, path } of index.byVideoNo.values()) {
    if (pathKey(dirname(path)) === pathKey(folder)) recorded.set(videoNo, basename(path, extname(path)));
  }
  const names = assignNames(rows.all, plan.template, recorded);
  const containers = plan.rules.container === 'any' ? (Object.keys(EXTENSIONS) as Container[]) : MP4;
  return takeInventory({ folder: plan.folder, cwd, rows: rows.ready, names, index, containers });
}

const MP4: readonly Container[] = ['mp4'];

/** All rows of the library, for their names, and those of this shard that can be downloaded. */
async function readyRows(
  plan: SyncPlan,
  listing: ListingContext,
): Promise<Record<'all' | 'ready', LibraryRow[]>> {
  const all: LibraryRow[] = [];
  const ready: LibraryRow[] = [];
  const left = new Map<string, number>();
  const leave = (why: string): void => void left.set(why, (left.get(why) ?? 0) + 1);
  for await (const listed of libraryRows(listing)) {
    if (!isVideoNo(listed.videoNo)) {
      leave('left out, for their video_no can be none');
      continue;
    }
    // The API's own fields are of no use here, and a library can be large.
    const row = { ...listed, fields: {} };
    all.push(row);
    if (!isInShard(row.videoNo, plan.shard)) continue;
    // Only `PARSE` is ready; a word that is not known is not.
    if (row.status === 'PARSE') ready.push(row);
    else leave(`not ready (status ${printable(row.status) || 'missing'}), and left for the next run`);
  }
  for (const [why, count] of left) listing.note(`${count} ${why}`);
  return { all, ready };
}
