import { chmodSync, existsSync, mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { run } from '../../src/cli.ts';
import { type FakeHost, fakeHost } from '../helpers/fake-host.ts';
import { tempDir } from '../helpers/temp-dir.ts';
import { downloadsOf, envFor, withMock } from '../helpers/with-mock.ts';
import { SAMPLE_VIDEO_NOS } from '../mock/sample-files.ts';

/** Runs one command with its own settings folder in `cwd`. */
async function mavi(
  cwd: string,
  line: string,
  env: Record<string, string> = {},
): Promise<{ code: number; out: string; errors: string; host: FakeHost }> {
  const host = fakeHost({ cwd, env });
  const code = await run(line.split(' '), host);
  return { code, out: host.output().toString(), errors: host.errors(), host };
}

const modeOf = (path: string): string => (statSync(path).mode & 0o777).toString(8);

describe('settings', () => {
  it('come from the flag, then the variable, then the settings file, then the default', async () => {
    const cwd = tempDir();
    const mock = await withMock();
    const { holiday } = SAMPLE_VIDEO_NOS;
    const scopeOf = async (line: string, env: Record<string, string> = {}): Promise<unknown> => {
      await mavi(cwd, `download ${holiday} -o /dev/null ${line}`.trim(), { ...envFor(mock), ...env });
      return (downloadsOf(mock).at(-1)?.json as Record<string, unknown> | undefined)?.unique_id;
    };
    expect(await scopeOf('')).toBe('default');
    expect((await mavi(cwd, 'config set unique-id stored')).code).toBe(0);
    expect(await scopeOf('')).toBe('stored');
    expect(await scopeOf('', { MAVI_UNIQUE_ID: '' })).toBe('stored');
    expect(await scopeOf('', { MAVI_UNIQUE_ID: 'variable' })).toBe('variable');
    expect(await scopeOf('-u flag', { MAVI_UNIQUE_ID: 'variable' })).toBe('flag');
  });

  it('are listed with their sources, and shown one by one', async () => {
    const cwd = tempDir();
    await mavi(cwd, 'config set rate 1/s');
    const env = { MAVI_CONCURRENCY: '7', MAVI_TIMEOUT: '' };
    const { out } = await mavi(cwd, 'config list', env);
    expect(out).toMatch(/^rate = 1\/s {2}\(config\)$/m);
    expect(out).toMatch(/^concurrency = 7 {2}\(MAVI_CONCURRENCY\)$/m);
    expect(out).toMatch(/^timeout = 60 {2}\(default\)$/m);
    expect(out).toMatch(/^limit-rate = none {2}\(default\)$/m);
    expect((await mavi(cwd, 'config get rate')).out).toBe('1/s\n');
    expect((await mavi(cwd, 'config get concurrency', env)).out).toBe('7\n');
    expect((await mavi(cwd, 'config get limit-rate')).out).toBe('');
  });

  it('are removed by unset, which succeeds also if there is none', async () => {
    const cwd = tempDir();
    await mavi(cwd, 'config set rate 1/s');
    expect((await mavi(cwd, 'config unset rate')).code).toBe(0);
    expect((await mavi(cwd, 'config unset rate')).code).toBe(0);
    expect((await mavi(cwd, 'config get rate')).out).toBe('12\n');
  });

  it('are refused if invalid, and the stored value stays', async () => {
    const cwd = tempDir();
    await mavi(cwd, 'config set rate 1/s');
    const { code, errors } = await mavi(cwd, 'config set rate fast');
    expect(code).toBe(2);
    expect(errors).toMatch(/^mavi: rate takes /);
    expect((await mavi(cwd, 'config get rate')).out).toBe('1/s\n');
  });

  it('that were edited to something invalid are exit 2, with the command that resets them', async () => {
    const cwd = tempDir();
    mkdirSync(join(cwd, '.config-mavi'), { mode: 0o700 });
    writeFileSync(join(cwd, '.config-mavi/config.json'), '{"rate":"fast"}', { mode: 0o600 });
    const { code, errors } = await mavi(cwd, 'list', { MAVI_API_KEY: 'sk-mavi-x' });
    expect(code).toBe(2);
    expect(errors).toContain('mavi config unset rate');
    expect((await mavi(cwd, 'config unset rate')).code).toBe(0);
    expect((await mavi(cwd, 'config get rate')).out).toBe('12\n');
  });

  it.each([
    ['ratee', 'rate'],
    ['baseUrl', 'base-url'],
    ['unique_id', 'unique-id'],
    ['retry', 'retries'],
    ['timout', 'timeout'],
  ])('called %s are unknown, and the nearest name is suggested', async (name, nearest) => {
    const { code, errors } = await mavi(tempDir(), `config get ${name}`);
    expect(code).toBe(2);
    expect(errors).toContain(`unknown setting '${name}' (did you mean ${nearest}?)`);
  });

  it('never include the key, which would be visible in the process list', async () => {
    const cwd = tempDir();
    const { code, errors } = await mavi(cwd, 'config set api-key sk-mavi-abcdefghijklmnopqrstuvwxyz');
    expect(code).toBe(2);
    expect(errors).toContain('mavi auth login');
    expect(errors).not.toContain('abcdefgh');
    expect(existsSync(join(cwd, '.config-mavi'))).toBe(false);
  });
});

describe('the settings file', () => {
  it('is in MAVI_CONFIG_DIR, even if that is relative, and readable only by its owner', async () => {
    const cwd = tempDir();
    const env = { MAVI_CONFIG_DIR: 'some/where' };
    expect((await mavi(cwd, 'config path', env)).out).toBe(`${cwd}/some/where/config.json\n`);
    await mavi(cwd, 'config set rate 6', env);
    expect(modeOf(join(cwd, 'some/where'))).toBe('700');
    expect(modeOf(join(cwd, 'some/where/config.json'))).toBe('600');
    expect(JSON.parse(readFileSync(join(cwd, 'some/where/config.json'), 'utf8'))).toEqual({ rate: '6' });
  });

  it('that others can read is closed to them, with a warning', async () => {
    const cwd = tempDir();
    await mavi(cwd, 'config set rate 6');
    const path = join(cwd, '.config-mavi/config.json');
    chmodSync(path, 0o644);
    const { errors, out } = await mavi(cwd, 'config get rate');
    expect([out, modeOf(path)]).toEqual(['6\n', '600']);
    expect(errors).toContain('other users could read');
  });

  it('that is not JSON is exit 2 for every command that reads it, and for no other', async () => {
    const cwd = tempDir();
    await mavi(cwd, 'config set rate 6');
    const path = join(cwd, '.config-mavi/config.json');
    writeFileSync(path, '{"rate": "6", "uni');
    for (const command of ['config list', 'config get rate', 'config unset rate', 'auth status', 'list']) {
      const { code, out, errors } = await mavi(cwd, command);
      expect([command, code, out]).toEqual([command, 2, '']);
      expect(errors).toContain(`${path} is not valid JSON`);
    }
    for (const command of [
      '--version',
      'list --help',
      'config path',
      'completion bash',
      'mock --list-faults',
    ]) {
      expect([command, (await mavi(cwd, command)).code]).toEqual([command, 0]);
    }
  });

  it('that is a folder is exit 7, naming it', async () => {
    const cwd = tempDir();
    mkdirSync(join(cwd, '.config-mavi/config.json'), { recursive: true });
    const { code, errors } = await mavi(cwd, 'config set rate 6');
    expect(code).toBe(7);
    expect(errors).toContain('.config-mavi/config.json');
  });
});
