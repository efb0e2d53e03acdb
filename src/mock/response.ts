/** Responses of the mock: JSON envelopes, and contents with byte ranges, at the pace set. */
import type { OutgoingHttpHeaders as Headers, IncomingHttpHeaders } from 'node:http';
import { pipeline } from 'node:stream/promises';
import { setTimeout as delay } from 'node:timers/promises';
import type { Exchange } from './options.ts';

export type { OutgoingHttpHeaders as Headers } from 'node:http';

/** The JSON object that the API wraps every response in, except for a video. */
export type Envelope = ReturnType<typeof envelope>;

function envelope(code: string, msg: string, data: unknown) {
  return { code, msg, data, success: code === '0000', failed: code !== '0000' };
}

/** The envelope of a successful response. */
export const success = (data: unknown): Envelope => envelope('0000', 'success', data);

/** A failure of the API itself; its HTTP status is 200. */
export const failure = (code: string, msg: string): Envelope => envelope(code, msg, null);

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

/** The whole body of a response, from which a request may ask for a range. */
export interface Content {
  readonly contentType: string;
  readonly sizeBytes: number;
  /** A strong entity tag, with its quotes. */
  readonly etag: string;
  read(fromByte: number, toByte: number): AsyncIterable<Uint8Array>;
}

/** A content that is held in memory. */
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

/** The bytes of a content that a response carries; `toByte` is exclusive. */
export interface Part {
  readonly status: 200 | 206 | 416;
  readonly fromByte: number;
  readonly toByte: number;
}

/** All bytes of a content. */
export function fullPart(content: Content): Part {
  return { status: 200, fromByte: 0, toByte: content.sizeBytes };
}

/** The part that Range and If-Range ask for; everything if there is no Range or it is not understood. */
export function requestedPart(headers: IncomingHttpHeaders, content: Content): Part {
  const ifRange = headers['if-range'];
  if (ifRange !== undefined && ifRange !== content.etag) return fullPart(content);
  const [, first = '', last = ''] = /^bytes=(\d*)-(\d*)$/.exec(headers.range ?? '') ?? [];
  if (first === '' && last === '') return fullPart(content);

  const { sizeBytes } = content;
  // Without a first byte, the other number counts from the end.
  const fromByte = first === '' ? Math.max(0, sizeBytes - Number(last)) : Number(first);
  const toByte = first === '' || last === '' ? sizeBytes : Math.min(sizeBytes, Number(last) + 1);
  if (fromByte >= toByte) return { status: 416, fromByte: 0, toByte: 0 };
  return { status: 206, fromByte, toByte };
}

/** An exchange with the content that a good response to it carries, and the part of it that the request gets. */
export interface Delivery extends Exchange {
  readonly content: Content;
  readonly part: Part;
  /** What the text of a fault says besides its name. */
  readonly value?: string | undefined;
  /** Bytes of the body before the fault; negative ones count from its end. */
  readonly offsetBytes?: number | undefined;
}

/** An exchange with another content. */
export function withContent<Of extends Exchange>(exchange: Of, content: Content): Of & Delivery {
  const { offerRanges, request } = exchange;
  const part = offerRanges ? requestedPart(request.headers, content) : fullPart(content);
  return { ...exchange, content, part };
}

type Pieces = AsyncIterable<Uint8Array>;

/** Sends the head, then the pieces at the pace set; ends the response unless told not to. */
export async function sendBody(delivery: Delivery, pieces: Pieces, headers: Headers = {}, end = true) {
  const { response, content, offerRanges, contentLength } = delivery;
  const { status, fromByte, toByte } = delivery.part;
  const range = status === 416 ? '*' : `${fromByte}-${toByte - 1}`;
  response.writeHead(status, {
    'Content-Type': content.contentType,
    ...(offerRanges && { 'Accept-Ranges': 'bytes', ETag: content.etag }),
    ...(status !== 200 && { 'Content-Range': `bytes ${range}/${content.sizeBytes}` }),
    ...(contentLength && { 'Content-Length': toByte - fromByte }),
    ...headers,
  });
  response.flushHeaders();
  await pipeline(paced(delivery, pieces), response, { end });
}

const WRITES_PER_SECOND = 20;

/** Cuts pieces to size, spaces them out, and counts their bytes. */
async function* paced({ chunkBytes, bytesPerSecond, record }: Exchange, pieces: Pieces) {
  const pacedBytes = bytesPerSecond ? Math.round(bytesPerSecond / WRITES_PER_SECOND) : chunkBytes;
  const pieceBytes = Math.max(1, Math.min(chunkBytes, pacedBytes));
  for await (const piece of pieces) {
    for (let at = 0; at < piece.length; at += pieceBytes) {
      const part = piece.subarray(at, at + pieceBytes);
      record.bytesSent += part.length;
      yield part;
      if (bytesPerSecond) await delay((part.length / bytesPerSecond) * 1000);
    }
  }
}

/** Sends the part of the content, as documented. */
export async function sendContent(delivery: Delivery, headers: Headers = {}): Promise<void> {
  const { fromByte, toByte } = delivery.part;
  await sendBody(delivery, delivery.content.read(fromByte, toByte), headers);
}

/** Sends a short body. */
export function sendText(exchange: Exchange, status: number, headers: Headers, body: string | Buffer): void {
  const bytes = Buffer.from(body);
  exchange.record.bytesSent += bytes.length;
  exchange.response.writeHead(status, headers).end(bytes);
}

/** Sends JSON. Failures of the API itself have status 200 too. */
export function sendJson(exchange: Exchange, value: unknown, status = 200, headers: Headers = {}): void {
  sendText(exchange, status, { 'Content-Type': 'application/json', ...headers }, JSON.stringify(value));
}

/** Sends what the API's infrastructure responds in its place: a real status, and JSON without code and msg. */
export function sendSpring(exchange: Exchange, status: number, error: string, headers: Headers = {}): void {
  const timestamp = new Date(exchange.nowMs()).toISOString();
  const body = { timestamp, path: exchange.record.url, status, error, requestId: `mock-${status}` };
  sendJson(exchange, body, status, headers);
}
