import type { ServerResponse } from 'node:http';
import { setTimeout as delay } from 'node:timers/promises';
import type { Exchange } from './exchange.ts';

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
