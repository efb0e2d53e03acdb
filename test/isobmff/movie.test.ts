import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { MovieReader, type MovieVerdict } from '../../src/isobmff/movie.ts';
import { sampleFile } from '../mock/sample-files.ts';
import {
  box,
  bytes,
  cutAt,
  FRAGMENTED_MOOV,
  FTYP,
  largeBox,
  MOOV,
  oneByOne,
  openBox,
  uint32,
  uint64,
} from './bytes.ts';
import { film, fragmentedFilm, withUint32 } from './films.ts';

const MDAT = box('mdat', new Uint8Array(50).fill(0x76));
const FASTSTART = bytes(FTYP, MOOV, MDAT);
const MOOV_LAST = bytes(FTYP, box('free'), MDAT, MOOV);
const MOOF = box('moof', box('mfhd', new Uint8Array(8)));
const FRAGMENTED = bytes(FTYP, FRAGMENTED_MOOV, MOOF, MDAT, MOOF, MDAT);

function reader(...chunks: readonly Uint8Array[]): MovieReader {
  const movie = new MovieReader();
  for (const chunk of chunks) movie.push(chunk);
  return movie;
}

function verdict(...chunks: readonly Uint8Array[]): MovieVerdict {
  return reader(...chunks).end();
}

const COMPLETE = { kind: 'complete', endProven: true, junkBytes: 0, notes: [] };

describe('a movie', () => {
  it.each([
    ['its moov first', FASTSTART, COMPLETE],
    ['its moov last', MOOV_LAST, COMPLETE],
    ['a 64-bit mdat', bytes(FTYP, largeBox('mdat', 'x'), MOOV), COMPLETE],
    ['a 64-bit moov', bytes(FTYP, MDAT, largeBox('moov', box('mvhd'))), COMPLETE],
    ['no ftyp', bytes(MOOV, MDAT), COMPLETE],
    ['several mdats and boxes of unknown types', bytes(FTYP, MDAT, box('abcd', 'x'), MDAT, MOOV), COMPLETE],
    ['an empty mdat and an empty moov', bytes(box('mdat'), box('moov')), COMPLETE],
    [
      'a moov that announces fragments',
      bytes(FTYP, FRAGMENTED_MOOV, MDAT),
      { ...COMPLETE, endProven: false },
    ],
    ['fragments that were not announced', bytes(FTYP, MOOV, MOOF, MDAT), { ...COMPLETE, endProven: false }],
    ['fragments', FRAGMENTED, { ...COMPLETE, endProven: false }],
    ['an mdat to the end', bytes(FTYP, MOOV, openBox('mdat', 'x')), { ...COMPLETE, endProven: false }],
    ['a moov to the end', bytes(FTYP, MDAT, openBox('moov', box('mvhd'))), { ...COMPLETE, endProven: false }],
    ['an mvex that is not in its moov', bytes(FTYP, box('udta', box('mvex')), MOOV, MDAT), COMPLETE],
    ['an mvex behind its moov', bytes(FTYP, MOOV, box('mvex'), MDAT), COMPLETE],
    ['an mvex deeper in its moov', bytes(FTYP, box('moov', box('trak', box('mvex'))), MDAT), COMPLETE],
  ])('is complete with %s', (_what, movie, expected) => {
    expect(verdict(movie)).toEqual(expected);
  });

  it.each([
    ['one byte', [0], 1],
    ['seven bytes', [0, 0, 0, 8, 0x6d, 0x64, 0x61], 7],
    ['zeros', new Uint8Array(4096), 4096],
    ['bytes that name no box', bytes(uint32(8), [0xff, 0xd8, 0xff, 0xe0], 'a thumbnail'), 19],
  ])('is complete with %s of junk after it', (_what, junk, junkBytes) => {
    const tail = bytes(junk);
    expect(verdict(FASTSTART, tail)).toEqual({ ...COMPLETE, junkBytes });
    expect(verdict(...oneByOne(bytes(MOOV_LAST, tail)))).toEqual({ ...COMPLETE, junkBytes });
  });

  it.each([
    ['without a moov', bytes(FTYP, MDAT), "there is no 'moov' box"],
    ['without an mdat', bytes(FTYP, MOOV), "there is no 'mdat' box"],
    ['without either', FTYP, "there is no 'moov' box"],
    ['without a byte', new Uint8Array(0), "there is no 'moov' box"],
    ['with an mdat to the end and no moov', bytes(FTYP, openBox('mdat', 'x')), "there is no 'moov' box"],
    ['in its mdat', FASTSTART.subarray(0, -3), "box 'mdat' lacks 3 bytes"],
    ['in its moov', MOOV_LAST.subarray(0, -1), "box 'moov' lacks 1 byte"],
    [
      'in the size of its first box',
      largeBox('mdat').subarray(0, 9),
      'the header of the last box lacks 7 bytes',
    ],
    [
      'in the size of a later box',
      bytes(MOOV, largeBox('mdat').subarray(0, 9)),
      'the header of the last box lacks 7 bytes',
    ],
    [
      'behind the moof of a fragment',
      FRAGMENTED.subarray(0, -MDAT.length),
      "the last fragment has no 'mdat'",
    ],
    [
      'in the header behind a moof',
      FRAGMENTED.subarray(0, 3 - MDAT.length),
      "the last fragment has no 'mdat'",
    ],
    ['before its junk could tell', bytes(FTYP, MOOV, [0, 0, 0]), "there is no 'mdat' box"],
  ])('is cut %s', (_where, movie, reason) => {
    expect(verdict(movie)).toEqual({ kind: 'cut', reason });
  });

  it('is malformed with an impossible box, and says at which byte', () => {
    const movie = reader(FTYP, MOOV, bytes(uint32(4), 'mdat'));
    const reason = "box 'mdat' claims a size of 4 bytes";
    const malformed = { kind: 'malformed', start: FTYP.length + MOOV.length, type: 'mdat', reason };
    expect(movie.malformed).toEqual(malformed);
    expect(movie.end()).toEqual(malformed);
  });

  it('is not malformed while it may still become complete', () => {
    expect(reader(FTYP).malformed).toBeNull();
    expect(reader(FASTSTART, new Uint8Array(20)).malformed).toBeNull();
  });

  it('reads only its first moov', () => {
    expect(verdict(FTYP, MOOV, FRAGMENTED_MOOV, MDAT)).toEqual(COMPLETE);
  });
});

describe('a movie that ends early is not taken for complete', () => {
  /** The lengths at which a cut movie is still taken for complete. */
  function lengthsTakenForComplete(movie: Uint8Array): number[] {
    const lengths: number[] = [];
    for (let length = 0; length < movie.length; length += 1) {
      if (verdict(movie.subarray(0, length)).kind === 'complete') lengths.push(length);
    }
    return lengths;
  }

  it('wherever it is cut, with its moov first or last', () => {
    // Up to seven bytes of the next header are no more than what cameras leave behind the last box.
    expect(lengthsTakenForComplete(FASTSTART)).toEqual([]);
    expect(lengthsTakenForComplete(MOOV_LAST)).toEqual([]);
  });

  it('unless all of an optional box after moov and mdat is lost', () => {
    const edge = FASTSTART.length;
    const lengths = lengthsTakenForComplete(bytes(FASTSTART, box('free', 'padding')));
    expect(lengths).toEqual([0, 1, 2, 3, 4, 5, 6, 7].map((extra) => edge + extra));
  });

  it('and a fragmented one, cut at the edge of a fragment, leaves its end unproven', () => {
    const firstFragment = FTYP.length + FRAGMENTED_MOOV.length + MOOF.length + MDAT.length;
    expect(verdict(FRAGMENTED.subarray(0, firstFragment))).toEqual({ ...COMPLETE, endProven: false });
    expect(verdict(FRAGMENTED.subarray(0, firstFragment + 9)).kind).toBe('cut');
    expect(verdict(FRAGMENTED.subarray(0, -1)).kind).toBe('cut');
  });

  it.each(['faststart', 'moov-last', 'fragmented'] as const)('as a real file (%s)', (name) => {
    const sample = sampleFile(name);
    expect(verdict(sample)).toEqual(COMPLETE);
    expect(verdict(sample.subarray(0, -1)).kind).toBe('cut');
    expect(verdict(sample.subarray(0, sample.length / 2)).kind).toBe('cut');
  });
});

describe('the verdict is the same however the stream is cut', () => {
  it.each([
    ['moov first', FASTSTART],
    ['moov last', MOOV_LAST],
    ['fragments', FRAGMENTED],
    ['a 64-bit moov with fragments', bytes(FTYP, largeBox('moov', box('mvex')), MDAT)],
    ['a moov to the end with fragments', bytes(FTYP, MDAT, openBox('moov', box('mvhd'), box('mvex')))],
    ['an mvex behind the moov', bytes(FTYP, MOOV, box('mvex'), MDAT)],
    ['junk', bytes(FASTSTART, new Uint8Array(30))],
    ['half a box', FASTSTART.subarray(0, -20)],
    ['a malformed box', bytes(FTYP, MOOV, uint32(7), 'mdat', 'more of it')],
  ])('with %s', (_what, movie) => {
    const expected = verdict(movie);
    expect(verdict(...oneByOne(movie))).toEqual(expected);
    for (let offset = 0; offset <= movie.length; offset += 1) {
      expect(verdict(...cutAt(movie, [offset]))).toEqual(expected);
    }
  });
});

describe('progress by the boxes', () => {
  const known = (totalBytes: number, mayGrow: boolean) => ({ kind: 'bytes', totalBytes, mayGrow });

  it('is known from the header of the mdat on', () => {
    const movie = reader(FTYP, MOOV);
    expect(movie.progress(null)).toBeNull();
    movie.push(MDAT.subarray(0, 7));
    expect(movie.progress(null)).toBeNull();
    movie.push(MDAT.subarray(7, 8));
    expect(movie.progress(null)).toEqual(known(FASTSTART.length, false));
    movie.push(MDAT.subarray(8));
    expect(movie.progress(null)).toEqual(known(FASTSTART.length, false));
  });

  it('may grow until the moov is complete', () => {
    const movie = reader(FTYP, MDAT.subarray(0, 8));
    expect(movie.progress(null)).toEqual(known(FTYP.length + MDAT.length, true));
    movie.push(bytes(MDAT.subarray(8), MOOV));
    expect(movie.progress(null)).toEqual(known(FTYP.length + MDAT.length + MOOV.length, false));
  });

  it('is unknown with an mdat to the end and no samples', () => {
    expect(reader(FTYP, MOOV, openBox('mdat', 'x')).progress(null)).toBeNull();
  });

  it('is known by the samples in an mdat to the end, and may grow', () => {
    const { bytes: all, mdatAt } = film({ moov: 'first' });
    const movie = reader(withUint32(all, mdatAt, 0).subarray(0, mdatAt + 9));
    expect(movie.progress(null)).toEqual(known(all.length, true));
  });

  it('reads the 64 bits of a large mdat', () => {
    const header = bytes(uint32(1), 'mdat', uint64(3_000_000_000n));
    expect(reader(FTYP, MOOV, header).progress(null)).toEqual(
      known(FTYP.length + MOOV.length + 3_000_000_000, false),
    );
  });

  it('does not take text after the film for a box', () => {
    expect(reader(FASTSTART, Buffer.from(' '.repeat(64))).progress(null)).toEqual(
      known(FASTSTART.length, false),
    );
  });

  it('is known for a fragmented film by an index of all of it, and may grow', () => {
    const { bytes: all, fragments } = fragmentedFilm({ sidx: 'of all' });
    expect(reader(all.subarray(0, fragments[0]?.moofAt)).progress(null)).toEqual(known(all.length, true));
  });

  it('is a share of the duration for any other fragmented film', () => {
    for (const options of [{}, { sidx: 'of each' }, { announced: 4 }] as const) {
      const { bytes: all, fragments } = fragmentedFilm(options);
      // What mehd announces counts for more than what the library lists.
      const duration = 'announced' in options ? 4 : 2;
      for (const [index, { mdatAt, end }] of fragments.entries()) {
        const seconds = 0.4 * (index + 1);
        expect(reader(all.subarray(0, end)).progress(2)).toEqual({
          kind: 'time',
          share: expect.closeTo(seconds / duration),
        });
        const half = (mdatAt + end) / 2;
        expect(reader(all.subarray(0, half)).progress(2)).toMatchObject({
          share: expect.closeTo((seconds - 0.2) / duration, 1),
        });
      }
    }
  });

  it('is unknown for a fragmented film of unknown duration', () => {
    const { bytes: all } = fragmentedFilm();
    for (const duration of [null, 0, -1]) expect(reader(all).progress(duration)).toBeNull();
  });

  it('is never more than all of the duration', () => {
    expect(reader(fragmentedFilm().bytes).progress(1)).toEqual({ kind: 'time', share: 1 });
  });
});

const leaf = (type: string): fc.Arbitrary<Uint8Array> =>
  fc
    .record({ large: fc.boolean(), size: fc.nat(80) })
    .map(({ large, size }) => (large ? largeBox : box)(type, new Uint8Array(size)));

/** Complete files without fragments, in any order of boxes, with or without junk behind them. */
const completeFile = fc
  .record({
    needed: fc.tuple(leaf('moov'), leaf('mdat')),
    others: fc.array(fc.constantFrom('free', 'mdat', 'udta', 'wide', 'moov').chain(leaf), { maxLength: 5 }),
    seed: fc.infiniteStream(fc.nat()),
    junk: fc.constantFrom(0, 0, 3, 7, 20),
  })
  .map(({ needed, others, seed, junk }) => {
    const keyed = [...needed, ...others].map((each) => ({ each, key: seed.next().value as number }));
    keyed.sort((a, b) => a.key - b.key);
    return bytes(FTYP, ...keyed.map(({ each }) => each), new Uint8Array(junk));
  });

describe('for any complete file', () => {
  it('never reports a size above the real one, and the real one at the end', () => {
    fc.assert(
      fc.property(completeFile, (movie) => {
        const all = reader();
        for (const piece of oneByOne(movie)) {
          all.push(piece);
          const progress = all.progress(null);
          expect(progress?.kind === 'bytes' ? progress.totalBytes : 0).toBeLessThanOrEqual(movie.length);
        }
        const end = all.end();
        expect(end).toMatchObject({ kind: 'complete', endProven: true });
        const junkBytes = end.kind === 'complete' ? end.junkBytes : 0;
        expect(all.progress(null)).toMatchObject({ totalBytes: movie.length - junkBytes });
      }),
    );
  });

  it('is the same whether media data is read or skipped', () => {
    fc.assert(
      fc.property(completeFile, fc.array(fc.nat(200), { minLength: 1 }), (movie, steps) => {
        const read = reader(movie);
        const skipping = reader();
        for (let index = 0; skipping.offset < movie.length; index += 1) {
          const step = steps[index % steps.length] as number;
          const skippable = Math.min(step, skipping.skippable, movie.length - skipping.offset);
          const { offset } = skipping;
          if (skippable > 0) skipping.skip(skippable);
          else skipping.push(movie.subarray(offset, offset + step + 1));
        }
        expect(skipping.end()).toEqual(read.end());
        expect([skipping.offset, skipping.progress(null)]).toEqual([read.offset, read.progress(null)]);
      }),
    );
  });
});

describe('skipping', () => {
  it('is offered inside boxes that are not read', () => {
    const movie = reader(FTYP, MOOV.subarray(0, 12));
    expect(movie.skippable).toBe(0);
    movie.push(MOOV.subarray(12));
    expect(movie.skippable).toBe(0);
    movie.push(MDAT.subarray(0, 10));
    expect(movie.skippable).toBe(MDAT.length - 10);
    movie.skip(MDAT.length - 10);
    expect(movie.skippable).toBe(0);
    expect(movie.end()).toEqual(COMPLETE);
  });

  it.each(['moof', 'sidx'])('is not offered inside a %s', (type) => {
    expect(reader(FTYP, MOOV, box(type, new Uint8Array(40)).subarray(0, 20)).skippable).toBe(0);
  });

  it('is endless in an mdat that reaches to the end', () => {
    expect(reader(FTYP, MOOV, openBox('mdat')).skippable).toBe(Number.POSITIVE_INFINITY);
  });
});
