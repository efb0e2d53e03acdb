import type { IncomingMessage } from 'node:http';
import { sendJson } from './answer.ts';
import { springError } from './envelope.ts';
import type { Exchange } from './exchange.ts';
import { type Handler, type Listener, listen } from './listener.ts';
import type { Mock, MockOptions } from './options.ts';
import { createRecorder } from './recorder.ts';
import { answer, BASE_PATH, isForVideo } from './routes.ts';
import { createService } from './service.ts';

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
