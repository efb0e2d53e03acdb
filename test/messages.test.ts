/**
 * Every message of the program: what failed, for which video, and what to type next. Each is triggered by its real
 * cause; the errors that a test cannot trigger are at the end.
 */
import { chmodSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { run } from '../src/cli.ts';
import { localError } from '../src/errors.ts';
import { fakeHost } from './helpers/fake-host.ts';
import { tempDir } from './helpers/temp-dir.ts';
import { withMock } from './helpers/with-mock.ts';
import { THE_API } from './messages/api.ts';
import { COMMAND_LINE } from './messages/command-line.ts';
import { THE_DISK } from './messages/disk.ts';
import { MANY_VIDEOS } from './messages/many.ts';
import { THE_NETWORK } from './messages/network.ts';
import { RETRIES } from './messages/retries.ts';
import { SETTINGS_AND_KEY } from './messages/settings.ts';
import { THE_VIDEO } from './messages/video.ts';

const TABLES = {
  'the command line': COMMAND_LINE,
  'settings and the key': SETTINGS_AND_KEY,
  'the API': THE_API,
  'the video': THE_VIDEO,
  'the network': THE_NETWORK,
  retries: RETRIES,
  'the disk': THE_DISK,
  'many videos': MANY_VIDEOS,
};

/** The lines of a text, with what varies from run to run replaced by placeholders. */
function normalized(text: string, folder: string): string[] {
  const lines = text
    .replaceAll(folder, 'DIR')
    .replace(/(127\.0\.0\.1:|port )\d+/g, '$1PORT')
    .replace(/\d{4}-\d\d-\d\dT[\d:]+Z/g, 'DATE')
    .replace(/ in \d+(\.\d+)? s\b/g, ' in TIME')
    .replace(/, \d+(\.\d+)? [KMG]?i?B\/s/g, ', SPEED')
    .split('\n');
  return lines.slice(0, lines.at(-1) === '' ? -1 : lines.length);
}

describe.each(Object.entries(TABLES))('messages about %s', (_what, rows) => {
  it.each(Object.entries(rows))('%s', async (_name, row) => {
    const folder = tempDir();
    symlinkSync('loop', join(folder, 'loop'));
    for (const [name, content] of Object.entries(row.files ?? {})) {
      mkdirSync(join(folder, content === null ? name : dirname(name)), { recursive: true });
      if (content !== null) writeFileSync(join(folder, name), content);
      chmodSync(join(folder, name), row.openToOthers === true ? 0o755 : 0o700);
    }
    const mock = await withMock(row.mock);
    const variables = { MAVI_BASE_URL: mock.baseUrl, MAVI_API_KEY: mock.key, MAVI_RATE: '0' };
    const host = fakeHost({ cwd: folder, ...row.host, env: { ...variables, ...row.host?.env } });
    const port = new URL(mock.baseUrl).port;
    const args = row.args.map((word) => word.replace('PORT', port));
    const code = await run(args, host);
    const output = host.output().includes('ftyp') ? '' : host.output().toString();
    expect({ code, says: normalized(host.errors(), folder), prints: normalized(output, folder) }).toEqual({
      code: row.code,
      says: row.says,
      prints: row.prints ?? [],
    });
  });
});

describe('messages about a file system error', () => {
  it.each([
    ['ENOSPC', 'the disk is full', 'free some space or inodes (df -h, df -i), then run the command again'],
    ['EDQUOT', 'the disk quota is used up', 'free some space, then run the command again'],
    ['EFBIG', 'the file exceeds a size limit', 'check ulimit -f and what the file system allows'],
    ['EACCES', 'permission denied', 'choose another place'],
    ['EPERM', 'operation not permitted', 'choose another place'],
    ['EROFS', 'the file system is read-only', 'choose another place'],
    ['EIO', 'input/output error', 'check the disk'],
    ['ENOENT', 'no such file or folder', 'check the path'],
    ['ENOTDIR', 'part of the path is not a folder', 'check the path'],
    ['EISDIR', 'it is a folder', 'name a file in it'],
    ['ELOOP', 'too many symbolic links', 'check the path'],
    ['ENAMETOOLONG', 'the name is too long', 'choose a shorter name'],
    ['EEXIST', 'it already exists', 'replace it with --force, or keep it with --skip-existing'],
    ['EMFILE', 'too many open files', 'lower --concurrency, or raise ulimit -n'],
    ['EBUSY', 'another program is using it', 'close that program, then run the command again'],
    ['EXDEV', 'it is on another file system', 'choose another place'],
    ['EWHAT', 'what the system says', 'check the path'],
  ])('%s says what failed and what to do', (code, meaning, hint) => {
    const cause = Object.assign(new Error('what the system says'), { code });
    expect(localError(cause, 'library/a.mp4')).toMatchObject({
      exitCode: 7,
      message: `cannot write library/a.mp4: ${meaning}`,
      hint,
      cause,
    });
  });

  it('are not used for an error of the program itself', () => {
    const defect = new TypeError('a defect');
    expect(() => localError(defect, 'a.mp4')).toThrow(defect);
  });

  it('suggest checking the permissions of a file that cannot be read', () => {
    const cause = Object.assign(new Error(''), { code: 'EACCES' });
    expect(localError(cause, 'list.txt', 'read')).toMatchObject({
      message: 'cannot read list.txt: permission denied',
      hint: 'check who can read it',
    });
  });
});
