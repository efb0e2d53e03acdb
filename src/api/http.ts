/** One request over the wire, through redirects, to the head of its answer. The only file that imports got. */
import type { Agent, IncomingHttpHeaders, IncomingMessage } from 'node:http';
import type { Transform } from 'node:stream';
import type { TLSSocket } from 'node:tls';
import { got } from 'got';
import { NetworkError, RefusedError } from '../errors.ts';
import type { Clock } from '../host.ts';
import { printable } from '../sanitize.ts';
import { isLoopback } from '../settings/values.ts';
import { Body } from './body.ts';
import { wireError } from './network-errors.ts';
import type { AgentFor } from './proxy.ts';

/** The head of an answer; its body is paused. */
export interface Answer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  /** Bytes of the body, if the server said so and the body is not encoded. */
  readonly contentLength: number | null;
  readonly body: Body;
}

/** What sends requests. */
export interface Wire {
  readonly clock: Clock;
  readonly connectTimeoutMs: number;
  readonly timeoutMs: number;
  readonly agentFor: AgentFor;
  /** Told each request and answer in a line, without the key. */
  readonly trace: (line: string) => void;
}

/** What ends a request, and what is told of it. */
export interface Sending {
  /** Ends the request, as long as no answer has come. */
  readonly signal: AbortSignal;
  /** Ends the answer's body. */
  readonly bodySignal: AbortSignal;
  /** Told when the connection stands and the request goes out, for the first of several hops. */
  readonly onSent: () => void;
}

/** Sends a request and follows redirects. Throws NetworkError, RefusedError, or the signal's reason. */
export async function send(first: WireRequest, wire: Wire, sending: Sending): Promise<Answer> {
  let request = first;
  for (let hop = 0; ; hop += 1) {
    const answer = await sendOnce(request, wire, hop === 0 ? sending : { ...sending, onSent: () => {} });
    if (!isRedirect(answer.status)) return answer;
    answer.body.abort(new NetworkError('redirect', 'redirected'));
    if (hop === MOST_REDIRECTS) {
      throw new NetworkError('redirect', `${first.url.host} redirects more than ${MOST_REDIRECTS} times`, {
        retryable: false,
        hint: 'check --base-url, and whether a proxy stands between',
      });
    }
    request = redirected(request, answer.status, answer.headers.location);
  }
}

async function sendOnce(request: WireRequest, wire: Wire, sending: Sending): Promise<Answer> {
  const { url } = request;
  wire.trace(`> ${request.method} ${url.href} ${request.body ?? ''}`);
  const agent = await wire.agentFor(url);
  const source = await exchange(request, { ...wire, ...sending, agent }).catch((error) => {
    throw wireError(error, url.host);
  });
  const { headers, statusCode: status = 0 } = source;
  wire.trace(`< HTTP ${status} ${printable(describe(headers))}`);
  const decoder = await decoderFor(headers['content-encoding'], url.host).catch((error) => {
    source.destroy();
    throw error;
  });
  const contentLength = contentLengthOf(source);
  const body = new Body(source, {
    clock: wire.clock,
    timeoutMs: wire.timeoutMs,
    signal: sending.bodySignal,
    host: url.host,
    contentLength,
    decoder,
  });
  // Content-Length counts encoded bytes, which says nothing of the file.
  return { status, headers, contentLength: decoder === null ? contentLength : null, body };
}

function contentLengthOf(answer: IncomingMessage): number | null {
  const text = answer.headers['content-length'];
  return text !== undefined && /^\d{1,15}$/.test(text) ? Number(text) : null;
}

function describe(headers: IncomingHttpHeaders): string {
  return Object.entries(headers)
    .map(([name, value]) => `${name}: ${value}`)
    .join('; ');
}

/** What undoes a Content-Encoding; null for none. Throws RefusedError for one that is not known. */
async function decoderFor(encoding: string | undefined, host: string): Promise<Transform | null> {
  const name = (encoding ?? 'identity').trim().toLowerCase();
  if (name === 'identity' || name === '') return null;
  const zlib = await import('node:zlib');
  if (name === 'gzip' || name === 'x-gzip') return zlib.createGunzip();
  if (name === 'deflate') return zlib.createInflate();
  if (name === 'br') return zlib.createBrotliDecompress();
  throw new RefusedError(
    'encoding',
    `${host} answers in the encoding '${printable(name)}', which was not asked for`,
    {
      hint: 'check whether a proxy stands between',
    },
  );
}

/** The most redirects that are followed for one request. */
export const MOST_REDIRECTS = 5;

/** One request as it goes onto the wire. */
export interface WireRequest {
  readonly method: 'GET' | 'POST';
  readonly url: URL;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string | undefined;
}

/** Whether a status is a redirect. */
export function isRedirect(status: number): boolean {
  return [301, 302, 303, 307, 308].includes(status);
}

/**
 * The next request after a redirect. 307 and 308 keep the POST, the others turn it into a GET, as curl does;
 * another origin gets no key. Throws NetworkError for a redirect without a place, or to an unsafe one.
 */
export function redirected(request: WireRequest, status: number, location: string | undefined): WireRequest {
  const refuse = (why: string): NetworkError =>
    new NetworkError('redirect', `${request.url.host} redirects ${why}`, {
      retryable: false,
      hint: 'check --base-url, and whether a proxy stands between',
    });
  if (location === undefined) throw refuse('without saying where to');
  let url: URL;
  try {
    url = new URL(location, request.url);
  } catch {
    throw refuse('to what is no address');
  }
  if (url.protocol !== 'https:' && url.protocol !== 'http:')
    throw refuse(`to ${url.protocol}, which is no web address`);
  if (url.protocol === 'http:' && (request.url.protocol === 'https:' || !isLoopback(url))) {
    throw refuse('to plain http, which is not safe');
  }
  url.username = '';
  url.password = '';
  const keepsPost = status === 307 || status === 308 || request.method === 'GET';
  const { authorization, ...others } = request.headers;
  const { 'content-type': _type, ...bodyless } = others;
  const headers: Record<string, string> = keepsPost ? others : bodyless;
  if (authorization !== undefined && url.origin === request.url.origin) headers.authorization = authorization;
  return keepsPost ? { ...request, url, headers } : { method: 'GET', url, headers };
}

/** How long each stage may take, and what ends it. */
export interface ExchangeOptions {
  readonly clock: Clock;
  readonly connectTimeoutMs: number;
  readonly timeoutMs: number;
  readonly signal: AbortSignal;
  /** Told when the connection stands and the request goes out. */
  readonly onSent: () => void;
  /** The agent for this URL: direct, or through a proxy. */
  readonly agent: Agent;
}

/**
 * Sends a request and answers with the head of the answer; its body is paused and belongs to the caller.
 * Throws NetworkError, or the signal's reason.
 */
export function exchange(request: WireRequest, options: ExchangeOptions): Promise<IncomingMessage> {
  const { clock, signal } = options;
  const { host, protocol } = request.url;
  return new Promise((resolve, reject) => {
    if (signal.aborted) return reject(signal.reason);
    const stream = got.stream(request.url, {
      method: request.method,
      headers: { 'accept-encoding': 'identity', ...request.headers },
      ...(request.body === undefined ? {} : { body: request.body }),
      agent: protocol === 'https:' ? { https: options.agent as never } : { http: options.agent },
      // What got does of these would be out of our sight: a retry is billed, a redirect could carry the key on,
      // a status says less than the body, and a decoded body does not fit its Content-Length.
      retry: { limit: 0 },
      followRedirect: false,
      throwHttpErrors: false,
      decompress: false,
      strictContentLength: false,
    });
    let stage: 'connecting' | 'answering' | 'over' = 'connecting';
    let cancelTimer = clock.after(options.connectTimeoutMs, () => {
      fail(
        new NetworkError(
          'connect_timeout',
          `no connection to ${host} within ${options.connectTimeoutMs / 1000} seconds`,
          {
            hint: 'check the network, and HTTPS_PROXY if it needs one; or give a longer --connect-timeout',
          },
        ),
      );
    });
    const fail = (error: unknown): void => {
      if (stage === 'over') return;
      over();
      stream.destroy();
      reject(error);
    };
    const over = (): void => {
      stage = 'over';
      cancelTimer();
      signal.removeEventListener('abort', onAbort);
    };
    const onAbort = (): void => fail(signal.reason);
    signal.addEventListener('abort', onAbort, { once: true });
    const onConnected = (): void => {
      if (stage !== 'connecting') return;
      stage = 'answering';
      options.onSent();
      cancelTimer();
      cancelTimer = clock.after(options.timeoutMs, () => {
        fail(
          new NetworkError('stall', `no answer came from ${host} for ${options.timeoutMs / 1000} seconds`, {
            hint: 'try again; for a slow server give a longer --timeout',
          }),
        );
      });
    };
    let detach = (): void => {};
    stream.on('request', (sent) => {
      detach = () => {
        sent.removeAllListeners('error');
        sent.on('error', () => {});
      };
      sent.on('socket', (socket: TLSSocket & { secureConnecting?: boolean }) => {
        const secure = protocol === 'https:';
        if (socket.connecting || (secure && socket.secureConnecting !== false)) {
          socket.once(secure ? 'secureConnect' : 'connect', onConnected);
        } else onConnected();
      });
    });
    // got goes on to report on this stream what happens to the body, which Body sees for itself.
    stream.on('error', (error) => fail(wireError(error, host)));
    stream.once('response', (answer: IncomingMessage) => {
      over();
      // got would copy each chunk through its own stream; reading the answer itself saves that. Node sets a
      // stream flowing a tick after its 'readable' listener is gone, so it is handed over after that tick.
      answer.removeAllListeners('readable');
      // What follows a whole answer on the wire is an error of the request; got would throw the answer away for it.
      detach();
      answer.pause();
      setImmediate(() => resolve(answer));
    });
  });
}
