/** Properties of the reader that take many runs: any cut, any damaged film, and millions of boxes. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { MovieReader } from '../../src/isobmff/movie.ts';
import { box, bytes, cutAt } from './bytes.ts';
import { FILM_FTYP, film, fragmentedFilm, withUint32 } from './films.ts';

/** All that is said of a film that is read in these chunks. */
function look(chunks: readonly Uint8Array[]): unknown[] {
  const movie = new MovieReader(true);
  for (const chunk of chunks) movie.push(chunk);
  const late = movie.lateMedia();
  late?.push(bytes(...chunks), 0);
  const { fragmentSeconds, sampleEntries, media } = movie;
  return [movie.end(), movie.progress(2), fragmentSeconds, sampleEntries, media.damage, late?.damage];
}

describe('verdict and progress are the same however the stream is cut', () => {
  const tiny = { frames: 10, framesPerChunk: 5, framesPerFragment: 5, unitBytes: 44 } as const;
  const small = film({ moov: 'first' }, tiny);
  it.each<[string, Buffer]>([
    ['moov first', small.bytes],
    ['moov last', film({ moov: 'last' }, tiny).bytes],
    ['a cut in an open box', withUint32(small.bytes, small.mdatAt, 0).subarray(0, -9)],
    ['a short mdat', withUint32(small.bytes, small.mdatAt, 100).subarray(0, small.mdatAt + 100)],
    ['two mdats, cut between', film({ moov: 'first', splitAtChunk: 2 }, tiny).bytes.subarray(0, -400)],
    ['text behind it', bytes(small.bytes, 'TAGHoliday 2024 and more')],
    ['odd boxes', film({ moov: 'last', beforeMoov: box('\xa9xyz', 'somewhere') }, tiny).bytes],
    ['fragments', fragmentedFilm(tiny).bytes],
    ['fragments with an index', fragmentedFilm({ ...tiny, sidx: 'of all' }).bytes],
    [
      'fragments, media first',
      fragmentedFilm({ ...tiny, base: 'absolute', mediaFirst: true, mfra: true }).bytes,
    ],
    ['fragments, cut in a header', bytes(fragmentedFilm(tiny).bytes, [0, 0, 1])],
  ])('with %s', (_what, all) => {
    const seen = look([all]);
    for (let offset = 0; offset <= all.length; offset += 1) expect(look(cutAt(all, [offset]))).toEqual(seen);
    expect(look(Array.from(all, (_byte, index) => all.subarray(index, index + 1)))).toEqual(seen);
  });
});

const SEEDS = [
  film({ moov: 'first' }, { frames: 6, framesPerChunk: 3 }).bytes,
  film({ moov: 'last' }, { frames: 6, framesPerChunk: 3, codec: 'hevc', wide: true }).bytes,
  fragmentedFilm({ frames: 6, framesPerFragment: 3, sidx: 'of all', mfra: true }).bytes,
  fragmentedFilm({ frames: 6, framesPerFragment: 3, base: 'absolute', mediaFirst: true, announced: 1 }).bytes,
];

/** A film with numbers overwritten, parts removed and parts repeated. */
const damagedFilm = fc
  .record({
    seed: fc.constantFrom(...SEEDS),
    writes: fc.array(
      fc.record({
        at: fc.nat(),
        value: fc.constantFrom(0, 1, 7, 8, 16, 255, 0x7fff_ffff, 0x8000_0000, 0xffff_ffff),
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

/** What is said of a film, but not more than that it failed: how soon that is seen depends on the chunks. */
function lookUntilFailure(chunks: readonly Uint8Array[]): unknown[] {
  const movie = new MovieReader(true);
  for (const chunk of chunks) movie.push(chunk);
  return movie.malformed !== null || movie.media.damage !== null ? ['failed'] : look(chunks);
}

describe('for any damaged film', () => {
  it('the verdict is the same at every cut', () => {
    fc.assert(
      fc.property(damagedFilm, fc.array(fc.nat(), { maxLength: 3 }), (all, cuts) => {
        const offsets = cuts.map((cut) => cut % (all.length + 1));
        expect(lookUntilFailure(cutAt(all, offsets))).toEqual(lookUntilFailure([all]));
      }),
      { numRuns: 600 },
    );
  });

  it('a cut film is never taken for a complete one', () => {
    const intact = film({ moov: 'first' }, { frames: 6, framesPerChunk: 3 });
    for (let length = 0; length < intact.bytes.length; length += 1)
      expect(look([intact.bytes.subarray(0, length)])[0]).toMatchObject({ kind: 'cut' });
    const open = withUint32(intact.bytes, intact.mdatAt, 0);
    for (let length = 0; length < open.length; length += 1)
      expect(look([open.subarray(0, length)])[0]).toMatchObject({ kind: 'cut' });
  });
});

it('a moov of millions of empty boxes, or of boxes within boxes, takes no time', () => {
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
    expect(look([bytes(FILM_FTYP, box('moov', inside), box('mdat', new Uint8Array(64)))])).toHaveLength(6);
});
