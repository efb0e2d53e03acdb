import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { describe, expect, it } from 'vitest';
import { readVideoList } from '../../src/download/run.ts';
import { Interrupted, LocalError, UsageError } from '../../src/errors.ts';
import { fakeHost } from '../helpers/fake-host.ts';
import { tempDir } from '../helpers/temp-dir.ts';

describe('a list of videos', () => {
  it.each([
    ['one a line', 'VI1\nVI2\n', ['VI1', 'VI2']],
    ['without a last line end', 'VI1\nVI2', ['VI1', 'VI2']],
    ['with the line ends of Windows', 'VI1\r\nVI2\r\n', ['VI1', 'VI2']],
    ['with the line ends of old Macs', 'VI1\rVI2\r', ['VI1', 'VI2']],
    ['with blank lines', '\n\nVI1\n \t\n\nVI2\n\n', ['VI1', 'VI2']],
    ['with comments', '# all of May\nVI1\n  # but not\n#VI2\nVI3\n', ['VI1', 'VI3']],
    ['with comments after an ID', 'VI1 # nice\nVI2\t# "best" #1\n', ['VI1', 'VI2']],
    ['with white space around', '  VI1\t\n\tVI2  \n\u00a0VI3\u00a0', ['VI1', 'VI2', 'VI3']],
    ['with quotes around', '"VI1"\n\'VI2\'\n“VI3”\n', ['VI1', 'VI2', 'VI3']],
    ['after a byte order mark', '\ufeffVI1\nVI2', ['VI1', 'VI2']],
    ['with one twice', 'VI1\nVI1', ['VI1', 'VI1']],
    ['that is empty', '', []],
    ['that is nothing but comments', '# nothing\n\n#yet', []],
  ])('is read %s', async (_how, text, ids) => {
    expect(await readVideoList('-', fakeHost({ cwd: tempDir(), stdin: text }))).toEqual(ids);
  });

  it.each([
    ['UTF-16LE', Buffer.from('\ufeffVI1\r\n', 'utf16le')],
    ['UTF-16LE without a mark', Buffer.from('VI1\r\n', 'utf16le')],
    ['UTF-16BE', Buffer.from('\ufeffVI1\r\n', 'utf16le').swap16()],
  ])('that is %s is refused with the encoding', async (_how, bytes) => {
    const cwd = tempDir();
    writeFileSync(join(cwd, 'list.txt'), bytes);
    await expect(readVideoList('list.txt', fakeHost({ cwd }))).rejects.toMatchObject({
      exitCode: 2,
      message: 'list.txt is UTF-16, not UTF-8',
      hint: 'convert it with: iconv -f UTF-16 -t UTF-8',
    });
  });

  it('is read from a file, relative to the current folder', async () => {
    const cwd = tempDir();
    mkdirSync(join(cwd, 'lists'));
    writeFileSync(join(cwd, 'lists/may.txt'), '# May\r\nVI1\r\nVI2\r\n');
    expect(await readVideoList('lists/may.txt', fakeHost({ cwd }))).toEqual(['VI1', 'VI2']);
    expect(await readVideoList(join(cwd, 'lists/may.txt'), fakeHost({ cwd: '/' }))).toEqual(['VI1', 'VI2']);
  });

  it('is read from standard input', async () => {
    expect(await readVideoList('-', fakeHost({ cwd: tempDir(), stdin: 'VI1\nVI2\n' }))).toEqual([
      'VI1',
      'VI2',
    ]);
    expect(await readVideoList('-', fakeHost({ cwd: tempDir() }))).toEqual([]);
  });

  it('is refused with the line that is not a video ID', async () => {
    const cwd = tempDir();
    writeFileSync(join(cwd, 'list.txt'), 'VI1\n\n../VI2\n');
    const read = readVideoList('list.txt', fakeHost({ cwd }));
    await expect(read).rejects.toBeInstanceOf(UsageError);
    await expect(read).rejects.toThrow("'../VI2' (list.txt, line 3) is not a video ID");
    const piped = readVideoList('-', fakeHost({ cwd, stdin: 'VI1 nice' }));
    await expect(piped).rejects.toThrow("'VI1 nice' (standard input, line 1) is not a video ID");
  });

  it.each([
    ['is missing', 'none.txt', 'missing', 'no such file or folder'],
    ['is a folder', '.', 'is_directory', 'it is a folder'],
  ])('that %s is a local error', async (_what, file, code, meaning) => {
    const read = readVideoList(file, fakeHost({ cwd: tempDir() }));
    await expect(read).rejects.toBeInstanceOf(LocalError);
    await expect(read).rejects.toMatchObject({
      exitCode: 7,
      code,
      message: `cannot read ${file}: ${meaning}`,
    });
  });

  it('that fails on standard input is a local error', async () => {
    const stream = new PassThrough();
    const host = { ...fakeHost({ cwd: tempDir() }), stdin: { isTTY: false, stream } };
    const read = readVideoList('-', host);
    stream.destroy(Object.assign(new Error('EIO'), { code: 'EIO' }));
    await expect(read).rejects.toMatchObject({
      exitCode: 7,
      message: 'cannot read standard input: input/output error',
    });
  });

  it('is not waited for after a signal', async () => {
    const fake = fakeHost({ cwd: tempDir() });
    const host = { ...fake, stdin: { isTTY: false, stream: new PassThrough() } };
    const read = readVideoList('-', host);
    fake.send('SIGINT');
    await expect(read).rejects.toBeInstanceOf(Interrupted);
    await expect(readVideoList('-', host)).rejects.toMatchObject({ exitCode: 130 });
  });
});
