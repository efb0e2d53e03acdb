/**
 * The server of `npm run bench`, a process of its own: on bare sockets, so that it costs little beside the client
 * that is measured. It answers every POST with an mp4 whose size, and pace, the `video_no` says.
 * Run with the paths of a key and a certificate; prints its two origins as JSON.
 */
import { readFileSync } from 'node:fs';
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';
import { createServer as createTlsServer } from 'node:tls';
import { benchVideo, readVideoNo } from './bench-video.ts';

const HEAD =
  'HTTP/1.1 200 OK\r\nContent-Type: application/octet-stream\r\nTransfer-Encoding: chunked\r\n\r\n';
/** The size of a chunk of the transfer coding: what servers commonly send. */
const CHUNK_BYTES = 65_536;
/** How many chunks are written at once. */
const CHUNKS_A_WRITE = 16;
const PACE_MS = 1;
const SOCKET_OPTIONS = { noDelay: true, highWaterMark: 2 * 1024 * 1024 };

const block = Buffer.alloc(CHUNK_BYTES, 'bytes of a video, or so it says. ');
const manyChunks = Buffer.concat(Array.from({ length: CHUNKS_A_WRITE }, () => chunk(block)));

const [keyPath = '', certPath = ''] = process.argv.slice(2);
const tls = { key: readFileSync(keyPath), cert: readFileSync(certPath) };
const servers = {
  http: createServer(SOCKET_OPTIONS, serve),
  https: createTlsServer({ ...SOCKET_OPTIONS, ...tls }, serve),
};
const origins = Object.entries(servers).map(async ([scheme, server]) => [
  scheme,
  `${scheme}://127.0.0.1:${await listening(server)}`,
]);
console.log(JSON.stringify(Object.fromEntries(await Promise.all(origins))));

/** Answers the requests of one connection, one after another. */
function serve(socket: Socket): void {
  let text = '';
  let turn: Promise<void> = Promise.resolve();
  socket.on('error', () => {});
  socket.on('data', (piece) => {
    text += piece.toString('latin1');
    const headEnd = text.indexOf('\r\n\r\n');
    if (headEnd === -1) return;
    const length = Number(/^content-length: *(\d+)/im.exec(text.slice(0, headEnd))?.[1] ?? 0);
    const body = text.slice(headEnd + 4);
    if (body.length < length) return;
    text = '';
    const { video_no: videoNo } = JSON.parse(body) as { video_no: string };
    turn = turn.then(() => answer(socket, videoNo));
  });
}

async function answer(socket: Socket, videoNo: string): Promise<void> {
  const { sizeBytes, bytesPerSecond } = readVideoNo(videoNo);
  const { opening } = benchVideo(sizeBytes);
  socket.write(Buffer.concat([Buffer.from(HEAD), chunk(opening)]));
  const startedMs = performance.now();
  let sentBytes = 0;
  const mediaBytes = sizeBytes - opening.length;
  while (sentBytes < mediaBytes && !socket.destroyed) {
    const earned =
      bytesPerSecond === null ? mediaBytes : ((performance.now() - startedMs) / 1000) * bytesPerSecond;
    const next = nextWrite(mediaBytes - sentBytes);
    if (sentBytes + next.bytes > earned && bytesPerSecond !== null) {
      await new Promise((resolve) => setTimeout(resolve, PACE_MS));
      continue;
    }
    sentBytes += next.bytes;
    if (!socket.write(next.framed)) await drained(socket);
  }
  socket.write('0\r\n\r\n');
}

function nextWrite(leftBytes: number): { bytes: number; framed: Buffer } {
  const many = CHUNK_BYTES * CHUNKS_A_WRITE;
  if (leftBytes >= many) return { bytes: many, framed: manyChunks };
  const bytes = Math.min(leftBytes, CHUNK_BYTES);
  return { bytes, framed: chunk(block.subarray(0, bytes)) };
}

function chunk(bytes: Buffer): Buffer {
  return Buffer.concat([Buffer.from(`${bytes.length.toString(16)}\r\n`), bytes, Buffer.from('\r\n')]);
}

function drained(socket: Socket): Promise<void> {
  return new Promise((resolve) => {
    const settle = (): void => {
      socket.off('drain', settle);
      socket.off('close', settle);
      resolve();
    };
    socket.on('drain', settle);
    socket.on('close', settle);
  });
}

async function listening(server: Server): Promise<number> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return (server.address() as AddressInfo).port;
}
