/** How odd, truncated and damaged films are judged: to a file, to standard output, and by `verify`. */
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { run } from '../../src/cli.ts';
import type { StoredVideo } from '../../src/mock/library.ts';
import { fakeHost } from '../helpers/fake-host.ts';
import { tempDir } from '../helpers/temp-dir.ts';
import { envFor, withMock } from '../helpers/with-mock.ts';
import { videoOf } from '../invariant/layouts.ts';
import { box, bytes, uint32 } from '../isobmff/bytes.ts';
import { film, fragmentedFilm, withUint32 } from '../isobmff/films.ts';

const FIRST = film({ moov: 'first' });
const LAST = film({ moov: 'last' });
const SPLIT = film({ moov: 'first', splitAtChunk: 6 });
const FRAGMENTED = fragmentedFilm();
const INDEXED = fragmentedFilm({ sidx: 'of all' });
const OPEN = withUint32(FIRST.bytes, FIRST.mdatAt, 0);
const SPLIT_AT = (SPLIT.chunks[6] as number) - 8;
const [lastFragment, lastIndexed] = [FRAGMENTED.fragments.at(-1), INDEXED.fragments.at(-1)] as const;
const ODD = bytes(uint32(0x4b), [0x2d, 0, 0, 0], new Uint8Array(67));

/** The media of a film with a hole in it. */
function holed(all: Buffer, at: number, patch: Uint8Array): Buffer {
  const changed = Buffer.from(all);
  changed.set(patch, at);
  return changed;
}

const JSON_TEXT = Buffer.alloc(400, '{"code":"0001","msg":"x"}');

interface Verdict {
  readonly code: number;
  readonly error: string | null;
  readonly message: string;
  readonly warnings: readonly string[];
  readonly verified: string;
}

/** Downloads a film to a file and to standard output, verifies it on disk, and checks what each leaves. */
async function verdictsOn(
  film: Buffer,
  args: readonly string[] = [],
  listed: Partial<StoredVideo> = {},
): Promise<Verdict[]> {
  const video = { ...videoOf(film), ...listed };
  const folder = tempDir();
  const mock = await withMock({ videos: [video] });
  const download = async (target: string): Promise<Verdict> => {
    const host = fakeHost({ cwd: folder, env: envFor(mock) });
    const rest = ['--json', '--retries', '0', '--progress', 'plain', ...args];
    const code = await run(['download', video.videoNo, '-o', target, ...rest], host);
    const text = target === '-' ? host.errors() : host.output().toString();
    const record = JSON.parse(text.split('\n').find((line) => line.startsWith('{')) ?? '{}');
    if (target === '-' && code === 0) expect(host.output().equals(film)).toBe(true);
    const verified = /verified: (.*)/.exec(host.errors())?.[1] ?? '';
    return {
      code,
      error: record.error?.code ?? null,
      message: record.error?.message ?? '',
      warnings: record.warnings,
      verified,
    };
  };
  const toFile = await download('v.mp4');
  if (toFile.code === 0) expect(readFileSync(join(folder, 'v.mp4')).equals(film)).toBe(true);
  else expect(readdirSync(folder)).toEqual([]);
  const toStdout = await download('-');
  writeFileSync(join(folder, 'on-disk.mp4'), film);
  const host = fakeHost({ cwd: folder, env: {} });
  const rest = args.filter((arg) => arg !== '--lookup');
  const code = await run(['verify', 'on-disk.mp4', '--json', ...rest], host);
  const { error, warnings, verified } = JSON.parse(host.output().toString());
  return [
    toFile,
    toStdout,
    { code, error: error?.code ?? null, message: error?.message ?? '', warnings, verified: verified ?? '' },
  ];
}

describe('a complete film is accepted, however odd', () => {
  it.each<[string, Buffer, readonly string[]]>([
    ['moov first', FIRST.bytes, []],
    ['moov last', LAST.bytes, []],
    ['a last box of size 0', OPEN, []],
    ['two mdats', SPLIT.bytes, []],
    ['fragments', FRAGMENTED.bytes, []],
    ['fragments with an index', INDEXED.bytes, []],
    ['fragments after their media', fragmentedFilm({ base: 'absolute', mediaFirst: true }).bytes, []],
    ['a box of an odd type', film({ moov: 'last', beforeMoov: ODD }).bytes, []],
    [
      'a GPS log',
      bytes(LAST.bytes, 'C'.repeat(14), 'GPSDATA--20240711120412'),
      ['37 stray bytes after the end of the video'],
    ],
    ['spaces', bytes(FIRST.bytes, ' '.repeat(64)), ['64 stray bytes after the end of the video']],
  ])('with %s', async (_what, all, warnings) => {
    for (const verdict of await verdictsOn(all))
      expect(verdict).toMatchObject({ code: 0, error: null, warnings, verified: 'complete MP4' });
  });
});

describe('a truncated film is refused with the reason', () => {
  it.each<[string, Buffer, RegExp]>([
    [
      'in a last box of size 0',
      OPEN.subarray(0, -2000),
      /sample 50 of track 2 ends 2000 bytes past the end of the file$/,
    ],
    [
      'with its last box shortened too',
      withUint32(FIRST.bytes, FIRST.mdatAt, FIRST.bytes.length - FIRST.mdatAt - 2000).subarray(0, -2000),
      /sample 50 of track 2 ends 2000 bytes past the end of the file$/,
    ],
    ['before its second mdat', SPLIT.bytes.subarray(0, SPLIT_AT), /sample 50 of track 2 ends/],
    ['four bytes into its second mdat', SPLIT.bytes.subarray(0, SPLIT_AT + 4), /sample 50 of track 2 ends/],
    ['in its last fragment', FRAGMENTED.bytes.subarray(0, -100), /sample 50 of track 2 ends 100 bytes past/],
    [
      'three bytes into a moof',
      FRAGMENTED.bytes.subarray(0, (lastFragment?.moofAt ?? 0) + 3),
      /the header of the last box lacks 5 bytes$/,
    ],
    [
      'at the edge of a fragment that an index names',
      INDEXED.bytes.subarray(0, lastIndexed?.moofAt),
      /the segments that 'sidx' names end/,
    ],
    [
      'in padding, with all its samples',
      bytes(FIRST.bytes, uint32(100), 'free', 'x'),
      /lacks 91 bytes; all samples are complete, only this box is short$/,
    ],
  ])('%s', async (_where, all, message) => {
    for (const verdict of await verdictsOn(all)) {
      expect(verdict).toMatchObject({ code: 5, error: 'truncated', message: expect.stringMatching(message) });
    }
  });

  it('at the edge of a fragment, if the library lists its duration', async () => {
    const all = fragmentedFilm({ frames: 250 });
    const cut = all.bytes.subarray(0, all.fragments[10]?.moofAt);
    // The listed size is that of the truncated file, as if the library had no more: then it is a warning.
    const [toFile] = await verdictsOn(cut, ['--lookup'], { durationSeconds: 10 });
    expect(toFile).toMatchObject({
      code: 0,
      warnings: ['the video lasts 4.0 s, but the library lists 10 s'],
    });
  });
});

describe('--deep', () => {
  it.each<[string, Buffer, readonly string[]]>([
    ['moov first', FIRST.bytes, []],
    [
      'moov last',
      LAST.bytes,
      ["the media can't be checked in a pipe: its index comes last; download to a file for --deep"],
    ],
    ['fragments', FRAGMENTED.bytes, []],
  ])('finds intact media intact: %s', async (_what, all, inPipe) => {
    const [toFile, toStdout, verified] = await verdictsOn(all, ['--deep']);
    const intact = {
      code: 0,
      warnings: [],
      verified: 'complete MP4, media intact (avc1; not checked: mp4a)',
    };
    expect(toFile).toMatchObject(intact);
    expect(verified).toMatchObject(intact);
    expect(toStdout).toMatchObject({ code: 0, warnings: inPipe });
  });

  it.each<[string, Buffer, number]>([
    ['a hole of zeros, moov first', holed(FIRST.bytes, FIRST.chunks[4] as number, new Uint8Array(400)), 5],
    ['a hole of JSON, moov first', holed(FIRST.bytes, FIRST.chunks[4] as number, JSON_TEXT), 5],
    ['a hole of zeros, moov last', holed(LAST.bytes, LAST.chunks[4] as number, new Uint8Array(400)), 0],
    [
      'a hole of zeros in a fragment',
      holed(FRAGMENTED.bytes, (FRAGMENTED.fragments[2]?.mdatAt ?? 0) + 8, new Uint8Array(400)),
      5,
    ],
  ])('finds %s', async (_what, all, inPipe) => {
    const [toFile, toStdout, verified] = await verdictsOn(all, ['--deep']);
    const message = expect.stringMatching(
      /^the media is damaged: sample 21 of track 1, 0\.80 s into the video, at byte \d+$/,
    );
    expect(toFile).toMatchObject({ code: 5, error: 'damaged', message });
    expect(verified).toMatchObject({ code: 5, error: 'damaged', message });
    expect(toStdout?.code).toBe(inPipe);
    for (const { code } of await verdictsOn(all)) expect(code).toBe(0);
  });

  it('reports what it cannot check, and does not fail', async () => {
    const entry = box('vp09', new Uint8Array(78));
    for (const verdict of await verdictsOn(film({ moov: 'first' }, { entry }).bytes, ['--deep'])) {
      expect(verdict).toMatchObject({ code: 0, warnings: ["the media of vp09 video can't be checked"] });
    }
  });

  it.each(['ftyp', 'none'])('is refused with --verify %s before any request', async (level) => {
    const mock = await withMock();
    for (const args of [
      ['download', 'VI1'],
      ['sync', 'library'],
      ['verify', 'a.mp4'],
    ]) {
      const cwd = tempDir();
      const host = fakeHost({ cwd, env: envFor(mock) });
      expect(await run([...args, '--deep', '--verify', level], host)).toBe(2);
      expect(host.errors()).toContain(`--deep can't be combined with --verify ${level}`);
      expect(existsSync(join(cwd, 'library'))).toBe(false);
    }
    expect(mock.requests).toHaveLength(0);
  });

  it('applies to sync, which leaves no damaged file', async () => {
    const video = videoOf(holed(LAST.bytes, LAST.chunks[4] as number, new Uint8Array(400)));
    const mock = await withMock({ videos: [video] });
    const cwd = tempDir();
    const host = fakeHost({ cwd, env: envFor(mock) });
    expect(await run(['sync', 'library', '--deep', '--retries', '0'], host)).toBe(5);
    expect(host.errors()).toContain('the media is damaged: sample 21 of track 1');
    expect(readdirSync(join(cwd, 'library'))).toEqual(['mavi-manifest.ndjson']);
  });
});
