import type { IncomingHttpHeaders } from 'node:http';
import type { Content } from './content.ts';

/** The part of a content that a request gets, `toByte` not included. */
export interface Part {
  readonly status: 200 | 206 | 416;
  readonly fromByte: number;
  readonly toByte: number;
}

/** The whole of a content. */
export function whole(content: Content): Part {
  return { status: 200, fromByte: 0, toByte: content.sizeBytes };
}

/** What a Range, held against If-Range, asks for; the whole where there is none, or none that is understood. */
export function partAsked(headers: IncomingHttpHeaders, content: Content): Part {
  const ifRange = headers['if-range'];
  if (ifRange !== undefined && ifRange !== content.etag) return whole(content);
  const [, first, last] = /^bytes=(\d*)-(\d*)$/.exec(headers.range ?? '') ?? [];
  if (first === undefined || last === undefined || (first === '' && last === '')) return whole(content);

  const { sizeBytes } = content;
  // Without a first byte, the other number counts from the end.
  const fromByte = first === '' ? Math.max(0, sizeBytes - Number(last)) : Number(first);
  const toByte = first === '' || last === '' ? sizeBytes : Math.min(sizeBytes, Number(last) + 1);
  if (fromByte >= toByte) return { status: 416, fromByte: 0, toByte: 0 };
  return { status: 206, fromByte, toByte };
}

/** The Content-Range that goes with a part, if any does. */
export function contentRange(part: Part, content: Content): string | undefined {
  if (part.status === 416) return `bytes */${content.sizeBytes}`;
  if (part.status === 206) return `bytes ${part.fromByte}-${part.toByte - 1}/${content.sizeBytes}`;
  return undefined;
}
