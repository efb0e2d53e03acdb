import {
  chmodSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { LocalError, UsageError } from '../../src/errors.ts';
import { configFolder } from '../../src/settings/folder.ts';
import { profileOf, readStore, removeValue, storeValue } from '../../src/settings/store.ts';
import { type FakeHost, fakeHost } from '../helpers/fake-host.ts';
import { tempDir } from '../helpers/temp-dir.ts';

const KEY = `sk-mavi-${'k'.repeat(118)}wxyz`;
const onPosix = process.platform !== 'win32';
const WAY_OUT = 'set MAVI_CONFIG_DIR to a folder of your own, or use MAVI_API_KEY and the other variables';

function hostIn(cwd: string, folder = 'config', env: Record<string, string> = {}): FakeHost {
  return fakeHost({ cwd, env: { MAVI_CONFIG_DIR: folder, ...env } });
}

function pathIn(host: FakeHost, profile?: string): string {
  return profileOf(host, profile).path;
}

const store = (host: FakeHost, name: string, value: string, profile?: string): Promise<void> =>
  storeValue(host, profileOf(host, profile), name, value);
const remove = (host: FakeHost, name: string): Promise<boolean> =>
  removeValue(host, profileOf(host, undefined), name);
const valuesOf = async (host: FakeHost, profile?: string) => (await readStore(host, profile)).values;

/** A host whose settings file contains this, readable only by its owner. */
function hostWithStore(content: string): FakeHost {
  const host = hostIn(tempDir());
  mkdirSync(configFolder(host), { mode: 0o700 });
  writeFileSync(pathIn(host), content, { mode: 0o600 });
  return host;
}

function modeOf(path: string): number {
  return statSync(path).mode & 0o777;
}

describe('a stored value', () => {
  it('is found by the next run, until it is removed', async () => {
    const cwd = tempDir();
    await store(hostIn(cwd), 'api-key', KEY);
    await store(hostIn(cwd), 'rate', '1/s');
    expect(await valuesOf(hostIn(cwd))).toEqual({ 'api-key': KEY, rate: '1/s' });
    expect(await remove(hostIn(cwd), 'api-key')).toBe(true);
    expect(await remove(hostIn(cwd), 'api-key')).toBe(false);
    expect(await valuesOf(hostIn(cwd))).toEqual({ rate: '1/s' });
    expect(readFileSync(pathIn(hostIn(cwd)), 'utf8')).not.toContain('sk-mavi');
  });

  it('replaces the one before', async () => {
    const host = hostIn(tempDir());
    await store(host, 'rate', '1/s');
    await store(host, 'rate', '2/s');
    expect(await valuesOf(host)).toEqual({ rate: '2/s' });
  });

  it('is not lost if another command stores one at the same time', async () => {
    const cwd = tempDir();
    const names = ['rate', 'retries', 'timeout', 'concurrency'];
    await Promise.all(names.map((name) => store(hostIn(cwd), name, '7')));
    expect(await valuesOf(hostIn(cwd))).toEqual(Object.fromEntries(names.map((name) => [name, '7'])));
  });

  it.runIf(onPosix)('is readable only by its owner, and so is its folder', async () => {
    const host = hostIn(tempDir(), 'deep/config');
    await store(host, 'api-key', KEY);
    expect([modeOf(pathIn(host)), modeOf(configFolder(host))]).toEqual([0o600, 0o700]);
    await store(host, 'rate', '5');
    expect(modeOf(pathIn(host))).toBe(0o600);
    expect(host.errors()).toBe('');
  });

  it('leaves no other file behind', async () => {
    const host = hostIn(tempDir());
    await store(host, 'api-key', KEY);
    await store(host, 'api-key', `${KEY}x`);
    expect(readdirSync(configFolder(host))).toEqual(['config.json']);
  });

  it('that cannot be written is a local error with a hint', async () => {
    const host = hostIn(tempDir());
    writeFileSync(configFolder(host), 'in the way');
    const stored = store(host, 'api-key', KEY);
    await expect(stored).rejects.toBeInstanceOf(LocalError);
    await expect(stored).rejects.toMatchObject({ exitCode: 7, code: 'config', hint: WAY_OUT });
    await expect(stored).rejects.toThrow(`cannot write ${pathIn(host)}: a file has that name`);
    await expect(stored).rejects.not.toThrow('kkkk');
  });
});

describe('reading', () => {
  it('creates nothing', async () => {
    const host = hostIn(tempDir());
    expect(await readStore(host)).toEqual({
      name: 'default',
      path: pathIn(host),
      isChosen: false,
      values: {},
    });
    expect(await remove(host, 'api-key')).toBe(false);
    expect(existsSync(configFolder(host))).toBe(false);
    expect(host.errors()).toBe('');
  });

  it('returns texts and numbers as texts, and ignores everything else', async () => {
    const host = hostWithStore(
      '{"rate": 6, "unique-id": "x", "retries": true, "other": {"a": 1}, "none": null}',
    );
    expect(await valuesOf(host)).toEqual({ rate: '6', 'unique-id': 'x' });
    expect(host.errors()).toBe('');
  });

  it('allows a name with a dot', async () => {
    const host = hostWithStore('{"a.b": "c"}');
    await store(host, 'd.e', 'f');
    expect(await valuesOf(host)).toEqual({ 'a.b': 'c', 'd.e': 'f' });
  });

  it.each(['', '\n', '{}', '{}\n', '{\n\n\t}\n', ' { } ', '\ufeff', '\ufeff{}'])(
    'accepts an empty file (%j) without a warning',
    async (content) => {
      const host = hostWithStore(content);
      expect(await valuesOf(host)).toEqual({});
      expect(host.errors()).toBe('');
      await store(host, 'rate', '5');
      expect(await valuesOf(host)).toEqual({ rate: '5' });
    },
  );

  it('ignores a byte order mark, and so does writing', async () => {
    const host = hostWithStore(`\ufeff{"api-key": "${KEY}", "other": [1]}\r\n`);
    expect(await valuesOf(host)).toEqual({ 'api-key': KEY });
    await store(host, 'rate', '5');
    expect(JSON.parse(readFileSync(pathIn(host), 'utf8'))).toEqual({
      'api-key': KEY,
      other: [1],
      rate: '5',
    });
    expect(host.errors()).toBe('');
  });

  it.each([
    ['a folder', (path: string) => mkdirSync(path), 'not a file'],
    ['a device', (path: string) => symlinkSync('/dev/null', path), 'not a file'],
    ['a link that leads to itself', (path: string) => symlinkSync(path, path), 'too many symbolic links'],
  ])('of %s is a local error', async (_what, make, why) => {
    const host = hostIn(tempDir());
    mkdirSync(configFolder(host), { mode: 0o700 });
    make(pathIn(host));
    const read = readStore(host);
    await expect(read).rejects.toBeInstanceOf(LocalError);
    await expect(read).rejects.toMatchObject({
      message: `cannot read ${pathIn(host)}: ${why}`,
      hint: WAY_OUT,
    });
  });

  it.runIf(process.platform === 'linux')('of a file that fails to be read is a local error', async () => {
    const host = hostIn(tempDir());
    mkdirSync(configFolder(host), { mode: 0o700 });
    // Nothing is mapped at the address 0.
    symlinkSync('/proc/self/mem', pathIn(host));
    const read = readStore(host);
    await expect(read).rejects.toBeInstanceOf(LocalError);
    await expect(read).rejects.toMatchObject({
      message: `cannot read ${pathIn(host)}: input/output error`,
      hint: WAY_OUT,
    });
  });
});

describe('a settings file that is not JSON', () => {
  const CONTENTS = {
    torn: `{"api-key": "${KEY}`,
    'a stray comma': `{"api-key": "${KEY}",}`,
    'other text': `api-key = ${KEY}`,
    'a list': `["${KEY}"]`,
    'a text': `"${KEY}"`,
  };

  it.each(Object.entries(CONTENTS))('(%s) is refused and never overwritten', async (_what, text) => {
    const host = hostWithStore(text);
    const uses = [() => readStore(host), () => store(host, 'rate', '5'), () => remove(host, 'api-key')];
    for (const use of uses) {
      await expect(use()).rejects.toBeInstanceOf(UsageError);
      await expect(use()).rejects.toMatchObject({
        message: `${pathIn(host)} is not valid JSON`,
        hint: 'correct it in an editor, or delete it to reset all its settings',
      });
    }
    expect(readFileSync(pathIn(host), 'utf8')).toBe(text);
    expect(readdirSync(configFolder(host))).toEqual(['config.json']);
  });
});

describe.runIf(onPosix)('the permissions of a settings file', () => {
  it.each([0o644, 0o640, 0o604])('(%o) are closed to other readers, with one warning', async (mode) => {
    const host = hostWithStore(`{"api-key": "${KEY}"}`);
    chmodSync(pathIn(host), mode);
    expect(await valuesOf(host)).toEqual({ 'api-key': KEY });
    expect(modeOf(pathIn(host))).toBe(0o600);
    const warning = `mavi: warning: other users could read ${pathIn(host)}; its mode is now 0600\n`;
    expect(host.errors()).toBe(warning);
    await readStore(host);
    expect(host.errors()).toBe(warning);
  });

  it('are left unchanged if only its owner has any', async () => {
    const host = hostWithStore('{"rate": "5"}');
    chmodSync(pathIn(host), 0o400);
    await readStore(host);
    expect(modeOf(pathIn(host))).toBe(0o400);
    expect(host.errors()).toBe('');
  });
});

describe('what an interrupted write leaves behind', () => {
  const LEFT = 'config.json.tmp-1234567890abcdef';

  it.each([
    ['the next value that is stored', (host: FakeHost) => store(host, 'api-key', `${KEY}2`), ['config.json']],
    ['removing the key', (host: FakeHost) => remove(host, 'api-key'), []],
  ])('is removed by %s', async (_what, change, files) => {
    const host = hostIn(tempDir());
    mkdirSync(configFolder(host), { mode: 0o700 });
    writeFileSync(join(configFolder(host), LEFT), `{"api-key": "${KEY}"}`, { mode: 0o600 });
    expect(await change(host)).not.toBe(false);
    expect(readdirSync(configFolder(host))).toEqual(files);
  });

  it('is removed too if the settings file is a link', async () => {
    const cwd = tempDir();
    const host = hostIn(cwd);
    mkdirSync(configFolder(host), { mode: 0o700 });
    mkdirSync(join(cwd, 'dotfiles'));
    writeFileSync(join(cwd, 'dotfiles', 'mavi.json'), '{}', { mode: 0o600 });
    symlinkSync(join(cwd, 'dotfiles', 'mavi.json'), pathIn(host));
    writeFileSync(join(cwd, 'dotfiles', 'mavi.json.tmp-1234567890abcdef'), KEY, { mode: 0o600 });
    await store(host, 'rate', '5');
    expect(readdirSync(join(cwd, 'dotfiles'))).toEqual(['mavi.json']);
    expect(readdirSync(configFolder(host))).toEqual(['config.json']);
    expect(await valuesOf(host)).toEqual({ rate: '5' });
  });
});

describe('a profile', () => {
  it('has its own file, and `default` the one without a name', async () => {
    const host = hostIn(tempDir());
    await store(host, 'api-key', 'sk-one');
    await store(host, 'api-key', 'sk-two', 'work');
    await store(host, 'rate', '5', 'default');
    expect(readdirSync(configFolder(host)).sort()).toEqual(['config.json', 'config.work.json']);
    expect(await valuesOf(host)).toEqual({ 'api-key': 'sk-one', rate: '5' });
    expect(await valuesOf(host, 'work')).toEqual({ 'api-key': 'sk-two' });
    expect(await valuesOf(host, 'other')).toEqual({});
  });

  it.each([
    [undefined, {}, 'default', false],
    [undefined, { MAVI_PROFILE: '' }, 'default', false],
    [undefined, { MAVI_PROFILE: 'work' }, 'work', false],
    ['home', { MAVI_PROFILE: 'work' }, 'home', true],
    ['default', { MAVI_PROFILE: 'work' }, 'default', true],
  ] as const)('of --profile %s and %j is %s', (flag, env, name, isChosen) => {
    expect(profileOf(hostIn(tempDir(), 'config', env), flag)).toMatchObject({ name, isChosen });
  });

  it.each(['work', 'A', '2', 'my-team_2', 'x'.repeat(64)])('may be called %s', (name) => {
    const host = hostIn(tempDir());
    expect(profileOf(host, name).path).toBe(join(configFolder(host), `config.${name}.json`));
  });

  it.each([
    '',
    ' ',
    '.',
    '..',
    '../x',
    'a/b',
    'a\\b',
    'a.b',
    '-x',
    'a b',
    'a\nb',
    'ä',
    'x\n',
    'a:b',
    'x'.repeat(65),
  ])("can't be called %j; the usage error says where the name comes from", (name) => {
    const says = 'takes 1 to 64 letters, digits, hyphens and underscores, not';
    expect(() => profileOf(hostIn(tempDir()), name)).toThrow(`--profile ${says}`);
    if (name === '') return;
    const named = () => profileOf(hostIn(tempDir(), 'config', { MAVI_PROFILE: name }), undefined);
    expect(named).toThrow(UsageError);
    expect(named).toThrow(`MAVI_PROFILE ${says}`);
  });
});
