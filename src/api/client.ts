/** The API as calls: who asks what, with which key, at which pace, over which redirects. */
import type { IncomingMessage } from 'node:http';
import type { Transform } from 'node:stream';
import { type MaviError, NetworkError, RefusedError } from '../errors.ts';
import { printable, serverText } from '../foreign-text.ts';
import type { Clock } from '../host.ts';
import type { Settings } from '../settings/settings.ts';
import type { AgentFor } from './agents.ts';
import { Body, readSmallBody } from './body.ts';
import {
  type AnswerContext,
  ENVELOPE_BYTES,
  type Envelope,
  envelopeError,
  isSuccess,
  parseEnvelope,
  retryAfter,
  statusError,
} from './envelope.ts';
import { exchange } from './exchange.ts';
import type { Pacer } from './pacer.ts';
import { isRedirect, MOST_REDIRECTS, redirected, type WireRequest } from './redirect.ts';
import { wireError } from './wire-error.ts';

/** What a client is made of. */
export interface ClientOptions {
  readonly settings: Settings;
  readonly key: string;
  /** Named in the User-Agent. */
  readonly version: string;
  readonly clock: Clock;
  readonly secrets: Iterable<string>;
  readonly agentFor: AgentFor;
  /** Gates requests for videos. */
  readonly videoPacer: Pacer;
  /** Gates requests for lists: five a second. */
  readonly listPacer: Pacer;
  /** Told each request and answer in a line, without the key; for `--verbose`. */
  readonly trace: (line: string) => void;
}

/** The head of an answer that may be a video; its body is paused. */
export interface VideoAnswer {
  readonly status: number;
  readonly headers: IncomingMessage['headers'];
  /** Bytes of the body, if the server said so and the body is not encoded. */
  readonly contentLength: number | null;
  readonly body: Body;
  /** The error, should the body turn out to be an API error under a video's name; null if it is none. */
  errorFrom(text: string): MaviError | null;
}

/** How one video is asked for. */
export interface VideoQuestion {
  /** Ends the question, as long as no answer has come. */
  readonly signal: AbortSignal;
  /** Ends the answer's body. */
  readonly bodySignal: AbortSignal;
  /** Told until when the pace makes it wait, in milliseconds since the epoch. */
  readonly onWait: (untilMs: number) => void;
  /** Told that the request goes out now. */
  readonly onStart: () => void;
  /** Told the bytes of an answer that was no video, for they may be billed. */
  readonly onDiscarded: (bytes: number) => void;
  /** Only what follows this offset, if the file is still the one of this ETag. */
  readonly from?: { readonly offset: number; readonly etag: string } | undefined;
}

/** The calls of the API that `mavi` uses. */
export interface Client {
  /** Asks for a video. Throws the MaviError that a JSON answer or a status means. */
  download(videoNo: string, question: VideoQuestion): Promise<VideoAnswer>;
  /** Sends a call whose answer is an envelope, and answers with its data. Throws what the envelope means. */
  call(method: 'GET' | 'POST', path: string, body: unknown, signal: AbortSignal): Promise<unknown>;
  /** Lets no request for a video start before then (milliseconds since the epoch). */
  pushBack(untilMs: number): Promise<void>;
}

/** A client of one key, for one run. */
export function apiClient(options: ClientOptions): Client {
  const { settings, key, clock, trace } = options;

  const requestFor = (method: 'GET' | 'POST', path: string, body: unknown): WireRequest => ({
    method,
    url: new URL(settings.baseUrl.href.replace(/\/$/, '') + path),
    headers: {
      authorization: key,
      'user-agent': `mavi/${options.version}`,
      ...(body === undefined ? {} : { 'content-type': 'application/json' }),
    },
    body: body === undefined ? undefined : JSON.stringify(body),
  });

  const send = async (first: WireRequest, signal: AbortSignal, bodySignal = signal): Promise<VideoAnswer> => {
    let request = first;
    for (let hop = 0; ; hop += 1) {
      const answer = await sendOnce(request, signal, bodySignal);
      if (!isRedirect(answer.status)) return answer;
      answer.body.giveUp(new NetworkError('redirect', 'redirected'));
      if (hop === MOST_REDIRECTS) {
        throw new NetworkError('redirect', `${first.url.host} redirects more than ${MOST_REDIRECTS} times`, {
          retryable: false,
          hint: 'check --base-url, and whether a proxy stands between',
        });
      }
      request = redirected(request, answer.status, answer.headers.location);
    }
  };

  const sendOnce = async (
    request: WireRequest,
    signal: AbortSignal,
    bodySignal: AbortSignal,
  ): Promise<VideoAnswer> => {
    const { url } = request;
    trace(`> ${request.method} ${url.href} ${request.body ?? ''}`);
    const source = await exchange(request, {
      clock,
      connectTimeoutMs: settings.connectTimeoutMs,
      timeoutMs: settings.timeoutMs,
      signal,
      agent: await options.agentFor(url),
    }).catch((error) => {
      throw wireError(error, url.host);
    });
    const status = source.statusCode ?? 0;
    trace(`< HTTP ${status} ${printable(describeHeaders(source.headers))}`);
    const decoder = await decoderFor(source.headers['content-encoding'], url.host).catch((error) => {
      source.destroy();
      throw error;
    });
    const sent = contentLengthOf(source);
    const body = new Body(source, {
      clock,
      timeoutMs: settings.timeoutMs,
      signal: bodySignal,
      host: url.host,
      contentLength: sent,
      decoder,
    });
    return {
      status,
      headers: source.headers,
      contentLength: decoder === null ? sent : null,
      body,
      errorFrom: (text) => {
        const envelope = parseEnvelope(text);
        return envelope === null ? null : envelopeError(envelope, contextOf(status, source.headers));
      },
    };
  };

  const contextOf = (status: number, headers: IncomingMessage['headers']): AnswerContext => ({
    status,
    retryAfterMs: retryAfter(headers['retry-after'], clock.nowMs()),
    secrets: options.secrets,
    refusedHint: `check the video_no, and that it is in the scope '${settings.uniqueId}' (--unique-id)`,
  });

  /** The envelope of an answer that should be one. Throws what the status or a broken envelope means. */
  const envelopeOf = async (answer: VideoAnswer): Promise<Envelope> => {
    const bytes = await readSmallBody(answer.body, ENVELOPE_BYTES);
    const text = bytes?.toString('utf8') ?? null;
    const envelope = text === null ? null : parseEnvelope(text);
    if (envelope !== null) return envelope;
    const context = contextOf(answer.status, answer.headers);
    const said =
      text === null ? `more than ${ENVELOPE_BYTES} bytes of JSON` : serverText(text, options.secrets);
    throw (
      statusError(context, said.slice(0, 120)) ??
      new RefusedError('bad_json', `the answer is JSON, but no answer of the API: ${said || 'it is empty'}`, {
        hint: 'check --base-url, and whether a proxy stands between',
      })
    );
  };

  return {
    pushBack: (untilMs) => options.videoPacer.pushBack(untilMs),

    async download(videoNo, question) {
      const start = await options.videoPacer.start(question.signal, question.onWait);
      question.onStart();
      const request = requestFor('POST', '/download', { video_no: videoNo, unique_id: settings.uniqueId });
      const { from } = question;
      const ranged =
        from === undefined
          ? request
          : {
              ...request,
              headers: { ...request.headers, range: `bytes=${from.offset}-`, 'if-range': from.etag },
            };
      let answer: VideoAnswer;
      try {
        answer = await send(ranged, question.signal, question.bodySignal);
      } finally {
        await start.answered();
      }
      const isVideo = answer.status >= 200 && answer.status < 300 && !isJson(answer.headers['content-type']);
      if (isVideo) return answer;
      try {
        throw await failureOf(answer);
      } finally {
        question.onDiscarded(answer.body.wireBytes);
      }
    },

    async call(method, path, body, signal) {
      const start = await options.listPacer.start(signal, () => {});
      let envelope: Envelope;
      let answer: VideoAnswer;
      try {
        answer = await send(requestFor(method, path, body), signal);
        if (answer.status < 200 || answer.status >= 300) throw await failureOf(answer);
        envelope = await envelopeOf(answer);
      } finally {
        await start.answered();
      }
      if (!isSuccess(envelope)) throw envelopeError(envelope, contextOf(answer.status, answer.headers));
      return envelope.data;
    },
  };

  async function failureOf(answer: VideoAnswer): Promise<MaviError> {
    const context = contextOf(answer.status, answer.headers);
    if (isJson(answer.headers['content-type'])) return envelopeError(await envelopeOf(answer), context);
    answer.body.giveUp(new NetworkError('refused', 'not read'));
    return (
      statusError(context, '') ?? new RefusedError('bad_answer', 'the server answers with what is no video')
    );
  }
}

/** Whether a Content-Type is JSON's: compared without case, parameters allowed, `+json` types too. */
export function isJson(contentType: string | undefined): boolean {
  return /^\s*(application|text)\/([a-z0-9.-]+\+)?json\s*(;|$)/i.test(contentType ?? '');
}

function contentLengthOf(answer: IncomingMessage): number | null {
  const text = answer.headers['content-length'];
  return text !== undefined && /^\d{1,15}$/.test(text) ? Number(text) : null;
}

function describeHeaders(headers: IncomingMessage['headers']): string {
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
