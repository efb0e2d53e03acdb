import { createHash } from 'node:crypto';
import { lstatSync, readFileSync, truncateSync, writeFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { boxHead } from '../helpers/boxes.ts';
import { makeFifo } from '../helpers/fifo.ts';
import { placeToDownload } from './downloads.ts';

/** A whole video whose media data, of the file's whole rest, has not been written: it is a hole. */
function hollowVideo(whole: Buffer, sizeBytes: number, path: string): void {
  const mediaAt = whole.indexOf('mdat') - 4;
  const head = Buffer.concat([whole.subarray(0, mediaAt), boxHead('mdat', sizeBytes - mediaAt)]);
  writeFileSync(path, head);
  truncateSync(path, sizeBytes);
}

describe('--skip-existing', () => {
  it('records what it keeps, with the SHA-256 if it is asked for', async () => {
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
  ])('keeps a cut video at --verify %s with exit %i', async (level, expected) => {
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
  ])('keeps a file that holds %s at no level, and does not touch it', async (_what, content) => {
    const here = await placeToDownload();
    writeFileSync(here.path('v.mp4'), content);
    for (const level of ['full', 'ftyp', 'none']) {
      const { code, record } = await here.download(['-o', 'v.mp4', '--skip-existing', '--verify', level]);
      expect(code).toBe(7);
      expect(record.error).toMatchObject({ code: 'not_whole', hint: expect.stringContaining('--force') });
    }
    expect(readFileSync(here.path('v.mp4')).equals(content)).toBe(true);
  });

  it('warns where a whole file has another size than the library lists', async () => {
    const here = await placeToDownload();
    writeFileSync(here.path('v.mp4'), Buffer.concat([here.bytes, Buffer.from('\0\0\0\x08free', 'latin1')]));
    const { code, record } = await here.download(['-o', 'v.mp4', '--skip-existing', '--lookup']);
    expect(code).toBe(0);
    expect(record.warnings).toEqual([`20008 bytes came, but the library lists 20000`]);
  });

  it('reads no media data to check a long video', async () => {
    const here = await placeToDownload();
    // No test could wait for so much to be read.
    const sizeBytes = 2 ** 42;
    hollowVideo(here.bytes, sizeBytes, here.path('v.mp4'));
    const { code, record } = await here.download(['-o', 'v.mp4', '--skip-existing']);
    expect(code).toBe(0);
    expect(record).toMatchObject({ status: 'skipped', bytes: sizeBytes });
  });

  it.runIf(process.platform !== 'win32')(
    'does not wait for a FIFO that has the name, and leaves it alone',
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
