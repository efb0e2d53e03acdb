import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { chmodSync, existsSync, mkdirSync, readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { dirname, join } from 'node:path';
import { describe, expect } from 'vitest';
import { INSTALL, ROOT, recipesOf, withMavi } from '../helpers/recipes.ts';
import { it, type Scene } from '../helpers/scene.ts';

const RECIPES = recipesOf('README.md');
const SAMPLE = readFileSync(join(ROOT, 'src/mock/samples/faststart.mp4'));
const SHA256 = createHash('sha256').update(SAMPLE).digest('hex');
const LIBRARY = ['VI623870256104189952.mp4', 'VI624611307445927936.mp4', 'VI625239098370850816.mp4'];

function recipe(name: string): string {
  return RECIPES.get(name) ?? expect.fail(`README.md has no recipe "${name}"`);
}

/** The commands of a CI job. */
function jobCommands(name: string): string {
  const lines = recipe(name).split('\n');
  return lines
    .map((line) => /^\s*- (?:run: )?((?:curl|echo|npm|mavi) .*)$/.exec(line)?.[1])
    .filter((line) => line !== undefined)
    .join('\n');
}

/** Serves the packed package, and answers the environment of a job that installs it into a folder of its own. */
async function releaseFor(scene: Scene) {
  const folder = scene.path('release');
  mkdirSync(folder);
  const pack = ['pack', '--json', '--ignore-scripts', '--pack-destination', folder];
  const [{ filename }] = JSON.parse(execFileSync('npm', pack, { cwd: ROOT, encoding: 'utf8' }));
  const tarball = readFileSync(join(folder, filename));
  const server = createServer((_request, response) => response.end(tarball));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  scene.finally(() => server.close());
  const prefix = scene.path('prefix');
  return {
    MAVI_TARBALL: `http://127.0.0.1:${(server.address() as AddressInfo).port}/${filename}`,
    MAVI_SHA256: createHash('sha256').update(tarball).digest('hex'),
    PATH: `${prefix}/bin:${scene.env.PATH}`,
    npm_config_prefix: prefix,
    npm_config_offline: 'true',
  };
}

async function ready(scene: Scene): Promise<void> {
  withMavi(scene);
  await scene.mock();
}

describe("README's recipes", () => {
  it('are all run here, except the installation, which test/package runs', () => {
    expect([...RECIPES.keys()].sort()).toEqual([
      'GitHub Actions',
      'GitLab CI',
      'by name',
      'cron',
      'first download',
      'install from a tarball',
      'install from the checkout',
      'jq',
      'list and download',
      'mock',
      'pipe into ffmpeg',
      'pipe into sha256sum',
      'script',
      'sync',
    ]);
  });

  it('start with a key, the list of the library and one video', async ({ scene }) => {
    await ready(scene);
    const env = { MAVI_API_KEY: undefined };
    const { code, stdout, stderr } = await scene.shell(recipe('first download'), { env, stdin: scene.key })
      .ended;
    expect([code, stdout.toString().match(/^VI\d{18} /gm)?.length]).toEqual([0, 3]);
    expect(stderr).toContain('mavi: stored sk-mavi-…');
    expect(scene.read('video.mp4').equals(SAMPLE)).toBe(true);
  });

  it('hash a video in a pipe', async ({ scene }) => {
    await ready(scene);
    const { code, stdout } = await scene.shell(`set -o pipefail; ${recipe('pipe into sha256sum')}`).ended;
    expect([code, stdout.toString()]).toEqual([0, `${SHA256}  -\n`]);
  });

  it('extract the sound of a video in a pipe', async ({ scene }) => {
    await ready(scene);
    expect((await scene.shell(`set -o pipefail; ${recipe('pipe into ffmpeg')}`).ended).code).toBe(0);
    expect(scene.read('audio.m4a').subarray(4, 8).toString()).toBe('ftyp');
  });

  it('stop a script at the first error', async ({ scene }) => {
    await ready(scene);
    chmodSync(scene.write('fetch.sh', recipe('script')), 0o755);
    expect((await scene.shell('./fetch.sh').ended).code).toBe(0);
    expect(scene.read('video.mp4').equals(SAMPLE)).toBe(true);
    // The file is there now, so that the second run must not get as far as verifying.
    const again = await scene.shell('./fetch.sh').ended;
    expect([again.code, again.stdout.toString()]).toEqual([7, '']);
  });

  it('download a video by part of its name, into a folder by its date', async ({ scene }) => {
    await ready(scene);
    expect((await scene.shell(recipe('by name')).ended).code).toBe(0);
    expect(scene.read('videos/2025-10-03/first steps.mp4').equals(SAMPLE)).toBe(true);
  });

  it.for(['list and download', 'sync'])('fetch the whole library: %s', async (name, { scene }) => {
    await ready(scene);
    expect((await scene.shell(`set -eo pipefail; ${recipe(name)}`).ended).code).toBe(0);
    const there = LIBRARY.filter((file) => existsSync(scene.path(`library/${file}`)));
    expect(there).toEqual(LIBRARY);
    expect(scene.read(`library/${LIBRARY[2]}`).equals(SAMPLE)).toBe(true);
  });

  it('print the failed videos with jq', async ({ scene }) => {
    await ready(scene);
    const { stdout } = await scene.shell(recipe('jq')).ended;
    expect(stdout.toString()).toBe('VI000000000000000000 0001\n');
  });

  it('sync from cron', async ({ scene }) => {
    await ready(scene);
    const home = dirname(scene.write('.mavi-key', scene.key));
    const command = recipe('cron').replace(/^(\S+ ){5}/, '');
    const env = { HOME: home, MAVI_API_KEY: undefined };
    const { code, stdout, stderr } = await scene.shell(`env ${command}`, { env }).ended;
    expect([code, stdout.toString(), stderr]).toEqual([0, '', '']);
    expect(scene.read(`library/${LIBRARY[2]}`).equals(SAMPLE)).toBe(true);
  });

  it.for(['GitHub Actions', 'GitLab CI'])(
    'install from a pinned tarball, and download a video, in a job of %s',
    async (name, { scene }) => {
      await scene.mock();
      const env = await releaseFor(scene);
      for (const line of INSTALL) expect(jobCommands(name)).toContain(line);
      const { code, stderr } = await scene.shell(`set -e\n${jobCommands(name)}`, { env }).ended;
      expect({ code, stderr }).toMatchObject({ code: 0 });
      expect(scene.read('video.mp4').equals(SAMPLE)).toBe(true);
    },
  );

  it('install only the pinned file', async ({ scene }) => {
    const env = { ...(await releaseFor(scene)), MAVI_SHA256: SHA256 };
    const { code } = await scene.shell(`set -e\n${jobCommands('GitHub Actions')}`, { env }).ended;
    expect(code).toBe(1);
    expect(existsSync(join(env.npm_config_prefix, 'lib'))).toBe(false);
  });

  it('test a script against the mock and its faults', async ({ scene }) => {
    withMavi(scene);
    mkdirSync(scene.path('work'));
    const folder = scene.path('work');
    const code = `set -m\n${recipe('mock')}`;
    expect((await scene.shell(code, { folder, printsKey: true }).ended).stderr).toContain(
      'saved dropped.mp4',
    );
    expect(scene.read('work/dropped.mp4').equals(SAMPLE)).toBe(true);
  });
});
