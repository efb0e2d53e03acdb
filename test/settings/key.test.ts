import { chmodSync, chownSync, mkdirSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { AccountError, UsageError } from '../../src/errors.ts';
import { checkedKey, findKey, keyWarning } from '../../src/settings/key.ts';
import { type FakeHost, fakeHost } from '../helpers/fake-host.ts';
import { makeFifo } from '../helpers/fifo.ts';
import { tempDir } from '../helpers/temp-dir.ts';

const onPosix = process.platform !== 'win32';
const KEY = `sk-mavi-${'k'.repeat(118)}wxyz`;

function hostWith(env: Record<string, string>, cwd = tempDir()): FakeHost {
  return fakeHost({ cwd, env });
}

const keyOf = async (...args: Parameters<typeof findKey>): Promise<string> => (await findKey(...args)).key;

function storeWith(values: Record<string, string> = {}) {
  return { name: 'default', path: '/home/me/.config/mavi/config.json', isChosen: false, values };
}

/** A host whose MAVI_API_KEY_FILE holds this. */
function hostWithFile(content: string | Uint8Array, env: Record<string, string> = {}): FakeHost {
  const cwd = tempDir();
  const path = join(cwd, 'key.txt');
  writeFileSync(path, content, { mode: 0o600 });
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
      'the settings file',
      { MEMORIES_API_KEY: '' },
      'four',
      'the settings file /home/me/.config/mavi/config.json',
    ],
  ])('is %s', async (_where, env, key, source) => {
    const cwd = tempDir();
    // A relative path starts at the current folder.
    writeFileSync(join(cwd, 'file'), 'two\n', { mode: 0o600 });
    const host = hostWith(env as Record<string, string>, cwd);
    expect(await findKey(host, storeWith({ 'api-key': 'four' }))).toEqual({ key, source });
    expect(host.secrets).toContain(key);
  });

  it('may be missing; the error then says how to get one', async () => {
    const host = hostWith({});
    const asked = findKey(host, storeWith());
    await expect(asked).rejects.toBeInstanceOf(AccountError);
    await expect(asked).rejects.toMatchObject({
      exitCode: 3,
      code: 'no_key',
      message: 'no API key',
      hint: expect.stringMatching(
        /^.*mavi auth login .*MAVI_API_KEY.* create it at https:\/\/api-platform\.memories\.ai$/,
      ),
    });
    expect(host.secrets.size).toBe(0);
  });

  it.each([
    ['MAVI_API_KEY', { MAVI_API_KEY: ` \t${KEY}\r\n` }],
    ['MEMORIES_API_KEY', { MEMORIES_API_KEY: `${KEY}\n` }],
  ])('is trimmed in %s', async (_where, env) => {
    expect(await keyOf(hostWith(env), storeWith())).toBe(KEY);
  });

  it('is trimmed in the settings file', async () => {
    expect(await keyOf(hostWith({}), storeWith({ 'api-key': ` ${KEY} ` }))).toBe(KEY);
  });

  it.each([
    ['a line end', `${KEY}\n`],
    ['a Windows line end', `${KEY}\r\n`],
    ['blank lines around it', `\n\n  ${KEY}  \n\n`],
    ['a byte order mark', `\ufeff${KEY}\n`],
  ])('may be surrounded in its file by %s', async (_what, content) => {
    expect(await keyOf(hostWithFile(content), storeWith())).toBe(KEY);
  });
});

describe('a malformed key is a usage error that names its source', () => {
  it.each([
    ['is empty', '   '],
    ['is empty', '\ufeff'],
    ["starts with 'Bearer '; give only the key", `Bearer ${KEY}`],
    ["starts with 'Bearer '; give only the key", `bearer\t${KEY}`],
    ["starts with 'Bearer '; give only the key", `Authorization: Bearer ${KEY}`],
    ['starts with NAME=; give only the value', `MAVI_API_KEY=${KEY}`],
    ['starts with NAME=; give only the value', `export KEY="${KEY}"`],
    ['is in quotes; give it without them', `"${KEY}"`],
    ['is in quotes; give it without them', `'${KEY}'`],
    ['is in quotes; give it without them', `${KEY}"`],
    ['is in quotes; give it without them', `“${KEY}”`],
    ['has white space inside', `${KEY} ${KEY}`],
    ['has white space inside', `${KEY}\n${KEY}`],
    ['has white space inside', `${KEY}\u00a0x`],
    ['has control or non-ASCII characters', `${KEY}\u0007`],
    ['has control or non-ASCII characters', `${KEY}é`],
    ['has control or non-ASCII characters', `${KEY}\u200b`],
  ])('it %s', async (fault, text) => {
    const expected = (source: string) =>
      expect.objectContaining({
        exitCode: 2,
        message: `the key in ${source} ${fault}`,
        hint: 'copy it again from https://api-platform.memories.ai',
      });
    expect(() => checkedKey(text, ' in standard input')).toThrow(UsageError);
    expect(() => checkedKey(text, ' in standard input')).toThrow(expected('standard input'));

    const inVariable = findKey(hostWith({ MAVI_API_KEY: text }), storeWith());
    await expect(inVariable).rejects.toEqual(expected('MAVI_API_KEY'));
    const inStore = findKey(hostWith({}), storeWith({ 'api-key': text }));
    await expect(inStore).rejects.toEqual(expected('the settings file /home/me/.config/mavi/config.json'));
    const inFile = hostWithFile(text);
    const source = `${inFile.env.MAVI_API_KEY_FILE} (MAVI_API_KEY_FILE)`;
    await expect(findKey(inFile, storeWith())).rejects.toEqual(expected(source));
  });

  it('and no later source is used instead', async () => {
    const host = hostWith({ MAVI_API_KEY: 'two words', MEMORIES_API_KEY: KEY });
    await expect(findKey(host, storeWith({ 'api-key': KEY }))).rejects.toThrow(
      'MAVI_API_KEY has white space',
    );
  });

  it('and it appears in no output', async () => {
    const host = hostWith({ MAVI_API_KEY: `Bearer ${KEY}` });
    await expect(findKey(host, storeWith())).rejects.toThrow(UsageError);
    expect([...host.secrets]).toEqual([KEY]);
  });
});

describe('a MAVI_API_KEY_FILE', () => {
  it.each([
    ['is missing', () => {}, 'cannot read PATH: no such file or folder (MAVI_API_KEY_FILE)'],
    [
      'is a folder',
      (path: string) => mkdirSync(path),
      "can't read the key from PATH (MAVI_API_KEY_FILE): it is a folder",
    ],
    [
      'is a device',
      (path: string) => symlinkSync('/dev/zero', path),
      "can't read the key from PATH (MAVI_API_KEY_FILE): it is neither a file nor a FIFO",
    ],
    [
      'has more bytes than any key',
      (path: string) => writeFileSync(path, 'k'.repeat(4097)),
      'PATH (MAVI_API_KEY_FILE) contains more than 4096 bytes, too many for a key',
    ],
    [
      'is in UTF-16, as Windows PowerShell writes it',
      (path: string) => writeFileSync(path, Buffer.from(`\ufeff${KEY}`, 'utf16le')),
      'PATH (MAVI_API_KEY_FILE) contains UTF-16 text; save it as UTF-8',
    ],
    ['is empty', (path: string) => writeFileSync(path, ''), 'the key in PATH (MAVI_API_KEY_FILE) is empty'],
  ])('that %s is a usage error, and no later source is used', async (_why, make, message) => {
    const cwd = tempDir();
    const path = join(cwd, 'key.txt');
    make(path);
    const host = hostWith({ MAVI_API_KEY_FILE: path, MEMORIES_API_KEY: KEY }, cwd);
    const found = findKey(host, storeWith());
    await expect(found).rejects.toBeInstanceOf(UsageError);
    await expect(found).rejects.toThrow(message.replace('PATH', path));
    await expect(found).rejects.toMatchObject({ exitCode: 2, hint: expect.stringMatching(/./) });
  });

  it('may have 4096 bytes', async () => {
    const longest = hostWithFile(`${KEY}${'\n'.repeat(4096 - KEY.length)}`);
    expect(await keyOf(longest, storeWith())).toBe(KEY);
  });

  it.runIf(onPosix)('may be a FIFO, whose writer is waited for', async () => {
    const cwd = tempDir();
    makeFifo(join(cwd, 'key'));
    const key = keyOf(hostWith({ MAVI_API_KEY_FILE: 'key' }, cwd), storeWith());
    const writer = await open(join(cwd, 'key'), 'w');
    await writer.write(KEY.slice(0, 50));
    await writer.write(`${KEY.slice(50)}\n`);
    await writer.close();
    expect(await key).toBe(KEY);
  });

  it.runIf(onPosix)('that is a FIFO without an end is read no further than a key may go', async () => {
    const cwd = tempDir();
    makeFifo(join(cwd, 'key'));
    const found = findKey(hostWith({ MAVI_API_KEY_FILE: 'key' }, cwd), storeWith());
    const writer = await open(join(cwd, 'key'), 'w');
    onTestFinished(() => writer.close());
    await writer.write('k'.repeat(5000));
    await expect(found).rejects.toThrow('more than 4096 bytes');
  });

  it.runIf(onPosix)('that is a FIFO which nobody writes to is left at an interrupt', async () => {
    const cwd = tempDir();
    makeFifo(join(cwd, 'key'));
    const host = hostWith({ MAVI_API_KEY_FILE: 'key' }, cwd);
    // The test holds it open for writing, or the thread that opens it would never end.
    const found = findKey(host, storeWith());
    const writer = await open(join(cwd, 'key'), 'w');
    host.send('SIGINT');
    await expect(found).rejects.toMatchObject({ exitCode: 130 });
    await writer.close();
  });

  it.runIf(onPosix).each([0o644, 0o640, 0o604, 0o666])(
    'that other users can use (mode %o) is warned of and left as it is',
    async (mode) => {
      const host = hostWithFile(KEY);
      const path = host.env.MAVI_API_KEY_FILE as string;
      chmodSync(path, mode);
      expect(await keyOf(host, storeWith())).toBe(KEY);
      expect(host.errors()).toBe(
        `mavi: warning: other users can read the key in ${path}; run: chmod 600 ${path}\n`,
      );
      expect(statSync(path).mode & 0o777).toBe(mode);
    },
  );

  it.runIf(onPosix)('that belongs to another user is warned of', async () => {
    const host = hostWithFile(KEY);
    const stranger = { ...host, uid: 12345 };
    const path = host.env.MAVI_API_KEY_FILE as string;
    // Root's own files are trusted by everybody.
    if (process.getuid?.() === 0) chownSync(path, 54321, -1);
    expect(await keyOf(stranger, storeWith())).toBe(KEY);
    expect(host.errors()).toContain(`the key file ${path} belongs to another user (user ID `);
  });

  it.runIf(process.getuid?.() === 0)(
    'that only root and the group of a pod can read, as in Kubernetes, is fine',
    async () => {
      const host = hostWithFile(KEY);
      const pod = { ...host, uid: 12345 };
      chmodSync(host.env.MAVI_API_KEY_FILE as string, 0o440);
      chownSync(host.env.MAVI_API_KEY_FILE as string, 0, -1);
      expect(await keyOf(pod, storeWith())).toBe(KEY);
      expect(host.errors()).toBe('');
    },
  );

  it('whose name is not UTF-8 is a usage error, not another file', async () => {
    const found = findKey(hostWith({ MAVI_API_KEY_FILE: 'key\ufffd' }), storeWith());
    await expect(found).rejects.toThrow('the path in MAVI_API_KEY_FILE is not valid UTF-8');
  });
});

describe('a profile', () => {
  const stored = (isChosen: boolean, values: Record<string, string>) => ({
    name: 'work',
    path: '/home/me/.config/mavi/config.work.json',
    isChosen,
    values,
  });

  it('chosen by --profile prefers its own key to those of the environment', async () => {
    const host = hostWith({ MAVI_API_KEY: 'sk-environment' });
    expect(await keyOf(host, stored(true, { 'api-key': 'sk-work' }))).toBe('sk-work');
    expect(await keyOf(host, stored(true, {}))).toBe('sk-environment');
  });

  it('chosen by MAVI_PROFILE prefers those of the environment', async () => {
    const host = hostWith({ MAVI_API_KEY: 'sk-environment' });
    expect(await keyOf(host, stored(false, { 'api-key': 'sk-work' }))).toBe('sk-environment');
  });

  it('without a key is named in the error, with the command that stores one', async () => {
    await expect(findKey(hostWith({}), stored(true, {}))).rejects.toMatchObject({
      exitCode: 3,
      message: 'no API key in profile work',
      hint: expect.stringContaining('mavi auth login --profile work'),
    });
  });
});

describe('the shape of a key', () => {
  it.each([KEY, `sk-${'0123456789abcdef'.repeat(2)}`, 'anything-printable~!', 'Bearer', 'Bearer-of-news'])(
    '%s is good',
    (key) => {
      expect(checkedKey(key)).toBe(key);
    },
  );

  it('of another product gives a warning', () => {
    expect(keyWarning('sk-mai-0123')).toMatch(/another product \(Video Datalake\)/);
    expect(keyWarning(KEY)).toBeNull();
    expect(keyWarning('sk-0123')).toBeNull();
  });
});
