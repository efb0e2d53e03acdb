import { type IncomingMessage, request } from 'node:http';
import { createBrotliDecompress, createGunzip } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { call, download, jsonOf, started } from './client.ts';
import { SAMPLE_VIDEO_NOS, sampleFile } from './sample-files.ts';

const SAMPLE = sampleFile('faststart');

describe('a fault of the account', () => {
  it('rate-limit-for is 0429 for that many seconds, then the next fault of the chain', async () => {
    let nowMs = 0;
    const mock = await started({ faults: 'rate-limit-for=5,not-foundx1', nowMs: () => nowMs });
    const codes: unknown[] = [];
    for (nowMs of [0, 4999]) codes.push(jsonOf(await download(mock)).code);
    expect(codes).toEqual(['0429', '0429']);
    nowMs = 5000;
    expect(jsonOf(await download(mock))).toMatchObject({ code: '0001' });
    expect((await download(mock)).body.equals(SAMPLE)).toBe(true);
  });

  it('rate-limit-for also ends after that many responses', async () => {
    const mock = await started({ faults: 'rate-limit-for=1000x1' });
    expect(jsonOf(await download(mock))).toMatchObject({ code: '0429' });
    expect((await download(mock)).body.equals(SAMPLE)).toBe(true);
  });

  it('no-balance says so in its message', async () => {
    const reply = await download(await started({ faults: 'no-balance' }));
    expect(jsonOf(reply)).toMatchObject({
      code: '0001',
      msg: 'Insufficient balance to download the resource. Please recharge and try again.',
    });
  });
});

describe('a redirect', () => {
  it('redirect-refused leads to another origin that responds with 403 and XML', async () => {
    const mock = await started({ faults: 'redirect-refused' });
    const target = String((await download(mock)).headers.location);
    expect(new URL(target).origin).not.toBe(new URL(mock.baseUrl).origin);
    const reply = await call(target, { body: '{}' });
    expect([reply.status, reply.headers['content-type']]).toEqual([403, 'application/xml']);
    expect(reply.body.toString()).toContain('Request has expired');
  });

  it('redirect-utf8 has a Location in UTF-8', async () => {
    const mock = await started({ faults: 'redirect-utf8' });
    const location = Buffer.from(String((await download(mock)).headers.location), 'latin1').toString();
    expect(location).toMatch(/\/VI\d+\?é=日本$/);
    const headers = { Authorization: mock.key };
    const target = new URL(encodeURI(location), mock.baseUrl).href;
    expect((await call(target, { headers })).body.equals(SAMPLE)).toBe(true);
  });
});

describe('a fault of the transfer', () => {
  it.each(['chunks', 'encoding', 'encoding=utf-8', 'encoding=aws-chunked', 'headers-slow=2', 'processing=2'])(
    '%s sends the complete video',
    async (faults) => {
      const mock = await started({ faults });
      const reply = await download(mock);
      expect([reply.status, reply.broken, reply.body.equals(SAMPLE)]).toEqual([200, undefined, true]);
      expect(reply.headers['content-encoding']).toBe(
        faults.startsWith('encoding') ? (faults.split('=')[1] ?? 'none') : undefined,
      );
      expect(mock.requests[0]).toMatchObject({ fault: faults, bytesSent: SAMPLE.length });
    },
  );

  it.each([
    ['bomb=gzip', 'gzip', createGunzip],
    ['bomb=br', 'br', createBrotliDecompress],
  ])('%s is the video and endless zeros, compressed', async (faults, encoding, unpacker) => {
    const mock = await started({ faults });
    const unpack = unpacker();
    const enough = new AbortController();
    let bytes = Buffer.alloc(0);
    unpack.on('error', () => {});
    unpack.on('data', (piece: Buffer) => {
      bytes = Buffer.concat([bytes, piece]);
      if (bytes.length > 3 * SAMPLE.length) enough.abort();
    });
    const headers = { Authorization: mock.key };
    const response = await fetchRaw(`${mock.baseUrl}/download`, headers, enough.signal);
    expect(response.headers['content-encoding']).toBe(encoding);
    response.on('error', () => {});
    response.pipe(unpack);
    await new Promise((resolve) => enough.signal.addEventListener('abort', resolve));
    expect(bytes.subarray(0, SAMPLE.length).equals(SAMPLE)).toBe(true);
    expect(bytes.subarray(SAMPLE.length).every((byte) => byte === 0)).toBe(true);
  });

  it('json-endless has the Content-Type asked for', async () => {
    const mock = await started({ faults: 'json-endless=application/octet-stream' });
    const enough = new AbortController();
    const reply = await download(mock, SAMPLE_VIDEO_NOS.faststart, {
      signal: enough.signal,
      onBytes: (bytes) => bytes > 100_000 && enough.abort(),
    });
    expect(reply.headers['content-type']).toBe('application/octet-stream');
    expect(reply.body.toString()).toMatch(/^\{"code":"0001","msg":"and so on /);
  });
});

it('onRequest can respond to a request itself', async () => {
  const mock = await started({
    onRequest({ url }, response) {
      if (!url.endsWith('/list_videos')) return undefined;
      response.writeHead(200, { 'Content-Type': 'application/json' }).end('{"mine":true}');
      return 'answered';
    },
  });
  const headers = { Authorization: mock.key };
  expect(jsonOf(await call(`${mock.baseUrl}/list_videos`, { headers, body: '{}' }))).toEqual({ mine: true });
  expect((await download(mock)).body.equals(SAMPLE)).toBe(true);
});

/** The response to a request for the first sample, with its body still to be read. */
function fetchRaw(
  url: string,
  headers: Record<string, string>,
  signal: AbortSignal,
): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    const sent = request(url, { method: 'POST', headers, signal, agent: false }, resolve);
    sent.on('error', reject);
    sent.end(JSON.stringify({ video_no: SAMPLE_VIDEO_NOS.faststart }));
  });
}
