import { connect } from 'node:net';
import { describe, expect, it } from 'vitest';
import type { StoredVideo } from '../../src/mock/library.ts';
import { MOCK_KEY } from '../../src/mock/routes.ts';
import { generatedLibrary } from '../helpers/generated.ts';
import { call, download, jsonOf, post, started } from './client.ts';
import { SAMPLE_VIDEO_NOS, sampleFile } from './sample-files.ts';
import { selfSigned } from './self-signed.ts';

const failureOf = (code: string, msg: unknown = expect.any(String)) => ({
  code,
  msg,
  data: null,
  success: false,
  failed: true,
});

describe('the download route', () => {
  it.each([
    [SAMPLE_VIDEO_NOS.faststart, 'faststart'],
    [SAMPLE_VIDEO_NOS.moovLast, 'moov-last'],
    [SAMPLE_VIDEO_NOS.fragmented, 'fragmented'],
  ] as const)('sends %s byte for byte, chunked, without length and ranges', async (videoNo, file) => {
    const mock = await started();
    const reply = await download(mock, videoNo);
    expect(reply).toMatchObject({ status: 200, broken: undefined });
    expect(reply.headers).toMatchObject({
      'content-type': 'application/octet-stream',
      'transfer-encoding': 'chunked',
    });
    expect(reply.headers).not.toHaveProperty('content-length');
    expect(reply.headers).not.toHaveProperty('etag');
    expect(reply.headers).not.toHaveProperty('accept-ranges');
    expect(reply.body.equals(sampleFile(file))).toBe(true);
    expect(mock.requests[0]).toMatchObject({ bytesSent: reply.body.length, fault: undefined });
  });

  it('uses the scope default if none is named', async () => {
    const reply = await post(await started(), 'download', { video_no: SAMPLE_VIDEO_NOS.faststart });
    expect(reply.body.equals(sampleFile('faststart'))).toBe(true);
  });

  it('ignores a Range unless ranges are offered', async () => {
    const reply = await download(await started(), undefined, { headers: { Range: 'bytes=10-' } });
    expect(reply.status).toBe(200);
    expect(reply.body.equals(sampleFile('faststart'))).toBe(true);
  });

  it.each([
    ['an unknown video', { video_no: 'VI000000000000000000' }, '0001', 'download video error'],
    [
      "another scope's video",
      { video_no: SAMPLE_VIDEO_NOS.holiday, unique_id: 'default' },
      '0001',
      'download video error',
    ],
    [
      'a scope in other capitals',
      { video_no: SAMPLE_VIDEO_NOS.faststart, unique_id: 'Default' },
      '0001',
      'download video error',
    ],
    ['no video', { unique_id: 'default' }, '0001', 'The video number cannot be empty!'],
    ['no object', 'VI625239098370850816', '0003', 'Parameter error'],
  ])('refuses %s with HTTP 200 and JSON', async (_title, json, code, msg) => {
    const reply = await post(await started(), 'download', json);
    expect(reply).toMatchObject({ status: 200, headers: { 'content-type': 'application/json' } });
    expect(jsonOf(reply)).toEqual(failureOf(code, msg));
  });

  it.each([
    ['another key', { Authorization: 'sk-mavi-another' }],
    ['a Bearer prefix', { Authorization: `Bearer ${MOCK_KEY}` }],
    ['no key', {}],
  ])('refuses %s with code 0401', async (_title, headers: Record<string, string>) => {
    const mock = await started();
    const reply = await call(`${mock.baseUrl}/download`, {
      headers,
      body: JSON.stringify({ video_no: SAMPLE_VIDEO_NOS.faststart }),
    });
    expect(reply.status).toBe(200);
    expect(jsonOf(reply)).toEqual(failureOf('0401'));
  });

  it('responds to unknown routes with code 0001 and to wrong methods with a real 405', async () => {
    const mock = await started();
    const unknown = await post(mock, 'nothing_here', {});
    expect(jsonOf(unknown)).toEqual(failureOf('0001', 'No static resource serve/api/v1/nothing_here.'));
    const wrong = await post(mock, 'download', {}, { method: 'PUT' });
    expect(wrong.status).toBe(405);
    expect(jsonOf(wrong)).toMatchObject({
      status: 405,
      error: 'Method Not Allowed',
      path: expect.any(String),
    });
  });

  it('refuses a start over the account limit, and allows it once the window has passed', async () => {
    let nowMs = 0;
    const mock = await started({ accountLimit: { starts: 2, windowMs: 60_000 }, nowMs: () => nowMs });
    const statusOf = async () => {
      const { headers, body } = await download(mock);
      return headers['content-type'] === 'application/json' ? JSON.parse(body.toString()).code : 'video';
    };
    expect([await statusOf(), await statusOf(), await statusOf()]).toEqual(['video', 'video', '0429']);
    nowMs = 59_999;
    expect(await statusOf()).toBe('0429');
    nowMs = 60_000;
    expect(await statusOf()).toBe('video');
  });

  it('sends a Content-Length if asked to', async () => {
    const reply = await download(await started({ contentLength: true }));
    expect(reply.headers['content-length']).toBe(String(sampleFile('faststart').length));
    expect(reply.headers).not.toHaveProperty('transfer-encoding');
  });

  it('writes the body in pieces of the size set', async () => {
    const mock = await started({ chunkBytes: 1000, bytesPerSecond: 100_000_000 });
    expect((await download(mock)).body.equals(sampleFile('faststart'))).toBe(true);
  });

  it('speaks https', async () => {
    const mock = await started({ tls: selfSigned() });
    expect(mock.baseUrl).toMatch(/^https:\/\/127\.0\.0\.1:\d+\/serve\/api\/v1$/);
    expect((await download(mock)).body.equals(sampleFile('faststart'))).toBe(true);
    expect(mock.baseUrl.startsWith(mock.requests[0]?.origin ?? '?')).toBe(true);
  });

  it('stops reading a video when the client has left', async () => {
    let finished = () => {};
    const readingStopped = new Promise<void>((resolve) => {
      finished = resolve;
    });
    const endless: StoredVideo = {
      videoNo: 'VI123456789012345678',
      uniqueId: 'default',
      name: 'endless',
      sizeBytes: Number.MAX_SAFE_INTEGER,
      durationSeconds: 0,
      status: 'PARSE',
      createTimeMs: 0,
      async *read() {
        try {
          for (;;) yield Buffer.alloc(65_536);
        } finally {
          finished();
        }
      },
    };
    const leaving = new AbortController();
    const mock = await started({ videos: [endless] });
    const reply = await download(mock, endless.videoNo, {
      signal: leaving.signal,
      onBytes: (bytes) => void (bytes > 1_000_000 && leaving.abort()),
    });
    expect(reply.broken).toBe('ABORT_ERR');
    await readingStopped;
  });

  it('writes no more than the client reads', async () => {
    const videos = generatedLibrary({ count: 1, sizeBytes: 200_000_000 });
    const mock = await started({ videos });
    const body = JSON.stringify({ video_no: videos.at('default', 0)?.videoNo });
    const { port } = new URL(mock.baseUrl);
    await new Promise<void>((resolve) => {
      const socket = connect(Number(port), '127.0.0.1', () => {
        socket.write(
          `POST /serve/api/v1/download HTTP/1.1\r\nHost: ${new URL(mock.baseUrl).host}\r\nAuthorization: ${mock.key}\r\nContent-Length: ${body.length}\r\n\r\n${body}`,
        );
      });
      // Reads one piece, then nothing more, and keeps the connection open.
      socket.once('data', () => {
        socket.pause();
        resolve();
      });
      socket.on('error', () => {});
    });
    // Turns of the event loop in which the mock could be sending.
    for (let round = 0; round < 2000; round += 1) await new Promise((resolve) => setImmediate(resolve));
    expect(mock.requests[0]?.bytesSent).toBeLessThan(30_000_000);
  });
});
