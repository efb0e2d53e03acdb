/** One request over the wire, through redirects, to the head of its answer. */
import type { IncomingHttpHeaders, IncomingMessage } from 'node:http';
import type { Transform } from 'node:stream';
import { NetworkError, RefusedError } from '../errors.ts';
import type { Clock } from '../host.ts';
import { printable } from '../sanitize.ts';
import type { AgentFor } from './agents.ts';
import { Body } from './body.ts';
import { exchange } from './exchange.ts';
import { isRedirect, MOST_REDIRECTS, redirected, type WireRequest } from './redirect.ts';
import { wireError } from './wire-error.ts';

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
