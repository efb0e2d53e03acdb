import { describe, expect, it } from 'vitest';
import {
  type AnswerContext,
  ENVELOPE_BYTES,
  envelopeError,
  isSuccess,
  parseEnvelope,
  retryAfter,
  statusError,
  strangeWords,
} from '../../src/api/envelope.ts';
import {
  AccountError,
  type MaviError,
  NetworkError,
  RateLimitError,
  RefusedError,
} from '../../src/errors.ts';

const NOW_MS = Date.UTC(2026, 0, 2, 3, 4, 5);

function context(status: number, retryAfterMs: number | null = null, secrets: string[] = []): AnswerContext {
  return { status, retryAfterMs, secrets, refusedHint: 'check the video_no' };
}

/** The error that a body means with a status, as `mavi` works it out. */
function errorOf(status: number, body: unknown, retryAfterMs: number | null = null): MaviError {
  const envelope = parseEnvelope(JSON.stringify(body));
  if (envelope === null) throw new Error('no envelope');
  return envelopeError(envelope, context(status, retryAfterMs));
}

function failure(code: unknown, msg = 'so it is'): object {
  return { code, msg, data: null, success: false, failed: true };
}

const ACCOUNT = { type: AccountError, exitCode: 3, retryable: false };
const REFUSED = { type: RefusedError, exitCode: 4, retryable: false };
const NETWORK = { type: NetworkError, exitCode: 6, retryable: true };
const LIMITED = { type: RateLimitError, exitCode: 8, retryable: true };

const NEW_KEY =
  'see where the key comes from with: mavi auth status\nmake a new one at https://api-platform.memories.ai';

describe('what an answer means', () => {
  it.each([
    [200, failure('0001', 'download video error'), REFUSED, '0001'],
    [200, failure(1, 'download video error'), REFUSED, '1'],
    [200, failure('1'), REFUSED, '1'],
    [200, failure('0003'), REFUSED, '0003'],
    [200, failure('0401'), ACCOUNT, '0401'],
    [200, failure('401'), ACCOUNT, '401'],
    [200, failure(401), ACCOUNT, '401'],
    [200, failure('9009'), ACCOUNT, '9009'],
    [200, failure(9009), ACCOUNT, '9009'],
    [200, failure('0402'), ACCOUNT, '0402'],
    [200, failure(402), ACCOUNT, '402'],
    [200, failure('0403'), ACCOUNT, '0403'],
    [200, failure(403), ACCOUNT, '403'],
    [200, failure('0429'), LIMITED, '0429'],
    [200, failure(429), LIMITED, '429'],
    [200, { code: '0429', msg: 'Request has exceeded the limit.' }, LIMITED, '0429'],
    // A known code decides, whatever the status.
    [503, failure('0001'), REFUSED, '0001'],
    [429, failure('0401'), ACCOUNT, '0401'],
    [404, failure('0429'), LIMITED, '0429'],
    [401, failure('0003'), REFUSED, '0003'],
    [500, failure(402), ACCOUNT, '402'],
    // On a download, JSON is a failure whatever it says.
    [200, { code: '0000', msg: 'success', success: true }, REFUSED, '0000'],
    [200, { code: 0, msg: 'success' }, REFUSED, '0'],
    [200, { code: 200 }, REFUSED, '200'],
    // An unknown code leaves it to the status.
    [200, failure('1234'), REFUSED, '1234'],
    [400, failure('1234'), REFUSED, '1234'],
    [401, failure('1234'), ACCOUNT, '1234'],
    [402, failure('1234'), ACCOUNT, '1234'],
    [403, failure('1234'), ACCOUNT, '1234'],
    [404, failure('E_GONE'), REFUSED, 'E_GONE'],
    [408, failure('1234'), NETWORK, '1234'],
    [429, failure('1234'), LIMITED, '1234'],
    [500, failure('1234'), NETWORK, '1234'],
    [503, failure(-1), NETWORK, '-1'],
    [599, failure(1.5), NETWORK, '1.5'],
    [500, failure('0000000401'), NETWORK, '0000000401'],
    // So does none.
    [200, { success: false, msg: 'download video error' }, REFUSED, 'http_200'],
    [200, { failed: true }, REFUSED, 'http_200'],
    [503, { success: false }, NETWORK, 'http_503'],
    [429, { success: false, code: null }, LIMITED, 'http_429'],
    [401, { success: false, code: true }, ACCOUNT, 'http_401'],
    [200, failure(''), REFUSED, 'http_200'],
    [503, failure('  '), NETWORK, 'http_503'],
    [200, failure(' 0401 '), ACCOUNT, '0401'],
  ])('HTTP %i with %j', (status, body, { type, ...facts }, code) => {
    const error = errorOf(status, body);
    expect(error).toBeInstanceOf(type);
    expect(error).toMatchObject({ ...facts, code });
  });

  it.each([
    'The network is abnormal, please try again',
    'Network abnormal',
    'network abnormal，please retry',
    'NETWORK IS ABNORMAL',
    'network-abnormal',
    'network:  abnormal',
    'Network error',
    'network busy',
    'network exception',
    'the network is  unstable',
    'Abnormal network',
    'Please try again later',
    'busy, retry later',
    '网络异常',
    '请重试',
  ])('0001 is passing trouble where it says "%s"', (msg) => {
    const error = errorOf(200, failure('0001', msg), 7000);
    expect(error).toBeInstanceOf(NetworkError);
    expect(error).toMatchObject({
      exitCode: 6,
      code: '0001',
      retryable: true,
      retryAfterMs: 7000,
      message: `the API reports passing trouble: "${msg}" (code 0001)`,
      hint: 'try again in a while',
    });
  });

  it.each([
    'download video error',
    'The video number cannot be empty!',
    'video not found',
    'networked abnormality',
    'network this abnormal',
    '',
  ])('0001 is final where it says "%s"', (msg) => {
    expect(errorOf(200, failure('0001', msg))).toBeInstanceOf(RefusedError);
  });

  it('passing trouble is told of 0001 alone', () => {
    expect(errorOf(200, failure('0003', 'please try again'))).toBeInstanceOf(RefusedError);
  });
});

describe('the words of an API error', () => {
  it.each([
    [failure('0401'), 'the API refuses the key: "so it is" (code 0401)', NEW_KEY],
    [
      failure('0402'),
      'the account is out of credits: "so it is" (code 0402)',
      'top up the account at https://api-platform.memories.ai',
    ],
    [
      failure('0403'),
      'the account is disabled: "so it is" (code 0403)',
      'see the account at https://api-platform.memories.ai',
    ],
    [
      failure('0429'),
      'the account\'s rate limit is reached: "so it is" (code 0429)',
      'other programs may use the same account; wait a minute, or lower --rate',
    ],
    [failure('0001'), 'the API refuses: "so it is" (code 0001)', 'check the video_no'],
    [failure('0003'), 'the API refuses: "so it is" (code 0003)', 'check the video_no'],
    [failure('7777'), 'the API refuses: "so it is" (code 7777)', 'check the video_no'],
    [{ code: '0000' }, 'the API sends no video: no message (code 0000)', 'check the video_no'],
    [{ success: false }, 'the API refuses: no message (without a code)', 'check the video_no'],
    [
      { code: 3, message: 'by another name' },
      'the API refuses: "by another name" (code 3)',
      'check the video_no',
    ],
    [{ code: 3, msg: 7, message: 8 }, 'the API refuses: no message (code 3)', 'check the video_no'],
  ])('%j', (body, message, hint) => {
    expect(errorOf(200, body)).toMatchObject({ message, hint });
  });

  it('name the status where that decides', () => {
    expect(errorOf(503, failure('7777')).message).toBe('the server answers HTTP 503: "so it is" (code 7777)');
  });

  it('repeat no secret, no key and no control character of the server', () => {
    const secret = 'a-secret-of-no-known-shape-wxyz';
    const key = `sk-mavi-${'k'.repeat(40)}abcd`;
    const said = `denied\u001b[31m for ${secret} and ${key}`;
    const envelope = parseEnvelope(JSON.stringify({ code: `E\u0007${secret}`, msg: said }));
    const error = envelopeError(envelope as never, context(200, null, [secret]));
    expect(error.message).toBe('the API refuses: "denied[31m for …wxyz and sk-mavi-…abcd" (code E…wxyz)');
    expect(error.code).toBe('E…wxyz');
  });

  it('carry the wait that the server asked for', () => {
    expect(errorOf(200, failure('0429'), 9000)).toMatchObject({ retryAfterMs: 9000 });
    expect(errorOf(503, failure('7777'), 9000)).toMatchObject({ retryAfterMs: 9000 });
    expect(errorOf(408, failure('7777'), 9000)).toMatchObject({ retryAfterMs: 9000 });
    expect(errorOf(429, failure('7777'), 9000)).toMatchObject({ retryAfterMs: 9000 });
    expect(errorOf(429, failure('7777'))).toMatchObject({ retryAfterMs: null });
  });
});

describe('a text', () => {
  it.each([
    ['nothing', ''],
    ['broken JSON', '{"code":"0001","msg":"downlo'],
    ['HTML', '<html></html>'],
    ['a list', '[{"code":"0001"}]'],
    ['null', 'null'],
    ['a string', '"0001"'],
    ['a number', '1'],
    ['an empty object', '{}'],
    ['a code of another kind', '{"code":["0001"],"msg":"x"}'],
    ['success of another kind', '{"success":"false","failed":1}'],
    [
      'Spring JSON',
      '{"timestamp":"2026-01-02T03:04:05Z","path":"/download","status":503,"error":"Service Unavailable","requestId":"a-1"}',
    ],
  ])('is no envelope as %s', (_what, text) => {
    expect(parseEnvelope(text)).toBeNull();
  });

  it('is an envelope with all its parts', () => {
    expect(parseEnvelope('{"code":"0000","msg":"success","success":true,"data":{"a":[1]}}')).toEqual({
      code: '0000',
      codeNumber: 0,
      success: true,
      message: 'success',
      data: { a: [1] },
    });
  });

  it('says nothing of its success where it has neither word for it', () => {
    expect(parseEnvelope('{"code":"0429","msg":"x"}')?.success).toBeNull();
    expect(parseEnvelope('{"code":"0429","failed":false}')?.success).toBe(true);
  });

  it('is an envelope behind a byte order mark, and nowhere else one', () => {
    expect(parseEnvelope('\ufeff{"code":1}')).toMatchObject({ code: '1', codeNumber: 1 });
    expect(parseEnvelope('\ufeff\ufeff{"code":1}')).toBeNull();
    expect(parseEnvelope('{"code":1,"msg":"a\ufeffb"}')?.message).toBe('a\ufeffb');
  });

  it.each([
    ['{"code":"123456789"}', 123_456_789],
    ['{"code":"1234567890"}', null],
    ['{"code":"12a"}', null],
    ['{"code":"a12"}', null],
    ['{"failed":false}', null],
  ])('%s has the code number %j', (text, codeNumber) => {
    expect(parseEnvelope(text)?.codeNumber).toBe(codeNumber);
  });
});

describe('an envelope says that all is well', () => {
  it.each([
    [{ code: '0000' }, true],
    [{ code: 0 }, true],
    [{ code: '0' }, true],
    [{ code: 200 }, true],
    [{ code: '200', success: true, failed: false }, true],
    [{ success: true, data: {} }, true],
    [{ failed: false }, true],
    [{ code: '0000', success: false }, false],
    [{ code: '0000', failed: true }, false],
    [{ success: true, failed: true }, false],
    [{ success: false, failed: false }, false],
    [{ success: false }, false],
    [{ code: '0001' }, false],
    [{ code: '0001', success: true }, false],
    [{ code: 'unknown', success: true }, false],
    [{ code: 'unknown' }, false],
    [{ code: '' }, false],
  ])('%j: %s', (body, well) => {
    expect(isSuccess(parseEnvelope(JSON.stringify(body)) as never)).toBe(well);
  });
});

describe('the words of an answer that is no envelope', () => {
  it.each([
    [
      '{"timestamp":"2026-01-02T03:04:05Z","status":503,"error":"Service Unavailable"}',
      'Service Unavailable',
    ],
    ['{"error":"Bad Request","message":"no\\nbody","status":400}', 'Bad Request, no body'],
    ['{"error":"","message":7}', '{"error":"","message":7}'],
    ['<html>\n</html>', '<html> </html>'],
    ['null', 'null'],
    ['', ''],
    [`{"error":"no sk-mavi-${'k'.repeat(40)}abcd"}`, 'no sk-mavi-…abcd'],
  ])('%j are %j', (text, words) => {
    expect(strangeWords(text, [])).toBe(words);
  });
});

describe('a status by itself', () => {
  it.each([200, 201, 204, 206, 299])('HTTP %i is no error', (status) => {
    expect(statusError(context(status), 'x')).toBeNull();
  });

  it.each([
    [100, REFUSED, 'check --base-url, and whether a proxy stands between'],
    [199, REFUSED, 'check --base-url, and whether a proxy stands between'],
    [300, REFUSED, 'check --base-url, and whether a proxy stands between'],
    [304, REFUSED, 'check --base-url, and whether a proxy stands between'],
    [400, REFUSED, 'check --base-url, and whether a proxy stands between'],
    [401, ACCOUNT, NEW_KEY],
    [402, ACCOUNT, 'top up the account at https://api-platform.memories.ai'],
    [403, ACCOUNT, 'see the account at https://api-platform.memories.ai'],
    [404, REFUSED, 'check --base-url, and whether a proxy stands between'],
    [408, NETWORK, 'try again in a while'],
    [416, REFUSED, 'check --base-url, and whether a proxy stands between'],
    [429, LIMITED, 'other programs may use the same account; wait a minute, or lower --rate'],
    [499, REFUSED, 'check --base-url, and whether a proxy stands between'],
    [500, NETWORK, 'try again in a while'],
    [502, NETWORK, 'try again in a while'],
    [599, NETWORK, 'try again in a while'],
  ])('HTTP %i', (status, { type, ...facts }, hint) => {
    const error = statusError(context(status, 3000), '');
    expect(error).toBeInstanceOf(type);
    expect(error).toMatchObject({
      ...facts,
      code: `http_${status}`,
      message: `the server answers HTTP ${status}`,
      hint,
      ...(facts.retryable ? { retryAfterMs: 3000 } : {}),
    });
  });

  it('is shown with what the answer said, and another code for the record', () => {
    expect(statusError(context(404), 'no such route', '0404')).toMatchObject({
      code: '0404',
      message: 'the server answers HTTP 404: no such route',
    });
  });
});

it('64 KiB of an answer are read, for a real one has some hundred bytes', () => {
  expect(ENVELOPE_BYTES).toBe(65_536);
});

describe('Retry-After', () => {
  it.each([
    ['0', 0],
    ['2', 2000],
    [' 120 ', 120_000],
    ['1.5', 1500],
    ['12.25', 12_250],
    ['Fri, 02 Jan 2026 03:04:35 GMT', 30_000],
    ['Fri, 02 Jan 2026 03:04:00 GMT', 0],
    ['soon', null],
    ['', null],
    ['5s', null],
    ['1e3', null],
    ['.', null],
  ])('"%s" asks to wait %j ms', (header, waitMs) => {
    expect(retryAfter(header, NOW_MS)).toBe(waitMs);
  });

  it('that is not there asks for nothing', () => {
    expect(retryAfter(undefined, NOW_MS)).toBeNull();
  });
});
