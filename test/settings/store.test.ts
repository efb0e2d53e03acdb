import {
  chmodSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { join, resolve } from 'node:path';
import { describe, expect, it } from 'vitest';
import { LocalError } from '../../src/errors.ts';
import { configFolder, configPath, readStore, removeValue, storeValue } from '../../src/settings/store.ts';
import { type FakeHost, fakeHost } from '../helpers/fake-host.ts';
import { tempDir } from '../helpers/temp-dir.ts';

const KEY = `sk-mavi-${'k'.repeat(118)}wxyz`;
const onPosix = process.platform !== 'win32';

function hostIn(cwd: string, folder = 'config'): FakeHost {
  return fakeHost({ cwd, env: { MAVI_CONFIG_DIR: folder } });
}

/** A host whose config file holds this, for its owner alone. */
function hostWithStore(content: string): FakeHost {
  const host = hostIn(tempDir());
  mkdirSync(configFolder(host));
  writeFileSync(configPath(host), content, { mode: 0o600 });
  return host;
}

function modeOf(path: string): number {
  return statSync(path).mode & 0o777;
}

describe('the config folder', () => {
  it('is the one that MAVI_CONFIG_DIR names, from the folder in which the command runs', () => {
    const cwd = tempDir();
    expect(configFolder(hostIn(cwd, 'there'))).toBe(join(cwd, 'there'));
    expect(configFolder(hostIn(cwd, resolve(cwd, '..', 'elsewhere')))).toBe(resolve(cwd, '..', 'elsewhere'));
    expect(configPath(hostIn(cwd, 'there'))).toBe(join(cwd, 'there', 'config.json'));
  });

  it("is the platform's own where MAVI_CONFIG_DIR is empty", () => {
    const folder = configFolder(hostIn(tempDir(), ''));
    expect(folder).toMatch(/mavi/);
    expect(resolve(folder)).toBe(folder);
  });

  it('is not made by reading', async () => {
    const host = hostIn(tempDir());
    expect(await readStore(host)).toEqual({ path: configPath(host), values: {} });
    expect(await removeValue(host, 'api-key')).toBe(false);
    expect(existsSync(configFolder(host))).toBe(false);
    expect(host.errors()).toBe('');
  });
});

describe('a stored value', () => {
  it('is there for the next run, and no more when it is removed', async () => {
    const cwd = tempDir();
    await storeValue(hostIn(cwd), 'api-key', KEY);
    await storeValue(hostIn(cwd), 'rate', '1/s');
    expect((await readStore(hostIn(cwd))).values).toEqual({ 'api-key': KEY, rate: '1/s' });
    expect(await removeValue(hostIn(cwd), 'api-key')).toBe(true);
    expect(await removeValue(hostIn(cwd), 'api-key')).toBe(false);
    expect((await readStore(hostIn(cwd))).values).toEqual({ rate: '1/s' });
    expect(readFileSync(configPath(hostIn(cwd)), 'utf8')).not.toContain('sk-mavi');
  });

  it('replaces the one before', async () => {
    const host = hostIn(tempDir());
    await storeValue(host, 'rate', '1/s');
    await storeValue(host, 'rate', '2/s');
    expect((await readStore(host)).values).toEqual({ rate: '2/s' });
  });

  it.runIf(onPosix)('is readable by its owner alone, and so is its folder', async () => {
    const host = hostIn(tempDir(), 'deep/config');
    await storeValue(host, 'api-key', KEY);
    expect(modeOf(configPath(host))).toBe(0o600);
    expect(modeOf(configFolder(host))).toBe(0o700);
    await storeValue(host, 'rate', '5');
    expect(modeOf(configPath(host))).toBe(0o600);
    expect(host.errors()).toBe('');
  });

  it('leaves no other file behind', async () => {
    const host = hostIn(tempDir());
    await storeValue(host, 'api-key', KEY);
    await storeValue(host, 'api-key', `${KEY}x`);
    expect(readdirSync(configFolder(host))).toEqual(['config.json']);
  });

  it('that cannot be written is a local error with a way out', async () => {
    const host = hostIn(tempDir());
    writeFileSync(configFolder(host), 'in the way');
    const stored = storeValue(host, 'api-key', KEY);
    await expect(stored).rejects.toBeInstanceOf(LocalError);
    await expect(stored).rejects.toMatchObject({
      exitCode: 7,
      code: 'config',
      hint: 'set MAVI_CONFIG_DIR to a folder of yours, or use MAVI_API_KEY and the other variables',
    });
    await expect(stored).rejects.toThrow(`cannot write ${configPath(host)}: `);
    await expect(stored).rejects.not.toThrow('kkkk');
  });
});

describe('a config file', () => {
  it('gives texts and numbers as texts, and passes over all else', async () => {
    const host = hostWithStore(
      '{"rate": 6, "unique-id": "x", "retries": true, "other": {"a": 1}, "none": null}',
    );
    expect((await readStore(host)).values).toEqual({ rate: '6', 'unique-id': 'x' });
    expect(host.errors()).toBe('');
  });

  it('may have a name with a dot in it', async () => {
    const host = hostWithStore('{"a.b": "c"}');
    await storeValue(host, 'd.e', 'f');
    expect((await readStore(host)).values).toEqual({ 'a.b': 'c', 'd.e': 'f' });
  });

  it.each(['{}', '{}\n', '{\n\n\t}\n', ' { } '])(
    'that is empty as %j is nothing to warn of',
    async (content) => {
      const host = hostWithStore(content);
      expect((await readStore(host)).values).toEqual({});
      expect(host.errors()).toBe('');
    },
  );

  it.each([
    ['torn', '{"api-key": "sk-mavi-0123'],
    ['torn early', '{"'],
    ['empty', ''],
    ['no JSON', 'api-key = x'],
  ])('that is %s is warned of, ignored, and mended by the next value', async (_what, content) => {
    const host = hostWithStore(content);
    expect((await readStore(host)).values).toEqual({});
    expect(host.errors()).toBe(
      `mavi: warning: ${configPath(host)} is not valid JSON, so its settings are ignored until it is written again\n`,
    );
    await storeValue(host, 'rate', '5');
    const again = fakeHost({ cwd: host.cwd, env: { MAVI_CONFIG_DIR: 'config' } });
    expect((await readStore(again)).values).toEqual({ rate: '5' });
    expect(again.errors()).toBe('');
  });

  it('that cannot be read is a local error', async () => {
    const host = hostIn(tempDir());
    mkdirSync(configPath(host), { recursive: true });
    const read = readStore(host);
    await expect(read).rejects.toBeInstanceOf(LocalError);
    await expect(read).rejects.toThrow(`cannot read ${configPath(host)}: `);
  });

  it.runIf(onPosix).each([0o644, 0o640, 0o604, 0o622])(
    'that others may use (mode %o) is closed to them, and that is said once',
    async (mode) => {
      const host = hostWithStore(`{"api-key": "${KEY}"}`);
      chmodSync(configPath(host), mode);
      expect((await readStore(host)).values).toEqual({ 'api-key': KEY });
      expect(modeOf(configPath(host))).toBe(0o600);
      const warning = `mavi: warning: others could read ${configPath(host)}; it is now yours alone (mode 0600)\n`;
      expect(host.errors()).toBe(warning);
      await readStore(host);
      expect(host.errors()).toBe(warning);
    },
  );

  it.runIf(onPosix)('that only its owner may use keeps its mode', async () => {
    const host = hostWithStore('{"rate": "5"}');
    chmodSync(configPath(host), 0o400);
    await readStore(host);
    expect(modeOf(configPath(host))).toBe(0o400);
    expect(host.errors()).toBe('');
  });
});
