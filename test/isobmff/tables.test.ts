/** What the tables of a movie say, field by field, in all forms that the standard allows. */
import { describe, expect, it } from 'vitest';
import { MovieReader } from '../../src/isobmff/movie.ts';
import { box, bytes, FTYP, largeBox, type Part, uint32, uint64 } from './bytes.ts';
import { film, fragmentedFilm } from './films.ts';

const zeros = (count: number): Uint8Array => new Uint8Array(count);
const numbers = (...values: readonly number[]): number[] => values.flatMap(uint32);
const table = (type: string, ...fields: readonly number[]): Buffer => box(type, numbers(0, ...fields));

/** A header of version 0 or 1: its times have 32 or 64 bits. */
function timed(type: string, version: 0 | 1, ...fields: readonly number[]): Buffer {
  return box(type, [version, 0, 0, 0], zeros(version === 1 ? 16 : 8), numbers(...fields));
}

/** One AVC sample of 9 bytes. */
const SAMPLE = bytes(uint32(5), [0x65, 1, 2, 3, 4]);
const AVC_ENTRY = box('avc1', zeros(7), [1], zeros(70), box('avcC', [1, 66, 0, 30, 0xff, 0xe0, 0]));

interface TrackParts {
  readonly id?: number;
  readonly version?: 0 | 1;
  readonly timescale?: number;
  readonly entries?: readonly Buffer[];
  readonly references?: readonly Buffer[];
  readonly tables?: readonly Part[];
}

function trak(parts: TrackParts): Buffer {
  const { id = 1, version = 0, timescale = 100, entries = [AVC_ENTRY], references = [], tables = [] } = parts;
  const stsd = box('stsd', numbers(0, entries.length), ...entries);
  const dinf = box('dinf', box('dref', numbers(0, references.length), ...references));
  const minf = box('minf', box('vmhd', zeros(12)), dinf, box('stbl', stsd, ...tables));
  return box('trak', timed('tkhd', version, id), box('mdia', timed('mdhd', version, timescale), minf));
}

/** Tables of samples of these sizes, in chunks at these offsets. */
function tablesOf(sizes: readonly number[], offsets: readonly number[], stsc: Buffer): Buffer[] {
  return [
    table('stsz', 0, sizes.length, ...sizes),
    stsc,
    table('stts', 1, sizes.length, 10),
    table('stco', offsets.length, ...offsets),
  ];
}

const ALL_IN_ONE = table('stsc', 1, 1, 1000, 1);
const MDAT = box('mdat', SAMPLE, SAMPLE, SAMPLE);
/** Offset of the first sample in MDAT, after FTYP. */
const MEDIA_AT = FTYP.length + 8;

function read(deep: boolean, ...parts: readonly Part[]): { movie: MovieReader; all: Buffer } {
  const movie = new MovieReader(deep);
  const all = bytes(FTYP, MDAT, ...parts);
  movie.push(all);
  return { movie, all };
}

/** The sample that ends last, which must be past the end of the file. */
function furthest(...parts: readonly Part[]): { sample: number; track: number; end: number } {
  const { movie, all } = read(false, ...parts);
  const verdict = movie.end();
  const reason = verdict.kind === 'cut' ? verdict.reason : verdict.kind;
  const found = /^sample (\d+) of track (\d+) ends (\d+) bytes? past/.exec(reason);
  if (found === null) throw new Error(`no sample ends past the end of the file: ${reason}`);
  return { sample: Number(found[1]), track: Number(found[2]), end: all.length + Number(found[3]) };
}

describe('the tables of chunks', () => {
  const sizes = [10, 20, 30, 40, 50];
  const twoTwoOne = table('stsc', 2, 1, 2, 1, 3, 1, 1);

  it.each([
    ['first', [9000, 2000, 3000], { sample: 2, end: 9030 }],
    ['second', [2000, 9000, 3000], { sample: 4, end: 9070 }],
    ['last', [2000, 3000, 9000], { sample: 5, end: 9050 }],
  ])('say how many samples are in the %s chunk', (_which, offsets, expected) => {
    const moov = box('moov', trak({ tables: tablesOf(sizes, offsets, twoTwoOne) }));
    expect(furthest(moov)).toEqual({ track: 1, ...expected });
  });

  it('end with the samples, even if there are more chunks', () => {
    const moov = box('moov', trak({ tables: tablesOf(sizes, [2000, 3000, 4000, 90_000], twoTwoOne) }));
    expect(furthest(moov)).toEqual({ track: 1, sample: 5, end: 4050 });
  });

  it('end with the chunks, even if there are more samples', () => {
    const moov = box('moov', trak({ tables: tablesOf(sizes, [2000], twoTwoOne) }));
    expect(furthest(moov)).toEqual({ track: 1, sample: 2, end: 2030 });
  });

  it('may begin with chunks without samples', () => {
    const stsc = table('stsc', 1, 2, 5, 1);
    const moov = box('moov', trak({ tables: tablesOf(sizes, [90_000, 2000], stsc) }));
    expect(furthest(moov)).toEqual({ track: 1, sample: 5, end: 2150 });
  });

  it.each([
    [16, [0x01, 0x02, 0x03, 0x04, 0x05, 0x06], 0x0102 + 0x0304 + 0x0506],
    [8, [1, 2, 200], 203],
    [4, [0x12, 0xf0], 1 + 2 + 15],
  ])('may have sizes of %i bits', (bits, entries, sum) => {
    const sizes = box('stz2', numbers(0, bits, 3), entries);
    const tables = [sizes, ALL_IN_ONE, table('stco', 1, 9000)];
    const moov = box('moov', trak({ tables }));
    expect(furthest(moov)).toEqual({ track: 1, sample: 3, end: 9000 + sum });
  });

  it.each(['stsz', 'stsc', 'stco'])('say nothing without %s', (missing) => {
    const tables = tablesOf(sizes, [9000], ALL_IN_ONE).filter((each) => !each.includes(missing));
    const { movie } = read(false, box('moov', trak({ tables })));
    expect(movie.end()).toMatchObject({ kind: 'complete' });
  });

  it('say nothing of a track without a header', () => {
    const track = trak({ tables: tablesOf(sizes, [9000], ALL_IN_ONE) });
    const renamed = (type: string): Buffer =>
      Buffer.from(track.toString('latin1').replace(type, 'free'), 'latin1');
    for (const type of ['tkhd', 'minf'])
      expect(read(false, box('moov', renamed(type))).movie.end()).toMatchObject({ kind: 'complete' });
  });
});

describe('the data reference of a chunk', () => {
  const own = box('url ', uint32(1));
  const other = box('url ', uint32(0), 'file:///other.mov');
  const entry = (reference: number): Buffer => box('mp4v', zeros(6), [0, reference], zeros(70));
  const tables = tablesOf([10, 20], [2000, 9000], table('stsc', 2, 1, 1, 1, 2, 1, 2));
  const end = (entries: Buffer[], references: Buffer[]): number =>
    furthest(box('moov', trak({ entries, references, tables }))).end;

  it('counts if it is the file itself', () => {
    expect(end([entry(1), entry(1)], [own, other])).toBe(9020);
  });

  it('does not count if it is another file', () => {
    expect(end([entry(1), entry(2)], [own, other])).toBe(2010);
    expect(end([entry(2), entry(1)], [own, other])).toBe(9020);
  });

  it('counts if it is missing or has no flags', () => {
    expect(end([entry(1), entry(3)], [own, other])).toBe(9020);
    expect(end([entry(1), entry(2)], [own, box('url ')])).toBe(9020);
    expect(end([entry(1), box('mp4v', zeros(7))], [own])).toBe(9020);
    expect(end([entry(1)], [own])).toBe(9020);
  });

  it('is another file even without its name', () => {
    expect(end([entry(1), entry(2)], [own, box('url ', uint32(0))])).toBe(2010);
  });

  it('is not read after the 256th', () => {
    const stsc = table('stsc', 2, 1, 1, 1, 2, 1, 257);
    const moovOf = (count: number): Buffer => {
      const entries = Array.from({ length: count }, (_, index) => entry(index === count - 1 ? 2 : 1));
      return box(
        'moov',
        trak({ entries, references: [own, other], tables: tablesOf([10, 20], [2000, 90_000], stsc) }),
      );
    };
    expect(furthest(moovOf(257))).toMatchObject({ end: 90_020 });
  });
});

describe('boxes inside a moov', () => {
  const tables = tablesOf([10, 20], [9000], ALL_IN_ONE);

  it('may have 64-bit sizes', () => {
    const inside = trak({ tables }).subarray(8);
    expect(furthest(box('moov', largeBox('free', zeros(5)), largeBox('trak', inside)))).toMatchObject({
      end: 9030,
    });
  });

  it('end with their parent if they are too long', () => {
    const track = trak({ tables });
    track.writeUInt32BE(track.length + 1000, 0);
    const after = trak({ id: 2, tables: tablesOf([10], [90_000], ALL_IN_ONE) });
    expect(furthest(box('moov', track), box('free', after))).toEqual({ track: 1, sample: 2, end: 9030 });
  });

  it.each([
    ['a size less than a header', bytes(uint32(7), 'free')],
    ['a 64-bit size less than a header', bytes(uint32(1), 'free', uint64(15n))],
    ['a 64-bit size that is cut', bytes(uint32(1), 'free', zeros(7))],
    ['too few bytes for a header', zeros(7)],
  ])('are read up to %s', (_what, end) => {
    const moov = box('moov', trak({ tables }), end);
    expect(furthest(moov)).toMatchObject({ track: 1, end: 9030 });
  });
});

describe('the time of damage', () => {
  const stts = table('stts', 2, 1, 100, 2, 50);
  const tables = [table('stsz', 9, 3), table('stco', 1, MEDIA_AT), ALL_IN_ONE, stts];

  /** Damages one of the samples, and returns when that one begins. */
  function secondsOf(sample: number, parts: TrackParts): number | undefined {
    const { movie, all } = read(true, box('moov', trak({ tables, ...parts })));
    const late = movie.lateMedia();
    late?.push(all.fill(0, MEDIA_AT + (sample - 1) * 9, MEDIA_AT + sample * 9), 0);
    expect(late?.damage).toMatchObject({ track: 1, sample, byte: MEDIA_AT + (sample - 1) * 9 });
    return late?.damage?.seconds;
  }

  it.each([0, 1] as const)('is the sum of the durations before it, with headers of version %i', (version) => {
    expect([1, 2, 3].map((sample) => secondsOf(sample, { version }))).toEqual([0, 1, 1.5]);
    expect(secondsOf(3, { version, timescale: 1000 })).toBe(0.15);
  });

  it('is 0 in a track without a timescale', () => {
    expect(secondsOf(3, { timescale: 0 })).toBe(0);
  });

  it('is counted as far as the durations are known', () => {
    const short = [...tables.slice(0, 3), table('stts', 1, 1, 100)];
    expect(secondsOf(3, { tables: short })).toBe(1);
    expect(secondsOf(3, { tables: tables.slice(0, 3) })).toBe(0);
  });
});

describe('a fragment', () => {
  const trex = (description: number, duration: number, size: number): Buffer =>
    table('trex', 1, description, duration, size, 0);
  const moovWith = (...mvex: readonly Part[]): Buffer =>
    box('moov', timed('mvhd', 0, 100), trak({ entries: [AVC_ENTRY, AVC_ENTRY] }), box('mvex', ...mvex));
  const flagged = (type: string, flags: number, ...fields: readonly number[]): Buffer =>
    box(type, numbers(flags, ...fields));

  /** The end of the last sample, counted from the moof, and the duration of all. */
  function endOf(
    moov: Buffer,
    ...boxes: readonly Buffer[]
  ): { end: number; sample: number; seconds: number } {
    const moof = box('moof', box('traf', ...boxes));
    const { end, sample } = furthest(moov, moof);
    const { movie } = read(false, moov, moof);
    const at = FTYP.length + MDAT.length + moov.length;
    return { end: end - at, sample, seconds: movie.fragmentSeconds ?? 0 };
  }

  const MOOF_IS_BASE = 0x2_0000;
  const plain = flagged('tfhd', MOOF_IS_BASE, 1);

  it('has the sizes and durations of trex where it has none itself', () => {
    const trun = flagged('trun', 0x1, 3, 5000);
    expect(endOf(moovWith(trex(1, 50, 70)), plain, trun)).toEqual({ end: 5210, sample: 3, seconds: 1.5 });
  });

  it('may have other sizes and durations in its header', () => {
    const moov = moovWith(trex(1, 50, 70));
    const trun = flagged('trun', 0x1, 3, 5000);
    const all = flagged('tfhd', MOOF_IS_BASE | 0x2 | 0x8 | 0x10, 1, 2, 20, 30);
    expect(endOf(moov, all, trun)).toEqual({ end: 5090, sample: 3, seconds: 0.6 });
    const duration = flagged('tfhd', MOOF_IS_BASE | 0x8, 1, 20);
    expect(endOf(moov, duration, trun)).toEqual({ end: 5210, sample: 3, seconds: 0.6 });
    const size = flagged('tfhd', MOOF_IS_BASE | 0x10, 1, 30);
    expect(endOf(moov, size, trun)).toEqual({ end: 5090, sample: 3, seconds: 1.5 });
  });

  it('may have them for each sample, with flags and time offsets between', () => {
    const moov = moovWith(trex(1, 50, 70));
    const all = flagged('trun', 0x1 | 0x4 | 0xf00, 2, 5000, 99, 10, 100, 0, 0, 20, 200, 0, 0);
    expect(endOf(moov, plain, all)).toEqual({ end: 5300, sample: 2, seconds: 0.3 });
    const sizes = flagged('trun', 0x1 | 0x200 | 0x800, 2, 5000, 100, 7, 200, 7);
    expect(endOf(moov, plain, sizes)).toEqual({ end: 5300, sample: 2, seconds: 1 });
    const durations = flagged('trun', 0x1 | 0x100 | 0x400, 2, 5000, 10, 7, 20, 7);
    expect(endOf(moov, plain, durations)).toEqual({ end: 5140, sample: 2, seconds: 0.3 });
  });

  it('may continue where the run before ended', () => {
    const first = flagged('trun', 0x1, 2, 5000);
    const second = flagged('trun', 0, 3);
    const result = { end: 5350, sample: 5, seconds: 2.5 };
    expect(endOf(moovWith(trex(1, 50, 70)), plain, first, second)).toEqual(result);
  });

  it('may begin at an offset of 64 bits', () => {
    const at = FTYP.length + MDAT.length;
    const base = flagged('tfhd', 0x1, 1, 1, 5);
    const moov = moovWith(trex(1, 50, 70));
    expect(endOf(moov, base, flagged('trun', 0, 1)).end + at + moov.length).toBe(2 ** 32 + 5 + 70);
  });

  it('is malformed where it begins before the file', () => {
    const moof = box('moof', box('traf', plain, flagged('trun', 0x1, 1, -100_000)));
    const { movie } = read(false, moovWith(trex(1, 50, 70)), moof);
    expect(movie.malformed?.reason).toBe("box 'trun' points to before the start of the file");
  });

  it('may have samples before its moof', () => {
    const trun = flagged('trun', 0x1, 1, -50);
    const moof = box('moof', box('traf', plain, trun));
    const { movie } = read(false, moovWith(trex(1, 50, 9)), moof);
    expect(movie.end()).toMatchObject({ kind: 'complete' });
  });

  it('names no samples with a count of 0', () => {
    const moof = box('moof', box('traf', plain, flagged('trun', 0x1, 0, 100)));
    expect(read(false, moovWith(trex(1, 50, 9)), moof).movie.end()).toEqual({
      kind: 'cut',
      reason: "the last fragment has no 'mdat'",
    });
  });

  it('adds to the duration of the samples in the moov', () => {
    const tables = tablesOf([9, 9, 9], [MEDIA_AT], ALL_IN_ONE);
    const moov = box('moov', trak({ tables }), box('mvex', trex(1, 50, 9)));
    expect(read(false, moov).movie.fragmentSeconds).toBe(0.3);
    const { movie } = read(false, moov, box('moof', box('traf', plain, flagged('trun', 0x1, 2, -90))));
    expect(movie.fragmentSeconds).toBe(1.3);
  });

  it('has no defaults of another track', () => {
    const other = table('trex', 2, 1, 20, 30, 0);
    const trun = flagged('trun', 0x1, 3, 5000);
    expect(endOf(moovWith(trex(1, 50, 70), other), plain, trun)).toMatchObject({ end: 5210, seconds: 1.5 });
  });

  it('says nothing of a track that the moov does not have', () => {
    const moov = moovWith(trex(1, 50, 70));
    const unknown = box('traf', flagged('tfhd', MOOF_IS_BASE, 9), flagged('trun', 0x1, 1, 90_000));
    const known = box('traf', plain, flagged('trun', 0x1, 1, 5000));
    expect(furthest(moov, box('moof', unknown, known))).toMatchObject({ track: 1, sample: 1 });
  });

  it.each([
    [0, [500]],
    [1, [0, 500]],
  ] as const)('has a duration of the complete film in mehd of version %i', (version, duration) => {
    const mehd = box('mehd', [version, 0, 0, 0], numbers(...duration));
    const { movie } = read(false, moovWith(mehd, trex(1, 50, 9)), box('moof', box('mfhd', zeros(8))));
    expect(movie.promisedSeconds).toBe(5);
  });

  it.each([
    ['without mehd', moovWith(trex(1, 50, 9))],
    ['with a mehd of 0', moovWith(table('mehd', 0))],
    ['without a timescale', box('moov', box('mvex', table('mehd', 500)))],
  ])('has no known duration of the complete film %s', (_what, moov) => {
    expect(read(false, moov).movie.promisedSeconds).toBeNull();
  });
});

describe('an index of segments', () => {
  const moov = box('moov', box('mvex'));
  const reference = (size: number): number[] => [size, 100, 0];
  const sidx = (version: 0 | 1, offset: number, ...sizes: readonly number[]): Buffer =>
    box(
      'sidx',
      [version, 0, 0, 0],
      zeros(8 + (version === 1 ? 12 : 4)),
      numbers(offset, sizes.length, ...sizes.flatMap(reference)),
    );

  it.each([0, 1] as const)('of version %i says where the last segment ends', (version) => {
    const { movie, all } = read(false, moov, sidx(version, 40, 100, 200));
    const totalBytes = all.length + 340;
    expect(movie.progress(null)).toEqual({ kind: 'bytes', totalBytes, mayGrow: true });
    expect(movie.end()).toEqual({
      kind: 'cut',
      reason: "the segments that 'sidx' names end 340 bytes past the end of the file",
    });
  });

  it('does not count the flag in a size', () => {
    const { movie, all } = read(false, moov, sidx(0, 0, 0x8000_0064, 200));
    expect(movie.progress(null)).toMatchObject({ totalBytes: all.length + 300 });
  });

  it('is not of the complete film if it has one segment, or another goes further', () => {
    expect(read(false, moov, sidx(0, 0, 300)).movie.progress(null)).toBeNull();
    const further = read(false, moov, sidx(0, 0, 100, 200), box('moof'), sidx(0, 0, 900));
    expect(further.movie.progress(null)).toBeNull();
    const within = read(false, moov, sidx(0, 0, 100, 200), box('moof'), sidx(0, 0, 50));
    expect(within.movie.progress(null)).toMatchObject({ kind: 'bytes' });
    const segment = sidx(0, 0, 0).length;
    const same = read(false, moov, sidx(0, 0, 100, 200), box('moof'), sidx(0, 0, 300 - 8 - segment));
    expect(same.movie.progress(null)).toMatchObject({ kind: 'bytes' });
    expect(read(false, moov, box('moof'), sidx(0, 0, 100, 200)).movie.progress(null)).toBeNull();
  });

  it('of the complete film is the one that goes furthest', () => {
    const { movie, all } = read(false, moov, sidx(0, 0, 100, 900), sidx(0, 0, 100, 200));
    const second = sidx(0, 0, 100, 200).length;
    expect(movie.progress(null)).toMatchObject({ totalBytes: all.length - second + 1000 });
  });
});

describe('the order of media', () => {
  /** A film with its moov first, and the offset of its media. */
  function moovFirst(
    moovFor: (mediaAt: number) => Buffer,
    ...media: readonly Part[]
  ): { all: Buffer; at: number } {
    const at = FTYP.length + moovFor(0).length + 8;
    return { all: bytes(FTYP, moovFor(at), box('mdat', ...media)), at };
  }

  function deep(all: Buffer): MovieReader {
    const movie = new MovieReader(true);
    movie.push(all);
    return movie;
  }

  const chunked = (samples: number, offsets: readonly number[]): Buffer[] => [
    table('stsz', 9, samples),
    table('stco', offsets.length, ...offsets),
    table('stsc', 1, 1, 3, 1),
    table('stts', 1, samples, 10),
  ];

  it.each([
    [0, '3 samples overlap others and were not checked'],
    [9, '2 samples overlap others and were not checked'],
    [5, '3 samples overlap others and were not checked'],
    [22, '1 sample overlaps another and was not checked'],
  ])('leaves out samples that overlap others by chunks that are %i bytes apart', (apart, note) => {
    const { all } = moovFirst(
      (mediaAt) => box('moov', trak({ tables: chunked(6, [mediaAt, mediaAt + apart]) })),
      ...Array.from({ length: 6 }, () => SAMPLE),
    );
    expect(deep(all).end()).toMatchObject({ kind: 'complete', notes: [note] });
  });

  it('checks a sample after those that overlap', () => {
    const { all, at } = moovFirst(
      (mediaAt) => box('moov', trak({ tables: chunked(6, [mediaAt, mediaAt + 9]) })),
      ...Array.from({ length: 6 }, () => SAMPLE),
    );
    const { damage } = deep(all.fill(0, at + 27, at + 36)).media;
    expect(damage).toMatchObject({ sample: 6, byte: at + 27 });
  });

  it('does not matter for tracks that alternate, or for chunks in reverse', () => {
    const samples = Array.from({ length: 12 }, () => SAMPLE);
    const { all, at } = moovFirst(
      (mediaAt) => {
        const [a, b, c, d] = [0, 27, 54, 81].map((offset) => mediaAt + offset) as [
          number,
          number,
          number,
          number,
        ];
        return box(
          'moov',
          trak({ id: 1, tables: chunked(6, [c, a]) }),
          trak({ id: 2, tables: chunked(6, [b, d]) }),
        );
      },
      ...samples,
    );
    expect(deep(all).media.damage).toBeNull();
    const damageAt = (offset: number) =>
      deep(Buffer.from(all).fill(0, at + offset, at + offset + 9)).media.damage;
    expect(damageAt(0)).toMatchObject({ track: 1, sample: 4 });
    expect(damageAt(27)).toMatchObject({ track: 2, sample: 1 });
    expect(damageAt(72)).toMatchObject({ track: 1, sample: 3 });
    expect(damageAt(99)).toMatchObject({ track: 2, sample: 6 });
  });

  it('is too much to check for over half a million chunks that are not in order', () => {
    const offsets = Buffer.alloc(500_001 * 4);
    offsets.writeUInt32BE(1, 0);
    const stco = box('stco', numbers(0, 500_001), offsets);
    const tables = [table('stsz', 9, 500_001), stco, table('stsc', 1, 1, 1, 1)];
    const { movie } = read(true, box('moov', trak({ tables })));
    expect(movie.end()).toMatchObject({
      kind: 'complete',
      notes: ['there are too many chunks: their media was not checked'],
    });
  });

  it('does not matter for over half a million chunks that are', () => {
    const stco = box('stco', numbers(0, 500_001), Buffer.alloc(500_001 * 4));
    const tables = [table('stsz', 9, 500_001), stco, table('stsc', 1, 1, 1, 1)];
    const { movie } = read(true, box('moov', trak({ tables })));
    expect(movie.lateMedia()).not.toBeNull();
    expect(movie.end()).toMatchObject({ kind: 'complete', notes: [] });
  });

  it('may be the reverse of that of the runs in a fragment', () => {
    const moov = box('moov', trak({}), box('mvex', table('trex', 1, 1, 10, 9, 0)));
    const moofAt = (offset: number): Buffer =>
      box(
        'moof',
        box(
          'traf',
          box('tfhd', numbers(1, 1, 0, offset)),
          box('trun', numbers(1, 1, 9)),
          box('trun', numbers(1, 1, 0)),
        ),
      );
    const first = bytes(FTYP, moov, box('mdat', SAMPLE, SAMPLE), moofAt(FTYP.length + moov.length + 8));
    const at = FTYP.length + moov.length + moofAt(0).length + 8;
    const last = bytes(FTYP, moov, moofAt(at), box('mdat', SAMPLE, SAMPLE));
    for (const [all, mediaAt] of [
      [first, FTYP.length + moov.length + 8],
      [last, at],
    ] as const) {
      for (const [offset, sample] of [
        [0, 2],
        [9, 1],
      ] as const) {
        const damaged = Buffer.from(all).fill(0, mediaAt + offset, mediaAt + offset + 9);
        const movie = deep(damaged);
        const again = movie.lateMedia();
        again?.push(damaged, 0);
        expect(movie.media.damage ?? again?.damage).toMatchObject({ sample, byte: mediaAt + offset });
      }
      const again = deep(all).lateMedia();
      again?.push(all, 0);
      expect(deep(all).media.damage).toBeNull();
      expect([again?.damage ?? null, again?.overlapping ?? 0]).toEqual([null, 0]);
    }
  });

  it('makes media late that a later fragment puts before an earlier one', () => {
    const moov = box('moov', trak({}), box('mvex', table('trex', 1, 1, 10, 9, 0)));
    const moofAt = (offset: number): Buffer =>
      box('moof', box('traf', box('tfhd', numbers(1, 1, 0, offset)), box('trun', numbers(0, 1))));
    const at = FTYP.length + moov.length + 2 * moofAt(0).length + 8;
    const all = bytes(FTYP, moov, moofAt(at + 9), moofAt(at), box('mdat', SAMPLE, SAMPLE));
    for (const [offset, sample, late] of [
      [0, 2, true],
      [9, 1, false],
    ] as const) {
      const damaged = Buffer.from(all).fill(0, at + offset, at + offset + 9);
      const movie = deep(damaged);
      const again = movie.lateMedia();
      again?.push(damaged, 0);
      expect(late ? again?.damage : movie.media.damage).toMatchObject({ sample, byte: at + offset });
    }
    expect(deep(all).lateMedia()).not.toBeNull();
    expect(deep(all).media.damage).toBeNull();
  });
});

describe('progress', () => {
  it('counts a fragment when its moof has come, if its media came before', () => {
    const { bytes: all, fragments } = fragmentedFilm({ base: 'absolute', mediaFirst: true });
    for (const [index, { end }] of fragments.entries()) {
      const movie = new MovieReader();
      movie.push(all.subarray(0, end));
      expect(movie.progress(2)).toEqual({ kind: 'time', share: expect.closeTo(0.2 * (index + 1)) });
    }
  });
});

describe('a reader that checks the media', () => {
  it('needs no more of the file once it is damaged, or has no more samples', () => {
    const { bytes: all, chunks } = film({ moov: 'first' });
    const damaged = new MovieReader(true);
    damaged.push(
      Buffer.from(all)
        .fill(0, chunks[0], (chunks[0] as number) + 9)
        .subarray(0, -50),
    );
    expect(damaged.media.damage).not.toBeNull();
    expect(damaged.skippable).toBe(50);
    const intact = new MovieReader(true);
    intact.push(all.subarray(0, -50));
    expect(intact.skippable).toBe(50);
  });

  it('does not check the media unless that is asked for', () => {
    const { bytes: all, fragments } = fragmentedFilm();
    const movie = new MovieReader(false);
    movie.push(Buffer.from(all).fill(0, (fragments[0]?.mdatAt as number) + 8, fragments[0]?.end));
    expect([movie.media.damage, movie.lateMedia()]).toEqual([null, null]);
  });
});
