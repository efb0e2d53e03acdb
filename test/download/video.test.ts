import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { run } from '../../src/cli.ts';
import type { StoredVideo } from '../../src/mock/library.ts';
import { OTHER_FORMATS } from '../../src/mock/media.ts';
import { MOCK_KEY } from '../../src/mock/routes.ts';
import { fakeHost } from '../helpers/fake-host.ts';
import { namesIn, tempDir } from '../helpers/temp-dir.ts';
import { knownVideo, madeUpVideo } from '../helpers/videos.ts';
import { envFor, withMock } from '../helpers/with-mock.ts';
import { eagerClock } from '../invariant/eager-clock.ts';
import { videoOfBytes } from '../library/stored-video.ts';
import { sampleFile } from '../mock/sample-files.ts';
import { placeToDownload } from './downloads.ts';

describe('--verify', () => {
  it.each([
    ['truncate', [5, 0, 0]],
    ['close-delimited-cut', [5, 0, 0]],
    ['drop', [6, 6, 6]],
    ['short-body', [6, 6, 6]],
    ['garbage', [5, 5, 0]],
    ['matroska', [5, 5, 0]],
    ['quicktime', [5, 5, 0]],
    ['empty', [5, 5, 5]],
    ['html', [5, 5, 5]],
    ['html-mislabelled', [5, 5, 5]],
    ['mislabelled', [4, 4, 4]],
    ['not-found', [4, 4, 4]],
    ['json-broken', [4, 4, 4]],
    ['json-broken=video/mp4', [4, 4, 4]],
    ['json-endless=application/octet-stream', [4, 4, 4]],
  ])('full, ftyp and none: %s ends with exit %j', async (faults, expected) => {
    const here = await placeToDownload({ faults });
    const codes: number[] = [];
    for (const level of ['full', 'ftyp', 'none']) {
      const { code, record } = await here.download([
        '-o',
        `${level}.mp4`,
        '--verify',
        level,
        '--retries',
        '1',
      ]);
      codes.push(code);
      expect(record.status).toBe(code === 0 ? 'downloaded' : 'failed');
    }
    expect(codes).toEqual(expected);
    const complete = ['full.mp4', 'ftyp.mp4', 'none.mp4'].filter((_name, index) => codes[index] === 0);
    expect(namesIn(here.folder)).toEqual(complete.sort());
  });
});

describe('a response that is not an MP4', () => {
  it.each(['-', 'v.mp4'])('is aborted early: to %s', async (output) => {
    const read: StoredVideo['read'] = async function* (_fromByte, toByte) {
      for (let at = 0; at < toByte; at += 65_536) yield Buffer.alloc(65_536, 0xde);
    };
    const video = { ...madeUpVideo(1000).video, sizeBytes: 1_000_000_000, read };
    const mock = await withMock({ videos: [video] });
    const host = fakeHost({ cwd: tempDir(), env: envFor(mock) });
    expect(await run(['download', video.videoNo, '-o', output], host)).toBe(5);
    expect(host.output()).toHaveLength(0);
    expect(namesIn(host.cwd)).toEqual([]);
    expect(mock.requests).toHaveLength(1);
    // The rest of what was sent was in flight when the connection was closed.
    expect(mock.requests[0]?.bytesSent).toBeLessThan(30_000_000);
  });
});

describe('an opening in chunks of one byte', () => {
  it.each([
    ['JSON', Buffer.from(`[${'1,'.repeat(30_000)}1]`), 4],
    ['a video', sampleFile('faststart').subarray(0, 40_000), 5],
  ])('is examined in linear time: %s', async (_what, bytes, expected) => {
    const here = await placeToDownload({ chunkBytes: 1 }, videoOfBytes(bytes));
    expect((await here.download(['-o', 'v.mp4', '--retries', '0'])).code).toBe(expected);
  });
});

describe('a video that differs when it is fetched again', () => {
  const MATROSKA = OTHER_FORMATS.matroska().subarray(0, 50_000);

  /** Downloads a video that is Matroska until the first attempt has failed, and an MP4 from then on. */
  async function downloadChanging(args: readonly string[], faults: string) {
    const { video, bytes: mp4 } = await knownVideo(MATROSKA.length);
    let bytes = MATROSKA;
    const read: StoredVideo['read'] = async function* (fromByte, toByte) {
      yield bytes.subarray(fromByte, toByte);
    };
    const mock = await withMock({
      videos: [{ ...video, read }],
      faults,
      onRequest({ order }) {
        bytes = order === 1 ? MATROSKA : mp4;
      },
    });
    let rings = 0;
    const clock = eagerClock(() => host.output().length === 20_000 && rings++ === 0);
    const host = fakeHost({ cwd: tempDir(), env: envFor(mock), clock });
    const code = await run(['download', video.videoNo, '--container', 'any', ...args], host);
    return { code, host, mp4, videoNo: video.videoNo };
  }

  it('gets the extension of the second one, and nothing of the first is left', async () => {
    const { code, host, mp4, videoNo } = await downloadChanging([], 'hangup@20000x1');
    expect(code).toBe(0);
    expect(namesIn(host.cwd)).toEqual([`${videoNo}.mp4`]);
    expect(readFileSync(join(host.cwd, `${videoNo}.mp4`)).equals(mp4)).toBe(true);
  });

  it('ends with exit 5 on standard output, which gets nothing of the new one', async () => {
    const { code, host } = await downloadChanging(['-o', '-'], 'stall@20000x1');
    expect(code).toBe(5);
    expect(host.output().equals(MATROSKA.subarray(0, 20_000))).toBe(true);
  });
});

describe('the SHA-256', () => {
  it.each([
    ['in one go', {}],
    ['after a transfer that went on', { faults: 'hangup@9000x1', offerRanges: true }],
    ['after one that began anew', { faults: 'hangup@9000x2' }],
    ['after a clean end that came too early', { faults: 'truncate@9000x1' }],
    ['after bytes that came gzipped', { faults: 'gzip' }],
  ])('is that of the complete video %s', async (_title, options) => {
    const here = await placeToDownload(options);
    const sha256 = createHash('sha256').update(here.bytes).digest('hex');
    for (const output of ['v.mp4', '-']) {
      const { record } = await here.download(['-o', output, '--checksum']);
      expect(record).toMatchObject({ status: 'downloaded', sha256 });
    }
  });
});

describe('a server that sends a part without a range request', () => {
  it('is refused with exit 4, and nothing is written', async () => {
    const server = createServer((request, response) => {
      request.resume();
      response.writeHead(206, {
        'Content-Type': 'application/octet-stream',
        'Content-Range': 'bytes 1000-1999/2000',
        'Accept-Ranges': 'bytes',
        ETag: '"a"',
      });
      response.end(Buffer.alloc(1000));
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    onTestFinished(() => void server.close());
    const { port } = server.address() as AddressInfo;
    const env = { MAVI_BASE_URL: `http://127.0.0.1:${port}`, MAVI_API_KEY: MOCK_KEY, MAVI_RATE: '0' };
    const host = fakeHost({ cwd: tempDir(), env });
    expect(await run(['download', 'VI1', '-o', 'v.mp4'], host)).toBe(4);
    expect(host.errors()).toContain('a partial response that was not requested');
    expect(namesIn(host.cwd)).toEqual([]);
  });
});
