/** One request over the wire, through redirects, to the head of its response. The only file that imports got. */
import {
  type ClientRequest,
  request as httpRequest,
  type IncomingHttpHeaders,
  type IncomingMessage,
} from 'node:http';
import { request as httpsRequest } from 'node:https';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { got } from 'got';
import { type MaviError, NetworkError } from '../errors.ts';
import { printable } from '../sanitize.ts';
import { isLoopback, LONGEST_TIMER_MS } from '../settings/values.ts';
import { type Body, bodyOf, stalled, watchForStall } from './body.ts';
import { type ConnectOptions, guardBody } from './connect.ts';
import { CHECK_BASE_URL, networkError } from './network-errors.ts';
import type { AgentFor } from './proxy.ts';

/** One request as it is sent. */
export interface WireRequest {
  readonly method: 'GET' | 'POST';
  readonly url: URL;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string | undefined;
}

/** The head of a response; its body is paused. */
export interface HttpResponse {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: Body;
  /** The host, where redirects led to another origin, so that this is not the API's own response; else null. */
  readonly foreignHost: string | null;
}

/** What sends requests. */
export interface Wire extends ConnectOptions {
  readonly timeoutMs: number;
  readonly agentFor: AgentFor;
  /** Called with a line for each request and response, without the key. */
  readonly trace: (line: string) => void;
}

/** What ends a request, and who hears of it. */
export interface Sending {
  /** Ends the request, as long as no response has come. */
  readonly signal: AbortSignal;
  /** Ends the body of the response. */
  readonly bodySignal: AbortSignal;
  /** Called when the connection is made and the request goes out, for the first of several hops. */
  readonly onSent: () => void;
}

/** The statuses that redirect. */
export const REDIRECTS = [301, 302, 303, 307, 308];

/** The most redirects that are followed for one request. */
const MOST_REDIRECTS = 5;

/** How many times the time-out the head of a response may take, however steadily its bytes arrive. */
const HEAD_TIMEOUTS = 10;

/** Sends a request and follows redirects. Throws NetworkError, RefusedError, LocalError, or the signal's reason. */
export async function send(first: WireRequest, wire: Wire, sending: Sending): Promise<HttpResponse> {
  let request = first;
  for (let hop = 0; ; hop += 1) {
    const { method, url, body } = request;
    wire.trace(`> ${method} ${url.href} ${body ?? ''}`);
    const source = await exchange(request, wire, hop === 0 ? sending : { ...sending, onSent: () => {} });
    const { headers, statusCode: status = 0 } = source;
    const described = Object.entries(headers).map(([name, value]) => `${name}: ${value}`);
    wire.trace(`< HTTP ${status} ${printable(described.join('; '))}`);
    if (!REDIRECTS.includes(status)) {
      const foreignHost = url.origin === first.url.origin ? null : url.host;
      return { status, headers, foreignHost, body: bodyOf(source, url.host, wire, sending.bodySignal) };
    }
    source.destroy();
    if (hop === MOST_REDIRECTS) throw badRedirect(first, `more than ${MOST_REDIRECTS} times`);
    request = redirected(request, status, headers.location);
  }
}

/**
 * The next request after a redirect. 307 and 308 keep the POST, the others turn it into a GET, as in curl; another
 * origin gets no key. Throws NetworkError for a redirect without a place, or to an unsafe one.
 */
export function redirected(request: WireRequest, status: number, location: string | undefined): WireRequest {
  if (location === undefined) throw badRedirect(request, 'without a Location');
  // Node reads headers as Latin-1; what is meant is UTF-8, also without percent-encoding.
  const bytes = Buffer.from(location, 'latin1');
  const text = bytes.toString('utf8').includes('\ufffd') ? location : bytes.toString('utf8');
  if (!URL.canParse(text, request.url.href)) throw badRedirect(request, 'to an invalid URL');
  const url = new URL(text, request.url);
  if (url.protocol !== 'https:' && url.protocol !== 'http:') {
    throw badRedirect(request, `to ${url.protocol}, not a web address`);
  }
  if (url.protocol === 'http:' && (request.url.protocol === 'https:' || !isLoopback(url))) {
    throw badRedirect(request, 'to plain http, which is not secure');
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

function badRedirect({ url }: WireRequest, why: string): NetworkError {
  const text = `${url.host} redirects ${why}`;
  return new NetworkError('redirect', text, { retryable: false, hint: CHECK_BASE_URL });
}

/**
 * Sends one request and resolves to the head of its response. Of what got offers, retries, redirects and decoding are
 * switched off: a retry is billed, a redirect could carry the key on, and a decoded body has no known length.
 */
function exchange(wanted: WireRequest, wire: Wire, { signal, onSent }: Sending): Promise<IncomingMessage> {
  const { method, url, headers, body } = wanted;
  const { clock, connectTimeoutMs, timeoutMs } = wire;
  return new Promise((resolve, reject) => {
    if (signal.aborted) return reject(signal.reason);
    let sent: ClientRequest | null = null;
    let lastSignMs = clock.ticksMs();
    const onSign = (): void => {
      lastSignMs = clock.ticksMs();
    };
    const onAbort = (): void => void stream.destroy(signal.reason);
    const settle = (): void => {
      for (const cancel of watches) cancel();
      sent?.off('finish', onWritten).socket?.off('data', onSign);
      signal.removeEventListener('abort', onAbort);
    };
    const watch = (limitMs: number, sinceMs: () => number, error: MaviError): (() => void) =>
      watchForStall(clock, limitMs, sinceMs, () => stream.destroy(error));
    let watches = [watch(connectTimeoutMs, () => lastSignMs, notConnected(url.host, connectTimeoutMs))];

    /** Awaits the response: the connection is made, and the request has been written to it. */
    const onWritten = (): void => {
      onSent();
      onSign();
      // Header lines and interim responses that come one by one are signs of life, too.
      sent?.socket?.on('data', onSign);
      for (const cancel of watches) cancel();
      const writtenMs = lastSignMs;
      const headMs = Math.min(HEAD_TIMEOUTS * timeoutMs, LONGEST_TIMER_MS);
      watches = [
        watch(timeoutMs, () => lastSignMs, stalled(url.host, timeoutMs)),
        watch(headMs, () => writtenMs, stalled(url.host, headMs, true)),
      ];
    };

    const stream = got.stream(url, {
      method,
      headers: { 'accept-encoding': 'identity', 'user-agent': undefined, ...headers },
      ...(body === undefined ? {} : { body }),
      retry: { limit: 0 },
      followRedirect: false,
      throwHttpErrors: false,
      decompress: false,
      strictContentLength: false,
      request: (target, { headers: all = {}, ...options }) => {
        const request = (url.protocol === 'https:' ? httpsRequest : httpRequest)(target, {
          ...options,
          agent: wire.agentFor(url),
          // Reads past white space after a chunk's size and the like, as curl does. Smuggling needs a kept connection.
          insecureHTTPParser: true,
        });
        // Not among the options, which Node prints where NODE_DEBUG is set: one of them is the key.
        for (const [name, value] of Object.entries(all)) {
          if (value !== undefined) request.setHeader(name, value);
        }
        // got passes the first error on; whatever follows it says nothing new.
        sent = request.once('finish', onWritten).on('error', () => {});
        return request;
      },
    });
    stream.on('error', (error) => {
      settle();
      reject(networkError(error.cause ?? error, url.host));
    });
    stream.once('response', (response: IncomingMessage) => {
      settle();
      guardBody(response);
      // got would copy each chunk through its own stream and report the body's errors on it; Body reads the response
      // itself. Node sets a stream flowing a tick after its 'readable' listener is gone, so wait for that tick.
      response.removeAllListeners('readable');
      sent?.removeAllListeners('error').on('error', (error) => {
        // What follows a complete response on the wire does not concern it.
        if (!response.complete) response.destroy(error);
      });
      // Whoever reads the body listens from the next moment on, and looks at what happened before.
      response.on('error', () => {}).pause();
      resolve(nextTurn(response));
    });
    signal.addEventListener('abort', onAbort, { once: true });
  });
}

function notConnected(host: string, timeoutMs: number): NetworkError {
  const hint = 'check the network, and HTTPS_PROXY if a proxy is required; or set a longer --connect-timeout';
  const text = `no connection to ${host} within ${timeoutMs / 1000} s`;
  return new NetworkError('connect_timeout', text, { hint });
}
