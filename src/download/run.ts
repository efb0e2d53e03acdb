/** `mavi download`, from a checked plan to an exit code. */
import { lstat, readFile } from 'node:fs/promises';
import { buffer as readAll } from 'node:stream/consumers';
import { openSession } from '../api/client.ts';
import { type ExitCode, localError, mergeExitCodes, UsageError } from '../errors.ts';
import { makeFolder, pathFrom } from '../folders.ts';
import { abortable, type Host, requireStdout, say } from '../host.ts';
import { EXTENSIONS } from '../isobmff/signature.ts';
import { type ListingContext, listReady, lookUp } from '../library/listing.ts';
import { assignNames } from '../library/names.ts';
import type { LibraryRow } from '../library/row.ts';
import { printable } from '../sanitize.ts';
import { runBatch } from './batch.ts';
import { type Item, printForecast } from './forecast.ts';
import { openManifest, readManifest } from './manifest.ts';
import {
  containersOf,
  type Destination,
  type DownloadPlan,
  listedTask,
  oneVideoOnly,
  readVideoNo,
  type VideoTask,
} from './plan.ts';

/** Downloads what the plan names. Returns the merged exit code; throws what ends the run itself. */
export async function runDownload(plan: DownloadPlan, host: Host): Promise<ExitCode> {
  const note = (text: string): void => {
    if (!plan.quiet) say(host, `mavi: ${text}`);
  };
  const listed = plan.batchFile === null ? [] : await readVideoList(plan.batchFile, host);
  const videoNos = [...new Set([...plan.videoNos, ...listed])];
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
    const selected = await selectVideos(plan, videoNos, { ...session, host, note });
    const { recorded, items } = await itemsOf(plan, selected, host);
    if (plan.dryRun) {
      await printForecast({ items, upToDate: recorded, rate: session.settings.rate }, plan.json, host);
      return selected.exitCode;
    }
    if (plan.query !== null && items.length === 0 && recorded === 0) {
      note('no video that is ready matches; nothing to download');
      return selected.exitCode;
    }
    const { rows } = selected;
    const tasks = items.map(({ task }) => task);
    const again = plan.whenExists === 'skip' ? 'the same command' : 'with --skip-existing';
    const noSummary = items.length === 1 ? null : '';
    const code = await runBatch(tasks, {
      host,
      session,
      plan,
      manifest,
      unlisted: rows === null ? [] : selected.videoNos.filter((videoNo) => !rows.has(videoNo)),
      showsChecksum: plan.rules.checksum,
      summaryEnd: recorded > 0 ? `; ${recorded} already recorded` : noSummary,
      continueHint: `rerun ${again} to continue`,
    });
    // A failure of the account decides the exit code of the run.
    return code === 3 ? code : mergeExitCodes([code, selected.exitCode]);
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

interface SelectedVideos {
  readonly videoNos: readonly string[];
  /** Their rows in the library, as far as it lists them; null if it was not asked. */
  readonly rows: ReadonlyMap<string, LibraryRow> | null;
  /** 6 if the server ended the listing early, else 0. */
  readonly exitCode: ExitCode;
}

/** Selects what the query of a plan lists and is ready, or else the videos named, looked up where the plan needs it. */
async function selectVideos(
  plan: DownloadPlan,
  videoNos: readonly string[],
  context: ListingContext,
): Promise<SelectedVideos> {
  const { query, lookup, maxTransfer, template, mtime, dryRun } = plan;
  if (query !== null) {
    const { ready, exitCode } = await listReady(context, query);
    const rows = new Map(ready.map((row) => [row.videoNo, row]));
    return { videoNos: [...rows.keys()], rows, exitCode };
  }
  const needsRows = lookup || maxTransfer !== null || template !== null || mtime || dryRun;
  return { videoNos, rows: needsRows ? await lookUp(context, videoNos) : null, exitCode: 0 };
}

/** What is to be done for each selected video, and how many are left out because the manifest records them. */
async function itemsOf(
  plan: DownloadPlan,
  { videoNos, rows }: SelectedVideos,
  host: Host,
): Promise<{ items: Item[]; recorded: number }> {
  if (plan.output !== null && videoNos.length > 1) throw oneVideoOnly();
  const { manifest, skipRecorded, template } = plan;
  const isSkipping = skipRecorded && manifest !== null;
  const recorded = isSkipping ? (await readManifest(manifest, host, 'named', true)).recorded : null;
  let names: ReadonlyMap<string, string> | null = null;
  if (template !== null) {
    names = assignNames([...(rows?.values() ?? [])], template);
  }
  const items: Item[] = [];
  for (const videoNo of videoNos) {
    if (recorded?.has(videoNo)) continue;
    const row = rows?.get(videoNo);
    const task: VideoTask = {
      ...(row === undefined ? { videoNo, listedSize: null } : listedTask(row, plan.mtime)),
      destination: destinationOf(plan, names?.get(videoNo) ?? videoNo),
      whenExists: plan.whenExists,
      existsHint: '--force replaces it; --skip-existing keeps it if it is a complete video',
      incompleteHint: 'left untouched; replace it with --force',
    };
    items.push(await itemFor(task, template !== null, host));
  }
  return { items, recorded: videoNos.length - items.length };
}

/** Looks at what has the names of a video now; what is done about it is decided by the download itself. */
async function itemFor(task: VideoTask, isNamed: boolean, host: Host): Promise<Item> {
  if (task.destination.kind === 'stdout') return { task, why: 'new' };
  for (const container of task.destination.containers) {
    const path = pathFrom(host.cwd, task.destination.nameFor(container));
    const found = await lstat(path).catch(() => null);
    if (found === null) continue;
    if (task.whenExists === 'force') return { task, why: 'changed' };
    // Another video may have the same name in the library, but hardly the same size too.
    const isOther = isNamed && found.size !== task.listedSize;
    if (task.whenExists === 'skip' && !isOther) return { task, why: 'keep' };
    return { task: { ...task, whenExists: 'refuse' }, why: 'blocked' };
  }
  return { task, why: 'new' };
}

function destinationOf({ output, outputDir, rules, template }: DownloadPlan, stem: string): Destination {
  if (output === '-') return { kind: 'stdout' };
  if (output !== null)
    return { kind: 'file', containers: ['mp4'], followsLinks: true, nameFor: () => output };
  return {
    kind: 'file',
    containers: containersOf(rules),
    followsLinks: false,
    nameFor: (container) => pathFrom(outputDir, stem + EXTENSIONS[container]),
    ...(template === null ? {} : { root: outputDir }),
  };
}
