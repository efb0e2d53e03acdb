import { describe, expect, it } from 'vitest';
import { download, started } from './client.ts';
import { sampleFile } from './sample-files.ts';

const SAMPLE = sampleFile('faststart');
const SIZE = SAMPLE.length;

describe('a mock that offers ranges', () => {
  it('announces them, with a strong ETag', async () => {
    const { status, headers, body } = await download(await started({ offerRanges: true }));
    expect(status).toBe(200);
    expect(headers).toMatchObject({ 'accept-ranges': 'bytes', etag: expect.stringMatching(/^"[^"]+"$/) });
    expect(body.equals(SAMPLE)).toBe(true);
  });

  it.each([
    ['bytes=1000-', 1000, SIZE],
    ['bytes=0-0', 0, 1],
    ['bytes=10-19', 10, 20],
    ['bytes=10-99999999', 10, SIZE],
    ['bytes=-100', SIZE - 100, SIZE],
  ])('responds to %s with exactly these bytes', async (range, fromByte, toByte) => {
    const reply = await download(await started({ offerRanges: true }), undefined, {
      headers: { Range: range },
    });
    expect(reply.status).toBe(206);
    expect(reply.headers['content-range']).toBe(`bytes ${fromByte}-${toByte - 1}/${SIZE}`);
    expect(reply.body.equals(SAMPLE.subarray(fromByte, toByte))).toBe(true);
  });

  it('responds to a range past the end with 416', async () => {
    const headers = { Range: `bytes=${SIZE}-` };
    const reply = await download(await started({ offerRanges: true }), undefined, { headers });
    expect(reply).toMatchObject({ status: 416, headers: { 'content-range': `bytes */${SIZE}` } });
    expect(reply.body).toHaveLength(0);
  });

  it('responds with the complete video if If-Range names another version', async () => {
    const mock = await started({ offerRanges: true });
    const etag = String((await download(mock)).headers.etag);
    const resume = async (ifRange: string) => {
      const headers = { Range: 'bytes=1000-', 'If-Range': ifRange };
      const { status, body } = await download(mock, undefined, { headers });
      return [status, body.length];
    };
    expect(await resume(etag)).toEqual([206, SIZE - 1000]);
    expect(await resume('"another"')).toEqual([200, SIZE]);
  });

  it('counts the offset of a fault from the start of the range', async () => {
    const mock = await started({ offerRanges: true, faults: 'drop@1000' });
    const reply = await download(mock, undefined, { headers: { Range: 'bytes=5000-' } });
    expect(reply).toMatchObject({ status: 206, broken: 'ECONNRESET' });
    expect(reply.body.equals(SAMPLE.subarray(5000, 6000))).toBe(true);
  });
});

describe('a fault in the response to a range', () => {
  it.each([
    ['range-ignored', 200, undefined, 0],
    ['bad-range', 206, `bytes 999-${SIZE - 1}/${SIZE}`, 999],
    ['other-etag', 200, undefined, 0],
    ['if-range-ignored', 206, `bytes 1000-${SIZE - 1}/${SIZE}`, 1000],
  ])('%s responds with HTTP %i', async (name, status, contentRange, fromByte) => {
    const mock = await started({ faults: `drop@1000x1,${name}` });
    const first = await download(mock);
    expect(first.headers).toMatchObject({ 'accept-ranges': 'bytes', etag: expect.any(String) });

    const headers = { Range: 'bytes=1000-', 'If-Range': String(first.headers.etag) };
    const second = await download(mock, undefined, { headers });
    expect(second.status).toBe(status);
    expect(second.headers['content-range']).toBe(contentRange);
    expect(second.body.equals(SAMPLE.subarray(fromByte))).toBe(true);
    const sameTag = second.headers.etag === first.headers.etag;
    expect(sameTag).toBe(name === 'range-ignored' || name === 'bad-range');
  });
});
