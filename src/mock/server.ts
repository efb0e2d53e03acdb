/** The HTTP server of the mock: listeners, the record of requests, and the check of the Host header. */
import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { AddressInfo, Socket } from 'node:net';
import { text } from 'node:stream/consumers';
import type { Exchange, Mock, MockOptions, RecordedRequest } from './options.ts';
import { sendSpring } from './response.ts';
import { BASE_PATH, createService, respond } from './routes.ts';

export type { Mock, MockOptions, RecordedRequest } from './options.ts';

const LOOPBACK = /^(?:localhost|127(?:\.\d{1,3}){3}|\[::1\])$/i;

/** What is known of a request before its body has come. */
const UNANSWERED = { body: '', json: undefined, bytesSent: 0, isOver: false, fault: undefined };

type Handler = (request: IncomingMessage, response: ServerResponse, reset: () => void) => void;

/**
 * Starts a mock of the API on the loopback address.
 * @throws SyntaxError for a bad fault text, and what Node throws if the port is in use
 */
export async function startMock(options: MockOptions = {}): Promise<Mock> {
  const service = await createService(options);
  const requests: RecordedRequest[] = [];
  const others = new Map<string, ReturnType<typeof listen>>();

  async function elsewhere(scheme: 'same' | 'plain'): Promise<string> {
    const tls = scheme === 'same' ? options.tls : undefined;
    const listener = others.get(scheme) ?? listen(handler(false), 0, tls);
    others.set(scheme, listener);
    return (await listener).origin;
  }

  function handler(guarded: boolean): Handler {
    return async (request, response, reset) => {
      const { socket, method = '', url = '', headers, rawHeaders } = request;
      // From the socket, because the client chooses the Host header.
      const origin = originOf('encrypted' in socket, `${socket.localAddress}:${socket.localPort}`);
      const received = { order: requests.length + 1, startedAtMs: service.nowMs(), origin, method, url };
      const record: Exchange['record'] = { ...UNANSWERED, ...received, headers, rawHeaders };
      requests.push(record);
      response.once('close', () => {
        record.isOver = true;
      });
      // Writing to a client that has just left is not an error.
      response.on('error', () => {});
      const call = { ...service, request, response, record, cleanPath: url, elsewhere, reset };
      try {
        record.body = await text(request);
        record.json = parsed(record.body);
        if (!isOwnHost(request, options.host)) return sendSpring(call, 421, 'Misdirected Request');
        if ((await options.onRequest?.(record, response)) === 'answered') return;
        await respond(call, guarded);
      } catch (error) {
        // The client has left, or the mock itself has failed, such as on a file that was removed.
        if (response.headersSent || response.closed) response.destroy();
        else sendSpring(call, 500, `Internal Server Error: ${error}`);
      }
    };
  }

  const listener = await listen(handler(true), options.port ?? 0, options.tls);
  return {
    baseUrl: listener.origin + BASE_PATH,
    key: service.key,
    requests,
    async close() {
      const listeners = [listener, ...(await Promise.all(others.values()))];
      await Promise.all(listeners.map((each) => each.close()));
    },
  };
}

/** Listens on 127.0.0.1. The `reset` that the handler gets resets the connection of its request. */
async function listen(handler: Handler, port: number, tls: MockOptions['tls']) {
  // By the client's port, because a TLS socket cannot be reset, only the one beneath it.
  const sockets = new Map<number | undefined, Socket>();
  const onRequest = (request: IncomingMessage, response: ServerResponse) => {
    const clientPort = request.socket.remotePort;
    handler(request, response, () => sockets.get(clientPort)?.resetAndDestroy());
  };
  const server: Server = tls ? createTlsServer({ ...tls }, onRequest) : createServer(onRequest);
  // An idle connection that times out just as a client reuses it would be a fault nobody asked for.
  server.keepAliveTimeout = 0;
  server.on('connection', (socket: Socket) => {
    const { remotePort } = socket;
    sockets.set(remotePort, socket);
    // Clients may drop connections; that is not a failure of the server.
    socket.on('error', () => {});
    socket.once('close', () => sockets.delete(remotePort));
  });
  await once(server.listen(port, '127.0.0.1'), 'listening');
  return {
    origin: originOf(tls !== undefined, `127.0.0.1:${(server.address() as AddressInfo).port}`),
    close: () =>
      new Promise<void>((resolve) => {
        server.close(() => resolve());
        for (const socket of sockets.values()) socket.destroy();
      }),
  };
}

function originOf(isEncrypted: boolean, address: string): string {
  return `${isEncrypted ? 'https' : 'http'}://${address}`;
}

/**
 * A page of any site can make its own name resolve to this machine; only the Host header gives it away. Some clients,
 * such as wget2, leave the port out.
 */
function isOwnHost({ headers, socket }: IncomingMessage, host: string | undefined): boolean {
  const [, name = '', port] = /^(.*?)(?::(\d+))?$/.exec(headers.host ?? '') ?? [];
  if (host !== undefined) return name === host;
  return LOOPBACK.test(name) && (port === undefined || Number(port) === socket.localPort);
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
