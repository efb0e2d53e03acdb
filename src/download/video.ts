/** One download from beginning to end: look at the target, fetch until complete, publish, or clean up. */
import type { ApiResponse } from '../api/client.ts';
import { CHECK_ENCODING } from '../api/network-errors.ts';
import { type DelayAfter, retryDelays } from '../api/retry.ts';
import {
  AccountError,
  BodyError,
  endsRun,
  LocalError,
  MaviError,
  PauseError,
  RateLimitError,
  TruncatedError,
} from '../errors.ts';
import { sleep } from '../host.ts';
import { recordedError, type VideoRecord } from '../record.ts';
import { ActiveDownload, acceptResponse } from './accept.ts';
import type { Proof } from './body-check.ts';
import type { DownloadContext } from './context.ts';
import { alreadyExists, checkExisting, listedOf, lookAtTargets } from './existing.ts';
import type { VideoTask } from './plan.ts';
import type { ResumableBody } from './resumable-body.ts';
import { transfer } from './transfer.ts';

/** How a video ended. */
export interface Outcome {
  readonly record: VideoRecord;
  /** What was verified, in words; empty for a failure. */
  readonly verified: string;
  /** Null unless it failed. */
  readonly error: unknown;
}

/**
 * Downloads one video to its destination. Never throws. The outcome is a success only if the target holds exactly
 * the bytes that the server has, as far as can be verified; otherwise the target is what it was before.
 */
export async function downloadVideo(task: VideoTask, context: DownloadContext): Promise<Outcome> {
  const { host, report, stop } = context;
  const download = new ActiveDownload(task, context);
  try {
    if (stop.aborted) throw stop.reason;
    download.targets = await lookAtTargets(download);
    const existing = [...download.targets.values()].find((target) => target.existing !== null);
    if (existing !== undefined && task.whenExists === 'skip') {
      return outcomeOf(download, 'skipped', await checkExisting(existing, download));
    }
    if (existing !== undefined && task.whenExists === 'refuse') throw alreadyExists(existing, task);
    const { videoNo, listed } = task;
    report({ kind: 'begun', videoNo, file: download.record.file, name: listed?.video_name });
    const { proof, into } = await fetchWithRetries(download);
    report({ kind: 'finishing', videoNo });
    if (host.interrupt.aborted) throw host.interrupt.reason;
    const untidy = await into.sink.publish().catch((error) => {
      // A file that appeared meanwhile: what to do about it depends on the command.
      if (!(error instanceof LocalError) || error.code !== 'exists') throw error;
      throw new LocalError('exists', error.message, { hint: task.existsHint, cause: error });
    });
    return outcomeOf(download, 'downloaded', { ...proof, warnings: [...proof.warnings, ...untidy] });
  } catch (error) {
    download.record.bytes = null;
    await download.body?.sink.discard();
    // The failure of another video has stopped this one.
    const isStopped = stop.aborted && error === stop.reason && endsRun(error);
    const failure = isStopped ? stoppedBy(error, download.record.attempts > 0) : error;
    return outcomeOf(download, 'failed', { verified: '', warnings: [] }, failure);
  }
}

/** The failure of a video that ended the run, as the failure of another one that it stopped. */
function stoppedBy(why: AccountError | PauseError, hasBegun: boolean): MaviError {
  const Kind = why instanceof PauseError ? PauseError : AccountError;
  const [code, words] = hasBegun ? ['stopped', 'stopped'] : ['not_started', 'not started'];
  return new Kind(code, `${words}: ${why.message}`, { hint: why.hint, cause: why });
}

/** Requests the video until it is complete. Throws the failure that is final, or the last one. */
async function fetchWithRetries(download: ActiveDownload): Promise<{ proof: Proof; into: ResumableBody }> {
  const { context, record } = download;
  const { listedSize } = download.task;
  const delayAfter = retryDelays(context.settings);
  for (;;) {
    const receivedBefore = record.bytes_received;
    const reservation = context.budget.reserve(bytesToCome(download), record.attempts > 0);
    let response: ApiResponse | null = null;
    try {
      const asked = download.resumePoint;
      response = await request(download);
      const { body } = response;
      reservation.cover(body.contentLength ?? 0);
      const { into, first, isEnd } = await acceptResponse(response, download);
      if (asked !== null && response.status === 200) {
        const text = `the server does not send the rest: ${howAgain(into)}`;
        context.report({ kind: 'warning', videoNo: record.video_no, text });
      }
      const progress = progressOf(download, into);
      let decodedBytes = 0;
      const onChunk = (chunk: Uint8Array): void => {
        decodedBytes += chunk.length;
        reservation.cover(Math.max(body.wireBytes, decodedBytes));
        const isCompressed = body.wireBytes < decodedBytes;
        if (isCompressed && listedSize !== null && decodedBytes > listedSize) throw tooLong(listedSize);
        progress.reportSoon();
      };
      if (!isEnd) await transfer(body, first, into, context, onChunk).finally(progress.end);
      const proof = await into.prove(listedOf(download.task));
      record.bytes = into.check.bytes;
      record.sha256 = context.rules.checksum ? into.hash() : null;
      return { proof, into };
    } catch (error) {
      response?.body.abort(error);
      await pauseOrThrow(error, delayAfter, download);
    } finally {
      record.bytes_received += response?.body.wireBytes ?? 0;
      reservation.settle(record.bytes_received - receivedBefore);
    }
  }
}

/** What is still to come of the video, in bytes; null if unknown. */
function bytesToCome(download: ActiveDownload): number | null {
  const size = download.body?.transferSize ?? download.task.listedSize;
  return size === null ? null : Math.max(0, size - (download.resumePoint?.offset ?? 0));
}

function tooLong(listedSize: number): BodyError {
  const text = `the compressed body is longer than the ${listedSize} bytes listed`;
  return new BodyError('too_long', text, { hint: CHECK_ENCODING });
}

/** Sends the request for the video, or for the rest of it. */
function request(download: ActiveDownload): Promise<ApiResponse> {
  const { record } = download;
  const { client, host, report, stop, noNewVideos } = download.context;
  const { videoNo, uniqueId } = download.task;
  const askedMs = host.clock.ticksMs();
  return client.download(videoNo, {
    uniqueId,
    signal: stop,
    // A request that was sent is billed, so its video continues when no new ones are wanted.
    waitSignal: record.attempts === 0 ? AbortSignal.any([stop, noNewVideos]) : stop,
    bodySignal: host.interrupt,
    from: download.resumePoint ?? undefined,
    onWait: (untilMs) => report({ kind: 'waiting', videoNo, untilMs }),
    onStart: () => {
      record.attempts += 1;
      download.waitedMs += host.clock.ticksMs() - askedMs;
      report({ kind: 'requesting', videoNo });
    },
    onDiscarded: (bytes) => {
      record.bytes_received += bytes;
    },
  });
}

/** After a failure: waits for the next attempt, or throws the error if there is to be none. */
async function pauseOrThrow(error: unknown, delayAfter: DelayAfter, download: ActiveDownload): Promise<void> {
  if (!(error instanceof MaviError)) throw error;
  const { task, body } = download;
  const { client, host, report, stop } = download.context;
  const nowMs = host.clock.nowMs();
  const delayMs = delayAfter(error, { nowMs, ticksMs: host.clock.ticksMs(), random: host.random() });
  // A truncated body is not resumed.
  if (error instanceof TruncatedError && body !== null) body.etag = null;
  const untilMs = nowMs + delayMs;
  const next = { attempt: download.record.attempts + 1, how: howNext(download) };
  report({ kind: 'retrying', videoNo: task.videoNo, why: error.message, untilMs, ...next });
  if (error instanceof RateLimitError) await client.videoLimiter.pauseUntil(untilMs);
  await sleep(host.clock, delayMs, stop);
  download.waitedMs += delayMs;
}

/** What the next attempt fetches, in words; empty where nothing was received yet. */
function howNext(download: ActiveDownload): string {
  const { body, resumePoint } = download;
  if (resumePoint !== null) return `resuming at byte ${resumePoint.offset}`;
  return body === null || body.check.bytes === 0 ? '' : howAgain(body);
}

function howAgain({ isCommitted }: ResumableBody): string {
  return isCommitted
    ? 'downloading it again and checking that the bytes already written match'
    : 'starting over; all bytes are billed again';
}

/** How often a transfer reports its progress, in milliseconds: a fast one has thousands of chunks a second. */
const REPORT_EVERY_MS = 100;

/** Reports the progress of a transfer: soon after a chunk, and when it ends. */
function progressOf({ task, context }: ActiveDownload, into: ResumableBody) {
  const { listedSize, listedDuration } = listedOf(task);
  let cancel: (() => void) | null = null;
  const report = (): void => {
    cancel = null;
    const announced = into.transferSize ?? listedSize;
    const byBoxes = announced === null ? into.check.progress(listedDuration) : null;
    context.report({
      kind: 'receiving',
      videoNo: task.videoNo,
      receivedBytes: into.check.bytes,
      totalBytes: byBoxes?.kind === 'bytes' ? byBoxes.totalBytes : announced,
      mayGrow: announced === null && (byBoxes?.kind !== 'bytes' || byBoxes.mayGrow),
      timeShare: byBoxes?.kind === 'time' ? byBoxes.share : null,
    });
  };
  return {
    reportSoon(): void {
      cancel ??= context.host.clock.after(REPORT_EVERY_MS, report);
    },
    end(): void {
      cancel?.();
      report();
    },
  };
}

function outcomeOf(
  { record, context, startedMs, waitedMs }: ActiveDownload,
  status: VideoRecord['status'],
  { verified, warnings }: Proof,
  error: unknown = null,
): Outcome {
  const { clock, secrets } = context.host;
  record.status = status;
  record.seconds = Math.max(0, Math.round(clock.ticksMs() - startedMs - waitedMs)) / 1000;
  record.warnings = warnings;
  if (status === 'downloaded') record.downloaded_at = new Date(clock.nowMs()).toISOString();
  if (error !== null) record.error = recordedError(error, secrets);
  return { record, verified, error };
}
