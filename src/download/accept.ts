/** Decides what a response is and where its bytes go, before any of them is written. */
import type { IncomingHttpHeaders } from 'node:http';
import type { ApiResponse } from '../api/client.ts';
import { bodyError, ENVELOPE_BYTES } from '../api/envelope.ts';
import { type MaviError, NetworkError, RefusedError } from '../errors.ts';
import type { Container } from '../isobmff/signature.ts';
import { newRecord, type RecordInProgress } from '../record.ts';
import type { DownloadContext } from './context.ts';
import type { VideoTask } from './plan.ts';
import { ResumableBody, type ResumePoint, runningHash } from './resumable-body.ts';
import { deviceSink, fileSink, type Sink, stdoutSink } from './sink.ts';
import { type CheckRules, type Opening, sniff } from './sniff.ts';
import type { Target } from './target.ts';

/** One download in progress: the task, and all that changes from attempt to attempt. */
export class ActiveDownload {
  readonly task: VideoTask;
  readonly context: DownloadContext;
  /** What is known of it by now. */
  readonly record: RecordInProgress;
  /** When it began, in the clock's ticks. */
  readonly startedMs: number;
  /** Milliseconds spent waiting for the rate limit and between attempts. */
  waitedMs = 0;
  /** Where the video goes, for each container that it may turn out to be; empty for standard output. */
  targets: ReadonlyMap<Container, Target> = new Map();
  /** What was received and passed on; null before the first byte. */
  body: ResumableBody | null = null;
  /** Whether the next attempt may request only the rest: not after a wrong range. */
  mayResume = true;

  constructor(task: VideoTask, context: DownloadContext) {
    const { videoNo, uniqueId = context.settings.uniqueId, listedSize, listed, destination } = task;
    this.task = task;
    this.context = context;
    this.record = newRecord(videoNo, uniqueId, listedSize, listed);
    if (destination.kind === 'file') this.record.file = destination.nameFor('mp4');
    this.startedMs = context.host.clock.ticksMs();
  }

  /** Where the next attempt can resume; null if it begins at the first byte. */
  get resumePoint(): ResumePoint | null {
    return this.mayResume ? (this.body?.resumePoint ?? null) : null;
  }
}

/** A response that may be written. */
interface Accepted {
  readonly into: ResumableBody;
  /** The chunks that were read already. */
  readonly first: readonly Uint8Array[];
  /** Whether nothing follows: the complete file was received before. */
  readonly isEnd: boolean;
}

/**
 * Accepts a response: the rest of a broken transfer, or a video from its first byte. Its body stays paused.
 * Throws why it is not accepted.
 */
export async function acceptResponse(response: ApiResponse, download: ActiveDownload): Promise<Accepted> {
  const { task, context, record, body } = download;
  const { status, headers } = response;
  const { contentLength } = response.body;
  if (status === 206 || status === 416) return acceptRest(response, download);
  const { opening, first } = await readOpening(response, context.rules);
  record.brand = opening.brand;
  record.expected_size = task.listedSize ?? contentLength;
  const fits = body !== null && (body.container === opening.container || body.sink.restart === null);
  const into = fits ? body : await openBody(opening.container, download);
  await into.begin(contentLength, strongEtag(headers));
  return { into, first, isEnd: false };
}

/** Accepts what follows the bytes received so far, or the statement that nothing does. */
function acceptRest({ headers, status, body }: ApiResponse, download: ActiveDownload): Accepted {
  const { resumePoint: asked, body: into } = download;
  const hint = 'check for a proxy between this machine and the server';
  if (asked === null || into === null) {
    const text = 'the server sent a partial response that was not requested';
    throw new RefusedError('bad_range', text, { hint });
  }
  const sizeBy = status === 206 ? sizeBy206 : sizeBy416;
  const size = sizeBy(headers, asked, into.transferSize);
  if (size === null) {
    download.mayResume = false;
    throw new NetworkError('bad_range', 'the server sent a different range than was requested', { hint });
  }
  into.transferSize = size;
  const isEnd = status === 416;
  if (isEnd) body.abort(new NetworkError('refused', 'not read'));
  return { into, first: [], isEnd };
}

/** The strong ETag of a complete response whose server offers byte ranges; null if it cannot be resumed. */
export function strongEtag(headers: IncomingHttpHeaders): string | null {
  const { etag } = headers;
  const offers = /(^|,)\s*bytes\s*(,|$)/i.test(headers['accept-ranges'] ?? '');
  const encoded = headers['content-encoding'] !== undefined && headers['content-encoding'] !== 'identity';
  return offers && !encoded && etag !== undefined && /^"[^"]*"$/.test(etag) ? etag : null;
}

/**
 * The total size of the file, in bytes, if a 206 holds exactly the bytes from the offset to its end: range, ETag and
 * total must fit. Null otherwise.
 * @param knownSize the size that the first response announced, in bytes; null if it did not
 */
export function sizeBy206(
  headers: IncomingHttpHeaders,
  asked: ResumePoint,
  knownSize: number | null,
): number | null {
  const range = /^bytes (\d{1,15})-(\d{1,15})\/(\d{1,15})$/i.exec(headers['content-range'] ?? '');
  if (range === null) return null;
  const [first = 0, last = 0, total = 0] = range.slice(1).map(Number);
  const length = headers['content-length'];
  const fits =
    first === asked.offset &&
    last === total - 1 &&
    last >= first &&
    (knownSize === null || total === knownSize) &&
    (length === undefined || Number(length) === total - asked.offset) &&
    headers.etag === asked.etag;
  return fits ? total : null;
}

/**
 * The total size of the file, in bytes, if a 416 says that it ends at the offset: all of it was received, and only the
 * end of the transfer was lost. Null otherwise. Servers send this only after If-Range has matched, and mostly without
 * an ETag.
 */
export function sizeBy416(
  headers: IncomingHttpHeaders,
  asked: ResumePoint,
  knownSize: number | null,
): number | null {
  const total = /^bytes \*\/(\d{1,15})$/i.exec(headers['content-range'] ?? '')?.[1];
  const fits =
    Number(total) === asked.offset &&
    (knownSize === null || knownSize === asked.offset) &&
    (headers.etag === undefined || headers.etag === asked.etag);
  return fits ? asked.offset : null;
}

/** Opens the sink for a container. One that was opened for another container is discarded: its name would be wrong. */
async function openBody(container: Container | null, download: ActiveDownload): Promise<ResumableBody> {
  await download.body?.sink.discard();
  download.body = null;
  const { rules } = download.context;
  const sink = await openSink(container, download);
  const newHash = rules.checksum || sink.restart === null ? await runningHash(rules.checksum) : null;
  download.body = new ResumableBody(sink, container, rules, newHash);
  return download.body;
}

function openSink(container: Container | null, download: ActiveDownload): Sink | Promise<Sink> {
  const { task, context, targets, record } = download;
  if (task.destination.kind === 'stdout') return stdoutSink(context.host);
  const target = (container === null ? undefined : targets.get(container)) ?? targets.get('mp4');
  if (target === undefined) throw new Error(`no target for ${container}`);
  record.file = target.shown;
  return target.kind === 'device' ? deviceSink(target, context) : fileSink(target, task, context);
}

/**
 * Reads as much of a body as shows what it is, and leaves it paused. What is not accepted is aborted immediately,
 * because its bytes are billed. The chunks that arrive while it is paused are added to `first`.
 */
async function readOpening(
  response: ApiResponse,
  rules: CheckRules,
): Promise<{ opening: Extract<Opening, { kind: 'accepted' }>; first: readonly Uint8Array[] }> {
  const { body } = response;
  const first: Uint8Array[] = [];
  let length = 0;
  let opening: Opening = { kind: 'more' };
  const enough = new Promise<void>((resolve) => {
    body.use((chunk) => {
      first.push(chunk);
      length += chunk.length;
      if (opening.kind === 'more') opening = sniff(Buffer.concat(first), false, rules);
      // JSON may be an error of the API, so all of it is read.
      if (opening.kind === 'more' || (opening.kind === 'json' && length <= ENVELOPE_BYTES)) return;
      body.pause();
      resolve();
    });
  });
  body.resume();
  await Promise.race([enough, body.finished]);
  if (opening.kind === 'more') opening = sniff(Buffer.concat(first), true, rules);
  if (opening.kind === 'accepted') return { opening, first };
  let error: MaviError = new NetworkError('network', 'no data was received');
  if (opening.kind === 'json') error = bodyError(Buffer.concat(first), response);
  if (opening.kind === 'refused') error = opening.error;
  body.abort(error);
  throw error;
}
