import { readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { run } from '../../src/cli.ts';
import { SAMPLE_VIDEO_NOS } from '../../src/standin/samples.ts';
import type { Standin } from '../../src/standin/server.ts';
import { fakeHost } from '../helpers/fake-host.ts';
import { leakedPart } from '../helpers/leaks.ts';
import { tempDir } from '../helpers/temp-dir.ts';
import { downloadsOf, withStandin } from '../helpers/with-standin.ts';

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
  stdin?: string,
): Promise<Ran> {
  const host = fakeHost({ cwd, env, ...(stdin === undefined ? {} : { stdin }) });
  const code = await run(line.split(' '), host);
  const ran = { code, out: host.output().toString(), errors: host.errors() };
  expect(leakedPart(KEY, ran.out + ran.errors)).toBeNull();
  return ran;
}

const at = (standin: Standin): Record<string, string> => ({ MAVI_BASE_URL: standin.baseUrl, MAVI_RATE: '0' });

describe('auth login', () => {
  it('stores the key from standard input, trimmed, for its owner alone', async () => {
    const cwd = tempDir();
    const standin = await withStandin({ key: KEY });
    const { code, errors, out } = await mavi(cwd, 'auth login', {}, `  ${KEY}\r\n`);
    expect([code, out]).toEqual([0, '']);
    expect(errors).toContain(SHOWN);
    const path = join(cwd, '.config-mavi/config.json');
    expect(JSON.parse(readFileSync(path, 'utf8'))).toEqual({ 'api-key': KEY });
    expect((statSync(path).mode & 0o777).toString(8)).toBe('600');
    expect((statSync(join(cwd, '.config-mavi')).mode & 0o777).toString(8)).toBe('700');
    const download = `download ${SAMPLE_VIDEO_NOS.faststart} -o /dev/null`;
    expect((await mavi(cwd, download, at(standin))).code).toBe(0);
    expect(downloadsOf(standin)[0]?.headers.authorization).toBe(KEY);
  });

  it.for([
    ['nothing', '', 'is empty'],
    ['white space alone', ' \n', 'is empty'],
    ['a Bearer prefix', `Bearer ${KEY}`, "starts with 'Bearer '"],
    ['white space inside', `${KEY.slice(0, 40)} ${KEY.slice(40)}`, 'white space'],
    ['two lines', `${KEY}\n${KEY}\n`, 'white space'],
    ['a control character', `${KEY}\u0007!`, 'control'],
    ['letters beyond ASCII', `${KEY}é`, 'non-ASCII'],
  ])('refuses %s, says why, and leaves what was stored', async ([, text = '', says]) => {
    const cwd = tempDir();
    await mavi(cwd, 'auth login', {}, 'sk-earlier');
    const { code, errors } = await mavi(cwd, 'auth login', {}, text);
    expect(code).toBe(2);
    expect(errors).toContain(says);
    expect(readFileSync(join(cwd, '.config-mavi/config.json'), 'utf8')).toContain('sk-earlier');
  });

  it('warns of the key of another product, and of a variable that comes first', async () => {
    const { code, errors } = await mavi(
      tempDir(),
      'auth login',
      { MEMORIES_API_KEY: 'sk-other' },
      'sk-mai-abcdefgh',
    );
    expect(code).toBe(0);
    expect(errors).toContain('another product');
    expect(errors).toContain('MEMORIES_API_KEY is set');
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
});

describe('auth status', () => {
  it('is exit 0 for a good key, and says where it comes from, masked', async () => {
    const standin = await withStandin({ key: KEY });
    const { code, out, errors } = await mavi(tempDir(), 'auth status', { ...at(standin), MAVI_API_KEY: KEY });
    expect([code, errors]).toEqual([0, '']);
    expect(out).toContain(SHOWN);
    expect(out).toContain('MAVI_API_KEY');
    expect(out).toContain('default, holiday_2025');
  });

  it.for(['envelope', 'spring-404'] as const)(
    'takes an API without its route of scopes (%s)',
    async (withoutScopesRoute) => {
      const standin = await withStandin({ key: KEY, withoutScopesRoute });
      const { code } = await mavi(tempDir(), 'auth status', { ...at(standin), MAVI_API_KEY: KEY });
      expect(code).toBe(0);
      expect(standin.requests.at(-1)?.json).toMatchObject({ unique_id: 'default', size: 1 });
    },
  );

  it('is exit 3 for a key that is refused, which it shows masked', async () => {
    const standin = await withStandin();
    const { code, out } = await mavi(tempDir(), 'auth status', { ...at(standin), MAVI_API_KEY: KEY });
    expect(code).toBe(3);
    expect(out).toContain(SHOWN);
    expect(out).toContain('refuses it');
  });

  it('is exit 3 without a key, and says where to get one', async () => {
    const standin = await withStandin();
    const { code, errors } = await mavi(tempDir(), 'auth status', at(standin));
    expect(code).toBe(3);
    expect(errors).toContain('https://api-platform.memories.ai');
    expect(standin.requests).toEqual([]);
  });

  it('is exit 6 where nobody answers', async () => {
    const env = { MAVI_BASE_URL: 'http://127.0.0.1:1/serve/api/v1', MAVI_API_KEY: KEY };
    const { code, errors } = await mavi(tempDir(), 'auth status', env);
    expect(code).toBe(6);
    expect(errors).toContain('refused');
  });

  it('is exit 6 for a server in trouble, after one more try', async () => {
    const standin = await withStandin({ key: KEY, listFaults: 'server-error' });
    const { code } = await mavi(tempDir(), 'auth status', { ...at(standin), MAVI_API_KEY: KEY });
    expect([code, standin.requests.length]).toEqual([6, 2]);
  });
});

describe('the key in force', () => {
  it('is that of MAVI_API_KEY, its file, MEMORIES_API_KEY, the store, in this order; empty ones do not count', async () => {
    const cwd = tempDir();
    const standin = await withStandin();
    writeFileSync(join(cwd, 'key'), 'sk-file\n');
    await mavi(cwd, 'auth login', {}, 'sk-store');
    const all = { MAVI_API_KEY: 'sk-first', MAVI_API_KEY_FILE: 'key', MEMORIES_API_KEY: 'sk-third' };
    const sent = async (env: Record<string, string>): Promise<string | undefined> => {
      await mavi(cwd, 'list', { ...at(standin), ...env });
      return standin.requests.at(-1)?.headers.authorization;
    };
    expect(await sent(all)).toBe('sk-first');
    expect(await sent({ ...all, MAVI_API_KEY: '' })).toBe('sk-file');
    expect(await sent({ ...all, MAVI_API_KEY: '', MAVI_API_KEY_FILE: '' })).toBe('sk-third');
    expect(await sent({ MAVI_API_KEY: '', MAVI_API_KEY_FILE: '', MEMORIES_API_KEY: '' })).toBe('sk-store');
  });

  it.for(['none', '.'])('is exit 2 where MAVI_API_KEY_FILE names what cannot be read (%s)', async (name) => {
    const standin = await withStandin();
    const env = { ...at(standin), MAVI_API_KEY_FILE: name, MEMORIES_API_KEY: 'sk-other' };
    const { code, errors } = await mavi(tempDir(), 'list', env);
    expect([code, standin.requests.length]).toEqual([2, 0]);
    expect(errors).toContain('MAVI_API_KEY_FILE');
  });
});
