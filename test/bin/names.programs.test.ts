import { execFileSync } from 'node:child_process';
import { chmodSync, mkdirSync, readFileSync } from 'node:fs';
import { describe, expect } from 'vitest';
import { it, type Scene } from '../helpers/scene.ts';
import { SAMPLE_VIDEO_NOS, sampleFile } from '../mock/sample-files.ts';

const { faststart } = SAMPLE_VIDEO_NOS;

/** All paths below the scene's folder, decoded as Latin-1. */
function pathsIn(scene: Scene): string[] {
  const found = execFileSync('find', [scene.folder, '-mindepth', '1', '-printf', '%P\\n'], {
    encoding: 'latin1',
  });
  return found.split('\n').slice(0, -1).sort();
}

describe.concurrent('a name that is not UTF-8', () => {
  it('of the current folder works: every file is written there', async ({ scene }) => {
    await scene.mock();
    const line = [
      `mkdir $'\\xe9' && cd $'\\xe9'`,
      `mavi download ${faststart} -o a.mp4 --manifest m.ndjson`,
      `mavi download ${faststart} -d sub`,
      'mavi verify --manifest m.ndjson',
      'mavi sync lib',
      'mavi sync lib',
      'mavi verify lib',
      'echo $?',
    ].join(' && ');
    const { stdout, stderr } = await scene.shell(line).ended;
    expect(stdout.toString(), stderr).toMatch(/a\.mp4: OK[^\n]*\n(lib\/VI\d+\.mp4: OK[^\n]*\n){3}0\n$/);
    const paths = pathsIn(scene);
    expect(paths.filter((path) => !path.startsWith('\xe9'))).toEqual([]);
    expect(paths).toContain('\xe9/a.mp4');
    expect(paths).toContain(`\xe9/sub/${faststart}.mp4`);
    expect(paths).toContain('\xe9/lib/mavi-manifest.ndjson');
    expect(stderr).toContain('nothing to download');
  });

  it.for(['-o', '-d', '--manifest'])(
    'in an argument makes mavi exit 2 before any request (%s)',
    async (flag, { scene }) => {
      const mock = await scene.mock();
      const { stdout, stderr } = await scene.shell(`mavi download ${faststart} ${flag} $'\\xe9.mp4'; echo $?`)
        .ended;
      expect(stdout.toString()).toBe('2\n');
      expect(stderr).toContain('not valid UTF-8');
      expect([mock.requests, pathsIn(scene)]).toEqual([[], []]);
    },
  );

  it('of the current folder makes mavi exit 2 with a manifest elsewhere, which cannot record it', async ({
    scene,
  }) => {
    const mock = await scene.mock();
    const line = `mkdir $'\\xe9' && cd $'\\xe9' && mavi download ${faststart} --manifest ${scene.path('m.ndjson')}; echo $?`;
    expect((await scene.shell(line).ended).stdout.toString()).toBe('2\n');
    expect([mock.requests, pathsIn(scene)]).toEqual([[], ['\xe9']]);
  });

  it('is not confused with a name that contains U+FFFD', async ({ scene }) => {
    await scene.mock();
    expect((await scene.run(['download', faststart, '-o', '\ufffd.mp4'])).code).toBe(0);
    expect(scene.names()).toEqual(['\ufffd.mp4']);
  });

  it('as the target of a symbolic link makes mavi exit 2', async ({ scene }) => {
    const mock = await scene.mock();
    const line = `ln -s $'\\xe9.mp4' link.mp4; mavi download ${faststart} -o link.mp4; echo $?`;
    expect((await scene.shell(line).ended).stdout.toString()).toBe('2\n');
    expect([mock.requests, pathsIn(scene)]).toEqual([[], ['link.mp4']]);
  });
});

describe.concurrent('a path', () => {
  it('may be relative to a folder below one without search permission', async ({ scene }) => {
    await scene.mock();
    mkdirSync(scene.path('closed/open'), { recursive: true });
    chmodSync(scene.path('closed/open'), 0o777);
    const line = `cd closed/open; chmod 700 ..; exec setpriv --reuid 54321 --regid 54321 --clear-groups \\
      $program download ${faststart} -o a.mp4 --manifest m`;
    const { code, stderr } = await scene.shell(line, { env: { HOME: '/', MAVI_CONFIG_DIR: '/nonexistent' } })
      .ended;
    expect(code, stderr).toBe(0);
    expect(readFileSync(scene.path('closed/open/a.mp4')).equals(sampleFile('faststart'))).toBe(true);
  });

  it('in a deleted folder makes mavi exit 7 before any request, even without PWD', async ({ scene }) => {
    const mock = await scene.mock();
    const line = `mkdir gone; cd gone; rmdir ../gone; unset PWD
      for args in 'sync lib' 'sync .' 'download ${faststart}' 'download ${faststart} -d d'; do
        env -u PWD $program $args; echo $?
      done`;
    const { stdout } = await scene.shell(line).ended;
    expect(stdout.toString()).toBe('7\n7\n7\n7\n');
    expect([mock.requests, scene.names()]).toEqual([[], []]);
  });

  it.for(['/proc/x', '/proc/x/y'])(
    'of a folder that cannot be created makes mavi exit 7 before any request (%s)',
    async (folder, { scene }) => {
      const mock = await scene.mock();
      for (const args of [
        ['download', faststart, '-d', folder],
        ['sync', folder],
      ]) {
        const { code, stderr } = await scene.run(args);
        expect(code).toBe(7);
        expect(stderr).toContain(folder);
      }
      expect(mock.requests).toEqual([]);
    },
  );
});
