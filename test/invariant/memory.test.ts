import { createHash } from 'node:crypto';
import { createReadStream, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { afterAll, expect, it } from 'vitest';
import { run } from '../../src/cli.ts';
import { type Clock, systemClock } from '../../src/host.ts';
import type { StoredVideo } from '../../src/mock/library.ts';
import type { Mock } from '../../src/mock/server.ts';
import { type FakeHost, fakeHost } from '../helpers/fake-host.ts';
import { generatedLibrary } from '../helpers/generated.ts';
import { moment } from '../helpers/moment.ts';
import { tempDir } from '../helpers/temp-dir.ts';
import { downloadsOf, envFor, withMock } from '../helpers/with-mock.ts';

// This file must never import nock, which disables back-pressure for every socket of its process.

const VIDEO_BYTES = 64 * 1024 * 1024;
/** The most that sockets and transfer together can buffer: on any system, far less than the video. */
const MOST_HELD_BYTES = 24 * 1024 * 1024;

const library = generatedLibrary({ count: 2, sizeBytes: VIDEO_BYTES });
const [SLOW, QUICK] = [library.at('default', 0), library.at('default', 1)] as [StoredVideo, StoredVideo];
const measured: string[] = [];

/** How many bytes of a video the server has sent. */
function sentOf(mock: Mock, { videoNo }: StoredVideo): number {
  const requests = downloadsOf(mock).filter(
    ({ json }) => (json as { video_no: string }).video_no === videoNo,
  );
  return requests.reduce((sum, { bytesSent }) => sum + bytesSent, 0);
}

async function sha256Of(bytes: AsyncIterable<Uint8Array>): Promise<string> {
  const hash = createHash('sha256');
  await pipeline(bytes, hash);
  return hash.digest('hex');
}

/** Downloads the other video, so that the slow one has had enough time to read too far ahead. */
async function downloadAnother(mock: Mock): Promise<void> {
  const folder = tempDir();
  const host = fakeHost({ cwd: folder, env: envFor(mock) });
  expect(await run(['download', QUICK.videoNo, '-q'], host)).toBe(0);
  expect(sentOf(mock, QUICK)).toBe(VIDEO_BYTES);
}

/** A run whose standard output blocks at its first bytes until `release` is called. */
function slowReader(
  mock: Mock,
  clock: Clock = systemClock,
): {
  host: FakeHost;
  reached: Promise<void>;
  release: () => void;
  sha256: () => string;
} {
  const reached = moment();
  const released = moment();
  const hash = createHash('sha256');
  const host = fakeHost({
    cwd: tempDir(),
    env: envFor(mock),
    clock,
    async writeOut(chunks) {
      reached.now();
      await released.happened;
      for (const chunk of chunks) hash.update(chunk);
    },
  });
  return { host, reached: reached.happened, release: released.now, sha256: () => hash.digest('hex') };
}

/** The real clock, which can also skip an hour, so that every pending timeout fires. */
function clockOfHours(): { clock: Clock; hourPasses: () => void } {
  let aheadMs = 0;
  const timeOuts = new Set<() => void>();
  const clock: Clock = {
    nowMs: () => systemClock.nowMs() + aheadMs,
    ticksMs: () => systemClock.ticksMs() + aheadMs,
    uptimeMs: () => systemClock.uptimeMs() + aheadMs,
    after(_delayMs, callback) {
      timeOuts.add(callback);
      return () => timeOuts.delete(callback);
    },
  };
  const hourPasses = (): void => {
    aheadMs += 3_600_000;
    for (const ring of [...timeOuts]) {
      timeOuts.delete(ring);
      ring();
    }
  };
  return { clock, hourPasses };
}

it('reads no faster from the server than a slow reader does, and does not report that as a stall', async () => {
  const mock = await withMock({ videos: library });
  const { clock, hourPasses } = clockOfHours();
  const { host, reached, release, sha256 } = slowReader(mock, clock);
  const ended = run(['download', SLOW.videoNo, '-o', '-', '-q', '--retries', '0'], host);
  await reached;
  await downloadAnother(mock);
  const heldBytes = sentOf(mock, SLOW);
  measured.push(`${heldBytes} of ${VIDEO_BYTES} bytes`);
  expect(heldBytes).toBeLessThan(MOST_HELD_BYTES);
  hourPasses();
  hourPasses();
  release();
  expect(await ended).toBe(0);
  expect(sha256()).toBe(await sha256Of(SLOW.read(0, VIDEO_BYTES)));
});

it('closes the connection when a signal arrives while nobody reads', async () => {
  const mock = await withMock({ videos: library });
  const { host, reached } = slowReader(mock);
  const ended = run(['download', SLOW.videoNo, '-o', '-', '-q'], host);
  await reached;
  host.send('SIGTERM');
  expect(await ended).toBe(143);
  expect(sentOf(mock, SLOW)).toBeLessThan(MOST_HELD_BYTES);
});

it('writes a large file correctly, and leaves no temporary file behind', async () => {
  const mock = await withMock({ videos: library, faults: 'drop@-1x1' });
  const folder = tempDir();
  const host = fakeHost({ cwd: folder, env: envFor(mock) });
  expect(await run(['download', SLOW.videoNo, '--checksum', '--json'], host)).toBe(0);
  const name = `${SLOW.videoNo}.mp4`;
  expect(readdirSync(folder).filter((each) => each !== '.config-mavi')).toEqual([name]);
  const truth = await sha256Of(SLOW.read(0, VIDEO_BYTES));
  expect(await sha256Of(createReadStream(join(folder, name)))).toBe(truth);
  expect(JSON.parse(host.output().toString())).toMatchObject({ sha256: truth, bytes: VIDEO_BYTES });
});

afterAll(() => {
  process.stdout.write(`invariant: sent to a reader that does not read: ${measured.join(', ')}\n`);
});
