import { connect } from 'node:net';
import { gunzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import type { Mock } from '../../src/mock/server.ts';
import { download, started } from './client.ts';
import { SAMPLE_VIDEO_NOS, sampleFile } from './sample-files.ts';
import { selfSigned } from './self-signed.ts';

const SAMPLE = sampleFile('faststart');
const HALF = Math.floor(SAMPLE.length / 2);

describe('a fault that breaks the transfer', () => {
  it.each([
    ['drop', HALF],
    ['drop@1000', 1000],
    ['drop@0', 0],
    ['drop@-1', SAMPLE.length - 1],
    ['hangup', HALF],
    ['hangup@1000', 1000],
    ['hangup@7', 7],
    ['hangup@0', 0],
    ['short-body@1000', 1000],
  ])('%s sends %i bytes, and the client sees that the transfer was cut', async (text, bytes) => {
    const mock = await started({ faults: text });
    const reply = await download(mock);
    expect(reply).toMatchObject({ status: 200, broken: 'ECONNRESET' });
    expect(reply.body.equals(SAMPLE.subarray(0, bytes))).toBe(true);
    expect(mock.requests[0]).toMatchObject({ bytesSent: bytes, fault: text });
  });

  it.each(['drop@1000', 'hangup@1000', 'short-body@1000'])('%s also works over https', async (text) => {
    const reply = await download(await started({ faults: text, tls: selfSigned() }));
    expect(reply).toMatchObject({ status: 200, broken: 'ECONNRESET' });
    expect(reply.body.equals(SAMPLE.subarray(0, 1000))).toBe(true);
  });

  it.each(['drop@1000', 'hangup@1000'])('%s also works with a Content-Length', async (text) => {
    const reply = await download(await started({ faults: text, contentLength: true }));
    expect(reply).toMatchObject({
      broken: 'ECONNRESET',
      headers: { 'content-length': String(SAMPLE.length) },
    });
    expect(reply.body).toHaveLength(1000);
  });

  it('drop resets the connection, hangup closes it in the middle of a chunk', async () => {
    const dropped = await rawDownload(await started({ faults: 'drop@1000' }));
    expect(dropped.ended).toBe('ECONNRESET');
    const hungUp = await rawDownload(await started({ faults: 'hangup@1000' }));
    expect(hungUp.ended).toBe('end');
    expect(hungUp.text).toContain('\r\n1000\r\n');
    expect(hungUp.text).not.toContain('\r\n0\r\n\r\n');
  });

  it.each([
    ['stall@1000', 1000],
    ['stall', HALF],
  ])('%s sends %i bytes and keeps the connection open', async (text, bytes) => {
    const mock = await started({ faults: text });
    // Only closing the mock ends this response.
    const reply = await download(mock, undefined, {
      onBytes: (received) => void (received === bytes && mock.close()),
    });
    expect(reply).toMatchObject({ status: 200, broken: 'ECONNRESET' });
    expect(reply.body.equals(SAMPLE.subarray(0, bytes))).toBe(true);
  });

  it('silent never responds, no-answer closes the connection immediately', async () => {
    const silent = await started({
      faults: 'silent',
      onRequest: () => void setImmediate(() => silent.close()),
    });
    expect(await download(silent)).toMatchObject({ status: 0, broken: 'ECONNRESET' });
    expect(silent.requests[0]).toMatchObject({ fault: 'silent', bytesSent: 0 });
    expect(await download(await started({ faults: 'no-answer' }))).toMatchObject({
      status: 0,
      broken: 'ECONNRESET',
    });
  });

  it('bad-http and headers-too-large are rejected by an HTTP parser', async () => {
    const bad = await download(await started({ faults: 'bad-http' }));
    expect(bad).toMatchObject({ status: 0, broken: expect.stringMatching(/^HPE_/) });
    const large = await download(await started({ faults: 'headers-too-large' }));
    expect(large).toMatchObject({ status: 0, broken: 'HPE_HEADER_OVERFLOW' });
  });
});

describe('a fault that frames the transfer differently', () => {
  it.each([
    ['truncate', HALF],
    ['truncate@1000', 1000],
    ['truncate@0', 0],
    ['close-delimited-cut', HALF],
  ])('%s ends cleanly after %i bytes', async (text, bytes) => {
    const reply = await download(await started({ faults: text, contentLength: true }));
    expect(reply).toMatchObject({ status: 200, broken: undefined });
    expect(reply.headers).not.toHaveProperty('content-length');
    expect(reply.body.equals(SAMPLE.subarray(0, bytes))).toBe(true);
  });

  it.each(['trickle=5000', 'content-length', 'close-delimited'])(
    '%s sends the complete video',
    async (text) => {
      const reply = await download(await started({ faults: text }));
      expect(reply).toMatchObject({ status: 200, broken: undefined });
      expect(reply.body.equals(SAMPLE)).toBe(true);
    },
  );

  it('trickle sends pieces of the size asked for', async () => {
    const { text } = await rawDownload(await started({ faults: 'trickle=10000' }));
    expect(text.match(/\r\n2710\r\n/g)).toHaveLength(12);
  });

  it('content-length and short-body announce the full length, long-body less', async () => {
    const lengthOf = async (faults: string) =>
      (await download(await started({ faults }))).headers['content-length'];
    expect(await lengthOf('content-length')).toBe(String(SAMPLE.length));
    expect(await lengthOf('short-body@1000')).toBe(String(SAMPLE.length));
    expect(await lengthOf('long-body@1000')).toBe('1000');
  });

  it('long-body sends more than it announces', async () => {
    const { text, ended } = await rawDownload(await started({ faults: 'long-body@1000' }));
    expect(text.slice(text.indexOf('\r\n\r\n') + 4)).toBe(SAMPLE.toString('latin1'));
    expect(ended).toBe('end');
  });

  it('close-delimited has neither length nor chunks', async () => {
    const { text, ended } = await rawDownload(
      await started({ faults: 'close-delimited', contentLength: true }),
    );
    const head = text.slice(0, text.indexOf('\r\n\r\n'));
    expect(head).toMatch(/connection: close/i);
    expect(head).not.toMatch(/content-length|transfer-encoding/i);
    expect(text.slice(head.length + 4)).toBe(SAMPLE.toString('latin1'));
    expect(ended).toBe('end');
  });

  it('gzip sends the complete video gzipped', async () => {
    const reply = await download(await started({ faults: 'gzip', contentLength: true }));
    expect(reply.headers['content-encoding']).toBe('gzip');
    expect(reply.headers).not.toHaveProperty('content-length');
    expect(gunzipSync(reply.body).equals(SAMPLE)).toBe(true);
  });
});

/** The bytes on the wire, before HTTP parsing. */
function rawDownload(mock: Mock): Promise<{ text: string; ended: string }> {
  const { port } = new URL(mock.baseUrl);
  const body = JSON.stringify({ video_no: SAMPLE_VIDEO_NOS.faststart });
  const head = [
    'POST /serve/api/v1/download HTTP/1.1',
    `Host: localhost:${port}`,
    `Authorization: ${mock.key}`,
    `Content-Length: ${body.length}`,
    'Connection: close',
  ];
  return new Promise((resolve) => {
    let text = '';
    const socket = connect(Number(port), '127.0.0.1', () =>
      socket.write(`${head.join('\r\n')}\r\n\r\n${body}`),
    );
    socket.setEncoding('latin1');
    socket.on('data', (piece) => {
      text += piece;
    });
    socket.on('end', () => resolve({ text, ended: 'end' }));
    socket.on('error', (error: NodeJS.ErrnoException) => resolve({ text, ended: error.code ?? 'error' }));
  });
}
