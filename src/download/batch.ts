/** Many videos: several at once, each with its own outcome; shown, recorded and summed up. */
import { setMaxListeners } from 'node:events';
import type { Session } from '../api/session.ts';
import {
  BudgetError,
  ClosedPipe,
  type ExitCode,
  endedBy,
  endsRun,
  exitCodeFor,
  Interrupted,
  LocalError,
  MaviError,
  mergeExitCodes,
} from '../errors.ts';
import { type Host, print, say } from '../host.ts';
import { renderer } from '../progress/renderer.ts';
import { bytesText, durationText, wrapped } from '../progress/text.ts';
import { recordFrom, type VideoRecord } from '../record.ts';
import { printable, safeJson } from '../sanitize.ts';
import { downloadContext } from './context.ts';
import type { Manifest } from './manifest.ts';
import type { DownloadRules, OutputOptions, TransferLimit, VideoTask } from './plan.ts';
import { downloadVideo, type Outcome } from './video.ts';

/** What holds for all videos of a run. */
export interface BatchRun {
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
 * Downloads the tasks in their order, `concurrency` at a time. Each is tried; an account-wide failure stops the
 * rest at once. Returns the merged exit code; throws what ends the run itself: a signal, a closed pipe, a record
 * that cannot be written. No video begins after that, and those under way are finished and recorded.
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
    totalBytes: sumOfSizes(tasks),
    startDelayMs: run.session.client.videoLimiter.delayMsOfStart,
    sharesTerminal: output.verbose || (output.json && (run.streams || host.stdout.isTTY)),
  });
  const context = downloadContext({
    ...run,
    report: view.report,
    stop: AbortSignal.any([host.interrupt, stop.signal]),
    noNewVideos: noNewVideos.signal,
  });
  // Each download listens while it runs: many listeners at once are no leak.
  setMaxListeners(0, host.interrupt, context.stop, noNewVideos.signal);
  const outcomes: Outcome[] = [];
  let budgetSaid = false;

  /** What follows from the end of one video. */
  const conclude = async (outcome: Outcome): Promise<void> => {
    const { record, error, verified } = outcome;
    if (error instanceof ClosedPipe || error instanceof Interrupted) noNewVideos.abort(error);
    // A video that never began because the run ended needs neither a word nor a record.
    if (record.attempts === 0 && error !== null && error === noNewVideos.signal.reason) return;
    outcomes.push(outcome);
    // One video that --max-transfer leaves out is named; the summary counts the others.
    const isRepeated = budgetSaid && error instanceof BudgetError && record.attempts === 0;
    budgetSaid ||= error instanceof BudgetError;
    if (!isRepeated) view.report({ kind: 'over', videoNo: record.video_no, record, verified, showsChecksum });
    if (error !== null && !(error instanceof MaviError)) sayStack(error, run);
    if (endsRun(error) && !stop.signal.aborted) stop.abort(endedBy(error, 'not_started', 'not started'));
    try {
      await keep(record, run, noNewVideos.signal);
    } catch (keepError) {
      noNewVideos.abort(keepError);
    }
  };

  const startedMs = host.clock.ticksMs();
  const underWay = new Set<Promise<void>>();
  try {
    for (const warning of run.warnings) view.report({ kind: 'warning', ...warning });
    for (const task of tasks) {
      if (underWay.size >= concurrency) await Promise.race(underWay);
      if (noNewVideos.signal.aborted) break;
      const video: Promise<void> = downloadVideo(task, context)
        .then(conclude)
        .finally(() => underWay.delete(video));
      underWay.add(video);
    }
    await Promise.all(underWay);
  } finally {
    view.close();
  }
  if (noNewVideos.signal.aborted) {
    const done = outcomes.filter(({ error }) => error === null).length;
    if (noNewVideos.signal.reason instanceof Interrupted) {
      sayLine(run, `interrupted: ${done} of ${tasks.length} videos done; ${run.continueHint}`);
    }
    throw noNewVideos.signal.reason;
  }
  const records = outcomes.map(({ record }) => record);
  sayLine(run, summaryText(records, host.clock.ticksMs() - startedMs) + run.summaryEnd);
  // What ended the run is its code, whatever else failed before it.
  if (stop.signal.aborted) return exitCodeFor(stop.signal.reason);
  return mergeExitCodes(outcomes.map(({ error }) => (error === null ? 0 : exitCodeFor(error))));
}

/** Writes the record of a video to the manifest and, with --json, to the output. Throws MaviError. */
async function keep(record: VideoRecord, run: BatchRun, noNewVideos: AbortSignal): Promise<void> {
  const { host, manifest, output } = run;
  if (manifest !== null) {
    await manifest.append(recordFrom(manifest.folder, host.cwd, record)).catch((error: MaviError) => {
      const state = record.status === 'failed' ? 'failed' : `was ${record.status}`;
      throw new LocalError(
        error.code,
        `${record.video_no} ${state}, but its record could not be saved: ${error.message}`,
        { hint: error.hint, cause: error },
      );
    });
  }
  if (!output.json) return;
  if (run.streams) say(host, safeJson(record));
  // Once its reader has gone, the manifest alone is written.
  else if (!(noNewVideos.reason instanceof ClosedPipe)) await print(host, `${safeJson(record)}\n`);
}

/** Where a defect of our own lies; for --verbose only. */
function sayStack(error: unknown, { host, output }: BatchRun): void {
  if (!output.verbose || !(error instanceof Error)) return;
  say(host, (error.stack ?? '').split('\n').map(printable).join('\n'));
}

/** A line about the whole run, wrapped to the terminal. */
function sayLine({ host, output, summaryEnd }: BatchRun, text: string): void {
  if (summaryEnd === null || output.quiet) return;
  const width = host.stderr.isTTY ? host.stderr.columns() : Number.POSITIVE_INFINITY;
  say(host, wrapped(text, width, 'mavi: ', ' '.repeat(6)));
}

/** Bytes of all videos; null where a size is not known. */
function sumOfSizes(tasks: readonly VideoTask[]): number | null {
  const sizes = tasks.map(({ listedSize }) => listedSize ?? Number.NaN);
  const sum = sizes.reduce((total, size) => total + size, 0);
  return Number.isNaN(sum) ? null : sum;
}

/** Codes of videos that were never requested. */
const NOT_STARTED = new Set(['not_started', 'max_transfer']);

/** `30 videos: 20 downloaded, 8 skipped, 2 failed; 1.2 GiB received in 2 min 31 s`. */
function summaryText(records: readonly VideoRecord[], elapsedMs: number): string {
  if (records.length === 0) return 'nothing to download';
  const outcomes = records.map(({ attempts, error, status }) =>
    attempts === 0 && NOT_STARTED.has(error?.code ?? '') ? 'not started' : status,
  );
  const counts = ['downloaded', 'skipped', 'failed', 'not started']
    .map((outcome) => [outcomes.filter((each) => each === outcome).length, outcome])
    .filter(([count]) => count !== 0)
    .map((pair) => pair.join(' '));
  const received = records.reduce((sum, each) => sum + each.bytes_received, 0);
  return `${records.length} ${records.length === 1 ? 'video' : 'videos'}: ${counts.join(', ')}; ${bytesText(received)} received in ${durationText(elapsedMs)}`;
}
