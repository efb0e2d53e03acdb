import {
  lstatSync,
  mkdirSync,
  readFileSync,
  readlinkSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { describe, expect, it } from 'vitest';
import { namesIn } from '../helpers/temp-dir.ts';
import { type Place, placeToDownload } from './downloads.ts';

// On Windows, only administrators can create symbolic links, and files have no permission bits.
const isPosix = process.platform !== 'win32';

function expectComplete({ path, bytes }: Place, name: string): void {
  expect(readFileSync(path(name)).equals(bytes)).toBe(true);
}

describe('a target that cannot be written is refused by name before any request', () => {
  it.each([
    ['a folder', 'there', 'cannot write there: it is a folder'],
    ['a folder with a slash after it', 'there/', 'cannot write there/: it is a folder'],
    ['a name with a slash after it', 'new/', 'cannot write new/: the folder new/ does not exist'],
    ['the current folder', '.', 'cannot write .: it is a folder'],
    ['in a missing folder', 'no/such/v.mp4', 'cannot write no/such/v.mp4: the folder'],
    ['in a file', 'file/v.mp4', 'cannot write file/v.mp4: '],
  ])('when it is %s', async (_title, output, words) => {
    const here = await placeToDownload();
    mkdirSync(here.path('there'));
    writeFileSync(here.path('file'), 'mine');
    for (const flags of [[], ['--force']]) {
      const { code, errors } = await here.download(['-o', output, ...flags]);
      expect(code).toBe(7);
      expect(errors).toContain(words);
    }
    expect(here.mock.requests).toHaveLength(0);
    expect(namesIn(here.folder)).toEqual(['file', 'there']);
    expect(namesIn(here.path('there'))).toEqual([]);
  });

  it.runIf(isPosix)('when its name has 256 bytes', async () => {
    const here = await placeToDownload();
    const { code, errors } = await here.download(['-o', `${'x'.repeat(252)}.mp4`]);
    expect(code).toBe(7);
    expect(errors).toContain('the name is too long');
    expect(here.mock.requests).toHaveLength(0);
  });

  it('with the command that creates a missing folder', async () => {
    const here = await placeToDownload();
    const { errors } = await here.download(['-o', 'no/v.mp4']);
    expect(errors).toContain(`mkdir -p ${here.path('no')}`);
  });

  it('with --output-dir for a folder that does not exist yet', async () => {
    const here = await placeToDownload();
    const { errors } = await here.download(['-o', 'new/']);
    expect(errors).toContain('name a file in it, or use --output-dir new/');
    expect(errors).not.toContain('mkdir');
  });

  it.each(['file', 'file/inside'])('when the folder for downloads would be %s', async (outputDir) => {
    const here = await placeToDownload();
    writeFileSync(here.path('file'), 'mine');
    const { code, errors } = await here.download(['-d', outputDir]);
    expect(code).toBe(7);
    expect(errors).toContain(outputDir);
    expect(here.mock.requests).toHaveLength(0);
  });
});

describe('a target', () => {
  it.each([`${'x'.repeat(251)}.mp4`, `${'é'.repeat(125)}.mp4`, "a b\u00a0🎬 #&'.mp4", '-v.mp4'])(
    'may be called %j',
    async (name) => {
      const here = await placeToDownload({ faults: 'hangup@9000x1' });
      expect((await here.download([`-o${name}`])).code).toBe(0);
      expect(namesIn(here.folder)).toEqual([name]);
      expectComplete(here, name);
    },
  );

  it('may be an absolute path, or one through a parent folder', async () => {
    const here = await placeToDownload();
    mkdirSync(here.path('a'));
    expect((await here.download(['-o', here.path('absolute.mp4')])).code).toBe(0);
    expect((await here.download(['-o', 'a/../above.mp4'])).code).toBe(0);
    expectComplete(here, 'absolute.mp4');
    expectComplete(here, 'above.mp4');
  });

  it.runIf(isPosix)('keeps its permissions when it is replaced', async () => {
    const here = await placeToDownload();
    writeFileSync(here.path('v.mp4'), 'mine', { mode: 0o640 });
    expect((await here.download(['-o', 'v.mp4', '--force'])).code).toBe(0);
    expect(statSync(here.path('v.mp4')).mode & 0o777).toBe(0o640);
    expectComplete(here, 'v.mp4');
  });

  it('is a new file when it is replaced, so that readers of the old one are not disturbed', async () => {
    const here = await placeToDownload();
    writeFileSync(here.path('v.mp4'), 'mine');
    const before = statSync(here.path('v.mp4')).ino;
    await here.download(['-o', 'v.mp4', '--force']);
    expect(statSync(here.path('v.mp4')).ino).not.toBe(before);
  });
});

describe.runIf(isPosix)('a symbolic link as a target', () => {
  it('is kept, and the file that it points to is replaced', async () => {
    const here = await placeToDownload();
    mkdirSync(here.path('far'));
    writeFileSync(here.path('far/file.mp4'), 'mine');
    symlinkSync('far/file.mp4', here.path('link.mp4'));
    expect((await here.download(['-o', 'link.mp4'])).code).toBe(7);
    expect(readFileSync(here.path('far/file.mp4'), 'utf8')).toBe('mine');
    expect((await here.download(['-o', 'link.mp4', '--force'])).code).toBe(0);
    expect(readlinkSync(here.path('link.mp4'))).toBe('far/file.mp4');
    expectComplete(here, 'far/file.mp4');
    expect(namesIn(here.path('far'))).toEqual(['file.mp4']);
    expect(namesIn(here.folder)).toEqual(['far', 'link.mp4']);
  });

  it('to a missing file creates that file', async () => {
    const here = await placeToDownload();
    mkdirSync(here.path('far'));
    symlinkSync('far/file.mp4', here.path('one.mp4'));
    symlinkSync('one.mp4', here.path('two.mp4'));
    expect((await here.download(['-o', 'two.mp4'])).code).toBe(0);
    expect(lstatSync(here.path('one.mp4')).isSymbolicLink()).toBe(true);
    expectComplete(here, 'far/file.mp4');
  });

  it('and its file are unchanged after a failed download', async () => {
    const here = await placeToDownload({ faults: 'truncate' });
    writeFileSync(here.path('file.mp4'), 'mine');
    symlinkSync('file.mp4', here.path('link.mp4'));
    expect((await here.download(['-o', 'link.mp4', '--force'])).code).toBe(5);
    expect(readFileSync(here.path('link.mp4'), 'utf8')).toBe('mine');
    expect(namesIn(here.folder)).toEqual(['file.mp4', 'link.mp4']);
  });

  it.each([
    ['to a folder', 'there', 'it is a folder'],
    ['to itself', 'link.mp4', 'too many symbolic links'],
    ['into a folder that is missing', 'no/file.mp4', 'does not exist'],
  ])('%s is refused before any request', async (_title, to, words) => {
    const here = await placeToDownload();
    mkdirSync(here.path('there'));
    symlinkSync(to, here.path('link.mp4'));
    const { code, errors } = await here.download(['-o', 'link.mp4', '--force']);
    expect(code).toBe(7);
    expect(errors).toContain(words);
    expect(here.mock.requests).toHaveLength(0);
  });

  it('may be the folder', async () => {
    const here = await placeToDownload();
    mkdirSync(here.path('real'));
    symlinkSync('real', here.path('folder'));
    expect((await here.download(['-d', 'folder'])).code).toBe(0);
    expectComplete(here, `real/${here.videoNo}.mp4`);
  });
});
