/** Whether the media itself is intact: chains of NAL units, however the film is built. */
import { describe, expect, it } from 'vitest';
import { MovieReader } from '../../src/isobmff/movie.ts';
import type { Damage } from '../../src/isobmff/nal.ts';
import { box, bytes, cutAt, uint32 } from './bytes.ts';
import {
  type FilmOptions,
  type FragmentOptions,
  film,
  fragmentedFilm,
  videoEntry,
  withUint32,
} from './films.ts';

interface Found {
  readonly damage: Damage | null;
  /** Whether a second reading was needed. */
  readonly late: boolean;
  readonly checked: readonly string[];
  readonly unchecked: readonly string[];
  readonly notes: readonly string[];
}

/** Reads a film, and once more where its media comes first. */
function look(...chunks: readonly Uint8Array[]): Found {
  const movie = new MovieReader(true);
  for (const chunk of chunks) movie.push(chunk);
  const late = movie.lateMedia();
  late?.push(bytes(...chunks), 0);
  const entries = movie.sampleEntries;
  const end = movie.end();
  return {
    damage: movie.media.damage ?? late?.damage ?? null,
    late: late !== null,
    checked: entries.filter(({ nal }) => nal !== null).map(({ format }) => format),
    unchecked: entries
      .filter(({ nal }) => nal === null)
      .map(({ format, encrypted }) => format + (encrypted ? ' (encrypted)' : '')),
    notes: end.kind === 'complete' ? end.notes : [],
  };
}

/** The film with bytes written over. */
function overwritten(all: Buffer, at: number, patch: Uint8Array): Buffer {
  const changed = Buffer.from(all);
  changed.set(patch, at);
  return changed;
}

const KINDS: readonly [string, FilmOptions][] = [
  ['AVC', {}],
  ['HEVC', { codec: 'hevc' }],
  ['AVC with lengths of two bytes', { lengthBytes: 2 }],
  ['AVC with lengths of one byte', { lengthBytes: 1 }],
  ['HEVC with a unit for each chunk', { codec: 'hevc', framesPerChunk: 1 }],
  ['AVC in avc3', { format: 'avc3' }],
  ['Dolby Vision over AVC', { format: 'dvav' }],
  ['Dolby Vision over AVC with its parameters in the samples', { format: 'dva1' }],
  ['Dolby Vision over HEVC', { codec: 'hevc', format: 'dvh1' }],
  ['Dolby Vision over HEVC with its parameters in the samples', { codec: 'hevc', format: 'dvhe' }],
  ['HEVC in hev1', { codec: 'hevc', format: 'hev1' }],
];

describe('intact media', () => {
  it.each(KINDS)('is found intact: %s', (_what, options) => {
    const format = options.format ?? (options.codec === 'hevc' ? 'hvc1' : 'avc1');
    const expected = { damage: null, checked: [format], unchecked: ['mp4a'], notes: [] };
    expect(look(film({ moov: 'first' }, options).bytes)).toEqual({ ...expected, late: false });
    expect(look(film({ moov: 'last' }, options).bytes)).toEqual({ ...expected, late: true });
    expect(look(fragmentedFilm(options).bytes)).toEqual({ ...expected, late: false });
    const mediaFirst = fragmentedFilm({ ...options, base: 'absolute', mediaFirst: true });
    expect(look(mediaFirst.bytes)).toEqual({ ...expected, late: true });
  });
});

describe('intact media whose sizes have few bits', () => {
  it.each([4, 8, 16, 32] as const)('is found intact with %i bits for each', (sizeBits) => {
    // So small that each sample fits into four bits.
    const options: FilmOptions = { sizeBits, lengthBytes: 1, unitBytes: 4 };
    const found = look(film({ moov: 'first' }, options).bytes);
    expect(found).toMatchObject({ damage: null, checked: ['avc1'], late: false });
  });
});

describe('a film with samples in its moov and in fragments', () => {
  it('is intact where its last chunk is shorter than the others and its media comes first', () => {
    const { bytes: all, fragments } = fragmentedFilm();
    const both = bytes(film({ moov: 'last' }, { frames: 25 }).bytes, all.subarray(fragments[0]?.moofAt));
    expect(look(both)).toMatchObject({ damage: null, late: true, notes: [] });
  });
});

describe('damaged media', () => {
  it.each(KINDS)('is found at the first sample that cannot be: %s', (_what, options) => {
    for (const moov of ['first', 'last'] as const) {
      const { bytes: all, chunks } = film({ moov }, { ...options, framesPerChunk: 10 });
      const at = chunks[4] as number;
      const { damage } = look(overwritten(all, at, new Uint8Array(300)));
      expect(damage).toEqual({ track: 1, sample: 21, seconds: expect.closeTo(0.8), byte: at });
    }
  });

  it.each<[string, FragmentOptions]>([
    ['fragments', {}],
    ['fragments after their media', { base: 'absolute', mediaFirst: true }],
    ['fragments of HEVC without bases', { codec: 'hevc', base: 'implicit' }],
  ])('is found in %s', (_what, options) => {
    const { bytes: all, fragments } = fragmentedFilm(options);
    const at = (fragments[2]?.mdatAt as number) + 8;
    const { damage } = look(overwritten(all, at, Buffer.alloc(300, '{"code":"0001"}')));
    expect(damage).toEqual({ track: 1, sample: 21, seconds: expect.closeTo(0.8), byte: at });
  });

  it('is found in the middle of a sample, at the unit that is damaged', () => {
    const { bytes: all, chunks } = film({ moov: 'first' });
    const second = (chunks[0] as number) + 4 + 9;
    expect(look(overwritten(all, second, new Uint8Array(20))).damage).toEqual({
      track: 1,
      sample: 1,
      seconds: 0,
      byte: second,
    });
  });

  it.each([
    ['a length of 0', 0],
    ['a length past the sample’s end', 0x1000],
    ['a length one byte short of the sample’s end', 98],
    ['a length one byte past the sample’s end', 101],
  ])('is %s', (_what, length) => {
    const { bytes: all, chunks } = film({ moov: 'first' });
    const second = (chunks[0] as number) + 4 + 9;
    expect(look(withUint32(all, second, length)).damage).toMatchObject({ track: 1, sample: 1 });
    expect(look(withUint32(all, second, 100)).damage).toBeNull();
  });

  it('is a type that the codec does not have, in either codec', () => {
    const good = { avc: new Set<number>(), hevc: new Set<number>() };
    for (const codec of ['avc', 'hevc'] as const) {
      const { bytes: all, chunks } = film({ moov: 'first' }, { codec });
      const typeAt = (chunks[0] as number) + 4;
      const types = codec === 'avc' ? 32 : 64;
      for (let type = 0; type < types; type += 1) {
        const header = codec === 'avc' ? [0x60 | type] : [type << 1, 1];
        if (look(overwritten(all, typeAt, Uint8Array.from(header))).damage === null) good[codec].add(type);
        const forbidden = codec === 'avc' ? [0x80 | type] : [0x80 | (type << 1), 1];
        expect(look(overwritten(all, typeAt, Uint8Array.from(forbidden))).damage).not.toBeNull();
        if (codec === 'hevc')
          expect(look(overwritten(all, typeAt, Uint8Array.from([type << 1, 0]))).damage).not.toBeNull();
      }
    }
    const span = (from: number, to: number) =>
      Array.from({ length: to - from + 1 }, (_, index) => from + index);
    expect([...good.avc]).toEqual([...span(1, 16), ...span(19, 21), ...span(24, 31)]);
    expect([...good.hevc]).toEqual([...span(0, 9), ...span(16, 21), ...span(32, 40), ...span(48, 63)]);
  });

  it('is a sample too short for any unit', () => {
    const { bytes: all } = film({ moov: 'first' }, { frames: 6 });
    // The first entry of the table of sizes, behind the box's header, flags, fixed size and count.
    const sizesAt = all.indexOf('stsz') + 16;
    expect(look(withUint32(all, sizesAt, 4)).damage).toMatchObject({ sample: 1, seconds: 0 });
  });

  it('is found wherever it is, however the stream is cut', () => {
    for (const options of [{ frames: 8 }, { frames: 8, codec: 'hevc' }] as const) {
      const { bytes: all, chunks } = film({ moov: 'first' }, { ...options, framesPerChunk: 4 });
      const damagedFilm = overwritten(all, (chunks[2] as number) + 50, new Uint8Array(60));
      const { damage } = look(damagedFilm);
      expect(damage).not.toBeNull();
      for (let at = 0; at <= all.length; at += 1)
        expect(look(...cutAt(damagedFilm, [at])).damage).toEqual(damage);
    }
  });
});

describe('the reader of media', () => {
  it('needs only the lengths and types, so that most of a file can be skipped', () => {
    const { bytes: all, mdatAt } = film({ moov: 'first' }, { unitBytes: 5000 });
    const movie = new MovieReader(true);
    let read = 0;
    while (movie.offset < all.length) {
      const jump = Math.min(movie.skippable, all.length - movie.offset);
      if (jump > 0) movie.skip(jump);
      else {
        movie.push(all.subarray(movie.offset, movie.offset + 16));
        read += 16;
      }
    }
    expect([movie.end().kind, movie.media.damage]).toEqual(['complete', null]);
    expect(read).toBeLessThan(mdatAt + 60 * 48);
    expect(all.length).toBeGreaterThan(240_000);
  });

  it('reads chunks in the order of the file, whatever the order of the tables', () => {
    const { bytes: all, chunks } = film({ moov: 'first' }, { framesPerChunk: 35, frames: 70 });
    // The two chunks of the video trade places in the table and, being as long, in nothing else.
    const stco = all.indexOf('stco') + 12;
    const [first, second] = [chunks[0] as number, chunks[2] as number];
    const swapped = withUint32(withUint32(all, stco, second), stco + 4, first);
    expect(look(swapped)).toMatchObject({ damage: null, notes: [] });
    expect(look(overwritten(swapped, first, new Uint8Array(50))).damage).toMatchObject({
      sample: 36,
      byte: first,
    });
  });

  it('says how many samples overlap others and were not checked', () => {
    const { bytes: all, chunks } = film({ moov: 'first' }, { framesPerChunk: 5, frames: 10 });
    const stco = all.indexOf('stco') + 12;
    expect(look(withUint32(all, stco + 4, chunks[0] as number)).notes).toEqual([
      '5 samples overlap others and were not checked',
    ]);
  });
});

describe('what cannot be checked', () => {
  /** A film whose sample entry is another. */
  function withEntry(entry: Buffer): Buffer {
    const original = videoEntry({});
    const { bytes: all } = film({ moov: 'first' });
    const at = all.indexOf(original);
    if (entry.length !== original.length) throw new Error('the entry must be as long');
    return overwritten(all, at, entry);
  }

  it('is another codec, or AVC without a known configuration', () => {
    const entry = videoEntry({});
    expect(
      look(withEntry(Buffer.from(entry.toString('latin1').replace('avc1', 'vp09'), 'latin1'))),
    ).toMatchObject({
      damage: null,
      checked: [],
      unchecked: ['vp09', 'mp4a'],
    });
    expect(
      look(withEntry(Buffer.from(entry.toString('latin1').replace('avcC', 'abcd'), 'latin1'))),
    ).toMatchObject({
      checked: [],
      unchecked: ['avc1', 'mp4a'],
    });
    const version = Buffer.from(entry);
    version[entry.indexOf('avcC') + 4] = 0;
    expect(look(withEntry(version))).toMatchObject({ checked: [], unchecked: ['avc1', 'mp4a'] });
  });

  it.each([
    [
      'a tenc that is too short',
      [box('frma', 'avc1'), box('schi', box('tenc', new Uint8Array(6)), box('free'))],
      'avc1',
    ],
    ['a frma that is too short', [box('frma', 'avc'), box('schi')], 'encv'],
    ['no frma', [box('schi')], 'encv'],
  ])('is encrypted with %s', (_what, scheme, format) => {
    const entry = box('encv', videoEntry({}).subarray(8), box('sinf', ...scheme));
    const unchecked = [`${format} (encrypted)`, 'mp4a'];
    expect(look(film({ moov: 'last' }, { entry }).bytes)).toMatchObject({ checked: [], unchecked });
  });

  it('is in the clear with the shortest tenc that says so', () => {
    const scheme = box('sinf', box('frma', 'avc1'), box('schi', box('tenc', new Uint8Array(7))));
    const entry = box('encv', videoEntry({}).subarray(8), scheme);
    expect(look(film({ moov: 'last' }, { entry }).bytes)).toMatchObject({ checked: ['avc1'] });
  });

  /** An `encv` entry with a scheme in which samples are encrypted or not. */
  function encrypted(isProtected: 0 | 1 | null): Buffer {
    const inner = videoEntry({}).subarray(8);
    const tenc =
      isProtected === null ? [] : box('tenc', uint32(0), [0, 0, isProtected, 8], new Uint8Array(16));
    return box('encv', inner, box('sinf', box('frma', 'avc1'), box('schi', tenc)));
  }

  it.each([
    ['is encrypted, unless it says that it is not', 1, [], ['avc1 (encrypted)', 'mp4a']],
    ['is not what is behind encv in the clear', 0, ['avc1'], ['mp4a']],
    ['is encrypted where nothing says how', null, [], ['avc1 (encrypted)', 'mp4a']],
  ] as const)('%s', (_what, isProtected, checked, unchecked) => {
    const entry = encrypted(isProtected);
    expect(look(film({ moov: 'last' }, { entry }).bytes)).toMatchObject({ damage: null, checked, unchecked });
  });
});
