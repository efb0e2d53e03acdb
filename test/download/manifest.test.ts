import { constants, existsSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { type Manifest, type ManifestKind, openManifest, readManifest } from '../../src/download/manifest.ts';
import { LocalError } from '../../src/errors.ts';
import type { VideoRecord } from '../../src/record.ts';
import { fakeHost } from '../helpers/fake-host.ts';
import { fullFifo, makeFifo } from '../helpers/fifo.ts';
import { tempDir } from '../helpers/temp-dir.ts';

function record(videoNo: string, more: Partial<VideoRecord> = {}): VideoRecord {
  return {
    video_no: videoNo,
    unique_id: 'default',
    status: 'downloaded',
    file: `${videoNo}.mp4`,
    bytes: 10,
    bytes_received: 10,
    expected_size: null,
    sha256: 'AB12',
    seconds: 1.5,
    attempts: 1,
    brand: 'isom',
    downloaded_at: '2026-01-02T03:04:05.000Z',
    error: null,
    warnings: [],
    ...more,
  };
}

async function opened(path: string, kind: ManifestKind = 'named'): Promise<Manifest> {
  const manifest = await openManifest(basename(path), fakeHost({ cwd: dirname(path) }), kind);
  onTestFinished(() => manifest.close());
  return manifest;
}

function linesOf(path: string): string[] {
  const text = readFileSync(path, 'utf8');
  expect(text.endsWith('\n')).toBe(true);
  return text.slice(0, -1).split('\n');
}

describe('a manifest', () => {
  it('is created if missing, and grows by one line per record', async () => {
    const folder = tempDir();
    const path = join(folder, 'list.ndjson');
    const manifest = await opened(path);
    expect(readFileSync(path, 'utf8')).toBe('');
    await manifest.append(record('VI1'));
    expect(linesOf(path).map((line) => JSON.parse(line))).toEqual([record('VI1')]);
    await manifest.append(record('VI2', { status: 'failed', file: null, bytes: null }));
    expect(linesOf(path)).toHaveLength(2);
  });

  it('is appended to if it exists', async () => {
    const path = join(tempDir(), 'list.ndjson');
    writeFileSync(path, '{"video_no":"VI0"}\n');
    await (await opened(path)).append(record('VI1'));
    expect(linesOf(path)).toEqual(['{"video_no":"VI0"}', JSON.stringify(record('VI1'))]);
  });

  it.each(['a diary\n', '\u0000\u0000\u0000\u0018ftypisom', '[1]\n', '{"name":"mavi"}'])(
    'is not appended to a file that is something else: %j',
    async (content) => {
      const path = join(tempDir(), 'other');
      writeFileSync(path, content);
      await expect(opened(path)).rejects.toMatchObject({ exitCode: 7, code: 'bad_manifest' });
      expect(readFileSync(path, 'utf8')).toBe(content);
    },
  );

  it('is appended to, and read, where a power cut has left only zeros', async () => {
    const path = join(tempDir(), 'list.ndjson');
    writeFileSync(path, '\0'.repeat(300));
    await (await opened(path)).append(record('VI1'));
    const host = fakeHost({ cwd: dirname(path) });
    expect([...(await readManifest('list.ndjson', host, 'synced')).byVideoNo.keys()]).toEqual(['VI1']);
  });

  it.each(['{"video_no":"VI0","fi', 'x'])('keeps a torn last line separate (%s)', async (torn) => {
    const path = join(tempDir(), 'list.ndjson');
    writeFileSync(path, `{"video_no":"VI8"}\n${torn}`);
    const manifest = await opened(path);
    await manifest.append(record('VI1'));
    await manifest.append(record('VI2'));
    expect(linesOf(path)).toEqual([
      '{"video_no":"VI8"}',
      torn,
      JSON.stringify(record('VI1')),
      JSON.stringify(record('VI2')),
    ]);
  });

  it('has one line for each of many simultaneous records, in order', async () => {
    const path = join(tempDir(), 'list.ndjson');
    const manifest = await opened(path);
    const records = Array.from({ length: 50 }, (_, index) => record(`VI${index}`));
    await Promise.all(records.map((each) => manifest.append(each)));
    expect(linesOf(path).map((line) => JSON.parse(line))).toEqual(records);
  });

  it('contains the complete record once append resolves', async () => {
    const path = join(tempDir(), 'list.ndjson');
    const manifest = await opened(path);
    const seen: number[] = [];
    const append = (videoNo: string) =>
      manifest.append(record(videoNo)).then(() => {
        expect(linesOf(path).filter((line) => JSON.parse(line).video_no === videoNo)).toHaveLength(1);
        seen.push(1);
      });
    const first = append('VI1');
    const second = append('VI2');
    await first;
    await Promise.all([second, append('VI3'), append('VI4')]);
    expect(seen).toHaveLength(4);
  });

  it('escapes characters that a terminal interprets', async () => {
    const path = join(tempDir(), 'list.ndjson');
    const file = 'a\u202eb\u009b\u2028c\n.mp4';
    await (await opened(path)).append(record('VI1', { file }));
    const [line = ''] = linesOf(path);
    expect(line).not.toMatch(/[\u202e\u009b\u2028]/);
    expect(JSON.parse(line).file).toBe(file);
  });

  it('may be a device', async () => {
    if (!existsSync('/dev/null')) return;
    await (await opened('/dev/null')).append(record('VI1'));
  });

  it.each([
    ['is a folder', (path: string) => mkdirSync(path), 'is_directory', 'list.ndjson: it is a folder'],
    ['is in no folder', () => {}, 'missing', 'no/list.ndjson: no such file or folder'],
  ])('that %s is a local error', async (_what, make, code, meaning) => {
    const folder = tempDir();
    const name = code === 'missing' ? 'no/list.ndjson' : 'list.ndjson';
    make(join(folder, name));
    for (const kind of ['named', 'synced'] as const) {
      const manifest = openManifest(name, fakeHost({ cwd: folder }), kind);
      await expect(manifest).rejects.toBeInstanceOf(LocalError);
      await expect(manifest).rejects.toMatchObject({ exitCode: 7, code, message: `cannot write ${meaning}` });
    }
  });

  it('that is closed fails permanently, and reports the state of each video', async () => {
    const manifest = await opened(join(tempDir(), 'list.ndjson'));
    await manifest.close();
    const says = (text: string) => ({ exitCode: 7, message: expect.stringMatching(text) });
    await expect(manifest.append(record('VI1'))).rejects.toMatchObject(
      says('^cannot write list.ndjson: .*; VI1 was downloaded \\(VI1.mp4\\) but is not recorded$'),
    );
    const failed = record('VI2', { status: 'failed' });
    await expect(manifest.append(failed)).rejects.toMatchObject(says('; VI2 failed but is not recorded$'));
    const skipped = record('VI3', { status: 'skipped', file: null });
    await expect(manifest.append(skipped)).rejects.toMatchObject(
      says('; VI3 is complete but is not recorded$'),
    );
    await manifest.close();
  });
});

describe.runIf(process.platform !== 'win32')('a symbolic link or a FIFO as the manifest', () => {
  it('is followed if the user named it', async () => {
    const folder = tempDir();
    symlinkSync('real.ndjson', join(folder, 'link'));
    await (await opened(join(folder, 'link'))).append(record('VI1'));
    expect(linesOf(join(folder, 'real.ndjson'))).toHaveLength(1);
    expect([...(await readManifest('link', fakeHost({ cwd: folder }), 'named')).recorded]).toEqual(['VI1']);
  });

  it.each([
    ['a link', (path: string) => symlinkSync('real.ndjson', path)],
    ['a link to nothing', (path: string) => symlinkSync('none', path)],
    ['a FIFO', makeFifo],
  ])('is refused in a synced folder: %s', async (_what, make) => {
    const folder = tempDir();
    writeFileSync(join(folder, 'real.ndjson'), '');
    make(join(folder, 'list'));
    const host = fakeHost({ cwd: folder });
    const refused = { exitCode: 7, message: expect.stringMatching(/list: it is not a regular file$/) };
    await expect(openManifest('list', host, 'synced')).rejects.toMatchObject(refused);
    await expect(readManifest('list', host, 'synced', true)).rejects.toMatchObject(refused);
    expect(readFileSync(join(folder, 'real.ndjson'), 'utf8')).toBe('');
    expect(existsSync(join(folder, 'none'))).toBe(false);
  });

  it('does not keep a signal from ending the run while nobody reads', async () => {
    const folder = tempDir();
    const fifo = await fullFifo(join(folder, 'list'));
    onTestFinished(() => fifo.close());
    const host = fakeHost({ cwd: folder });
    const manifest = await openManifest('list', host, 'named');
    const appended = manifest.append(record('VI1'));
    host.send('SIGINT');
    await expect(appended).rejects.toMatchObject({ exitCode: 130 });
    await manifest.close();
    // Releases the waiting write.
    await fifo.read(Buffer.alloc(65_536), 0, 65_536, null);
  });

  it('does not keep a signal from ending the run while nobody writes', async () => {
    const folder = tempDir();
    makeFifo(join(folder, 'list'));
    const host = fakeHost({ cwd: folder });
    const read = readManifest('list', host, 'named');
    host.send('SIGTERM');
    await expect(read).rejects.toMatchObject({ exitCode: 143 });
    // Releases the waiting open.
    const both = await open(join(folder, 'list'), constants.O_RDWR);
    await both.close();
  });
});

describe('the index of a manifest', () => {
  async function read(...lines: readonly string[]) {
    const folder = tempDir();
    const path = join(folder, 'list.ndjson');
    writeFileSync(path, lines.join('\n'));
    const index = await readManifest('list.ndjson', fakeHost({ cwd: folder }), 'named');
    return { folder, ...index };
  }

  it('has path, size, duration and SHA-256 of each video', async () => {
    const { folder, byPath, byVideoNo } = await read(
      JSON.stringify(record('VI1')),
      JSON.stringify(
        record('VI2', { file: 'sub/b.mp4', status: 'skipped', sha256: null, bytes: 0, duration: 7.5 }),
      ),
    );
    const first = {
      videoNo: 'VI1',
      path: join(folder, 'VI1.mp4'),
      bytes: 10,
      sha256: 'ab12',
      duration: null,
      status: 'downloaded',
    };
    const second = {
      videoNo: 'VI2',
      path: join(folder, 'sub/b.mp4'),
      bytes: 0,
      sha256: null,
      duration: 7.5,
      status: 'skipped',
    };
    expect([...byVideoNo]).toEqual([
      ['VI1', first],
      ['VI2', second],
    ]);
    expect([...byPath]).toEqual([
      [first.path, first],
      [second.path, second],
    ]);
  });

  it('uses the last record of each file and each video', async () => {
    const { folder, byPath, byVideoNo } = await read(
      JSON.stringify(record('VI1', { bytes: 1 })),
      JSON.stringify(record('VI1', { bytes: 2, file: 'moved.mp4' })),
      JSON.stringify(record('VI2', { bytes: 3, file: 'VI1.mp4' })),
    );
    expect(byVideoNo.get('VI1')).toMatchObject({ bytes: 2, path: join(folder, 'moved.mp4') });
    expect(byPath.get(join(folder, 'VI1.mp4'))).toMatchObject({ videoNo: 'VI2', bytes: 3 });
    expect(byPath.size).toBe(2);
  });

  it.each([
    ['a failure', JSON.stringify(record('VI9', { status: 'failed' }))],
    ['a video on standard output', JSON.stringify(record('VI9', { file: null }))],
    ['a record without a size', JSON.stringify(record('VI9', { bytes: null }))],
    ['a record with an unknown status', JSON.stringify({ ...record('VI9'), status: 'moved' })],
    ['a record without a video', JSON.stringify({ ...record('VI9'), video_no: 9 })],
    ['a torn line', JSON.stringify(record('VI9')).slice(0, -20)],
    ['null', 'null'],
    ['a number', '7'],
    ['a list', '[]'],
    ['nothing', ''],
    ['other text', '# a comment'],
  ])('ignores %s', async (_what, line) => {
    const { byVideoNo, byPath } = await read(line, JSON.stringify(record('VI1')), line);
    expect([...byVideoNo.keys()]).toEqual(['VI1']);
    expect(byPath.size).toBe(1);
  });

  it('accepts Windows line ends', async () => {
    const { byVideoNo } = await read(
      `${JSON.stringify(record('VI1'))}\r`,
      `${JSON.stringify(record('VI2'))}\r`,
      '',
    );
    expect([...byVideoNo.keys()]).toEqual(['VI1', 'VI2']);
  });

  it('counts a video that went to standard output as recorded, without a file', async () => {
    const { recorded, byVideoNo } = await read(
      JSON.stringify(record('VI1', { file: null })),
      JSON.stringify(record('VI2', { status: 'failed' })),
      JSON.stringify(record('VI3')),
    );
    expect([...recorded]).toEqual(['VI1', 'VI3']);
    expect([...byVideoNo.keys()]).toEqual(['VI3']);
  });

  it('accepts a byte order mark and Unicode line separators', async () => {
    const { byVideoNo } = await read(
      `\ufeff${JSON.stringify(record('VI1'))}`,
      JSON.stringify(record('VI2', { file: 'a\u2028b.mp4' })),
    );
    expect([...byVideoNo.keys()]).toEqual(['VI1', 'VI2']);
  });

  it('accepts lines longer than one read', async () => {
    const long = Array.from({ length: 40 }, (_, index) =>
      JSON.stringify(record(`VI${index}`, { warnings: ['x'.repeat(index * 7919)] })),
    );
    expect((await read(...long)).byVideoNo.size).toBe(40);
  });

  it('reports a line that is too long for a record', async () => {
    const folder = tempDir();
    writeFileSync(join(folder, 'list'), `{}\n{}\n${'x'.repeat(17 * 1024 * 1024)}`);
    await expect(readManifest('list', fakeHost({ cwd: folder }), 'named')).rejects.toMatchObject({
      exitCode: 7,
      message: 'cannot read list: line 3 is longer than 16 MiB',
    });
  });

  it('is empty for a missing file, if that is allowed', async () => {
    const host = fakeHost({ cwd: tempDir() });
    expect((await readManifest('none', host, 'synced', true)).byPath.size).toBe(0);
    await expect(readManifest('none', host, 'synced')).rejects.toMatchObject({
      exitCode: 7,
      message: 'cannot read none: no such file or folder',
    });
  });

  it('is a local error if the file cannot be read', async () => {
    const folder = tempDir();
    mkdirSync(join(folder, 'list'));
    await expect(readManifest('list', fakeHost({ cwd: folder }), 'named', true)).rejects.toMatchObject({
      exitCode: 7,
      code: 'is_directory',
      message: 'cannot read list: it is a folder',
    });
  });
});
