/** `mavi sync`, from a checked plan to an exit code: list, skip what is there, download the rest. */
import { mkdir } from 'node:fs/promises';
import { basename, extname, join, resolve } from 'node:path';
import { openSession, type Session } from '../api/session.ts';
import type { SyncPlan } from '../commands/sync.ts';
import { accountFirst, downloadBatch } from '../download/batch.ts';
import { localError } from '../download/local-error.ts';
import { openManifest } from '../download/manifest.ts';
import { readManifest } from '../download/manifest-index.ts';
import type { VideoTask } from '../download/plan.ts';
import { recordFrom } from '../download/record.ts';
import { summaryText } from '../download/summary.ts';
import { batchTools } from '../download/tools.ts';
import { type ExitCode, exitCodeFor, mergeExitCodes } from '../errors.ts';
import { printable, safeJson } from '../foreign-text.ts';
import { type Host, print, say } from '../host.ts';
import { type Container, EXTENSIONS } from '../isobmff/signature.ts';
import { libraryRows } from '../library/pages.ts';
import type { LibraryRow } from '../library/row.ts';
import { renderer } from '../progress/renderer.ts';
import { printForecast } from './forecast.ts';
import { type Inventory, takeInventory } from './inventory.ts';
import { lockFolder } from './lock.ts';
import { assignNames } from './names.ts';
import { isInShard } from './shard.ts';

/** What a synced folder's manifest is called. */
export const MANIFEST_NAME = 'mavi-manifest.ndjson';

/** Brings the folder into step. Answers the merged exit code; throws what ends the run itself. */
export async function runSync(plan: SyncPlan, host: Host): Promise<ExitCode> {
  const session = await openSession(host, plan.settings, plan.verbose);
  if (plan.dryRun) {
    const { tasks, there } = await inventory(plan, session, host);
    await printForecast(tasks, there, session.settings.rate, plan.json, host);
    return 0;
  }
  const folder = resolve(host.cwd, plan.folder);
  await mkdir(folder, { recursive: true }).catch((error) => {
    throw localError(error, plan.folder, 'make the folder');
  });
  const release = await lockFolder(folder, plan.folder, plan.shard);
  try {
    const { tasks, there } = await inventory(plan, session, host);
    return await fetchAll(tasks, there, plan, session, host);
  } finally {
    await release();
  }
}

/** Lists the scope, says what is not ready, and compares the rest with the folder. */
async function inventory(plan: SyncPlan, session: Session, host: Host): Promise<Inventory> {
  const index = await readManifest(
    resolve(host.cwd, plan.folder, MANIFEST_NAME),
    join(plan.folder, MANIFEST_NAME),
    true,
  );
  const rows: LibraryRow[] = [];
  for await (const row of libraryRows(session.client, session.settings, {}, host)) rows.push(row);
  const recorded = new Map(
    [...index.byVideoNo].map(([videoNo, { path }]) => [videoNo, basename(path, extname(path))]),
  );
  const names = assignNames(rows, plan.template, recorded);
  const mine = rows.filter((row) => isInShard(row.videoNo, plan.shard));
  if (!plan.quiet) sayNotReady(mine, host);
  const all = Object.keys(EXTENSIONS) as Container[];
  return takeInventory({
    folder: plan.folder,
    cwd: host.cwd,
    rows: mine.filter(isReady),
    names,
    index,
    containers: plan.rules.container === 'any' ? all : ['mp4'],
  });
}

async function fetchAll(
  tasks: readonly VideoTask[],
  there: number,
  plan: SyncPlan,
  session: Session,
  host: Host,
): Promise<ExitCode> {
  const { concurrency } = session.settings;
  const shownManifest = join(plan.folder, MANIFEST_NAME);
  const manifest = await openManifest(resolve(host.cwd, shownManifest), shownManifest);
  const view = await renderer({
    host,
    mode: plan.progress,
    quiet: plan.quiet,
    videos: tasks.length,
    concurrency,
  });
  const startedMs = host.clock.ticksMs();
  try {
    const rules = { ...plan.rules, checksum: true };
    const outcomes = await downloadBatch(tasks, {
      tools: batchTools({ host, session, rules, maxTransfer: plan.maxTransfer, report: view.report }),
      concurrency,
      async keep(record) {
        await manifest.append(recordFrom(manifest.folder, host.cwd, record));
        if (plan.json) await print(host, `${safeJson(record)}\n`);
      },
    });
    view.close();
    if (!plan.quiet) {
      const records = outcomes.map(({ record }) => record);
      const before = there > 0 ? `; ${there} were there already` : '';
      say(host, summaryText(records, host.clock.ticksMs() - startedMs) + before);
    }
    return mergeExitCodes(
      accountFirst(outcomes.map(({ error }) => (error === null ? 0 : exitCodeFor(error)))),
    );
  } finally {
    view.close();
    await manifest.close();
  }
}

/** Only `PARSE` is ready; a word that is not known is not. */
function isReady(row: LibraryRow): boolean {
  return row.status === 'PARSE';
}

function sayNotReady(rows: readonly LibraryRow[], host: Host): void {
  const counts = new Map<string, number>();
  for (const row of rows) if (!isReady(row)) counts.set(row.status, (counts.get(row.status) ?? 0) + 1);
  for (const [status, count] of counts) {
    say(
      host,
      `mavi: ${count} not ready (status ${printable(status) || 'missing'}); they wait for the next run`,
    );
  }
}
