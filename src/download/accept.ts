/** Decides what a response is and where its bytes go, before any of them is written. */
import type { VideoResponse } from '../api/client.ts';
import { ENVELOPE_BYTES } from '../api/envelope.ts';
import { type MaviError, NetworkError, RefusedError } from '../errors.ts';
import type { Container } from '../isobmff/signature.ts';
import type { ActiveDownload } from './context.ts';
import {
  endsAt,
  ResumableBody,
  type ResumePoint,
  restOf,
  runningHash,
  strongEtag,
} from './resumable-body.ts';
import { deviceSink, fileSink, type Sink, stdoutSink } from './sink.ts';
import { type CheckRules, type Opening, sniff } from './sniff.ts';

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
export async function acceptResponse(response: VideoResponse, download: ActiveDownload): Promise<Accepted> {
  const { task, context, body } = download;
  const { status, headers, contentLength } = response;
  if (status === 206 || status === 416) return acceptRest(response, download);
  const { opening, first } = await readOpening(response, context.rules);
  download.brand = opening.brand;
  download.expectedSize = task.listedSize ?? contentLength;
  const fits = body !== null && (body.container === opening.container || body.sink.restart === null);
  const into = fits ? body : await openBody(opening.container, download);
  await into.begin(contentLength, strongEtag(headers));
  return { into, first, isEnd: false };
}

/** Where the next attempt can resume; null if it begins at the first byte. */
export function resumePointOf({ mayResume, body }: ActiveDownload): ResumePoint | null {
  return mayResume ? (body?.resumePoint ?? null) : null;
}

/** Accepts what follows the bytes received so far, or the statement that nothing does. */
function acceptRest({ headers, status, body }: VideoResponse, download: ActiveDownload): Accepted {
  const from = resumePointOf(download);
  const into = download.body;
  const hint = 'check for a proxy between this machine and the server';
  if (from === null || into === null) {
    throw new RefusedError('bad_range', 'the server sent a partial response that was not requested', {
      hint,
    });
  }
  if (status === 416 && endsAt(headers, from, into.transferSize)) {
    body.abort(new NetworkError('refused', 'not read'));
    into.transferSize = from.offset;
    return { into, first: [], isEnd: true };
  }
  const size = status === 206 ? restOf(headers, from, into.transferSize) : null;
  if (size === null) {
    download.mayResume = false;
    throw new NetworkError('bad_range', 'the server sent a different range than was requested', { hint });
  }
  into.transferSize = size;
  return { into, first: [], isEnd: false };
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

async function openSink(container: Container | null, download: ActiveDownload): Promise<Sink> {
  const { task, context, targets } = download;
  const { fileSystem, host, partialFiles } = context;
  if (task.destination.kind === 'stdout') return stdoutSink(host.stdout, host.interrupt);
  const target = (container === null ? undefined : targets.get(container)) ?? targets.get('mp4');
  if (target === undefined) throw new Error(`no target for ${container}`);
  download.file = target.shown;
  if (target.kind === 'device') return deviceSink(fileSystem, target, host.interrupt);
  const force = task.whenExists === 'force';
  return fileSink({ fileSystem, host, target, partialFiles, force, modifiedMs: task.mtimeMs ?? null });
}

/**
 * Reads as much of a body as shows what it is, and leaves it paused. What is not accepted is aborted immediately,
 * because its bytes are billed. The chunks that arrive while it is paused are added to `first`.
 */
async function readOpening(
  { body, errorFrom }: VideoResponse,
  rules: CheckRules,
): Promise<{ opening: Extract<Opening, { kind: 'accepted' }>; first: readonly Uint8Array[] }> {
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
  if (opening.kind === 'json') error = errorFrom(Buffer.concat(first));
  if (opening.kind === 'refused') error = opening.error;
  body.abort(error);
  throw error;
}
