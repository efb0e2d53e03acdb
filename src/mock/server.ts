import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { AddressInfo, Socket } from 'node:net';
import { sendJson, springError } from './answer.ts';
import type { Exchange, Mock, MockOptions, RecordedRequest } from './options.ts';
import { answer, BASE_PATH, createService, isForVideo } from './routes.ts';

/** A server on the loopback address. */
export interface Listener {
  /** Such as `http://127.0.0.1:4000`. */
  readonly origin: string;
  /** Breaks all connections and stops listening. */
  close(): Promise<void>;
}

/** What is called for each request; `reset` breaks its connection. */
export type Handler = (request: IncomingMessage, response: ServerResponse, reset: () => void) => void;

/**
 * Listens on 127.0.0.1.
 * @throws what node throws where the port is taken
 */
export async function listen(
  handler: Handler,
  port: number,
  tls?: { readonly key: string; readonly cert: string },
): Promise<Listener> {
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
    server.listen(port, '127.0.0.1', () => {
      server.off('error', reject);
      resolve();
    });
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

/** What the mock has seen so far. */
export interface Recorder {
  readonly requests: readonly RecordedRequest[];
  readonly maxConcurrentDownloads: number;
  /** Notes a request that has begun to come in. */
  record(request: IncomingMessage, origin: string): Exchange['record'];
  /** Counts a download as under way until the returned function is called; calling it again does nothing. */
  countDownload(): () => void;
}

/** An empty record. */
export function createRecorder(nowMs: () => number): Recorder {
  const requests: RecordedRequest[] = [];
  let downloads = 0;
  let maxConcurrentDownloads = 0;
  return {
    requests,
    get maxConcurrentDownloads() {
      return maxConcurrentDownloads;
    },
    record(request, origin) {
      const record: Exchange['record'] = {
        order: requests.length + 1,
        origin,
        method: request.method ?? '',
        url: request.url ?? '',
        headers: request.headers,
        rawHeaders: request.rawHeaders,
        body: '',
        json: undefined,
        startedAtMs: nowMs(),
        bytesSent: 0,
        fault: undefined,
      };
      requests.push(record);
      return record;
    },
    countDownload() {
      let underWay = true;
      downloads += 1;
      maxConcurrentDownloads = Math.max(maxConcurrentDownloads, downloads);
      return () => {
        if (underWay) downloads -= 1;
        underWay = false;
      };
    },
  };
}

export type { Mock, MockOptions, RecordedRequest } from './options.ts';

const DEFAULT_CHUNK_BYTES = 65_536;

/**
 * Starts a mock of the API on the loopback address.
 * @throws SyntaxError where a fault text is none
 */
export async function startMock(options: MockOptions = {}): Promise<Mock> {
  const { nowMs = Date.now, tls } = options;
  const service = await createService(options);
  const recorder = createRecorder(nowMs);
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

  function handler(guarded: boolean): Handler {
    return async (request, response, reset) => {
      const origin = originOf(request);
      const record = recorder.record(request, origin);
      const settle = isForVideo(record.url) ? recorder.countDownload() : () => {};
      response.once('close', settle);
      // Writing to a client that has just left is an error of nobody.
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
        await options.onRequest?.(record);
        await answer(service, exchange, guarded);
      } catch (error) {
        fail(exchange, error);
      }
    };
  }

  const listener = await listen(handler(true), options.port ?? 0, tls);
  let closed: Promise<void> | undefined;
  return {
    baseUrl: listener.origin + BASE_PATH,
    key: service.key,
    requests: recorder.requests,
    get maxConcurrentDownloads() {
      return recorder.maxConcurrentDownloads;
    },
    close() {
      closed ??= closeAll([Promise.resolve(listener), ...elsewhere.values()]);
      return closed;
    },
  };
}

/** Known from the socket, because the Host header is the client's to choose. */
function originOf({ socket }: IncomingMessage): string {
  return `${'encrypted' in socket ? 'https' : 'http'}://${socket.localAddress}:${socket.localPort}`;
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

/** The mock's own failure, such as a file that went away. A client that left needs no answer. */
function fail(exchange: Exchange, error: unknown): void {
  const { response, record, nowMs } = exchange;
  if (response.headersSent || response.closed) response.destroy();
  else
    sendJson(
      exchange,
      { ...springError(500, 'Internal Server Error', record.url, nowMs()), message: String(error) },
      500,
    );
}

async function closeAll(listeners: readonly Promise<Listener>[]): Promise<void> {
  await Promise.all(listeners.map(async (listener) => (await listener).close()));
}
