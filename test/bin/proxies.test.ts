import { describe, expect } from 'vitest';
import type { Mock } from '../../src/mock/options.ts';
import { socksProxy, tunnelProxy } from '../helpers/proxies.ts';
import { it, type Scene } from '../helpers/scene.ts';
import { SAMPLE_VIDEO_NOS, sampleFile } from '../mock/sample-files.ts';
import { selfSigned } from '../mock/self-signed.ts';

const { faststart } = SAMPLE_VIDEO_NOS;
const COMMAND = ['download', faststart, '-o', 'video.mp4', '--retries', '0'];
/** A host that no name server knows: it can only be reached through a proxy. */
const HOST = 'mavi.test';

/** A mock with a certificate for the host. */
async function mockFor(scene: Scene, host: string): Promise<Mock> {
  const tls = selfSigned({ host });
  scene.env.NODE_EXTRA_CA_CERTS = scene.write('ca.pem', tls.cert);
  const mock = await scene.mock({ tls, host });
  const port = host === HOST ? '' : `:${new URL(mock.baseUrl).port}`;
  scene.env.MAVI_BASE_URL = `https://${host}${port}/serve/api/v1`;
  // A machine without a name server then fails quickly.
  scene.env.RES_OPTIONS = 'timeout:1 attempts:1';
  return mock;
}

describe.concurrent('a proxy', () => {
  it.for([
    ['HTTPS_PROXY', 'http://'],
    ['https_proxy', 'http://'],
    ['ALL_PROXY', 'http://'],
    ['https_proxy', ''],
  ])(
    'from %s with the prefix "%s" opens the tunnel and never sees the key',
    async ([name = '', scheme], { scene }) => {
      const mock = await mockFor(scene, HOST);
      const proxy = await tunnelProxy(scene, { to: mock.baseUrl });
      const { code } = await scene.run(COMMAND, { env: { [name]: `${scheme}${proxy.host}` } });
      expect(code).toBe(0);
      expect(proxy.asked.map((head) => head.split('\r\n')[0])).toEqual([`CONNECT ${HOST}:443 HTTP/1.1`]);
      expect(proxy.asked[0]).not.toContain(scene.key);
      expect(mock.requests.map(({ headers }) => headers.authorization)).toEqual([scene.key]);
      expect(scene.read('video.mp4').equals(sampleFile('faststart'))).toBe(true);
    },
  );

  it('does not disable certificate checks, not even with NODE_TLS_REJECT_UNAUTHORIZED=0', async ({
    scene,
  }) => {
    const mock = await mockFor(scene, HOST);
    const proxy = await tunnelProxy(scene, { to: mock.baseUrl });
    const env = {
      HTTPS_PROXY: proxy.host,
      NODE_EXTRA_CA_CERTS: undefined,
      NODE_TLS_REJECT_UNAUTHORIZED: '0',
    };
    const { code, stderr } = await scene.run(COMMAND, { env });
    expect([code, mock.requests.length]).toEqual([6, 0]);
    expect(stderr).toContain('self-signed');
  });

  it('gets the user name and password from its URL, which are not shown', async ({ scene }) => {
    const mock = await mockFor(scene, HOST);
    const proxy = await tunnelProxy(scene, { to: mock.baseUrl });
    const env = { HTTPS_PROXY: `http://me:secret%21word@${proxy.host}` };
    const { code, stderr } = await scene.run([...COMMAND, '--verbose'], { env });
    expect(code).toBe(0);
    expect(proxy.asked[0]).toContain(`Basic ${Buffer.from('me:secret!word').toString('base64')}`);
    expect(stderr).not.toMatch(/secret/);
  });

  it('that speaks SOCKS is used, and resolves the host name', async ({ scene }) => {
    const mock = await mockFor(scene, HOST);
    const proxy = await socksProxy(scene, mock.baseUrl);
    const { code } = await scene.run(COMMAND, { env: { ALL_PROXY: `socks5h://${proxy.host}` } });
    expect([code, proxy.asked]).toEqual([0, [`${HOST}:443`]]);
    expect(scene.read('video.mp4').equals(sampleFile('faststart'))).toBe(true);
  });

  it('is never used for a loopback address', async ({ scene }) => {
    await scene.mock();
    const proxy = await tunnelProxy(scene, { refusal: '500 No' });
    const all = ['HTTP_PROXY', 'http_proxy', 'HTTPS_PROXY', 'https_proxy', 'ALL_PROXY', 'all_proxy'];
    const env = Object.fromEntries(all.map((name) => [name, `http://${proxy.host}`]));
    expect((await scene.run(COMMAND, { env })).code).toBe(0);
    expect(proxy.asked).toEqual([]);
  });

  it('is not used for the hosts in NO_PROXY', async ({ scene }) => {
    // Linux connects this address to itself, but it is not a loopback address.
    const mock = await mockFor(scene, '0.0.0.0');
    const proxy = await tunnelProxy(scene, { to: mock.baseUrl });
    const run = (args: readonly string[], exempt: string) =>
      scene.run(args, { env: { HTTPS_PROXY: proxy.host, NO_PROXY: exempt } });
    expect((await run(COMMAND, 'mavi.test,0.0.0.0')).code).toBe(0);
    expect(proxy.asked).toEqual([]);
    expect((await run([...COMMAND, '--force'], 'mavi.test')).code).toBe(0);
    expect(proxy.asked.length).toBe(1);
    expect(mock.requests.length).toBe(2);
  });
});

describe.concurrent('a proxy that fails', () => {
  it.for([
    ['requires a password', { refusal: '407 Proxy Authentication Required' }, 'HTTP 407'],
    ['forbids the host', { refusal: '403 Forbidden' }, 'HTTP 403'],
    ['cannot reach the host', { refusal: '502 Bad Gateway' }, 'HTTP 502'],
    ['never responds', { refusal: '' }, 'within 1 s'],
  ] as const)('because it %s makes mavi exit 6 and name the proxy', async ([, options, says], { scene }) => {
    const mock = await mockFor(scene, HOST);
    const proxy = await tunnelProxy(scene, options);
    const { code, stderr } = await scene.run([...COMMAND, '--connect-timeout', '1'], {
      env: { HTTPS_PROXY: `http://${proxy.host}` },
    });
    expect(code).toBe(6);
    expect(stderr).toContain(says);
    expect(stderr).toMatch(/proxy/i);
    expect([proxy.asked.length, mock.requests.length]).toEqual([1, 0]);
  });

  it.for(['http', 'socks5h'])(
    'because its port is closed makes mavi exit 6 and name the proxy (%s)',
    async (scheme, { scene }) => {
      await mockFor(scene, HOST);
      const { code, stderr } = await scene.run(COMMAND, { env: { ALL_PROXY: `${scheme}://127.0.0.1:1` } });
      expect(code).toBe(6);
      expect(stderr).toContain('proxy 127.0.0.1:1: ');
    },
  );

  it.for(['ftp://127.0.0.1:1', 'http://'])(
    'because its URL is %s makes mavi exit 2',
    async (address, { scene }) => {
      await mockFor(scene, HOST);
      const { code, stderr } = await scene.run(COMMAND, { env: { HTTPS_PROXY: address } });
      expect(code).toBe(2);
      expect(stderr).toContain('proxy');
    },
  );
});
