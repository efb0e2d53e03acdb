/** Where a redirect leads, and with what. Pure. */
import { NetworkError } from '../errors.ts';
import { isLoopback } from '../settings/values.ts';

/** The most redirects that are followed for one request. */
export const MOST_REDIRECTS = 5;

/** One request as it goes onto the wire. */
export interface WireRequest {
  readonly method: 'GET' | 'POST';
  readonly url: URL;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string | undefined;
}

/** Whether a status is a redirect. */
export function isRedirect(status: number): boolean {
  return [301, 302, 303, 307, 308].includes(status);
}

/**
 * The next request after a redirect. 307 and 308 keep the POST, the others turn it into a GET, as curl does;
 * another origin gets no key. Throws NetworkError for a redirect without a place, or to an unsafe one.
 */
export function redirected(request: WireRequest, status: number, location: string | undefined): WireRequest {
  const refuse = (why: string): NetworkError =>
    new NetworkError('redirect', `${request.url.host} redirects ${why}`, {
      retryable: false,
      hint: 'check --base-url, and whether a proxy stands between',
    });
  if (location === undefined) throw refuse('without saying where to');
  let url: URL;
  try {
    url = new URL(location, request.url);
  } catch {
    throw refuse('to what is no address');
  }
  if (url.protocol !== 'https:' && url.protocol !== 'http:')
    throw refuse(`to ${url.protocol}, which is no web address`);
  if (url.protocol === 'http:' && (request.url.protocol === 'https:' || !isLoopback(url))) {
    throw refuse('to plain http, which is not safe');
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
