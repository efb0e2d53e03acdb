import { setTimeout as delay } from 'node:timers/promises';
import { partFor, writeHead } from './answer.ts';
import type { Content } from './content.ts';
import type { Exchange } from './exchange.ts';
import type { FaultAction } from './fault-action.ts';
import { type Fault, faultOffset } from './fault-text.ts';
import { flushed, writePieces } from './write-body.ts';

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
