/** What the sample tables prove, for each way in which a film may be unusual, cut or damaged. */
import { describe, expect, it } from 'vitest';
import { MovieReader, type MovieVerdict } from '../../src/isobmff/movie.ts';
import { box, bytes, largeBox, openBox, type Part, uint32, uint64 } from './bytes.ts';
import { film, fragmentedFilm, withUint32 } from './films.ts';

const FIRST = film({ moov: 'first' });
const LAST = film({ moov: 'last' });

function verdictOf(...chunks: readonly Uint8Array[]): MovieVerdict {
  const movie = new MovieReader();
  for (const chunk of chunks) movie.push(chunk);
  return movie.end();
}

const COMPLETE = { kind: 'complete', endProven: true, junkBytes: 0, notes: [] };

function cut(reason: string): MovieVerdict {
  return { kind: 'cut', reason };
}

/** The media's size 0, "to the end of the file". */
function openEnded({ bytes: all, mdatAt }: { bytes: Buffer; mdatAt: number }): Buffer {
  return withUint32(all, mdatAt, 0);
}

describe('what is appended to a complete film', () => {
  it.each<[string, Part]>([
    ['a dashcam’s GPS log', bytes('C'.repeat(14), 'GPSDATA--20240711120412', new Uint8Array(40))],
    ['an APE tag', bytes('APETAGEX', new Uint8Array(64))],
    ['an ID3v1 tag', bytes('TAGHoliday 2024', new Uint8Array(113))],
    ['NMEA lines', '$GPRMC,120412,A,4807.038,N*6A\r\n$GPGGA,120413\r\n'],
    ['a line of JSON', '{"device":"cam","files":[1,2,3]}\n'],
    ['spaces', ' '.repeat(64)],
    ['zeros', new Uint8Array(4096)],
    ['four bytes', [0, 0, 0, 1]],
    ['a box of an unknown type with an impossible size', bytes(uint32(5), 'abcd', 'more')],
    ['half a 64-bit size of an unknown type', bytes(uint32(1), 'abcd', [0, 0])],
    ['padding of an impossible size', bytes(uint32(3), 'free', 'rest')],
    ['padding of an impossible 64-bit size', bytes(uint32(1), 'skip', uint64(2n ** 60n), 'rest')],
  ])('is junk: %s', (_what, tail) => {
    for (const { bytes: all } of [FIRST, LAST]) {
      expect(verdictOf(bytes(all, tail))).toEqual({ ...COMPLETE, junkBytes: bytes(tail).length });
    }
  });

  it('is a cut box with the name of a known one', () => {
    for (const type of ['free', 'skip', 'udta', 'uuid', 'mdat', 'meta', 'mfra', 'sidx', 'styp', 'emsg']) {
      const tail = bytes(uint32(1000), type, new Uint8Array(20));
      expect(verdictOf(bytes(FIRST.bytes, tail))).toEqual(
        cut(`box '${type}' lacks 972 bytes; all samples are complete, only this box is short`),
      );
    }
  });

  it('is malformed with the name of a box that matters and an impossible size', () => {
    expect(verdictOf(bytes(FIRST.bytes, uint32(3), 'mdat'))).toMatchObject({ kind: 'malformed' });
  });

  it('is a cut before the movie is complete', () => {
    expect(verdictOf(bytes(FIRST.bytes.subarray(0, FIRST.moovAt), ' '.repeat(64))).kind).toBe('cut');
  });
});

describe('a box of an unprintable type', () => {
  const odd = bytes(uint32(0x4b), [0x2d, 0, 0, 0], new Uint8Array(67).fill(7));
  const text = box('\xa9xyz', 'somewhere');
  const wide = largeBox('\0\0\0\x01', 'x'.repeat(50));

  it.each<[string, Part]>([
    ['zeros in its type', odd],
    ['a copyright sign in its type', text],
    ['a 64-bit size', wide],
    ['other such boxes beside it', bytes(odd, text, wide)],
  ])('with %s is skipped, wherever it is', (_what, part) => {
    for (const moov of ['first', 'last'] as const) {
      expect(verdictOf(film({ moov, beforeMoov: part }).bytes)).toEqual(COMPLETE);
      expect(verdictOf(film({ moov, beforeMdat: part }).bytes)).toEqual(COMPLETE);
      expect(verdictOf(film({ moov, atEnd: part }).bytes)).toEqual(COMPLETE);
    }
  });

  it('is junk unless a known box follows or the file ends', () => {
    expect(verdictOf(bytes(FIRST.bytes, odd, 'no box'))).toEqual({ ...COMPLETE, junkBytes: odd.length + 6 });
    expect(verdictOf(bytes(FIRST.bytes, odd.subarray(0, -1)))).toEqual({
      ...COMPLETE,
      junkBytes: odd.length - 1,
    });
    expect(verdictOf(bytes(FIRST.bytes, odd, box('abcd')))).toEqual({ ...COMPLETE, junkBytes: 0 });
    expect(verdictOf(bytes(FIRST.bytes, odd, uint32(4), 'mdat'))).toEqual({
      ...COMPLETE,
      junkBytes: odd.length + 8,
    });
    expect(verdictOf(bytes(FIRST.bytes, odd, openBox('\xa9xyz')))).toEqual({
      ...COMPLETE,
      junkBytes: odd.length + 8,
    });
  });
});

describe('the samples say where the media ends', () => {
  it.each([
    ['offsets of 32 bits', {}],
    ['offsets of 64 bits', { wide: true }],
    ['sizes of 16 bits', { sizeBits: 16 }],
    ['sizes of 8 bits', { sizeBits: 8 }],
    ['sizes of 4 bits', { sizeBits: 4, unitBytes: 4 }],
    ['a chunk for each sample', { framesPerChunk: 1 }],
    ['one chunk', { framesPerChunk: 50 }],
  ] as const)('in tables with %s', (_what, options) => {
    const { bytes: all, mdatAt } = film({ moov: 'first' }, options);
    expect(verdictOf(all)).toEqual(COMPLETE);
    expect(verdictOf(openEnded({ bytes: all, mdatAt }))).toEqual(COMPLETE);
    // A fixed size of 4 bits cannot hold the samples of every table, so the last one is the audio's.
    const short = openEnded({ bytes: all, mdatAt }).subarray(0, -7);
    expect(verdictOf(short)).toEqual(cut('sample 50 of track 2 ends 7 bytes past the end of the file'));
  });

  it('where the last box extends to the end of the file', () => {
    const all = openEnded(FIRST);
    for (const missing of [1, 20, 2000]) {
      const text = missing === 1 ? '1 byte' : `${missing} bytes`;
      expect(verdictOf(all.subarray(0, -missing))).toEqual(
        cut(`sample 50 of track 2 ends ${text} past the end of the file`),
      );
    }
  });

  it('where the size of the last box was shortened together with the file', () => {
    const short = withUint32(FIRST.bytes, FIRST.mdatAt, FIRST.bytes.length - FIRST.mdatAt - 2000);
    expect(verdictOf(short.subarray(0, -2000))).toEqual(
      cut('sample 50 of track 2 ends 2000 bytes past the end of the file'),
    );
  });

  it('where a second mdat is lost, or all of it but the first bytes of its header', () => {
    const split = film({ moov: 'first', splitAtChunk: 6 });
    expect(verdictOf(split.bytes)).toEqual(COMPLETE);
    const secondAt = (split.chunks[6] as number) - 8;
    for (const extra of [0, 4, 7, 8]) {
      expect(verdictOf(split.bytes.subarray(0, secondAt + extra))).toMatchObject({
        kind: 'cut',
        reason: expect.stringMatching(/^sample 50 of track 2 ends [\d,]+ bytes past the end of the file$/),
      });
    }
  });

  it('where a moov to the end comes last', () => {
    const { bytes: all, moovAt } = LAST;
    expect(verdictOf(withUint32(all, moovAt, 0))).toEqual(COMPLETE);
  });

  it('and accept an mdat that is a few bytes shorter than its samples', () => {
    const { bytes: all, mdatAt } = film({ moov: 'first', atEnd: box('free', new Uint8Array(8)) });
    const short = withUint32(all, mdatAt, all.length - 16 - mdatAt - 8);
    expect(verdictOf(short).kind).toBe('complete');
  });

  it('unless they are in another file', () => {
    const all = openEnded(film({ moov: 'first' }, { external: true }));
    expect(verdictOf(all.subarray(0, -7))).toEqual(
      cut('sample 50 of track 2 ends 7 bytes past the end of the file'),
    );
    const noAudio = film({ moov: 'first' }, { external: true, framesPerChunk: 50 });
    const videoOnly = openEnded(noAudio).subarray(0, noAudio.chunks[1]);
    expect(verdictOf(videoOnly)).toMatchObject({
      reason: expect.stringMatching(/^sample 50 of track 2 ends 550/),
    });
  });
});

describe('a fragmented film', () => {
  const UNPROVEN = { ...COMPLETE, endProven: false };

  it.each([
    ['bases at its moofs', { base: 'moof' }],
    ['absolute bases', { base: 'absolute' }],
    ['no bases', { base: 'implicit' }],
    ['each mdat before its moof', { base: 'absolute', mediaFirst: true }],
    ['an index for each segment', { sidx: 'of each' }],
  ] as const)('is complete with %s, but its end is not proven', (_what, options) => {
    const { bytes: all } = fragmentedFilm(options);
    expect(verdictOf(all)).toEqual(UNPROVEN);
    const short = fragmentedFilm({ ...options, mediaFirst: false });
    const last = short.fragments.at(-1) as { mdatAt: number };
    const size = short.bytes.length - last.mdatAt - 100;
    expect(verdictOf(withUint32(short.bytes, last.mdatAt, size).subarray(0, -100))).toEqual(
      cut('sample 50 of track 2 ends 100 bytes past the end of the file'),
    );
  });

  it('has a proven end with an index of all, or with an mfra', () => {
    expect(verdictOf(fragmentedFilm({ sidx: 'of all' }).bytes)).toEqual(COMPLETE);
    expect(verdictOf(fragmentedFilm({ mfra: true }).bytes)).toEqual(COMPLETE);
    const { bytes: all, fragments } = fragmentedFilm({ mfra: true });
    const more = all.subarray(fragments.at(-1)?.moofAt, fragments.at(-1)?.end);
    expect(verdictOf(bytes(all, more))).toEqual(UNPROVEN);
  });

  it('is cut at a fragment’s edge if an index names more', () => {
    const { bytes: all, fragments } = fragmentedFilm({ sidx: 'of all' });
    for (const { moofAt } of fragments.slice(1)) {
      const missing = all.length - moofAt;
      expect(verdictOf(all.subarray(0, moofAt))).toEqual(
        cut(`the segments that 'sidx' names end ${missing} bytes past the end of the file`),
      );
    }
  });

  it('is cut one to seven bytes into a header', () => {
    const { bytes: all, fragments } = fragmentedFilm();
    const { moofAt } = fragments.at(-1) as { moofAt: number };
    for (let extra = 1; extra < 8; extra += 1) {
      expect(verdictOf(all.subarray(0, moofAt + extra))).toEqual(
        cut(`the header of the last box lacks ${extra === 7 ? '1 byte' : `${8 - extra} bytes`}`),
      );
    }
    expect(verdictOf(all.subarray(0, moofAt + 8))).toMatchObject({ kind: 'cut' });
    expect(verdictOf(bytes(fragmentedFilm({ mfra: true }).bytes, [0, 0, 0]))).toEqual({
      ...COMPLETE,
      junkBytes: 3,
    });
  });

  it('is cut after a moof whose samples are missing, or that names none', () => {
    const { bytes: all, fragments } = fragmentedFilm();
    const { mdatAt } = fragments.at(-1) as { mdatAt: number };
    expect(verdictOf(all.subarray(0, mdatAt))).toMatchObject({
      kind: 'cut',
      reason: expect.stringMatching(/^sample 50/),
    });
    expect(verdictOf(bytes(all, box('moof', box('mfhd', new Uint8Array(8)))))).toEqual(
      cut("the last fragment has no 'mdat'"),
    );
  });

  it.each([8, 20])('may have junk of %i bytes after it', (junkBytes) => {
    const all = bytes(fragmentedFilm().bytes, new Uint8Array(junkBytes));
    expect(verdictOf(all)).toEqual({ ...UNPROVEN, junkBytes });
  });

  it('with padding of an impossible size is malformed: fragments may follow', () => {
    expect(verdictOf(bytes(fragmentedFilm().bytes, uint32(3), 'free'))).toMatchObject({ kind: 'malformed' });
  });
});

describe('imda is media like mdat', () => {
  it('in a film with or without fragments', () => {
    const renamed = Buffer.from(FIRST.bytes);
    renamed.write('imda', FIRST.mdatAt + 4, 'latin1');
    expect(verdictOf(renamed)).toEqual(COMPLETE);
    expect(verdictOf(renamed.subarray(0, -1)).kind).toBe('cut');
  });
});
