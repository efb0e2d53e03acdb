/** Files made to exhaust or confuse: a clear verdict, in time and memory of their own bytes, at any cut. */
import { describe, expect, it } from 'vitest';
import { MOST_KEPT_BYTES } from '../../src/isobmff/boxes.ts';
import { MovieReader } from '../../src/isobmff/movie.ts';
import { box, bytes, type Part, uint32, uint64 } from './bytes.ts';
import { FILM_FTYP, film, fragmentedFilm, withUint32 } from './films.ts';

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
    expect(movie.end()).toMatchObject({ kind: 'malformed', reason, start: FILM_FTYP.length });
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

  it('are malformed with room for half of the offsets', () => {
    const tables = [
      table('stsz', uint32(5), uint32(1)),
      table('stsc', uint32(1), uint32(1), uint32(1), uint32(1)),
      table('co64', uint32(2), uint64(100n)),
    ];
    const movie = new MovieReader();
    movie.push(bytes(FILM_FTYP, moovOf(...tables), MDAT));
    expect(movie.malformed?.reason).toBe("box 'co64' claims 2 entries, more than it has room for");
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
    const late = movie.lateMedia();
    expect(late).not.toBeNull();
    late?.push(bytes(FILM_FTYP, moov, MDAT), 0);
    expect(movie.end().kind).not.toBe('malformed');
  });

  it('take no time: 2^32 samples of no size in a fragment', () => {
    const { bytes: all, fragments } = fragmentedFilm();
    const trun = box('trun', uint32(0), uint32(MOST));
    const traf = box('traf', box('tfhd', uint32(0x10), uint32(1), uint32(0)), trun);
    const movie = new MovieReader(true);
    movie.push(bytes(all.subarray(0, fragments[0]?.end), box('moof', traf), MDAT));
    expect(movie.end().kind).toBe('complete');
  });

  it('take no time: a million fragments of a thousand tracks', () => {
    const mdhd = box('mdhd', uint32(0), uint32(0), uint32(0), uint32(1000), uint32(0));
    const track = (id: number): Uint8Array =>
      box('trak', box('tkhd', uint32(0), uint32(0), uint32(0), uint32(id)), box('mdia', mdhd));
    const moov = box('moov', ...Array.from({ length: 1000 }, (_, index) => track(index + 1)));
    const movie = new MovieReader(true);
    movie.push(bytes(FILM_FTYP, moov, Buffer.alloc(8_000_000, box('moof')), MDAT));
    expect(movie.end().kind).toBe('complete');
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
    const movie = new MovieReader(true);
    movie.push(all);
    expect(movie.lateMedia()).toBeNull();
    expect(movie.end()).toMatchObject({ reason: expect.stringMatching(/^sample 1 of track 1 ends/) });
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

describe('fragments that are too large to check', () => {
  it('are a note, not an error', () => {
    const { bytes: all, fragments } = fragmentedFilm({ frames: 10 });
    const head = all.subarray(0, fragments[0]?.moofAt);
    const fragment = all.subarray(fragments[0]?.moofAt);
    const padded = box(
      'moof',
      fragment.subarray(8, fragment.indexOf('mdat') - 4),
      box('free', zeros(2 ** 26)),
    );
    const movie = new MovieReader(true);
    for (const part of [head, padded, MDAT, padded, MDAT]) movie.push(part);
    expect(movie.end()).toMatchObject({
      kind: 'complete',
      notes: ['there are too many fragments: not all of their media was checked'],
    });
  });
});

describe('a moov that is too large to read', () => {
  it('is a note, not an error, and uses no memory', () => {
    const movie = new MovieReader(true);
    const size = MOST_KEPT_BYTES + 9;
    movie.push(bytes(FILM_FTYP, uint32(size), 'moov'));
    const chunk = zeros(1024 * 1024);
    for (let left = size - 8; left > 0; left -= chunk.length) movie.push(chunk.subarray(0, left));
    movie.push(MDAT);
    expect(movie.end()).toEqual({
      kind: 'complete',
      endProven: true,
      junkBytes: 0,
      notes: ["box 'moov' is larger than 128 MiB: its sample tables were not checked"],
    });
  });

  it('takes memory only for the bytes that came, whatever it claims', () => {
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

it('an offset of 64 bits that no number can hold is past the end of the file', () => {
  const { bytes: all } = film({ moov: 'first' }, { wide: true });
  const at = all.indexOf('co64') + 12;
  const far = Buffer.from(all);
  far.set(uint64(2n ** 64n - 1n), at);
  const movie = new MovieReader(true);
  movie.push(far);
  expect(movie.end()).toMatchObject({ kind: 'cut' });
});
