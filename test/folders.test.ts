import { mkdirSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { flushFolder, makeFolder, pathFrom } from '../src/folders.ts';
import { tempDir } from './helpers/temp-dir.ts';

const onLinux = process.platform === 'linux';

describe('a created folder', () => {
  it('gets its missing parent folders', async () => {
    const path = join(tempDir(), 'a/b/c');
    await makeFolder(path);
    expect(statSync(path).isDirectory()).toBe(true);
  });

  it.runIf(process.platform !== 'win32')(
    'has the requested permissions, and so have its new parents',
    async () => {
      const root = tempDir();
      await makeFolder(join(root, 'a/b'), 'shown', 0o700);
      for (const name of ['a', 'a/b']) expect(statSync(join(root, name)).mode & 0o777).toBe(0o700);
    },
  );

  it('may already exist, also as a symbolic link', async () => {
    const root = tempDir();
    mkdirSync(join(root, 'real'));
    symlinkSync('real', join(root, 'link'));
    await makeFolder(join(root, 'real'));
    await makeFolder(join(root, 'link'));
    await makeFolder(join(root, 'link/new'));
    expect(statSync(join(root, 'real/new')).isDirectory()).toBe(true);
  });

  it.each(['file', 'file/below', 'nowhere'])('fails when %s is in the way', async (name) => {
    const root = tempDir();
    writeFileSync(join(root, 'file'), '');
    symlinkSync('missing/too', join(root, 'nowhere'));
    await expect(makeFolder(join(root, name), 'shown')).rejects.toMatchObject({
      exitCode: 7,
      message: expect.stringContaining('shown'),
    });
  });

  it.runIf(onLinux).each(['/proc/x', '/proc/x/y', '/proc/self/fd/x', '/sys/x'])(
    'fails instead of looping where the kernel accepts no new names (%s)',
    async (path) => {
      await expect(makeFolder(path)).rejects.toMatchObject({ exitCode: 7 });
    },
  );
});

describe('flushing a folder', () => {
  it('succeeds for any folder, and fails for one that does not exist', async () => {
    await expect(flushFolder(tempDir())).resolves.toBeUndefined();
    await expect(flushFolder(join(tempDir(), 'none'))).rejects.toMatchObject({ code: 'ENOENT' });
  });

  it.runIf(onLinux)('is skipped on a file system that does not support it', async () => {
    await expect(flushFolder('/proc')).resolves.toBeUndefined();
  });
});

describe('a path relative to a folder', () => {
  it.each([
    ['.', 'a/b', 'a/b'],
    ['.', '/a', '/a'],
    ['.', '', '.'],
    ['/home', 'a', '/home/a'],
    ['/home', '', '/home'],
    ['/home', 'link/../a', '/home/link/../a'],
  ])('from %s, %s is %s', (cwd, path, expected) => {
    expect(pathFrom(cwd, path)).toBe(expected);
  });
});
