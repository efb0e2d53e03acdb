import { readdirSync } from 'node:fs';
import { basename, join } from 'node:path';
import { describe, expect } from 'vitest';
import { SAMPLE_VIDEO_NOS } from '../../src/standin/samples.ts';
import { ROOT } from '../helpers/recipes.ts';
import { it, type Scene } from '../helpers/scene.ts';

/** Notes, when the process ends, which modules of Node it has loaded, and which files of the bundle. */
const NOTE_TAKER = `
const fs = require('node:fs');
const { readFileSync, writeFileSync } = fs;
const files = [];
fs.readFileSync = (path, ...rest) => {
  files.push(String(path));
  return readFileSync(path, ...rest);
};
const before = new Set(process.moduleLoadList);
process.on('exit', () => {
  const modules = process.moduleLoadList.filter((name) => !before.has(name));
  writeFileSync(process.env.NOTES, JSON.stringify({ modules, files: [...files, ...Object.keys(require.cache)] }));
});`;

/** Parts of the bundle that most runs do without: bars, lists, prompts, tables, colours (source), proxies (dist). */
const LATE = ['bar', 'dist', 'list', 'login', 'proper-lockfile', 'source', 'status', 'table'];

/** The name of a part of the bundle without the hash that the bundler adds. */
function partOf(file: string): string {
  return basename(file).replace(/(-[A-Z0-9]{8})?\.cjs$/, '');
}

/** What a successful run loads: modules of Node such as `http`, and parts of the bundle such as `main`. */
async function loadedBy(
  args: readonly string[],
  scene: Scene,
): Promise<{ readonly modules: string[]; readonly parts: string[] }> {
  scene.env.NODE_OPTIONS = `--require=${scene.write('note-taker.cjs', NOTE_TAKER)}`;
  scene.env.NOTES = scene.path('notes.json');
  expect(await scene.run(args)).toMatchObject({ code: 0 });
  const { modules, files } = JSON.parse(scene.read('notes.json').toString()) as {
    modules: string[];
    files: string[];
  };
  return { modules: modules.map((name) => name.replace('NativeModule ', '')), parts: files.map(partOf) };
}

describe.concurrent('what a command loads', () => {
  it.for(['--version', '--help'])('is for %s the command line alone', async (flag, { scene }) => {
    const { modules, parts } = await loadedBy([flag], scene);
    expect(parts).toEqual(expect.arrayContaining(['launch', 'main']));
    expect(parts.filter((name) => [...LATE, 'run'].includes(name))).toEqual([]);
    expect(modules.filter((name) => /^(http|https|tls|crypto|dns|readline)$/.test(name))).toEqual([]);
  });

  it('is for --version no terminal either, while --help asks for one', async ({ scene }) => {
    expect((await loadedBy(['--help'], scene)).modules).toContain('tty');
    const { modules } = await loadedBy(['--version'], scene);
    expect(modules.filter((name) => /^(tty|net)$/.test(name))).toEqual([]);
  });

  it('is for a download what it uses: no bar, prompt, list, table, colour or proxy', async ({ scene }) => {
    await scene.standin();
    const { modules, parts } = await loadedBy(
      ['download', SAMPLE_VIDEO_NOS.faststart, '-o', 'video.mp4'],
      scene,
    );
    expect(modules).toContain('http');
    expect(parts).toContain('run');
    expect(parts.filter((name) => LATE.includes(name))).toEqual([]);
    // Under another name each would be missed here.
    expect(readdirSync(join(ROOT, 'dist')).map(partOf)).toEqual(expect.arrayContaining(LATE));
  });
});
