import { describe, expect, it } from 'vitest';
import { transfer } from '../../src/download/transfer.ts';
import { systemClock } from '../../src/host.ts';
import { moment } from '../helpers/moment.ts';
import { madeUpVideo } from '../helpers/videos.ts';
import { eagerClock } from '../invariant/eager-clock.ts';
import { placeToDownload } from './downloads.ts';

describe('a transfer', () => {
  it('writes received data to a pipe without waiting for more', async () => {
    const here = await placeToDownload({ faults: 'stall@9000' });
    const all = moment();
    let taken = 0;
    const writeOut = async (chunks: readonly Uint8Array[]): Promise<void> => {
      for (const chunk of chunks) taken += chunk.length;
      if (taken === 9000) all.now();
    };
    const signal = all.happened.then(() => 'SIGINT' as const);
    expect((await here.download(['-o', '-'], { writeOut, signal })).code).toBe(130);
    expect(taken).toBe(9000);
  });

  it('makes one write at a time', async () => {
    const here = await placeToDownload({ chunkBytes: 500 }, madeUpVideo(300_000).video);
    const taken: Uint8Array[] = [];
    let atOnce = 0;
    let most = 0;
    const writeOut = async (chunks: readonly Uint8Array[]): Promise<void> => {
      atOnce += 1;
      most = Math.max(most, atOnce);
      await new Promise((resolve) => setImmediate(resolve));
      for (const chunk of chunks) taken.push(Buffer.from(chunk));
      atOnce -= 1;
    };
    expect((await here.download(['-o', '-'], { writeOut })).code).toBe(0);
    expect(most).toBe(1);
    expect(Buffer.concat(taken).equals(here.bytes)).toBe(true);
  });

  it('joins the small chunks that wait for a slow write, for each takes far more memory than its byte', async () => {
    const video = Buffer.from(Array.from({ length: 5000 }, (_, index) => index % 251));
    const written: Uint8Array[] = [];
    const counts: number[] = [];
    const slow = moment();
    let end = (): void => {};
    const body = {
      finished: new Promise<void>((resolve) => {
        end = resolve;
      }),
      use(consumer: (chunk: Uint8Array) => void) {
        for (const byte of video) consumer(Uint8Array.of(byte));
        slow.now();
        end();
      },
      pause: () => {},
      resume: () => {},
    };
    const write = async (chunks: readonly Uint8Array[]): Promise<void> => {
      counts.push(chunks.length);
      written.push(...chunks);
      await slow.happened;
    };
    const into = {
      sink: { write, restart: null },
      check: { push: () => {} },
      unsent: (chunk: Uint8Array) => chunk,
    };
    const context = { host: { clock: systemClock }, throttle: null };
    await transfer(body as never, [], into as never, context as never, () => {});
    expect(Buffer.concat(written).equals(video)).toBe(true);
    expect(Math.max(...counts)).toBeLessThanOrEqual(1000);
  });

  it.each([
    ['v.mp4', '10K', 20],
    ['-', '10K', 20],
    ['v.mp4', '100K', 2],
  ])('of 200 KiB to %s with --limit-rate %s takes %i seconds', async (output, limit, seconds) => {
    const here = await placeToDownload({ chunkBytes: 5000 }, madeUpVideo(204_800).video);
    const clock = eagerClock(() => false);
    const { code, record } = await here.download(['-o', output, '--limit-rate', limit], { clock });
    expect(code).toBe(0);
    expect(record.bytes).toBe(here.bytes.length);
    // There is no pause after the last bytes; a busy machine takes longer.
    expect(record.seconds).toBeGreaterThan(seconds * 0.9);
    expect(record.seconds).toBeLessThan(seconds + 10);
  });
});
