/** `mavi download`, from a checked plan to an exit code. */
import { readFile } from 'node:fs/promises';
import { buffer as readAll } from 'node:stream/consumers';
import { openSession } from '../api/client.ts';
import { type ExitCode, localError, mergeExitCodes, UsageError } from '../errors.ts';
import { makeFolder, pathFrom } from '../folders.ts';
import { abortable, type Host, requireStdout, say } from '../host.ts';
import { type ListingContext, listReady, lookUp } from '../library/listing.ts';
import { assignNames } from '../library/names.ts';
import type { LibraryRow } from '../library/row.ts';
import { printable } from '../sanitize.ts';
import { runBatch } from './batch.ts';
import { type Item, itemFor, printForecast } from './forecast.ts';
import { openManifest, readManifest } from './manifest.ts';
import { type DownloadPlan, destinationOf, listedTask, readVideoNo, type VideoTask } from './plan.ts';

const CONTINUE_HINTS = {
  refuse: 'rerun with --skip-existing to continue',
  force: 'rerun with --skip-existing instead of --force to continue',
  skip: 'rerun the same command to continue',
};

/** Downloads what the plan names. Returns the merged exit code; throws what ends the run itself. */
export async function runDownload(plan: DownloadPlan, host: Host): Promise<ExitCode> {
  const note = (text: string): void => {
    if (!plan.quiet) say(host, `mavi: ${text}`);
  };
  refuseSeveral([...new Set(plan.videoNos)], plan.output);
  const listed = plan.batchFile === null ? [] : await readVideoList(plan.batchFile, host);
  const videoNos = [...new Set([...plan.videoNos, ...listed])];
  refuseSeveral(videoNos, plan.output);
  if (plan.query === null && videoNos.length === 0) {
    const list = plan.batchFile === '-' ? 'standard input' : printable(plan.batchFile ?? '');
    note(`${list} contains no video IDs; nothing to download`);
    return 0;
  }
  if (plan.output === '-' && host.stdout.isTTY && !plan.dryRun) {
    const hint = 'write to a file with -o video.mp4, or pipe standard output to another program';
    throw new UsageError('refusing to write video data to a terminal', { hint });
  }
  if (plan.output === '-' || plan.dryRun) requireStdout(host);
  const session = await openSession(host, plan.settings, plan);
  if (plan.output === null && !plan.dryRun) {
    await makeFolder(pathFrom(host.cwd, plan.outputDir), plan.outputDir);
  }
  const { manifest: shown } = plan;
  const manifest = shown === null || plan.dryRun ? null : await openManifest(shown, host, 'named');
  try {
    const context = { ...session, host, note };
    const { items, recorded, unlisted, exitCode } = await selectVideos(plan, videoNos, context);
    if (plan.dryRun) {
      await printForecast({ items, upToDate: recorded, rate: session.settings.rate }, plan.json, host);
      return exitCode;
    }
    if (plan.query !== null && items.length === 0 && recorded === 0) {
      note('no video that is ready matches; nothing to download');
      return exitCode;
    }
    const tasks = items.map(({ task }) => task);
    const noSummary = items.length === 1 ? null : '';
    const code = await runBatch(tasks, {
      host,
      session,
      plan,
      manifest,
      unlisted,
      showsChecksum: plan.rules.checksum,
      summaryEnd: recorded > 0 ? `; ${recorded} already recorded` : noSummary,
      continueHint: CONTINUE_HINTS[plan.whenExists],
    });
    // A failure of the account decides the exit code of the run.
    return code === 3 ? code : mergeExitCodes([code, exitCode]);
  } finally {
    await manifest?.close();
  }
}

/** The video_nos of a file; `-` is standard input. Throws UsageError for a line that is none, LocalError. */
export async function readVideoList(file: string, host: Host): Promise<string[]> {
  const name = file === '-' ? 'standard input' : file;
  // A file may be a FIFO, which is read for as long as somebody writes.
  const reading = file === '-' ? readAll(host.stdin.stream) : readFile(pathFrom(host.cwd, file));
  const bytes = await abortable(reading, host.interrupt).catch((error) => {
    throw localError(error, name, 'read');
  });
  const hasMark = (bytes[0] === 0xff && bytes[1] === 0xfe) || (bytes[0] === 0xfe && bytes[1] === 0xff);
  if (hasMark || (bytes.length > 1 && (bytes[0] === 0) !== (bytes[1] === 0))) {
    const hint = 'convert it with: iconv -f UTF-16 -t UTF-8';
    throw new UsageError(`${name} is UTF-16, not UTF-8`, { hint });
  }
  const lines = bytes.toString('utf8').replace(/^\ufeff/, '');
  return lines.split(/\r\n|\n|\r/).flatMap((line, index) => {
    const text = line.replace(/(^|\s)#.*$/, '').trim();
    return text === '' ? [] : [readVideoNo(text, ` (${name}, line ${index + 1})`)];
  });
}

/** The items of the videos named or queried, how many are recorded already, and which the library does not list. */
async function selectVideos(plan: DownloadPlan, named: readonly string[], context: ListingContext) {
  const { query, lookup, maxTransfer, template, mtime, dryRun, whenExists, manifest } = plan;
  const { host } = context;
  let exitCode: ExitCode = 0;
  let rows: ReadonlyMap<string, LibraryRow> | null = null;
  if (query !== null) {
    const listing = await listReady(context, query);
    rows = new Map(listing.ready.map((row) => [row.videoNo, row]));
    exitCode = listing.exitCode;
  } else if (lookup || maxTransfer !== null || template !== null || mtime || dryRun) {
    rows = await lookUp(context, named);
  }
  const videoNos = query === null ? named : [...(rows?.keys() ?? [])];
  refuseSeveral(videoNos, plan.output);
  const skipped = plan.skipRecorded ? manifest : null;
  const recorded = skipped === null ? null : (await readManifest(skipped, host, 'named', true)).recorded;
  const names = template === null ? null : assignNames([...(rows?.values() ?? [])], template);
  const items: Item[] = [];
  for (const videoNo of videoNos) {
    if (recorded?.has(videoNo)) continue;
    const row = rows?.get(videoNo);
    const task: VideoTask = {
      ...(row === undefined ? { videoNo, listedSize: null } : listedTask(row, mtime)),
      destination: destinationOf(plan, names?.get(videoNo) ?? videoNo),
      whenExists,
      existsHint: '--force replaces it; --skip-existing keeps it if it is a complete video',
      incompleteHint: 'left untouched; replace it with --force',
    };
    items.push(await itemFor(task, template !== null, host.cwd));
  }
  const unlisted = rows === null ? [] : videoNos.filter((videoNo) => !rows.has(videoNo));
  return { items, recorded: videoNos.length - items.length, unlisted, exitCode };
}

function refuseSeveral(videoNos: readonly string[], output: string | null): void {
  if (output === null || videoNos.length <= 1) return;
  throw new UsageError('--output takes one video only', { hint: 'for several use --output-dir <dir>' });
}
