import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  chownSync,
  lchownSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  renameSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { describe, expect } from 'vitest';
import { appears } from '../helpers/moment.ts';
import { it, type Scene } from '../helpers/scene.ts';
import { heldVideo } from '../helpers/videos.ts';
import { SAMPLE_VIDEO_NOS, sampleFile } from '../mock/sample-files.ts';

const { faststart } = SAMPLE_VIDEO_NOS;
const VIDEO = sampleFile('faststart');
/** IDs of users that do not exist. */
const [THEM, OTHERS] = [54_321, 54_322];

/** A folder like /tmp, with another user's link that leads out of it. */
function sharedFolder(scene: Scene, link: string, owner: number): string {
  const folder = scene.path('shared');
  mkdirSync(folder);
  chmodSync(folder, 0o1777);
  scene.write('secret', 'mine');
  symlinkSync('../secret', join(folder, link));
  lchownSync(join(folder, link), owner, owner);
  return folder;
}

describe.concurrent('a symbolic link in a folder that other users can write to', () => {
  it.for([
    { where: '-d', args: ['download', faststart, '-d', 'shared'] },
    { where: 'sync', args: ['sync', 'shared'] },
  ])(
    'is a file that exists for $where, and --force replaces the link itself',
    async ({ args }, { scene }) => {
      await scene.mock();
      const folder = sharedFolder(scene, `${faststart}.mp4`, THEM);
      const target = join(folder, `${faststart}.mp4`);
      const first = await scene.run(args);
      expect([first.code, readlinkSync(target), scene.read('secret').toString()]).toEqual([
        7,
        '../secret',
        'mine',
      ]);
      if (args[0] === 'sync') return;
      expect((await scene.run([...args, '--force'])).code).toBe(0);
      expect([lstatSync(target).isFile(), readFileSync(target).equals(VIDEO)]).toEqual([true, true]);
      expect(scene.read('secret').toString()).toBe('mine');
    },
  );

  it.for([
    { whose: 'of another user is not followed by -o', owner: THEM, code: 7 },
    { whose: 'of the user is followed by -o', owner: 0, code: 0 },
  ])('$whose', async ({ owner, code }, { scene }) => {
    await scene.mock();
    sharedFolder(scene, 'v.mp4', owner);
    const ended = await scene.run(['download', faststart, '-o', 'shared/v.mp4', '--force']);
    expect(ended.code).toBe(code);
    expect(scene.read('secret').equals(code === 0 ? VIDEO : Buffer.from('mine'))).toBe(true);
    if (code === 7) expect(ended.stderr).toContain('shared/v.mp4: it is a symbolic link of another user');
  });

  it('of the folder’s owner is followed by -o', async ({ scene }) => {
    await scene.mock();
    const folder = sharedFolder(scene, 'v.mp4', THEM);
    chownSync(folder, THEM, THEM);
    expect((await scene.run(['download', faststart, '-o', 'shared/v.mp4', '--force'])).code).toBe(0);
  });

  it('of another user is not followed for a manifest', async ({ scene }) => {
    const mock = await scene.mock();
    sharedFolder(scene, 'm.ndjson', THEM);
    const { code } = await scene.run(['download', faststart, '-o', 'v.mp4', '--manifest', 'shared/m.ndjson']);
    expect([code, scene.read('secret').toString(), mock.requests]).toEqual([7, 'mine', []]);
  });

  it('is never followed for the manifest of a sync', async ({ scene }) => {
    await scene.mock();
    sharedFolder(scene, 'mavi-manifest.ndjson', 0);
    const { code, stderr } = await scene.run(['sync', 'shared']);
    expect([code, scene.read('secret').toString()]).toEqual([7, 'mine']);
    expect(stderr).toContain('mavi-manifest.ndjson: it is not a regular file');
  });

  it('that replaced a recorded file is not written through by the next sync', async ({ scene }) => {
    await scene.mock();
    const args = ['sync', 'lib'];
    expect((await scene.run(args)).code).toBe(0);
    scene.write('outside', 'mine');
    execFileSync('ln', ['-sf', '../outside', scene.path(`lib/${faststart}.mp4`)]);
    await scene.run(args);
    await scene.run([...args, '--force']);
    expect(scene.read('outside').toString()).toBe('mine');
  });
});

describe.concurrent('a temporary file', () => {
  it('is not readable by others until it is published', async ({ scene }) => {
    const { video, goOn } = heldVideo(1_000_000);
    await scene.mock({ videos: [video] });
    const run = scene.start(['download', video.videoNo, '-o', 'v.mp4']);
    const part = await appears(scene.folder, /\.part$/);
    expect(statSync(scene.path(part)).mode & 0o777).toBe(0o600);
    goOn();
    expect((await run.ended).code).toBe(0);
    expect(statSync(scene.path('v.mp4')).mode & 0o777).toBe(0o666 & ~process.umask());
  });

  it('that another user replaces in a shared folder is not published', async ({ scene }) => {
    const { video, goOn } = heldVideo(1_000_000);
    await scene.mock({ videos: [video] });
    const folder = scene.path('shared');
    mkdirSync(folder);
    chmodSync(folder, 0o777);
    const run = scene.start(['download', video.videoNo, '-o', 'shared/v.mp4']);
    const part = join(folder, await appears(folder, /\.part$/));
    renameSync(part, join(folder, 'taken'));
    writeFileSync(part, 'not the video');
    goOn();
    const { code, stderr } = await run.ended;
    expect(code).toBe(7);
    expect(stderr).toContain('cannot write shared/v.mp4: its temporary file was replaced');
    expect(readdirSync(folder)).toEqual(['taken']);
  });
});

describe.concurrent('a file that is replaced', () => {
  it('keeps its permissions, but neither setuid nor setgid', async ({ scene }) => {
    await scene.mock();
    scene.write('v.mp4', 'old');
    chownSync(scene.path('v.mp4'), OTHERS, OTHERS);
    chmodSync(scene.path('v.mp4'), 0o6751);
    expect((await scene.run(['download', faststart, '-o', 'v.mp4', '--force'])).code).toBe(0);
    expect((statSync(scene.path('v.mp4')).mode & 0o7777).toString(8)).toBe('751');
  });
});
