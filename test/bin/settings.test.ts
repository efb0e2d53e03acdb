import { chmodSync, existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect } from 'vitest';
import { makeFifo } from '../helpers/fifo.ts';
import { it } from '../helpers/scene.ts';
import { SAMPLE_VIDEO_NOS } from '../mock/sample-files.ts';

const { faststart } = SAMPLE_VIDEO_NOS;

/** Commands, and the exit code of each when there are no settings and none can be stored. */
const COMMANDS: readonly (readonly [line: string, code: number])[] = [
  ['--version', 0],
  ['config path', 0],
  ['config list', 0],
  ['config get rate', 0],
  ['config set rate 6', 7],
  ['config unset rate', 0],
  ['auth login', 7],
  ['auth logout', 0],
  ['auth status', 0],
  ['list', 0],
  [`download ${faststart} -o /dev/null`, 0],
  [`download ${faststart} -o /dev/null --rate 12`, 0],
];

describe.concurrent('when no folder can be created in HOME', () => {
  it.for(COMMANDS)('`mavi %s` exits %i and does not hang', async ([line, code], { scene }) => {
    await scene.mock();
    const env = { HOME: '/proc/nope', MAVI_CONFIG_DIR: undefined };
    const ended = await scene.run(line.split(' '), { env, stdin: `${scene.key}\n` });
    expect({ code: ended.code, stderr: ended.stderr }).toMatchObject({ code });
    if (code === 7) expect(ended.stderr).toContain('/proc/nope/.config/mavi/config.json');
  });
});

describe.concurrent('the config folder, with an empty or relative variable', () => {
  it.for([
    ['HOME', { HOME: '' }],
    ['HOME', { HOME: '.' }],
    ['XDG_CONFIG_HOME', { XDG_CONFIG_HOME: '.' }],
    ['XDG_CONFIG_HOME', { XDG_CONFIG_HOME: 'sub' }],
    ['MAVI_CONFIG_DIR', { MAVI_CONFIG_DIR: '' }],
  ] as const)('(%s), is not in the current folder', async ([, variables], { scene }) => {
    const env = { MAVI_CONFIG_DIR: undefined, ...variables };
    const { stdout } = await scene.run(['config', 'path'], { env });
    expect(stdout.toString()).toMatch(/^\/.*\/mavi\/config\.json\n$/);
    expect(stdout.toString()).not.toContain(scene.folder);
  });

  it('is the default one, and the current folder stays empty', async ({ scene }) => {
    await scene.mock();
    const env = { MAVI_CONFIG_DIR: undefined, MAVI_API_KEY: undefined, XDG_CONFIG_HOME: 'sub' };
    const { code } = await scene.run(['auth', 'login'], { env, stdin: scene.key });
    expect([code, scene.names()]).toEqual([0, []]);
    const file = join(scene.env.HOME ?? '', '.config/mavi/config.json');
    expect(JSON.parse(readFileSync(file, 'utf8'))).toEqual({ 'api-key': scene.key });
  });
});

describe.concurrent('settings that another user can write', () => {
  it.for(COMMANDS.filter(([line]) => !/version|path/.test(line)))(
    'are rejected by `mavi %s` before any request',
    async ([line], { scene }) => {
      const mock = await scene.mock();
      mkdirSync(scene.configFolder, { mode: 0o700 });
      const file = join(scene.configFolder, 'config.json');
      writeFileSync(file, JSON.stringify({ 'base-url': mock.baseUrl, 'api-key': scene.key }), {
        mode: 0o600,
      });
      chmodSync(scene.configFolder, 0o777);
      const env = { MAVI_BASE_URL: undefined, MAVI_API_KEY: undefined };
      const { code, stderr } = await scene.run(line.split(' '), { env, stdin: scene.key });
      expect(code).toBe(2);
      expect(stderr).toContain(`run: chmod go-w ${scene.configFolder}`);
      expect(mock.requests).toEqual([]);
      const fixed = await scene.shell(`chmod go-w ${scene.configFolder} && mavi list --ids`, { env }).ended;
      expect(fixed.code).toBe(0);
      expect(readdirSync(scene.configFolder).filter((name) => !/^(config|starts)/.test(name))).toEqual([]);
    },
  );
});

describe.concurrent('a key read from a FIFO', () => {
  it('can be the output of another command', async ({ scene }) => {
    const mock = await scene.mock();
    scene.write('vault', `${scene.key}\n`);
    const line = 'MAVI_API_KEY_FILE=<(cat vault) mavi list --ids';
    const { code } = await scene.shell(line, { env: { MAVI_API_KEY: undefined } }).ended;
    expect([code, mock.requests[0]?.headers.authorization]).toEqual([0, scene.key]);
  });

  it('can be cancelled with Ctrl-C while nothing is written to it', async ({ scene }) => {
    await scene.mock();
    makeFifo(scene.path('fifo'));
    const env = { MAVI_API_KEY: undefined, MAVI_API_KEY_FILE: scene.path('fifo') };
    const run = scene.start(['list'], { env });
    // Opening a FIFO returns when the program has opened it too.
    const opened = scene.shell('exec 3> fifo; echo open; exec sleep 60');
    await opened.prints('open');
    run.child.kill('SIGINT');
    expect((await run.ended).signal).toBe('SIGINT');
    opened.child.kill('SIGKILL');
  });
});

describe.concurrent('a settings file', () => {
  it.for(['config set rate 6', 'config unset rate', 'auth login', 'auth logout'])(
    'that is not valid JSON is not changed by `mavi %s`',
    async (line, { scene }) => {
      const mock = await scene.mock();
      mkdirSync(scene.configFolder, { mode: 0o700 });
      const file = join(scene.configFolder, 'config.json');
      const text = `{"api-key": "${scene.key}",}`;
      writeFileSync(file, text, { mode: 0o600 });
      const { code, stderr } = await scene.run(line.split(' '), { stdin: scene.key });
      expect([code, readFileSync(file, 'utf8'), mock.requests]).toEqual([2, text, []]);
      expect(stderr).toContain(file);
    },
  );

  it('may start with a byte order mark, as Windows writes it', async ({ scene }) => {
    const mock = await scene.mock();
    mkdirSync(scene.configFolder, { mode: 0o700 });
    const file = join(scene.configFolder, 'config.json');
    writeFileSync(file, `\ufeff{"api-key": "${scene.key}"}\r\n`, { mode: 0o600 });
    const env = { MAVI_API_KEY: undefined };
    expect((await scene.run(['config', 'set', 'rate', '6'], { env })).code).toBe(0);
    expect((await scene.run(['list', '--ids'], { env })).code).toBe(0);
    expect(mock.requests[0]?.headers.authorization).toBe(scene.key);
    expect(existsSync(`${file}.lock`)).toBe(false);
  });
});
