import { gunzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { download, jsonOf, started } from './client.ts';
import { boxTypes, sampleFile } from './sample-files.ts';

const SAMPLE = sampleFile('faststart');
const JSON_TYPE = 'application/json';
const VIDEO_TYPE = 'application/octet-stream';
const NOT_FOUND = { code: '0001', msg: 'download video error', data: null, success: false, failed: true };
const LIMITED = { code: '0429', msg: 'Request has exceeded the limit.' };

describe('a fault that responds with JSON', () => {
  it.each([
    ['rate-limit', 200, LIMITED],
    ['rate-limit-429', 429, LIMITED],
    ['rate-limit-bare', 200, LIMITED],
    ['network-abnormal', 200, { code: '0001', msg: 'The network is abnormal, please try again' }],
    ['not-found', 200, NOT_FOUND],
    ['unauthorized', 200, { code: '0401', success: false }],
    ['unauthorized-401', 401, { code: '0401', success: false }],
    ['no-credits', 200, { code: '0402', success: false }],
    ['disabled', 200, { code: '0403', success: false }],
    ['integer-code', 200, { ...NOT_FOUND, code: 1 }],
    ['no-code', 200, { success: false, msg: 'download video error' }],
    ['json-success', 200, { code: '0000', success: true, failed: false }],
    ['server-error', 503, { status: 503, error: 'Service Unavailable', path: '/serve/api/v1/download' }],
    ['request-timeout', 408, { status: 408, error: 'Request Timeout' }],
    ['http-400', 400, { status: 400, error: 'Bad Request' }],
    ['http-404', 404, { status: 404, error: 'Not Found' }],
  ])('%s responds with HTTP %i', async (name, status, json) => {
    const mock = await started({ faults: name });
    const reply = await download(mock);
    expect(reply).toMatchObject({ status, headers: { 'content-type': JSON_TYPE }, broken: undefined });
    expect(reply.headers).not.toHaveProperty('retry-after');
    expect(jsonOf(reply)).toMatchObject(json);
    expect(mock.requests[0]).toMatchObject({ fault: name, bytesSent: reply.body.length });
  });

  it('rate-limit-bare, no-code and server-error lack the fields that they should', async () => {
    expect(Object.keys(jsonOf(await download(await started({ faults: 'rate-limit-bare' }))))).toEqual([
      'code',
      'msg',
    ]);
    expect(jsonOf(await download(await started({ faults: 'no-code' })))).not.toHaveProperty('code');
    expect(jsonOf(await download(await started({ faults: 'server-error' })))).not.toHaveProperty('code');
  });

  it.each([
    ['rate-limit=7', '7'],
    ['rate-limit-429=2', '2'],
    ['rate-limit-429=date+90', 'Thu, 01 Jan 1970 00:01:30 GMT'],
    ['server-error=601', '601'],
  ])('%s says when to retry', async (text, retryAfter) => {
    const reply = await download(await started({ faults: text, nowMs: () => 0 }));
    expect(reply.headers['retry-after']).toBe(retryAfter);
  });

  it('json-type-case has an odd type and comes in chunks', async () => {
    const reply = await download(await started({ faults: 'json-type-case' }));
    expect(reply.headers['content-type']).toBe('Application/JSON; Charset=UTF-8');
    expect(reply.headers['transfer-encoding']).toBe('chunked');
    expect(jsonOf(reply)).toEqual(NOT_FOUND);
  });

  it('json-broken is cut off', async () => {
    const reply = await download(await started({ faults: 'json-broken' }));
    expect(reply).toMatchObject({ headers: { 'content-type': JSON_TYPE }, broken: undefined });
    expect(JSON.stringify(NOT_FOUND).startsWith(reply.body.toString())).toBe(true);
    expect(() => jsonOf(reply)).toThrow(SyntaxError);
  });

  it('json-endless never ends', async () => {
    const mock = await started({ faults: 'json-endless' });
    const reply = await download(mock, undefined, {
      onBytes: (bytes) => void (bytes > 1_000_000 && mock.close()),
    });
    expect(reply).toMatchObject({ headers: { 'content-type': JSON_TYPE }, broken: 'ECONNRESET' });
    expect(reply.body.subarray(0, 22).toString()).toBe('{"code":"0001","msg":"');
  });

  it('gzip-json is gzipped', async () => {
    const reply = await download(await started({ faults: 'gzip-json' }));
    expect(reply.headers).toMatchObject({ 'content-type': JSON_TYPE, 'content-encoding': 'gzip' });
    expect(JSON.parse(gunzipSync(reply.body).toString())).toEqual(NOT_FOUND);
  });

  it('mislabelled has the type of a video', async () => {
    const reply = await download(await started({ faults: 'mislabelled' }));
    expect(reply.headers['content-type']).toBe(VIDEO_TYPE);
    expect(jsonOf(reply)).toEqual(NOT_FOUND);
  });

  it('echo-key repeats the key among everything that must not reach a terminal', async () => {
    const mock = await started({ faults: 'echo-key' });
    const msg = String(jsonOf(await download(mock)).msg);
    expect(msg).toHaveLength(2000);
    for (const part of [mock.key, '\u001b[31m', '\u001b]0;', '\u0000', '\u202e', '\u009b', '\r\n']) {
      expect(msg).toContain(part);
    }
  });
});

describe('a fault that responds with HTML', () => {
  it.each([
    ['html', 200, 'text/html; charset=utf-8'],
    ['html-mislabelled', 200, VIDEO_TYPE],
    ['bad-gateway', 502, 'text/html; charset=utf-8'],
  ])('%s responds with HTTP %i as %s', async (name, status, type) => {
    const reply = await download(await started({ faults: name }));
    expect(reply).toMatchObject({ status, headers: { 'content-type': type } });
    expect(reply.body.toString()).toMatch(/^<(!DOCTYPE )?html>/);
  });
});

describe('a fault that sends other bytes', () => {
  it.each([
    ['empty', /^$/],
    ['tiny', /^0000002066$/],
    ['garbage', /^deadbeef/],
    ['matroska', /^1a45dfa3a3.{32}4282886d6174726f736b61/],
    ['webm', /^1a45dfa39f.{32}4282847765626d/],
    ['avi', /^52494646.{8}41564920/],
    ['mpeg-ts', /^47.{374}47.{374}47/],
    ['quicktime', /^0000000877696465.{8}6d646174/],
  ])('%s ends cleanly, with status 200 and without a video', async (name, head) => {
    const mock = await started({ faults: name });
    const reply = await download(mock);
    expect(reply).toMatchObject({ status: 200, headers: { 'content-type': VIDEO_TYPE }, broken: undefined });
    expect(reply.body.subarray(0, 1000).toString('hex')).toMatch(head);
    expect(reply.body.includes('ftyp')).toBe(false);
    expect((await download(mock)).body.equals(reply.body)).toBe(true);
  });

  it('quicktime is a complete chain of boxes', async () => {
    const reply = await download(await started({ faults: 'quicktime' }));
    expect(boxTypes(reply.body)).toEqual(['wide', 'mdat', 'moov']);
  });

  it.each([
    ['junk-tail', 5],
    ['junk-tail=24', 24],
  ])('%s adds %i bytes whose type is not printable', async (text, junkBytes) => {
    const { body } = await download(await started({ faults: text }));
    expect(body.subarray(0, SAMPLE.length).equals(SAMPLE)).toBe(true);
    const junk = body.subarray(SAMPLE.length);
    expect(junk).toHaveLength(junkBytes);
    expect(junk.subarray(0, 5)).toEqual(Buffer.of(0x00, 0x01, 0xfe, 0xff, 0x00));
  });

  it('other-bytes changes all media data and nothing else', async () => {
    const { body } = await download(await started({ faults: 'other-bytes' }));
    const media = SAMPLE.indexOf('mdat') + 4;
    expect(body).toHaveLength(SAMPLE.length);
    expect(body.subarray(0, media).equals(SAMPLE.subarray(0, media))).toBe(true);
    expect(body.subarray(media).some((byte, index) => byte === SAMPLE[media + index])).toBe(false);
  });

  it('other-bytes@60000 starts at that byte', async () => {
    const { body } = await download(await started({ faults: 'other-bytes@60000' }));
    expect(body.subarray(0, 60_000).equals(SAMPLE.subarray(0, 60_000))).toBe(true);
    expect(body[60_000]).not.toBe(SAMPLE[60_000]);
  });
});
