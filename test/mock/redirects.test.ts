import { describe, expect, it } from 'vitest';
import { call, download, jsonOf, post, started } from './client.ts';
import { sampleFile } from './sample-files.ts';
import { selfSigned } from './self-signed.ts';

const SAMPLE = sampleFile('faststart');

describe('a redirect', () => {
  it.each([
    ['redirect', 307, 'POST'],
    ['redirect-308', 308, 'POST'],
    ['redirect-302', 302, 'GET'],
  ])('%s leads with HTTP %i to the video on the same origin', async (name, status, method) => {
    const mock = await started({ faults: name });
    const reply = await download(mock);
    expect(reply.status).toBe(status);
    const target = new URL(String(reply.headers.location), mock.baseUrl);
    expect(target.origin).toBe(new URL(mock.baseUrl).origin);

    const withKey = await call(target.href, { method, headers: { Authorization: mock.key } });
    expect(withKey.body.equals(SAMPLE)).toBe(true);
    expect(jsonOf(await call(target.href, { method }))).toMatchObject({ code: '0401' });
  });

  it.each([
    ['redirect-elsewhere', undefined, 'http:'],
    ['redirect-elsewhere', selfSigned(), 'https:'],
    ['redirect-plain', selfSigned(), 'http:'],
  ])('%s leads to another origin that needs no key', async (name, tls, protocol) => {
    const mock = await started({ faults: name, ...(tls && { tls }) });
    const reply = await download(mock);
    expect(reply.status).toBe(307);
    const target = new URL(String(reply.headers.location));
    expect(target.protocol).toBe(protocol);
    expect(target.origin).not.toBe(new URL(mock.baseUrl).origin);

    expect((await call(target.href, { body: '{}' })).body.equals(SAMPLE)).toBe(true);
    expect(mock.requests[1]).toMatchObject({ origin: target.origin, url: target.pathname, body: '{}' });
    expect(mock.requests[1]?.headers).not.toHaveProperty('authorization');
  });

  it('closes the other origin with the mock', async () => {
    const mock = await started({ faults: 'redirect-elsewhere' });
    const target = String((await download(mock)).headers.location);
    await mock.close();
    expect(await call(target, {})).toMatchObject({ broken: 'ECONNREFUSED' });
  });

  it('redirect-loop leads to itself, redirect-nowhere to nothing', async () => {
    const loop = await download(await started({ faults: 'redirect-loop' }));
    expect(loop).toMatchObject({ status: 307, headers: { location: '/serve/api/v1/download' } });
    const nowhere = await download(await started({ faults: 'redirect-nowhere' }));
    expect(nowhere.status).toBe(307);
    expect(nowhere.headers).not.toHaveProperty('location');
  });

  it('of a listing leads to the listing', async () => {
    const mock = await started({ listFaults: 'redirect' });
    const { headers } = await post(mock, 'list_videos', {});
    const target = new URL(String(headers.location), mock.baseUrl);
    const reply = await call(target.href, { headers: { Authorization: mock.key }, body: '{}' });
    expect(jsonOf(reply)).toMatchObject({ code: '0000', data: { total_count: 3 } });
  });
});
