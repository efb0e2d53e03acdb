/** Which answers to a request for the rest of a file can be trusted. Pure. */
import type { IncomingHttpHeaders } from 'node:http';
import type { Resumable } from './delivery.ts';

/** The strong ETag of a whole answer whose server offers byte ranges; null if there is none to build on. */
export function strongEtag(headers: IncomingHttpHeaders): string | null {
  const { etag } = headers;
  const offers = /(^|,)\s*bytes\s*(,|$)/i.test(headers['accept-ranges'] ?? '');
  const encoded = headers['content-encoding'] !== undefined && headers['content-encoding'] !== 'identity';
  return offers && !encoded && etag !== undefined && /^"[^"]*"$/.test(etag) ? etag : null;
}

const CONTENT_RANGE = /^bytes (\d{1,15})-(\d{1,15})\/(\d{1,15})$/i;

/** The size of the whole file by a Content-Range, in bytes; null if it has none. */
export function totalOf(headers: IncomingHttpHeaders): number | null {
  const total = CONTENT_RANGE.exec(headers['content-range'] ?? '')?.[3];
  return total === undefined ? null : Number(total);
}

/**
 * Whether a 206 holds exactly the bytes from the offset to the end of the very same file: its range, its ETag
 * and its total must fit.
 * @param knownSize the file's size as the first answer said it, in bytes; null if it did not
 */
export function continuesAt(
  headers: IncomingHttpHeaders,
  asked: Resumable,
  knownSize: number | null,
): boolean {
  const [, first, last, total] = CONTENT_RANGE.exec(headers['content-range'] ?? '') ?? [];
  if (first === undefined || last === undefined || total === undefined) return false;
  const length = headers['content-length'];
  return (
    Number(first) === asked.offset &&
    Number(last) === Number(total) - 1 &&
    Number(last) >= Number(first) &&
    (knownSize === null || Number(total) === knownSize) &&
    (length === undefined || Number(length) === Number(total) - asked.offset) &&
    headers.etag === asked.etag
  );
}

const NO_PART = /^bytes \*\/(\d{1,15})$/i;

/**
 * Whether a 416 says that nothing follows the offset in the very same file: all of it had come, and only the end
 * of the transfer was lost. Servers answer so only after If-Range has held, and mostly without an ETag.
 * @param knownSize the file's size as the first answer said it, in bytes; null if it did not
 */
export function endsAt(headers: IncomingHttpHeaders, asked: Resumable, knownSize: number | null): boolean {
  const total = NO_PART.exec(headers['content-range'] ?? '')?.[1];
  return (
    total !== undefined &&
    Number(total) === asked.offset &&
    (knownSize === null || knownSize === asked.offset) &&
    (headers.etag === undefined || headers.etag === asked.etag)
  );
}
