import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { type Agent, createServer, type IncomingMessage, request, type Server } from 'node:http';
import { createServer as createSecureServer, request as secureRequest } from 'node:https';
import type { AddressInfo } from 'node:net';
import { expect, it, onTestFinished } from 'vitest';
import { OneBufferAgent, OneBufferSecureAgent } from '../../src/api/one-buffer.ts';
import { selfSigned } from '../standin/self-signed.ts';

// Of nobody's size: no record of TLS and no read ends where a chunk does.
const CHUNK_BYTES = 40_009;
const BODY = randomBytes(50 * CHUNK_BYTES);

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

/** All chunks of a body, none of which is looked at before the last has come. */
async function chunksOf(answer: IncomingMessage): Promise<Buffer[]> {
  const chunks: Buffer[] = [];
  answer.on('data', (chunk: Buffer) => chunks.push(chunk));
  await once(answer, 'end');
  return chunks;
}

const { key, cert } = selfSigned();

it.each<[string, () => Server, typeof request, Agent]>([
  ['http', () => createServer(), request, new OneBufferAgent()],
  ['https', () => createSecureServer({ key, cert }), secureRequest, new OneBufferSecureAgent({ ca: cert })],
])(
  'chunks that came over %s are not overwritten by those that come later',
  async (scheme, serve, ask, agent) => {
    const port = await answering(serve());
    const sent = ask(`${scheme}://127.0.0.1:${port}/`, { agent });
    sent.end();
    const [answer] = (await once(sent, 'response')) as [IncomingMessage];
    const chunks = await chunksOf(answer);
    expect(chunks.length).toBeGreaterThan(10);
    expect(Buffer.concat(chunks).equals(BODY)).toBe(true);
  },
);
