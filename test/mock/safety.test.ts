import { mkdirSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { videosFromFolder } from '../../src/mock/library.ts';
import { tempDir } from '../helpers/temp-dir.ts';
import { call, download, jsonOf, post, started } from './client.ts';

describe('a folder of videos', () => {
  it('is served without symlinks that leave it', async () => {
    const cwd = tempDir();
    const clips = join(cwd, 'clips');
    mkdirSync(clips);
    writeFileSync(join(cwd, 'private'), 'not for others');
    writeFileSync(join(clips, 'own.mp4'), 'for all');
    symlinkSync('../private', join(clips, 'a.mp4'));
    symlinkSync(join(cwd, 'private'), join(clips, 'b.mp4'));
    symlinkSync('own.mp4', join(clips, 'c.mp4'));
    symlinkSync('nowhere', join(clips, 'd.mp4'));
    const mock = await started({ videos: await videosFromFolder(clips) });

    const { videos } = jsonOf(await post(mock, 'list_videos', {})).data as {
      videos: { video_no: string; video_name: string }[];
    };
    expect(videos.map((row) => row.video_name).sort()).toEqual(['c', 'own']);
    for (const { video_no } of videos) {
      expect((await download(mock, video_no)).body.toString()).toBe('for all');
    }
  });

  it('may itself be a symlink', async () => {
    const cwd = tempDir();
    mkdirSync(join(cwd, 'clips'));
    writeFileSync(join(cwd, 'clips', 'own.mp4'), 'for all');
    symlinkSync('clips', join(cwd, 'link'));
    expect((await videosFromFolder(join(cwd, 'link'))).count('default')).toBe(1);
  });

  it('does not follow a symlink that replaces a file later', async () => {
    const cwd = tempDir();
    const clips = join(cwd, 'clips');
    mkdirSync(clips);
    writeFileSync(join(cwd, 'private'), 'not for others');
    writeFileSync(join(clips, 'VI000000000000000001.mp4'), 'for all, so far');
    const mock = await started({ videos: await videosFromFolder(clips) });
    rmSync(join(clips, 'VI000000000000000001.mp4'));
    symlinkSync('../private', join(clips, 'new'));
    renameSync(join(clips, 'new'), join(clips, 'VI000000000000000001.mp4'));
    const reply = await download(mock, 'VI000000000000000001');
    expect(reply.body.toString()).not.toContain('not for others');
    expect(reply.broken).toBe('ECONNRESET');
  });
});

describe('the Host header', () => {
  it.each([
    '127.0.0.1:PORT',
    '127.8.9.10:PORT',
    'localhost:PORT',
    'LOCALHOST:PORT',
    '[::1]:PORT',
    '127.0.0.1',
    'localhost',
  ])('%s is accepted', async (host) => {
    const mock = await started();
    const headers = { Host: host.replace('PORT', new URL(mock.baseUrl).port) };
    expect((await post(mock, 'list_videos', {}, { headers })).status).toBe(200);
  });

  it.each([
    'attacker.test:PORT',
    'localhost.attacker.test:PORT',
    '127.0.0.1.attacker.test:PORT',
    '10.0.0.1:PORT',
    '1270.0.0.1:PORT',
    '127.0.0.1:1',
    '[::2]:PORT',
    'user@127.0.0.1:PORT',
  ])(
    '"%s" is refused, because a page of any site could send requests here under its own name',
    async (host) => {
      const mock = await started();
      const headers = { Host: host.replace('PORT', new URL(mock.baseUrl).port) };
      const reply = await post(mock, 'list_videos', {}, { headers });
      expect([reply.status, reply.body.includes('video_no')]).toEqual([421, false]);
    },
  );

  it('is also checked at the other origin of a redirect', async () => {
    const mock = await started({ faults: 'redirect-elsewhere' });
    const target = String((await download(mock)).headers.location);
    expect((await call(target, { headers: { Host: 'attacker.test' } })).status).toBe(421);
  });
});
