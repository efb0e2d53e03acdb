import { copyFileSync, existsSync, readdirSync, writeFileSync } from 'node:fs';
import { beforeAll, describe, expect } from 'vitest';
import type { StoredVideo } from '../../src/mock/library.ts';
import { it, type Scene } from '../helpers/scene.ts';
import { madeUpVideo } from '../helpers/videos.ts';
import { SAMPLE_VIDEO_NOS, sampleFile } from '../mock/sample-files.ts';
import { NODE_EXE, prepareWindows, runOnWindows, startExe } from './on-windows.ts';

const { faststart } = SAMPLE_VIDEO_NOS;

beforeAll(prepareWindows, 300_000);

/** Videos with these names. */
function named(names: readonly string[]): StoredVideo[] {
  return names.map((name, place) => ({ ...madeUpVideo(10_000 + place, place + 1).video, name }));
}

function leftovers(scene: Scene): string[] {
  return readdirSync(scene.folder, { recursive: true, encoding: 'utf8' }).filter((name) =>
    name.includes('.part'),
  );
}

describe('on Windows', () => {
  it('a download writes the file, keeps one that exists, and replaces it with --force', async ({ scene }) => {
    await scene.mock();
    const args = ['download', faststart, '-o', 'video.mp4'];
    expect(await runOnWindows(scene, args)).toMatchObject({ code: 0 });
    expect(scene.read('video.mp4').equals(sampleFile('faststart'))).toBe(true);

    scene.write('video.mp4', 'mine');
    expect(await runOnWindows(scene, args)).toMatchObject({ code: 7 });
    expect(scene.read('video.mp4').toString()).toBe('mine');

    expect(await runOnWindows(scene, [...args, '--force'])).toMatchObject({ code: 0 });
    expect(scene.read('video.mp4').equals(sampleFile('faststart'))).toBe(true);
    expect(scene.names()).toEqual(['video.mp4']);
  });

  it('a sync downloads once, and verify checks what it recorded', async ({ scene }) => {
    const mock = await scene.mock();
    const downloads = () => mock.requests.filter(({ url }) => url.includes('download')).length;
    expect(await runOnWindows(scene, ['sync', 'library'])).toMatchObject({ code: 0 });
    const before = downloads();
    expect(await runOnWindows(scene, ['sync', 'library'])).toMatchObject({ code: 0 });
    expect([before, downloads()]).toEqual([3, 3]);
    expect(await runOnWindows(scene, ['verify', 'library'])).toMatchObject({ code: 0 });

    const damaged = scene.read(`library/${faststart}.mp4`);
    damaged[damaged.length - 1] = (damaged.at(-1) as number) ^ 1;
    writeFileSync(scene.path(`library/${faststart}.mp4`), damaged);
    expect(await runOnWindows(scene, ['verify', 'library'])).toMatchObject({ code: 5 });
  });

  it('-o - writes exactly the bytes of the video', async ({ scene }) => {
    await scene.mock();
    const { code, stdout } = await runOnWindows(scene, ['download', faststart, '-o', '-']);
    expect(code).toBe(0);
    expect(stdout.equals(sampleFile('faststart'))).toBe(true);
  });

  it('reserved and long names become names that Windows takes', async ({ scene }) => {
    const names = ['CON', 'LPT9 .txt', 'a:b?c*d|e', 'ends in a dot.', `${'long '.repeat(80)}`, '..\\..\\up'];
    await scene.mock({ videos: named(names) });
    const args = ['sync', 'library', '--name-template', '{video_name}'];
    const { code, stderr } = await runOnWindows(scene, args);
    expect({ code, stderr }).toMatchObject({ code: 0 });
    const files = readdirSync(scene.path('library')).filter((name) => name.endsWith('.mp4'));
    expect(files).toHaveLength(names.length);
    for (const name of files) {
      expect(name).not.toMatch(/[<>:"/\\|?*]|^(con|prn|aux|nul|com\d|lpt\d) *(\.|$)/i);
      expect(name.length).toBeLessThanOrEqual(255);
    }
    expect(await runOnWindows(scene, ['verify', 'library'])).toMatchObject({ code: 0 });
    expect(scene.names()).toEqual(['library']);
  });

  it('a file that another program holds is exit 7 that names it, and nothing is left', async ({ scene }) => {
    await scene.mock();
    // A program that runs cannot be replaced.
    copyFileSync(NODE_EXE, scene.path('video.mp4'));
    const started = scene.path('started');
    const script = `require('node:fs').writeFileSync('started', ''); setInterval(() => {}, 1000)`;
    const held = startExe(scene, scene.path('video.mp4'), ['-e', script]);
    await expect.poll(() => existsSync(started), { timeout: 30_000 }).toBe(true);
    const { code, stderr } = await runOnWindows(scene, ['download', faststart, '-o', 'video.mp4', '--force']);
    expect({ code, stderr }).toEqual({ code: 7, stderr: expect.stringContaining('cannot write video.mp4') });
    expect(leftovers(scene)).toEqual([]);
    held.child.kill();
    await held.ended;
  });
});
