import { createHash } from 'node:crypto';
import { lstatSync, readFileSync, truncateSync, writeFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { boxHead } from '../helpers/boxes.ts';
import { makeFifo } from '../helpers/fifo.ts';
import { placeToDownload } from './downloads.ts';

/** Writes a complete video whose media data, the rest of the file, is a hole. */
function hollowVideo(complete: Buffer, sizeBytes: number, path: string): void {
  const mediaAt = complete.indexOf('mdat') - 4;
  const head = Buffer.concat([complete.subarray(0, mediaAt), boxHead('mdat', sizeBytes - mediaAt)]);
  writeFileSync(path, head);
  truncateSync(path, sizeBytes);
}

describe('--skip-existing', () => {
  it('records the files that it keeps, with the SHA-256 if requested', async () => {
    const here = await placeToDownload();
    writeFileSync(here.path('v.mp4'), here.bytes);
    const args = ['-o', 'v.mp4', '--skip-existing', '--checksum'];
    const { code, record } = await here.download(args);
    expect(code).toBe(0);
    expect(record).toMatchObject({
      status: 'skipped',
      bytes: here.bytes.length,
      sha256: createHash('sha256').update(here.bytes).digest('hex'),
      brand: 'isom',
      attempts: 0,
      downloaded_at: null,
    });
    expect(here.mock.requests).toHaveLength(0);
  });

  it.each([
    ['full', 7],
    ['ftyp', 0],
    ['none', 0],
  ])('checks a truncated video at --verify %s: exit %i', async (level, expected) => {
    const here = await placeToDownload();
    writeFileSync(here.path('v.mp4'), here.bytes.subarray(0, -1));
    const { code } = await here.download(['-o', 'v.mp4', '--skip-existing', '--verify', level]);
    expect(code).toBe(expected);
    expect(here.mock.requests).toHaveLength(0);
    expect(readFileSync(here.path('v.mp4'))).toHaveLength(here.bytes.length - 1);
  });

  it.each([
    ['nothing', Buffer.alloc(0)],
    ['JSON', Buffer.from('{"code":"0001"}')],
    ['HTML', Buffer.from('<!doctype html><html></html>')],
  ])('accepts a file that contains %s at no level, and leaves it untouched', async (_what, content) => {
    const here = await placeToDownload();
    writeFileSync(here.path('v.mp4'), content);
    for (const level of ['full', 'ftyp', 'none']) {
      const { code, record } = await here.download(['-o', 'v.mp4', '--skip-existing', '--verify', level]);
      expect(code).toBe(7);
      expect(record.error).toMatchObject({ code: 'not_whole', hint: expect.stringContaining('--force') });
    }
    expect(readFileSync(here.path('v.mp4')).equals(content)).toBe(true);
  });

  it('warns when the size of a complete file differs from the library', async () => {
    const here = await placeToDownload();
    writeFileSync(here.path('v.mp4'), Buffer.concat([here.bytes, Buffer.from('\0\0\0\x08free', 'latin1')]));
    const { code, record } = await here.download(['-o', 'v.mp4', '--skip-existing', '--lookup']);
    expect(code).toBe(0);
    expect(record.warnings).toEqual([`20008 bytes came, but the library lists 20000`]);
  });

  it('reads no media data to check a large video', async () => {
    const here = await placeToDownload();
    // Too much for a test to read.
    const sizeBytes = 2 ** 42;
    hollowVideo(here.bytes, sizeBytes, here.path('v.mp4'));
    const { code, record } = await here.download(['-o', 'v.mp4', '--skip-existing']);
    expect(code).toBe(0);
    expect(record).toMatchObject({ status: 'skipped', bytes: sizeBytes });
  });

  it.runIf(process.platform !== 'win32')(
    'does not wait for a FIFO of that name, and leaves it untouched',
    async () => {
      const here = await placeToDownload();
      makeFifo(here.path(`${here.videoNo}.mp4`));
      const { code, errors } = await here.download(['--skip-existing']);
      expect(code).toBe(7);
      expect(errors).toContain(`${here.videoNo}.mp4: it is not a regular file`);
      expect((await here.download([])).code).toBe(7);
      expect(lstatSync(here.path(`${here.videoNo}.mp4`)).isFIFO()).toBe(true);
      expect((await here.download(['--force'])).code).toBe(0);
      expect(readFileSync(here.path(`${here.videoNo}.mp4`)).equals(here.bytes)).toBe(true);
    },
  );
});
