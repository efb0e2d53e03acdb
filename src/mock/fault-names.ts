/**
 * Every fault that the mock knows, with what it does.
 * In a fault text a name may be followed by `=value`, `@offset` and `xN`, in this order, and texts are chained by
 * commas: `drop@1000x2,rate-limitx1` breaks two requests, refuses one, and behaves from then on.
 */
export const FAULTS = {
  // The connection
  drop: 'resets the connection after @offset bytes of the body (default: half of it)',
  hangup: 'ends the connection in the middle of a chunk, after @offset bytes',
  stall: 'sends @offset bytes and then nothing more, with the connection open',
  silent: 'takes the request and never answers',
  'no-answer': 'closes the connection without an answer',
  'bad-http': 'answers with something that is not HTTP',
  'headers-too-large': 'answers with a header of 100 kB',
  'headers-slow': 'sends the video after =n more header lines (default: 10), one every 50 ms',
  processing: 'sends the video after HTTP 102 =n times (default: 10), every 50 ms',

  // The transfer
  truncate: 'ends the body cleanly after @offset bytes, as if that were all',
  trickle: 'sends the whole video =n bytes at a time, every 10 ms (default: a hundredth of it)',
  chunks: 'sends the video in chunks of =n bytes (default: 1), as fast as they are read',
  'content-length': 'sends the video with a right Content-Length',
  'short-body': 'announces the whole length, sends @offset bytes and ends the connection',
  'long-body': 'announces a length of @offset bytes and sends the whole video',
  'close-delimited': 'sends the video without length or chunks; the end of the connection ends it',
  'close-delimited-cut': 'the same, but only @offset bytes of it',
  gzip: 'sends the video gzipped, unasked',
  encoding: 'sends the video as it is, with Content-Encoding =name (default: none)',
  bomb: 'sends the video and zeros without end, packed by =gzip or =br',

  // Failures of the API
  'rate-limit': 'code 0429 in HTTP 200; =seconds or =date+seconds adds a Retry-After',
  'rate-limit-429': 'code 0429 in HTTP 429; =seconds or =date+seconds adds a Retry-After',
  'rate-limit-for': 'code 0429 in HTTP 200 for the first =seconds (default: 60) that the mock runs',
  'rate-limit-bare': 'code 0429 in HTTP 200, with code and msg alone',
  'network-abnormal': 'code 0001, "The network is abnormal, please try again"',
  'not-found': 'code 0001, "download video error"',
  unauthorized: 'code 0401 in HTTP 200',
  'unauthorized-401': 'code 0401 in HTTP 401',
  'no-credits': 'code 0402 in HTTP 200',
  'no-balance': 'code 0001, "Insufficient balance to download the resource. …"',
  disabled: 'code 0403 in HTTP 200',
  'integer-code': 'a failure whose code is the integer 1',
  'no-code': 'a failure without a code',

  // Failures of the infrastructure
  'server-error': 'HTTP 503 with Spring JSON; =seconds or =date+seconds adds a Retry-After',
  'bad-gateway': 'HTTP 502 with HTML',
  'request-timeout': 'HTTP 408 with Spring JSON',
  'http-400': 'HTTP 400 with Spring JSON',
  'http-404': 'HTTP 404 with Spring JSON',

  // Answers that are not what they seem
  'json-type-case': 'a failure typed "Application/JSON; Charset=UTF-8", in two chunks',
  'json-success': 'code 0000 in JSON where a video should be',
  'json-broken': 'a failure whose JSON is cut off, of the =type (default: application/json)',
  'json-endless': 'a failure whose JSON never ends, of the =type (default: application/json)',
  'gzip-json': 'a failure gzipped, unasked',
  mislabelled: 'a failure typed as a video',
  html: 'the HTML of a captive portal in HTTP 200',
  'html-mislabelled': 'the same, typed as a video',
  'echo-key': 'a failure whose msg repeats the Authorization header amid control characters',
  empty: 'a video of no bytes',
  tiny: 'a video of 5 bytes',
  garbage: 'bytes that are no video',
  matroska: 'a Matroska file',
  webm: 'a WebM file',
  avi: 'an AVI file',
  'mpeg-ts': 'an MPEG transport stream',
  quicktime: 'a QuickTime file without ftyp',
  'other-bytes': 'the video with other bytes in its media data, from @offset on (default: all of it)',
  'junk-tail': 'the whole video and =n bytes of junk after it (default: 5)',

  // Redirects
  redirect: '307 to the video on the same origin',
  'redirect-308': '308 to the video on the same origin',
  'redirect-302': '302 to the video on the same origin',
  'redirect-elsewhere': '307 to the video on another origin, which asks for no key',
  'redirect-plain': '307 to the video on another origin that speaks plain http',
  'redirect-refused': '307 to another origin, which answers HTTP 403 with XML',
  'redirect-utf8': '307 to the video, with characters in the Location that no URL may have',
  'redirect-loop': '307 to itself',
  'redirect-nowhere': '307 without a Location',

  // Ranges; each of these makes the video offer ranges
  'range-ignored': 'answers a Range with the whole video and HTTP 200',
  'bad-range': 'answers a Range with a Content-Range, and bytes, that begin one byte early',
  'other-etag': 'gives each answer another ETag, so that If-Range fails',
  'if-range-ignored': 'gives each answer another ETag, and the range all the same',
} as const;

/** The name of a fault. */
export type FaultName = keyof typeof FAULTS;

/** Whether a word names a fault. */
export function isFaultName(word: string): word is FaultName {
  return Object.hasOwn(FAULTS, word);
}

/** One link of a chain of faults. */
export interface Fault {
  readonly name: FaultName;
  readonly value: string | undefined;
  /** Bytes of the body; negative ones count from its end. */
  readonly offsetBytes: number | undefined;
  /** How many requests it is applied to; `Infinity` where the text does not say. */
  readonly times: number;
  /** As written. */
  readonly text: string;
}

const GRAMMAR = /^(?<name>[a-z0-9-]+?)(?:=(?<value>[^@=,]+?))?(?:@(?<offset>-?\d+))?(?:x(?<times>\d+))?$/;

/**
 * Reads a fault text: `name[=value][@offset][xN]`, chained by commas. An empty text is no fault.
 * @throws SyntaxError that says what is wrong and what would be right
 */
export function parseFaults(text: string): readonly Fault[] {
  if (text.trim() === '') return [];
  const faults = text.split(',').map((part) => parseFault(part.trim()));
  const endless = faults.findIndex(
    (fault) => fault.times === Number.POSITIVE_INFINITY && fault.name !== 'rate-limit-for',
  );
  if (endless !== -1 && endless < faults.length - 1) {
    const { text } = faults[endless] as Fault;
    throw new SyntaxError(`'${text}' applies to every request, so nothing can follow it; write ${text}x1`);
  }
  return faults;
}

function parseFault(text: string): Fault {
  const { name, value, offset, times } = GRAMMAR.exec(text)?.groups ?? {};
  if (name === undefined) {
    throw new SyntaxError(`'${text}' is not a fault; write name[=value][@offset][xN], such as drop@1000x3`);
  }
  if (!isFaultName(name)) throw new SyntaxError(`unknown fault '${name}'`);
  if (times !== undefined && Number(times) === 0)
    throw new SyntaxError(`'${text}' applies to no request; write x1 or more`);
  return {
    name,
    value,
    offsetBytes: offset === undefined ? undefined : Number(offset),
    times: times === undefined ? Number.POSITIVE_INFINITY : Number(times),
    text,
  };
}

/** Where in a body of `sizeBytes` a fault happens: by default half-way. */
export function faultOffset(fault: Fault, sizeBytes: number): number {
  const { offsetBytes } = fault;
  if (offsetBytes === undefined) return Math.floor(sizeBytes / 2);
  const fromStart = offsetBytes < 0 ? sizeBytes + offsetBytes : offsetBytes;
  return Math.min(sizeBytes, Math.max(0, fromStart));
}
