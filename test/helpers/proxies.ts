import { once } from 'node:events';
import { connect, createServer, type Socket } from 'node:net';
import type { Scene } from './scene.ts';

/** A proxy that runs in the test. */
export interface Proxy {
  /** Such as `127.0.0.1:3128`. */
  readonly host: string;
  /** The head of each request for a tunnel, or the name and port that SOCKS was asked for. */
  readonly asked: readonly string[];
}

/** How an HTTP proxy responds. */
export interface TunnelOptions {
  /** The address that every tunnel leads to, whatever host was asked for. */
  readonly to?: string;
  /** Sent instead of opening a tunnel; an empty string means no response at all. */
  readonly refusal?: string;
}

/** An HTTP proxy that makes tunnels with CONNECT. */
export function tunnelProxy(scene: Scene, { to = '', refusal }: TunnelOptions): Promise<Proxy> {
  return proxy(scene, async (client, asked) => {
    const head = await readUntil(client, (bytes) => bytes.includes('\r\n\r\n'));
    asked.push(head.toString('latin1'));
    if (refusal === '') return;
    if (refusal !== undefined) return void client.end(`HTTP/1.1 ${refusal}\r\nContent-Length: 0\r\n\r\n`);
    client.write('HTTP/1.1 200 Connection established\r\n\r\n');
    splice(client, to);
  });
}

const SOCKS_WITHOUT_PASSWORD = Buffer.of(5, 0);
const SOCKS_CONNECTED = Buffer.of(5, 0, 0, 1, 127, 0, 0, 1, 0, 0);

/** A SOCKS5 proxy that looks names up by itself; every connection leads to the address given. */
export function socksProxy(scene: Scene, to: string): Promise<Proxy> {
  return proxy(scene, async (client, asked) => {
    await readUntil(client, (bytes) => bytes.length >= 2 + (bytes[1] ?? 0));
    client.write(SOCKS_WITHOUT_PASSWORD);
    // Version, command, reserved, 3 for a name, its length, the name, the port.
    const request = await readUntil(client, (bytes) => bytes.length >= 7 + (bytes[4] ?? 0));
    const nameEnd = 5 + (request[4] ?? 0);
    asked.push(`${request.toString('latin1', 5, nameEnd)}:${request.readUInt16BE(nameEnd)}`);
    client.write(SOCKS_CONNECTED);
    splice(client, to);
  });
}

async function proxy(
  scene: Scene,
  serve: (client: Socket, asked: string[]) => Promise<void>,
): Promise<Proxy> {
  const asked: string[] = [];
  const sockets = new Set<Socket>();
  const server = createServer((client) => {
    sockets.add(client);
    // Clients leave as they like; that is no failure of the proxy.
    client.on('error', () => {});
    serve(client, asked).catch(() => client.destroy());
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  scene.finally(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  return { host: `127.0.0.1:${address.port}`, asked };
}

async function readUntil(socket: Socket, enough: (bytes: Buffer) => boolean): Promise<Buffer> {
  let bytes = Buffer.alloc(0);
  while (!enough(bytes)) {
    const [chunk] = await once(socket, 'data');
    bytes = Buffer.concat([bytes, chunk]);
  }
  return bytes;
}

function splice(client: Socket, to: string): void {
  const server = connect(Number(new URL(to).port), '127.0.0.1');
  server.on('error', () => client.destroy());
  client.on('close', () => server.destroy());
  server.on('close', () => client.destroy());
  client.pipe(server).pipe(client);
}
