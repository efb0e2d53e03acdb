import type { OutgoingHttpHeaders } from 'node:http';
import type { Content } from './content.ts';
import type { Exchange } from './exchange.ts';
import { contentRange, type Part, partAsked, whole } from './ranges.ts';
import { writeBody } from './write-body.ts';

/** Answers with a content, as documented: status 200 and its bytes, or the part a Range asks for if ranges are offered. */
export async function sendContent(exchange: Exchange, content: Content): Promise<void> {
  const part = partFor(exchange, content);
  writeHead(exchange, content, part);
  await writeBody(exchange, content.read(part.fromByte, part.toByte));
}

/** Answers with JSON. Failures have status 200 as well: the API's own, not its infrastructure's. */
export function sendJson(exchange: Exchange, value: unknown, status = 200): void {
  sendText(exchange, status, { 'Content-Type': 'application/json' }, JSON.stringify(value));
}

/** Answers with a short body at once. */
export function sendText(
  exchange: Exchange,
  status: number,
  headers: OutgoingHttpHeaders,
  body: string | Uint8Array,
): void {
  const bytes = Buffer.from(body);
  exchange.record.bytesSent += bytes.length;
  exchange.settle();
  exchange.response.writeHead(status, headers).end(bytes);
}

/** The part of a content that this request is to get. */
export function partFor(exchange: Exchange, content: Content): Part {
  return exchange.offerRanges ? partAsked(exchange.request.headers, content) : whole(content);
}

/** Writes the status line and headers of an answer that carries a part of a content. */
export function writeHead(
  exchange: Exchange,
  content: Content,
  part: Part,
  headers: OutgoingHttpHeaders = {},
): void {
  const range = contentRange(part, content);
  exchange.response.writeHead(part.status, {
    'Content-Type': content.contentType,
    ...(exchange.offerRanges && { 'Accept-Ranges': 'bytes', ETag: content.etag }),
    ...(range !== undefined && { 'Content-Range': range }),
    ...(exchange.delivery.contentLength && { 'Content-Length': part.toByte - part.fromByte }),
    ...headers,
  });
  exchange.response.flushHeaders();
}
