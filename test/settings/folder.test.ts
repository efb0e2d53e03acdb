import { chmodSync, chownSync, lchownSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { userInfo } from 'node:os';
import { join, resolve } from 'node:path';
import { describe, expect, it } from 'vitest';
import { UsageError } from '../../src/errors.ts';
import { configFolder, shellWord } from '../../src/settings/folder.ts';
import { profileOf, readStore, removeValue, storeValue } from '../../src/settings/store.ts';
import { type FakeHost, fakeHost } from '../helpers/fake-host.ts';
import { tempDir } from '../helpers/temp-dir.ts';

function folderOf(env: Record<string, string>, platform = 'linux'): string {
  return configFolder({ env, platform, cwd: '/here' });
}

describe('the settings folder', () => {
  const home = userInfo().homedir;

  it.each([
    [
      'MAVI_CONFIG_DIR, before everything else',
      { MAVI_CONFIG_DIR: '/c', XDG_CONFIG_HOME: '/x', HOME: '/h' },
      '/c',
    ],
    ['a relative MAVI_CONFIG_DIR, from the current folder', { MAVI_CONFIG_DIR: 'c/d' }, '/here/c/d'],
    ['in XDG_CONFIG_HOME', { MAVI_CONFIG_DIR: '', XDG_CONFIG_HOME: '/x', HOME: '/h' }, '/x/mavi'],
    ['in .config of HOME', { XDG_CONFIG_HOME: '', HOME: '/h' }, '/h/.config/mavi'],
    ['in HOME where XDG_CONFIG_HOME is relative', { XDG_CONFIG_HOME: 'x', HOME: '/h' }, '/h/.config/mavi'],
    ['in HOME where XDG_CONFIG_HOME is a dot', { XDG_CONFIG_HOME: '.', HOME: '/h' }, '/h/.config/mavi'],
    ["in the user's own home where HOME is unset", {}, `${home}/.config/mavi`],
    ["in the user's own home where HOME is empty", { HOME: '' }, `${home}/.config/mavi`],
    ["in the user's own home where HOME is relative", { HOME: 'h' }, `${home}/.config/mavi`],
    [
      "in the user's own home where both are relative",
      { HOME: '.', XDG_CONFIG_HOME: '..' },
      `${home}/.config/mavi`,
    ],
  ])('on Linux is %s', (_where, env, folder) => {
    expect(folderOf(env as Record<string, string>)).toBe(folder);
  });

  it.each([
    ['darwin', { HOME: '/h', XDG_CONFIG_HOME: '/x' }, '/h/Library/Preferences/mavi'],
    ['darwin', { HOME: '' }, `${home}/Library/Preferences/mavi`],
    ['win32', { APPDATA: '/a', USERPROFILE: '/u' }, '/a/mavi/Config'],
    ['win32', { APPDATA: '', USERPROFILE: '/u' }, '/u/AppData/Roaming/mavi/Config'],
    ['win32', { APPDATA: 'a', USERPROFILE: 'u', HOME: '/h' }, `${home}/AppData/Roaming/mavi/Config`],
  ])('on %s with %j is %s', (platform, env, folder) => {
    expect(folderOf(env as Record<string, string>, platform)).toBe(folder);
  });

  it.each([
    ['MAVI_CONFIG_DIR', { MAVI_CONFIG_DIR: '/c\ufffd' }],
    ['XDG_CONFIG_HOME', { XDG_CONFIG_HOME: '/c\ufffd' }],
    ['HOME', { HOME: '/c\ufffd' }],
  ])('that is not UTF-8 in %s is a usage error, not another folder', (name, env) => {
    expect(() => folderOf(env as Record<string, string>)).toThrow(UsageError);
    expect(() => folderOf(env as Record<string, string>)).toThrow(`the path in ${name} is not valid UTF-8`);
  });

  it('does not need HOME if MAVI_CONFIG_DIR is set', () => {
    expect(folderOf({ MAVI_CONFIG_DIR: '/c', HOME: '/\ufffd' })).toBe('/c');
  });
});

describe.runIf(process.platform !== 'win32')('settings that another user could have written', () => {
  const ME = process.getuid?.() || 12345;
  const STRANGER = ME + 1;
  const isRoot = process.getuid?.() === 0;

  /** A settings folder of a user who is not root. */
  function settings(): { host: FakeHost; folder: string; file: string } {
    const cwd = tempDir();
    const folder = join(cwd, 'config');
    const file = join(folder, 'config.json');
    mkdirSync(folder, { mode: 0o700 });
    writeFileSync(file, '{"base-url": "https://evil.example", "api-key": "sk-mavi-x"}', { mode: 0o600 });
    if (isRoot) for (const path of [folder, file]) chownSync(path, ME, -1);
    return { host: { ...fakeHost({ cwd, env: { MAVI_CONFIG_DIR: folder } }), uid: ME }, folder, file };
  }

  /** Everything that reads or changes settings. */
  const USES: readonly ((host: FakeHost) => Promise<unknown>)[] = [
    (host) => readStore(host),
    (host) => readStore(host, 'work'),
    (host) => storeValue(host, profileOf(host, undefined), 'rate', '5'),
    (host) => removeValue(host, profileOf(host, undefined), 'api-key'),
  ];

  async function refused(host: FakeHost, uses = USES): Promise<{ message: string; hint: string }> {
    const errors = await Promise.all(uses.map((use) => use(host).catch((error: UsageError) => error)));
    for (const error of errors) expect(error).toBeInstanceOf(UsageError);
    return errors[0] as UsageError;
  }

  it('are read if folder and file belong to the user', async () => {
    const { host } = settings();
    expect((await readStore(host)).values).toMatchObject({ 'api-key': 'sk-mavi-x' });
    expect(host.errors()).toBe('');
  });

  it('are refused if the folder belongs to another user', async () => {
    const { host, folder } = settings();
    const error = await refused({ ...host, uid: STRANGER });
    expect(error.message).toBe(`${folder} belongs to another user (user ID ${ME}), so it can't be trusted`);
    expect(error.hint.split('; ')).toEqual([
      'use a folder of your own: export MAVI_CONFIG_DIR="$(mktemp -d)"',
      `or, after checking its contents: sudo chown ${STRANGER} ${folder}`,
    ]);
  });

  it.runIf(isRoot)('are refused where the file alone does', async () => {
    const { host, file } = settings();
    chownSync(file, STRANGER, -1);
    const { message } = await refused(host, [USES[0], USES[2], USES[3]] as typeof USES);
    expect(message).toBe(`${file} belongs to another user (user ID ${STRANGER}), so it can't be trusted`);
  });

  it.runIf(isRoot)('are read where they are root’s', async () => {
    const { host, folder, file } = settings();
    for (const path of [folder, file]) chownSync(path, 0, -1);
    expect((await readStore(host)).values).toMatchObject({ 'api-key': 'sk-mavi-x' });
  });

  it.each([0o720, 0o702, 0o777, 0o1777])(
    'are refused where others can write to the folder (%o)',
    async (mode) => {
      const { host, folder } = settings();
      chmodSync(folder, mode);
      expect(await refused(host)).toMatchObject({
        message: `other users can write to ${folder}, so its settings can't be trusted`,
        hint: `check its contents, then run: chmod go-w ${folder}`,
      });
    },
  );

  it.each([0o620, 0o602, 0o666])('are refused if others can write to the file (%o)', async (mode) => {
    const { host, file } = settings();
    chmodSync(file, mode);
    const error = await refused(host, [USES[0], USES[2], USES[3]] as typeof USES);
    expect(error).toMatchObject({
      message: `other users can write to ${file}, so its settings can't be trusted`,
      hint: `check its contents, then run: chmod go-w ${file}`,
    });
  });

  it.runIf(isRoot)(
    'are refused through the link of another user, even to a folder of one’s own',
    async () => {
      const { host, folder } = settings();
      const link = resolve(folder, '..', 'link');
      symlinkSync(folder, link);
      lchownSync(link, STRANGER, -1);
      const error = await refused({ ...host, env: { MAVI_CONFIG_DIR: link } });
      expect(error.message).toBe(
        `${link} belongs to another user (user ID ${STRANGER}), so it can't be trusted`,
      );
      lchownSync(link, ME, -1);
      expect((await readStore({ ...host, env: { MAVI_CONFIG_DIR: link } })).values).toHaveProperty(
        'base-url',
      );
    },
  );

  it("are refused if the user's own link leads to a file that others can write to", async () => {
    const { host, folder } = settings();
    const shared = resolve(folder, '..', 'shared.json');
    writeFileSync(shared, '{}');
    chmodSync(shared, 0o666);
    if (isRoot) chownSync(shared, ME, -1);
    const linked = { ...host, env: { ...host.env, MAVI_CONFIG_DIR: folder, MAVI_PROFILE: 'linked' } };
    symlinkSync(shared, join(folder, 'config.linked.json'));
    await expect(readStore(linked)).rejects.toThrow('other users can write to');
  });
});

it('a path in a suggested command is quoted for the shell', () => {
  expect(shellWord('/home/me/.config/mavi')).toBe('/home/me/.config/mavi');
  expect(shellWord("/tmp/a b'; rm -rf $HOME")).toBe("'/tmp/a b'\\''; rm -rf $HOME'");
});
