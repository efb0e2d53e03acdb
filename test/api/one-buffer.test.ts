import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { type Agent, createServer, type IncomingMessage, request, type Server } from 'node:http';
import { createServer as createSecureServer, request as secureRequest } from 'node:https';
import type { AddressInfo } from 'node:net';
import { describe, expect, it, onTestFinished } from 'vitest';
import { OneBufferAgent, OneBufferSecureAgent } from '../../src/api/one-buffer.ts';
import { selfSigned } from '../standin/self-signed.ts';

// Neither a record of TLS nor a read of a connection ends where a chunk of this size does.
const CHUNK_BYTES = 40_009;
const BODY = randomBytes(50 * CHUNK_BYTES);
const { key, cert } = selfSigned();

async function answering(server: Server): Promise<number> {
  onTestFinished(() => void server.close());
  server.on('request', (_request, response) => {
    for (let at = 0; at < BODY.length; at += CHUNK_BYTES) response.write(BODY.subarray(at, at + CHUNK_BYTES));
    response.end();
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return (server.address() as AddressInfo).port;
}

describe.each<[string, () => Server, typeof request, Agent]>([
  ['http', () => createServer(), request, new OneBufferAgent()],
  ['https', () => createSecureServer({ key, cert }), secureRequest, new OneBufferSecureAgent({ ca: cert })],
])('over %s', (scheme, serve, ask, agent) => {
  it('all of an answer is read into one buffer, and no chunk is overwritten by what comes later', async () => {
    const sent = ask(`${scheme}://127.0.0.1:${await answering(serve())}/`, { agent });
    const memory = new Set<ArrayBufferLike>();
    sent.on('socket', (socket) => socket.on('data', (read: Buffer) => memory.add(read.buffer)));
    sent.end();
    const [answer] = (await once(sent, 'response')) as [IncomingMessage];
    const chunks: Buffer[] = [];
    answer.on('data', (chunk: Buffer) => chunks.push(chunk));
    await once(answer, 'end');
    expect(memory.size).toBe(1);
    expect(chunks.length).toBeGreaterThan(10);
    expect(Buffer.concat(chunks).equals(BODY)).toBe(true);
  });
});
