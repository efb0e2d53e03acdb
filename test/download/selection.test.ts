import { existsSync, mkdirSync, readFileSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { run } from '../../src/cli.ts';
import type { StoredVideo } from '../../src/mock/library.ts';
import type { Mock } from '../../src/mock/server.ts';
import { fakeHost } from '../helpers/fake-host.ts';
import { namesIn, tempDir } from '../helpers/temp-dir.ts';
import { bytesOf } from '../helpers/videos.ts';
import { downloadsOf, envFor, withMock } from '../helpers/with-mock.ts';
import { listingServer, rows } from '../library/listing-server.ts';
import { madeVideos, videosNamed } from '../library/stored-video.ts';

const NAMES = ['Holiday 1', 'work', 'my HOLIDAY', 'holiday 1'];

/** A library, and a folder to download into. */
class Place {
  readonly cwd = tempDir();
  readonly folder = join(this.cwd, 'videos');
  readonly videos: readonly StoredVideo[];
  readonly mock: Mock;

  private constructor(videos: readonly StoredVideo[], mock: Mock) {
    this.videos = videos;
    this.mock = mock;
  }

  static async of(videos: readonly StoredVideo[] = videosNamed(NAMES)): Promise<Place> {
    return new Place(videos, await withMock({ videos }));
  }

  async mavi(args: readonly string[]): Promise<{ code: number; errors: string; lines: string[] }> {
    const host = fakeHost({ cwd: this.cwd, env: envFor(this.mock) });
    const code = await run(args, host);
    return { code, errors: host.errors(), lines: host.output().toString().split('\n').slice(0, -1) };
  }

  /** The IDs of the requested videos, in the order of the library. */
  fetched(): string[] {
    return downloadsOf(this.mock).map(({ json }) => (json as { video_no: string }).video_no);
  }

  id(index: number): string {
    return this.videos[index]?.videoNo ?? '';
  }

  async expectVideo(index: number, name: string): Promise<void> {
    const bytes = await bytesOf(this.videos[index] as StoredVideo);
    expect(readFileSync(join(this.folder, name)).equals(bytes), name).toBe(true);
  }
}

describe('a download by filters', () => {
  it('downloads everything in the library that matches, and nothing else', async () => {
    const place = await Place.of();
    const { code, errors } = await place.mavi(['download', '--match', 'holiday', '-d', 'videos']);
    expect(code).toBe(0);
    expect(errors).toContain('mavi: 3 videos: 3 downloaded;');
    expect(namesIn(place.folder)).toEqual([0, 2, 3].map((index) => `${place.id(index)}.mp4`).sort());
    for (const index of [0, 2, 3]) await place.expectVideo(index, `${place.id(index)}.mp4`);
    expect(errors).toContain('size matches the library');
  });

  it('reports when nothing matches, and requests no video', async () => {
    const place = await Place.of();
    expect(await place.mavi(['download', '--match', 'nowhere', '-d', 'videos'])).toEqual({
      code: 0,
      errors: 'mavi: no video that is ready matches; nothing to download\n',
      lines: [],
    });
    expect(place.fetched()).toEqual([]);
  });

  it('skips videos that are not ready and reports them, unless a status is given', async () => {
    const statuses = ['PARSE', 'UNPARSE', 'FAILED'] as const;
    const place = await Place.of(madeVideos(3, (index) => ({ status: statuses[index] ?? 'PARSE' })));
    const { errors } = await place.mavi(['download', '--limit', '3', '-d', 'videos']);
    expect(errors).toContain('mavi: 1 video still being indexed; skipped for now\n');
    expect(errors).toContain('mavi: 1 video not ready (status FAILED); skipped for now\n');
    expect(place.fetched()).toEqual([place.id(0)]);
    await place.mavi(['download', '--status', 'failed', '-d', 'videos']);
    expect(place.fetched()).toEqual([place.id(0), place.id(2)]);
  });

  it.each([
    [['VI1', '--match', 'x']],
    [['-a', '-', '--tag', 'x']],
    [['--skip-recorded', 'VI1']],
    [['--name-template', '{video_no}', '-o', 'a.mp4', 'VI1']],
    [['--name-template', '../{video_no}', 'VI1']],
    [['--match', '']],
    [[]],
  ])('%j is refused before any request', async (args) => {
    const place = await Place.of();
    expect((await place.mavi(['download', ...args])).code).toBe(2);
    expect(place.mock.requests).toHaveLength(0);
  });

  it('refuses one name for several videos before any request', async () => {
    const place = await Place.of();
    expect((await place.mavi(['download', '--match', 'holiday', '-o', 'a.mp4'])).code).toBe(2);
    expect(place.fetched()).toEqual([]);
    expect((await place.mavi(['download', '--match', 'work', '-o', 'a.mp4'])).code).toBe(0);
    expect(place.fetched()).toEqual([place.id(1)]);
  });

  it('downloads what was listed and exits with 6 when the listing ended early', async () => {
    const data = ({ page }: { page: number }): unknown => ({
      videos: page === 1 ? rows(2) : [],
      total_count: 9,
    });
    const { env } = await listingServer(data);
    const host = fakeHost({ cwd: tempDir(), env });
    expect(await run(['download', '--match', 'clip', '--dry-run'], host)).toBe(6);
    expect(host.errors()).toBe("mavi: the listing of 'default' ended early: received 2 of 9 videos\n");
    expect(host.output().toString()).toContain('2 to download');
  });
});

describe('--name-template of a download', () => {
  it('gives files readable, distinct names in subfolders', async () => {
    const place = await Place.of();
    const args = ['download', '--match', 'holiday', '-d', 'videos', '--name-template', '{tag}/{video_name}'];
    expect((await place.mavi(args)).code).toBe(0);
    await place.expectVideo(3, 'untagged/holiday 1.mp4');
    await place.expectVideo(0, `untagged/Holiday 1 ${place.id(0)}.mp4`);
    await place.expectVideo(2, 'untagged/my HOLIDAY.mp4');
    expect(namesIn(place.cwd)).toEqual(['videos']);
  });

  it('looks up the named videos, and warns about those that are not listed', async () => {
    const place = await Place.of();
    const args = ['download', place.id(1), 'VI1', '-d', 'videos', '--name-template', '{video_name}'];
    const { code, errors } = await place.mavi(args);
    expect(code).toBe(4);
    expect(errors).toContain('VI1: not listed in the library');
    await place.expectVideo(1, 'work.mp4');
  });

  it('never mistakes a file of another size for the video, with --skip-existing', async () => {
    const place = await Place.of([...madeVideos(1, () => ({ name: 'work', sizeBytes: 2000 }))]);
    mkdirSync(place.folder);
    const other = await bytesOf(madeVideos(1, () => ({ name: 'work' }), 5)[0] as StoredVideo);
    writeFileSync(join(place.folder, 'work.mp4'), other);
    const args = [
      'download',
      place.id(0),
      '-d',
      'videos',
      '--name-template',
      '{video_name}',
      '--skip-existing',
    ];
    const { code, errors } = await place.mavi(args);
    expect(code).toBe(7);
    expect(errors).toContain('videos/work.mp4 already exists');
    expect(readFileSync(join(place.folder, 'work.mp4')).equals(other)).toBe(true);
  });

  it('does not follow a link out of the folder', async () => {
    const place = await Place.of();
    mkdirSync(place.folder);
    mkdirSync(join(place.cwd, 'outside'));
    symlinkSync('../outside', join(place.folder, 'untagged'));
    const args = ['download', place.id(0), '-d', 'videos', '--name-template', '{tag}/{video_no}'];
    const { code, errors } = await place.mavi(args);
    expect(code).toBe(7);
    expect(errors).toContain('videos/untagged is a link');
    expect(namesIn(join(place.cwd, 'outside'))).toEqual([]);
  });
});

describe('--dry-run of a download', () => {
  it('prints what would be downloaded, its size, time and price, and creates nothing', async () => {
    const place = await Place.of();
    mkdirSync(place.folder);
    writeFileSync(join(place.folder, `${place.id(2)}.mp4`), 'x');
    const args = ['download', '--match', 'holiday', '-d', 'videos', '--dry-run', '--rate', '1/s'];
    const { code, lines, errors } = await place.mavi(args);
    expect([code, errors]).toEqual([0, '']);
    expect(lines).toEqual([
      `${place.id(0)}    1000 bytes  new      videos/${place.id(0)}.mp4`,
      `${place.id(2)}    1000 bytes  blocked  videos/${place.id(2)}.mp4`,
      `${place.id(3)}    1000 bytes  new      videos/${place.id(3)}.mp4`,
      '2 to download: 2.0 KiB; 0 already up to date; 1 blocked by other files',
      'least time at the rate limit: 1.0 s',
      'price: less than $0.01 at $0.12 a GB',
    ]);
    expect(namesIn(place.folder)).toEqual([`${place.id(2)}.mp4`]);
    expect((await place.mavi([...args, '--force'])).lines[1]).toContain('changed');
    expect((await place.mavi([...args, '--skip-existing'])).lines.at(-3)).toContain('1 already up to date');
    expect(place.fetched()).toEqual([]);
  });

  it('looks up the named videos, and creates no folder', async () => {
    const place = await Place.of();
    const { code, lines } = await place.mavi([
      'download',
      place.id(0),
      'VI1',
      '-d',
      'new',
      '--dry-run',
      '--json',
    ]);
    expect(code).toBe(0);
    expect(lines.map((line) => JSON.parse(line))).toMatchObject([
      { video_no: place.id(0), bytes: 1000, why: 'new' },
      { video_no: 'VI1', bytes: null, why: 'new' },
      { videos: 2, bytes: 1000, unknown_sizes: 1 },
    ]);
    expect(existsSync(join(place.cwd, 'new'))).toBe(false);
  });
});

describe('the price of a --dry-run', () => {
  it('covers only the videos of known size', async () => {
    const place = await Place.of();
    const priceOf = async (...ids: string[]) =>
      (await place.mavi(['download', ...ids, '--dry-run'])).lines.at(-1);
    expect(await priceOf('VI1', 'VI2')).toBe('price: $0.12 a GB; no size is known');
    expect(await priceOf('VI1', place.id(0))).toBe(
      'price: less than $0.01 at $0.12 a GB, plus the videos of unknown size',
    );
  });
});

describe('--skip-recorded', () => {
  it('skips what the manifest records, whether or not the file exists', async () => {
    const place = await Place.of();
    const args = ['download', '--match', 'holiday', '-d', 'videos', '--manifest', 'm', '--skip-recorded'];
    expect((await place.mavi([...args, '--limit', '2'])).code).toBe(0);
    rmSync(join(place.folder, `${place.id(0)}.mp4`));
    const before = place.fetched();
    const { code, errors } = await place.mavi(args);
    expect(code).toBe(0);
    expect(errors).toContain('; 2 already recorded\n');
    expect(place.fetched().slice(before.length)).toEqual([place.id(3)]);
    expect((await place.mavi(args)).errors).toBe('mavi: nothing to download; 3 already recorded\n');
  });

  it('includes what went to standard output, but not what failed', async () => {
    const place = await Place.of();
    const args = ['--manifest', 'm', '--skip-recorded'];
    expect((await place.mavi(['download', place.id(1), '-o', '-', ...args])).code).toBe(0);
    expect((await place.mavi(['download', 'VI1', '-d', 'videos', ...args])).code).toBe(4);
    const again = await place.mavi(['download', place.id(1), 'VI1', '-d', 'videos', ...args]);
    expect(again.code).toBe(4);
    expect(place.fetched()).toEqual([place.id(1), 'VI1', 'VI1']);
  });
});

describe('--mtime', () => {
  const TAKEN = Date.UTC(2024, 4, 1, 12, 30, 5, 250);
  const [CREATED] = madeVideos(1).map(({ createTimeMs }) => createTimeMs) as [number];

  it.each([
    ['download', ['download', '--limit', '2', '-d', 'videos', '--mtime']],
    ['sync', ['sync', 'videos', '--mtime']],
  ])('sets the time at which a video was taken, or else created: %s', async (_name, args) => {
    const place = await Place.of(madeVideos(2, (index) => (index === 0 ? {} : { takenAtMs: TAKEN })));
    expect((await place.mavi(args)).code).toBe(0);
    const [created, taken] = [0, 1].map(
      (index) => statSync(join(place.folder, `${place.id(index)}.mp4`)).mtimeMs,
    );
    expect([created, taken]).toEqual([CREATED, TAKEN]);
  });

  it('looks up a named video, and leaves the time unchanged if there is none', async () => {
    const place = await Place.of(madeVideos(1, () => ({ createTimeMs: Number.NaN })));
    const before = Date.now() - 5000;
    expect((await place.mavi(['download', place.id(0), '-o', 'a.mp4', '--mtime'])).code).toBe(0);
    expect(statSync(join(place.cwd, 'a.mp4')).mtimeMs).toBeGreaterThan(before);
  });

  it('tolerates times that no file can have', async () => {
    for (const takenAtMs of [-1, 0, 8.64e15, 1e300]) {
      const place = await Place.of(madeVideos(1, () => ({ takenAtMs })));
      expect((await place.mavi(['sync', 'videos', '--mtime'])).code).toBe(0);
      await place.expectVideo(0, `${place.id(0)}.mp4`);
    }
  });
});

describe('the record of a listed video', () => {
  it('has its name, duration and times, in the manifest and with --json', async () => {
    const place = await Place.of(madeVideos(1, () => ({ name: 'a\u001bb', takenAtMs: 1_700_000_000_000 })));
    const { lines } = await place.mavi(['download', '--limit', '1', '--manifest', 'm', '--json']);
    const facts = {
      video_name: 'a\u001bb',
      duration: 10,
      create_time: place.videos[0]?.createTimeMs,
      datetime_taken: 1_700_000_000_000,
    };
    expect(JSON.parse(lines[0] ?? '')).toMatchObject(facts);
    expect(JSON.parse(readFileSync(join(place.cwd, 'm'), 'utf8'))).toMatchObject(facts);
  });
});

describe('a sync of several scopes', () => {
  it('requests each video in its own scope, and once if it is in two', async () => {
    const made = madeVideos(3, (index) => ({ uniqueId: ['default', 'work', 'work'][index] ?? '' }));
    const place = await Place.of([...made, { ...(made[0] as StoredVideo), uniqueId: 'work' }]);
    expect((await place.mavi(['sync', 'videos', '--all-scopes', '-c', '1'])).code).toBe(0);
    const asked = downloadsOf(place.mock).map(({ json }) => json);
    expect(asked).toEqual(made.map(({ videoNo, uniqueId }) => ({ video_no: videoNo, unique_id: uniqueId })));
    const text = readFileSync(join(place.folder, 'mavi-manifest.ndjson'), 'utf8');
    const recorded = text
      .split('\n')
      .slice(0, -1)
      .map((line) => JSON.parse(line));
    expect(recorded.map(({ unique_id }) => unique_id)).toEqual(['default', 'work', 'work']);
    expect((await place.mavi(['sync', 'videos', '-u', 'work'])).errors).toContain('3 already up to date');
  });
});
