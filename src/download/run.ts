/** `mavi download`, from a checked plan to an exit code. */
import { join } from 'node:path';
import { openSession } from '../api/session.ts';
import { type ExitCode, UsageError } from '../errors.ts';
import { makeFolder, pathFrom } from '../folders.ts';
import { type Host, say } from '../host.ts';
import { type Container, EXTENSIONS } from '../isobmff/signature.ts';
import { lookUp } from '../library/listing.ts';
import type { LibraryRow } from '../library/row.ts';
import { printable } from '../sanitize.ts';
import { runBatch } from './batch.ts';
import { openManifest } from './manifest.ts';
import { type Destination, type DownloadPlan, listedTask, oneVideoOnly, type VideoTask } from './plan.ts';
import { readVideoNos } from './video-list.ts';

/** Downloads what the plan names. Returns the merged exit code; throws what ends the run itself. */
export async function runDownload(plan: DownloadPlan, host: Host): Promise<ExitCode> {
  const note = (text: string): void => {
    if (!plan.quiet) say(host, `mavi: ${text}`);
  };
  const videoNos = await allVideoNos(plan, host);
  if (videoNos.length === 0) {
    const list = plan.batchFile === '-' ? 'standard input' : printable(plan.batchFile ?? '');
    note(`${list} contains no video IDs; nothing to download`);
    return 0;
  }
  if (plan.output === '-' && host.stdout.isTTY) {
    throw new UsageError('refusing to write video data to a terminal', {
      hint: 'write to a file with -o video.mp4, or pipe standard output to another program',
    });
  }
  const session = await openSession(host, plan.settings, plan.verbose);
  if (plan.output === null) await makeFolder(pathFrom(host.cwd, plan.outputDir), plan.outputDir);
  const manifest =
    plan.manifest === null ? null : await openManifest(pathFrom(host.cwd, plan.manifest), plan.manifest);
  try {
    const wantsSizes = plan.lookup || plan.maxTransfer !== null;
    const rows = wantsSizes ? await lookUp({ ...session, host, note }, videoNos) : null;
    const tasks = videoNos.map((videoNo) => taskFor(plan, videoNo, rows?.get(videoNo)));
    const unlisted = rows === null ? [] : videoNos.filter((videoNo) => !rows.has(videoNo));
    const text = 'not listed in the library, so its size is unknown';
    return await runBatch(tasks, {
      host,
      session,
      output: plan,
      rules: plan.rules,
      maxTransfer: plan.maxTransfer,
      manifest,
      warnings: unlisted.map((videoNo) => ({ videoNo, text })),
      streams: plan.output === '-',
      summaryEnd: tasks.length > 1 ? '' : null,
      continueHint:
        plan.whenExists === 'skip'
          ? 'rerun the same command to continue'
          : 'rerun with --skip-existing to continue',
    });
  } finally {
    await manifest?.close();
  }
}

/** The videos of the plan, each once, in the order in which they were first named. */
async function allVideoNos(plan: DownloadPlan, host: Host): Promise<readonly string[]> {
  const listed = plan.batchFile === null ? [] : await readVideoNos(plan.batchFile, host);
  const videoNos = [...new Set([...plan.videoNos, ...listed])];
  if (plan.output !== null && videoNos.length > 1) throw oneVideoOnly();
  return videoNos;
}

function taskFor(plan: DownloadPlan, videoNo: string, row: LibraryRow | undefined): VideoTask {
  return {
    ...(row === undefined ? { videoNo, listedSize: null } : listedTask(row)),
    destination: destinationOf(plan, videoNo),
    whenExists: plan.whenExists,
    existsHint: '--force replaces it; --skip-existing keeps it if it is a complete video',
    notWholeHint: 'left untouched; replace it with --force',
  };
}

function destinationOf(plan: DownloadPlan, videoNo: string): Destination {
  const { output } = plan;
  if (output === '-') return { kind: 'stdout' };
  if (output !== null)
    return { kind: 'file', containers: ['mp4'], followsLinks: true, nameFor: () => output };
  const all = Object.keys(EXTENSIONS) as Container[];
  return {
    kind: 'file',
    containers: plan.rules.container === 'any' ? all : ['mp4'],
    followsLinks: false,
    nameFor: (container) => join(plan.outputDir, videoNo + EXTENSIONS[container]),
  };
}
