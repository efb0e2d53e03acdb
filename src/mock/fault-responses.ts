/** Faults that send something else in place of the video: a failure, other bytes, or a redirect. */
import { gzipSync } from 'node:zlib';
import { OTHER_FORMATS, withOtherMedia } from './media.ts';
import type { Exchange } from './options.ts';
import {
  type Content,
  contentOfBytes,
  type Delivery,
  FAILURES,
  failure,
  type Headers,
  sendBody,
  sendContent,
  sendJson,
  sendSpring,
  sendText,
  success,
  withContent,
} from './response.ts';

/** Sends a faulty response; may return a promise. */
export type FaultAction = (delivery: Delivery) => unknown;

/** Faults by name, each with what `mavi mock --list-faults` says about it. */
export type FaultTable = Readonly<Record<string, readonly [summary: string, respond: FaultAction]>>;

const RETRY_AFTER = '=seconds or =date+seconds adds a Retry-After';
const JSON_TYPE = 'application/json';
const VIDEO_TYPE = 'application/octet-stream';
const HTML = { 'Content-Type': 'text/html; charset=utf-8' };
const MISLABELLED = { 'Content-Type': VIDEO_TYPE };
const GZIPPED_JSON = { 'Content-Type': JSON_TYPE, 'Content-Encoding': 'gzip' };

const FAILED = JSON.stringify(FAILURES.unknownVideo);
const HALF_OF_FAILED = FAILED.slice(0, FAILED.length / 2);
const { code, msg } = FAILURES.rateLimit;
const PORTAL =
  '<!DOCTYPE html>\n<html><head><title>Welcome to the guest network</title></head><body>Please log in.</body></html>\n';
const BAD_GATEWAY =
  '<html>\r\n<head><title>502 Bad Gateway</title></head>\r\n<body><center><h1>502 Bad Gateway</h1></center></body>\r\n</html>\r\n';

/** Read as a box, its type is not printable. */
const JUNK = Buffer.of(0x00, 0x01, 0xfe, 0xff);

export const RESPONSE_FAULTS = {
  // Failures of the API
  'rate-limit': [`code 0429 in HTTP 200; ${RETRY_AFTER}`, rateLimit(200)],
  'rate-limit-429': [`code 0429 in HTTP 429; ${RETRY_AFTER}`, rateLimit(429)],
  'rate-limit-for': ['code 0429 for the first =seconds of the mock (default: 60)', json(FAILURES.rateLimit)],
  'rate-limit-bare': ['code 0429 in HTTP 200, with only code and msg', json({ code, msg })],
  'network-abnormal': ['code 0001, "The network is abnormal, …"', json(FAILURES.networkAbnormal)],
  'not-found': ['code 0001, "download video error"', json(FAILURES.unknownVideo)],
  unauthorized: ['code 0401 in HTTP 200', json(FAILURES.unauthorized)],
  'unauthorized-401': ['code 0401 in HTTP 401', json(FAILURES.unauthorized, 401)],
  'no-credits': ['code 0402 in HTTP 200', json(FAILURES.noCredits)],
  'no-balance': ['code 0001, "Insufficient balance to download the resource. …"', json(FAILURES.noBalance)],
  disabled: ['code 0403 in HTTP 200', json(FAILURES.disabled)],
  'integer-code': ['a failure whose code is the integer 1', json({ ...FAILURES.unknownVideo, code: 1 })],
  'no-code': ['a failure without a code', json({ success: false, msg: 'download video error' })],

  // Failures of the infrastructure, with Spring's JSON
  'server-error': [`HTTP 503; ${RETRY_AFTER}`, spring(503, 'Service Unavailable')],
  'request-timeout': ['HTTP 408', spring(408, 'Request Timeout')],
  'http-400': ['HTTP 400', spring(400, 'Bad Request')],
  'http-404': ['HTTP 404', spring(404, 'Not Found')],
  'bad-gateway': ['HTTP 502 with HTML', text(502, HTML, BAD_GATEWAY)],

  // Misleading responses
  'json-type-case': ['a failure with the type "Application/JSON; Charset=UTF-8", in two chunks', jsonHalves],
  'json-success': ['code 0000 in JSON instead of a video', json(success(null))],
  'json-broken': [
    'a failure whose JSON is cut off, of the =type (default: application/json)',
    (delivery) => sendText(delivery, 200, { 'Content-Type': delivery.value ?? JSON_TYPE }, HALF_OF_FAILED),
  ],
  'json-endless': ['a failure whose JSON never ends, of the =type (default: application/json)', endlessJson],
  'gzip-json': ['a gzipped failure, unrequested', text(200, GZIPPED_JSON, gzipSync(FAILED))],
  mislabelled: ['a failure with the Content-Type of a video', text(200, MISLABELLED, FAILED)],
  html: ['the HTML of a captive portal in HTTP 200', text(200, HTML, PORTAL)],
  'html-mislabelled': ['the same, with the Content-Type of a video', text(200, MISLABELLED, PORTAL)],
  'echo-key': ['a failure whose msg repeats the key among control characters', echoKey],
  empty: ['a video of 0 bytes', file(() => Buffer.alloc(0))],
  tiny: ['a video of 5 bytes', file(() => Buffer.from('\0\0\0\x20f', 'latin1'))],
  garbage: ['bytes that are not a video', file(OTHER_FORMATS.garbage)],
  matroska: ['a Matroska file', file(OTHER_FORMATS.matroska)],
  webm: ['a WebM file', file(OTHER_FORMATS.webm)],
  avi: ['an AVI file', file(OTHER_FORMATS.avi)],
  'mpeg-ts': ['an MPEG transport stream', file(OTHER_FORMATS['mpeg-ts'])],
  quicktime: ['a QuickTime file without ftyp', file(OTHER_FORMATS.quicktime)],
  'other-bytes': ['the video with other media data from @offset on (default: all of it)', otherBytes],
  'junk-tail': ['the complete video with =n bytes of junk after it (default: 5)', junkTail],

  // Redirects. The first has a path alone, so that the client has to complete it.
  redirect: ['307 to the video on the same origin', redirect(307, ({ cleanPath }) => cleanPath)],
  'redirect-308': ['308 to the video on the same origin', redirect(308, sameOrigin)],
  'redirect-302': ['302 to the video on the same origin', redirect(302, sameOrigin)],
  'redirect-elsewhere': ['307 to the video on another origin, which needs no key', elsewhere('same')],
  'redirect-plain': ['307 to the video on another origin that speaks plain http', elsewhere('plain')],
  'redirect-refused': [
    '307 to another origin, which refuses with HTTP 403 and XML',
    elsewhere('same', '/expired'),
  ],
  'redirect-utf8': [
    '307 to the video, with non-ASCII characters in the Location',
    redirect(307, ({ cleanPath }) => `${cleanPath}?é=日本`),
  ],
  'redirect-loop': ['307 to itself', redirect(307, ({ record }) => record.url)],
  'redirect-nowhere': ['307 without a Location', text(307, {}, '')],
} satisfies FaultTable;

function json(value: unknown, status = 200): FaultAction {
  return (delivery) => sendJson(delivery, value, status);
}

function text(status: number, headers: Headers, body: string | Buffer): FaultAction {
  return (delivery) => sendText(delivery, status, headers, body);
}

function file(make: () => Buffer): FaultAction {
  return (delivery) => sendContent(withContent(delivery, contentOfBytes(VIDEO_TYPE, make())));
}

function spring(status: number, error: string): FaultAction {
  return (delivery) => sendSpring(delivery, status, error, retryAfter(delivery));
}

function rateLimit(status: number): FaultAction {
  return (delivery) => sendJson(delivery, FAILURES.rateLimit, status, retryAfter(delivery));
}

/** `date+2` becomes the date in two seconds; anything else is sent as it is, even nonsense. */
function retryAfter({ value, nowMs }: Delivery): Headers {
  if (value === undefined) return {};
  const seconds = /^date\+(\d+)$/.exec(value)?.[1];
  if (seconds === undefined) return { 'Retry-After': value };
  return { 'Retry-After': new Date(nowMs() + Number(seconds) * 1000).toUTCString() };
}

function jsonHalves({ response, record }: Delivery): void {
  response.writeHead(200, { 'Content-Type': 'Application/JSON; Charset=UTF-8' }).write(HALF_OF_FAILED);
  record.bytesSent += FAILED.length;
  response.end(FAILED.slice(HALF_OF_FAILED.length));
}

async function endlessJson(delivery: Delivery): Promise<void> {
  async function* pieces() {
    yield Buffer.from('{"code":"0001","msg":"');
    for (;;) yield Buffer.alloc(16_384, 'and so on ');
  }
  const endless = { ...delivery, contentLength: false, offerRanges: false };
  await sendBody(endless, pieces(), { 'Content-Type': delivery.value ?? JSON_TYPE });
}

/** Sends everything that must not reach a terminal: the key, control characters, bidi marks, and length. */
function echoKey(delivery: Delivery): void {
  const start = `denied for ${delivery.request.headers.authorization ?? 'nobody'} `;
  const controls =
    '\u0000\u0007\b\r\n\t\u007f\u009b31m \u001b[31mred\u001b[0m \u001b]0;title\u0007 \u202eesrever\u2066\u200f ';
  sendJson(delivery, failure('0001', (start + controls).padEnd(2000, 'and so on ')));
}

async function otherBytes(delivery: Delivery): Promise<void> {
  await sendContent(withContent(delivery, withOtherMedia(delivery.content, delivery.offsetBytes ?? 0)));
}

async function junkTail(delivery: Delivery): Promise<void> {
  const { sizeBytes, read } = delivery.content;
  const junk = Buffer.alloc(Number(delivery.value ?? 5), JUNK);
  const content: Content = {
    ...delivery.content,
    sizeBytes: sizeBytes + junk.length,
    async *read(fromByte, toByte) {
      if (fromByte < sizeBytes) yield* read(fromByte, Math.min(sizeBytes, toByte));
      if (toByte > sizeBytes) yield junk.subarray(Math.max(0, fromByte - sizeBytes), toByte - sizeBytes);
    },
  };
  await sendContent(withContent(delivery, content));
}

function redirect(status: number, locationOf: (exchange: Exchange) => string | Promise<string>): FaultAction {
  return async (delivery) => {
    // Node would send the Location as Latin-1; its bytes are to be UTF-8.
    const location = Buffer.from(await locationOf(delivery)).toString('latin1');
    sendText(delivery, status, { Location: location }, '');
  };
}

function elsewhere(scheme: 'same' | 'plain', path?: string): FaultAction {
  return redirect(307, async ({ elsewhere, cleanPath }) => `${await elsewhere(scheme)}${path ?? cleanPath}`);
}

function sameOrigin({ record, cleanPath }: Exchange): string {
  return record.origin + cleanPath;
}
