import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { Agent, createServer as createHttpServer, IncomingMessage, request, type Server } from 'node:http';
import {
  createServer as createSecureServer,
  Agent as SecureAgent,
  request as secureRequest,
} from 'node:https';
import { type AddressInfo, connect, createServer, isIP, type Server as NetServer, Socket } from 'node:net';
import { describe, expect, it, onTestFinished } from 'vitest';
import { connectToAny, directly, guardBody } from '../../src/api/connect.ts';
import { networkError } from '../../src/api/network-errors.ts';
import { systemClock } from '../../src/host.ts';
import { selfSigned } from '../mock/self-signed.ts';

// No TLS record and no read of a connection ends where a chunk of this size does.
const CHUNK_BYTES = 40_009;
const BODY = randomBytes(50 * CHUNK_BYTES);
const { key, cert } = selfSigned();
const OPTIONS = { clock: systemClock, connectTimeoutMs: 30_000 };

async function portOf(server: Server): Promise<number> {
  onTestFinished(() => void server.close());
  server.on('request', (_request, response) => {
    for (let at = 0; at < BODY.length; at += CHUNK_BYTES) response.write(BODY.subarray(at, at + CHUNK_BYTES));
    response.end();
  });
  return listening(server);
}

describe.each<[string, () => Server, typeof request, Agent]>([
  ['http', () => createHttpServer(), request, directly(new Agent(), OPTIONS)],
  [
    'https',
    () => createSecureServer({ key, cert }),
    secureRequest,
    directly(new SecureAgent({ ca: cert }), OPTIONS),
  ],
])('over %s', (scheme, serve, ask, agent) => {
  it('a response is read into one buffer, and no chunk is overwritten by a later one', async () => {
    const sent = ask(`${scheme}://127.0.0.1:${await portOf(serve())}/`, { agent });
    const memory = new Set<ArrayBufferLike>();
    sent.on('socket', (socket) => socket.on('data', (read: Buffer) => memory.add(read.buffer)));
    sent.end();
    const [response] = (await once(sent, 'response')) as [IncomingMessage];
    const chunks: Buffer[] = [];
    response.on('data', (chunk: Buffer) => chunks.push(chunk));
    await once(response, 'end');
    expect(memory.size).toBe(1);
    expect(chunks.length).toBeGreaterThan(10);
    expect(Buffer.concat(chunks).equals(BODY)).toBe(true);
  });
});

describe('a body from a parser that does not copy', () => {
  it('keeps its bytes when the buffer is filled again', async () => {
    const response = new IncomingMessage(new Socket());
    guardBody(response);
    const server = createServer((socket) => socket.end(BODY)).listen(0, '127.0.0.1');
    onTestFinished(() => void server.close());
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    const socket = directly(new Agent(), OPTIONS).createConnection({ host: '127.0.0.1', port }) as Socket;
    socket.on('data', (read: Buffer) => response.push(read)).on('end', () => response.push(null));
    const chunks: Buffer[] = [];
    for await (const chunk of response) chunks.push(chunk);
    expect(chunks.length).toBeGreaterThan(10);
    expect(Buffer.concat(chunks).equals(BODY)).toBe(true);
  });

  it('is not copied twice from a parser that does', () => {
    const response = new IncomingMessage(new Socket());
    guardBody(response);
    const chunk = Buffer.from('own memory');
    response.push(chunk);
    expect(response.read()).toBe(chunk);
  });
});

/** A server whose process is stopped and whose queue is full: connections are not accepted until it continues. */
const SLOW_SERVER = `
  const server = require('node:net').createServer((socket) => socket.on('error', () => {}).resume());
  server.listen({ port: 0, host: '127.0.0.1', backlog: 1 }, () => console.log(server.address().port));
`;

async function slowServer(): Promise<{ port: number; goOn: () => void }> {
  const child = spawn(process.execPath, ['-e', SLOW_SERVER]);
  const fillers: Socket[] = [];
  onTestFinished(() => {
    child.kill('SIGKILL');
    for (const filler of fillers) filler.destroy();
  });
  const port = Number(String((await once(child.stdout, 'data'))[0]));
  child.kill('SIGSTOP');
  for (let filler = 0; filler < 4; filler += 1) {
    fillers.push(connect({ host: '127.0.0.1', port }).on('error', () => {}));
  }
  await Promise.all(fillers.slice(0, 2).map((each) => once(each, 'connect')));
  return { port, goOn: () => child.kill('SIGCONT') };
}

/** Connects to one of the addresses; resolves to that address. */
function firstOf(
  addresses: readonly string[],
  attempt: (address: string) => Socket,
  connectTimeoutMs = 30_000,
): Promise<Socket> {
  const found = addresses.map((address) => ({ address, family: isIP(address) }));
  return connectToAny(
    'api.test',
    { clock: systemClock, connectTimeoutMs, lookup: async () => found },
    attempt,
  );
}

describe('a connection to a host of several addresses', () => {
  it('is made to a slow address while another never answers', async () => {
    const { port, goOn } = await slowServer();
    const never = await slowServer();
    const attempts: string[] = [];
    // 127.0.0.2 stands for an unreachable address, 127.0.0.1 for a slow one.
    const connecting = firstOf(['127.0.0.2', '127.0.0.1'], (address) => {
      attempts.push(address);
      if (attempts.length === 2) goOn();
      return connect({ host: '127.0.0.1', port: address === '127.0.0.1' ? port : never.port });
    });
    const socket = await connecting;
    expect([socket.remotePort, attempts]).toEqual([port, ['127.0.0.2', '127.0.0.1']]);
    socket.destroy();
  });

  it('tries the next address as soon as one refuses, IPv6 and IPv4 in turn', async () => {
    const closed = createServer();
    const closedPort = await listening(closed);
    closed.close();
    const open = createServer();
    const port = await listening(open);
    onTestFinished(() => void open.close());
    const attempts: string[] = [];
    const socket = await firstOf(['::2', '::3', '10.0.0.1', '10.0.0.2', '10.0.0.3'], (address) => {
      attempts.push(address);
      return connect({ host: '127.0.0.1', port: address === '10.0.0.3' ? port : closedPort });
    });
    expect(attempts).toEqual(['::2', '10.0.0.1', '::3', '10.0.0.2', '10.0.0.3']);
    socket.destroy();
  });

  it('that all of them refuse fails with the reason of the first', async () => {
    const closed = createServer();
    const port = await listening(closed);
    closed.close();
    const failing = firstOf(['127.0.0.1', '127.0.0.2'], () => connect({ host: '127.0.0.1', port }));
    const error = await failing.catch((thrown) => thrown);
    expect(networkError(error, 'api.test')).toMatchObject({ code: 'refused' });
  });

  it('that does not answer in time fails, and leaves no socket behind', async () => {
    const { port } = await slowServer();
    const sockets: Socket[] = [];
    const failing = firstOf(
      ['127.0.0.1', '127.0.0.2'],
      () => {
        const socket = connect({ host: '127.0.0.1', port });
        sockets.push(socket);
        return socket;
      },
      600,
    );
    await expect(failing).rejects.toMatchObject({ code: 'ETIMEDOUT' });
    expect(sockets.map(({ destroyed }) => destroyed)).toEqual([true, true]);
  });

  it('with an unknown name fails', async () => {
    const unknown = Object.assign(new Error('no'), { code: 'ENOTFOUND' });
    const lookup = () => Promise.reject(unknown);
    const failing = connectToAny('none.test', { ...OPTIONS, lookup }, () => expect.unreachable());
    await expect(failing).rejects.toMatchObject({ code: 'ENOTFOUND' });
  });
});

async function listening(server: NetServer): Promise<number> {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return (server.address() as AddressInfo).port;
}
