/** The API as calls: what is requested, with which key, at which rate, and what its responses mean. */
import { type MaviError, NetworkError } from '../errors.ts';
import { type Host, say } from '../host.ts';
import { configFolder } from '../settings/folder.ts';
import { findKey } from '../settings/key.ts';
import { isVendorHost, resolveSettings, type Settings, type SettingTexts } from '../settings/settings.ts';
import { readStore } from '../settings/store.ts';
import { version } from '../version.ts';
import { readSmallBody } from './body.ts';
import { bodyError, ENVELOPE_BYTES, parseEnvelope, type ResponseContext, retryAfter } from './envelope.ts';
import { type HttpResponse, type Sending, send, type Wire, type WireRequest } from './http.ts';
import { agents } from './proxy.ts';
import { rateLimitStore } from './rate-limit-store.ts';
import { LIST_RATE, type RateLimiter, rateLimiter } from './rate-limiter.ts';
import { LONGEST_WAIT_MS } from './retry.ts';

/** How much of a page of the listing is read, in bytes: 200 rows with long names and many tags. */
const PAGE_BYTES = 16 * 1024 * 1024;

/** What a command works with. */
export interface Session {
  readonly settings: Settings;
  readonly client: Client;
}

/** What a run prints to standard error beside its results. */
interface SessionOutput {
  readonly verbose: boolean;
  /** Whether warnings are left out. Default false. */
  readonly quiet?: boolean;
}

/** A response, and what its error depends on if it turns out to be none of those that were asked for. */
export type ApiResponse = HttpResponse & ResponseContext;

/** How one video is requested. */
export interface VideoRequest extends Pick<Sending, 'signal' | 'bodySignal'> {
  /** Ends the wait for the rate limit; default: `signal`. */
  readonly waitSignal?: AbortSignal;
  /** Called with the end of a wait for the rate limit, in milliseconds since the epoch. */
  readonly onWait: (untilMs: number) => void;
  /** Called when the request goes out. */
  readonly onStart: () => void;
  /** Called with the bytes of a response that was no video, because they may be billed. */
  readonly onDiscarded: (bytes: number) => void;
  /** Requests only what follows this offset, if the file still has this ETag. */
  readonly from?: { readonly offset: number; readonly etag: string } | undefined;
  /** The scope of the video; default: the one of the settings. */
  readonly uniqueId?: string | undefined;
}

/** The calls of the API that `mavi` uses. */
export interface Client {
  /** Gates requests for videos, and keeps the server's pauses. */
  readonly videoLimiter: RateLimiter;
  /** Requests a video; its body is paused. Throws what a JSON response or a status means, except for 416 to a range. */
  download(videoNo: string, options: VideoRequest): Promise<ApiResponse>;
  /**
   * Sends a call whose response is an envelope, and resolves to its data. Throws what the envelope means.
   * @param body sent with POST; undefined for a GET
   */
  call(path: string, body: object | undefined, signal: AbortSignal): Promise<unknown>;
}

/**
 * Makes the session of a run. Throws UsageError for a bad setting, AccountError where there is no key. While the
 * server's pause is too long to wait for, no call is made, and each throws PauseError.
 */
export async function openSession(host: Host, flags: SettingTexts, output: SessionOutput): Promise<Session> {
  const stored = await readStore(host, flags.profile, output.quiet);
  const settings = resolveSettings(flags, host.env, stored.values);
  const { key } = await findKey(host, stored, output.quiet);
  const client = apiClient(host, settings, key, output);
  const call: Client['call'] = async (...request) => {
    await client.videoLimiter.checkPause();
    return client.call(...request);
  };
  return { settings, client: { ...client, call } };
}

/** A client of a key that is known. */
export function apiClient(host: Host, settings: Settings, key: string, output: SessionOutput): Client {
  const { clock, env, secrets } = host;
  const { connectTimeoutMs, rate } = settings;
  if (output.verbose && !isVendorHost(settings.baseUrl)) {
    say(host, `* the API key goes to ${settings.baseUrl.host}`);
  }
  const onAlone = (why: string): void => {
    const what = "the rate limit can't be shared with other mavi processes";
    if (!output.quiet) say(host, `mavi: warning: ${what} (${why}); this process keeps to it by itself`);
  };
  const account = `${settings.baseUrl.origin} ${key}`;
  const store = rateLimitStore(clock, { host, folder: configFolder(host), account, rate, onAlone });
  const videoLimiter = rateLimiter(rate, store, clock);
  const listLimiter = rateLimiter(LIST_RATE, rateLimitStore(clock), clock);
  const trace = (line: string): void => {
    if (output.verbose) say(host, line);
  };
  const wire: Wire = { ...settings, clock, agentFor: agents(env, { clock, connectTimeoutMs }), trace };

  const requestFor = (path: string, body: object | undefined, from?: VideoRequest['from']): WireRequest => ({
    method: body === undefined ? 'GET' : 'POST',
    url: new URL(settings.baseUrl.href.replace(/\/$/, '') + path),
    headers: {
      authorization: key,
      'user-agent': `mavi/${version}`,
      ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      ...(from === undefined ? {} : { range: `bytes=${from.offset}-`, 'if-range': from.etag }),
    },
    // The ID of a folder has 64 bits: a number on the wire, but a text in JavaScript.
    body: body && JSON.stringify(body).replace(/"folder_id":"(-?\d+)"/, '"folder_id":$1'),
  });

  /** Sends a request as soon as its limiter lets it. */
  const limited = async (
    limiter: RateLimiter,
    request: WireRequest,
    refusedHint: string,
    sending: Omit<VideoRequest, 'onDiscarded'>,
  ): Promise<ApiResponse> => {
    const sent = await limiter.start(sending.waitSignal ?? sending.signal, sending.onWait);
    sending.onStart();
    let noted: Promise<void> | undefined;
    const onSent = (): void => {
      noted = sent();
    };
    const response = await send(request, wire, { ...sending, onSent }).finally(() => noted);
    const askedMs = retryAfter(response.headers['retry-after'], clock.nowMs());
    // Only the API itself may end the run by a long pause.
    const isHeeded = response.foreignHost === null || (askedMs ?? 0) <= LONGEST_WAIT_MS;
    return { ...response, retryAfterMs: isHeeded ? askedMs : null, secrets, refusedHint };
  };

  /** Keeps the pause that a failure asks for, then throws it. The pause holds for all videos, runs and processes. */
  const fail = async (error: MaviError, { foreignHost }: ApiResponse): Promise<never> => {
    if (error.retryAfterMs !== null && foreignHost === null) {
      await videoLimiter.pauseUntil(clock.nowMs() + error.retryAfterMs);
    }
    throw error;
  };

  return {
    videoLimiter,

    async download(videoNo, sending) {
      const { from, uniqueId = settings.uniqueId } = sending;
      const request = requestFor('/download', { video_no: videoNo, unique_id: uniqueId }, from);
      const hint = `is it in the scope '${uniqueId}'? see: mavi list, or set --unique-id`;
      const response = await limited(videoLimiter, request, hint, sending);
      // That there is no such range is no refusal of the video.
      const isNoRange = from !== undefined && response.status === 416;
      if (isNoRange || (isOk(response) && !isJson(response))) return response;
      try {
        return await fail(await failureOf(response), response);
      } finally {
        sending.onDiscarded(response.body.wireBytes);
      }
    },

    async call(path, body, signal) {
      const sending = { signal, bodySignal: signal, onWait: () => {}, onStart: () => {} };
      const hint = `check the flags, and the scope '${settings.uniqueId}' (--unique-id)`;
      const response = await limited(listLimiter, requestFor(path, body), hint, sending);
      if (!isOk(response)) return fail(await failureOf(response), response);
      const bytes = await readSmallBody(response.body, PAGE_BYTES);
      const envelope = bytes === null ? null : parseEnvelope(bytes.toString());
      if (envelope?.isSuccess) return envelope.data;
      return fail(bodyError(bytes, response, PAGE_BYTES), response);
    },
  };
}

/** The error that a response without success means. Of one that is not JSON only the status counts. */
async function failureOf(response: ApiResponse): Promise<MaviError> {
  if (isJson(response)) return bodyError(await readSmallBody(response.body, ENVELOPE_BYTES), response);
  response.body.abort(new NetworkError('refused', 'not read'));
  return bodyError(Buffer.alloc(0), response);
}

function isOk({ status }: HttpResponse): boolean {
  return status >= 200 && status < 300;
}

/** Whether the Content-Type is JSON's: compared without case, parameters allowed, `+json` types too. */
function isJson({ headers }: HttpResponse): boolean {
  return /^\s*(application|text)\/([a-z0-9.-]+\+)?json\s*(;|$)/i.test(headers['content-type'] ?? '');
}
