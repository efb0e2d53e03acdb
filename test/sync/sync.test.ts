import { spawnSync } from 'node:child_process';
import {
  appendFileSync,
  existsSync,
  mkdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { basename, join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { run } from '../../src/cli.ts';
import { partialFiles } from '../../src/download/partial-file.ts';
import { processIdentity } from '../../src/liveness.ts';
import type { StoredVideo, VideoStatus } from '../../src/mock/library.ts';
import type { FakeHost } from '../helpers/fake-host.ts';
import { controlCharacter } from '../helpers/leaks.ts';
import { moment } from '../helpers/moment.ts';
import { namesIn } from '../helpers/temp-dir.ts';
import { bytesOf } from '../helpers/videos.ts';
import { envFor, withMock } from '../helpers/with-mock.ts';
import { madeVideos, videoOfBytes, videosNamed } from '../library/stored-video.ts';
import { sampleFile } from '../mock/sample-files.ts';

import { type Line, Place, sha256, sorted } from './place.ts';

describe('mavi sync', () => {
  it('downloads everything the first time, and records each file with its SHA-256', async () => {
    const place = await Place.of(5);
    const { code, errors, output } = await place.sync();
    expect(code).toBe(0);
    expect(output).toBe('');
    expect(errors).toContain('mavi: 5 videos: 5 downloaded;');
    expect(place.names()).toEqual(sorted(place.ids.map((id) => `${id}.mp4`)));
    for (const line of place.lines()) {
      await place.expectWhole(line.video_no);
      expect(line).toMatchObject({
        status: 'downloaded',
        file: `${line.video_no}.mp4`,
        bytes: 1000,
        error: null,
      });
      expect(line.sha256).toBe(sha256(readFileSync(place.path(line.file))));
    }
    expect(sorted(place.lines().map((line) => line.video_no))).toEqual(sorted(place.ids));
  });

  it('requests only the listing the second time', async () => {
    const place = await Place.of(5);
    await place.sync();
    const before = readFileSync(place.manifestPath, 'utf8');
    const requests = place.mock.requests.length;
    const { code, errors } = await place.sync();
    expect(code).toBe(0);
    expect(errors).toBe('mavi: nothing to download; 5 already up to date\n');
    expect(place.mock.requests.slice(requests).map(({ url }) => url)).toEqual(['/serve/api/v1/list_videos']);
    expect(readFileSync(place.manifestPath, 'utf8')).toBe(before);
    expect(await place.sync(['-q'])).toEqual({ code: 0, errors: '', output: '' });
  });

  it('downloads what is new, and keeps what is no longer in the library', async () => {
    const place = await Place.of(3);
    await place.sync();
    const [gone] = place.videos.splice(2, 1);
    place.videos.push(...madeVideos(2, undefined, 7));
    place.fetched();
    expect((await place.sync()).code).toBe(0);
    expect(place.fetched()).toEqual(sorted(place.ids.slice(2)));
    expect(place.names()).toEqual(sorted([...place.ids, gone?.videoNo].map((id) => `${id}.mp4`)));
  });

  it('downloads a missing recorded file again, and replaces a changed one only with --force', async () => {
    const place = await Place.of(5);
    const [gone = '', longer = '', emptied = '', linked = ''] = place.ids;
    await place.sync();
    place.fetched();
    rmSync(place.path(`${gone}.mp4`));
    appendFileSync(place.path(`${longer}.mp4`), 'x');
    writeFileSync(place.path(`${emptied}.mp4`), '');
    writeFileSync(join(place.cwd, 'outside.mp4'), 'mine');
    rmSync(place.path(`${linked}.mp4`));
    symlinkSync('../outside.mp4', place.path(`${linked}.mp4`));
    const first = await place.sync();
    expect(first.code).toBe(7);
    expect(first.errors).toContain(`lib/${longer}.mp4 has changed since it was recorded with 1000 bytes`);
    expect(first.errors).toContain('--force');
    expect(place.lines().filter(({ error }) => error?.code === 'changed')).toHaveLength(3);
    expect(place.fetched()).toEqual([gone]);
    expect(readFileSync(place.path(`${emptied}.mp4`), 'utf8')).toBe('');

    const { code, errors } = await place.sync(['--force']);
    expect(code).toBe(0);
    expect(errors).toContain('3 videos: 3 downloaded');
    expect(errors).toContain('; 2 already up to date');
    expect(place.fetched()).toEqual(sorted([longer, emptied, linked]));
    for (const id of place.ids) await place.expectWhole(id);
    expect(readFileSync(join(place.cwd, 'outside.mp4'), 'utf8')).toBe('mine');
    expect((await place.sync()).errors).toContain('nothing to download; 5 already up to date');
  });

  it('leaves a changed file untouched if the new download fails', async () => {
    const videos = madeVideos(1);
    const place = await Place.of(videos, { faults: 'truncate@1000x1,truncate' });
    await place.sync();
    const path = place.path(`${place.ids[0]}.mp4`);
    writeFileSync(path, 'cut short by hand');
    expect((await place.sync(['--force'])).code).toBe(5);
    expect(readFileSync(path, 'utf8')).toBe('cut short by hand');
    expect(place.names()).toEqual([`${place.ids[0]}.mp4`]);
  });

  it.each([
    ['of another size', () => Buffer.from('my own notes')],
    ['of the right size, but no video', () => Buffer.alloc(1000, 'x')],
  ])('leaves an unrelated file that is %s untouched, and does the rest', async (_title, make) => {
    const place = await Place.of(3);
    const [taken = ''] = place.ids;
    mkdirSync(place.folder);
    writeFileSync(place.path(`${taken}.mp4`), make());
    const { code, errors } = await place.sync();
    expect(code).toBe(7);
    expect(errors).toContain(`${taken}.mp4`);
    expect(errors).toContain('move it away');
    expect(errors).not.toContain('--force');
    expect(readFileSync(place.path(`${taken}.mp4`)).equals(make())).toBe(true);
    expect(place.fetched()).toEqual(sorted(place.ids.slice(1)));
    rmSync(place.path(`${taken}.mp4`));
    expect((await place.sync()).code).toBe(0);
    expect(place.fetched()).toEqual([taken]);
  });

  it('leaves an unrelated file that appears meanwhile untouched, and says what to do about it', async () => {
    const folder = { path: '' };
    const place = await Place.of(1, {
      onRequest({ url }) {
        if (url.endsWith('/download')) writeFileSync(folder.path, 'mine');
      },
    });
    folder.path = place.path(`${place.ids[0]}.mp4`);
    const { code, errors } = await place.sync();
    expect(code).toBe(7);
    expect(errors).toContain('move it away and run the sync again');
    expect(errors).not.toContain('--force');
    expect(readFileSync(folder.path, 'utf8')).toBe('mine');
  });

  it('leaves a folder with the name of a video untouched', async () => {
    const place = await Place.of(1);
    mkdirSync(place.path(`${place.ids[0]}.mp4`), { recursive: true });
    expect((await place.sync()).code).toBe(7);
    expect(place.fetched()).toEqual([]);
    expect(statSync(place.path(`${place.ids[0]}.mp4`)).isDirectory()).toBe(true);
  });

  it('hashes, records and keeps a complete unrecorded file, without a download', async () => {
    const place = await Place.of(3);
    await place.sync();
    place.fetched();
    const [lost, ...kept] = place.lines();
    // As after a kill between the rename and the record.
    writeFileSync(place.manifestPath, kept.map((line) => `${JSON.stringify(line)}\n`).join(''));
    const { code, errors } = await place.sync();
    expect(code).toBe(0);
    expect(place.fetched()).toEqual([]);
    expect(errors).toContain('mavi: 1 video: 1 skipped;');
    expect(place.lines().at(-1)).toMatchObject({
      video_no: lost?.video_no,
      status: 'skipped',
      file: lost?.file,
      bytes: 1000,
      sha256: lost?.sha256,
    });
    expect((await place.sync()).errors).toContain('nothing to download; 3 already up to date');
  });

  it('does not take a file for the video if the library gives no size', async () => {
    const bytes = sampleFile('faststart');
    const place = await Place.of([videoOfBytes(bytes, { sizeBytes: Number.NaN })]);
    mkdirSync(place.folder);
    writeFileSync(place.path(`${place.ids[0]}.mp4`), bytes);
    expect((await place.sync()).code).toBe(7);
    rmSync(place.path(`${place.ids[0]}.mp4`));
    expect((await place.sync()).code).toBe(0);
    expect((await place.sync()).errors).toContain('1 already up to date');
  });

  it('tolerates a torn last line, and begins the next record on a line of its own', async () => {
    const place = await Place.of(3);
    await place.sync();
    place.fetched();
    const text = readFileSync(place.manifestPath, 'utf8');
    const torn = text.slice(0, -100);
    writeFileSync(place.manifestPath, torn);
    expect((await place.sync()).code).toBe(0);
    expect(place.fetched()).toEqual([]);
    const lines = readFileSync(place.manifestPath, 'utf8').split('\n');
    expect(lines.slice(0, 3).join('\n')).toBe(torn);
    expect(JSON.parse(lines[3] ?? '')).toMatchObject({ status: 'skipped' });
    expect(lines).toHaveLength(5);
    expect((await place.sync()).errors).toContain('3 already up to date');
  });

  it('downloads a video again if its record names an impossible file', async () => {
    const place = await Place.of(1);
    await place.sync();
    const records = readFileSync(place.manifestPath, 'utf8');
    writeFileSync(place.manifestPath, records.replace('"file":"', '"file":"\\u0000'));
    rmSync(place.path(`${place.ids[0]}.mp4`));
    expect((await place.sync()).code).toBe(0);
    await place.expectWhole(place.ids[0] ?? '');
  });

  it('says which videos are not ready, and skips them', async () => {
    const statuses = [
      'PARSE',
      'UNPARSE',
      'FAILED',
      'UNPARSE',
      'PARSE_ERROR',
      'NEW\u001b[2JWORD',
      '',
    ] as VideoStatus[];
    const place = await Place.of(madeVideos(7, (index) => ({ status: statuses[index] ?? 'PARSE' })));
    const { code, errors } = await place.sync();
    expect(code).toBe(0);
    expect(place.fetched()).toEqual([place.ids[0]]);
    for (const words of [
      '2 videos still being indexed; skipped for now',
      '1 video not ready (status FAILED)',
      '1 video not ready (status PARSE_ERROR)',
      '1 video not ready (status NEW[2JWORD)',
      '1 video not ready (status missing)',
    ]) {
      expect(errors).toContain(`mavi: ${words}`);
    }
    expect(controlCharacter(errors)).toBeNull();
    place.videos.splice(1, 1, { ...(place.videos[1] as StoredVideo), status: 'PARSE' });
    expect((await place.sync()).code).toBe(0);
    expect(place.fetched()).toEqual([place.ids[1]]);
  });

  it('leaves out rows with an invalid video_no, and says so', async () => {
    const ids = ['../../evil', 'VI\u001b[31m', '', '--manifest=.bashrc'];
    const [good, ...bad] = madeVideos(5) as [StoredVideo, ...StoredVideo[]];
    const place = await Place.of([
      good,
      ...bad.map((video, index) => ({ ...video, videoNo: ids[index] ?? '' })),
    ]);
    const { code, errors } = await place.sync();
    expect(code).toBe(0);
    expect(errors).toContain('mavi: 4 videos left out: no valid video ID, or malformed fields\n');
    expect(controlCharacter(errors)).toBeNull();
    expect(place.names()).toEqual([`${good.videoNo}.mp4`]);
    expect(namesIn(place.cwd)).toEqual(['lib']);
  });

  it('retries a listing that failed temporarily, and creates no folder without a key', async () => {
    const place = await Place.of(1, { listFaults: 'server-errorx1' });
    expect(
      await place.sync([], place.host({ env: { ...envFor(place.mock), MAVI_API_KEY: '' } })),
    ).toMatchObject({
      code: 3,
    });
    expect(existsSync(place.folder)).toBe(false);
    expect((await place.sync()).code).toBe(0);
  });

  it('removes the partial files of killed runs, even with nothing to download, and no other file', async () => {
    const place = await Place.of(1);
    const [id] = place.ids;
    mkdirSync(place.folder);
    const nameOf = (target: string, hostname = 'test-host') =>
      basename(partialFiles({ ...place.host(), pid: 4_999_999, hostname }).pathFor(target));
    const others = [nameOf(`${id}.mp4`, 'another-host'), `${id}.mp4.part`, 'mine.part'];
    for (const dead of [nameOf(`${id}.mp4`), nameOf('other.mp4')]) {
      for (const name of [dead, ...others]) writeFileSync(place.path(name), 'half');
      expect((await place.sync()).code).toBe(0);
      expect(place.names()).toEqual(sorted([`${id}.mp4`, ...others]));
    }
  });

  it('prints only its records on standard output with --json', async () => {
    const place = await Place.of(2);
    const { output } = await place.sync(['--json']);
    const records = output
      .split('\n')
      .filter(Boolean)
      .map((line) => JSON.parse(line) as Line);
    expect(records.map(({ file }) => file).sort()).toEqual(sorted(place.ids.map((id) => `lib/${id}.mp4`)));
    expect((await place.sync(['--json'])).output).toBe('');
  });

  it.each([
    [['--shard', '0/4']],
    [['--shard', '5/4']],
    [['--shard', '1']],
    [['--shard', '1/4/2']],
    [['--name-template', 'all the same']],
    [['--name-template', '{constructor}']],
    [['--name-template', '../{video_no}']],
    [['--max-transfer', 'much']],
    [['elsewhere']],
  ])('refuses %j before any request', async (args) => {
    const place = await Place.of(1);
    expect((await place.sync(args)).code).toBe(2);
    expect(place.mock.requests).toHaveLength(0);
    expect(existsSync(place.folder)).toBe(false);
  });

  it('says so if the folder is a file', async () => {
    const place = await Place.of(1);
    writeFileSync(place.folder, 'a file');
    expect(await place.sync()).toMatchObject({ code: 7, errors: expect.stringContaining('lib') });
    expect(place.mock.requests).toHaveLength(0);
  });
});

describe('sizes', () => {
  it('that differ from the listing are a warning if all boxes are complete, and no reason to download again', async () => {
    const bytes = sampleFile('moov-last');
    const place = await Place.of([videoOfBytes(bytes, { sizeBytes: bytes.length + 9 })]);
    const { code, errors } = await place.sync();
    expect(code).toBe(0);
    expect(errors).toContain(`${bytes.length} bytes came, but the library lists ${bytes.length + 9}`);
    expect(place.lines()[0]).toMatchObject({ bytes: bytes.length, expected_size: bytes.length + 9 });
    expect((await place.sync()).errors).toBe('mavi: nothing to download; 1 already up to date\n');
  });

  it('that fall short of the listing are a failure for a fragmented video', async () => {
    const bytes = sampleFile('fragmented');
    const place = await Place.of([videoOfBytes(bytes, { sizeBytes: bytes.length + 9 })]);
    expect((await place.sync()).code).toBe(5);
    expect(place.names()).toEqual([]);
    expect(place.lines()).toMatchObject([{ status: 'failed', error: { code: 'truncated' } }]);
  });
});

describe('other containers', () => {
  it('are downloaded with --container any, and up to date from then on', async () => {
    const videos = madeVideos(2);
    const place = await Place.of(videos, { faults: { [videos[0]?.videoNo ?? '']: 'matroska' } });
    const [film = '', clip = ''] = place.ids;
    expect((await place.sync()).code).toBe(5);
    expect((await place.sync(['--container', 'any'])).code).toBe(0);
    expect(place.names()).toEqual(sorted([`${film}.mkv`, `${clip}.mp4`]));
    place.fetched();
    expect((await place.sync()).code).toBe(0);
    expect(place.fetched()).toEqual([]);
    appendFileSync(place.path(`${film}.mkv`), 'x');
    writeFileSync(place.path(`${film}.mp4`), 'my own');
    expect((await place.sync(['--container', 'any', '--force'])).code).toBe(0);
    expect(place.fetched()).toEqual([film]);
    expect(readFileSync(place.path(`${film}.mp4`), 'utf8')).toBe('my own');
  });
});

describe('--dry-run', () => {
  it('prints what would be downloaded, its bytes, time and price, and creates nothing', async () => {
    const place = await Place.of(madeVideos(14, () => ({ sizeBytes: 5e9 })));
    const { code, output, errors } = await place.sync(['--dry-run', '--rate', '12']);
    expect(code).toBe(0);
    expect(errors).toBe('');
    const lines = output.split('\n').slice(0, -1);
    expect(lines.slice(0, 14)).toEqual(place.ids.map((id) => `${id}       4.7 GiB  new      lib/${id}.mp4`));
    expect(lines.slice(14)).toEqual([
      '14 to download: 65.2 GiB; 0 already up to date',
      'least time at the rate limit: 1 min 00 s',
      'price: about $8.40 at $0.12 a GB',
    ]);
    expect(namesIn(place.cwd)).toEqual([]);
    expect(place.fetched()).toEqual([]);
  });

  it('counts what is up to date, what would be kept and what is blocked', async () => {
    const place = await Place.of(5);
    const [there = '', kept = '', blocked = ''] = place.ids;
    mkdirSync(place.folder);
    await place.sync(['--max-transfer', '1K', '-c', '1']);
    expect(place.names()).toEqual([`${there}.mp4`]);
    writeFileSync(place.path(`${kept}.mp4`), await bytesOf(place.videos[1] as StoredVideo));
    writeFileSync(place.path(`${blocked}.mp4`), 'mine');
    const before = readFileSync(place.manifestPath, 'utf8');
    const { output } = await place.sync(['--dry-run', '--json', '--rate', '1/s']);
    const lines = output
      .split('\n')
      .filter(Boolean)
      .map((line) => JSON.parse(line) as Record<string, unknown>);
    expect(lines.slice(0, 3)).toEqual([
      { video_no: blocked, file: `lib/${blocked}.mp4`, bytes: 1000, blocked: true, why: 'blocked' },
      ...place.ids
        .slice(3)
        .map((id) => ({ video_no: id, file: `lib/${id}.mp4`, bytes: 1000, blocked: false, why: 'new' })),
    ]);
    expect(lines[3]).toEqual({
      videos: 2,
      already_there: 2,
      blocked: 1,
      bytes: 2000,
      unknown_sizes: 0,
      least_seconds: 1,
      dollars: 0,
    });
    const text = (await place.sync(['--dry-run'])).output;
    expect(text).toContain(`${blocked}    1000 bytes  blocked  lib/${blocked}.mp4\n`);
    expect(text).toContain('2 to download: 2.0 KiB; 2 already up to date; 1 blocked by other files\n');
    expect(text).toContain('least time at the rate limit: none\n');
    expect(text).toContain('price: less than $0.01 at $0.12 a GB\n');
    expect(readFileSync(place.manifestPath, 'utf8')).toBe(before);
  });
});

describe('--name-template', () => {
  it('names files for people, safely and apart from each other', async () => {
    const names = [
      'Clip',
      'clip.mp4',
      '../../up',
      'CON',
      'ends. ',
      'Lake 🌊 | day 1',
      'x'.repeat(400),
      'a/b',
    ];
    const place = await Place.of(videosNamed(names));
    const { code } = await place.sync(['--name-template', '{video_name}']);
    expect(code).toBe(0);
    expect(namesIn(place.cwd)).toEqual(['lib']);
    expect(place.names()).toEqual(
      sorted([
        `Clip ${place.ids[0]}.mp4`,
        'clip.mp4',
        '__.._up.mp4',
        'CON_.mp4',
        'ends_.mp4',
        'Lake 🌊 _ day 1.mp4',
        `${'x'.repeat(175)}.mp4`,
        'a_b.mp4',
      ]),
    );
    for (const line of place.lines()) await place.expectWhole(line.video_no, line.file);
  });

  it('gives the same names again, even if a newer video has one of them or the template changes', async () => {
    const place = await Place.of(videosNamed(['walk', 'walk']));
    const [newer = '', older = ''] = place.ids;
    await place.sync(['--name-template', '{video_name}']);
    await place.expectWhole(older, 'walk.mp4');
    await place.expectWhole(newer, `walk ${newer}.mp4`);
    const [newest] = madeVideos(1, () => ({ name: 'Walk', createTimeMs: Date.UTC(2030, 1) }), 9);
    place.videos.unshift(newest as StoredVideo);
    rmSync(place.path('walk.mp4'));
    place.fetched();
    expect((await place.sync(['--name-template', '{create_date} {video_name}'])).code).toBe(0);
    expect(place.fetched()).toEqual(sorted([older, newest?.videoNo]));
    expect(place.names()).toEqual(sorted(['walk.mp4', `walk ${newer}.mp4`, '2030-02-01 Walk.mp4']));
    await place.expectWhole(older, 'walk.mp4');
  });

  it('leaves a file of the user’s with that name untouched', async () => {
    const place = await Place.of(videosNamed(['walk']));
    mkdirSync(place.folder);
    writeFileSync(place.path('walk.mp4'), sampleFile('faststart'));
    expect((await place.sync(['--name-template', '{video_name}'])).code).toBe(7);
    expect(readFileSync(place.path('walk.mp4')).equals(sampleFile('faststart'))).toBe(true);
  });

  it('leaves control characters out of names and messages', async () => {
    const place = await Place.of(videosNamed(['red \u001b[31m\u202etext\u0007']));
    const { errors } = await place.sync(['--name-template', '{video_name}']);
    expect(controlCharacter(errors)).toBeNull();
    expect(place.names()).toEqual(['red [31mtext.mp4']);
  });
});

describe('--shard', () => {
  it('gives disjoint parts that make up the library, side by side in one folder', async () => {
    const place = await Place.of(30);
    const fetched: string[][] = [];
    for (const index of [1, 2, 3]) {
      expect((await place.sync(['--shard', `${index}/3`])).code).toBe(0);
      fetched.push(place.fetched());
    }
    expect(fetched.every((part) => part.length > 0)).toBe(true);
    expect(fetched.flat().sort()).toEqual(sorted(place.ids));
    expect((await place.sync()).errors).toContain('nothing to download; 30 already up to date');
    place.videos.unshift(...madeVideos(10, undefined, 5));
    for (const index of [1, 2, 3]) await place.sync(['--shard', `${index}/3`]);
    expect(place.fetched()).toEqual(sorted(place.ids.slice(0, 10)));
  });

  it('gives names that do not depend on the shard', async () => {
    const videos = videosNamed(Array.from({ length: 12 }, () => 'clip'));
    const together = await Place.of(videos);
    await together.sync(['--name-template', '{video_name}']);
    const apart = await Place.of(videos);
    for (const index of [2, 1])
      await apart.sync(['--shard', `${index}/2`, '--name-template', '{video_name}']);
    expect(apart.names()).toEqual(together.names());
    for (const line of apart.lines()) await apart.expectWhole(line.video_no, line.file);
  });
});

describe('a sync that meets another', () => {
  /** Starts a sync whose listing is held up until the test releases it. */
  async function begin(args: readonly string[] = []) {
    const [hold, begun] = [moment(), moment()];
    onTestFinished(() => hold.now());
    const place = await Place.of(8, {
      async onRequest() {
        begun.now();
        await hold.happened;
      },
    });
    const first = place.sync(args);
    await begun.happened;
    return { place, first, go: hold.now };
  }

  it.each([
    [[], []],
    [[], ['--shard', '1/4']],
    [['--shard', '1/4'], []],
    [
      ['--shard', '1/4'],
      ['--shard', '1/4'],
    ],
    [
      ['--shard', '1/4'],
      ['--shard', '2/3'],
    ],
  ])('of the same videos says so, and ends with 7: %j, then %j', async (args, secondArgs) => {
    const { place, first, go } = await begin(args);
    const second = await place.sync(secondArgs);
    expect(second.code).toBe(7);
    expect(second.errors).toContain(`another sync of lib is running (process ${process.pid} on test-host)`);
    expect(second.errors).toContain('--shard 1/4 and 2/4');
    expect(place.mock.requests).toHaveLength(1);
    go();
    expect((await first).code).toBe(0);
    expect((await place.sync(secondArgs)).code).toBe(0);
  });

  it('of other shards of the same number runs beside it', async () => {
    const { place, first, go } = await begin(['--shard', '1/2']);
    const second = place.sync(['--shard', '2/2']);
    go();
    expect([(await first).code, (await second).code]).toEqual([0, 0]);
    expect(place.names()).toEqual(sorted(place.ids.map((id) => `${id}.mp4`)));
  });

  it.each([
    ['.mavi-sync.lock', []],
    ['.mavi-sync-2-of-4.lock', []],
    ['.mavi-sync.lock', ['--shard', '1/2']],
  ])(
    'that was killed does not delay the next one, whatever the times of its lock: %s',
    async (name, args) => {
      const place = await Place.of(2);
      mkdirSync(place.folder);
      const ended = spawnSync('true').pid;
      const host = { hostname: 'test-host', pid: ended, isAlive: () => false };
      const lock = {
        hostname: 'test-host',
        pid: ended,
        process: processIdentity(host),
        nonce: 'a',
        renewal: '00000000',
      };
      writeFileSync(place.path(name), `${JSON.stringify(lock)}\n`);
      const ahead = new Date(Date.now() + 3_600_000);
      utimesSync(place.path(name), ahead, ahead);
      const { code, errors } = await place.sync(args);
      expect([code, errors]).toEqual([0, expect.not.stringContaining('lock')]);
      expect(namesIn(place.folder).filter((each) => each.includes('.lock'))).toEqual([]);
    },
  );

  it('on another machine watches it, says so, and can be interrupted meanwhile', async () => {
    const place = await Place.of(1);
    mkdirSync(place.folder);
    const lock = {
      hostname: 'far\u001b[2J',
      pid: 7,
      process: 'aaaaaaaa-bbbbbb-1-7-1',
      nonce: 'a',
      renewal: '00000000',
    };
    writeFileSync(place.path('.mavi-sync.lock'), JSON.stringify(lock));
    const host = place.host();
    const running = place.sync([], host);
    host.send('SIGINT');
    expect((await running).code).toBe(130);
    expect(host.errors()).toBe(
      'mavi: lib is locked by a sync on far[2J; waiting 15 s for a sign that it runs\n',
    );
    expect(existsSync(place.path('.mavi-sync.lock'))).toBe(true);
  });

  it.each(['{}', '{"hostname":null}', 'torn'])('that does not name its holder: %s', async (text) => {
    const place = await Place.of(1);
    mkdirSync(place.folder);
    writeFileSync(place.path('.mavi-sync.lock'), text);
    const host = place.host();
    const running = place.sync([], host);
    host.send('SIGINT');
    expect((await running).code).toBe(130);
    expect(host.errors()).toContain('locked by a sync on an unknown machine;');
  });
});

describe('a sync that is interrupted', () => {
  it('leaves complete files and their records, and continues at the next run', async () => {
    const host = { current: null as FakeHost | null };
    const place = await Place.of(12, {
      onRequest({ order }) {
        if (order === 7) host.current?.send('SIGINT');
      },
    });
    host.current = place.host();
    const { code, errors } = await place.sync(['-c', '2'], host.current);
    host.current = null;
    expect(code).toBe(130);
    expect(errors).not.toContain('ended by');
    const done = place.names();
    expect(done.length).toBeGreaterThanOrEqual(3);
    expect(done.every((name) => /^VI\d+\.mp4$/.test(name))).toBe(true);
    const recorded = place.lines().filter(({ status }) => status === 'downloaded');
    expect(sorted(recorded.map(({ file }) => file))).toEqual(done);
    place.fetched();
    expect((await place.sync()).code).toBe(0);
    expect(place.fetched()).toEqual(sorted(place.ids.filter((id) => !done.includes(`${id}.mp4`))));
    for (const id of place.ids) await place.expectWhole(id);
  });

  it('by the account continues when the account is in order again', async () => {
    const videos = madeVideos(6);
    const place = await Place.of(videos, { faults: { [videos[2]?.videoNo ?? '']: 'no-creditsx1' } });
    const { code, errors } = await place.sync(['-c', '1']);
    expect(code).toBe(3);
    expect(errors).toContain('6 videos: 2 downloaded, 1 failed, 3 not started;');
    expect(place.lines().map(({ error }) => error?.code ?? null)).toEqual([
      null,
      null,
      '0402',
      'not_started',
      'not_started',
      'not_started',
    ]);
    place.fetched();
    expect((await place.sync()).code).toBe(0);
    expect(place.fetched()).toEqual(sorted(place.ids.slice(2)));
  });

  it('by --max-transfer says so in one line, and continues at the next run', async () => {
    const place = await Place.of(6);
    const { code, errors } = await place.sync(['-c', '1', '--max-transfer', '2500']);
    expect(code).toBe(9);
    expect(errors.match(/would exceed --max-transfer/g)).toHaveLength(1);
    expect(errors).toContain('6 videos: 2 downloaded, 4 not started;');
    expect((await place.sync(['-c', '1', '--max-transfer', '2500'])).code).toBe(9);
    expect((await place.sync(['--max-transfer', '2500'])).code).toBe(0);
    expect(place.fetched()).toEqual(sorted(place.ids));
  });
});

describe('the folder of a sync', () => {
  it('may contain several scopes', async () => {
    const videos = madeVideos(4, (index) => ({ uniqueId: index < 2 ? 'default' : 'work', name: 'clip' }));
    const place = await Place.of(videos);
    const mock = await withMock({ videos });
    place.mock = mock;
    const args = ['--name-template', '{video_name}'];
    expect((await place.sync(args)).code).toBe(0);
    expect((await place.sync([...args, '-u', 'work'])).code).toBe(0);
    expect(place.names()).toHaveLength(4);
    for (const line of place.lines()) await place.expectWhole(line.video_no, line.file);
    expect((await place.sync(args)).errors).toContain('2 already up to date');
  });

  it('may be a link, and may be moved', async () => {
    const place = await Place.of(2);
    mkdirSync(join(place.cwd, 'elsewhere'));
    symlinkSync('elsewhere', place.folder);
    expect((await place.sync()).code).toBe(0);
    expect(place.names()).toHaveLength(2);
    const host = place.host();
    expect(await run(['sync', 'elsewhere'], host)).toBe(0);
    expect(host.errors()).toContain('2 already up to date');
  });
});
