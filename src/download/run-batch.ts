/** Many videos from their tasks to one exit code: shown, recorded and summed up. */
import type { Session } from '../api/session.ts';
import { type ExitCode, exitCodeFor, mergeExitCodes } from '../errors.ts';
import { type Host, print, say } from '../host.ts';
import { renderer } from '../progress/renderer.ts';
import { recordFrom, type VideoRecord } from '../record.ts';
import { safeJson } from '../sanitize.ts';
import { accountFirst, downloadBatch } from './batch.ts';
import { downloadContext } from './context.ts';
import type { Manifest } from './manifest.ts';
import type { DownloadRules, OutputOptions, VideoTask } from './plan.ts';
import { summaryText } from './summary.ts';

/** What holds for all videos of a run. */
export interface BatchRun {
  readonly host: Host;
  readonly session: Session;
  readonly output: OutputOptions;
  readonly rules: DownloadRules;
  /** Bytes; null is no limit. */
  readonly maxTransfer: number | null;
  readonly manifest: Manifest | null;
  /** Said of single videos before the first is begun. */
  readonly warnings: readonly { readonly videoNo: string; readonly text: string }[];
  /** Whether standard output belongs to the video, so that records go to standard error. */
  readonly streams: boolean;
  /** What follows the line that sums up; null for no such line. */
  readonly summaryEnd: string | null;
}

/** Downloads the tasks. Answers the merged exit code; throws what ends the run itself. */
export async function runBatch(tasks: readonly VideoTask[], run: BatchRun): Promise<ExitCode> {
  const { host, session, output, manifest } = run;
  const { concurrency } = session.settings;
  const view = await renderer({
    host,
    mode: output.progress,
    quiet: output.quiet,
    videos: tasks.length,
    totalBytes: sumOfSizes(tasks),
    sharesTerminal: output.verbose || (output.json && (run.streams || host.stdout.isTTY)),
  });
  const keep = async (record: VideoRecord): Promise<void> => {
    await manifest?.append(recordFrom(manifest.folder, host.cwd, record));
    if (!output.json) return;
    if (run.streams) say(host, safeJson(record));
    else await print(host, `${safeJson(record)}\n`);
  };
  const startedMs = host.clock.ticksMs();
  try {
    const context = downloadContext({ ...run, report: view.report });
    for (const warning of run.warnings) view.report({ kind: 'warning', ...warning });
    const outcomes = await downloadBatch(tasks, { context, concurrency, keep });
    view.close();
    if (run.summaryEnd !== null && !output.quiet) {
      const records = outcomes.map(({ record }) => record);
      say(host, summaryText(records, host.clock.ticksMs() - startedMs) + run.summaryEnd);
    }
    const codes = outcomes.map(({ error }) => (error === null ? 0 : exitCodeFor(error)));
    return mergeExitCodes(accountFirst(codes));
  } finally {
    view.close();
  }
}

/** Bytes of all videos; null where a size is not known. */
function sumOfSizes(tasks: readonly VideoTask[]): number | null {
  return tasks.reduce<number | null>(
    (sum, { listedSize }) => (sum === null || listedSize === null ? null : sum + listedSize),
    0,
  );
}
