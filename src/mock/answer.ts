import type { IncomingHttpHeaders, OutgoingHttpHeaders, ServerResponse } from 'node:http';
import { setTimeout as delay } from 'node:timers/promises';
import type { StoredVideo } from './library.ts';
import type { Exchange } from './options.ts';

/** The JSON object that the API wraps every answer in, but a video. */
export interface Envelope {
  readonly code: string;
  readonly msg: string;
  readonly data: unknown;
  readonly success: boolean;
  readonly failed: boolean;
}

/** A good answer. */
export function success(data: unknown): Envelope {
  return { code: '0000', msg: 'success', data, success: true, failed: false };
}

/** A failure of the API itself; its HTTP status is 200. */
export function failure(code: string, msg: string): Envelope {
  return { code, msg, data: null, success: false, failed: true };
}

/** The failures that the API is known for. */
export const FAILURES = {
  unknownVideo: failure('0001', 'download video error'),
  noVideoNo: failure('0001', 'The video number cannot be empty!'),
  networkAbnormal: failure('0001', 'The network is abnormal, please try again'),
  badParameter: failure('0003', 'Parameter error'),
  unauthorized: failure('0401', 'The API key is invalid or has no permission'),
  noCredits: failure('0402', 'Insufficient credits'),
  noBalance: failure('0001', 'Insufficient balance to download the resource. Please recharge and try again.'),
  disabled: failure('0403', 'The account has been disabled'),
  rateLimit: failure('0429', 'Request has exceeded the limit.'),
} as const;

/** What the API's infrastructure answers in its stead, with a real status and without code and msg. */
export function springError(status: number, error: string, path: string, nowMs: number) {
  return { timestamp: new Date(nowMs).toISOString(), path, status, error, requestId: `mock-${status}` };
}

/** What an answer with status 200 carries. */
export interface Content {
  readonly contentType: string;
  readonly sizeBytes: number;
  /** A strong entity tag, with its quotes. */
  readonly etag: string;
  read(fromByte: number, toByte: number): AsyncIterable<Uint8Array>;
}

/** The original file of a video, as the download route sends it. */
export function contentOf(video: StoredVideo): Content {
  return {
    contentType: 'application/octet-stream',
    sizeBytes: video.sizeBytes,
    etag: `"${video.videoNo}-${video.sizeBytes}"`,
    read: (fromByte, toByte) => video.read(fromByte, toByte),
  };
}

/** Bytes that are at hand. */
export function contentOfBytes(contentType: string, bytes: Uint8Array): Content {
  return {
    contentType,
    sizeBytes: bytes.length,
    etag: `"bytes-${bytes.length}"`,
    async *read(fromByte, toByte) {
      yield bytes.subarray(fromByte, toByte);
    },
  };
}

/** The part of a content that a request gets, `toByte` not included. */
export interface Part {
  readonly status: 200 | 206 | 416;
  readonly fromByte: number;
  readonly toByte: number;
}

/** The whole of a content. */
export function whole(content: Content): Part {
  return { status: 200, fromByte: 0, toByte: content.sizeBytes };
}

/** What a Range, held against If-Range, asks for; the whole where there is none, or none that is understood. */
export function partAsked(headers: IncomingHttpHeaders, content: Content): Part {
  const ifRange = headers['if-range'];
  if (ifRange !== undefined && ifRange !== content.etag) return whole(content);
  const [, first, last] = /^bytes=(\d*)-(\d*)$/.exec(headers.range ?? '') ?? [];
  if (first === undefined || last === undefined || (first === '' && last === '')) return whole(content);

  const { sizeBytes } = content;
  // Without a first byte, the other number counts from the end.
  const fromByte = first === '' ? Math.max(0, sizeBytes - Number(last)) : Number(first);
  const toByte = first === '' || last === '' ? sizeBytes : Math.min(sizeBytes, Number(last) + 1);
  if (fromByte >= toByte) return { status: 416, fromByte: 0, toByte: 0 };
  return { status: 206, fromByte, toByte };
}

/** The Content-Range that goes with a part, if any does. */
export function contentRange(part: Part, content: Content): string | undefined {
  if (part.status === 416) return `bytes */${content.sizeBytes}`;
  if (part.status === 206) return `bytes ${part.fromByte}-${part.toByte - 1}/${content.sizeBytes}`;
  return undefined;
}

const PACES_A_SECOND = 20;

/** Writes pieces as fast as the client takes them, or at the pace set; does not end the answer. */
export async function writePieces(exchange: Exchange, pieces: AsyncIterable<Uint8Array>): Promise<void> {
  for await (const piece of paced(exchange, pieces)) await write(exchange, piece);
}

/** Writes pieces and ends the answer with the last of them. */
export async function writeBody(exchange: Exchange, pieces: AsyncIterable<Uint8Array>): Promise<void> {
  // One piece behind, because the answer has to count as over before its last bytes are out.
  let last: Uint8Array | undefined;
  for await (const piece of paced(exchange, pieces)) {
    if (last) await write(exchange, last);
    last = piece;
  }
  exchange.settle();
  exchange.record.bytesSent += last?.length ?? 0;
  exchange.response.end(last);
}

/** Settles when all that was written has left for the kernel, or the connection is gone. */
export async function flushed({ response }: Exchange): Promise<void> {
  const { socket } = response;
  while (socket && !socket.destroyed && socket.writableLength > 0) await delay(2);
}

async function write({ response, record }: Exchange, piece: Uint8Array): Promise<void> {
  record.bytesSent += piece.length;
  if (!response.write(piece)) await drained(response);
}

async function drained(response: ServerResponse): Promise<void> {
  if (response.closed) return;
  await new Promise<void>((resolve) => {
    const settle = () => {
      response.off('drain', settle);
      response.off('close', settle);
      resolve();
    };
    response.once('drain', settle);
    response.once('close', settle);
  });
}

/** Cuts pieces to size, spaces them out, and stops when the client has gone. */
async function* paced(exchange: Exchange, pieces: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  const { chunkBytes, bytesPerSecond } = exchange.delivery;
  const pieceBytes = bytesPerSecond
    ? Math.max(1, Math.min(chunkBytes, Math.round(bytesPerSecond / PACES_A_SECOND)))
    : chunkBytes;
  for await (const piece of pieces) {
    for (let at = 0; at < piece.length; at += pieceBytes) {
      if (exchange.response.closed) return;
      const part = piece.subarray(at, at + pieceBytes);
      yield part;
      if (bytesPerSecond) await delay((part.length / bytesPerSecond) * 1000);
    }
  }
}

/** Answers with a content, as documented: status 200 and its bytes, or the part a Range asks for if ranges are offered. */
export async function sendContent(exchange: Exchange, content: Content): Promise<void> {
  const part = partFor(exchange, content);
  writeHead(exchange, content, part);
  await writeBody(exchange, content.read(part.fromByte, part.toByte));
}

/** Answers with JSON. Failures have status 200 as well: the API's own, not its infrastructure's. */
export function sendJson(exchange: Exchange, value: unknown, status = 200): void {
  sendText(exchange, status, { 'Content-Type': 'application/json' }, JSON.stringify(value));
}

/** Answers in the stead of the API's infrastructure. */
export function sendSpring(
  exchange: Exchange,
  status: number,
  error: string,
  headers: OutgoingHttpHeaders = {},
): void {
  const body = springError(status, error, exchange.record.url, exchange.nowMs());
  sendText(exchange, status, { 'Content-Type': 'application/json', ...headers }, JSON.stringify(body));
}

/** Answers with a short body at once. */
export function sendText(
  exchange: Exchange,
  status: number,
  headers: OutgoingHttpHeaders,
  body: string | Uint8Array,
): void {
  const bytes = Buffer.from(body);
  exchange.record.bytesSent += bytes.length;
  exchange.settle();
  exchange.response.writeHead(status, headers).end(bytes);
}

/** The part of a content that this request is to get. */
export function partFor(exchange: Exchange, content: Content): Part {
  return exchange.offerRanges ? partAsked(exchange.request.headers, content) : whole(content);
}

/** Writes the status line and headers of an answer that carries a part of a content. */
export function writeHead(
  exchange: Exchange,
  content: Content,
  part: Part,
  headers: OutgoingHttpHeaders = {},
): void {
  const range = contentRange(part, content);
  exchange.response.writeHead(part.status, {
    'Content-Type': content.contentType,
    ...(exchange.offerRanges && { 'Accept-Ranges': 'bytes', ETag: content.etag }),
    ...(range !== undefined && { 'Content-Range': range }),
    ...(exchange.delivery.contentLength && { 'Content-Length': part.toByte - part.fromByte }),
    ...headers,
  });
  exchange.response.flushHeaders();
}
