import { readFileSync, statSync } from 'node:fs';
import { describe, expect } from 'vitest';
import { moment } from '../helpers/moment.ts';
import { it } from '../helpers/scene.ts';
import { SAMPLE_VIDEO_NOS } from '../mock/sample-files.ts';

const { faststart } = SAMPLE_VIDEO_NOS;

// After every run, a scene also checks that no part of the key is in the output.
describe.concurrent('the key', () => {
  it.for([
    `download ${faststart} -o video.mp4 --retries 1 --json --verbose`,
    `download ${faststart} -o - --retries 1 --verbose`,
    `download ${faststart} --lookup --manifest manifest --verbose`,
    'list --verbose',
    'list --json --verbose',
    'auth status --verbose',
  ])('is not shown by `mavi %s` even if the server repeats it', async (line, { scene }) => {
    await scene.mock({ faults: 'echo-key', listFaults: 'echo-key' });
    const { code, stderr } = await scene.run(line.split(' '));
    expect(code).toBe(4);
    expect(stderr).toContain(`sk-mavi-…${scene.key.slice(-4)}`);
    expect(scene.names().map((name) => scene.read(name).toString())).toEqual(
      line.includes('manifest') ? [expect.not.stringContaining(scene.key.slice(20, 40))] : [],
    );
  });

  it.for([
    ['without its start', (key: string) => key.slice(18)],
    ['its last forty characters', (key: string) => key.slice(-40)],
    ['from its middle', (key: string) => key.slice(20, 40)],
  ] as const)('%s, repeated by the server, is shown by no command', async ([, pieceOf], { scene }) => {
    const piece = pieceOf(scene.key);
    await scene.mock({
      onRequest: (_request, response) => {
        response.writeHead(200, { 'content-type': 'application/json' });
        response.end(JSON.stringify({ code: '0001', msg: `invalid key ${piece}, ${piece.toUpperCase()}` }));
        return 'answered';
      },
    });
    for (const line of [
      `download ${faststart} --retries 0 --json -v`,
      'list -v',
      'sync library',
      'auth status',
    ]) {
      const { code, stdout, stderr } = await scene.run(line.split(' '));
      expect(code, line).toBe(4);
      expect(stderr).toContain('invalid key …, …');
      for (const part of [piece, piece.toUpperCase()])
        expect(stdout + stderr).not.toContain(part.slice(0, -4));
    }
  });

  it('is sent to another host than the vendor’s only with a note in --verbose', async ({ scene }) => {
    const mock = await scene.mock();
    const { stderr } = await scene.run(['list', '--verbose']);
    expect(stderr).toContain(`* the API key goes to ${new URL(mock.baseUrl).host}\n`);
    const quiet = await scene.run(['list']);
    expect(quiet.stderr).not.toContain('goes to');
  });

  it('is masked in data, but text that only looks like a key is not', async ({ scene }) => {
    await scene.mock();
    const name = 'sk-summer-holiday-2024-with-everybody.mp4';
    const args = ['download', faststart, '-o', name, '--json', '--manifest', 'manifest'];
    const { code, stdout } = await scene.run(args);
    expect(code).toBe(0);
    expect(JSON.parse(stdout.toString()).file).toBe(name);
    expect(JSON.parse(scene.read('manifest').toString()).file).toBe(name);
    const verified = await scene.run(['verify', '--json', name]);
    expect(JSON.parse(verified.stdout.toString()).file).toBe(name);
  });

  it('is neither in the arguments of the process nor in its files', async ({ scene }) => {
    const asked = moment();
    await scene.mock({ faults: 'silent', onRequest: asked.now });
    const run = scene.start(['download', faststart], { env: { MAVI_RATE: '12' } });
    await asked.happened;
    expect(readFileSync(`/proc/${run.child.pid}/cmdline`, 'utf8')).not.toContain(scene.key.slice(8, 30));
    run.child.kill('SIGTERM');
    await run.exited;
    // The shared record of starts is named after the key, and must not reveal it.
    const { stdout } = await scene.shell(
      `grep -r -c . "$MAVI_CONFIG_DIR"; grep -r "$MAVI_API_KEY" "$MAVI_CONFIG_DIR" .; true`,
    ).ended;
    expect(stdout.toString()).toMatch(/^\S+starts-[0-9a-f]{16}\.json:1\n$/);
  });

  it.for([
    ['a Bearer prefix', (key: string) => `Bearer ${key}`],
    ['a space inside', (key: string) => `${key.slice(0, 30)} ${key.slice(30)}`],
    ['a line break inside', (key: string) => `${key.slice(0, 30)}\n${key.slice(30)}`],
    ['a control character', (key: string) => `${key}\u0007x`],
    ['only spaces', () => '  '],
  ] as const)(
    'with %s makes mavi exit 2 before any request, and is not shown',
    async ([, spoil], { scene }) => {
      const mock = await scene.mock();
      const runs = await Promise.all([
        scene.run(['download', faststart], { env: { MAVI_API_KEY: spoil(scene.key) } }),
        scene.run(['download', faststart], {
          env: { MAVI_API_KEY: '', MAVI_API_KEY_FILE: scene.write('key', spoil(scene.key)) },
        }),
      ]);
      expect(runs.map(({ code }) => code)).toEqual([2, 2]);
      expect(mock.requests).toEqual([]);
      for (const { stderr } of runs) expect(stderr).toContain('MAVI_API_KEY');
    },
  );

  it('may have whitespace around it', async ({ scene }) => {
    const mock = await scene.mock();
    const env = { MAVI_API_KEY: '', MAVI_API_KEY_FILE: scene.write('key', `\n ${scene.key}\r\n`) };
    expect((await scene.run(['download', faststart], { env })).code).toBe(0);
    expect(mock.requests[0]?.headers.authorization).toBe(scene.key);
  });

  it('is not sent over plain http except to this machine', async ({ scene }) => {
    const mock = await scene.mock();
    const plain = mock.baseUrl.replace('127.0.0.1', '0.0.0.0');
    const runs = await Promise.all([
      scene.run(['download', faststart], { env: { MAVI_BASE_URL: plain } }),
      scene.run(['download', faststart, '--base-url', plain]),
      scene.run(['list', '--base-url', 'http://api.memories.invalid/serve/api/v1']),
      scene.run(['auth', 'status'], { env: { MAVI_BASE_URL: plain } }),
      scene.run(['config', 'set', 'base-url', plain]),
    ]);
    expect(runs.map(({ code }) => code)).toEqual([2, 2, 2, 2, 2]);
    for (const { stderr } of runs) expect(stderr).toContain('https');
    expect(mock.requests).toEqual([]);
  });
});

describe.concurrent('the config folder', () => {
  it('is the default of the platform without MAVI_CONFIG_DIR', async ({ scene }) => {
    const xdg = scene.path('xdg');
    const env = { MAVI_CONFIG_DIR: '', XDG_CONFIG_HOME: xdg, MAVI_API_KEY: undefined };
    const login = await scene.run(['auth', 'login'], { env, stdin: scene.key });
    const path = await scene.run(['config', 'path'], { env });
    expect([login.code, path.stdout.toString()]).toEqual([0, `${xdg}/mavi/config.json\n`]);
    const modes = [`${xdg}/mavi`, `${xdg}/mavi/config.json`].map((name) =>
      (statSync(name).mode & 0o777).toString(8),
    );
    expect(modes).toEqual(['700', '600']);
    const home = await scene.run(['config', 'path'], { env: { MAVI_CONFIG_DIR: undefined } });
    expect(home.stdout.toString()).toBe(`${scene.env.HOME}/.config/mavi/config.json\n`);
  });
});

const SPOILED = '\u001b[31m\u0007\u202edab\u200b\u0085\r\n';

// After every run, a scene also checks that standard error has no control characters.
describe.concurrent('untrusted text', () => {
  it.for([
    ['an unknown command', [SPOILED]],
    ['an unknown flag', ['download', faststart, `--${SPOILED}`]],
    ['a flag’s value', ['download', faststart, '--progress', SPOILED]],
    ['a setting', ['download', faststart, '--rate', SPOILED]],
    ['a URL', ['list', '--base-url', `https://${SPOILED}`]],
    ['a video_no', ['download', SPOILED]],
    ['a batch file', ['download', '-a', `none${SPOILED}`]],
    ['a target', ['download', faststart, '-o', `none/${SPOILED}.mp4`]],
    ['a folder', ['download', faststart, '-d', `/dev/null/${SPOILED}`]],
    ['a manifest', ['download', faststart, '--manifest', `none/${SPOILED}`]],
    ['a scope', ['download', 'VI000000000000000000', '-u', 'de\u202efault']],
    ['a setting’s name', ['config', 'get', SPOILED]],
    ['a fault', ['mock', '--fault', SPOILED]],
    ['a file to verify', ['verify', `none${SPOILED}`]],
    ['a manifest to verify by', ['verify', '--manifest', `none${SPOILED}`]],
  ] as const)('cannot control the terminal when it is %s', async ([, args], { scene }) => {
    await scene.mock();
    const { code, stdout, stderr } = await scene.run(args);
    expect(code).toBeGreaterThan(0);
    expect(stdout.toString() + stderr).not.toBe('');
    expect(stdout.toString()).not.toMatch(/[\u001b\u0007\u202e\u200b\u0085\r]/);
  });

  it('cannot control the terminal when it is the name of a saved file', async ({ scene }) => {
    await scene.mock();
    const { code } = await scene.run(['download', faststart, '-o', `\u001b[31m\u202e.mp4`]);
    expect([code, scene.names()]).toEqual([0, ['\u001b[31m\u202e.mp4']]);
  });
});
