import type { AddressInfo } from 'node:net';
import { connect, createServer, type Server, type Socket } from 'node:net';

/** An adapter to the mock for tools that can only send GET requests. */
export interface GetAdapter {
  /** The URL of the download route for GET requests. */
  readonly url: string;
  close(): Promise<void>;
}

const HEAD_END = '\r\n\r\n';

/**
 * Starts an adapter that turns a GET of the download route into the API's POST. It forwards raw bytes, not HTTP
 * messages, so that every fault, even a reset, reaches the tool unchanged.
 */
export async function getAdapter(url: string, question: string): Promise<GetAdapter> {
  const mock = new URL(url);
  const sockets = new Set<Socket>();
  const server: Server = createServer((client) => {
    sockets.add(client);
    client.once('close', () => sockets.delete(client));
    client.on('error', () => {});
    let head = '';
    const onData = (piece: Buffer): void => {
      head += piece.toString('latin1');
      const end = head.indexOf(HEAD_END);
      if (end === -1) return;
      client.off('data', onData);
      handOn(client, asPost(head.slice(0, end), mock, question), Number(mock.port));
    };
    client.on('data', onData);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}${mock.pathname}`,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        for (const socket of sockets) socket.destroy();
      }),
  };
}

/** The request as the mock expects it; a GET of any other route, as after a redirect, stays a GET. */
function asPost(head: string, { host, pathname: route }: URL, question: string): string {
  const [first = '', ...headers] = head.split('\r\n');
  // One request per connection, because only the first one is rewritten.
  const others = headers.filter((line) => !/^(connection|keep-alive|host):/i.test(line));
  const kept = [...others, `Host: ${host}`, 'Connection: close'];
  if (!first.startsWith(`GET ${route} `)) return [first, ...kept].join('\r\n') + HEAD_END;
  const posted = ['Content-Type: application/json', `Content-Length: ${Buffer.byteLength(question)}`];
  return [first.replace('GET', 'POST'), ...kept, ...posted].join('\r\n') + HEAD_END + question;
}

function handOn(client: Socket, request: string, port: number): void {
  const upstream = connect(port, '127.0.0.1');
  upstream.on('error', () => client.resetAndDestroy());
  client.once('close', () => upstream.destroy());
  upstream.write(request, 'latin1');
  upstream.pipe(client);
}
