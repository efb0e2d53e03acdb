/** The API as calls: what is asked, with which key, at which pace, and what its answers mean. */
import type { IncomingHttpHeaders } from 'node:http';
import { type MaviError, NetworkError, RefusedError } from '../errors.ts';
import { serverText } from '../foreign-text.ts';
import type { Settings } from '../settings/settings.ts';
import { readSmallBody } from './body.ts';
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
import type { Pacer } from './pacer.ts';
import type { WireRequest } from './redirect.ts';
import { type Answer, send, type Wire } from './send.ts';

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
  pushBack(untilMs: number): Promise<void>;
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

  const contextOf = ({ status, headers }: Answer): AnswerContext => ({
    status,
    retryAfterMs: retryAfter(headers['retry-after'], wire.clock.nowMs()),
    secrets: options.secrets,
    refusedHint: `check the video_no, and that it is in the scope '${settings.uniqueId}' (--unique-id)`,
  });

  /** The envelope of an answer that should be one. Throws what the status or a broken envelope means. */
  const envelopeOf = async (answer: Answer, mostBytes = ENVELOPE_BYTES): Promise<Envelope> => {
    const bytes = await readSmallBody(answer.body, mostBytes);
    const text = bytes?.toString('utf8') ?? null;
    const envelope = text === null ? null : parseEnvelope(text);
    if (envelope !== null) return envelope;
    const said = text === null ? `more than ${mostBytes} bytes of JSON` : serverText(text, options.secrets);
    throw (
      statusError(contextOf(answer), said) ??
      new RefusedError('bad_json', `the answer is JSON, but no answer of the API: ${said || 'it is empty'}`, {
        hint: 'check --base-url, and whether a proxy stands between',
      })
    );
  };

  const failureOf = async (answer: Answer): Promise<MaviError> => {
    if (isJson(answer.headers)) return envelopeError(await envelopeOf(answer), contextOf(answer));
    answer.body.giveUp(new NetworkError('refused', 'not read'));
    return (
      statusError(contextOf(answer), '') ??
      new RefusedError('bad_answer', 'the server answers with what is no video')
    );
  };

  return {
    pushBack: (untilMs) => videoPacer.pushBack(untilMs),

    async download(videoNo, question) {
      const asked = { video_no: videoNo, unique_id: settings.uniqueId };
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
            return envelope === null ? null : envelopeError(envelope, contextOf(answer));
          },
        };
      }
      try {
        throw await failureOf(answer);
      } finally {
        question.onDiscarded(answer.body.wireBytes);
      }
    },

    async call(method, path, body, signal) {
      const question = { signal, bodySignal: signal, onWait: () => {}, onStart: () => {} };
      const answer = await paced(listPacer, requestFor(method, path, body, options), question);
      if (!isOk(answer)) throw await failureOf(answer);
      const envelope = await envelopeOf(answer, PAGE_BYTES);
      if (!isSuccess(envelope)) throw envelopeError(envelope, contextOf(answer));
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
    body: body === undefined ? undefined : JSON.stringify(body),
  };
}

function isOk({ status }: Answer): boolean {
  return status >= 200 && status < 300;
}

/** Whether the Content-Type is JSON's: compared without case, parameters allowed, `+json` types too. */
function isJson(headers: IncomingHttpHeaders): boolean {
  return /^\s*(application|text)\/([a-z0-9.-]+\+)?json\s*(;|$)/i.test(headers['content-type'] ?? '');
}
