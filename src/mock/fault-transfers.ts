/** Faults of the connection, of how the video's bytes are framed, and of byte ranges. */
import { pipeline, Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { setTimeout as delay } from 'node:timers/promises';
import { constants, createBrotliCompress, createGzip } from 'node:zlib';
import type { FaultAction, FaultTable } from './fault-responses.ts';
import type { Exchange } from './options.ts';
import { type Delivery, fullPart, requestedPart, sendBody, sendContent, withContent } from './response.ts';

const GRACE_MS = 25;
const TRICKLES_PER_SECOND = 100;
const SLOW_LINE_MS = 50;
const ZEROS = Buffer.alloc(1_048_576);
const MAIL_SERVER = Buffer.from('220 this is a mail server, or so it says\r\n\r\n');

export const TRANSFER_FAULTS = {
  // The connection
  drop: ['resets the connection after @offset bytes of the body (default: half of it)', drop],
  hangup: ['closes the connection in the middle of a chunk, after @offset bytes', hangup],
  stall: ['sends @offset bytes, then nothing more, and keeps the connection open', sendUpToOffset],
  silent: ['accepts the request and never responds', () => {}],
  'no-answer': ['closes the connection without a response', (delivery) => close(delivery)],
  'bad-http': ['responds with something that is not HTTP', (delivery) => close(delivery, MAIL_SERVER)],
  'headers-too-large': [
    'responds with a header of 100 kB',
    ({ response }) => response.writeHead(200, { 'X-Filler': 'x'.repeat(100_000) }).end(),
  ],
  'headers-slow': ['sends the video after =n more header lines (default: 10), one every 50 ms', slowHeaders],
  processing: ['sends the video after =n times HTTP 102 (default: 10), one every 50 ms', processing],

  // The transfer
  truncate: ['ends the body cleanly after @offset bytes, as if it were complete', sendCut],
  trickle: ['sends the video =n bytes at a time, every 10 ms (default: a hundredth of it)', trickle],
  chunks: [
    'sends the video in chunks of =n bytes (default: 1), as fast as they are read',
    sendWith(({ value }) => ({ chunkBytes: Number(value ?? 1) })),
  ],
  'content-length': [
    'sends the video with a correct Content-Length',
    sendWith(() => ({ contentLength: true })),
  ],
  'short-body': ['announces the full length, sends @offset bytes and closes the connection', shortBody],
  'long-body': ['announces a length of @offset bytes and sends the complete video', longBody],
  'close-delimited': [
    'sends the video without length or chunks; closing ends it',
    closeDelimited(sendContent),
  ],
  'close-delimited-cut': ['the same, but only @offset bytes of it', closeDelimited(sendCut)],
  gzip: ['sends the video gzipped, unrequested', gzip],
  encoding: [
    'sends the video unchanged, with Content-Encoding =name (default: none)',
    (delivery) => sendContent(delivery, { 'Content-Encoding': delivery.value ?? 'none' }),
  ],
  bomb: ['sends the video and endless zeros, compressed with =gzip or =br', bomb],

  // Ranges. Each of these makes the video offer ranges, and takes effect after a fault such as drop@1000x1: a request
  // without a Range gets a good response.
  'range-ignored': [
    'after drop@1000x1, say: responds to a Range with the complete video and HTTP 200',
    sendWith(fullVideo),
  ],
  'bad-range': [
    'after drop@1000x1, say: responds to a Range with bytes that start one byte early',
    sendWith(({ part }) => ({ part: { ...part, fromByte: Math.max(0, part.fromByte - 1) } })),
  ],
  'other-etag': [
    'after drop@1000x1, say: gives each response another ETag, so that If-Range fails',
    sendWith(withOwnTag),
  ],
  'if-range-ignored': [
    'after drop@1000x1, say: gives each response another ETag, and sends the range anyway',
    sendWith(anyRange),
  ],
} satisfies FaultTable;

/** Sends the content after changes to the delivery. */
function sendWith(changesOf: (delivery: Delivery) => Partial<Delivery>): FaultAction {
  return (delivery) => sendContent({ ...delivery, ...changesOf(delivery) });
}

/** Where in a body of `sizeBytes` a fault happens: by default half-way. */
export function faultOffset(offsetBytes: number | undefined, sizeBytes: number): number {
  if (offsetBytes === undefined) return Math.floor(sizeBytes / 2);
  const fromStart = offsetBytes < 0 ? sizeBytes + offsetBytes : offsetBytes;
  return Math.min(sizeBytes, Math.max(0, fromStart));
}

/** Sends the head, and the bytes before the fault's offset. */
async function sendUpToOffset(delivery: Delivery, { end } = { end: false }): Promise<void> {
  const { content, offsetBytes, part } = delivery;
  const toByte = part.fromByte + faultOffset(offsetBytes, part.toByte - part.fromByte);
  await sendBody(delivery, content.read(part.fromByte, toByte), {}, end);
}

async function sendCut(delivery: Delivery): Promise<void> {
  await sendUpToOffset({ ...delivery, contentLength: false }, { end: true });
}

async function drop(delivery: Delivery): Promise<void> {
  await sendUpToOffset(delivery);
  const { socket } = delivery.response;
  while (socket && !socket.destroyed && socket.writableLength > 0) await delay(2);
  // A reset discards what the client has not read yet, so give it a moment.
  await delay(GRACE_MS);
  delivery.reset();
}

async function hangup(delivery: Delivery): Promise<void> {
  await sendUpToOffset(delivery);
  // Bypasses Node's own framing: a chunk that announces bytes which never come.
  close(delivery, Buffer.from(delivery.contentLength ? '' : '1000\r\n'));
}

function close({ response }: Exchange, lastBytes?: Uint8Array): void {
  if (lastBytes) response.socket?.write(lastBytes);
  response.socket?.destroySoon();
}

async function slowHeaders(delivery: Delivery): Promise<void> {
  const { response, record, content } = delivery;
  // Bypasses Node's own framing: closing the connection ends the video.
  response.socket?.write(`HTTP/1.1 200 OK\r\nContent-Type: ${content.contentType}\r\nConnection: close\r\n`);
  await slowly(delivery, () => response.socket?.write('X-Filler: x\r\n'));
  record.bytesSent += content.sizeBytes;
  close(delivery, Buffer.concat([Buffer.from('\r\n'), await buffer(content.read(0, content.sizeBytes))]));
}

async function processing(delivery: Delivery): Promise<void> {
  await slowly(delivery, () => delivery.response.writeProcessing());
  await sendContent(delivery);
}

async function slowly({ value = '10' }: Delivery, act: () => void): Promise<void> {
  for (let left = Number(value); left > 0; left -= 1) {
    act();
    await delay(SLOW_LINE_MS);
  }
}

async function trickle(delivery: Delivery): Promise<void> {
  const chunkBytes = Number(delivery.value ?? Math.ceil(delivery.content.sizeBytes / 100));
  await sendContent({ ...delivery, chunkBytes, bytesPerSecond: chunkBytes * TRICKLES_PER_SECOND });
}

async function shortBody(delivery: Delivery): Promise<void> {
  await sendUpToOffset({ ...delivery, contentLength: true });
  close(delivery);
}

async function longBody(delivery: Delivery): Promise<void> {
  const { part, offsetBytes } = delivery;
  delivery.response.shouldKeepAlive = false;
  const announcedBytes = faultOffset(offsetBytes, part.toByte - part.fromByte);
  await sendContent(delivery, { 'Content-Length': announcedBytes });
}

function closeDelimited(send: FaultAction): FaultAction {
  return (delivery) => {
    delivery.response.useChunkedEncodingByDefault = false;
    delivery.response.shouldKeepAlive = false;
    return send({ ...delivery, contentLength: false });
  };
}

async function gzip(delivery: Delivery): Promise<void> {
  const { fromByte, toByte } = delivery.part;
  await sendPacked(delivery, 'gzip', delivery.content.read(fromByte, toByte));
}

async function bomb(delivery: Delivery): Promise<void> {
  async function* endless() {
    yield* delivery.content.read(0, delivery.content.sizeBytes);
    for (;;) yield ZEROS;
  }
  await sendPacked(delivery, delivery.value === 'br' ? 'br' : 'gzip', endless());
}

async function sendPacked(delivery: Delivery, encoding: string, bytes: AsyncIterable<Uint8Array>) {
  const fastBrotli = { params: { [constants.BROTLI_PARAM_QUALITY]: 1 } };
  const packed = encoding === 'br' ? createBrotliCompress(fastBrotli) : createGzip();
  // The loop that reads it gets its errors; a client that leaves ends it.
  pipeline(Readable.from(bytes), packed, () => {});
  delivery.response.once('close', () => packed.destroy());
  await sendBody({ ...delivery, contentLength: false }, packed, { 'Content-Encoding': encoding });
}

function fullVideo({ content }: Delivery): Partial<Delivery> {
  return { part: fullPart(content) };
}

function anyRange(delivery: Delivery): Partial<Delivery> {
  const { range } = delivery.request.headers;
  const part = requestedPart(range === undefined ? {} : { range }, delivery.content);
  return { ...withOwnTag(delivery), part };
}

function withOwnTag(delivery: Delivery): Delivery {
  return withContent(delivery, { ...delivery.content, etag: `"version-${delivery.record.order}"` });
}
