/** The API's JSON responses: what a code, a message and an HTTP status mean. Pure. */
import { AccountError, type MaviError, NetworkError, RateLimitError, RefusedError } from '../errors.ts';
import { serverText } from '../sanitize.ts';
import { CHECK_BASE_URL } from './network-errors.ts';

/** How much of a JSON response is read, in bytes; real ones have some hundred. */
export const ENVELOPE_BYTES = 64 * 1024;

/** The parts of a response that matter; null where it has none. */
export interface Envelope {
  /** The code as the API wrote it, such as `0001`. */
  readonly code: string | null;
  /** The same as a number, so that `0001`, `"1"` and `1` are one. */
  readonly codeNumber: number | null;
  /** What `success` or `failed` says; null if it has neither. */
  readonly success: boolean | null;
  readonly message: string;
  readonly data: unknown;
}

/** What a response was given for, so that its error can say what to do. */
export interface ResponseContext {
  /** The HTTP status. */
  readonly status: number;
  /** How long the server asked to wait, in milliseconds; null when it did not. */
  readonly retryAfterMs: number | null;
  /** The host, if a redirect led to another origin: what that says concerns the video, not the account. */
  readonly foreignHost: string | null;
  /** Values that no message may repeat. */
  readonly secrets: Iterable<string>;
  /** What to check when the API refuses: a hint in the words of the command. */
  readonly refusedHint: string;
}

/** Reads an envelope out of the text of a response; null if it is none (broken, cut, or other JSON). */
export function parseEnvelope(text: string): Envelope | null {
  let value: unknown;
  try {
    // The ID of a folder has 64 bits, which JavaScript's numbers would round.
    const exact = text.replace(/("folder_id"\s*:\s*)(-?\d{16,})/g, '$1"$2"');
    value = JSON.parse(exact.replace(/^\ufeff/, ''));
  } catch {
    return null;
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return null;
  const { code, msg, message, success, failed, data } = value as Record<string, unknown>;
  const hasCode = typeof code === 'string' || typeof code === 'number';
  if (!hasCode && typeof success !== 'boolean' && typeof failed !== 'boolean') return null;
  const words = typeof msg === 'string' ? msg : typeof message === 'string' ? message : '';
  const written = hasCode ? String(code).trim() : '';
  return {
    code: written === '' ? null : written,
    codeNumber: /^\d{1,9}$/.test(written) ? Number(written) : null,
    success:
      success === false || failed === true ? false : success === true || failed === false ? true : null,
    message: words,
    data,
  };
}

/**
 * Whether an envelope reports success: by the codes 0000, 0 and 200, or by `success` where it has no code; never with
 * `success: false`.
 */
export function isSuccess({ code, codeNumber, success }: Envelope): boolean {
  if (success === false) return false;
  return codeNumber === 0 || codeNumber === 200 || (code === null && success === true);
}

/** `0001` is used for passing trouble too; only its message tells (compare the vendor's table of codes). */
const PASSING_TROUBLE =
  /network[^a-z]+(is[^a-z]+)?(abnormal|error|busy|exception|unstable)|abnormal network|try again|please retry|retry later|网络异常|重试/i;

/** How an empty balance is told, under whatever code ("… Please recharge and try again" is no passing trouble). */
const EMPTY_BALANCE =
  /(insufficient|not enough|no|out of|low)\s+(account\s+)?(balance|credits?|funds)\b|(balance|credits?) (is |are )?(insufficient|not enough|exhausted|used up)|\brecharge\b|余额不足|充值/i;

/**
 * The error that an envelope means. Its code decides where it is known, else the HTTP status. On a download a JSON
 * response is a failure whatever its code, so a code of success is refused too.
 */
export function envelopeError(envelope: Envelope, context: ResponseContext): MaviError {
  const { code, codeNumber, message } = envelope;
  const words = serverText(message, context.secrets) || 'no message';
  const name = code === null ? `http_${context.status}` : serverText(code, context.secrets);
  const said = `API error${code === null ? '' : ` ${name}`}: ${words}`;
  const refused = (text: string): RefusedError => new RefusedError(name, text, { hint: context.refusedHint });
  if (EMPTY_BALANCE.test(message)) return accountError(402, name, said, context);
  switch (codeNumber) {
    case 401:
    case 402:
    case 403:
      return accountError(codeNumber, name, said, context);
    case 9009:
      return accountError(401, name, said, context);
    case 429:
      return rateLimited(name, said, context);
    case 1:
      return PASSING_TROUBLE.test(message) ? passingTrouble(name, said, context) : refused(said);
    case 0:
    case 200:
      return refused(`the API sent no video (code ${name}: ${words})`);
    case 3:
      return refused(said);
    default:
      return statusError(context, said, name) ?? refused(said);
  }
}

/**
 * The words of a response that is no envelope, for a message: those of Spring's JSON, which the infrastructure sends
 * instead of the API, or the text as it is.
 */
export function strangeWords(text: string, secrets: Iterable<string>): string {
  try {
    const { error, message } = JSON.parse(text) as Record<string, unknown>;
    const words = [error, message].filter((each) => typeof each === 'string' && each !== '');
    if (words.length > 0) return serverText(words.join(', '), secrets);
  } catch {
    // No JSON, or none with words.
  }
  return serverText(text, secrets);
}

/**
 * The error that an HTTP status means by itself; null for a status that is none (2xx).
 * @param said what the response said, shown after the status
 * @param code the code for the record; default `http_` and the status
 */
export function statusError(context: ResponseContext, said: string, code?: string): MaviError | null {
  const { status } = context;
  const name = code ?? `http_${status}`;
  const message = `HTTP ${status} from the server${said === '' ? '' : `: ${said}`}`;
  if (status >= 200 && status < 300) return null;
  if (EMPTY_BALANCE.test(said)) return accountError(402, name, message, context);
  if (status === 401 || status === 402 || status === 403) return accountError(status, name, message, context);
  if (status === 429) return rateLimited(name, message, context);
  if (status === 408 || status >= 500) return passingTrouble(name, message, context);
  // Without an envelope it was hardly the API that refused.
  return new RefusedError(name, message, { hint: code === undefined ? CHECK_BASE_URL : context.refusedHint });
}

/** Reads a Retry-After header (seconds, or an HTTP date) as milliseconds from now; null if there is none. */
export function retryAfter(header: string | undefined, nowMs: number): number | null {
  if (header === undefined) return null;
  const text = header.trim();
  if (/^\d+(\.\d+)?$/.test(text)) return Number(text) * 1000;
  const date = Date.parse(text);
  return Number.isNaN(date) ? null : Math.max(0, date - nowMs);
}

const CONSOLE = 'https://api-platform.memories.ai';

const ACCOUNT_FAILURES = {
  401: [
    'API key refused',
    `see where the key comes from with: mavi auth status\nmake a new one at ${CONSOLE}`,
  ],
  402: ['out of credits', `top up the account at ${CONSOLE}`],
  403: ['account disabled', `see the account at ${CONSOLE}`],
} as const;

/** A failure of the whole account; of this video alone where another origin reports it. */
function accountError(
  kind: keyof typeof ACCOUNT_FAILURES,
  code: string,
  said: string,
  { foreignHost }: ResponseContext,
): MaviError {
  const [what, hint] = ACCOUNT_FAILURES[kind];
  if (foreignHost === null) return new AccountError(code, `${what}: ${said}`, { hint });
  return new RefusedError(code, `${foreignHost} refused the video: ${said}`, {
    hint: 'the API redirected to that host; try again later',
  });
}

function passingTrouble(code: string, said: string, { retryAfterMs }: ResponseContext): NetworkError {
  return new NetworkError(code, said, { hint: 'try again later', retryAfterMs });
}

function rateLimited(code: string, said: string, context: ResponseContext): MaviError {
  const { retryAfterMs, foreignHost } = context;
  if (foreignHost !== null) return passingTrouble(code, said, context);
  return new RateLimitError(code, `rate limit reached: ${said}`, {
    hint: 'other programs may use the same account; wait a minute, or lower --rate',
    retryAfterMs,
  });
}
