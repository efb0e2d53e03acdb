/** The API's JSON answers: what a code, a message and an HTTP status mean. Pure. */
import { AccountError, type MaviError, NetworkError, RateLimitError, RefusedError } from '../errors.ts';
import { serverText } from '../sanitize.ts';

/** How much of a JSON answer is read, in bytes; the real ones have some hundred. */
export const ENVELOPE_BYTES = 64 * 1024;

/** The parts of an answer that matter; null where it has none. */
export interface Envelope {
  /** The code as the API wrote it, such as `0001`. */
  readonly code: string | null;
  /** The same as a number, so that `0001`, `"1"` and `1` are one. */
  readonly codeNumber: number | null;
  /** What it says itself, by `success` or `failed`; null if by neither. */
  readonly success: boolean | null;
  readonly message: string;
  readonly data: unknown;
}

/** What an answer was given for, so that its error can say what to do. */
export interface AnswerContext {
  /** The HTTP status. */
  readonly status: number;
  /** How long the server asked to wait, in milliseconds; null when it did not. */
  readonly retryAfterMs: number | null;
  /** Values that no message may repeat. */
  readonly secrets: Iterable<string>;
  /** What to look at when the API refuses: a hint in the words of the command. */
  readonly refusedHint: string;
}

/** Reads an envelope out of the text of an answer; null if it is none (broken, cut, or other JSON). */
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
 * Whether an envelope says that all is well: by the codes 0000, 0 and 200, or by `success` where it has no
 * code; never if it says `success: false`.
 */
export function isSuccess({ code, codeNumber, success }: Envelope): boolean {
  if (success === false) return false;
  return codeNumber === 0 || codeNumber === 200 || (code === null && success === true);
}

/** `0001` is used for passing trouble too; only its message tells (compare the vendor's table of codes). */
const PASSING_TROUBLE =
  /network[^a-z]+(is[^a-z]+)?(abnormal|error|busy|exception|unstable)|abnormal network|try again|please retry|retry later|网络异常|重试/i;

/**
 * The error that an envelope means. Its code decides where it is known; else the HTTP status does.
 * On a download a JSON answer is a failure whatever its code, so a code of success is refused too.
 */
export function envelopeError(envelope: Envelope, context: AnswerContext): MaviError {
  const { code, codeNumber } = envelope;
  const words = serverText(envelope.message, context.secrets);
  const said = `${words === '' ? 'no message' : `"${words}"`}`;
  const label = code === null ? 'without a code' : `code ${serverText(code, context.secrets)}`;
  const name = code === null ? `http_${context.status}` : serverText(code, context.secrets);
  const { retryAfterMs } = context;
  switch (codeNumber) {
    case 401:
    case 9009:
      return keyRefused(name, `the API refuses the key: ${said} (${label})`);
    case 402:
      return outOfCredits(name, `the account is out of credits: ${said} (${label})`);
    case 403:
      return accountDisabled(name, `the account is disabled: ${said} (${label})`);
    case 429:
      return rateLimited(name, `the account's rate limit is reached: ${said} (${label})`, retryAfterMs);
    case 1:
      if (PASSING_TROUBLE.test(envelope.message)) {
        return new NetworkError(name, `the API reports passing trouble: ${said} (${label})`, {
          hint: 'try again in a while',
          retryAfterMs,
        });
      }
      return new RefusedError(name, `the API refuses: ${said} (${label})`, { hint: context.refusedHint });
    case 0:
    case 200:
      return new RefusedError(name, `the API sends no video: ${said} (${label})`, {
        hint: context.refusedHint,
      });
    case 3:
      return new RefusedError(name, `the API refuses: ${said} (${label})`, { hint: context.refusedHint });
    default:
      return (
        statusError(context, `${said} (${label})`, name) ??
        new RefusedError(name, `the API refuses: ${said} (${label})`, { hint: context.refusedHint })
      );
  }
}

/** What to look at where an answer is none of the API's. */
export const NOT_THE_API = 'check --base-url, and whether a proxy stands between';

/**
 * What an answer that is no envelope says, for a message: the words of Spring's JSON, which the infrastructure
 * answers in the API's stead, or the text as it is.
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
 * @param said what the answer said, shown behind the status
 * @param code the code for the record; default `http_` and the status
 */
export function statusError(context: AnswerContext, said: string, code?: string): MaviError | null {
  const { status, retryAfterMs } = context;
  const name = code ?? `http_${status}`;
  const message = `the server answers HTTP ${status}${said === '' ? '' : `: ${said}`}`;
  if (status >= 200 && status < 300) return null;
  switch (status) {
    case 401:
      return keyRefused(name, message);
    case 402:
      return outOfCredits(name, message);
    case 403:
      return accountDisabled(name, message);
    case 429:
      return rateLimited(name, message, retryAfterMs);
    case 408:
      return new NetworkError(name, message, { hint: 'try again in a while', retryAfterMs });
    default:
      if (status >= 500)
        return new NetworkError(name, message, { hint: 'try again in a while', retryAfterMs });
      // Without an envelope it was hardly the API that refused.
      return new RefusedError(name, message, {
        hint: code === undefined ? NOT_THE_API : context.refusedHint,
      });
  }
}

/** Reads a Retry-After header (seconds, or an HTTP date) as milliseconds from now; null if there is none. */
export function retryAfter(header: string | undefined, nowMs: number): number | null {
  if (header === undefined) return null;
  const text = header.trim();
  if (/^\d+(\.\d+)?$/.test(text)) return Number(text) * 1000;
  const date = Date.parse(text);
  return Number.isNaN(date) ? null : Math.max(0, date - nowMs);
}

function keyRefused(code: string, message: string): AccountError {
  return new AccountError(code, message, {
    hint: 'see where the key comes from with: mavi auth status\nmake a new one at https://api-platform.memories.ai',
  });
}

function outOfCredits(code: string, message: string): AccountError {
  return new AccountError(code, message, { hint: 'top up the account at https://api-platform.memories.ai' });
}

function accountDisabled(code: string, message: string): AccountError {
  return new AccountError(code, message, { hint: 'see the account at https://api-platform.memories.ai' });
}

function rateLimited(code: string, message: string, retryAfterMs: number | null): RateLimitError {
  return new RateLimitError(code, message, {
    hint: 'other programs may use the same account; wait a minute, or lower --rate',
    retryAfterMs,
  });
}
