import { readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect } from 'vitest';
import { SAMPLE_VIDEO_NOS } from '../../src/standin/samples.ts';
import { leakedPart } from '../helpers/leaks.ts';
import { it, type Scene } from '../helpers/scene.ts';
import { sampleFile } from '../standin/sample-files.ts';

const DOWNLOAD = ['download', SAMPLE_VIDEO_NOS.faststart, '-o', 'video.mp4', '--force'];

/** The files below a folder, each with what changes when it is written again. */
function filesOf(folder: string): Map<string, string> {
  const names = readdirSync(folder, { recursive: true, encoding: 'utf8' }).sort();
  const files = names.filter((name) => statSync(join(folder, name)).isFile());
  return new Map(
    files.map((name) => {
      const { ino, mtimeNs } = statSync(join(folder, name), { bigint: true });
      return [name, `${ino} ${mtimeNs}`];
    }),
  );
}

/** Both commands, which load different parts. */
async function runBoth(scene: Scene): Promise<void> {
  expect(await scene.run(['--version'])).toMatchObject({ code: 0, stderr: '' });
  expect(await scene.run(DOWNLOAD)).toMatchObject({ code: 0 });
  expect(scene.read('video.mp4').equals(sampleFile('faststart'))).toBe(true);
}

describe.concurrent('the code that V8 makes of the program', () => {
  it('is kept in the cache of the user, and taken from there from the second run on', async ({ scene }) => {
    await scene.standin();
    const folder = scene.path('cache');
    scene.env.XDG_CACHE_HOME = folder;
    await runBoth(scene);
    const kept = filesOf(folder);
    expect(kept.size).toBeGreaterThan(0);
    expect([...kept.keys()].filter((name) => !name.startsWith(join('mavi', 'compiled')))).toEqual([]);
    for (const name of kept.keys()) {
      expect(leakedPart(scene.key, readFileSync(join(folder, name))), `a part of the key in ${name}`).toBe(
        null,
      );
    }
    await runBoth(scene);
    expect(filesOf(folder)).toEqual(kept);
  });

  it('is made again when the file is damaged, which nobody notices', async ({ scene }) => {
    await scene.standin();
    const folder = scene.path('cache');
    scene.env.XDG_CACHE_HOME = folder;
    await runBoth(scene);
    for (const name of filesOf(folder).keys()) {
      const bytes = readFileSync(join(folder, name));
      for (let at = 20; at < bytes.length; at += 97) bytes[at] = (bytes[at] ?? 0) ^ 0x10;
      writeFileSync(join(folder, name), bytes);
    }
    await runBoth(scene);
    const mended = filesOf(folder);
    await runBoth(scene);
    expect(filesOf(folder)).toEqual(mended);
  });

  it('is kept once by many first runs at the same time', async ({ scene }) => {
    await scene.standin();
    const folder = scene.path('cache');
    scene.env.XDG_CACHE_HOME = folder;
    const runs = Array.from({ length: 6 }, (_, index) =>
      scene.run(['download', SAMPLE_VIDEO_NOS.faststart, '-o', `${index}.mp4`]),
    );
    for (const { code } of await Promise.all(runs)) expect(code).toBe(0);
    const kept = filesOf(folder);
    expect((await scene.run(['download', SAMPLE_VIDEO_NOS.faststart, '-o', 'again.mp4'])).code).toBe(0);
    expect(filesOf(folder)).toEqual(kept);
  });

  it('is kept where NODE_COMPILE_CACHE says, and nowhere with NODE_DISABLE_COMPILE_CACHE', async ({
    scene,
  }) => {
    await scene.standin();
    scene.env.XDG_CACHE_HOME = scene.path('cache');
    scene.env.NODE_COMPILE_CACHE = scene.path('elsewhere');
    await runBoth(scene);
    expect(filesOf(scene.path('elsewhere')).size).toBeGreaterThan(0);
    scene.env.NODE_COMPILE_CACHE = scene.path('nowhere');
    scene.env.NODE_DISABLE_COMPILE_CACHE = '1';
    await runBoth(scene);
    expect(scene.names()).toEqual(['elsewhere', 'video.mp4']);
  });

  it('is done without on a Node that has no checksum to check it with', async ({ scene }) => {
    await scene.standin();
    scene.env.XDG_CACHE_HOME = scene.path('cache');
    // As in Node 21 and the first of 22.
    const older = scene.write('older.cjs', "delete require('node:zlib').crc32;");
    scene.env.NODE_OPTIONS = `--require=${older}`;
    await runBoth(scene);
    await runBoth(scene);
  });

  it('is done without where it cannot be kept: no word of it, and nothing left', async ({ scene }) => {
    await scene.standin();
    scene.env.XDG_CACHE_HOME = scene.write('file', 'no folder');
    await runBoth(scene);
    expect(scene.names()).toEqual(['file', 'video.mp4']);
  });
});
