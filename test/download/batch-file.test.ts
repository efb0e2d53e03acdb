import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { describe, expect, it } from 'vitest';
import { parseVideoNos, readVideoNos } from '../../src/download/video-list.ts';
import { Interrupted, LocalError, UsageError } from '../../src/errors.ts';
import { fakeHost } from '../helpers/fake-host.ts';
import { tempDir } from '../helpers/temp-dir.ts';

describe('a list of videos', () => {
  it.each([
    ['one a line', 'VI1\nVI2\n', ['VI1@1', 'VI2@2']],
    ['without a last line end', 'VI1\nVI2', ['VI1@1', 'VI2@2']],
    ['with the line ends of Windows', 'VI1\r\nVI2\r\n', ['VI1@1', 'VI2@2']],
    ['with the line ends of old Macs', 'VI1\rVI2\r', ['VI1@1', 'VI2@2']],
    ['with blank lines', '\n\nVI1\n \t\n\nVI2\n\n', ['VI1@3', 'VI2@6']],
    ['with comments', '# all of May\nVI1\n  # but not\n#VI2\nVI3\n', ['VI1@2', 'VI3@5']],
    ['with white space around', '  VI1\t\n\tVI2  \n', ['VI1@1', 'VI2@2']],
    ['behind a byte order mark', '\ufeffVI1\nVI2', ['VI1@1', 'VI2@2']],
    ['with one twice', 'VI1\nVI1', ['VI1@1', 'VI1@2']],
    ['that is empty', '', []],
    ['that is nothing but comments', '# nothing\n\n#yet', []],
    ['with words behind a video', 'VI1 # nice', ['VI1 # nice@1']],
  ])('is read %s', (_how, text, entries) => {
    expect(parseVideoNos(text).map(({ videoNo, line }) => `${videoNo}@${line}`)).toEqual(entries);
  });

  it('is read from a file, named from where the command runs', async () => {
    const cwd = tempDir();
    mkdirSync(join(cwd, 'lists'));
    writeFileSync(join(cwd, 'lists/may.txt'), '# May\r\nVI1\r\nVI2\r\n');
    expect(await readVideoNos('lists/may.txt', fakeHost({ cwd }))).toEqual(['VI1', 'VI2']);
    expect(await readVideoNos(join(cwd, 'lists/may.txt'), fakeHost({ cwd: '/' }))).toEqual(['VI1', 'VI2']);
  });

  it('is read from standard input', async () => {
    expect(await readVideoNos('-', fakeHost({ cwd: tempDir(), stdin: 'VI1\nVI2\n' }))).toEqual([
      'VI1',
      'VI2',
    ]);
    expect(await readVideoNos('-', fakeHost({ cwd: tempDir() }))).toEqual([]);
  });

  it('is refused with the line that is no video_no', async () => {
    const cwd = tempDir();
    writeFileSync(join(cwd, 'list.txt'), 'VI1\n\n../VI2\n');
    const read = readVideoNos('list.txt', fakeHost({ cwd }));
    await expect(read).rejects.toBeInstanceOf(UsageError);
    await expect(read).rejects.toThrow("'../VI2' (list.txt, line 3) is no video_no");
    const piped = readVideoNos('-', fakeHost({ cwd, stdin: 'VI1 # nice' }));
    await expect(piped).rejects.toThrow("'VI1 # nice' (standard input, line 1) is no video_no");
  });

  it.each([
    ['is not there', 'none.txt', 'missing', 'the folder or file does not exist'],
    ['is a folder', '.', 'is_directory', 'it is a folder'],
  ])('that %s is a local error', async (_what, file, code, meaning) => {
    const read = readVideoNos(file, fakeHost({ cwd: tempDir() }));
    await expect(read).rejects.toBeInstanceOf(LocalError);
    await expect(read).rejects.toMatchObject({
      exitCode: 7,
      code,
      message: `cannot read ${file}: ${meaning}`,
    });
  });

  it('that breaks off on standard input is a local error', async () => {
    const stream = new PassThrough();
    const host = { ...fakeHost({ cwd: tempDir() }), stdin: { isTTY: false, stream } };
    const read = readVideoNos('-', host);
    stream.destroy(Object.assign(new Error('EIO'), { code: 'EIO' }));
    await expect(read).rejects.toMatchObject({
      exitCode: 7,
      message: 'cannot read standard input: the disk reports an error',
    });
  });

  it('is waited for no longer than until a signal', async () => {
    const fake = fakeHost({ cwd: tempDir() });
    const host = { ...fake, stdin: { isTTY: false, stream: new PassThrough() } };
    const read = readVideoNos('-', host);
    fake.send('SIGINT');
    await expect(read).rejects.toBeInstanceOf(Interrupted);
    await expect(readVideoNos('-', host)).rejects.toMatchObject({ exitCode: 130 });
  });
});
