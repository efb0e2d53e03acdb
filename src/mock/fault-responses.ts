import { gzipSync } from 'node:zlib';
import {
  type Content,
  contentOfBytes,
  FAILURES,
  failure,
  sendContent,
  sendJson,
  sendSpring,
  sendText,
  success,
} from './answer.ts';
import type { Fault } from './fault-names.ts';
import { OTHER_FORMATS, withOtherMedia } from './media.ts';
import type { Exchange } from './options.ts';

/** Answers a request badly. `content` is what a good answer would carry. */
export type FaultAction = (exchange: Exchange, content: Content, fault: Fault) => void | Promise<void>;

const JSON_TYPE = { 'Content-Type': 'application/json' };
const HTML_TYPE = { 'Content-Type': 'text/html; charset=utf-8' };
const VIDEO_TYPE = { 'Content-Type': 'application/octet-stream' };

const FAILED = JSON.stringify(FAILURES.unknownVideo);
const PORTAL =
  '<!DOCTYPE html>\n<html><head><title>Welcome to the guest network</title></head><body>Please log in.</body></html>\n';
const BAD_GATEWAY =
  '<html>\r\n<head><title>502 Bad Gateway</title></head>\r\n<body><center><h1>502 Bad Gateway</h1></center></body>\r\n</html>\r\n';

const JUNK = Buffer.of(0x00, 0x01, 0xfe, 0xff);
const DEFAULT_JUNK_BYTES = 5;

/** Faults that are a short answer, or other bytes, in the place of the video, and redirects. */
export const RESPONSE_FAULTS = {
  'rate-limit': (exchange, _content, { value }) => limited(exchange, 200, retryAfter(value, exchange)),
  'rate-limit-429': (exchange, _content, { value }) => limited(exchange, 429, retryAfter(value, exchange)),
  'rate-limit-for': (exchange) => limited(exchange, 200, {}),
  'rate-limit-bare': (exchange) =>
    sendJson(exchange, { code: '0429', msg: 'Request has exceeded the limit.' }),
  'network-abnormal': (exchange) => sendJson(exchange, FAILURES.networkAbnormal),
  'not-found': (exchange) => sendJson(exchange, FAILURES.unknownVideo),
  unauthorized: (exchange) => sendJson(exchange, FAILURES.unauthorized),
  'unauthorized-401': (exchange) => sendJson(exchange, FAILURES.unauthorized, 401),
  'no-credits': (exchange) => sendJson(exchange, FAILURES.noCredits),
  'no-balance': (exchange) => sendJson(exchange, FAILURES.noBalance),
  disabled: (exchange) => sendJson(exchange, FAILURES.disabled),
  'integer-code': (exchange) => sendJson(exchange, { ...FAILURES.unknownVideo, code: 1 }),
  'no-code': (exchange) => sendJson(exchange, { success: false, msg: 'download video error' }),

  'server-error': (exchange, _content, { value }) =>
    sendSpring(exchange, 503, 'Service Unavailable', retryAfter(value, exchange)),
  'bad-gateway': (exchange) => sendText(exchange, 502, HTML_TYPE, BAD_GATEWAY),
  'request-timeout': (exchange) => sendSpring(exchange, 408, 'Request Timeout'),
  'http-400': (exchange) => sendSpring(exchange, 400, 'Bad Request'),
  'http-404': (exchange) => sendSpring(exchange, 404, 'Not Found'),

  'json-type-case': (exchange) => {
    const [front, back] = halves(FAILED);
    exchange.response.writeHead(200, { 'Content-Type': 'Application/JSON; Charset=UTF-8' }).write(front);
    exchange.record.bytesSent += FAILED.length;
    exchange.settle();
    exchange.response.end(back);
  },
  'json-success': (exchange) => sendJson(exchange, success(null)),
  'json-broken': (exchange, _content, { value = 'application/json' }) =>
    sendText(exchange, 200, { 'Content-Type': value }, halves(FAILED)[0]),
  'gzip-json': (exchange) =>
    sendText(exchange, 200, { ...JSON_TYPE, 'Content-Encoding': 'gzip' }, gzipSync(FAILED)),
  mislabelled: (exchange) => sendText(exchange, 200, VIDEO_TYPE, FAILED),
  html: (exchange) => sendText(exchange, 200, HTML_TYPE, PORTAL),
  'html-mislabelled': (exchange) => sendText(exchange, 200, VIDEO_TYPE, PORTAL),
  'echo-key': (exchange) => sendJson(exchange, failure('0001', hostileMessage(exchange))),

  empty: instead(() => Buffer.alloc(0)),
  tiny: instead(() => Buffer.from('\0\0\0\x20f', 'latin1')),
  garbage: instead(OTHER_FORMATS.garbage),
  matroska: instead(OTHER_FORMATS.matroska),
  webm: instead(OTHER_FORMATS.webm),
  avi: instead(OTHER_FORMATS.avi),
  'mpeg-ts': instead(OTHER_FORMATS['mpeg-ts']),
  quicktime: instead(OTHER_FORMATS.quicktime),
  'other-bytes': (exchange, content, { offsetBytes = 0 }) =>
    sendContent(exchange, withOtherMedia(content, offsetBytes)),
  'junk-tail': (exchange, content, fault) => sendContent(exchange, withJunk(content, fault)),

  // A path alone, so that the client has to complete it.
  redirect: (exchange) => redirect(exchange, 307, exchange.cleanPath),
  'redirect-308': (exchange) => redirect(exchange, 308, exchange.record.origin + exchange.cleanPath),
  'redirect-302': (exchange) => redirect(exchange, 302, exchange.record.origin + exchange.cleanPath),
  'redirect-elsewhere': async (exchange) =>
    redirect(exchange, 307, (await exchange.elsewhere('same')) + exchange.cleanPath),
  'redirect-plain': async (exchange) =>
    redirect(exchange, 307, (await exchange.elsewhere('plain')) + exchange.cleanPath),
  'redirect-refused': async (exchange) =>
    redirect(exchange, 307, `${await exchange.elsewhere('same')}/expired`),
  'redirect-utf8': (exchange) => redirect(exchange, 307, `${exchange.cleanPath}?é=日本`),
  'redirect-loop': (exchange) => redirect(exchange, 307, exchange.record.url),
  'redirect-nowhere': (exchange) => sendText(exchange, 307, {}, ''),
} satisfies Record<string, FaultAction>;

function limited(exchange: Exchange, status: number, headers: Record<string, string>): void {
  sendText(exchange, status, { ...JSON_TYPE, ...headers }, JSON.stringify(FAILURES.rateLimit));
}

/** `2` is sent as it is, and so is nonsense; `date+2` becomes the date in two seconds. */
function retryAfter(value: string | undefined, { nowMs }: Exchange): Record<string, string> {
  if (value === undefined) return {};
  const seconds = /^date\+(\d+)$/.exec(value)?.[1];
  return {
    'Retry-After': seconds === undefined ? value : new Date(nowMs() + Number(seconds) * 1000).toUTCString(),
  };
}

function halves(text: string): [string, string] {
  const middle = Math.floor(text.length / 2);
  return [text.slice(0, middle), text.slice(middle)];
}

/** All that must not reach a terminal: the key, controls, escapes, a change of writing direction, and length. */
function hostileMessage({ request }: Exchange): string {
  const start = `denied for ${request.headers.authorization ?? 'nobody'} `;
  const controls =
    '\u0000\u0007\b\r\n\t\u007f\u009b31m \u001b[31mred\u001b[0m \u001b]0;title\u0007 \u202eesrever\u2066\u200f ';
  return (start + controls).padEnd(2000, 'and so on ');
}

function instead(file: () => Buffer): FaultAction {
  return (exchange) => sendContent(exchange, contentOfBytes('application/octet-stream', file()));
}

/** Read as a box, the junk has a type that cannot be printed. */
function withJunk(content: Content, { value }: Fault): Content {
  const junk = Buffer.alloc(Number(value ?? DEFAULT_JUNK_BYTES), JUNK);
  const { sizeBytes } = content;
  return {
    ...content,
    sizeBytes: sizeBytes + junk.length,
    async *read(fromByte, toByte) {
      if (fromByte < sizeBytes) yield* content.read(fromByte, Math.min(sizeBytes, toByte));
      if (toByte > sizeBytes) yield junk.subarray(Math.max(0, fromByte - sizeBytes), toByte - sizeBytes);
    },
  };
}

/** The bytes of a Location go out in UTF-8, of which Node would make Latin-1. */
function redirect(exchange: Exchange, status: number, location: string): void {
  sendText(exchange, status, { Location: Buffer.from(location).toString('latin1') }, '');
}
