/** The API as calls: what is requested, with which key, at which rate, and what its responses mean. */
import type { IncomingHttpHeaders } from 'node:http';
import { type MaviError, NetworkError, RateLimitError, RefusedError } from '../errors.ts';
import type { Settings } from '../settings/settings.ts';
import { readSmallBody } from './body.ts';
import {
  ENVELOPE_BYTES,
  type Envelope,
  envelopeError,
  isSuccess,
  parseEnvelope,
  type ResponseContext,
  retryAfter,
  statusError,
  strangeWords,
} from './envelope.ts';
import { type HttpResponse, send, type Wire, type WireRequest } from './http.ts';
import { CHECK_BASE_URL } from './network-errors.ts';
import type { RateLimiter } from './rate-limiter.ts';
import { LONGEST_WAIT_MS } from './retry.ts';

/** How much of a page of the listing is read, in bytes: two hundred rows, each with long names and many tags. */
const PAGE_BYTES = 16 * 1024 * 1024;

/** What a client is made of. */
export interface ClientOptions {
  readonly settings: Settings;
  readonly key: string;
  /** Named in the User-Agent. */
  readonly version: string;
  readonly wire: Wire;
  /** Values that no message may repeat. */
  readonly secrets: Iterable<string>;
  /** Gates requests for videos, and keeps the server's pauses. */
  readonly videoLimiter: RateLimiter;
  /** Gates requests for lists: five a second. */
  readonly listLimiter: RateLimiter;
}

/** The head of a response that may be a video; its body is paused. */
export interface VideoResponse extends HttpResponse {
  /** The error of a body that turns out to be JSON under a video's Content-Type, by its first bytes. */
  errorFrom(first: Buffer): MaviError;
}

/** How one video is requested. */
export interface VideoRequest {
  /** Ends the request, as long as no response has come. */
  readonly signal: AbortSignal;
  /** Ends the body of the response. */
  readonly bodySignal: AbortSignal;
  /** Called with the end of a wait for the rate limit, in milliseconds since the epoch. */
  readonly onWait: (untilMs: number) => void;
  /** Called when the request goes out. */
  readonly onStart: () => void;
  /** Called with the bytes of a response that was no video, for they may be billed. */
  readonly onDiscarded: (bytes: number) => void;
  /** Only what follows this offset, if the file is still the one of this ETag. */
  readonly from?: { readonly offset: number; readonly etag: string } | undefined;
  /** The scope of the video; default: the one of the settings. */
  readonly uniqueId?: string | undefined;
}

/** The calls of the API that `mavi` uses. */
export interface Client {
  /** Requests a video. Throws the MaviError that a JSON response or a status means, but not for 416 to a range. */
  download(videoNo: string, question: VideoRequest): Promise<VideoResponse>;
  /** Sends a call whose response is an envelope, and resolves to its data. Throws what the envelope means. */
  call(method: 'GET' | 'POST', path: string, body: unknown, signal: AbortSignal): Promise<unknown>;
  /** Lets no request for a video start before then (milliseconds since the epoch). */
  pauseUntil(untilMs: number): Promise<void>;
  /** Throws PauseError while the server's pause is too long to wait for. */
  checkPause(): Promise<void>;
  /** In how many milliseconds the n-th request for a video from now can start; 0 without a limit. */
  delayMsOfStart(n: number): number;
}

/** A client of one key, for one run. */
export function apiClient(options: ClientOptions): Client {
  const { settings, wire, videoLimiter, listLimiter } = options;

  /** Sends a request as soon as its limiter lets it. */
  const limited = async (
    limiter: RateLimiter,
    request: WireRequest,
    question: Pick<VideoRequest, 'signal' | 'bodySignal' | 'onWait' | 'onStart'>,
  ): Promise<HttpResponse> => {
    const start = await limiter.start(question.signal, question.onWait);
    question.onStart();
    let noted: Promise<void> | null = null;
    try {
      return await send(request, wire, {
        ...question,
        onSent: () => {
          noted = start.sent();
        },
      });
    } finally {
      await noted;
    }
  };

  const contextOf = (response: HttpResponse, refusedHint: string): ResponseContext => {
    const { status, headers, foreignHost } = response;
    const askedMs = retryAfter(headers['retry-after'], wire.clock.nowMs());
    // Only the API itself may end the run by a long pause.
    const isHeeded = foreignHost === null || (askedMs ?? 0) <= LONGEST_WAIT_MS;
    const retryAfterMs = isHeeded ? askedMs : null;
    return { status, retryAfterMs, foreignHost, secrets: options.secrets, refusedHint };
  };

  /** The envelope of a response that should be one. Throws what the status or a broken envelope means. */
  const envelopeOf = async (
    answer: HttpResponse,
    hint: string,
    mostBytes = ENVELOPE_BYTES,
  ): Promise<Envelope> => {
    const text = (await readSmallBody(answer.body, mostBytes))?.toString('utf8') ?? null;
    const envelope = text === null ? null : parseEnvelope(text);
    if (envelope !== null) return envelope;
    const said = text === null ? `more than ${mostBytes} bytes of JSON` : strangeWords(text, options.secrets);
    throw statusError(contextOf(answer, hint), said) ?? unexpected('bad_json', said || 'it is empty');
  };

  const meaningOf = async (answer: HttpResponse, hint: string): Promise<MaviError> => {
    if (isJson(answer.headers)) return envelopeError(await envelopeOf(answer, hint), contextOf(answer, hint));
    answer.body.abort(new NetworkError('refused', 'not read'));
    return statusError(contextOf(answer, hint), '') ?? unexpected('bad_answer', `HTTP ${answer.status}`);
  };

  /** The error that a response means. A pause that the API asks for is kept for all videos, runs and processes. */
  const failureOf = async (answer: HttpResponse, meaning: Promise<MaviError>): Promise<MaviError> => {
    const error = await meaning.catch((thrown: MaviError) => thrown);
    const mayAsk = error instanceof NetworkError || error instanceof RateLimitError;
    if (mayAsk && error.retryAfterMs !== null && answer.foreignHost === null) {
      await videoLimiter.pauseUntil(wire.clock.nowMs() + error.retryAfterMs);
    }
    return error;
  };

  return {
    pauseUntil: (untilMs) => videoLimiter.pauseUntil(untilMs),
    checkPause: () => videoLimiter.checkPause(),
    delayMsOfStart: (n) => videoLimiter.delayMsOfStart(n),

    async download(videoNo, question) {
      const { from, uniqueId = settings.uniqueId } = question;
      const hint = `is it in the scope '${uniqueId}'? see: mavi list, or set --unique-id`;
      const body = { video_no: videoNo, unique_id: uniqueId };
      const answer = await limited(
        videoLimiter,
        requestFor('POST', '/download', body, options, from),
        question,
      );
      // That there is no such range is no refusal of the video.
      const isNoRange = from !== undefined && answer.status === 416;
      if (isNoRange || (isOk(answer) && !isJson(answer.headers))) {
        return {
          ...answer,
          errorFrom(first) {
            const text = first.toString('utf8');
            const envelope = parseEnvelope(text);
            if (envelope !== null) return envelopeError(envelope, contextOf(answer, hint));
            const isLong = first.length > ENVELOPE_BYTES;
            const said = isLong
              ? `more than ${ENVELOPE_BYTES} bytes of JSON`
              : strangeWords(text, options.secrets);
            return unexpected('bad_json', said);
          },
        };
      }
      try {
        throw await failureOf(answer, meaningOf(answer, hint));
      } finally {
        question.onDiscarded(answer.body.wireBytes);
      }
    },

    async call(method, path, body, signal) {
      const question = { signal, bodySignal: signal, onWait: () => {}, onStart: () => {} };
      const hint = `check the flags, and the scope '${settings.uniqueId}' (--unique-id)`;
      const answer = await limited(listLimiter, requestFor(method, path, body, options), question);
      if (!isOk(answer)) throw await failureOf(answer, meaningOf(answer, hint));
      const envelope = await envelopeOf(answer, hint, PAGE_BYTES);
      if (isSuccess(envelope)) return envelope.data;
      throw await failureOf(answer, Promise.resolve(envelopeError(envelope, contextOf(answer, hint))));
    },
  };
}

function requestFor(
  method: 'GET' | 'POST',
  path: string,
  body: unknown,
  { settings, key, version }: ClientOptions,
  from?: VideoRequest['from'],
): WireRequest {
  return {
    method,
    url: new URL(settings.baseUrl.href.replace(/\/$/, '') + path),
    headers: {
      authorization: key,
      'user-agent': `mavi/${version}`,
      ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      ...(from === undefined ? {} : { range: `bytes=${from.offset}-`, 'if-range': from.etag }),
    },
    // The ID of a folder has 64 bits: a number there, but a text in JavaScript.
    body: body === undefined ? body : JSON.stringify(body).replace(/"folder_id":"(-?\d+)"/, '"folder_id":$1'),
  };
}

function isOk({ status }: HttpResponse): boolean {
  return status >= 200 && status < 300;
}

/** Whether the Content-Type is JSON's: compared without case, parameters allowed, `+json` types too. */
function isJson(headers: IncomingHttpHeaders): boolean {
  return /^\s*(application|text)\/([a-z0-9.-]+\+)?json\s*(;|$)/i.test(headers['content-type'] ?? '');
}

function unexpected(code: string, said: string): RefusedError {
  return new RefusedError(code, `unexpected response from the server: ${said}`, { hint: CHECK_BASE_URL });
}
