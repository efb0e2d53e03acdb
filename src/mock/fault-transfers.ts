import { pipeline, Readable } from 'node:stream';
import { createGzip } from 'node:zlib';
import { partFor, sendContent, writeHead } from './answer.ts';
import type { Delivery, Exchange } from './exchange.ts';
import type { FaultAction } from './fault-action.ts';
import { faultOffset } from './fault-text.ts';
import { writeBody, writePieces } from './write-body.ts';

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
