import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { libraryOf, type StoredVideo, sampleLibrary, videosFromFolder } from '../../src/mock/library.ts';
import { generatedLibrary } from '../helpers/generated.ts';
import { boxTypes, SAMPLE_VIDEO_NOS, sampleFile } from './sample-files.ts';

async function bytesOf(video: StoredVideo | undefined, fromByte = 0, toByte = video?.sizeBytes ?? 0) {
  const pieces: Uint8Array[] = [];
  for await (const piece of video?.read(fromByte, toByte) ?? []) pieces.push(piece);
  return Buffer.concat(pieces);
}

describe('the samples', () => {
  it('are one mp4 with the moov first, one with it last, one in fragments', () => {
    expect(boxTypes(sampleFile('faststart'))).toEqual(['ftyp', 'moov', 'free', 'mdat']);
    expect(boxTypes(sampleFile('moov-last'))).toEqual(['ftyp', 'free', 'mdat', 'moov']);
    const fragments = boxTypes(sampleFile('fragmented'));
    expect(fragments.slice(0, 2)).toEqual(['ftyp', 'moov']);
    expect(fragments.filter((type) => type === 'moof').length).toBeGreaterThanOrEqual(5);
  });

  it('are three in one scope and one in another', async () => {
    const library = await sampleLibrary();
    expect(library.uniqueIds).toEqual(['default', 'holiday_2025']);
    expect(library.count('default')).toBe(3);
    expect(library.find('holiday_2025', SAMPLE_VIDEO_NOS.holiday)).toBeDefined();
    expect(library.find('default', SAMPLE_VIDEO_NOS.holiday)).toBeUndefined();
  });

  it('can be read in parts', async () => {
    const video = (await sampleLibrary()).find('default', SAMPLE_VIDEO_NOS.fragmented);
    const file = sampleFile('fragmented');
    expect(await bytesOf(video, 5, 1005)).toEqual(file.subarray(5, 1005));
    expect(await bytesOf(video, 7, 7)).toHaveLength(0);
  });
});

describe('a generated library', () => {
  it('has the number of videos asked for, each with its own video_no, and finds each again', () => {
    const library = generatedLibrary({ count: 500 });
    const videos = Array.from({ length: 500 }, (_, position) => library.at('default', position));
    expect(new Set(videos.map((video) => video?.videoNo)).size).toBe(500);
    for (const video of videos) {
      expect(video?.videoNo).toMatch(/^VI\d{18}$/);
      expect(library.find('default', video?.videoNo ?? '')?.createTimeMs).toBe(video?.createTimeMs);
    }
    expect(library.at('default', 500)).toBeUndefined();
    expect(library.at('default', -1)).toBeUndefined();
    expect(library.find('default', 'VI600000001000000500')).toBeUndefined();
    expect(library.find('elsewhere', videos[0]?.videoNo ?? '')).toBeUndefined();
  });

  it('costs nothing for its size', () => {
    const library = generatedLibrary({ count: 1_000_000_000 });
    expect(library.at('default', 999_999_999)?.videoNo).toBe('VI600000001000000000');
  });

  it.each([256, 4096, 200_000])('makes complete MP4s of %i bytes, the same each time', async (sizeBytes) => {
    const [one, again] = [
      generatedLibrary({ count: 2, sizeBytes }),
      generatedLibrary({ count: 2, sizeBytes }),
    ];
    const file = await bytesOf(one.at('default', 0));
    expect(file).toHaveLength(sizeBytes);
    expect(boxTypes(file)).toEqual(['ftyp', 'moov', 'mdat']);
    expect((await bytesOf(again.at('default', 0))).equals(file)).toBe(true);
    expect((await bytesOf(one.at('default', 1))).equals(file)).toBe(false);
    const otherSeed = generatedLibrary({ count: 2, sizeBytes, seed: 2 });
    expect((await bytesOf(otherSeed.at('default', 0))).equals(file)).toBe(false);
  });

  it('gives the same bytes in parts as in one piece', async () => {
    const video = generatedLibrary({ count: 1, sizeBytes: 200_000 }).at('default', 0);
    const file = await bytesOf(video);
    for (const [fromByte, toByte] of [
      [0, 1],
      [100, 300],
      [65_000, 66_500],
      [131_071, 199_999],
      [199_999, 200_000],
    ] as const) {
      expect((await bytesOf(video, fromByte, toByte)).equals(file.subarray(fromByte, toByte))).toBe(true);
    }
  });

  it('writes a 64-bit size if a file needs one', async () => {
    const video = generatedLibrary({ count: 1, sizeBytes: 5_000_000_000 }).at('default', 0);
    const head = await bytesOf(video, 0, 256);
    const mdat = head.indexOf('mdat') - 4;
    expect(head.readUInt32BE(mdat)).toBe(1);
    expect(head.readBigUInt64BE(mdat + 8)).toBe(BigInt(5_000_000_000 - mdat));
  });

  it('assigns the statuses in turn', () => {
    const library = generatedLibrary({ count: 4, statuses: ['UNPARSE', 'PARSE'] });
    const statuses = [0, 1, 2, 3].map((position) => library.at('default', position)?.status);
    expect(statuses).toEqual(['UNPARSE', 'PARSE', 'UNPARSE', 'PARSE']);
  });

  it('refuses to make a file too small for its boxes', () => {
    expect(() => generatedLibrary({ count: 1, sizeBytes: 100 })).toThrow(RangeError);
  });
});

describe('a library from a folder', () => {
  it('uses a video_no that is the name of a file, and derives one from any other name', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'mock-'));
    onTestFinished(() => rm(folder, { recursive: true }));
    await writeFile(join(folder, 'VI123456789012345678.mp4'), 'one');
    await writeFile(join(folder, 'VI123456789012345678.mov'), 'two');
    await writeFile(join(folder, 'My film.mkv'), 'three');
    await writeFile(join(folder, '.hidden'), 'four');
    await mkdir(join(folder, 'inner'));

    const library = await videosFromFolder(folder);
    expect(library.count('default')).toBe(3);
    expect(await bytesOf(library.find('default', 'VI123456789012345678'))).toEqual(Buffer.from('two'));
    const videos = [0, 1, 2].map((position) => library.at('default', position));
    const film = videos.find((video) => video?.name === 'My film');
    expect(film).toMatchObject({
      videoNo: expect.stringMatching(/^VI\d{18}$/),
      sizeBytes: 5,
      status: 'PARSE',
    });
    expect(new Set(videos.map((video) => video?.videoNo)).size).toBe(3);

    const again = await videosFromFolder(folder);
    expect(again.uniqueIds).toEqual(['default']);
    expect(again.find('default', film?.videoNo ?? '')?.name).toBe('My film');
  });
});

describe('a library of given videos', () => {
  it('lists the newest first, whatever the order given', () => {
    const video = (videoNo: string, createTimeMs: number): StoredVideo => ({
      videoNo,
      uniqueId: 'default',
      name: videoNo,
      sizeBytes: 0,
      durationSeconds: 0,
      status: 'PARSE',
      createTimeMs,
      async *read() {},
    });
    const library = libraryOf([video('b', 2), video('c', 3), video('a', 1)]);
    expect([0, 1, 2].map((position) => library.at('default', position)?.videoNo)).toEqual(['c', 'b', 'a']);
  });
});
