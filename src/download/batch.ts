/** Many videos: some at once, each with its own outcome, one end. */
import { setMaxListeners } from 'node:events';
import { AccountError, BudgetError, ClosedPipe, type ExitCode, Interrupted } from '../errors.ts';
import { recordedError, type VideoFacts, type VideoRecord } from '../record.ts';
import type { DownloadContext } from './context.ts';
import type { VideoTask } from './plan.ts';
import { type DownloadResult, downloadVideo } from './video.ts';

/** One video and how it went. */
export interface Outcome {
  readonly record: VideoRecord;
  readonly error: unknown;
}

/** What a batch needs besides what each download needs. */
export interface BatchOptions {
  readonly context: Omit<DownloadContext, 'stop'>;
  readonly concurrency: number;
  /** Keeps the record of each video as soon as it is over; awaited before the next begins in its place. */
  readonly keep: (record: VideoRecord) => Promise<void>;
}

/**
 * Downloads all tasks, in their order, `concurrency` at a time. Each is tried; a failure of the account ends
 * the rest at once. Throws only what ends the run itself: a signal, a closed pipe, a defect.
 */
export async function downloadBatch(tasks: readonly VideoTask[], options: BatchOptions): Promise<Outcome[]> {
  const outcomes: Outcome[] = [];
  const stop = new AbortController();
  const { interrupt } = options.context.host;
  const context: DownloadContext = { ...options.context, stop: AbortSignal.any([interrupt, stop.signal]) };
  // Each download listens while it runs, and many at once are no leak, of which Node would warn.
  setMaxListeners(0, interrupt, context.stop);
  const queue = tasks.values();
  let fatal: unknown = null;
  let budgetSaid = false;

  const work = async (): Promise<void> => {
    for (const task of queue) {
      // What ended the run itself needs no word of each video that was not begun.
      if (fatal !== null) return;
      const { record, error, verified } = await one(task, context);
      outcomes.push({ record, error });
      // What stays undone for want of budget is said of one video; the summary counts the others.
      const isSaid = budgetSaid && error instanceof BudgetError;
      budgetSaid ||= error instanceof BudgetError;
      if (!isSaid) context.report({ kind: 'over', videoNo: task.videoNo, record, verified });
      if (error instanceof AccountError && !stop.signal.aborted) stop.abort(notStarted(error));
      if (error instanceof ClosedPipe || error instanceof Interrupted) fatal ??= error;
      // Nobody reads any more: what is still running would be billed for nothing.
      if (error instanceof ClosedPipe && !stop.signal.aborted) stop.abort(error);
      try {
        await options.keep(record);
      } catch (keepError) {
        fatal ??= keepError;
        if (!stop.signal.aborted) stop.abort(keepError);
      }
    }
  };
  await Promise.all(Array.from({ length: Math.min(options.concurrency, tasks.length) }, work));
  if (fatal !== null) throw fatal;
  return outcomes;
}

/** A failure of the account is the code of the whole run, whatever else failed before it. */
export function accountFirst(codes: readonly ExitCode[]): readonly ExitCode[] {
  return codes.includes(3) ? [3] : codes;
}

function notStarted(why: AccountError): AccountError {
  return new AccountError('not_started', `not started, since ${why.message}`, { hint: why.hint, cause: why });
}

/** What is recorded of a failure: a video that was begun and then stopped with the rest was not `not_started`. */
function asBegun(error: unknown, attempts: number): unknown {
  if (attempts === 0 || !(error instanceof AccountError) || error.code !== 'not_started') return error;
  const { cause, hint } = error;
  const why = cause instanceof AccountError ? cause.message : error.message;
  return new AccountError('stopped', `stopped, since ${why}`, { hint, cause });
}

/** One video to its record; never throws. */
async function one(task: VideoTask, context: DownloadContext): Promise<Outcome & { verified: string }> {
  const { host } = context;
  const startedMs = host.clock.ticksMs();
  const facts: VideoFacts = {
    attempts: 0,
    receivedBytes: 0,
    expectedSize: task.listedSize,
    file: task.destination.kind === 'stdout' ? null : task.destination.nameFor('mp4'),
    brand: null,
    sha256: null,
    bytes: null,
  };
  let result: DownloadResult | null = null;
  let error: unknown = null;
  try {
    if (context.stop.aborted) throw context.stop.reason;
    result = await downloadVideo(task, context, facts);
  } catch (thrown) {
    error = asBegun(thrown, facts.attempts);
  }
  const record: VideoRecord = {
    video_no: task.videoNo,
    unique_id: context.settings.uniqueId,
    status: result?.status ?? 'failed',
    file: facts.file,
    bytes: facts.bytes,
    bytes_received: facts.receivedBytes,
    expected_size: facts.expectedSize,
    sha256: facts.sha256,
    seconds: Math.round(host.clock.ticksMs() - startedMs) / 1000,
    attempts: facts.attempts,
    brand: facts.brand,
    downloaded_at: result?.status === 'downloaded' ? new Date(host.clock.nowMs()).toISOString() : null,
    error: error === null ? null : recordedError(error, host.secrets),
    warnings: result?.proof.warnings ?? [],
  };
  return { record, error, verified: result?.proof.verified ?? '' };
}
