/** Many videos: several at once, each with its own outcome; shown, recorded and summed up. */
import { setMaxListeners } from 'node:events';
import type { Session } from '../api/client.ts';
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
import { maskSecrets, printable, safeJson } from '../sanitize.ts';
import { Budget, type DownloadContext, throttleTo } from './context.ts';
import { diskFileSystem } from './file-system.ts';
import type { Manifest } from './manifest.ts';
import { partialFiles } from './partial-file.ts';
import type { RunPlan, VideoTask } from './plan.ts';
import { downloadVideo, type Outcome } from './video.ts';

/** What holds for all videos of a run. */
interface BatchRun {
  readonly host: Host;
  readonly session: Session;
  readonly plan: RunPlan;
  readonly manifest: Manifest | null;
  /** Videos that the library does not list, of which a warning tells before the first video begins. */
  readonly unlisted: readonly string[];
  /** Whether the SHA-256 of each video is printed. */
  readonly showsChecksum: boolean;
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
  const { host, session, plan, showsChecksum } = run;
  const { limitRate, concurrency } = session.settings;
  const { quiet, json, verbose } = plan;
  const stop = new AbortController();
  const noNewVideos = new AbortController();
  // Standard output belongs to the video then, so that records go to standard error.
  const streams = tasks.some(({ destination }) => destination.kind === 'stdout');
  const sizes = tasks.flatMap(({ listedSize }) => listedSize ?? []);
  const view = await renderer({
    host,
    mode: plan.progress,
    quiet,
    videos: tasks.length,
    totalBytes: sizes.length < tasks.length ? null : sum(sizes),
    startDelayMs: session.client.videoLimiter.delayMsOfStart,
    sharesTerminal: verbose || (json && (streams || host.stdout.isTTY)),
  });
  const context: DownloadContext = {
    ...session,
    host,
    rules: plan.rules,
    fileSystem: diskFileSystem,
    partialFiles: partialFiles(host),
    throttle: limitRate === null ? null : throttleTo(limitRate),
    budget: new Budget(plan.maxTransfer),
    report: view.report,
    stop: AbortSignal.any([host.interrupt, stop.signal]),
    noNewVideos: noNewVideos.signal,
  };
  // Each running download adds listeners: many of them are no leak.
  setMaxListeners(0, host.interrupt, context.stop, noNewVideos.signal);
  const outcomes: Outcome[] = [];
  let isBudgetReported = false;

  const keep = async (record: VideoRecord): Promise<void> => {
    await run.manifest?.append(record);
    if (!json) return;
    // As on standard output: of data only the key itself is masked.
    if (streams) host.stderr.write(`${maskSecrets(safeJson(record), host.secrets)}\n`);
    // Once its reader has gone, only the manifest is written.
    else if (!(noNewVideos.signal.reason instanceof ClosedPipe)) await print(host, `${safeJson(record)}\n`);
  };

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
    const isDefect = error instanceof Error && !(error instanceof MaviError);
    if (verbose && isDefect) say(host, (error.stack ?? '').split('\n').map(printable).join('\n'));
    if (endsRun(error)) stop.abort(error);
    await keep(record).catch((keepError) => noNewVideos.abort(keepError));
  };

  /** Prints a line about the whole run, wrapped to the terminal. */
  const printLine = (text: string): void => {
    if (run.summaryEnd === null || quiet) return;
    const width = host.stderr.isTTY ? host.stderr.columns() : Number.POSITIVE_INFINITY;
    say(host, wrapped(text, width, 'mavi: ', ' '.repeat(6)));
  };

  const startedMs = host.clock.ticksMs();
  const inProgress = new Set<Promise<void>>();
  try {
    for (const videoNo of run.unlisted) view.report({ kind: 'warning', videoNo, text: UNLISTED });
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
  const { reason } = noNewVideos.signal;
  if (reason instanceof Interrupted) {
    const done = outcomes.filter(({ error }) => error === null).length;
    printLine(`interrupted: ${done} of ${tasks.length} videos done; ${run.continueHint}`);
  }
  noNewVideos.signal.throwIfAborted();
  const records = outcomes.map(({ record }) => record);
  printLine(summaryText(records, host.clock.ticksMs() - startedMs) + run.summaryEnd);
  // A failure that ended the run decides the exit code.
  if (stop.signal.aborted) return exitCodeFor(stop.signal.reason);
  return mergeExitCodes(outcomes.map(({ error }) => (error === null ? 0 : exitCodeFor(error))));
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, each) => total + each, 0);
}

const UNLISTED = 'not listed in the library, so its size is unknown';

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
  const received = bytesText(sum(records.map((record) => record.bytes_received)));
  return `${videosText(records.length)}: ${counts.join(', ')}; ${received} received in ${durationText(elapsedMs)}`;
}
