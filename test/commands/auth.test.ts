import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { run } from '../../src/cli.ts';
import type { Mock } from '../../src/mock/server.ts';
import { fakeHost } from '../helpers/fake-host.ts';
import { leakedPart } from '../helpers/leaks.ts';
import { tempDir } from '../helpers/temp-dir.ts';
import { downloadsOf, WITHOUT_SCOPES_ROUTE, withMock } from '../helpers/with-mock.ts';
import { SAMPLE_VIDEO_NOS } from '../mock/sample-files.ts';

/** A key in which no eight letters come twice. */
const KEY = `sk-mavi-${Array.from({ length: 26 }, (_, at) => `${(at * 7919).toString(36)}Q`).join('')}wxyz`;
const SHOWN = 'sk-mavi-…wxyz';

interface Ran {
  readonly code: number;
  readonly out: string;
  readonly errors: string;
}

/** Runs one command; its output must not give the key away. */
async function mavi(
  cwd: string,
  line: string,
  env: Record<string, string> = {},
  stdin?: string | Buffer,
): Promise<Ran> {
  // Nobody answers there, so that no test asks the real API.
  const nobody = { MAVI_BASE_URL: 'http://127.0.0.1:1' };
  const host = fakeHost({ cwd, env: { ...nobody, ...env }, ...(stdin === undefined ? {} : { stdin }) });
  const code = await run(line.split(' '), host);
  const ran = { code, out: host.output().toString(), errors: host.errors() };
  expect(leakedPart(KEY, ran.out + ran.errors)).toBeNull();
  return ran;
}

const at = (mock: Mock): Record<string, string> => ({ MAVI_BASE_URL: mock.baseUrl, MAVI_RATE: '0' });

describe('auth login', () => {
  it('stores the key from standard input, trimmed, readable only by its owner', async () => {
    const cwd = tempDir();
    const mock = await withMock({ key: KEY });
    const { code, errors, out } = await mavi(cwd, 'auth login', at(mock), `  ${KEY}\r\n`);
    expect([code, out]).toEqual([0, '']);
    expect(errors).toContain(`stored ${SHOWN}`);
    const path = join(cwd, '.config-mavi/config.json');
    expect(JSON.parse(readFileSync(path, 'utf8'))).toEqual({ 'api-key': KEY });
    expect((statSync(path).mode & 0o777).toString(8)).toBe('600');
    expect((statSync(join(cwd, '.config-mavi')).mode & 0o777).toString(8)).toBe('700');
    const download = `download ${SAMPLE_VIDEO_NOS.faststart} -o /dev/null`;
    expect((await mavi(cwd, download, at(mock))).code).toBe(0);
    expect(downloadsOf(mock)[0]?.headers.authorization).toBe(KEY);
  });

  it.for<readonly [string, string | Buffer, string]>([
    ['nothing', '', 'is empty'],
    ['white space alone', ' \n', 'is empty'],
    ['a Bearer prefix', `Bearer ${KEY}`, "starts with 'Bearer '"],
    ['white space inside', `${KEY.slice(0, 40)} ${KEY.slice(40)}`, 'white space'],
    ['a header', `Authorization: Bearer ${KEY}`, "starts with 'Bearer '"],
    ['quotes', `"${KEY}"\n`, 'is in quotes'],
    ['a line of a .env file', `MAVI_API_KEY=${KEY}`, 'starts with NAME='],
    ['a line of a shell', `export MAVI_API_KEY='${KEY}'`, 'starts with NAME='],
    ['more than any key has', KEY.repeat(50), 'more than 4096 bytes'],
    ['UTF-16', Buffer.from(`\ufeff${KEY}`, 'utf16le'), 'UTF-16'],
    ['two lines', `${KEY}\n${KEY}\n`, 'white space'],
    ['a control character', `${KEY}\u0007!`, 'control'],
    ['letters beyond ASCII', `${KEY}é`, 'non-ASCII'],
  ])('refuses %s, says why, and leaves what was stored', async ([, text, says]) => {
    const cwd = tempDir();
    await mavi(cwd, 'auth login', {}, 'sk-earlier');
    const { code, errors } = await mavi(cwd, 'auth login', {}, text);
    expect(code).toBe(2);
    expect(errors).toContain(says);
    expect(readFileSync(join(cwd, '.config-mavi/config.json'), 'utf8')).toContain('sk-earlier');
  });

  it('checks the key with the API before storing it, and stores no refused key', async () => {
    const cwd = tempDir();
    const mock = await withMock();
    await mavi(cwd, 'auth login', {}, 'sk-earlier');
    const { code, errors } = await mavi(cwd, 'auth login', at(mock), KEY);
    expect(code).toBe(3);
    expect(errors).toContain('nothing was stored');
    expect(mock.requests.map(({ headers }) => headers.authorization)).toEqual([KEY]);
    expect(readFileSync(join(cwd, '.config-mavi/config.json'), 'utf8')).toContain('sk-earlier');
    const first = await mavi(tempDir(), 'auth login', at(mock), KEY);
    expect([first.code, existsSync(join(cwd, '.config-mavi/config.json.tmp'))]).toEqual([3, false]);
  });

  it.for([
    ['cannot be reached', undefined],
    ['is in trouble', 'server-error'],
    ['is rate-limited', 'rate-limit'],
  ] as const)('stores the key where the API %s, and says that it was not checked', async ([, listFaults]) => {
    const cwd = tempDir();
    const mock = await withMock({ key: KEY, ...(listFaults === undefined ? {} : { listFaults }) });
    const env = listFaults === undefined ? {} : at(mock);
    const { code, errors } = await mavi(cwd, 'auth login', env, KEY);
    expect(code).toBe(0);
    expect(errors).toContain('warning: the key could not be checked: ');
    expect(errors).toContain('check it later with: mavi auth status');
    expect(readFileSync(join(cwd, '.config-mavi/config.json'), 'utf8')).toContain(KEY);
  });

  it('checks the key at the address in the settings of the profile', async () => {
    const cwd = tempDir();
    const mock = await withMock({ key: KEY });
    await mavi(cwd, `config set base-url ${mock.baseUrl} --profile work`);
    const env = { MAVI_BASE_URL: '' };
    const { code, errors } = await mavi(cwd, 'auth login --profile work', env, KEY);
    expect([code, mock.requests.length]).toEqual([0, 1]);
    expect(errors).toContain('config.work.json');
  });

  it('fails before it reads the key if it could not store it', async () => {
    const cwd = tempDir();
    mkdirSync(join(cwd, '.config-mavi'), { mode: 0o700 });
    const path = join(cwd, '.config-mavi/config.json');
    writeFileSync(path, '{"rate": "6",}', { mode: 0o600 });
    const mock = await withMock({ key: KEY });
    const { code, errors } = await mavi(cwd, 'auth login', at(mock), KEY);
    expect([code, mock.requests.length]).toEqual([2, 0]);
    expect(errors).toContain(path);
    expect(readFileSync(path, 'utf8')).toBe('{"rate": "6",}');
  });

  it('warns about the key of another product, and about a variable that overrides it', async () => {
    const { code, errors } = await mavi(
      tempDir(),
      'auth login',
      { MEMORIES_API_KEY: 'sk-other' },
      'sk-mai-abcdefgh',
    );
    expect(code).toBe(0);
    expect(errors).toContain('another product');
    expect(errors).toContain('MEMORIES_API_KEY is set and overrides the stored key');
  });
});

describe('auth logout', () => {
  it('removes the key and keeps the settings', async () => {
    const cwd = tempDir();
    await mavi(cwd, 'auth login', {}, KEY);
    await mavi(cwd, 'config set rate 6');
    expect((await mavi(cwd, 'auth logout')).errors).toContain('removed the key');
    expect(JSON.parse(readFileSync(join(cwd, '.config-mavi/config.json'), 'utf8'))).toEqual({ rate: '6' });
    const again = await mavi(cwd, 'auth logout');
    expect([again.code, again.errors]).toEqual([0, expect.stringContaining('no key was stored')]);
    expect((await mavi(cwd, 'auth status')).code).toBe(3);
  });

  it('removes what a killed login left behind', async () => {
    const cwd = tempDir();
    const folder = join(cwd, '.config-mavi');
    mkdirSync(folder, { mode: 0o700 });
    writeFileSync(join(folder, 'config.json.tmp-1234567890abcdef'), KEY, { mode: 0o600 });
    expect((await mavi(cwd, 'auth logout')).errors).toContain('removed the key');
    expect(readdirSync(folder)).toEqual([]);
  });

  it('removes only the key of one profile', async () => {
    const cwd = tempDir();
    await mavi(cwd, 'auth login', {}, 'sk-one');
    await mavi(cwd, 'auth login --profile work', {}, 'sk-two');
    await mavi(cwd, 'auth logout --profile work');
    expect(JSON.parse(readFileSync(join(cwd, '.config-mavi/config.json'), 'utf8'))).toEqual({
      'api-key': 'sk-one',
    });
    const { code, errors } = await mavi(cwd, 'auth status --profile work');
    expect(code).toBe(3);
    expect(errors).toContain('mavi auth login --profile work');
  });
});

describe('a profile', () => {
  it('is a separate account in every command with settings', async () => {
    const cwd = tempDir();
    const mock = await withMock({ key: 'sk-work' });
    await mavi(cwd, 'auth login', {}, 'sk-default');
    await mavi(cwd, 'auth login --profile work', {}, 'sk-work');
    await mavi(cwd, 'config set unique-id holiday_2025 --profile work');
    const lines = ['list', 'auth status', `download ${SAMPLE_VIDEO_NOS.faststart} -o /dev/null`, 'sync lib'];
    mkdirSync(join(cwd, 'lib'));
    for (const line of lines) {
      const before = mock.requests.length;
      const [byDefault, byFlag, byVariable] = [
        await mavi(cwd, line, at(mock)),
        await mavi(cwd, `${line} --profile work`, at(mock)),
        await mavi(cwd, line, { ...at(mock), MAVI_PROFILE: 'work' }),
      ];
      expect([line, byDefault.code]).toEqual([line, 3]);
      expect([line, byFlag.code]).toEqual([line, byVariable.code]);
      expect(byFlag.code).not.toBe(3);
      const keys = mock.requests.slice(before).map(({ headers }) => headers.authorization);
      expect(new Set(keys)).toEqual(new Set(['sk-default', 'sk-work']));
    }
    expect((await mavi(cwd, 'config get unique-id --profile work')).out).toBe('holiday_2025\n');
    expect((await mavi(cwd, 'config get unique-id')).out).toBe('default\n');
    expect((await mavi(cwd, 'config path --profile work')).out).toBe(
      `${cwd}/.config-mavi/config.work.json\n`,
    );
    expect((await mavi(cwd, 'auth status', { ...at(mock), MAVI_PROFILE: 'work' })).out).toMatch(
      /^profile: +work$/m,
    );
  });

  it.for(['../x', 'a/b', '.', ''])('cannot be called "%s"', async (name) => {
    const mock = await withMock();
    const { code, errors } = await mavi(tempDir(), `list --profile ${name}`, at(mock));
    expect([code, mock.requests.length]).toEqual([2, 0]);
    expect(errors).toContain('--profile takes');
  });
});

describe('auth status', () => {
  it('is exit 0 for a valid key, and shows it masked, with its source', async () => {
    const mock = await withMock({ key: KEY });
    const { code, out, errors } = await mavi(tempDir(), 'auth status', { ...at(mock), MAVI_API_KEY: KEY });
    expect([code, errors]).toEqual([0, '']);
    expect(out).toContain(SHOWN);
    expect(out).toContain('MAVI_API_KEY');
    expect(out.split('\n')).toEqual([
      'profile: default',
      `key:     ${SHOWN}`,
      'source:  MAVI_API_KEY',
      `host:    ${new URL(mock.baseUrl).host}`,
      'API:     accepts the key',
      'scopes:  default, holiday_2025',
      '',
    ]);
  });

  it.for(['envelope', 'spring-404'] as const)(
    'takes an API without its route of scopes (%s)',
    async (missing) => {
      const mock = await withMock({ key: KEY, onRequest: WITHOUT_SCOPES_ROUTE[missing] });
      const { code } = await mavi(tempDir(), 'auth status', { ...at(mock), MAVI_API_KEY: KEY });
      expect(code).toBe(0);
      expect(mock.requests.at(-1)?.json).toMatchObject({ unique_id: 'default', size: 1 });
    },
  );

  it('is exit 3 for a refused key, which it shows masked', async () => {
    const mock = await withMock();
    const { code, out } = await mavi(tempDir(), 'auth status', { ...at(mock), MAVI_API_KEY: KEY });
    expect(code).toBe(3);
    expect(out).toContain(SHOWN);
    expect(out).toContain('refuses the key');
  });

  it('is exit 3 without a key, and says where to get one', async () => {
    const mock = await withMock();
    const { code, errors } = await mavi(tempDir(), 'auth status', at(mock));
    expect(code).toBe(3);
    expect(errors).toContain('https://api-platform.memories.ai');
    expect(mock.requests).toEqual([]);
  });

  it('is exit 6 if there is no server', async () => {
    const env = { MAVI_BASE_URL: 'http://127.0.0.1:1/serve/api/v1', MAVI_API_KEY: KEY };
    const { code, errors } = await mavi(tempDir(), 'auth status', env);
    expect(code).toBe(6);
    expect(errors).toContain('refused');
  });

  it('is exit 6 for a server error, after one retry', async () => {
    const mock = await withMock({ key: KEY, listFaults: 'server-error' });
    const { code } = await mavi(tempDir(), 'auth status', { ...at(mock), MAVI_API_KEY: KEY });
    expect([code, mock.requests.length]).toEqual([6, 2]);
  });
});

describe('the key in force', () => {
  it('comes from MAVI_API_KEY, its file, MEMORIES_API_KEY or the store, in this order; empty ones are ignored', async () => {
    const cwd = tempDir();
    const mock = await withMock();
    writeFileSync(join(cwd, 'key'), 'sk-file\n', { mode: 0o600 });
    await mavi(cwd, 'auth login', {}, 'sk-store');
    const all = { MAVI_API_KEY: 'sk-first', MAVI_API_KEY_FILE: 'key', MEMORIES_API_KEY: 'sk-third' };
    const sent = async (env: Record<string, string>): Promise<string | undefined> => {
      await mavi(cwd, 'list', { ...at(mock), ...env });
      return mock.requests.at(-1)?.headers.authorization;
    };
    expect(await sent(all)).toBe('sk-first');
    expect(await sent({ ...all, MAVI_API_KEY: '' })).toBe('sk-file');
    expect(await sent({ ...all, MAVI_API_KEY: '', MAVI_API_KEY_FILE: '' })).toBe('sk-third');
    expect(await sent({ MAVI_API_KEY: '', MAVI_API_KEY_FILE: '', MEMORIES_API_KEY: '' })).toBe('sk-store');
  });

  it.for(['none', '.'])('is exit 2 where MAVI_API_KEY_FILE names what cannot be read (%s)', async (name) => {
    const mock = await withMock();
    const env = { ...at(mock), MAVI_API_KEY_FILE: name, MEMORIES_API_KEY: 'sk-other' };
    const { code, errors } = await mavi(tempDir(), 'list', env);
    expect([code, mock.requests.length]).toEqual([2, 0]);
    expect(errors).toContain('MAVI_API_KEY_FILE');
  });
});
