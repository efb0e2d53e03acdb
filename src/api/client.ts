/** The API as calls: what is asked, with which key, at which pace, and what its answers mean. */
import type { IncomingHttpHeaders } from 'node:http';
import { type MaviError, NetworkError, RefusedError } from '../errors.ts';
import type { Settings } from '../settings/settings.ts';
import { readSmallBody } from './body.ts';
import {
  type AnswerContext,
  ENVELOPE_BYTES,
  type Envelope,
  envelopeError,
  isSuccess,
  NOT_THE_API,
  parseEnvelope,
  retryAfter,
  statusError,
  strangeWords,
} from './envelope.ts';
import type { WireRequest } from './http.ts';
import { type Answer, send, type Wire } from './http.ts';
import type { Pacer } from './rate-limiter.ts';

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
  /** Gates requests for videos. */
  readonly videoPacer: Pacer;
  /** Gates requests for lists: five a second. */
  readonly listPacer: Pacer;
}

/** The head of an answer that may be a video; its body is paused. */
export interface VideoAnswer extends Answer {
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
  /** The scope that lists the video; the one of the settings by default. */
  readonly uniqueId?: string | undefined;
  /** Only what follows this offset, if the file is still the one of this ETag. */
  readonly from?: { readonly offset: number; readonly etag: string } | undefined;
}

/** The calls of the API that `mavi` uses. */
export interface Client {
  /** Asks for a video. Throws the MaviError that a JSON answer or a status means, but for 416 to a part asked for. */
  download(videoNo: string, question: VideoQuestion): Promise<VideoAnswer>;
  /** Sends a call whose answer is an envelope, and answers with its data. Throws what the envelope means. */
  call(method: 'GET' | 'POST', path: string, body: unknown, signal: AbortSignal): Promise<unknown>;
  /** Lets no request for a video start before then (milliseconds since the epoch). */
  pauseUntil(untilMs: number): Promise<void>;
}

/** A client of one key, for one run. */
export function apiClient(options: ClientOptions): Client {
  const { settings, wire, videoPacer, listPacer } = options;

  /** Sends a request as soon as its pacer lets it. */
  const paced = async (
    pacer: Pacer,
    request: WireRequest,
    question: Pick<VideoQuestion, 'signal' | 'bodySignal' | 'onWait' | 'onStart'>,
  ): Promise<Answer> => {
    const start = await pacer.start(question.signal, question.onWait);
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

  const contextOf = ({ status, headers }: Answer, refusedHint: string): AnswerContext => ({
    status,
    retryAfterMs: retryAfter(headers['retry-after'], wire.clock.nowMs()),
    secrets: options.secrets,
    refusedHint,
  });

  /** The envelope of an answer that should be one. Throws what the status or a broken envelope means. */
  const envelopeOf = async (answer: Answer, hint: string, mostBytes = ENVELOPE_BYTES): Promise<Envelope> => {
    const bytes = await readSmallBody(answer.body, mostBytes);
    const text = bytes?.toString('utf8') ?? null;
    const envelope = text === null ? null : parseEnvelope(text);
    if (envelope !== null) return envelope;
    const said = text === null ? `more than ${mostBytes} bytes of JSON` : strangeWords(text, options.secrets);
    throw (
      statusError(contextOf(answer, hint), said) ??
      new RefusedError('bad_json', `the server's answer is not the API's: ${said || 'it is empty'}`, {
        hint: NOT_THE_API,
      })
    );
  };

  const failureOf = async (answer: Answer, hint: string): Promise<MaviError> => {
    if (isJson(answer.headers)) return envelopeError(await envelopeOf(answer, hint), contextOf(answer, hint));
    answer.body.abort(new NetworkError('refused', 'not read'));
    return (
      statusError(contextOf(answer, hint), '') ??
      new RefusedError(
        'bad_answer',
        `the server answers HTTP ${answer.status}, which is no answer of the API`,
        { hint: NOT_THE_API },
      )
    );
  };

  return {
    pauseUntil: (untilMs) => videoPacer.pauseUntil(untilMs),

    async download(videoNo, question) {
      const { uniqueId = settings.uniqueId } = question;
      const asked = { video_no: videoNo, unique_id: uniqueId };
      const hint = `is it in the scope '${uniqueId}'? look with: mavi list, or give --unique-id`;
      const answer = await paced(
        videoPacer,
        requestFor('POST', '/download', asked, options, question.from),
        question,
      );
      // That there is no such part is no refusal of the video.
      const isNoPart = question.from !== undefined && answer.status === 416;
      if (isNoPart || (isOk(answer) && !isJson(answer.headers))) {
        return {
          ...answer,
          errorFrom(text) {
            const envelope = parseEnvelope(text);
            return envelope === null ? null : envelopeError(envelope, contextOf(answer, hint));
          },
        };
      }
      try {
        throw await failureOf(answer, hint);
      } finally {
        question.onDiscarded(answer.body.wireBytes);
      }
    },

    async call(method, path, body, signal) {
      const question = { signal, bodySignal: signal, onWait: () => {}, onStart: () => {} };
      const hint = `check the flags, and the scope '${settings.uniqueId}' (--unique-id)`;
      const answer = await paced(listPacer, requestFor(method, path, body, options), question);
      if (!isOk(answer)) throw await failureOf(answer, hint);
      const envelope = await envelopeOf(answer, hint, PAGE_BYTES);
      if (!isSuccess(envelope)) throw envelopeError(envelope, contextOf(answer, hint));
      return envelope.data;
    },
  };
}

function requestFor(
  method: 'GET' | 'POST',
  path: string,
  body: unknown,
  { settings, key, version }: ClientOptions,
  from?: VideoQuestion['from'],
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
    body: body === undefined ? undefined : jsonOf(body),
  };
}

/** JSON in which the ID of a folder, 64 bits wide, is a number even where JavaScript has only a text for it. */
function jsonOf(body: unknown): string {
  return JSON.stringify(body).replace(/"folder_id":"(-?\d+)"/, '"folder_id":$1');
}

function isOk({ status }: Answer): boolean {
  return status >= 200 && status < 300;
}

/** Whether the Content-Type is JSON's: compared without case, parameters allowed, `+json` types too. */
function isJson(headers: IncomingHttpHeaders): boolean {
  return /^\s*(application|text)\/([a-z0-9.-]+\+)?json\s*(;|$)/i.test(headers['content-type'] ?? '');
}
