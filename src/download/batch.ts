/** Many videos: several at once, each with its own outcome; shown, recorded and summed up. */
import { setMaxListeners } from 'node:events';
import type { Session } from '../api/session.ts';
import {
  BudgetError,
  ClosedPipe,
  type ExitCode,
  endsRun,
  exitCodeFor,
  Interrupted,
  MaviError,
  mergeExitCodes,
} from '../errors.ts';
import { type Host, print, say } from '../host.ts';
import { videosText } from '../library/listing.ts';
import { renderer } from '../progress/renderer.ts';
import { bytesText, durationText, wrapped } from '../progress/text.ts';
import type { VideoRecord } from '../record.ts';
import { printable, safeJson } from '../sanitize.ts';
import { downloadContext } from './context.ts';
import { diskFileSystem } from './file-system.ts';
import type { Manifest } from './manifest.ts';
import type { DownloadRules, OutputOptions, TransferLimit, VideoTask } from './plan.ts';
import { downloadVideo, type Outcome } from './video.ts';

/** What holds for all videos of a run. */
interface BatchRun {
  readonly host: Host;
  readonly session: Session;
  readonly output: OutputOptions;
  readonly rules: DownloadRules;
  readonly maxTransfer: TransferLimit | null;
  readonly manifest: Manifest | null;
  /** Printed before the first video begins. */
  readonly warnings: readonly { readonly videoNo: string; readonly text: string }[];
  /** Whether the SHA-256 of each video is printed. */
  readonly showsChecksum: boolean;
  /** Whether standard output belongs to the video, so that records go to standard error. */
  readonly streams: boolean;
  /** What follows the summary; null for no summary. */
  readonly summaryEnd: string | null;
  /** How to continue after an interruption, such as `rerun the same command to continue`. */
  readonly continueHint: string;
}

/**
 * Downloads the tasks in their order, `concurrency` at a time. A failure of the account stops the rest. Returns the
 * merged exit code; throws what ends the run itself: a signal, a closed pipe, a record that cannot be written. No
 * video begins after that, and those in progress are finished and recorded.
 */
export async function runBatch(tasks: readonly VideoTask[], run: BatchRun): Promise<ExitCode> {
  const { host, session, output, showsChecksum } = run;
  const { concurrency } = session.settings;
  const stop = new AbortController();
  const noNewVideos = new AbortController();
  const view = await renderer({
    host,
    mode: output.progress,
    quiet: output.quiet,
    videos: tasks.length,
    totalBytes: totalSize(tasks),
    startDelayMs: session.client.videoLimiter.delayMsOfStart,
    sharesTerminal: output.verbose || (output.json && (run.streams || host.stdout.isTTY)),
  });
  const context = downloadContext({
    ...run,
    report: view.report,
    fileSystem: diskFileSystem,
    stop: AbortSignal.any([host.interrupt, stop.signal]),
    noNewVideos: noNewVideos.signal,
  });
  // Each running download adds listeners: many of them are no leak.
  setMaxListeners(0, host.interrupt, context.stop, noNewVideos.signal);
  const outcomes: Outcome[] = [];
  let isBudgetReported = false;

  /** What follows from the end of one video. */
  const conclude = async (outcome: Outcome): Promise<void> => {
    const { record, error, verified } = outcome;
    if (error instanceof ClosedPipe || error instanceof Interrupted) noNewVideos.abort(error);
    // A video that never began because the run ended needs neither a message nor a record.
    if (record.attempts === 0 && error !== null && error === noNewVideos.signal.reason) return;
    outcomes.push(outcome);
    // One video that --max-transfer leaves out is named; the summary counts the others.
    const isRepeated = isBudgetReported && error instanceof BudgetError && record.attempts === 0;
    isBudgetReported ||= error instanceof BudgetError;
    if (!isRepeated) view.report({ kind: 'over', videoNo: record.video_no, record, verified, showsChecksum });
    if (output.verbose && error instanceof Error && !(error instanceof MaviError)) printStack(error, host);
    if (endsRun(error)) stop.abort(error);
    try {
      await keep(record, run, noNewVideos.signal);
    } catch (keepError) {
      noNewVideos.abort(keepError);
    }
  };

  const startedMs = host.clock.ticksMs();
  const inProgress = new Set<Promise<void>>();
  try {
    for (const warning of run.warnings) view.report({ kind: 'warning', ...warning });
    for (const task of tasks) {
      if (inProgress.size >= concurrency) await Promise.race(inProgress);
      if (noNewVideos.signal.aborted) break;
      const video: Promise<void> = downloadVideo(task, context)
        .then(conclude)
        .finally(() => inProgress.delete(video));
      inProgress.add(video);
    }
    await Promise.all(inProgress);
  } finally {
    view.close();
  }
  if (noNewVideos.signal.aborted) {
    const done = outcomes.filter(({ error }) => error === null).length;
    if (noNewVideos.signal.reason instanceof Interrupted) {
      printLine(`interrupted: ${done} of ${tasks.length} videos done; ${run.continueHint}`, run);
    }
    throw noNewVideos.signal.reason;
  }
  const records = outcomes.map(({ record }) => record);
  printLine(summaryText(records, host.clock.ticksMs() - startedMs) + run.summaryEnd, run);
  // A failure that ended the run decides the exit code.
  if (stop.signal.aborted) return exitCodeFor(stop.signal.reason);
  return mergeExitCodes(outcomes.map(({ error }) => (error === null ? 0 : exitCodeFor(error))));
}

/** Writes the record of a video to the manifest and, with --json, to the output. Throws MaviError. */
async function keep(record: VideoRecord, run: BatchRun, noNewVideos: AbortSignal): Promise<void> {
  const { host, manifest, output } = run;
  await manifest?.append(record);
  if (!output.json) return;
  if (run.streams) say(host, safeJson(record));
  // Once its reader has gone, only the manifest is written.
  else if (!(noNewVideos.reason instanceof ClosedPipe)) await print(host, `${safeJson(record)}\n`);
}

/** Shows where a defect of this program is. */
function printStack({ stack = '' }: Error, host: Host): void {
  say(host, stack.split('\n').map(printable).join('\n'));
}

/** Prints a line about the whole run, wrapped to the terminal. */
function printLine(text: string, { host, output, summaryEnd }: BatchRun): void {
  if (summaryEnd === null || output.quiet) return;
  const width = host.stderr.isTTY ? host.stderr.columns() : Number.POSITIVE_INFINITY;
  say(host, wrapped(text, width, 'mavi: ', ' '.repeat(6)));
}

/** Bytes of all videos; null unless all sizes are known. */
function totalSize(tasks: readonly VideoTask[]): number | null {
  let total = 0;
  for (const { listedSize } of tasks) {
    if (listedSize === null) return null;
    total += listedSize;
  }
  return total;
}

/** Codes of videos that were never requested. */
const NOT_STARTED = ['not_started', 'max_transfer'];

/** `30 videos: 20 downloaded, 8 skipped, 2 failed; 1.2 GiB received in 2 min 31 s`. */
function summaryText(records: readonly VideoRecord[], elapsedMs: number): string {
  if (records.length === 0) return 'nothing to download';
  const outcomes = records.map(({ attempts, error, status }) =>
    attempts === 0 && NOT_STARTED.includes(error?.code ?? '') ? 'not started' : status,
  );
  const counts = ['downloaded', 'skipped', 'failed', 'not started']
    .map((outcome) => [outcomes.filter((each) => each === outcome).length, outcome])
    .filter(([count]) => count !== 0)
    .map((pair) => pair.join(' '));
  const received = records.reduce((sum, each) => sum + each.bytes_received, 0);
  return `${videosText(records.length)}: ${counts.join(', ')}; ${bytesText(received)} received in ${durationText(elapsedMs)}`;
}
