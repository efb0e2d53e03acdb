import { mkdirSync, readFileSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { StoredVideo } from '../../src/mock/library.ts';
import { namesIn } from '../helpers/temp-dir.ts';
import { bytesOf } from '../helpers/videos.ts';
import { madeVideos, videosNamed } from '../library/stored-video.ts';
import { Place, sorted } from './place.ts';

/** A folder into which everything was synced. */
async function synced(videos: number | readonly StoredVideo[]): Promise<Place> {
  const place = await Place.of(videos);
  expect((await place.sync()).code).toBe(0);
  place.fetched();
  return place;
}

/** Videos of different sizes. */
function sized(count: number): StoredVideo[] {
  return Array.from(
    { length: count },
    (_, index) => madeVideos(count, () => ({ sizeBytes: 1000 + index }))[index] as StoredVideo,
  );
}

describe('a recorded file that was moved or renamed', () => {
  it('is found below the folder by its bytes, recorded again, and not downloaded', async () => {
    const place = await synced(4);
    const [renamed = '', moved = '', gone = ''] = place.ids;
    mkdirSync(place.path('2025/trips'), { recursive: true });
    renameSync(place.path(`${renamed}.mp4`), place.path('Our wedding.MP4'));
    renameSync(place.path(`${moved}.mp4`), place.path('2025/trips/rome'));
    rmSync(place.path(`${gone}.mp4`));
    const dry = await place.sync(['--dry-run']);
    expect(dry.output).toContain(`${gone}    1000 bytes  gone     lib/${gone}.mp4\n1 to download`);
    expect(dry.output).toContain('3 already up to date');
    const { code, errors } = await place.sync();
    expect(code).toBe(0);
    expect(errors).toContain('3 recorded files are gone or changed; looking for moved files');
    expect(errors).toContain('; 1 already up to date; 2 moved or renamed\n');
    expect(place.fetched()).toEqual([gone]);
    const recordedAgain = place.lines().filter(({ status }) => status === 'skipped');
    expect(recordedAgain).toMatchObject([
      { video_no: renamed, file: 'Our wedding.MP4', bytes: 1000, sha256: expect.any(String), error: null },
      { video_no: moved, file: '2025/trips/rome', bytes: 1000 },
    ]);
    expect((await place.sync()).errors).toBe('mavi: nothing to download; 4 already up to date\n');
  });

  it('is printed as a record with --json', async () => {
    const place = await synced(1);
    renameSync(place.path(`${place.ids[0]}.mp4`), place.path('walk.mp4'));
    const { output } = await place.sync(['--json']);
    expect(JSON.parse(output)).toMatchObject({
      status: 'skipped',
      file: 'lib/walk.mp4',
      bytes_received: 0,
      attempts: 0,
    });
  });

  it('is distinguished from another of the same size', async () => {
    const place = await synced(3);
    const [a = '', b = '', c = ''] = place.ids;
    renameSync(place.path(`${a}.mp4`), place.path('a.mp4'));
    renameSync(place.path(`${b}.mp4`), place.path('b.mp4'));
    writeFileSync(place.path(`c.mp4`), Buffer.alloc(1000));
    rmSync(place.path(`${c}.mp4`));
    expect((await place.sync()).code).toBe(0);
    expect(place.fetched()).toEqual([c]);
    await place.expectWhole(a, 'a.mp4');
    await place.expectWhole(b, 'b.mp4');
  });

  it('is found even if another file has its name now, as after a swap', async () => {
    const place = await synced(sized(2));
    const [a = '', b = ''] = place.ids;
    renameSync(place.path(`${a}.mp4`), place.path('x'));
    renameSync(place.path(`${b}.mp4`), place.path(`${a}.mp4`));
    renameSync(place.path('x'), place.path(`${b}.mp4`));
    const { code, errors } = await place.sync();
    expect(code).toBe(0);
    expect(errors).toContain('2 moved or renamed');
    expect(place.fetched()).toEqual([]);
    expect((await place.sync()).errors).toContain('2 already up to date');
  });

  it('is not taken from another video with the same bytes', async () => {
    const [video] = madeVideos(1) as [StoredVideo];
    const place = await synced([video, { ...video, videoNo: 'VI1' }]);
    rmSync(place.path(`${video.videoNo}.mp4`));
    expect((await place.sync()).code).toBe(0);
    expect(place.fetched()).toEqual([video.videoNo]);
    renameSync(place.path('VI1.mp4'), place.path('copy.mp4'));
    rmSync(place.path(`${video.videoNo}.mp4`));
    await place.sync();
    expect(place.fetched()).toHaveLength(1);
    expect((await place.sync()).errors).toContain('2 already up to date');
  });

  it('is not searched for behind links or outside the folder', async () => {
    const place = await synced(2);
    const [a = '', b = ''] = place.ids;
    mkdirSync(join(place.cwd, 'outside'));
    renameSync(place.path(`${a}.mp4`), join(place.cwd, 'outside', 'a.mp4'));
    symlinkSync('../outside', place.path('link'));
    symlinkSync('../outside/a.mp4', place.path('a.mp4'));
    renameSync(place.path(`${b}.mp4`), place.path('.b.part'));
    expect((await place.sync()).code).toBe(0);
    expect(place.fetched()).toEqual(sorted([a, b]));
  });

  it('is not searched for if its video is no longer in the library', async () => {
    const place = await synced(2);
    rmSync(place.path(`${place.ids[0]}.mp4`));
    place.videos.shift();
    expect((await place.sync()).errors).toBe('mavi: nothing to download; 1 already up to date\n');
  });

  it('stays gone with --skip-recorded', async () => {
    const place = await synced(3);
    const [gone = '', changed = ''] = place.ids;
    rmSync(place.path(`${gone}.mp4`));
    writeFileSync(place.path(`${changed}.mp4`), 'mine');
    const { code, errors } = await place.sync(['--skip-recorded']);
    expect(code).toBe(7);
    expect(errors).toContain(`lib/${changed}.mp4 has changed since`);
    expect(errors).toContain('; 2 already up to date');
    expect(place.fetched()).toEqual([]);
  });
});

describe('a record that leads out of the folder', () => {
  const outside: [string, (place: Place) => string][] = [
    ['by ..', () => '../lib.mp4'],
    ['by an absolute path', (place) => join(place.cwd, 'lib.mp4')],
    ['by .. within', () => 'x/../../lib.mp4'],
    ['by a link', () => 'link/lib.mp4'],
  ];
  it.each(outside)(
    '%s does not count: nothing is written there, with --force neither',
    async (_title, file) => {
      const place = await Place.of(1);
      mkdirSync(place.folder);
      symlinkSync('..', place.path('link'));
      writeFileSync(join(place.cwd, 'lib.mp4'), 'mine');
      const [id = ''] = place.ids;
      const record = { video_no: id, status: 'downloaded', file: file(place), bytes: 1000, sha256: 'ab' };
      writeFileSync(place.manifestPath, `${JSON.stringify(record)}\n`);
      expect((await place.sync(['--force'])).code).toBe(0);
      expect(readFileSync(join(place.cwd, 'lib.mp4'), 'utf8')).toBe('mine');
      await place.expectWhole(id);
      expect(namesIn(place.cwd)).toEqual(['lib', 'lib.mp4']);
    },
  );

  it('is not a name that only begins with dots: that name is used', async () => {
    const place = await Place.of(1);
    mkdirSync(place.folder);
    writeFileSync(join(place.cwd, 'lib.mp4'), 'mine');
    const [id = ''] = place.ids;
    const record = { video_no: id, status: 'downloaded', file: '..mp4', bytes: 1000, sha256: 'ab' };
    writeFileSync(place.manifestPath, `${JSON.stringify(record)}\n`);
    expect((await place.sync()).code).toBe(0);
    expect(readFileSync(join(place.cwd, 'lib.mp4'), 'utf8')).toBe('mine');
    await place.expectWhole(id, '..mp4');
    expect((await place.sync()).errors).toContain('1 already up to date');
  });
});

describe('--name-template with subfolders', () => {
  it('creates them, and finds its files in them again', async () => {
    const place = await Place.of(videosNamed(['walk', '../../up', 'walk']));
    const args = ['--name-template', '{tag}/{video_name}'];
    expect((await place.sync(args)).code).toBe(0);
    expect(namesIn(place.cwd)).toEqual(['lib']);
    expect(namesIn(place.path('untagged'))).toEqual(
      sorted(['__.._up.mp4', 'walk.mp4', `walk ${place.ids[0]}.mp4`]),
    );
    for (const line of place.lines()) await place.expectWhole(line.video_no, line.file);
    expect((await place.sync(args)).errors).toBe('mavi: nothing to download; 3 already up to date\n');
  });

  it('does not write through a link in place of a subfolder', async () => {
    const place = await Place.of(videosNamed(['walk']));
    mkdirSync(place.folder);
    mkdirSync(join(place.cwd, 'outside'));
    symlinkSync('../outside', place.path('2025-10-01'));
    const { code, errors } = await place.sync(['--name-template', '{create_date}/{video_name}']);
    expect(code).toBe(7);
    expect(errors).toContain('lib/2025-10-01 is a link');
    expect(namesIn(join(place.cwd, 'outside'))).toEqual([]);
    expect(place.fetched()).toEqual([]);
  });

  it('reports once that it changed, and not for files that the user renamed', async () => {
    const place = await synced(3);
    const [id = ''] = place.ids;
    renameSync(place.path(`${id}.mp4`), place.path('mine.mp4'));
    await place.sync();
    const { code, errors } = await place.sync(['--name-template', '{video_name}']);
    expect(code).toBe(0);
    expect(errors).toBe(
      'mavi: 2 recorded files keep their names; --name-template applies to new files only\n' +
        'mavi: nothing to download; 3 already up to date\n',
    );
    expect((await place.sync()).errors).toBe('mavi: nothing to download; 3 already up to date\n');
  });
});

it('an unrelated file in the way is left untouched, even with --force', async () => {
  const place = await Place.of(2);
  const [taken = ''] = place.ids;
  mkdirSync(place.folder);
  writeFileSync(place.path(`${taken}.mp4`), 'my own notes');
  expect((await place.sync(['--force'])).code).toBe(7);
  expect(readFileSync(place.path(`${taken}.mp4`), 'utf8')).toBe('my own notes');
  await place.expectWhole(place.ids[1] ?? '');
  expect((await bytesOf(place.videos[0] as StoredVideo)).length).toBe(1000);
});
