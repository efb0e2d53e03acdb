import { mkdirSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect } from 'vitest';
import type { StoredVideo } from '../../src/mock/library.ts';
import type { Mock } from '../../src/mock/server.ts';
import { INSTALL, ROOT, recipesOf, withMavi } from '../helpers/recipes.ts';
import { it, type Scene } from '../helpers/scene.ts';
import { bytesOf } from '../helpers/videos.ts';
import { downloadsOf } from '../helpers/with-mock.ts';
import { madeVideos } from '../library/stored-video.ts';

const DOC = readFileSync(join(ROOT, 'docs/scaling.md'), 'utf8');
const RECIPES = recipesOf('docs/scaling.md');

/** So few that each shard stays within its part of the rate. */
const VIDEOS = madeVideos(8);
const FILES = VIDEOS.map((video) => `${video.videoNo}.mp4`).sort();

function recipe(name: string): string {
  return RECIPES.get(name) ?? expect.fail(`docs/scaling.md has no recipe "${name}"`);
}

async function place(scene: Scene, faults: Record<string, string> = {}, videos = VIDEOS): Promise<Mock> {
  withMavi(scene);
  return scene.mock({ videos, faults });
}

/** The names of the videos in a folder of the scene, sorted. */
function videosIn(scene: Scene, folder: string): string[] {
  return readdirSync(scene.path(folder))
    .filter((name) => !name.startsWith('mavi-manifest'))
    .sort();
}

async function expectComplete(scene: Scene, folder: string, names: readonly string[]): Promise<void> {
  for (const name of names) {
    const video = VIDEOS.find((each) => `${each.videoNo}.mp4` === name) as StoredVideo;
    expect(scene.read(`${folder}/${name}`).equals(await bytesOf(video)), name).toBe(true);
  }
}

describe('the recipes for a complete library', () => {
  it('are all tested here', () => {
    expect(DOC.match(/^```\w+$/gm)).toHaveLength(RECIPES.size);
    expect([...RECIPES.keys()].sort()).toEqual([
      'GNU parallel',
      'Kubernetes',
      'Slurm',
      'mock',
      'object storage',
      'one machine',
      'sha256sum',
      'to-storage.sh',
      'verify',
    ]);
  });

  it('download it with one process and check it without mavi', async ({ scene }) => {
    await place(scene);
    expect(await scene.shell(recipe('one machine')).ended).toMatchObject({ code: 0 });
    expect(videosIn(scene, 'library')).toEqual(FILES);
    await expectComplete(scene, 'library', FILES);
    expect(await scene.shell(recipe('sha256sum')).ended).toMatchObject({ code: 0, stderr: '' });
    scene.write(`library/${FILES[3]}`, Buffer.alloc(1000));
    const checked = await scene.shell(recipe('sha256sum')).ended;
    expect(checked).toMatchObject({ code: 1 });
    expect(checked.stdout.toString()).toBe(`${FILES[3]}: FAILED\n`);
  });

  it('download it into one folder with parallel shards, using GNU parallel', async ({ scene }) => {
    const mock = await place(scene);
    expect(await scene.shell(recipe('GNU parallel')).ended).toMatchObject({ code: 0 });
    expect(videosIn(scene, 'library')).toEqual(FILES);
    await expectComplete(scene, 'library', FILES);
    expect(downloadsOf(mock)).toHaveLength(8);
    const manifest = scene.read('library/mavi-manifest.ndjson').toString().split('\n').filter(Boolean);
    expect(manifest.map((line) => JSON.parse(line).file).sort()).toEqual(FILES);
    expect(await scene.shell(recipe('GNU parallel')).ended).toMatchObject({ code: 0 });
    expect(downloadsOf(mock)).toHaveLength(8);
  });

  it('run the failed shards again with GNU parallel', async ({ scene }) => {
    const bad = VIDEOS[0] as StoredVideo;
    const mock = await place(scene, { [bad.videoNo]: 'garbagex1' });
    expect(await scene.shell(recipe('GNU parallel')).ended).toMatchObject({ code: 1 });
    expect(videosIn(scene, 'library')).toEqual(FILES.filter((name) => name !== `${bad.videoNo}.mp4`));
    const again = 'parallel --retry-failed --joblog sync.log';
    expect(DOC).toContain(`\`${again}\``);
    expect(await scene.shell(again).ended).toMatchObject({ code: 0 });
    expect(videosIn(scene, 'library')).toEqual(FILES);
    expect(downloadsOf(mock)).toHaveLength(9);
  });

  it('download a part of it with each pod of a Kubernetes Job', async ({ scene }) => {
    const mock = await place(scene);
    const [, block = ''] = /args:\n +- \|\n((?: {14}.*\n)+)/.exec(recipe('Kubernetes')) ?? [];
    // The tests of README's recipes run these lines.
    for (const line of INSTALL) expect(block).toContain(` ${line}\n`);
    const script = INSTALL.reduce(
      (text, line) => text.replace(line, 'true'),
      block.replaceAll('/library/', `${scene.folder}/library/`),
    );
    expect(script).toContain('exec mavi sync');
    const pods = [0, 1, 2, 3].map((index) => {
      const MAVI_CONFIG_DIR = join(scene.configFolder, `pod-${index}`);
      return scene.shell(script, { env: { JOB_COMPLETION_INDEX: String(index), MAVI_CONFIG_DIR } }).ended;
    });
    expect((await Promise.all(pods)).map(({ code }) => code)).toEqual([0, 0, 0, 0]);
    const parts = [1, 2, 3, 4].map((shard) => videosIn(scene, `library/${shard}`));
    expect(parts.flat().sort()).toEqual(FILES);
    for (const [index, names] of parts.entries()) await expectComplete(scene, `library/${index + 1}`, names);
    expect(downloadsOf(mock)).toHaveLength(8);
    expect(await scene.shell(recipe('verify')).ended).toMatchObject({ code: 0 });
    scene.write(`library/1/${parts[0]?.[0]}`, 'changed');
    expect(await scene.shell(recipe('verify')).ended).toMatchObject({ code: 5 });
  });

  it('send only complete videos to object storage', async ({ scene }) => {
    const videos = VIDEOS.slice(0, 4);
    const files = videos.map((video) => `${video.videoNo}.mp4`).sort();
    const [bad, listed] = videos as [StoredVideo, StoredVideo];
    // Truncated by one byte, twice; then correct.
    const mock = await place(scene, { [bad.videoNo]: 'truncate@999x2' }, videos);
    scene.write('to-storage.sh', recipe('to-storage.sh'));
    const env = { RCLONE_CONFIG_REMOTE_TYPE: 'alias', RCLONE_CONFIG_REMOTE_REMOTE: scene.path('storage') };
    expect(DOC).toContain('export RCLONE_CONFIG_REMOTE_TYPE=alias RCLONE_CONFIG_REMOTE_REMOTE=$PWD/storage');
    const [one = '', all = ''] = recipe('object storage').split('\n');
    const forOne = one.replace('VI625239098370850816', listed.videoNo);
    expect(forOne).not.toBe(one);

    expect(await scene.shell(forOne, { env }).ended).toMatchObject({ code: 0 });
    expect(videosIn(scene, 'storage/videos')).toEqual([`${listed.videoNo}.mp4`]);

    expect(await scene.shell(all, { env }).ended).toMatchObject({ code: 1 });
    const without = files.filter((name) => name !== `${bad.videoNo}.mp4`);
    expect(videosIn(scene, 'storage/videos')).toEqual(without);
    await expectComplete(scene, 'storage/videos', without);

    expect(await scene.shell(all, { env }).ended).toMatchObject({ code: 0 });
    expect(videosIn(scene, 'storage/videos')).toEqual(files);
    await expectComplete(scene, 'storage/videos', files);
    expect(downloadsOf(mock)).toHaveLength(4 + 2);
  });

  it('can be tried without an account', async ({ scene }) => {
    // The program itself instead of a function, so that `kill %1` reaches it.
    withMavi(scene);
    mkdirSync(scene.path('clips'));
    for (const video of VIDEOS)
      scene.write(`clips/${video.name}-${video.videoNo}.mp4`.replace(/[^\w./-]/g, '_'), await bytesOf(video));
    const { code } = await scene.shell(`unset -f mavi\n${recipe('mock')}`).ended;
    expect(code).toBe(0);
    const copies = videosIn(scene, 'copies').map((name) => scene.read(`copies/${name}`).toString('latin1'));
    const clips = readdirSync(scene.path('clips')).map((name) =>
      scene.read(`clips/${name}`).toString('latin1'),
    );
    expect(copies.sort()).toEqual(clips.sort());
  });
});
