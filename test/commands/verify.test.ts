import { createHash } from 'node:crypto';
import { cpSync, mkdirSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { run } from '../../src/cli.ts';
import { OTHER_FORMATS } from '../../src/mock/media.ts';
import { fakeHost } from '../helpers/fake-host.ts';
import { tempDir } from '../helpers/temp-dir.ts';
import { envFor, withMock } from '../helpers/with-mock.ts';
import { fragmentedFilm } from '../isobmff/films.ts';
import { SAMPLE_VIDEO_NOS, sampleFile } from '../mock/sample-files.ts';

const COMPLETE = sampleFile('faststart');
const { faststart, moovLast, fragmented } = SAMPLE_VIDEO_NOS;

interface Ran {
  readonly code: number;
  readonly lines: readonly string[];
  readonly errors: string;
}

async function mavi(cwd: string, args: readonly string[], env: Record<string, string> = {}): Promise<Ran> {
  const host = fakeHost({ cwd, env });
  const code = await run(args, host);
  return { code, lines: host.output().toString().split('\n').slice(0, -1), errors: host.errors() };
}

/** A folder with one file of each kind. */
function folderOfFiles(): string {
  const cwd = tempDir();
  const files: Record<string, Uint8Array> = {
    'complete.mp4': COMPLETE,
    'moov-last.mp4': sampleFile('moov-last'),
    'fragmented.mp4': sampleFile('fragmented'),
    'cut.mp4': COMPLETE.subarray(0, 100_000),
    'cut-by-one.mp4': COMPLETE.subarray(0, -1),
    'junk.mp4': Buffer.concat([COMPLETE, Buffer.of(1, 2, 3)]),
    'empty.mp4': Buffer.alloc(0),
    'original.mkv': OTHER_FORMATS.matroska(),
    'page.mp4': Buffer.from('<!DOCTYPE html><html><body>Log in</body></html>'),
    'answer.mp4': Buffer.from('{"code":"0001","msg":"download video error"}'),
  };
  for (const [name, bytes] of Object.entries(files)) writeFileSync(join(cwd, name), bytes);
  mkdirSync(join(cwd, 'folder.mp4'));
  return cwd;
}

describe('verify', () => {
  it.for([
    ['complete.mp4', 0, 'OK'],
    ['moov-last.mp4', 0, 'OK'],
    ['fragmented.mp4', 0, 'OK'],
    ['junk.mp4', 0, 'warning: 3 stray bytes'],
    ['cut.mp4', 5, 'truncated after 100000 bytes'],
    ['cut-by-one.mp4', 5, `truncated after ${COMPLETE.length - 1} bytes`],
    ['empty.mp4', 5, 'the video is empty'],
    ['original.mkv', 5, 'Matroska'],
    ['page.mp4', 5, 'HTML'],
    ['answer.mp4', 5, 'JSON'],
    ['none.mp4', 5, 'no such file'],
    ['folder.mp4', 5, 'folder'],
  ] as const)('says of %s what it is: exit %i', async ([name, code, says]) => {
    const ran = await mavi(folderOfFiles(), ['verify', name]);
    expect([ran.code, ran.errors, ran.lines.length]).toEqual([code, '', 1]);
    expect(ran.lines[0]).toMatch(new RegExp(`^${name}: ${code === 0 ? 'OK' : 'FAILED'}: `));
    expect(ran.lines[0]).toContain(says);
  });

  it('checks every file, a line each, and is exit 5 if any fails', async () => {
    const ran = await mavi(folderOfFiles(), ['verify', 'cut.mp4', 'complete.mp4', 'none.mp4', 'junk.mp4']);
    expect(ran.code).toBe(5);
    expect(ran.lines.map((line) => line.split(': ').slice(0, 2).join(' '))).toEqual([
      'cut.mp4 FAILED',
      'complete.mp4 OK',
      'none.mp4 FAILED',
      'junk.mp4 OK',
    ]);
  });

  it('takes another container where it is told to, and a cut file where less is asked of it', async () => {
    const cwd = folderOfFiles();
    expect((await mavi(cwd, ['verify', 'original.mkv', '--container', 'any'])).code).toBe(0);
    expect((await mavi(cwd, ['verify', 'cut.mp4', '--verify', 'ftyp'])).code).toBe(0);
    expect((await mavi(cwd, ['verify', 'page.mp4', '--verify', 'none'])).code).toBe(5);
  });

  it('gives a JSON object a file', async () => {
    const { code, lines } = await mavi(folderOfFiles(), ['verify', '--json', 'complete.mp4', 'cut.mp4']);
    expect(code).toBe(5);
    const [complete, cut] = lines.map((line) => JSON.parse(line));
    expect(complete).toMatchObject({
      file: 'complete.mp4',
      status: 'ok',
      bytes: COMPLETE.length,
      listed: null,
      error: null,
    });
    expect(cut).toMatchObject({
      file: 'cut.mp4',
      status: 'failed',
      error: { exit_code: 5, code: 'truncated', retryable: false, hint: DOWNLOAD_AGAIN },
    });
  });
});

const DOWNLOAD_AGAIN = 'download it again with: mavi download --force';

describe('verify by a manifest', () => {
  /** A folder with three downloaded videos and the manifest that the download wrote. */
  async function downloaded(): Promise<string> {
    const cwd = tempDir();
    const mock = await withMock({ faults: { VI1: 'not-found' } });
    const videoNos = [faststart, moovLast, fragmented, 'VI1'];
    const args = ['download', ...videoNos, '-d', 'library', '--manifest', 'library/manifest', '--checksum'];
    mkdirSync(join(cwd, 'library'));
    expect((await mavi(cwd, args, envFor(mock))).code).toBe(4);
    return cwd;
  }

  const BY_MANIFEST = ['verify', '--manifest', 'library/manifest'];
  const FAST = join('library', `${faststart}.mp4`);
  const LAST = join('library', `${moovLast}.mp4`);
  const FRAGMENTED = join('library', `${fragmented}.mp4`);

  it('checks all that it records where no file is named; what failed is not looked for', async () => {
    const cwd = await downloaded();
    const { code, lines } = await mavi(cwd, BY_MANIFEST);
    expect(code).toBe(0);
    expect(lines.map((line) => line.split(': ')[0]).sort()).toEqual([FAST, LAST, FRAGMENTED].sort());
    for (const line of lines) expect(line).toContain('size and SHA-256');
  });

  it('finds a changed byte that leaves all boxes intact', async () => {
    const cwd = await downloaded();
    const changed = Buffer.from(COMPLETE);
    changed[changed.length - 100] = (changed[changed.length - 100] ?? 0) ^ 1;
    writeFileSync(join(cwd, FAST), changed);
    const { code, lines } = await mavi(cwd, [...BY_MANIFEST, '--json']);
    expect(code).toBe(5);
    const failed = lines.map((line) => JSON.parse(line)).filter(({ status }) => status === 'failed');
    expect(failed).toMatchObject([{ file: FAST, listed: true, error: { code: 'sha256_changed' } }]);
    expect((await mavi(cwd, ['verify', FAST])).code).toBe(0);
  });

  it('finds another complete video in the place of one', async () => {
    const cwd = await downloaded();
    writeFileSync(join(cwd, FAST), sampleFile('moov-last'));
    const { code, lines } = await mavi(cwd, [...BY_MANIFEST, FAST, '--json']);
    expect(code).toBe(5);
    expect(JSON.parse(lines[0] ?? '')).toMatchObject({ error: { code: 'size_changed' } });
  });

  it('finds a file that is missing', async () => {
    const cwd = await downloaded();
    rmSync(join(cwd, LAST));
    const { code, lines } = await mavi(cwd, BY_MANIFEST);
    expect(code).toBe(5);
    expect(lines.find((line) => line.startsWith(LAST))).toContain('FAILED');
  });

  it('says of a file that it is not listed, and checks its boxes', async () => {
    const cwd = await downloaded();
    writeFileSync(join(cwd, 'other.mp4'), COMPLETE);
    const { code, lines } = await mavi(cwd, [...BY_MANIFEST, 'other.mp4', FAST]);
    expect(code).toBe(0);
    expect(lines[0]).toMatch(/^other\.mp4: OK: .*not listed in the manifest/);
    expect(lines[1]).not.toContain('not listed');
  });

  it('goes by the last record of a file, and not by torn lines', async () => {
    const cwd = tempDir();
    writeFileSync(join(cwd, 'complete.mp4'), COMPLETE);
    const sha256 = createHash('sha256').update(COMPLETE).digest('hex');
    const record = { video_no: 'VI1', status: 'downloaded', file: 'complete.mp4', bytes: COMPLETE.length };
    const lines = [
      { ...record, sha256: '0'.repeat(64) },
      { ...record, sha256: sha256.toUpperCase() },
      { ...record, status: 'failed', bytes: null, sha256: null },
      'no record',
      null,
    ].map((line) => JSON.stringify(line));
    writeFileSync(join(cwd, 'manifest'), `${lines.join('\n')}\n{"video_no":"VI1","status":"downl`);
    const { code, lines: said } = await mavi(cwd, ['verify', '--manifest', 'manifest']);
    expect(code).toBe(0);
    expect(said).toEqual([expect.stringContaining('complete.mp4: OK')]);
  });

  it('matches files by their path, however it is written', async () => {
    const cwd = await downloaded();
    const { lines } = await mavi(cwd, [...BY_MANIFEST, `./library/../${FAST}`, join(cwd, FAST)]);
    expect(lines.length).toBe(2);
    for (const line of lines) expect(line).toContain('size and SHA-256');
  });

  it('only warns of a header that announces a longer film, where the recorded size came', async () => {
    const cwd = tempDir();
    const excerpt = fragmentedFilm({ announced: 4000 }).bytes;
    const record = { video_no: 'VI1', status: 'downloaded', file: 'a.mp4', bytes: excerpt.length };
    writeFileSync(join(cwd, 'a.mp4'), excerpt);
    writeFileSync(join(cwd, 'manifest'), `${JSON.stringify(record)}\n`);
    const recorded = await mavi(cwd, ['verify', '--manifest', 'manifest']);
    expect(recorded.lines.join()).toMatch(
      /^a\.mp4: OK: .*; warning: the video lasts .* its header announces/,
    );
    expect(recorded.code).toBe(0);
    expect(await mavi(cwd, ['verify', 'a.mp4'])).toMatchObject({ code: 5 });
  });

  it('accepts any container of what is recorded, for it was accepted once', async () => {
    const cwd = tempDir();
    cpSync(join(folderOfFiles(), 'original.mkv'), join(cwd, 'a.mkv'));
    const { size: bytes } = statSync(join(cwd, 'a.mkv'));
    const record = { video_no: 'VI1', status: 'downloaded', file: 'a.mkv', bytes };
    writeFileSync(join(cwd, 'manifest'), `${JSON.stringify(record)}\n`);
    const { code, lines } = await mavi(cwd, ['verify', '--manifest', 'manifest']);
    expect(code, lines.join()).toBe(0);
    expect((await mavi(cwd, ['verify', 'a.mkv'])).code).toBe(5);
  });

  it('is exit 7 where the manifest is another file', async () => {
    const cwd = folderOfFiles();
    const { code, lines, errors } = await mavi(cwd, ['verify', '--manifest', 'complete.mp4', 'complete.mp4']);
    expect([code, lines]).toEqual([7, []]);
    expect(errors).toContain('cannot read complete.mp4: it is not a manifest');
  });

  it('is exit 7 where the manifest cannot be read', async () => {
    const { code, lines, errors } = await mavi(tempDir(), ['verify', '--manifest', 'none']);
    expect([code, lines]).toEqual([7, []]);
    expect(errors).toContain('cannot read none');
  });
});

it('says so where a manifest records no files', async () => {
  const cwd = tempDir();
  writeFileSync(
    join(cwd, 'notes.txt'),
    'no manifest\n{"video_no":"VI1","status":"downloaded","file":"a\\u0000b","bytes":1}',
  );
  const { code, lines, errors } = await mavi(cwd, ['verify', '--manifest', 'notes.txt']);
  expect([code, lines]).toEqual([0, []]);
  expect(errors).toBe('mavi: nothing to verify: the manifest records no files\n');
});

it.each([[['']], [['complete.mp4', '']], [['--manifest', '']]])('of %j is a usage error', async (args) => {
  expect((await mavi(folderOfFiles(), ['verify', ...args])).code).toBe(2);
});

describe('verify of a folder', () => {
  /** A synced folder of three videos. */
  async function synced(): Promise<{ cwd: string; env: Record<string, string> }> {
    const cwd = tempDir();
    const env = envFor(await withMock());
    expect((await mavi(cwd, ['sync', 'library'], env)).code).toBe(0);
    return { cwd, env };
  }
  const name = join('library', `${faststart}.mp4`);

  it('checks all that its manifest records, by size and SHA-256', async () => {
    const { cwd } = await synced();
    const { code, lines } = await mavi(cwd, ['verify', 'library']);
    expect(code).toBe(0);
    expect(lines).toHaveLength(3);
    for (const line of lines) expect(line).toContain('size and SHA-256');
    expect((await mavi(cwd, ['verify', './library/', `${name}`])).lines).toHaveLength(4);
    rmSync(join(cwd, name));
    const missing = await mavi(cwd, ['verify', 'library']);
    expect(missing.code).toBe(5);
    expect(missing.lines.filter((line) => line.includes('FAILED'))).toEqual([
      expect.stringContaining(`${name}: FAILED: `),
    ]);
  });

  it('goes by where a file was recorded last, once it was moved', async () => {
    const { cwd, env } = await synced();
    mkdirSync(join(cwd, 'library', 'best'));
    renameSync(join(cwd, name), join(cwd, 'library', 'best', 'steps.mp4'));
    expect((await mavi(cwd, ['verify', 'library'])).code).toBe(5);
    expect((await mavi(cwd, ['sync', 'library'], env)).code).toBe(0);
    const { code, lines } = await mavi(cwd, ['verify', 'library']);
    expect(code).toBe(0);
    expect(lines.map((line) => line.split(':')[0])).toContain(join('library', 'best', 'steps.mp4'));
    expect(lines.map((line) => line.split(':')[0])).not.toContain(name);
  });

  it('checks what the manifest named records in it, and fails where there is none', async () => {
    const { cwd } = await synced();
    mkdirSync(join(cwd, 'library', 'sub'));
    const args = ['verify', '--manifest', 'library/mavi-manifest.ndjson'];
    expect((await mavi(cwd, [...args, 'library'])).lines).toHaveLength(3);
    expect(await mavi(cwd, [...args, 'library/sub'])).toEqual({
      code: 0,
      lines: [],
      errors: 'mavi: nothing to verify: the manifest records no files\n',
    });
    const none = await mavi(cwd, ['verify', 'library/sub']);
    expect([none.code, none.lines]).toEqual([5, [expect.stringContaining('library/sub: FAILED: ')]]);
  });
});
