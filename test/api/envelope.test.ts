import { describe, expect, it } from 'vitest';
import {
  bodyError,
  ENVELOPE_BYTES,
  parseEnvelope,
  type ResponseContext,
  retryAfter,
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

function context(
  status: number,
  retryAfterMs: number | null = null,
  secrets: string[] = [],
): ResponseContext {
  return { status, retryAfterMs, secrets, foreignHost: null, refusedHint: 'check the video_no' };
}

/** The error that a body with a status means. */
function errorOf(status: number, body: unknown, retryAfterMs: number | null = null): MaviError {
  return bodyError(Buffer.from(JSON.stringify(body)), context(status, retryAfterMs));
}

function failure(code: unknown, msg = 'so it is'): object {
  return { code, msg, data: null, success: false, failed: true };
}

const ACCOUNT = { type: AccountError, exitCode: 3, retryable: false };
const REFUSED = { type: RefusedError, exitCode: 4, retryable: false };
const NETWORK = { type: NetworkError, exitCode: 6, retryable: true };
const LIMITED = { type: RateLimitError, exitCode: 8, retryable: true };

const NEW_KEY =
  'see where the key comes from with: mavi auth status; create a new one at https://api-platform.memories.ai';

describe('what a response means', () => {
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
    // With an unknown code the status decides.
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
    // The same without a code.
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
  ])('0001 is a temporary failure if it says "%s"', (msg) => {
    const error = errorOf(200, failure('0001', msg), 7000);
    expect(error).toBeInstanceOf(NetworkError);
    expect(error).toMatchObject({
      exitCode: 6,
      code: '0001',
      retryable: true,
      retryAfterMs: 7000,
      message: `API error 0001: ${msg}`,
      hint: 'run the command again later',
    });
  });

  it.each([
    'download video error',
    'The video number cannot be empty!',
    'video not found',
    'networked abnormality',
    'network this abnormal',
    '',
  ])('0001 is final if it says "%s"', (msg) => {
    expect(errorOf(200, failure('0001', msg))).toBeInstanceOf(RefusedError);
  });

  it('only 0001 can be a temporary failure', () => {
    expect(errorOf(200, failure('0003', 'please try again'))).toBeInstanceOf(RefusedError);
  });
});

describe('the message of an API error', () => {
  it.each([
    [failure('0401'), 'API key refused: API error 0401: so it is', NEW_KEY],
    [
      failure('0402'),
      'out of credits: API error 0402: so it is',
      'top up the account at https://api-platform.memories.ai',
    ],
    [
      failure('0403'),
      'account disabled: API error 0403: so it is',
      'check the account at https://api-platform.memories.ai',
    ],
    [
      failure('0429'),
      'rate limit reached: API error 0429: so it is',
      'other programs may use the same account; wait a minute, or lower --rate',
    ],
    [failure('0001'), 'API error 0001: so it is', 'check the video_no'],
    [failure('0003'), 'API error 0003: so it is', 'check the video_no'],
    [failure('7777'), 'API error 7777: so it is', 'check the video_no'],
    [{ code: '0000' }, 'the API sent no video (code 0000: no message)', 'check the video_no'],
    [{ success: false }, 'API error: no message', 'check the video_no'],
    [{ code: 3, message: 'by another name' }, 'API error 3: by another name', 'check the video_no'],
    [{ code: 3, msg: 7, message: 8 }, 'API error 3: no message', 'check the video_no'],
  ])('%j', (body, message, hint) => {
    expect(errorOf(200, body)).toMatchObject({ message, hint });
  });

  it('names the status where that decides', () => {
    expect(errorOf(503, failure('7777')).message).toBe('HTTP 503 from the server: API error 7777: so it is');
  });

  it('repeats no secret, no key and no control character of the server', () => {
    const secret = 'a-secret-of-no-known-shape-wxyz';
    const key = `sk-mavi-${'k'.repeat(40)}abcd`;
    const said = `denied\u001b[31m for ${secret} and ${key}`;
    const body = JSON.stringify({ code: `E\u0007${secret}`, msg: said });
    const error = bodyError(Buffer.from(body), context(200, null, [secret]));
    expect(error.message).toBe('API error E…wxyz: denied[31m for …wxyz and sk-mavi-…abcd');
    expect(error.code).toBe('E…wxyz');
  });

  it('has the pause that the server asked for', () => {
    expect(errorOf(200, failure('0429'), 9000)).toMatchObject({ retryAfterMs: 9000 });
    expect(errorOf(503, failure('7777'), 9000)).toMatchObject({ retryAfterMs: 9000 });
    expect(errorOf(408, failure('7777'), 9000)).toMatchObject({ retryAfterMs: 9000 });
    expect(errorOf(429, failure('7777'), 9000)).toMatchObject({ retryAfterMs: 9000 });
    expect(errorOf(429, failure('7777'))).toMatchObject({ retryAfterMs: null });
  });
});

describe('words of an empty balance', () => {
  it.each([
    ['0001', 'Insufficient balance to download the resource. Please recharge and try again.'],
    ['0003', 'insufficient credits'],
    ['0000', 'Your account balance is insufficient'],
    ['7777', 'Not enough funds'],
    ['0429', 'Please recharge your account'],
    [undefined, '余额不足，请充值'],
  ])("are the account's failure under code %s: %s", (code, msg) => {
    expect(errorOf(200, { code, msg, success: false })).toMatchObject({
      exitCode: 3,
      hint: 'top up the account at https://api-platform.memories.ai',
    });
  });

  it('are recognized in the JSON of the infrastructure too', () => {
    expect(errorOf(400, { error: 'Bad Request', message: 'insufficient balance' }).exitCode).toBe(3);
  });

  it.each(['download video error', 'The balance of the camera is off', 'no video', 'rechargeable'])(
    'are not found in "%s"',
    (msg) => {
      expect(errorOf(200, failure('0001', msg)).exitCode).toBe(4);
    },
  );
});

describe('from another origin, after a redirect,', () => {
  const foreign = { ...context(200), foreignHost: 'storage.example' };

  it.each([
    ['a 401', bodyError(Buffer.alloc(0), { ...foreign, status: 401 })],
    ['a 402', bodyError(Buffer.alloc(0), { ...foreign, status: 402 })],
    ['a 403', bodyError(Buffer.alloc(0), { ...foreign, status: 403 })],
    ['an envelope of 0403', bodyError(Buffer.from('{"code":"0403"}'), foreign)],
    ['an empty balance', bodyError(Buffer.from('{"code":1,"msg":"no credits"}'), foreign)],
  ])('%s is the failure of that video, and names the host', (_what, error) => {
    expect(error).toBeInstanceOf(RefusedError);
    expect(error).toMatchObject({ exitCode: 4, message: expect.stringContaining('storage.example') });
  });
});

it("another origin's rate limit is not the account's", () => {
  const foreign = { ...context(429, 3000), foreignHost: 'storage.example' };
  expect(bodyError(Buffer.alloc(0), foreign)).toMatchObject({ exitCode: 6, retryAfterMs: 3000 });
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
  ])('is not an envelope if it is %s', (_what, text) => {
    expect(parseEnvelope(text)).toBeNull();
  });

  it('is parsed with all its parts', () => {
    expect(parseEnvelope('{"code":"0000","msg":"success","success":true,"data":{"a":[1]}}')).toEqual({
      code: '0000',
      codeNumber: 0,
      isSuccess: true,
      message: 'success',
      data: { a: [1] },
    });
  });

  it('may begin with one byte order mark', () => {
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

describe('an envelope reports success', () => {
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
    [{ code: '0429', msg: 'x' }, false],
    [{ code: '0429', failed: false }, false],
  ])('%j: %s', (body, well) => {
    expect(parseEnvelope(JSON.stringify(body))?.isSuccess).toBe(well);
  });
});

describe('the words of a response without an envelope', () => {
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
  it.each([200, 201, 204, 206, 299])('HTTP %i says nothing about a body that is no envelope', (status) => {
    expect(bodyError(Buffer.from('x'), context(status))).toMatchObject({
      exitCode: 4,
      code: 'bad_json',
      message: 'unexpected response from the server: x',
    });
  });

  it.each([
    [100, REFUSED, 'check --base-url, and whether a proxy responds instead of the API'],
    [199, REFUSED, 'check --base-url, and whether a proxy responds instead of the API'],
    [300, REFUSED, 'check --base-url, and whether a proxy responds instead of the API'],
    [304, REFUSED, 'check --base-url, and whether a proxy responds instead of the API'],
    [400, REFUSED, 'check --base-url, and whether a proxy responds instead of the API'],
    [401, ACCOUNT, NEW_KEY],
    [402, ACCOUNT, 'top up the account at https://api-platform.memories.ai'],
    [403, ACCOUNT, 'check the account at https://api-platform.memories.ai'],
    [404, REFUSED, 'check --base-url, and whether a proxy responds instead of the API'],
    [408, NETWORK, 'run the command again later'],
    [416, REFUSED, 'check --base-url, and whether a proxy responds instead of the API'],
    [429, LIMITED, 'other programs may use the same account; wait a minute, or lower --rate'],
    [499, REFUSED, 'check --base-url, and whether a proxy responds instead of the API'],
    [500, NETWORK, 'run the command again later'],
    [502, NETWORK, 'run the command again later'],
    [599, NETWORK, 'run the command again later'],
  ])('HTTP %i', (status, { type, ...facts }, hint) => {
    const error = bodyError(Buffer.alloc(0), context(status, 3000));
    expect(error).toBeInstanceOf(type);
    expect(error).toMatchObject({
      ...facts,
      code: `http_${status}`,
      message: expect.stringMatching(new RegExp(`(^|: )HTTP ${status} from the server$`)),
      hint,
      ...(facts.retryable ? { retryAfterMs: 3000 } : {}),
    });
  });

  it('is shown with the words of the response, and with the code of an envelope', () => {
    expect(errorOf(404, { error: 'no such route' }).message).toBe('HTTP 404 from the server: no such route');
    expect(errorOf(404, { code: '0404', msg: 'no such route' })).toMatchObject({
      code: '0404',
      message: 'HTTP 404 from the server: API error 0404: no such route',
    });
  });
});

it('reads 64 KiB of a response: a real one has a few hundred bytes', () => {
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

  it('that is missing asks for no pause', () => {
    expect(retryAfter(undefined, NOW_MS)).toBeNull();
  });
});
