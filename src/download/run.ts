/** `mavi download`, from a checked plan to an exit code. */
import { mkdir } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { openSession } from '../api/session.ts';
import type { DownloadPlan } from '../commands/download.ts';
import { type ExitCode, exitCodeFor, mergeExitCodes, UsageError } from '../errors.ts';
import { safeJson } from '../foreign-text.ts';
import { type Host, print, say } from '../host.ts';
import { type Container, EXTENSIONS } from '../isobmff/signature.ts';
import { lookUp } from '../library/lookup.ts';
import { renderer } from '../progress/renderer.ts';
import { accountFirst, downloadBatch } from './batch.ts';
import { readVideoNos } from './batch-file.ts';
import { localError } from './local-error.ts';
import { openManifest } from './manifest.ts';
import type { Place, VideoTask } from './plan.ts';
import { recordFrom, type VideoRecord } from './record.ts';
import { summaryText } from './summary.ts';
import { batchTools } from './tools.ts';

/** Downloads what the plan names. Answers the merged exit code; throws what ends the run itself. */
export async function runDownload(plan: DownloadPlan, host: Host): Promise<ExitCode> {
  const videoNos = await allVideoNos(plan, host);
  if (videoNos.length === 0) {
    if (!plan.quiet) say(host, `mavi: ${plan.batchFile} names no video, so there is nothing to do`);
    return 0;
  }
  if (plan.output === '-' && host.stdout.isTTY) {
    throw new UsageError('video is not for a terminal', {
      hint: 'send standard output into a file or a pipe, or name a file with -o',
    });
  }
  const session = await openSession(host, plan.settings, plan.verbose);
  if (plan.output === null) await makeFolder(plan.outputDir, host);
  const manifest =
    plan.manifest === null ? null : await openManifest(resolve(host.cwd, plan.manifest), plan.manifest);
  const sizes = plan.lookup ? await lookUp(session.client, session.settings, videoNos, host) : null;
  const tasks = videoNos.map(
    (videoNo): VideoTask => ({
      videoNo,
      place: placeOf(plan, videoNo),
      whenExists: plan.whenExists,
      existsHint: 'replace it with --force, or keep it if it is a whole video with --skip-existing',
      listedSize: sizes?.get(videoNo)?.sizeBytes ?? null,
    }),
  );
  const { concurrency } = session.settings;
  const view = await renderer({
    host,
    mode: plan.progress,
    quiet: plan.quiet,
    videos: tasks.length,
    concurrency,
  });
  const startedMs = host.clock.ticksMs();
  try {
    const tools = batchTools({
      host,
      session,
      rules: plan.rules,
      maxTransfer: plan.maxTransfer,
      report: view.report,
    });
    for (const videoNo of sizes === null ? [] : videoNos.filter((each) => !sizes.has(each))) {
      view.report({
        kind: 'warning',
        videoNo,
        text: 'the library does not list it, so its size is not known',
      });
    }
    const outcomes = await downloadBatch(tasks, {
      tools,
      concurrency,
      async keep(record) {
        await manifest?.append(recordFrom(manifest.folder, host.cwd, record));
        if (plan.json) await printRecord(record, plan, host);
      },
    });
    view.close();
    if (tasks.length > 1 && !plan.quiet) {
      say(
        host,
        summaryText(
          outcomes.map(({ record }) => record),
          host.clock.ticksMs() - startedMs,
        ),
      );
    }
    return mergeExitCodes(
      accountFirst(outcomes.map(({ error }) => (error === null ? 0 : exitCodeFor(error)))),
    );
  } finally {
    view.close();
    await manifest?.close();
  }
}

/** The videos of the plan, each once, in the order in which they were first named. */
async function allVideoNos(plan: DownloadPlan, host: Host): Promise<readonly string[]> {
  const listed = plan.batchFile === null ? [] : await readVideoNos(plan.batchFile, host);
  const videoNos = [...new Set([...plan.videoNos, ...listed])];
  if (plan.output !== null && videoNos.length > 1) {
    throw new UsageError('--output takes one video only', { hint: 'for several use --output-dir <dir>' });
  }
  return videoNos;
}

function placeOf(plan: DownloadPlan, videoNo: string): Place {
  const { output } = plan;
  if (output === '-') return { kind: 'stdout' };
  if (output !== null) return { kind: 'file', containers: ['mp4'], nameFor: () => output };
  const all = Object.keys(EXTENSIONS) as Container[];
  return {
    kind: 'file',
    containers: plan.rules.container === 'any' ? all : ['mp4'],
    nameFor: (container) => join(plan.outputDir, videoNo + EXTENSIONS[container]),
  };
}

async function makeFolder(folder: string, host: Host): Promise<void> {
  await mkdir(resolve(host.cwd, folder), { recursive: true }).catch((error) => {
    throw localError(error, folder, 'make the folder');
  });
}

async function printRecord(record: VideoRecord, plan: DownloadPlan, host: Host): Promise<void> {
  const line = safeJson(record);
  // Standard output belongs to the video.
  if (plan.output === '-') say(host, line);
  else await print(host, `${line}\n`);
}
