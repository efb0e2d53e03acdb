/** What is sent, to the letter. The only file that imports nock, which takes over all sockets. */
import nock from 'nock';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type ApiResponse, apiClient, type Client, type VideoRequest } from '../../src/api/client.ts';
import { bodyError } from '../../src/api/envelope.ts';
import { run } from '../../src/cli.ts';
import { AccountError, NetworkError, RateLimitError, RefusedError } from '../../src/errors.ts';
import { resolveSettings, type SettingTexts } from '../../src/settings/settings.ts';
import { version } from '../../src/version.ts';
import { fakeHost } from '../helpers/fake-host.ts';
import { namesIn, tempDir } from '../helpers/temp-dir.ts';

const API = 'https://api.memories.ai';
const KEY = `sk-mavi-${'k'.repeat(118)}wxyz`;
const VIDEO_NO = 'VI625239098370850816';
const JSON_TYPE = { 'content-type': 'application/json' };

/** A request as it reached the server. */
interface Seen {
  readonly method: string;
  readonly path: string;
  readonly headers: Record<string, string | string[]>;
  readonly body: unknown;
}

let seen: Seen[] = [];
let unmatched = 0;
const onNoMatch = (): void => {
  unmatched += 1;
};

beforeAll(() => {
  nock.disableNetConnect();
  nock.emitter.on('no match', onNoMatch);
});

beforeEach(() => {
  seen = [];
  unmatched = 0;
});

afterEach(() => {
  expect(nock.pendingMocks()).toEqual([]);
  expect(unmatched).toBe(0);
  nock.cleanAll();
});

afterAll(() => {
  nock.emitter.off('no match', onNoMatch);
  nock.restore();
});

/** Responds to the next request of this kind, once. */
function respond(
  method: 'GET' | 'POST',
  path: string,
  status: number,
  body: unknown,
  headers: Record<string, string> = JSON_TYPE,
  origin = API,
): void {
  nock(origin)
    .intercept(path, method)
    .reply(function (uri, sent) {
      seen.push({ method: this.req.method, path: uri, headers: this.req.headers, body: sent });
      return [status, body as nock.Body, headers];
    });
}

function client(texts: SettingTexts = {}, host = fakeHost({ cwd: tempDir() })): Client {
  host.secrets.add(KEY);
  return apiClient(host, resolveSettings({ rate: '0', ...texts }, {}, {}), KEY, { verbose: true });
}

const { signal } = new AbortController();

function question(more: Partial<VideoRequest> = {}): VideoRequest {
  const nothing = (): void => {};
  return { signal, bodySignal: signal, onWait: nothing, onStart: nothing, onDiscarded: nothing, ...more };
}

async function bytesOf({ body }: ApiResponse): Promise<string> {
  const chunks: Uint8Array[] = [];
  body.use((chunk) => chunks.push(chunk));
  body.resume();
  await body.finished;
  return Buffer.concat(chunks).toString();
}

const VIDEO_HEADERS = {
  host: 'api.memories.ai',
  authorization: KEY,
  'user-agent': `mavi/${version}`,
  'accept-encoding': 'identity',
  'content-type': 'application/json',
};

describe('the request for a video', () => {
  it('is a POST of its video_no and scope, with the bare key', async () => {
    respond('POST', '/serve/api/v1/download', 200, 'the bytes', {
      'content-type': 'application/octet-stream',
    });
    const got = await client().download(VIDEO_NO, question());
    expect(await bytesOf(got)).toBe('the bytes');
    expect(seen).toEqual([
      {
        method: 'POST',
        path: '/serve/api/v1/download',
        headers: expect.objectContaining(VIDEO_HEADERS),
        body: { video_no: VIDEO_NO, unique_id: 'default' },
      },
    ]);
  });

  it('has only the headers that are needed', async () => {
    respond('POST', '/serve/api/v1/download', 200, 'x', {});
    await bytesOf(await client().download(VIDEO_NO, question()));
    const sent = Object.keys(seen[0]?.headers ?? {}).sort();
    expect(sent.filter((name) => name !== 'connection')).toEqual([
      'accept-encoding',
      'authorization',
      'content-length',
      'content-type',
      'host',
      'user-agent',
    ]);
    expect(seen[0]?.headers['content-length']).toBe(
      String(JSON.stringify({ video_no: VIDEO_NO, unique_id: 'default' }).length),
    );
  });

  it('goes to the base URL of the settings and names their scope', async () => {
    respond('POST', '/v2/x/download', 200, 'x', {}, 'http://127.0.0.1:4321');
    const settings = { baseUrl: 'http://127.0.0.1:4321/v2/x//', uniqueId: 'Familie Müller' };
    await bytesOf(await client(settings).download(VIDEO_NO, question()));
    expect(seen[0]?.body).toEqual({ video_no: VIDEO_NO, unique_id: 'Familie Müller' });
    expect(seen[0]?.headers.host).toBe('127.0.0.1:4321');
  });

  it('requests the rest of a file with Range and If-Range', async () => {
    respond('POST', '/serve/api/v1/download', 206, 'rest', { 'content-range': 'bytes 5-8/9' });
    const got = await client().download(VIDEO_NO, question({ from: { offset: 5, etag: '"tag"' } }));
    expect(got.status).toBe(206);
    expect(await bytesOf(got)).toBe('rest');
    expect(seen[0]?.headers).toMatchObject({ ...VIDEO_HEADERS, range: 'bytes=5-', 'if-range': '"tag"' });
  });

  it('reports when it goes out', async () => {
    respond('POST', '/serve/api/v1/download', 200, 'x', {});
    const reported: string[] = [];
    await bytesOf(await client().download(VIDEO_NO, question({ onStart: () => reported.push('out') })));
    expect(reported).toEqual(['out']);
  });

  it('is not sent if it was aborted before', async () => {
    const aborted = question({ signal: AbortSignal.abort(new Error('stop')) });
    await expect(client().download(VIDEO_NO, aborted)).rejects.toThrow('stop');
    expect(seen).toEqual([]);
  });
});

describe('a redirect', () => {
  it('to the same origin keeps everything', async () => {
    respond('POST', '/serve/api/v1/download', 307, '', { location: '/files/1?signed' });
    respond('POST', '/files/1?signed', 200, 'x', {});
    await bytesOf(await client().download(VIDEO_NO, question()));
    expect(seen[1]).toMatchObject({ headers: VIDEO_HEADERS, body: seen[0]?.body });
  });

  it('to another origin carries no key', async () => {
    respond('POST', '/serve/api/v1/download', 308, '', { location: 'https://cdn.example.com/1' });
    respond('POST', '/1', 200, 'x', {}, 'https://cdn.example.com');
    await bytesOf(await client().download(VIDEO_NO, question()));
    expect(seen[1]?.headers).not.toHaveProperty('authorization');
    expect(seen[1]?.headers).toMatchObject({ host: 'cdn.example.com', 'accept-encoding': 'identity' });
    expect(JSON.stringify(seen[1])).not.toContain(KEY);
  });

  it('by 303 is followed with GET and without a body', async () => {
    respond('POST', '/serve/api/v1/download', 303, '', { location: 'https://cdn.example.com/1' });
    respond('GET', '/1', 200, 'x', {}, 'https://cdn.example.com');
    await bytesOf(await client().download(VIDEO_NO, question()));
    expect(seen[1]).toMatchObject({ method: 'GET', body: '' });
    expect(seen[1]?.headers).not.toHaveProperty('content-type');
    expect(seen[1]?.headers).not.toHaveProperty('content-length');
  });

  it('is followed five times and no more', async () => {
    for (let hop = 0; hop < 6; hop += 1) {
      const path = hop === 0 ? '/serve/api/v1/download' : `/${hop}`;
      respond('POST', path, 307, '', { location: `/${hop + 1}` });
    }
    const asked = client().download(VIDEO_NO, question());
    await expect(asked).rejects.toBeInstanceOf(NetworkError);
    await expect(asked).rejects.toMatchObject({
      code: 'redirect',
      retryable: false,
      message: 'api.memories.ai redirects more than 5 times',
    });
    expect(seen).toHaveLength(6);
  });

  it('to plain http is not followed', async () => {
    respond('POST', '/serve/api/v1/download', 307, '', { location: 'http://api.memories.ai/1' });
    await expect(client().download(VIDEO_NO, question())).rejects.toMatchObject({
      exitCode: 6,
      code: 'redirect',
    });
    expect(seen).toHaveLength(1);
  });
});

describe('a response for a video', () => {
  const failure = (code: unknown, msg: string) => ({ code, msg, data: null, success: false, failed: true });

  it.each([
    [200, failure('0001', 'download video error'), RefusedError, '0001'],
    [200, failure(401, 'no'), AccountError, '401'],
    [200, { code: '0429', msg: 'Request has exceeded the limit.' }, RateLimitError, '0429'],
    [401, failure('E1', 'no'), AccountError, 'E1'],
    [429, failure('E1', 'no'), RateLimitError, 'E1'],
    [503, { timestamp: 'x', status: 503, error: 'Service Unavailable' }, NetworkError, 'http_503'],
    [404, { timestamp: 'x', status: 404, error: 'Not Found' }, RefusedError, 'http_404'],
    [200, { hello: 'world' }, RefusedError, 'bad_json'],
    [200, '', RefusedError, 'bad_json'],
    [503, '', NetworkError, 'http_503'],
  ])(
    'of HTTP %i with %j is thrown as what it means, and its bytes are counted',
    async (status, body, type, code) => {
      respond('POST', '/serve/api/v1/download', status, body);
      const discarded: number[] = [];
      const asked = client().download(VIDEO_NO, question({ onDiscarded: (bytes) => discarded.push(bytes) }));
      await expect(asked).rejects.toBeInstanceOf(type);
      await expect(asked).rejects.toMatchObject({ code });
      expect(discarded).toEqual([typeof body === 'string' ? body.length : JSON.stringify(body).length]);
    },
  );

  it('that is neither JSON nor a success is refused unread', async () => {
    respond('POST', '/serve/api/v1/download', 502, '<html>502</html>', { 'content-type': 'text/html' });
    await expect(client().download(VIDEO_NO, question())).rejects.toMatchObject({
      exitCode: 6,
      code: 'http_502',
      message: 'HTTP 502 from the server',
    });
  });

  it.each([
    'application/json',
    'Application/JSON; Charset=UTF-8',
    ' text/json',
    'application/problem+json;a=b',
    'application/vnd.api.v1+JSON',
  ])('is JSON by the type "%s"', async (type) => {
    respond('POST', '/serve/api/v1/download', 200, failure('0001', 'x'), { 'content-type': type });
    await expect(client().download(VIDEO_NO, question())).rejects.toMatchObject({ code: '0001' });
  });

  it.each([
    'application/jsonp',
    'application/octet-stream',
    'video/mp4; x=application/json',
    'xapplication/json',
  ])('is a video by the type "%s", and gives the error if it turns out to be JSON', async (type) => {
    const text = JSON.stringify(failure('0402', 'pay'));
    respond('POST', '/serve/api/v1/download', 200, text, { 'content-type': type });
    const got = await client().download(VIDEO_NO, question());
    expect(bodyError(Buffer.from(await bytesOf(got)), got)).toMatchObject({ exitCode: 3, code: '0402' });
    const other = bodyError(Buffer.from('{"no":"envelope"}'), got);
    expect(other).toMatchObject({ exitCode: 4, code: 'bad_json' });
  });

  it.each([
    ['9', 9],
    [undefined, null],
    ['9999999999999999', null],
  ])('with Content-Length %s has that length if it is valid', async (length, expected) => {
    const headers = length === undefined ? {} : { 'content-length': length };
    respond('POST', '/serve/api/v1/download', 200, 'the bytes', headers as Record<string, string>);
    const got = await client().download(VIDEO_NO, question());
    expect(got.body.contentLength).toBe(expected);
    got.body.abort(new Error('seen'));
  });

  it('has the pause that the server asks for', async () => {
    respond('POST', '/serve/api/v1/download', 429, failure('0429', 'x'), {
      ...JSON_TYPE,
      'retry-after': '7',
    });
    await expect(client().download(VIDEO_NO, question())).rejects.toMatchObject({ retryAfterMs: 7000 });
  });

  it('names the scope in the hint of a refusal', async () => {
    respond('POST', '/serve/api/v1/download', 200, failure('0001', 'x'));
    await expect(client({ uniqueId: 'work' }).download(VIDEO_NO, question())).rejects.toMatchObject({
      hint: "is it in the scope 'work'? see: mavi list, or set --unique-id",
    });
  });

  it('that repeats the key is shown without it', async () => {
    respond('POST', '/serve/api/v1/download', 200, { denied: KEY });
    const error = await client().download(VIDEO_NO, question()).catch(String);
    expect(error).toContain('sk-mavi-…wxyz');
    expect(error).not.toContain('kkkk');
  });
});

describe('a call', () => {
  it('by GET has no body, and returns the data of the envelope', async () => {
    respond('GET', '/serve/api/v1/list_unique_ids', 200, { code: '0000', data: { unique_ids: ['default'] } });
    const data = await client().call('/list_unique_ids', undefined, signal);
    expect(data).toEqual({ unique_ids: ['default'] });
    expect(seen[0]).toMatchObject({ method: 'GET', body: '' });
    const { 'content-type': _type, ...headers } = VIDEO_HEADERS;
    expect(seen[0]?.headers).toMatchObject(headers);
    expect(seen[0]?.headers).not.toHaveProperty('content-type');
  });

  it('by POST sends JSON', async () => {
    respond('POST', '/serve/api/v1/list_videos', 200, { code: 0, success: true, data: [1] });
    const body = { page: 1, size: 200, unique_id: 'default' };
    expect(await client().call('/list_videos', body, signal)).toEqual([1]);
    expect(seen[0]).toMatchObject({ headers: VIDEO_HEADERS, body });
  });

  it.each([
    [200, { code: '0401', msg: 'no' }, 3],
    [200, { code: '0000', success: false }, 4],
    [200, 'not JSON', 4],
    [200, 'x'.repeat(64 * 1024 + 1), 4],
    [404, { status: 404, error: 'Not Found' }, 4],
    [500, 'x', 6],
  ])('that gets HTTP %i with %j throws the error it means (exit %i)', async (status, body, exitCode) => {
    respond('GET', '/serve/api/v1/list_unique_ids', status, body);
    await expect(client().call('/list_unique_ids', undefined, signal)).rejects.toMatchObject({
      exitCode,
    });
  });

  it('accepts an envelope whatever its Content-Type', async () => {
    respond('GET', '/serve/api/v1/list_unique_ids', 200, '{"code":"0000","data":7}', {
      'content-type': 'text/plain',
    });
    expect(await client().call('/list_unique_ids', undefined, signal)).toBe(7);
  });
});

describe('the trace', () => {
  it('shows each request and response on one line, without the key', async () => {
    respond('POST', '/serve/api/v1/download', 307, '', { location: '/1' });
    respond('POST', '/1', 200, 'x', { 'x-echo': 'a\u00a0b' });
    const host = fakeHost({ cwd: tempDir() });
    await bytesOf(await client({}, host).download(VIDEO_NO, question()));
    const body = JSON.stringify({ video_no: VIDEO_NO, unique_id: 'default' });
    expect(host.errors().trimEnd().split('\n')).toEqual([
      `> POST ${API}/serve/api/v1/download ${body}`,
      '< HTTP 307 location: /1',
      `> POST ${API}/1 ${body}`,
      expect.stringMatching(/^< HTTP 200 x-echo: a/),
    ]);
  });
});

describe('the command', () => {
  it('names itself and its version to the server', async () => {
    respond('POST', '/serve/api/v1/download', 200, { code: '0401', msg: 'no' });
    const host = fakeHost({ cwd: tempDir(), env: { MAVI_API_KEY: KEY, MAVI_RATE: '0' } });
    expect(await run(['download', VIDEO_NO], host)).toBe(3);
    expect(seen[0]?.headers).toMatchObject({ authorization: KEY, 'user-agent': `mavi/${version}` });
  });

  it.each([
    ['download', ['download', VIDEO_NO]],
    ['list', ['list']],
    ['sync', ['sync', 'library']],
  ])('%s makes no request without a key', async (_name, argv) => {
    const host = fakeHost({ cwd: tempDir() });
    expect(await run(argv, host)).toBe(3);
    expect(host.errors()).toMatch(/no API key/);
    expect(seen).toEqual([]);
    expect(namesIn(host.cwd)).toEqual([]);
  });

  it.each([
    ['a key with white space', { MAVI_API_KEY: 'two words' }],
    ['a key file that is not there', { MAVI_API_KEY_FILE: 'nowhere' }],
    ['a plain http base URL', { MAVI_API_KEY: KEY, MAVI_BASE_URL: 'http://api.memories.ai' }],
  ])('makes no request with %s', async (_what, env) => {
    const host = fakeHost({ cwd: tempDir(), env: env as Record<string, string> });
    expect(await run(['download', VIDEO_NO], host)).toBe(2);
    expect(seen).toEqual([]);
  });

  it('makes no request for an invalid video_no', async () => {
    const host = fakeHost({ cwd: tempDir(), env: { MAVI_API_KEY: KEY } });
    expect(await run(['download', VIDEO_NO, '../etc/passwd'], host)).toBe(2);
    expect(seen).toEqual([]);
  });
});
