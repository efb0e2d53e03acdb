import { describe, expect, it } from 'vitest';
import { proxyFor } from '../../src/api/proxy.ts';

const API = 'https://api.memories.test/v1';

describe('the proxy of a URL', () => {
  it.each([
    ['the variable of its scheme', API, { https_proxy: 'http://a:1' }, 'http://a:1/'],
    ['the capital spelling', API, { HTTPS_PROXY: 'http://a:1' }, 'http://a:1/'],
    [
      'the lower-case spelling before the other',
      API,
      { https_proxy: 'http://a:1', HTTPS_PROXY: 'http://b:1' },
      'http://a:1/',
    ],
    ['the one for all', API, { ALL_PROXY: 'socks5://a:1' }, 'socks5://a:1'],
    [
      'its own before the one for all',
      API,
      { ALL_PROXY: 'http://a:1', HTTPS_PROXY: 'http://b:1' },
      'http://b:1/',
    ],
    ['one without a scheme as http', API, { HTTPS_PROXY: 'a:1' }, 'http://a:1/'],
    ['none where the variable is empty', API, { HTTPS_PROXY: '' }, undefined],
    ['none where only the other scheme has one', API, { HTTP_PROXY: 'http://a:1' }, undefined],
    ['none for localhost', 'http://localhost:8080', { ALL_PROXY: 'http://a:1' }, undefined],
    ['none for 127.0.0.1', 'https://127.0.0.1:8080', { ALL_PROXY: 'http://a:1' }, undefined],
    ['none for ::1', 'https://[::1]:8080', { ALL_PROXY: 'http://a:1' }, undefined],
  ])('is %s', (_title, url, env, proxy) => {
    expect(proxyFor(new URL(url), env)?.href).toBe(proxy);
  });

  it.each([
    ['*', true],
    ['api.memories.test', true],
    ['memories.test', true],
    ['.memories.test', true],
    ['*.memories.test', true],
    ['API.Memories.Test', true],
    ['other.test, api.memories.test', true],
    ['other.test api.memories.test', true],
    ['api.memories.test:443', true],
    ['api.memories.test:8443', false],
    ['emories.test', false],
    ['api', false],
    ['test.api.memories.test', false],
    [' , ', false],
    ['', false],
  ])('heeds NO_PROXY=%j', (list, exempt) => {
    const env = { HTTPS_PROXY: 'http://a:1', NO_PROXY: list };
    expect(proxyFor(new URL(API), env) === null).toBe(exempt);
  });

  it('is refused without being shown where it is no address', () => {
    expect(() => proxyFor(new URL(API), { HTTPS_PROXY: 'http://me:secret@' })).toThrow(
      expect.objectContaining({ exitCode: 2, message: expect.not.stringContaining('secret') }),
    );
  });
});
