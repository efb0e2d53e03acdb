import { describe, expect, it } from 'vitest';
import { proxyFor } from '../../src/api/proxy.ts';

const API = 'https://api.memories.test/v1';

describe('the proxy of a URL', () => {
  it.each([
    ['the variable of its scheme', API, { https_proxy: 'http://a:1' }, 'http://a:1'],
    ['the capital spelling', API, { HTTPS_PROXY: 'http://a:1' }, 'http://a:1'],
    [
      'the lower-case spelling before the other',
      API,
      { https_proxy: 'http://a:1', HTTPS_PROXY: 'http://b:1' },
      'http://a:1',
    ],
    ['the one for all', API, { ALL_PROXY: 'socks5://a:1' }, 'socks5://a:1'],
    [
      'its own before the one for all',
      API,
      { ALL_PROXY: 'http://a:1', HTTPS_PROXY: 'http://b:1' },
      'http://b:1',
    ],
    ['one without a scheme as http', API, { HTTPS_PROXY: 'a:1' }, 'http://a:1'],
    ['none where the variable is empty', API, { HTTPS_PROXY: '' }, undefined],
    ['none where only the other scheme has one', API, { HTTP_PROXY: 'http://a:1' }, undefined],
    ['none for localhost', 'http://localhost:8080', { ALL_PROXY: 'http://a:1' }, undefined],
    ['none for 127.0.0.1', 'https://127.0.0.1:8080', { ALL_PROXY: 'http://a:1' }, undefined],
    ['none for ::1', 'https://[::1]:8080', { ALL_PROXY: 'http://a:1' }, undefined],
  ])('is %s', (_title, url, env, proxy) => {
    const found = proxyFor(new URL(url), env);
    expect(found === null ? undefined : `${found.protocol}//${found.host}:${found.port}`).toBe(proxy);
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

  it.each<[string, string, boolean]>([
    ['https://[2001:db8::1]', '2001:db8::1', true],
    ['https://[2001:db8::1]', '2001:DB8:0:0::1', true],
    ['https://[2001:db8::1]', '[2001:db8::1]', true],
    ['https://[2001:db8::1]', '[2001:db8::1]:443', true],
    ['https://[2001:db8::1]', '[2001:db8::1]:8443', false],
    ['https://[2001:db8::1]', '2001:db8::2', false],
    ['https://[2001:db8::1]', '2001:db8::/32', true],
    ['https://[2001:db8::1]', '2001:db9::/32', false],
    ['https://[2001:db8::1]', '10.0.0.0/8', false],
    ['https://10.1.2.3', '10.0.0.0/8', true],
    ['https://10.1.2.3', '10.1.2.3/32', true],
    ['https://10.1.2.3', '10.1.2.3', true],
    ['https://10.1.2.3', '10.1.2.3:443', true],
    ['https://10.1.2.3', '11.0.0.0/8, 192.168.0.0/16', false],
    ['https://10.1.2.3', '0.0.0.0/0', true],
    ['https://10.1.2.3', '10.0.0.0/33', false],
    ['https://10.1.2.3', '10.0.0.0/', false],
    ['https://10.1.2.3', '10.0.0.0/x', false],
    ['https://10.1.2.3', '2.3', false],
    [API, '10.0.0.0/8', false],
  ])('of %s with NO_PROXY=%s is bypassed: %s', (url, list, exempt) => {
    expect(proxyFor(new URL(url), { HTTPS_PROXY: 'http://a:1', NO_PROXY: list }) === null).toBe(exempt);
  });

  it.each([
    ['me:secret%21word', 'me', 'secret!word'],
    ['me:100%', 'me', '100%'],
    ['me:%zz%C3%A9', 'me', '%zzé'],
    ['me:%ff', 'me', '%ff'],
    ['d%5Cme:', 'd\\me', ''],
  ])('of %j has its user name and password decoded where they are encoded', (userInfo, user, password) => {
    const proxy = proxyFor(new URL(API), { HTTPS_PROXY: `http://${userInfo}@a:1` });
    expect(proxy).toMatchObject({ user, password });
  });

  it.each([
    ['HTTPS_PROXY', 'http://me:secret@'],
    ['https_proxy', 'http://a b:1'],
    ['ALL_PROXY', 'socks5://me:secret@ho%zzst:1'],
    ['all_proxy', 'http://[::1:3128'],
    ['HTTPS_PROXY', 'a:99999'],
    ['HTTPS_PROXY', 'foo://me:secret@a:1'],
    ['HTTPS_PROXY', 'socks5://'],
  ])('is refused where %s=%s, naming the variable without showing it', (name, text) => {
    expect(() => proxyFor(new URL(API), { [name]: text })).toThrow(
      expect.objectContaining({
        exitCode: 2,
        message: expect.stringMatching(new RegExp(`^${name} (?!.*secret)`)),
      }),
    );
  });
});
