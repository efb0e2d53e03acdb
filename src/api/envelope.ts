/** The API's JSON responses: what a code, a message and an HTTP status mean. Pure. */
import { AccountError, type MaviError, NetworkError, RateLimitError, RefusedError } from '../errors.ts';
import { serverText } from '../sanitize.ts';
import type { HttpResponse } from './http.ts';
import { CHECK_BASE_URL } from './network-errors.ts';

/** How much of a JSON response is read, in bytes; real ones have a few hundred. */
export const ENVELOPE_BYTES = 64 * 1024;

/** A JSON response. */
export interface Envelope {
  /** The code as the API wrote it, such as `0001`; null without one. */
  readonly code: string | null;
  /** The same as a number: `0001`, `"1"` and `1` are one code. */
  readonly codeNumber: number | null;
  /** Whether it reports success: by the codes 0000, 0 and 200, or by `success` where it has no code. */
  readonly isSuccess: boolean;
  readonly message: string;
  readonly data: unknown;
}

/** The circumstances of a response that its error depends on. */
export interface ResponseContext extends Pick<HttpResponse, 'status' | 'foreignHost'> {
  /** How long the server asked to wait, in milliseconds; null if it did not. */
  readonly retryAfterMs: number | null;
  /** Values that no message may repeat. */
  readonly secrets: Iterable<string>;
  /** The hint where the API refuses. */
  readonly refusedHint: string;
}

/** Parses an envelope; null if the text is none (broken, cut, or other JSON). */
export function parseEnvelope(text: string): Envelope | null {
  let value: Record<string, unknown>;
  try {
    // The ID of a folder has 64 bits, which JavaScript's numbers would round.
    const exact = text.replace(/("folder_id"\s*:\s*)(-?\d{16,})/g, '$1"$2"');
    value = Object(JSON.parse(exact.replace(/^\ufeff/, '')));
  } catch {
    return null;
  }
  const { code, msg, message, success, failed, data } = value;
  const hasCode = typeof code === 'string' || typeof code === 'number';
  if (!hasCode && typeof success !== 'boolean' && typeof failed !== 'boolean') return null;
  const written = hasCode ? String(code).trim() : '';
  const codeNumber = /^\d{1,9}$/.test(written) ? Number(written) : null;
  const isWell =
    written === '' ? success === true || failed === false : codeNumber === 0 || codeNumber === 200;
  return {
    code: written || null,
    codeNumber,
    isSuccess: isWell && success !== false && failed !== true,
    message: [msg, message].find((each) => typeof each === 'string') ?? '',
    data,
  };
}

/** The code `0001` is also used for temporary failures: only the message distinguishes them (网络异常: 重试). */
const TEMPORARY_FAILURE =
  /network[^a-z]+(is[^a-z]+)?(abnormal|error|busy|exception|unstable)|abnormal network|try again|please retry|retry later|\u7f51\u7edc\u5f02\u5e38|\u91cd\u8bd5/i;

/** How messages describe an empty balance (余额不足, 充值), under whatever code. */
const EMPTY_BALANCE =
  /(insufficient|not enough|no|out of|low)\s+(account\s+)?(balance|credits?|funds)\b|(balance|credits?) (is |are )?(insufficient|not enough|exhausted|used up)|\brecharge\b|\u4f59\u989d\u4e0d\u8db3|\u5145\u503c/i;

/** The codes that are known: a success, two refusals, and those that mean the same as the HTTP status. */
const KNOWN_CODES: readonly (number | null)[] = [0, 200, 1, 3, 401, 402, 403, 429, 9009];

/**
 * The error that a response means which is no video, or no success. The code of an envelope decides where it is known,
 * else the HTTP status. On a download an envelope is a failure whatever its code, so a code of success is refused too.
 * @param bytes its body, if that is JSON; null if it is longer than `limit` bytes, which is all that is read
 */
export function bodyError(bytes: Buffer | null, context: ResponseContext, limit = ENVELOPE_BYTES): MaviError {
  const { status, secrets } = context;
  const isOk = status >= 200 && status < 300;
  const text = bytes?.toString() ?? '';
  const envelope = parseEnvelope(text);
  if (envelope === null) {
    const isLong = bytes === null || bytes.length > limit;
    const words = isLong ? `more than ${limit} bytes of JSON` : strangeWords(text, secrets);
    const unexpected = `unexpected response from the server: ${words || 'it is empty'}`;
    if (isOk) return new RefusedError('bad_json', unexpected, { hint: CHECK_BASE_URL });
    const message = `HTTP ${status} from the server${words === '' ? '' : `: ${words}`}`;
    const meant = EMPTY_BALANCE.test(words) ? 402 : status;
    // It probably comes from something in front of the API.
    return errorOf(meant, `http_${status}`, message, CHECK_BASE_URL, context);
  }
  const { code, codeNumber, message } = envelope;
  const words = serverText(message, secrets) || 'no message';
  const name = code === null ? `http_${status}` : serverText(code, secrets);
  let meant = KNOWN_CODES.includes(codeNumber) ? codeNumber : null;
  if (codeNumber === 1 && TEMPORARY_FAILURE.test(message)) meant = 503;
  if (EMPTY_BALANCE.test(message)) meant = 402;
  let said = `API error${code === null ? '' : ` ${name}`}: ${words}`;
  if (meant === null && !isOk) said = `HTTP ${status} from the server: ${said}`;
  if (meant === 0 || meant === 200) said = `the API sent no video (code ${name}: ${words})`;
  return errorOf(meant ?? status, name, said, context.refusedHint, context);
}

/** The error of an HTTP status, or of a known code. `code` is for the record; `hint` is that of a refusal. */
function errorOf(
  status: number,
  code: string,
  said: string,
  hint: string,
  { retryAfterMs, foreignHost }: ResponseContext,
): MaviError {
  const [what, accountHint = ''] = ACCOUNT_FAILURES.get(status) ?? [];
  // What another origin reports concerns this video alone.
  if (what !== undefined && foreignHost !== null) {
    const redirected = 'the API redirected to that host; run the command again later';
    return new RefusedError(code, `${foreignHost} refused the video: ${said}`, { hint: redirected });
  }
  if (what !== undefined) return new AccountError(code, `${what}: ${said}`, { hint: accountHint });
  if (status === 429 && foreignHost === null) {
    const wait = 'other programs may use the same account; wait a minute, or lower --rate';
    return new RateLimitError(code, `rate limit reached: ${said}`, { hint: wait, retryAfterMs });
  }
  if (status === 408 || status === 429 || status >= 500) {
    return new NetworkError(code, said, { hint: 'run the command again later', retryAfterMs });
  }
  return new RefusedError(code, said, { hint });
}

const CONSOLE = 'https://api-platform.memories.ai';
const NEW_KEY = `see where the key comes from with: mavi auth status; create a new one at ${CONSOLE}`;

const ACCOUNT_FAILURES = new Map([
  [401, ['API key refused', NEW_KEY]],
  [9009, ['API key refused', NEW_KEY]],
  [402, ['out of credits', `top up the account at ${CONSOLE}`]],
  [403, ['account disabled', `check the account at ${CONSOLE}`]],
]);

/** What a response without an envelope says: the words of the infrastructure's JSON (Spring), or the text as it is. */
export function strangeWords(text: string, secrets: Iterable<string>): string {
  try {
    const { error, message } = JSON.parse(text) as Record<string, unknown>;
    const words = [error, message].filter((each) => typeof each === 'string' && each !== '');
    if (words.length > 0) return serverText(words.join(', '), secrets);
  } catch {
    // It is no JSON.
  }
  return serverText(text, secrets);
}

/** Reads a Retry-After header (seconds, or an HTTP date) as milliseconds from now; null if there is none. */
export function retryAfter(header: string | undefined, nowMs: number): number | null {
  if (header === undefined) return null;
  const text = header.trim();
  if (/^\d+(\.\d+)?$/.test(text)) return Number(text) * 1000;
  const date = Date.parse(text);
  return Number.isNaN(date) ? null : Math.max(0, date - nowMs);
}
