import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect } from 'vitest';
import { appears } from '../helpers/moment.ts';
import { it, type Scene } from '../helpers/scene.ts';
import { madeUpVideo } from '../helpers/videos.ts';
import { SAMPLE_VIDEO_NOS } from '../mock/sample-files.ts';

const { faststart, moovLast } = SAMPLE_VIDEO_NOS;
const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

/** Records the name of each signal for which the process installs a handler, one per line. */
const NOTE_TAKER = `
const { appendFileSync } = require('node:fs');
for (const method of ['on', 'once', 'addListener', 'prependListener', 'prependOnceListener']) {
  const install = process[method];
  process[method] = function (event, ...rest) {
    if (/^SIG/.test(event) && !/WINCH/.test(event)) appendFileSync(process.env.NOTES, event + '\\n');
    return install.call(this, event, ...rest);
  };
}`;

/** Writes a settings file as `mavi config set` would. */
function storeSettings(scene: Scene, settings: Readonly<Record<string, string>> = { retries: '4' }): void {
  mkdirSync(scene.configFolder, { recursive: true, mode: 0o700 });
  writeFileSync(join(scene.configFolder, 'config.json'), JSON.stringify(settings), { mode: 0o600 });
}

describe.concurrent('only the program itself installs signal handlers, not its dependencies:', () => {
  const COMMANDS: Readonly<Record<string, readonly string[]>> = {
    'reading settings': ['config', 'list'],
    'writing settings': ['config', 'set', 'rate', '6'],
    'storing the key': ['auth', 'login'],
    'removing the key': ['auth', 'logout'],
    'testing the key': ['auth', 'status'],
    'a download': ['download', faststart, '--rate', '12'],
    'a batch': ['download', faststart, moovLast, '-d', 'some', '--rate', '12'],
    'a pipe': ['download', faststart, '-o', '-', '--rate', '12'],
    'a sync': ['sync', 'library', '--rate', '12'],
    'a listing': ['list', '--json'],
    'a completion script': ['completion', 'zsh'],
  };

  it.for(Object.entries(COMMANDS))('%s', async ([, args], { scene }) => {
    await scene.mock();
    storeSettings(scene);
    mkdirSync(scene.path('library'));
    const notes = scene.path('notes');
    const env = { NODE_OPTIONS: `--require=${scene.write('note-taker.cjs', NOTE_TAKER)}`, NOTES: notes };
    const { code, stderr } = await scene.run(args, { env, stdin: `${scene.key}\n` });
    expect({ code, stderr }).toMatchObject({ code: 0 });
    const installed = readFileSync(notes, 'utf8').trim().split('\n');
    expect(installed.toSorted()).toEqual(SIGNALS.toSorted());
  });
});

describe.concurrent.for(SIGNALS)('with a settings file, %s leaves nothing behind', (signal) => {
  it.for([
    ['a download', ['download', faststart, '--force', '-o', 'video.mp4']],
    ['a batch', ['download', faststart, moovLast, '-d', 'library']],
    ['a sync', ['sync', 'library']],
  ] as const)('in %s', async ([, args], { scene }) => {
    await scene.mock({ faults: 'stall@100000' });
    storeSettings(scene);
    scene.write('video.mp4', 'mine');
    mkdirSync(scene.path('library'));
    const run = scene.start(args, { env: { MAVI_RATE: '12' } });
    await appears(
      args[0] === 'download' && args[2] === '--force' ? scene.folder : scene.path('library'),
      /\.part$/,
    );
    run.child.kill(signal);
    const ended = await run.ended;
    expect({ signal: ended.signal, left: scene.leftovers() }).toEqual({ signal, left: [] });
    expect(scene.read('video.mp4').toString()).toBe('mine');
  });

  it('in a pipe', async ({ scene }) => {
    const { video, videoNo } = madeUpVideo(30_000_000);
    await scene.mock({ videos: [video] });
    storeSettings(scene);
    const run = scene.start(['download', videoNo, '-o', '-'], { stdout: 'held', env: { MAVI_RATE: '12' } });
    await new Promise((resolve) => run.child.stdout?.once('readable', resolve));
    run.child.kill(signal);
    await run.exited;
    expect(run.child.signalCode).toBe(signal);
  });

  it('when it is delivered twice, as by timeout(1) and npx', async ({ scene }) => {
    await scene.mock({ faults: 'stall@100000' });
    const run = scene.start(['download', faststart, '-o', 'video.mp4']);
    await appears(scene.folder, /\.part$/);
    run.child.kill(signal);
    run.child.kill(signal);
    const ended = await run.ended;
    expect({ signal: ended.signal, left: scene.names() }).toEqual({ signal, left: [] });
  });
});

describe.concurrent('an interrupted batch says how many videos are done and how to continue', () => {
  const COMMANDS = [
    [
      'a batch',
      `download ${faststart} ${moovLast} -d library -c 1`,
      'rerun with --skip-existing to continue',
    ],
    [
      'a batch with --skip-existing',
      `download ${faststart} ${moovLast} -d library -c 1 --skip-existing`,
      'rerun the same command to continue',
    ],
    ['a sync', 'sync library', 'rerun the same command to continue'],
  ] as const;

  it.for(COMMANDS)('in a pipe: %s', async ([, command, advice], { scene }) => {
    await scene.mock({ faults: { [moovLast]: 'stall@100000' } });
    mkdirSync(scene.path('library'));
    const run = scene.start(command.split(' '));
    await run.says('saved');
    await appears(scene.path('library'), /\.part$/);
    run.child.kill('SIGINT');
    const { stderr, signal } = await run.ended;
    expect(signal).toBe('SIGINT');
    expect(stderr).toMatch(/interrupted: [12] of \d videos done/);
    expect(stderr.replace(/\s+/g, ' ')).toContain(advice);
  });

  it.for(COMMANDS)('on a terminal: %s', async ([, command, advice], { scene }) => {
    await scene.mock({ faults: { [moovLast]: 'stall@100000' } });
    mkdirSync(scene.path('library'));
    const run = scene.terminal(`exec $program ${command}`);
    await run.prints('saved');
    await appears(scene.path('library'), /\.part$/);
    run.child.stdin?.write('\u0003');
    const { stdout } = await run.ended;
    const shown = stdout.toString();
    expect(shown).toMatch(/interrupted: [12] of \d videos done/);
    expect(shown.replace(/\s+/g, ' ')).toContain(advice);
    expect(scene.leftovers()).toEqual([]);
  });
});

describe.concurrent('a limit on the size of files (ulimit -f)', () => {
  it.for(['0', '12'])('exits 7 and names the file, with --rate %s', async (rate, { scene }) => {
    const { video, videoNo } = madeUpVideo(1_000_000);
    await scene.mock({ videos: [video] });
    storeSettings(scene);
    const { code, signal, stderr } = await scene.shell(
      `ulimit -f 100; exec $program download ${videoNo} -o video.mp4 --rate ${rate}`,
    ).ended;
    expect({ code, signal }).toEqual({ code: 7, signal: null });
    expect(stderr).toContain('video.mp4');
    expect(scene.names()).toEqual([]);
  });
});

describe.concurrent('nohup protects from SIGHUP', () => {
  it.for([
    ['started by bash', 'nohup $program'],
    ['without the variable _ of the shell', 'env -u _ nohup $program'],
    ['when only standard input reveals it', 'set -m; env -u _ nohup $program > log 2>&1'],
    ['in a script that nohup started', 'nohup env -u _ sh -c \'"$@"; exit\' sh $program'],
  ])('%s', async ([, start = ''], { scene }) => {
    await scene.mock({ bytesPerSecond: 200_000 });
    const work = `download ${faststart} -o video.mp4 --progress none`;
    const hangUp = 'pid=$(pgrep -P $job -x node || echo $job); kill -HUP $pid; wait $job; echo "code $?"';
    const run = scene.terminal(
      `${start.replace('$program', `$program ${work}`)} & job=$!; head -n 1; ${hangUp}`,
      {
        env: { SHELL: '/bin/bash' },
      },
    );
    await appears(scene.folder, /\.part$/);
    run.child.stdin?.write('\n');
    expect((await run.ended).stdout.toString()).toContain('code 0');
    expect(scene.names()).toContain('video.mp4');
  });
});

it('reports an unexpected error when Node exits before the command is done', async ({ scene }) => {
  const preload = `const fs = require('node:fs'); fs.writev = () => {}; require('node:module').syncBuiltinESMExports();`;
  const env = { NODE_OPTIONS: `--require=${scene.write('preload.cjs', preload)}` };
  const { code, stderr } = await scene.run(['--version'], { env });
  expect({ code, stderr }).toEqual({
    code: 1,
    stderr: 'mavi: unexpected error: the command stopped before it was done\n',
  });
});
