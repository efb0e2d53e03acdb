/** The outcome that the contract requires for each fault of the mock. */
import type { ExitCode } from '../../src/errors.ts';
import type { FaultName } from '../../src/mock/faults.ts';

/** The required outcome of one fault. */
export interface Expectation {
  /** The exit code if the fault persists. */
  readonly exitCode: ExitCode;
  /** `error.code` of the record if the fault persists; null if the download succeeds all the same. */
  readonly code: string | null;
  /** How often it is retried: as often as allowed, once (a body that ended cleanly), or never. */
  readonly again: 'always' | 'once' | 'never';
  /** Requests per attempt; default 1. */
  readonly hops?: number;
  /** How many requests must hit the fault for one attempt to fail; default 1. */
  readonly requestsAFailure?: number;
  /** `=value` and `@offset` of the fault, as in `mavi mock --fault`. */
  readonly detail?: string;
  /** The correct content under this fault; default: the video's bytes. */
  readonly truth?: (video: Uint8Array) => Uint8Array;
}

const ZEROS = Buffer.alloc(33_554_432);

const GOOD = { exitCode: 0, code: null, again: 'never' } as const;
const FINAL = { again: 'never' } as const;

const lost: Expectation = { exitCode: 6, code: 'connection_lost', again: 'always' };
const cut: Expectation = { exitCode: 5, code: 'truncated', again: 'once' };
const stalled: Expectation = { exitCode: 6, code: 'stall', again: 'always' };
const limited: Expectation = { exitCode: 8, code: '0429', again: 'always' };
const unknownVideo: Expectation = { exitCode: 4, code: '0001', ...FINAL };
const notMp4: Expectation = { exitCode: 5, code: 'not_mp4', ...FINAL };
const notVideo: Expectation = { exitCode: 5, code: 'not_video', ...FINAL };

/** The faults, in the order of the mock's table. */
export const EXPECTATIONS: Readonly<Record<FaultName, Expectation>> = {
  drop: lost,
  hangup: lost,
  stall: stalled,
  silent: stalled,
  'no-answer': lost,
  'bad-http': { exitCode: 6, code: 'bad_http', again: 'always' },
  'headers-too-large': { exitCode: 6, code: 'bad_http', ...FINAL },
  'headers-slow': GOOD,
  processing: GOOD,

  truncate: cut,
  trickle: { ...GOOD, detail: '=20000' },
  chunks: { ...GOOD, detail: '=7' },
  'content-length': GOOD,
  'short-body': lost,
  'long-body': cut,
  'close-delimited': GOOD,
  'close-delimited-cut': cut,
  gzip: GOOD,
  encoding: GOOD,
  // Standard output may get some of the zeros, but never more than the limit.
  bomb: { exitCode: 4, code: 'encoding', ...FINAL, truth: (video) => Buffer.concat([video, ZEROS]) },

  'rate-limit': limited,
  'rate-limit-429': limited,
  'rate-limit-for': { ...limited, detail: '=1000000' },
  'rate-limit-bare': limited,
  'network-abnormal': { exitCode: 6, code: '0001', again: 'always' },
  'not-found': unknownVideo,
  unauthorized: { exitCode: 3, code: '0401', ...FINAL },
  'unauthorized-401': { exitCode: 3, code: '0401', ...FINAL },
  'no-credits': { exitCode: 3, code: '0402', ...FINAL },
  'no-balance': { exitCode: 3, code: '0001', ...FINAL },
  disabled: { exitCode: 3, code: '0403', ...FINAL },
  'integer-code': { exitCode: 4, code: '1', ...FINAL },
  'no-code': { exitCode: 4, code: 'http_200', ...FINAL },

  'server-error': { exitCode: 6, code: 'http_503', again: 'always' },
  'bad-gateway': { exitCode: 6, code: 'http_502', again: 'always' },
  'request-timeout': { exitCode: 6, code: 'http_408', again: 'always' },
  'http-400': { exitCode: 4, code: 'http_400', ...FINAL },
  'http-404': { exitCode: 4, code: 'http_404', ...FINAL },

  'json-type-case': unknownVideo,
  'json-success': { exitCode: 4, code: '0000', ...FINAL },
  'json-broken': { exitCode: 4, code: 'bad_json', ...FINAL },
  'json-endless': { exitCode: 4, code: 'bad_json', ...FINAL },
  'gzip-json': unknownVideo,
  mislabelled: unknownVideo,
  html: notVideo,
  'html-mislabelled': notVideo,
  'echo-key': unknownVideo,
  empty: cut,
  tiny: cut,
  garbage: notVideo,
  matroska: notMp4,
  webm: notMp4,
  avi: notMp4,
  'mpeg-ts': notMp4,
  quicktime: notMp4,
  // The client cannot know that the server had different bytes before.
  'other-bytes': { ...GOOD, truth: (video) => withOtherMedia(video) },
  'junk-tail': { ...GOOD, truth: (video) => Buffer.concat([video, Buffer.of(0, 1, 0xfe, 0xff, 0)]) },

  redirect: { ...GOOD, hops: 2 },
  'redirect-308': { ...GOOD, hops: 2 },
  'redirect-302': { ...GOOD, hops: 2 },
  'redirect-elsewhere': { ...GOOD, hops: 2 },
  'redirect-plain': { ...GOOD, hops: 2 },
  'redirect-refused': { exitCode: 4, code: 'http_403', ...FINAL, hops: 2 },
  'redirect-utf8': { ...GOOD, hops: 2 },
  'redirect-loop': { exitCode: 6, code: 'redirect', ...FINAL, hops: 6, requestsAFailure: 6 },
  'redirect-nowhere': { exitCode: 6, code: 'redirect', ...FINAL },

  // These faults only affect requests with a Range header.
  'range-ignored': GOOD,
  'bad-range': GOOD,
  'other-etag': GOOD,
  'if-range-ignored': GOOD,
};

/** The payload of the moov-last sample's `mdat` box. */
const MEDIA_FROM = 48;
const MEDIA_TO = 93_398;

/** The moov-last sample as the fault `other-bytes` sends it, changed from a byte offset on. */
export function withOtherMedia(video: Uint8Array, from = 0): Uint8Array {
  return video.map((byte, at) => (at >= Math.max(from, MEDIA_FROM) && at < MEDIA_TO ? byte ^ 0x55 : byte));
}
