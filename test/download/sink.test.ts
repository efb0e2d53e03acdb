import { execFileSync } from 'node:child_process';
import { constants, createReadStream, existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { buffer } from 'node:stream/consumers';
import { describe, expect, it, onTestFinished } from 'vitest';
import { closesAfter } from '../helpers/fake-host.ts';
import { appears, moment } from '../helpers/moment.ts';
import { namesIn } from '../helpers/temp-dir.ts';
import { placeToDownload } from './downloads.ts';

const isPosix = process.platform !== 'win32';

describe('a file that appears while the video is downloaded', () => {
  it('is not replaced', async () => {
    const here = await placeToDownload({
      onRequest: () => writeFileSync(here.path('v.mp4'), 'somebody else'),
    });
    const { code, record } = await here.download(['-o', 'v.mp4']);
    expect(code).toBe(7);
    expect(record.error).toMatchObject({ code: 'exists', hint: expect.stringContaining('--force') });
    expect(readFileSync(here.path('v.mp4'), 'utf8')).toBe('somebody else');
    expect(namesIn(here.folder)).toEqual(['v.mp4']);
  });

  it('is replaced with --force', async () => {
    const here = await placeToDownload({
      onRequest: () => writeFileSync(here.path('v.mp4'), 'somebody else'),
    });
    expect((await here.download(['-o', 'v.mp4', '--force'])).code).toBe(0);
    expect(readFileSync(here.path('v.mp4')).equals(here.bytes)).toBe(true);
    expect(namesIn(here.folder)).toEqual(['v.mp4']);
  });

  it('is kept although a file existed before, with --skip-existing', async () => {
    const here = await placeToDownload({
      onRequest: () => writeFileSync(here.path('v.mp4'), 'somebody else'),
    });
    expect((await here.download(['-o', 'v.mp4', '--skip-existing'])).code).toBe(7);
    expect(readFileSync(here.path('v.mp4'), 'utf8')).toBe('somebody else');
  });
});

describe('two simultaneous downloads to one target', () => {
  /** The mock responds to both requests only when both have come. */
  async function both(flags: readonly string[]) {
    const met = moment();
    const here = await placeToDownload({
      async onRequest({ order }) {
        if (order === 2) met.now();
        await met.happened;
      },
    });
    const args = ['-o', 'v.mp4', ...flags];
    const ended = await Promise.all([here.download(args, { pid: 4711 }), here.download(args, { pid: 4712 })]);
    expect(readFileSync(here.path('v.mp4')).equals(here.bytes)).toBe(true);
    expect(namesIn(here.folder)).toEqual(['v.mp4']);
    return ended.map(({ code }) => code).sort();
  }

  it('let one of them succeed', async () => {
    expect(await both([])).toEqual([0, 7]);
  });

  it('leave the complete file of the last one with --force', async () => {
    expect(await both(['--force'])).toEqual([0, 0]);
  });
});

describe('a temporary file', () => {
  it('is created next to the target, and only once the response is known to be a video', async () => {
    const here = await placeToDownload({ faults: 'stall@100' });
    const ended = here.download(['-o', 'v.mp4', '--retries', '0', '--timeout', '0.3']);
    expect(await appears(here.folder, /part$/)).toMatch(/^v\.mp4\.mavi-[0-9a-f-]{1,48}-[0-9a-f]{8}\.part$/);
    expect((await ended).code).toBe(6);
    expect(namesIn(here.folder)).toEqual([]);
  });

  it.runIf(isPosix)('that was removed ends the download with exit 7', async () => {
    const here = await placeToDownload({ faults: 'hangup@9000x1', onRequest: takeAway });
    async function takeAway({ order }: { order: number }): Promise<void> {
      if (order === 2) rmSync(here.path(await appears(here.folder, /part$/)));
    }
    const { code } = await here.download(['-o', 'v.mp4']);
    expect(code).toBe(7);
    expect(namesIn(here.folder)).toEqual([]);
  });

  it.each(['SIGINT', 'SIGTERM', 'SIGHUP'] as const)(
    'is removed on %s, and the target is unchanged',
    async (signal) => {
      const here = await placeToDownload({ faults: 'stall@9000' });
      writeFileSync(here.path('v.mp4'), 'mine');
      const part = appears(here.folder, /part$/);
      const ended = here.download(['-o', 'v.mp4', '--force'], { signal: part.then(() => signal) });
      expect((await ended).code).toBe({ SIGINT: 130, SIGTERM: 143, SIGHUP: 129 }[signal]);
      expect(readFileSync(here.path('v.mp4'), 'utf8')).toBe('mine');
      expect(namesIn(here.folder)).toEqual(['v.mp4']);
    },
  );
});

describe.runIf(isPosix)('a device or a FIFO', () => {
  it('is written directly, without a temporary file', async () => {
    const here = await placeToDownload({ faults: 'hangup@9000x1' });
    const { code, record } = await here.download(['-o', '/dev/null']);
    expect(code).toBe(0);
    expect(record).toMatchObject({ file: '/dev/null', bytes: here.bytes.length, attempts: 2 });
    expect(namesIn(here.folder)).toEqual([]);
  });

  it('gets every byte once, even if the transfer breaks', async () => {
    const here = await placeToDownload({ faults: 'hangup@9000x1' });
    execFileSync('mkfifo', [here.path('pipe')]);
    const read = buffer(createReadStream(here.path('pipe')));
    expect((await here.download(['-o', 'pipe'])).code).toBe(0);
    expect((await read).equals(here.bytes)).toBe(true);
    expect(namesIn(here.folder)).toEqual(['pipe']);
  });

  it('whose reader leaves ends the download quietly with 141', async () => {
    const here = await placeToDownload({ faults: 'trickle=1000' });
    execFileSync('mkfifo', [here.path('pipe')]);
    const reader = createReadStream(here.path('pipe'));
    reader.once('data', () => reader.destroy());
    const { code, errors } = await here.download(['-o', 'pipe', '-q']);
    expect(code).toBe(141);
    expect(errors).toBe('');
  });

  it('that nobody reads does not block a signal', async () => {
    const asked = moment();
    const here = await placeToDownload({ onRequest: asked.now });
    execFileSync('mkfifo', [here.path('pipe')]);
    // Opening for reading and writing does not wait, and releases the waiting open when the test is over.
    onTestFinished(async () => {
      const both = await open(here.path('pipe'), constants.O_RDWR);
      await both.close();
    });
    const signal = asked.happened.then(() => 'SIGINT' as const);
    expect((await here.download(['-o', 'pipe'], { signal })).code).toBe(130);
    expect(existsSync(here.path('pipe'))).toBe(true);
  });
});

describe('standard output', () => {
  it('whose reader leaves ends the download quietly with 141, after one request', async () => {
    const here = await placeToDownload();
    const { code, errors } = await here.download(['-o', '-', '-q'], { writeOut: closesAfter(10) });
    expect(code).toBe(141);
    expect(errors).not.toContain('mavi');
    expect(here.mock.requests).toHaveLength(1);
  });

  it('gets nothing before the ftyp box was received', async () => {
    const here = await placeToDownload({ faults: 'truncate@20' });
    const { code, host } = await here.download(['-o', '-']);
    expect(code).toBe(5);
    expect(host.output()).toHaveLength(0);
  });
});
