import { describe, expect, it } from 'vitest';
import { REDIRECTS, redirected, type WireRequest } from '../../src/api/http.ts';
import { NetworkError } from '../../src/errors.ts';

const HEADERS = {
  authorization: 'sk-mavi-key',
  'user-agent': 'mavi/1.2.3',
  'content-type': 'application/json',
  range: 'bytes=10-',
  'if-range': '"tag"',
};

const POST: WireRequest = {
  method: 'POST',
  url: new URL('https://api.example.com/serve/api/v1/download'),
  headers: HEADERS,
  body: '{"video_no":"VI1"}',
};
const LOCAL: WireRequest = { ...POST, url: new URL('http://127.0.0.1:8080/download') };

const { 'content-type': _type, ...BODYLESS } = HEADERS;
const { authorization: _key, ...KEYLESS } = HEADERS;

describe('a status', () => {
  it.each([301, 302, 303, 307, 308])('%i redirects', (status) => {
    expect(REDIRECTS.includes(status)).toBe(true);
  });

  it.each([200, 300, 304, 305, 306, 309, 400])('%i does not redirect', (status) => {
    expect(REDIRECTS.includes(status)).toBe(false);
  });
});

describe('a redirect', () => {
  it.each([307, 308])('%i keeps method, body and headers', (status) => {
    const next = redirected(POST, status, '/elsewhere?signed=1');
    expect(next).toEqual({
      method: 'POST',
      url: new URL('https://api.example.com/elsewhere?signed=1'),
      headers: HEADERS,
      body: POST.body,
    });
  });

  it.each([301, 302, 303])('%i turns a POST into a GET without body and Content-Type', (status) => {
    const next = redirected(POST, status, 'file.mp4');
    expect(next).toEqual({
      method: 'GET',
      url: new URL('https://api.example.com/serve/api/v1/file.mp4'),
      headers: BODYLESS,
    });
    expect('body' in next).toBe(false);
  });

  it.each([301, 302, 303, 307, 308])('%i leaves a GET as it is', (status) => {
    const get: WireRequest = { method: 'GET', url: POST.url, headers: HEADERS };
    expect(redirected(get, status, '/b')).toEqual({ ...get, url: new URL('https://api.example.com/b') });
  });

  it.each([
    ['another host', 'https://storage.example.com/a'],
    ['a host that begins the same', 'https://api.example.com.evil.example/a'],
    ['another port', 'https://api.example.com:8443/a'],
    ['a host without a scheme', '//storage.example.com/a'],
  ])('to %s drops the key and keeps everything else', (_where, location) => {
    expect(redirected(POST, 307, location).headers).toEqual(KEYLESS);
    expect(redirected(POST, 303, location).headers).not.toHaveProperty('authorization');
  });

  it('to the same origin as a full URL keeps the key', () => {
    expect(redirected(POST, 307, 'https://API.example.com:443/a').headers).toEqual(HEADERS);
  });

  it('does not restore a key that an earlier redirect dropped', () => {
    const away = redirected(POST, 307, 'https://storage.example.com/a');
    expect(redirected(away, 307, 'https://api.example.com/back').headers).toEqual(KEYLESS);
    const onwards = redirected(away, 307, '/same').headers;
    expect(onwards).toEqual(KEYLESS);
    expect(onwards).not.toHaveProperty('authorization');
  });

  it('from a loopback address may lead to one, or to https', () => {
    expect(redirected(LOCAL, 307, 'http://localhost:9/a').url.href).toBe('http://localhost:9/a');
    expect(redirected(LOCAL, 307, 'http://127.0.0.1:8080/a').headers).toEqual(HEADERS);
    expect(redirected(LOCAL, 307, 'https://cdn.example.com/a').headers).toEqual(KEYLESS);
  });

  it.each([
    ['/caf\u00c3\u00a9.mp4', '/caf%C3%A9.mp4'],
    ['/caf%C3%A9.mp4', '/caf%C3%A9.mp4'],
    ['/caf\u00e9.mp4', '/caf%C3%A9.mp4'],
  ])('reads %j as UTF-8 where it is valid', (location, path) => {
    expect(redirected(POST, 307, location).url.pathname).toBe(path);
  });

  it('drops user name and password', () => {
    expect(redirected(POST, 307, 'https://me:secret@api.example.com/a').url.href).toBe(
      'https://api.example.com/a',
    );
  });

  it.each([
    [POST, undefined, 'without a Location'],
    [POST, 'https://', 'to an invalid URL'],
    [POST, 'http://api.example.com/download', 'to plain http, which is not secure'],
    [POST, 'http://127.0.0.1/download', 'to plain http, which is not secure'],
    [LOCAL, 'http://example.com/', 'to plain http, which is not secure'],
    [POST, 'ftp://example.com/a', 'to ftp:, not a web address'],
    [POST, 'data:video/mp4,abc', 'to data:, not a web address'],
    [POST, 'file:///etc/passwd', 'to file:, not a web address'],
  ])('of %j to %s is refused for good', (request, location, why) => {
    const attempt = () => redirected(request, 307, location);
    expect(attempt).toThrow(NetworkError);
    expect(attempt).toThrow(
      expect.objectContaining({
        exitCode: 6,
        code: 'redirect',
        retryable: false,
        message: `${request.url.host} redirects ${why}`,
        hint: 'check --base-url, and whether a proxy responds instead of the API',
      }),
    );
  });

  it('does not change the original request', () => {
    redirected(POST, 302, 'https://storage.example.com/a');
    expect(POST.headers).toEqual({ ...KEYLESS, authorization: 'sk-mavi-key' });
    expect(POST.url.href).toBe('https://api.example.com/serve/api/v1/download');
  });
});
