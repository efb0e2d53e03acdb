import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { AccountError, UsageError } from '../../src/errors.ts';
import { checkedKey, findKey, keyFault, keyWarning, requireKey } from '../../src/settings/key.ts';
import { type FakeHost, fakeHost } from '../helpers/fake-host.ts';
import { tempDir } from '../helpers/temp-dir.ts';

const KEY = `sk-mavi-${'k'.repeat(118)}wxyz`;

function hostWith(env: Record<string, string>, cwd = tempDir()): FakeHost {
  return fakeHost({ cwd, env });
}

function storeWith(values: Record<string, string> = {}) {
  return { path: '/home/me/.config/mavi/config.json', values };
}

/** A host whose MAVI_API_KEY_FILE holds this. */
function hostWithFile(content: string | Uint8Array, env: Record<string, string> = {}): FakeHost {
  const cwd = tempDir();
  const path = join(cwd, 'key.txt');
  writeFileSync(path, content);
  return hostWith({ ...env, MAVI_API_KEY_FILE: path }, cwd);
}

describe('the key in force', () => {
  it.each([
    [
      'MAVI_API_KEY, before all others',
      { MAVI_API_KEY: 'one', MAVI_API_KEY_FILE: 'file', MEMORIES_API_KEY: 'three' },
      'one',
      'MAVI_API_KEY',
    ],
    [
      'the file that MAVI_API_KEY_FILE names',
      { MAVI_API_KEY: '', MAVI_API_KEY_FILE: 'file', MEMORIES_API_KEY: 'three' },
      'two',
      'file (MAVI_API_KEY_FILE)',
    ],
    ['MEMORIES_API_KEY', { MAVI_API_KEY_FILE: '', MEMORIES_API_KEY: 'three' }, 'three', 'MEMORIES_API_KEY'],
    [
      'the config file',
      { MEMORIES_API_KEY: '' },
      'four',
      'the config file /home/me/.config/mavi/config.json',
    ],
  ])('is %s', async (_where, env, key, source) => {
    const cwd = tempDir();
    // A relative path is one from the folder in which the command runs.
    writeFileSync(join(cwd, 'file'), 'two\n');
    const host = hostWith(env as Record<string, string>, cwd);
    expect(await findKey(host, storeWith({ 'api-key': 'four' }))).toEqual({ key, source });
    expect(host.secrets).toContain(key);
    expect(await requireKey(host, storeWith({ 'api-key': 'four' }))).toBe(key);
  });

  it('may be none, and is then asked for with the way to get one', async () => {
    const host = hostWith({});
    expect(await findKey(host, storeWith())).toBeNull();
    expect(host.secrets.size).toBe(0);
    const asked = requireKey(host, storeWith());
    await expect(asked).rejects.toBeInstanceOf(AccountError);
    await expect(asked).rejects.toMatchObject({
      exitCode: 3,
      code: 'no_key',
      message: 'no API key',
      hint: expect.stringMatching(
        /^make one at https:\/\/api-platform\.memories\.ai\n.*mavi auth login .*MAVI_API_KEY/,
      ),
    });
  });

  it.each([
    ['MAVI_API_KEY', { MAVI_API_KEY: ` \t${KEY}\r\n` }],
    ['MEMORIES_API_KEY', { MEMORIES_API_KEY: `${KEY}\n` }],
  ])('is trimmed in %s', async (_where, env) => {
    expect(await requireKey(hostWith(env), storeWith())).toBe(KEY);
  });

  it('is trimmed in the config file', async () => {
    expect(await requireKey(hostWith({}), storeWith({ 'api-key': ` ${KEY} ` }))).toBe(KEY);
  });

  it.each([
    ['a line end', `${KEY}\n`],
    ['a Windows line end', `${KEY}\r\n`],
    ['blank lines around it', `\n\n  ${KEY}  \n\n`],
    ['a byte order mark', `\ufeff${KEY}\n`],
  ])('may stand in its file with %s', async (_what, content) => {
    expect(await requireKey(hostWithFile(content), storeWith())).toBe(KEY);
  });
});

describe('a malformed key is a usage error that names where it stands', () => {
  it.each([
    ['is empty', '   '],
    ["starts with 'Bearer '; the API takes the bare key, without it", `Bearer ${KEY}`],
    ["starts with 'Bearer '; the API takes the bare key, without it", `bearer\t${KEY}`],
    ['has white space inside', `${KEY} ${KEY}`],
    ['has white space inside', `${KEY}\n${KEY}`],
    ['has white space inside', `${KEY}\u00a0x`],
    ['has control or non-ASCII characters', `${KEY}\u0007`],
    ['has control or non-ASCII characters', `“${KEY}”`],
    ['has control or non-ASCII characters', `${KEY}é`],
    ['has control or non-ASCII characters', `${KEY}\u200b`],
  ])('it %s', async (fault, text) => {
    const expected = (source: string) =>
      expect.objectContaining({
        exitCode: 2,
        message: `the key in ${source} ${fault}`,
        hint: 'copy it again from https://api-platform.memories.ai',
      });
    expect(() => checkedKey(text, 'standard input')).toThrow(UsageError);
    expect(() => checkedKey(text, 'standard input')).toThrow(expected('standard input'));

    const inVariable = findKey(hostWith({ MAVI_API_KEY: text }), storeWith());
    await expect(inVariable).rejects.toEqual(expected('MAVI_API_KEY'));
    const inStore = findKey(hostWith({}), storeWith({ 'api-key': text }));
    await expect(inStore).rejects.toEqual(expected('the config file /home/me/.config/mavi/config.json'));
    const inFile = hostWithFile(text);
    const source = `${inFile.env.MAVI_API_KEY_FILE} (MAVI_API_KEY_FILE)`;
    await expect(findKey(inFile, storeWith())).rejects.toEqual(expected(source));
  });

  it('and no later source is taken in its stead', async () => {
    const host = hostWith({ MAVI_API_KEY: 'two words', MEMORIES_API_KEY: KEY });
    await expect(findKey(host, storeWith({ 'api-key': KEY }))).rejects.toThrow(
      'MAVI_API_KEY has white space',
    );
  });

  it('and it stands in no output, even so', async () => {
    const host = hostWith({ MAVI_API_KEY: `Bearer ${KEY}` });
    await expect(findKey(host, storeWith())).rejects.toThrow(UsageError);
    expect([...host.secrets]).toEqual([`Bearer ${KEY}`]);
  });
});

describe('a MAVI_API_KEY_FILE that cannot be read', () => {
  it.each([
    ['is not there', () => {}, /ENOENT/],
    ['is a folder', (path: string) => mkdirSync(path), /EISDIR/],
  ])('because it %s, is a usage error', async (_why, make, reason) => {
    const cwd = tempDir();
    const path = join(cwd, 'key.txt');
    make(path);
    const host = hostWith({ MAVI_API_KEY_FILE: path, MEMORIES_API_KEY: KEY }, cwd);
    const found = findKey(host, storeWith());
    await expect(found).rejects.toBeInstanceOf(UsageError);
    await expect(found).rejects.toMatchObject({
      exitCode: 2,
      message: expect.stringMatching(reason),
      hint: 'name a readable file that holds the key, or unset MAVI_API_KEY_FILE',
      cause: expect.any(Error),
    });
    await expect(found).rejects.toThrow(`cannot read ${path}, which MAVI_API_KEY_FILE names: `);
  });

  it('because it is far too long for a key, is a usage error', async () => {
    const host = hostWithFile('k'.repeat(64 * 1024 + 1));
    await expect(findKey(host, storeWith())).rejects.toThrow('(MAVI_API_KEY_FILE) is too long to be one');
    const longest = hostWithFile(`${KEY}${'\n'.repeat(64 * 1024 - KEY.length)}`);
    expect(await requireKey(longest, storeWith())).toBe(KEY);
  });
});

describe('the shape of a key', () => {
  it.each([KEY, `sk-${'0123456789abcdef'.repeat(2)}`, 'anything-printable~!', 'Bearer', 'Bearer-of-news'])(
    '%s is good',
    (key) => {
      expect(keyFault(key)).toBeNull();
    },
  );

  it('of another product is warned of', () => {
    expect(keyWarning('sk-mai-0123')).toMatch(/another product \(Video Datalake\)/);
    expect(keyWarning(KEY)).toBeNull();
    expect(keyWarning('sk-0123')).toBeNull();
  });
});
