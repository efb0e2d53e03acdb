import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { type Manifest, openManifest } from '../../src/download/manifest.ts';
import { readManifest } from '../../src/download/manifest-index.ts';
import { LocalError } from '../../src/errors.ts';
import type { VideoRecord } from '../../src/record.ts';
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

async function opened(path: string): Promise<Manifest> {
  const manifest = await openManifest(path, 'shown.ndjson');
  onTestFinished(() => manifest.close());
  return manifest;
}

function linesOf(path: string): string[] {
  const text = readFileSync(path, 'utf8');
  expect(text.endsWith('\n')).toBe(true);
  return text.slice(0, -1).split('\n');
}

describe('a manifest', () => {
  it('is made where there is none, and grows by a line a record', async () => {
    const folder = tempDir();
    const path = join(folder, 'list.ndjson');
    const manifest = await opened(path);
    expect(manifest.folder).toBe(folder);
    expect(readFileSync(path, 'utf8')).toBe('');
    await manifest.append(record('VI1'));
    expect(linesOf(path).map((line) => JSON.parse(line))).toEqual([record('VI1')]);
    await manifest.append(record('VI2', { status: 'failed', file: null, bytes: null }));
    expect(linesOf(path)).toHaveLength(2);
  });

  it('is appended to where there is one', async () => {
    const path = join(tempDir(), 'list.ndjson');
    writeFileSync(path, 'what was there\n');
    await (await opened(path)).append(record('VI1'));
    expect(linesOf(path)).toEqual(['what was there', JSON.stringify(record('VI1'))]);
  });

  it.each(['{"video_no":"VI0","fi', 'x'])('keeps a torn last line apart (%s)', async (torn) => {
    const path = join(tempDir(), 'list.ndjson');
    writeFileSync(path, `{}\n${torn}`);
    const manifest = await opened(path);
    await manifest.append(record('VI1'));
    await manifest.append(record('VI2'));
    expect(linesOf(path)).toEqual(['{}', torn, JSON.stringify(record('VI1')), JSON.stringify(record('VI2'))]);
  });

  it('has each of many records that come at once on a line of its own, in their order', async () => {
    const path = join(tempDir(), 'list.ndjson');
    const manifest = await opened(path);
    const records = Array.from({ length: 50 }, (_, index) => record(`VI${index}`));
    await Promise.all(records.map((each) => manifest.append(each)));
    expect(linesOf(path).map((line) => JSON.parse(line))).toEqual(records);
  });

  it('has a record whole on the disk when that is said', async () => {
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

  it('contains no character that acts on a terminal, and loses none', async () => {
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
    ['is a folder', (path: string) => mkdirSync(path), 'is_directory', 'it is a folder'],
    ['stands in no folder', () => {}, 'missing', 'the folder or file does not exist'],
  ])('that %s is a local error', async (_what, make, code, meaning) => {
    const path = join(tempDir(), code === 'missing' ? 'no/list.ndjson' : 'list.ndjson');
    make(path);
    const manifest = openManifest(path, 'shown.ndjson');
    await expect(manifest).rejects.toBeInstanceOf(LocalError);
    await expect(manifest).rejects.toMatchObject({
      exitCode: 7,
      code,
      message: `cannot write shown.ndjson: ${meaning}`,
    });
  });

  it('that is closed fails for good, and so do those who come later', async () => {
    const manifest = await openManifest(join(tempDir(), 'list.ndjson'), 'shown.ndjson');
    await manifest.close();
    await expect(manifest.append(record('VI1'))).rejects.toBeInstanceOf(LocalError);
    await expect(manifest.append(record('VI2'))).rejects.toThrow('cannot write shown.ndjson');
    await manifest.close();
  });
});

describe('what a manifest says', () => {
  async function read(...lines: readonly string[]) {
    const folder = tempDir();
    const path = join(folder, 'list.ndjson');
    writeFileSync(path, lines.join('\n'));
    const index = await readManifest(path, 'shown.ndjson');
    return { folder, ...index };
  }

  it('is where each video is, how long, and its SHA-256', async () => {
    const { folder, byPath, byVideoNo } = await read(
      JSON.stringify(record('VI1')),
      JSON.stringify(record('VI2', { file: 'sub/b.mp4', status: 'skipped', sha256: null, bytes: 0 })),
    );
    const first = {
      status: 'downloaded',
      videoNo: 'VI1',
      path: join(folder, 'VI1.mp4'),
      bytes: 10,
      sha256: 'ab12',
    };
    const second = {
      status: 'skipped',
      videoNo: 'VI2',
      path: join(folder, 'sub/b.mp4'),
      bytes: 0,
      sha256: null,
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

  it('is the last word on each file and each video', async () => {
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
    ['a record of a status of another time', JSON.stringify({ ...record('VI9'), status: 'moved' })],
    ['a record without a video', JSON.stringify({ ...record('VI9'), video_no: 9 })],
    ['a torn line', JSON.stringify(record('VI9')).slice(0, -20)],
    ['null', 'null'],
    ['a number', '7'],
    ['a list', '[]'],
    ['nothing', ''],
    ['other text', '# a comment'],
  ])('is nothing of %s', async (_what, line) => {
    const { byVideoNo, byPath } = await read(line, JSON.stringify(record('VI1')), line);
    expect([...byVideoNo.keys()]).toEqual(['VI1']);
    expect(byPath.size).toBe(1);
  });

  it('is the same with the line ends of Windows', async () => {
    const { byVideoNo } = await read(
      `${JSON.stringify(record('VI1'))}\r`,
      `${JSON.stringify(record('VI2'))}\r`,
      '',
    );
    expect([...byVideoNo.keys()]).toEqual(['VI1', 'VI2']);
  });

  it('is nothing where there is none, if that may be', async () => {
    const path = join(tempDir(), 'none.ndjson');
    expect((await readManifest(path, 'shown', true)).byPath.size).toBe(0);
    await expect(readManifest(path, 'shown')).rejects.toMatchObject({
      exitCode: 7,
      message: 'cannot read shown: the folder or file does not exist',
    });
  });

  it('is a local error where it cannot be read', async () => {
    await expect(readManifest(tempDir(), 'shown', true)).rejects.toMatchObject({
      exitCode: 7,
      code: 'is_directory',
      message: 'cannot read shown: it is a folder',
    });
  });
});
