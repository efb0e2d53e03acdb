import { pipeline, Readable } from 'node:stream';
import { setTimeout as delay } from 'node:timers/promises';
import { constants, createBrotliCompress, createGzip } from 'node:zlib';
import {
  type Content,
  flushed,
  partAsked,
  partFor,
  sendContent,
  whole,
  writeBody,
  writeHead,
  writePieces,
} from './answer.ts';
import { type Fault, faultOffset } from './fault-names.ts';
import type { FaultAction } from './fault-responses.ts';
import type { Delivery, Exchange } from './options.ts';

const GRACE_MS = 25;
const TORN_BYTES = 16;
const LARGE_HEADER_BYTES = 100_000;
const TRICKLES_A_SECOND = 100;
const SLOW_LINE_MS = 50;
const FAST = { params: { [constants.BROTLI_PARAM_QUALITY]: 1 } };

/** Faults of the connection, which breaks, ends early or goes quiet, and of how the video's bytes are framed. */
export const TRANSFER_FAULTS = {
  drop: async (exchange, content, fault) => {
    await sendUpToOffset(exchange, content, fault);
    await flushed(exchange);
    // A reset throws away what the client has not read yet, so give it a moment.
    await delay(GRACE_MS);
    exchange.settle();
    exchange.reset();
  },
  hangup: async (exchange, content, fault) => {
    const torn = await sendUpToOffset(exchange, content, fault, TORN_BYTES);
    exchange.record.bytesSent += torn.length;
    // Past Node's own framing: a chunk that announces more than there is of it.
    const chunkHead = exchange.delivery.contentLength ? '' : `${(torn.length + 4096).toString(16)}\r\n`;
    hangUp(exchange, Buffer.concat([Buffer.from(chunkHead), torn]));
  },
  stall: async (exchange, content, fault) => {
    await sendUpToOffset(exchange, content, fault);
  },
  'short-body': async (exchange, content, fault) => {
    await sendUpToOffset(delivering(exchange, { contentLength: true }), content, fault);
    hangUp(exchange);
  },
  silent: () => {},
  'no-answer': (exchange) => hangUp(exchange),
  'bad-http': (exchange) => hangUp(exchange, Buffer.from('220 this is a mail server, or so it says\r\n\r\n')),
  'headers-too-large': (exchange) => {
    exchange.settle();
    exchange.response.writeHead(200, { 'X-Filler': 'x'.repeat(LARGE_HEADER_BYTES) }).end();
  },
  'headers-slow': async (exchange, content, { value }) => {
    const { socket } = exchange.response;
    // Past Node's own framing; the end of the connection ends the video.
    socket?.write(`HTTP/1.1 200 OK\r\nContent-Type: ${content.contentType}\r\nConnection: close\r\n`);
    await slowly(value, () => socket?.write('X-Filler: x\r\n'));
    const pieces: Uint8Array[] = [Buffer.from('\r\n')];
    for await (const piece of content.read(0, content.sizeBytes)) pieces.push(piece);
    exchange.record.bytesSent += content.sizeBytes;
    hangUp(exchange, Buffer.concat(pieces));
  },
  processing: async (exchange, content, { value }) => {
    await slowly(value, () => exchange.response.writeProcessing());
    await sendContent(exchange, content);
  },

  truncate: (exchange, content, fault) =>
    sendCut(delivering(exchange, { contentLength: false }), content, fault),
  trickle: (exchange, content, { value }) => {
    const chunkBytes = Number(value ?? Math.ceil(content.sizeBytes / 100));
    const bytesPerSecond = chunkBytes * TRICKLES_A_SECOND;
    return sendContent(delivering(exchange, { chunkBytes, bytesPerSecond }), content);
  },
  chunks: (exchange, content, { value }) =>
    sendContent(delivering(exchange, { chunkBytes: Number(value ?? 1) }), content),
  'content-length': (exchange, content) =>
    sendContent(delivering(exchange, { contentLength: true }), content),
  'long-body': async (exchange, content, fault) => {
    const part = partFor(exchange, content);
    const announcedBytes = faultOffset(fault, part.toByte - part.fromByte);
    exchange.response.shouldKeepAlive = false;
    writeHead(exchange, content, part, { 'Content-Length': announcedBytes });
    await writeBody(exchange, content.read(part.fromByte, part.toByte));
  },
  'close-delimited': (exchange, content) => sendContent(closeDelimited(exchange), content),
  'close-delimited-cut': (exchange, content, fault) => sendCut(closeDelimited(exchange), content, fault),
  encoding: async (exchange, content, { value = 'none' }) => {
    const part = partFor(exchange, content);
    writeHead(exchange, content, part, { 'Content-Encoding': value });
    await writeBody(exchange, content.read(part.fromByte, part.toByte));
  },
  gzip: (exchange, content) => {
    const part = partFor(exchange, content);
    return sendPacked(exchange, content, 'gzip', content.read(part.fromByte, part.toByte));
  },
  bomb: (exchange, content, { value }) =>
    sendPacked(
      exchange,
      content,
      value === 'br' ? 'br' : 'gzip',
      endless(content.read(0, content.sizeBytes)),
    ),
  'json-endless': async (exchange, _content, { value = 'application/json' }) => {
    exchange.response.writeHead(200, { 'Content-Type': value });
    await writePieces(exchange, endlessJson());
  },

  // To a request for all, these are good answers that offer ranges.
  'range-ignored': async (exchange, content) => {
    writeHead(exchange, content, whole(content));
    await writeBody(exchange, content.read(0, content.sizeBytes));
  },
  'bad-range': async (exchange, content) => {
    const asked = partFor(exchange, content);
    const part = { ...asked, fromByte: Math.max(0, asked.fromByte - 1) };
    writeHead(exchange, content, part);
    await writeBody(exchange, content.read(part.fromByte, part.toByte));
  },
  'other-etag': (exchange, content) => sendContent(exchange, withOwnTag(exchange, content)),
  'if-range-ignored': async (exchange, content) => {
    const { range } = exchange.request.headers;
    const part = partAsked(range === undefined ? {} : { range }, content);
    writeHead(exchange, withOwnTag(exchange, content), part);
    await writeBody(exchange, content.read(part.fromByte, part.toByte));
  },
} satisfies Record<string, FaultAction>;

/** Sends the head and the bytes before the fault's offset, but for the last few, which are returned. */
async function sendUpToOffset(
  exchange: Exchange,
  content: Content,
  fault: Fault,
  heldBytes = 0,
): Promise<Buffer> {
  const part = partFor(exchange, content);
  const toByte = part.fromByte + faultOffset(fault, part.toByte - part.fromByte);
  const heldFrom = Math.max(part.fromByte, toByte - heldBytes);
  writeHead(exchange, content, part);
  await writePieces(exchange, content.read(part.fromByte, heldFrom));
  const held: Uint8Array[] = [];
  for await (const piece of content.read(heldFrom, toByte)) held.push(piece);
  return Buffer.concat(held);
}

/** The bytes before the fault's offset, and an orderly end. */
async function sendCut(exchange: Exchange, content: Content, fault: Fault): Promise<void> {
  const part = partFor(exchange, content);
  const sentBytes = faultOffset(fault, part.toByte - part.fromByte);
  writeHead(exchange, content, part);
  await writeBody(exchange, content.read(part.fromByte, part.fromByte + sentBytes));
}

async function sendPacked(
  exchange: Exchange,
  content: Content,
  encoding: 'gzip' | 'br',
  bytes: AsyncIterable<Uint8Array>,
): Promise<void> {
  const packed = encoding === 'br' ? createBrotliCompress(FAST) : createGzip();
  // Its failures reach the loop that reads it; a client that leaves ends it.
  pipeline(Readable.from(bytes), packed, () => {});
  exchange.response.once('close', () => packed.destroy());
  const part = partFor(exchange, content);
  writeHead(delivering(exchange, { contentLength: false }), content, part, { 'Content-Encoding': encoding });
  await writeBody(exchange, packed);
}

function hangUp(exchange: Exchange, lastBytes?: Uint8Array): void {
  const { socket } = exchange.response;
  exchange.settle();
  if (lastBytes) socket?.write(lastBytes);
  socket?.destroySoon();
}

/** Does something so many times (default: 10), with a pause after each. */
async function slowly(times: string | undefined, act: () => void): Promise<void> {
  for (let left = Number(times ?? 10); left > 0; left -= 1) {
    act();
    await delay(SLOW_LINE_MS);
  }
}

function delivering(exchange: Exchange, change: Partial<Delivery>): Exchange {
  return { ...exchange, delivery: { ...exchange.delivery, ...change } };
}

function closeDelimited(exchange: Exchange): Exchange {
  exchange.response.useChunkedEncodingByDefault = false;
  exchange.response.shouldKeepAlive = false;
  return delivering(exchange, { contentLength: false });
}

function withOwnTag({ record }: Exchange, content: Content): Content {
  return { ...content, etag: `"version-${record.order}"` };
}

async function* endlessJson(): AsyncGenerator<Uint8Array> {
  yield Buffer.from('{"code":"0001","msg":"');
  for (;;) yield Buffer.alloc(16_384, 'and so on ');
}

/** The bytes, and then zeros for ever. */
async function* endless(bytes: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  yield* bytes;
  const zeros = Buffer.alloc(1_048_576);
  for (;;) yield zeros;
}
