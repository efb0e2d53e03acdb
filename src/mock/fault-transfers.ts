import { pipeline, Readable } from 'node:stream';
import { setTimeout as delay } from 'node:timers/promises';
import { createGzip } from 'node:zlib';
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

/** Faults in the answer to a request for a range. To a request for all they are good answers that offer ranges. */
export const RANGE_FAULTS = {
  'range-ignored': async (exchange, content) => {
    const part = whole(content);
    writeHead(exchange, content, part);
    await writeBody(exchange, content.read(part.fromByte, part.toByte));
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

function withOwnTag({ record }: Exchange, content: Content): Content {
  return { ...content, etag: `"version-${record.order}"` };
}

const GRACE_MS = 25;
const TORN_BYTES = 16;
const LARGE_HEADER_BYTES = 100_000;

/** Faults of the connection: it breaks, ends early, or goes quiet. */
export const CONNECTION_FAULTS = {
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
    // Past node's own framing: a chunk that announces more than there is of it.
    const chunkHead = exchange.delivery.contentLength ? '' : `${(torn.length + 4096).toString(16)}\r\n`;
    hangUp(exchange, Buffer.concat([Buffer.from(chunkHead), torn]));
  },
  stall: async (exchange, content, fault) => {
    await sendUpToOffset(exchange, content, fault);
  },
  'short-body': async (exchange, content, fault) => {
    const measured = { ...exchange, delivery: { ...exchange.delivery, contentLength: true } };
    await sendUpToOffset(measured, content, fault);
    hangUp(exchange);
  },
  silent: () => {},
  'no-answer': (exchange) => hangUp(exchange),
  'bad-http': (exchange) => hangUp(exchange, Buffer.from('220 this is a mail server, or so it says\r\n\r\n')),
  'headers-too-large': (exchange) => {
    exchange.settle();
    exchange.response.writeHead(200, { 'X-Filler': 'x'.repeat(LARGE_HEADER_BYTES) }).end();
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

function hangUp(exchange: Exchange, lastBytes?: Uint8Array): void {
  const { socket } = exchange.response;
  exchange.settle();
  if (lastBytes) socket?.write(lastBytes);
  socket?.destroySoon();
}

const TRICKLES_A_SECOND = 100;

/** Faults in how the video's bytes are framed; the connection ends in an orderly way. */
export const TRANSFER_FAULTS = {
  truncate: async (exchange, content, fault) => {
    const part = partFor(exchange, content);
    const sentBytes = faultOffset(fault, part.toByte - part.fromByte);
    writeHead(delivering(exchange, { contentLength: false }), content, part);
    await writeBody(exchange, content.read(part.fromByte, part.fromByte + sentBytes));
  },
  trickle: (exchange, content, { value }) => {
    const chunkBytes = Number(value ?? Math.ceil(content.sizeBytes / 100));
    const bytesPerSecond = chunkBytes * TRICKLES_A_SECOND;
    return sendContent(delivering(exchange, { chunkBytes, bytesPerSecond }), content);
  },
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
  'close-delimited-cut': async (exchange, content, fault) => {
    const part = partFor(exchange, content);
    const sentBytes = faultOffset(fault, part.toByte - part.fromByte);
    writeHead(closeDelimited(exchange), content, part);
    await writeBody(exchange, content.read(part.fromByte, part.fromByte + sentBytes));
  },
  gzip: async (exchange, content) => {
    const part = partFor(exchange, content);
    const zipped = createGzip();
    // Its failures reach the loop that reads `zipped`.
    pipeline(Readable.from(content.read(part.fromByte, part.toByte)), zipped, () => {});
    writeHead(delivering(exchange, { contentLength: false }), content, part, { 'Content-Encoding': 'gzip' });
    await writeBody(exchange, zipped);
  },
  'json-endless': async (exchange) => {
    exchange.response.writeHead(200, { 'Content-Type': 'application/json' });
    await writePieces(exchange, endlessJson());
  },
} satisfies Record<string, FaultAction>;

function delivering(exchange: Exchange, change: Partial<Delivery>): Exchange {
  return { ...exchange, delivery: { ...exchange.delivery, ...change } };
}

function closeDelimited(exchange: Exchange): Exchange {
  exchange.response.useChunkedEncodingByDefault = false;
  exchange.response.shouldKeepAlive = false;
  return delivering(exchange, { contentLength: false });
}

async function* endlessJson(): AsyncGenerator<Uint8Array> {
  yield Buffer.from('{"code":"0001","msg":"');
  for (;;) yield Buffer.alloc(16_384, 'and so on ');
}
