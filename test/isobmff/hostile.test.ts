/** Files made to exhaust or confuse: a clear verdict, in time and memory of their own bytes, at any cut. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { MOST_KEPT_BYTES } from '../../src/isobmff/boxes.ts';
import { MovieReader } from '../../src/isobmff/movie.ts';
import { box, bytes, cutAt, type Part, uint32, uint64 } from './bytes.ts';
import { FILM_FTYP, film, fragmentedFilm, withUint32 } from './films.ts';

/** All that is said of a file, read in these chunks. */
function look(chunks: readonly Uint8Array[]): unknown[] {
  const movie = new MovieReader(true);
  let failed: unknown = null;
  for (const chunk of chunks) {
    movie.push(chunk);
    failed ??= movie.malformed ?? movie.damage;
  }
  if (movie.film.hasLateMedia) movie.film.lateMedia().push(bytes(...chunks), 0);
  return failed === null ? [movie.end(), movie.progress, movie.film.times] : ['failed'];
}

const zeros = (count: number): Uint8Array => new Uint8Array(count);
const MDAT = box('mdat', zeros(64));

/** A `moov` with one video track of these tables. */
function moovOf(...tables: readonly Part[]): Buffer {
  const stsd = box(
    'stsd',
    uint32(0),
    uint32(1),
    box('avc1', zeros(78), box('avcC', [1, 66, 0, 30, 0xff, 0xe0, 0])),
  );
  const minf = box('minf', box('vmhd', zeros(12)), box('stbl', stsd, ...tables));
  const tkhd = box('tkhd', uint32(7), zeros(8), uint32(1), zeros(68));
  return box('moov', box('mvhd', zeros(100)), box('trak', tkhd, box('mdia', box('mdhd', zeros(24)), minf)));
}

const table = (type: string, ...fields: readonly Part[]): Buffer => box(type, uint32(0), ...fields);
const MOST = 0xffff_ffff;
const STTS = table('stts', uint32(1), uint32(MOST), uint32(MOST));

describe('tables that claim more than they hold', () => {
  it.each<[string, Buffer, string]>([
    [
      'sizes',
      table('stsz', uint32(0), uint32(MOST)),
      "box 'stsz' claims 4294967295 entries, more than it has room for",
    ],
    [
      'small sizes',
      table('stz2', uint32(4), uint32(MOST)),
      "box 'stz2' claims 4294967295 entries, more than it has room for",
    ],
    [
      'sizes of no known width',
      table('stz2', uint32(7), uint32(1), [0]),
      "box 'stz2' claims entries of 7 bits",
    ],
  ])('are malformed: %s', (_what, sizes, reason) => {
    const rest = [
      table('stsc', uint32(1), uint32(1), uint32(1), uint32(1)),
      table('stco', uint32(1), uint32(100)),
      STTS,
    ];
    const movie = new MovieReader();
    movie.push(bytes(FILM_FTYP, moovOf(sizes, ...rest), MDAT));
    expect(movie.end()).toEqual({ kind: 'malformed', reason, at: FILM_FTYP.length });
  });

  it.each(['stsc', 'stco', 'co64', 'stts'])('are malformed: %s', (type) => {
    const tables: Record<string, Buffer> = {
      stsz: table('stsz', uint32(5), uint32(1)),
      stsc: table('stsc', uint32(1), uint32(1), uint32(1), uint32(1)),
      [type === 'co64' ? 'co64' : 'stco']: table('stco', uint32(1), uint32(100)),
      stts: STTS,
      [type]: table(type, uint32(MOST), zeros(40)),
    };
    const movie = new MovieReader();
    movie.push(bytes(FILM_FTYP, moovOf(...Object.values(tables)), MDAT));
    expect(movie.malformed?.reason).toBe(
      `box '${type}' claims 4294967295 entries, more than it has room for`,
    );
  });

  it('are malformed in a fragment and in an index too', () => {
    const { bytes: all } = fragmentedFilm({ sidx: 'of all' });
    for (const [type, distance] of [
      ['trun', 8],
      ['sidx', 24],
    ] as const) {
      const movie = new MovieReader();
      movie.push(withUint32(all, all.indexOf(type) + distance, 0xffff));
      expect(movie.malformed?.reason).toBe(`box '${type}' claims 65535 entries, more than it has room for`);
    }
  });
});

describe('tables that cost nothing to write', () => {
  const stsc = (perChunk: number): Buffer => table('stsc', uint32(1), uint32(1), uint32(perChunk), uint32(1));

  it.each([
    ['2^32 samples of one size in one chunk', table('stsz', uint32(1), uint32(MOST)), MOST],
    ['2^32 samples of the largest size', table('stsz', uint32(MOST), uint32(MOST)), MOST],
    ['2^32 samples of one size, each in a chunk', table('stsz', uint32(8), uint32(MOST)), 1],
  ] as const)('take no time: %s', (_what, sizes, perChunk) => {
    const moov = moovOf(sizes, stsc(perChunk), table('stco', uint32(2), uint32(0), uint32(0)), STTS);
    const movie = new MovieReader(true);
    movie.push(bytes(FILM_FTYP, moov, MDAT));
    if (movie.film.hasLateMedia) movie.film.lateMedia().push(bytes(FILM_FTYP, moov, MDAT), 0);
    expect(movie.end().kind).not.toBe('malformed');
  });

  it('take no time: 2^32 samples of no size in a fragment', () => {
    const { bytes: all, fragments } = fragmentedFilm();
    const trun = box('trun', uint32(0), uint32(MOST));
    const traf = box('traf', box('tfhd', uint32(0x10), uint32(1), uint32(0)), trun);
    const movie = new MovieReader(true);
    movie.push(bytes(all.subarray(0, fragments[0]?.end), box('moof', traf), MDAT));
    expect(movie.end().kind).toBe('whole');
  });

  it('take no time: millions of chunks at one place', () => {
    const count = 1_000_000;
    const moov = moovOf(
      table('stsz', uint32(8), uint32(count)),
      stsc(1),
      table('stco', uint32(count), Buffer.alloc(4 * count, 1)),
      STTS,
    );
    const all = bytes(FILM_FTYP, moov, MDAT);
    expect(look([all])).toEqual([
      { kind: 'cut', reason: expect.stringMatching(/^sample 1 of track 1 ends/) },
      expect.anything(),
      expect.anything(),
    ]);
  });

  it('take no time: a moov of empty boxes, and one of boxes within boxes', () => {
    const empty = Buffer.alloc(8_000_000);
    for (let at = 0; at < empty.length; at += 8) {
      empty.writeUInt32BE(8, at);
      empty.write('trak', at + 4, 'latin1');
    }
    const nested = Buffer.alloc(8_000_000);
    for (let at = 0; at < nested.length; at += 8) {
      nested.writeUInt32BE(nested.length - at, at);
      nested.write('trak', at + 4, 'latin1');
    }
    for (const inside of [empty, nested])
      expect(look([bytes(FILM_FTYP, box('moov', inside), MDAT)])).toHaveLength(3);
  });

  it('are refused with more tracks than any film has', () => {
    const trak = moovOf().subarray(8 + 108);
    const movie = new MovieReader();
    const traks = Array.from({ length: 1001 }, (_, index) =>
      withUint32(trak, trak.indexOf('tkhd') + 16, index),
    );
    movie.push(bytes(FILM_FTYP, box('moov', ...traks), MDAT));
    expect(movie.malformed?.reason).toBe('there are more than 1000 tracks');
  });
});

describe('a moov that is too large to look into', () => {
  it('is said, and is no failure; nothing of it is kept', () => {
    const movie = new MovieReader(true);
    const size = MOST_KEPT_BYTES + 9;
    movie.push(bytes(FILM_FTYP, uint32(size), 'moov'));
    const chunk = zeros(1024 * 1024);
    for (let left = size - 8; left > 0; left -= chunk.length) movie.push(chunk.subarray(0, left));
    movie.push(MDAT);
    expect(movie.end()).toEqual({
      kind: 'whole',
      endProven: true,
      junkBytes: 0,
      notes: ["box 'moov' is larger than 128 MiB: its sample tables were not checked"],
    });
  });

  it('takes memory for what has come alone, whatever it claims', () => {
    const before = process.memoryUsage().arrayBuffers;
    const movies = Array.from({ length: 100 }, () => {
      const movie = new MovieReader();
      movie.push(bytes(FILM_FTYP, uint32(MOST_KEPT_BYTES), 'moov', zeros(1000)));
      return movie;
    });
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(MOST_KEPT_BYTES);
    for (const movie of movies) expect(movie.end()).toMatchObject({ kind: 'cut' });
  });
});

const SEEDS = [
  film({ moov: 'first' }, { frames: 6, framesPerChunk: 3 }).bytes,
  film({ moov: 'last' }, { frames: 6, framesPerChunk: 3, codec: 'hevc', wide: true }).bytes,
  fragmentedFilm({ frames: 6, framesPerFragment: 3, sidx: 'of all', mfra: true }).bytes,
  fragmentedFilm({ frames: 6, framesPerFragment: 3, base: 'absolute', mediaFirst: true, announced: 1 }).bytes,
];

/** A film with numbers written over, parts taken out and parts doubled. */
const spoilt = fc
  .record({
    seed: fc.constantFrom(...SEEDS),
    writes: fc.array(
      fc.record({
        at: fc.nat(),
        value: fc.constantFrom(0, 1, 7, 8, 16, 255, 0x7fff_ffff, 0x8000_0000, MOST),
      }),
      { maxLength: 6 },
    ),
    from: fc.nat(),
    length: fc.nat(40),
    again: fc.boolean(),
  })
  .map(({ seed, writes, from, length, again }) => {
    const copy = Buffer.from(seed);
    for (const { at, value } of writes) copy.writeUInt32BE(value, at % (copy.length - 4));
    const start = from % copy.length;
    const end = again ? start - length : start + length;
    return bytes(copy.subarray(0, start), copy.subarray(Math.max(0, end)));
  });

describe('for any spoilt film', () => {
  it('there is a verdict, the same at every cut', () => {
    fc.assert(
      fc.property(spoilt, fc.array(fc.nat(), { maxLength: 3 }), (all, cuts) => {
        const offsets = cuts.map((cut) => cut % (all.length + 1));
        expect(look(cutAt(all, offsets))).toEqual(look([all]));
      }),
      { numRuns: 600 },
    );
  });

  it('a cut film is never proved whole by its tables', () => {
    const whole = film({ moov: 'first' }, { frames: 6, framesPerChunk: 3 });
    for (let length = 0; length < whole.bytes.length; length += 1)
      expect(look([whole.bytes.subarray(0, length)])[0]).toMatchObject({ kind: 'cut' });
    const open = withUint32(whole.bytes, whole.mdatAt, 0);
    for (let length = 0; length < open.length; length += 1)
      expect(look([open.subarray(0, length)])[0]).toMatchObject({ kind: 'cut' });
  });
});

it('a size of 64 bits that no number holds is no place in a file', () => {
  const { bytes: all } = film({ moov: 'first' }, { wide: true });
  const at = all.indexOf('co64') + 12;
  const far = Buffer.from(all);
  far.set(uint64(2n ** 64n - 1n), at);
  expect(look([far])[0]).toMatchObject({ kind: 'cut' });
});
