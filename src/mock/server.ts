import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { AddressInfo, Socket } from 'node:net';
import { sendJson, springError } from './answer.ts';
import type { Exchange, Mock, MockOptions, RecordedRequest } from './options.ts';
import { answer, BASE_PATH, createService, isForVideo } from './routes.ts';

export type { Mock, MockOptions, RecordedRequest } from './options.ts';

const DEFAULT_CHUNK_BYTES = 65_536;
const LOOPBACK = /^(?:localhost|127(?:\.\d{1,3}){3}|\[::1\])$/i;

interface Listener {
  /** Such as `http://127.0.0.1:4000`. */
  readonly origin: string;
  close(): Promise<void>;
}

type Handler = (request: IncomingMessage, response: ServerResponse, reset: () => void) => void;

/**
 * Starts a mock of the API on the loopback address.
 * @throws SyntaxError for a bad fault text, and what Node throws where the port is taken
 */
export async function startMock(options: MockOptions = {}): Promise<Mock> {
  const { nowMs = Date.now, tls } = options;
  const service = await createService(options);
  const requests: RecordedRequest[] = [];
  let downloads = 0;
  let maxConcurrentDownloads = 0;
  const elsewhere = new Map<string, Promise<Listener>>();
  const delivery = {
    chunkBytes: options.chunkBytes ?? DEFAULT_CHUNK_BYTES,
    bytesPerSecond: options.bytesPerSecond,
    contentLength: options.contentLength ?? false,
  };

  const openElsewhere = async (scheme: 'same' | 'plain') => {
    const opened = elsewhere.get(scheme) ?? listen(handler(false), 0, scheme === 'same' ? tls : undefined);
    elsewhere.set(scheme, opened);
    return (await opened).origin;
  };

  function countDownload(): () => void {
    let underWay = true;
    downloads += 1;
    maxConcurrentDownloads = Math.max(maxConcurrentDownloads, downloads);
    return () => {
      if (underWay) downloads -= 1;
      underWay = false;
    };
  }

  function handler(guarded: boolean): Handler {
    return async (request, response, reset) => {
      const record = recordOf(request, requests.length + 1, nowMs());
      requests.push(record);
      const settle = isForVideo(record.url) ? countDownload() : () => {};
      response.once('close', () => {
        record.isOver = true;
        settle();
      });
      // Writing to a client that has just left is not an error.
      response.on('error', () => {});
      const exchange: Exchange = {
        request,
        response,
        record,
        delivery,
        offerRanges: options.offerRanges ?? false,
        nowMs,
        cleanPath: record.url,
        elsewhere: openElsewhere,
        settle,
        reset,
      };
      try {
        record.body = await textOf(request);
        record.json = parsed(record.body);
        // A page of any site can have its own name resolve to this machine; only its Host header gives it away.
        const [, name = '', port] = /^(.*?)(?::(\d+))?$/.exec(request.headers.host ?? '') ?? [];
        const isOurs =
          options.host === undefined
            ? LOOPBACK.test(name) && Number(port) === request.socket.localPort
            : name === options.host;
        if (!isOurs)
          return sendJson(exchange, springError(421, 'Misdirected Request', record.url, nowMs()), 421);
        if ((await options.onRequest?.(record, response)) === 'answered') return;
        await answer(service, exchange, guarded);
      } catch (error) {
        fail(exchange, error);
      }
    };
  }

  const listener = await listen(handler(true), options.port ?? 0, tls);
  return {
    baseUrl: listener.origin + BASE_PATH,
    key: service.key,
    requests,
    get maxConcurrentDownloads() {
      return maxConcurrentDownloads;
    },
    async close() {
      const others = await Promise.all(elsewhere.values());
      await Promise.all([listener, ...others].map((each) => each.close()));
    },
  };
}

/** Listens on 127.0.0.1. The `reset` that the handler is given breaks the connection of its request. */
async function listen(handler: Handler, port: number, tls: MockOptions['tls']): Promise<Listener> {
  // By the client's port, because a TLS socket cannot be reset, only the one beneath it.
  const sockets = new Map<number | undefined, Socket>();
  const onRequest = (request: IncomingMessage, response: ServerResponse) => {
    const clientPort = request.socket.remotePort;
    handler(request, response, () => sockets.get(clientPort)?.resetAndDestroy());
  };
  const server: Server = tls ? createTlsServer({ ...tls }, onRequest) : createServer(onRequest);
  // An idle connection that ends by itself just as a client reuses it would be a fault nobody asked for.
  server.keepAliveTimeout = 0;
  server.on('connection', (socket: Socket) => {
    const { remotePort } = socket;
    sockets.set(remotePort, socket);
    // Clients break connections as they like; that is no failure of the server.
    socket.on('error', () => {});
    socket.once('close', () => sockets.delete(remotePort));
  });

  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, '127.0.0.1', () => resolve());
  });
  const { port: actualPort } = server.address() as AddressInfo;
  return {
    origin: `${tls ? 'https' : 'http'}://127.0.0.1:${actualPort}`,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        for (const socket of sockets.values()) socket.destroy();
      }),
  };
}

function recordOf(request: IncomingMessage, order: number, startedAtMs: number): Exchange['record'] {
  const { socket } = request;
  return {
    order,
    // Known from the socket, because the Host header is the client's to choose.
    origin: `${'encrypted' in socket ? 'https' : 'http'}://${socket.localAddress}:${socket.localPort}`,
    method: request.method ?? '',
    url: request.url ?? '',
    headers: request.headers,
    rawHeaders: request.rawHeaders,
    body: '',
    json: undefined,
    startedAtMs,
    bytesSent: 0,
    isOver: false,
    fault: undefined,
  };
}

async function textOf(request: IncomingMessage): Promise<string> {
  const pieces: Buffer[] = [];
  for await (const piece of request) pieces.push(piece);
  return Buffer.concat(pieces).toString();
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** A failure of the mock itself, such as a file that is gone. A client that left needs no answer. */
function fail(exchange: Exchange, error: unknown): void {
  const { response, record, nowMs } = exchange;
  if (response.headersSent || response.closed) response.destroy();
  else {
    const body = springError(500, 'Internal Server Error', record.url, nowMs());
    sendJson(exchange, { ...body, message: String(error) }, 500);
  }
}
