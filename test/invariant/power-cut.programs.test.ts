import { mkdirSync } from 'node:fs';
import { describe, expect } from 'vitest';
import { it, type Scene } from '../helpers/scene.ts';
import { strace, systemCalls } from '../helpers/strace.ts';
import { SAMPLE_VIDEO_NOS } from '../mock/sample-files.ts';
import { powerCuts, type Step, stepsOf } from './power-cut.ts';

const { faststart, moovLast, fragmented } = SAMPLE_VIDEO_NOS;
const ALL = [faststart, moovLast, fragmented];
const TRACED =
  'openat,mkdir,mkdirat,write,writev,pwrite64,pwritev,pwritev2,fsync,fdatasync,link,linkat,rename,renameat,renameat2,unlink,unlinkat';

/** Runs the program and returns what it did to the scene's folder. */
async function stepsOfRun(
  scene: Scene,
  args: readonly string[],
  ...inject: readonly string[]
): Promise<Step[]> {
  const log = `${scene.configFolder}.log`;
  const by = strace('-y', '-s', '4096', '-o', log, '-e', `trace=${TRACED}`, ...inject);
  const { code, stderr } = await scene.run(args, { by, env: { UV_USE_IO_URING: '0' } });
  expect(code, stderr).toBe(0);
  return stepsOf(systemCalls(log), scene.folder, scene.folder);
}

/** Describes everything wrong in what a power cut may leave; empty if nothing is. */
function findings(
  steps: readonly Step[],
  targets: readonly string[],
  manifest: string | null,
  old: readonly string[] = [],
): string[] {
  const found = new Set<string>();
  for (const cut of powerCuts(steps, old)) {
    const isOver = cut.steps === steps.length;
    const records = manifest === null ? null : cut.find(manifest);
    const recorded = records === null ? '' : cut.textsOf(records).join('');
    for (const target of targets) {
      const inode = cut.find(target);
      const isOld = inode === null ? old.length === 0 : inode.name === 'old';
      const videoNo = /VI\d+/.exec(target)?.[0] ?? '';
      if (inode !== null && !isOld && !cut.isComplete(inode))
        found.add(`step ${cut.steps}: ${target} is incomplete`);
      const isNew = inode !== null && inode.name !== 'old' && cut.isComplete(inode);
      if (!isNew && recorded.includes(videoNo))
        found.add(`step ${cut.steps}: ${target} is recorded but missing`);
      if (!isNew && isOver) found.add(`exit 0, but ${target} is missing`);
    }
    if (isOver && manifest !== null) {
      if (records === null || !cut.isComplete(records)) found.add('exit 0, but the manifest is not flushed');
      else
        for (const target of targets)
          if (!recorded.includes(/VI\d+/.exec(target)?.[0] ?? '')) found.add(`${target} is not recorded`);
    }
  }
  return [...found];
}

describe.concurrent('after a power cut, the target is absent, old or complete, and every recorded file exists,', () => {
  it('in a download into new folders, with a manifest elsewhere', async ({ scene }) => {
    await scene.mock();
    mkdirSync(scene.path('log'));
    const steps = await stepsOfRun(scene, ['download', ...ALL, '-d', 'a/b', '--manifest', 'log/m.ndjson']);
    const targets = ALL.map((videoNo) => scene.path(`a/b/${videoNo}.mp4`));
    expect(steps.filter(({ kind }) => kind === 'link')).toHaveLength(3);
    expect(findings(steps, targets, scene.path('log/m.ndjson'))).toEqual([]);
  });

  it('in a download that replaces a file', async ({ scene }) => {
    await scene.mock();
    const name = `${faststart}.mp4`;
    scene.write(name, 'old');
    const steps = await stepsOfRun(scene, [
      'download',
      faststart,
      '-o',
      name,
      '--force',
      '--manifest',
      'm.ndjson',
    ]);
    expect(steps.filter(({ kind }) => kind === 'rename')).toHaveLength(1);
    expect(findings(steps, [scene.path(name)], scene.path('m.ndjson'), [scene.path(name)])).toEqual([]);
  });

  it('in a sync', async ({ scene }) => {
    await scene.mock();
    const steps = await stepsOfRun(scene, ['sync', 'lib']);
    const targets = ALL.map((videoNo) => scene.path(`lib/${videoNo}.mp4`));
    expect(findings(steps, targets, scene.path('lib/mavi-manifest.ndjson'))).toEqual([]);
  });

  it('in a sync into folders from --name-template', async ({ scene }) => {
    await scene.mock();
    const steps = await stepsOfRun(scene, ['sync', 'lib', '--name-template', 'new/{video_no}']);
    const targets = ALL.map((videoNo) => scene.path(`lib/new/${videoNo}.mp4`));
    expect(findings(steps, targets, scene.path('lib/mavi-manifest.ndjson'))).toEqual([]);
  });

  it('or, without hard links, the target is an empty placeholder', async ({ scene }) => {
    await scene.mock();
    const steps = await stepsOfRun(
      scene,
      ['download', faststart, '--manifest', 'm.ndjson'],
      '-e',
      'inject=link,linkat:error=EPERM',
    );
    const target = scene.path(`${faststart}.mp4`);
    expect(steps.filter(({ kind }) => kind === 'rename')).toHaveLength(1);
    expect(findings(steps, [target], scene.path('m.ndjson'))).toEqual([]);
    const empty = [...powerCuts(steps)].filter((cut) => cut.find(target)?.written.length === 0);
    expect(empty.length).toBeGreaterThan(0);
  });
});

describe('the enumeration of power cuts', () => {
  const target = '/d/VI1.mp4';
  const good: readonly Step[] = [
    { kind: 'create', path: '/d/part' },
    { kind: 'write', path: '/d/part' },
    { kind: 'flush', path: '/d/part' },
    { kind: 'link', path: '/d/part', to: target },
    { kind: 'unlink', path: '/d/part' },
    { kind: 'flush', path: '/d' },
    { kind: 'write', path: '/d/m', text: 'VI1' },
    { kind: 'flush', path: '/d/m' },
  ];
  const manifest: readonly Step[] = [
    { kind: 'create', path: '/d/m' },
    { kind: 'flush', path: '/d' },
  ];

  it('finds nothing wrong with the correct order of calls', () => {
    expect(findings([...manifest, ...good], [target], '/d/m')).toEqual([]);
  });

  it.for([
    ['the flush of the file', 2, 'is incomplete'],
    ['the flush of the folder', 5, 'is recorded but missing'],
    ['the flush of the record', 7, 'the manifest is not flushed'],
  ] as const)('finds that %s is missing', ([, at, says]) => {
    const steps = [...manifest, ...good.filter((_, index) => index !== at)];
    expect(findings(steps, [target], '/d/m').join('\n')).toContain(says);
  });

  it('finds a manifest and a folder whose parent folder was not flushed', () => {
    const elsewhere = JSON.parse(JSON.stringify([manifest[0], ...good]).replaceAll('/d/m', '/e/m'));
    expect(findings(elsewhere, [target], '/e/m').join()).toContain('the manifest is not flushed');
    expect(
      findings([{ kind: 'mkdir', path: '/d' }, ...manifest, ...good], [target], '/d/m').join(),
    ).toContain('exit 0');
  });
});
