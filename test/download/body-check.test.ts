import { describe, expect, it } from 'vitest';
import { BodyCheck, type KnownFacts, type Proof, type ReadAgain } from '../../src/download/body-check.ts';
import type { Level } from '../../src/download/sniff.ts';
import { BodyError, TruncatedError } from '../../src/errors.ts';
import type { Container } from '../../src/isobmff/signature.ts';
import {
  box,
  bytes,
  cutAt,
  FRAGMENTED_MOOV,
  FTYP,
  MOOV,
  oneByOne,
  openBox,
  type Part,
  uint32,
} from '../isobmff/bytes.ts';
import { film, fragmentedFilm, videoEntry } from '../isobmff/films.ts';

/** Enough bytes to identify anything. */
function padded(...parts: readonly Part[]): Buffer {
  return bytes(...parts, new Uint8Array(600));
}

const MATROSKA = padded([0x1a, 0x45, 0xdf, 0xa3], 'matroska');
const AVI = padded('RIFF', uint32(600), 'AVI LIST');
const GARBAGE = padded('nothing that anybody knows');

const MDAT = box('mdat', new Uint8Array(50).fill(0x76));
const MOVIE = bytes(FTYP, MOOV, MDAT);
const FRAGMENTED = bytes(FTYP, FRAGMENTED_MOOV, box('moof'), MDAT);
const UNTOLD: KnownFacts = { transferSize: null, listedSize: null, listedDuration: null };

function checkOf(level: Level, container: Container | null, ...chunks: readonly Uint8Array[]): BodyCheck {
  const check = new BodyCheck({ level, container: 'any' }, container);
  for (const chunk of chunks) check.push(chunk);
  return check;
}

function proofOf(
  level: Level,
  container: Container | null,
  body: Uint8Array,
  sizes: Partial<KnownFacts> = {},
): Proof {
  return checkOf(level, container, body).end({ ...UNTOLD, ...sizes });
}

describe('a body is verified', () => {
  it.each<[Level, Container | null, Uint8Array, string]>([
    ['full', 'mp4', MOVIE, 'complete MP4'],
    ['full', 'mp4', FRAGMENTED, 'complete MP4'],
    ['full', 'quicktime', bytes(MOOV, MDAT), 'complete QuickTime'],
    ['full', 'matroska', MATROSKA, 'file signature'],
    ['ftyp', 'mp4', MOVIE.subarray(0, 60), 'ftyp box'],
    ['ftyp', 'mp4', bytes(FTYP, uint32(5), 'mdat'), 'ftyp box'],
    ['ftyp', 'quicktime', MOOV, 'file signature'],
    ['ftyp', 'avi', AVI, 'file signature'],
    ['none', 'mp4', MOVIE.subarray(0, 60), 'nothing of the video itself'],
    ['none', 'matroska', MATROSKA, 'nothing of the video itself'],
    ['none', null, GARBAGE, 'nothing of the video itself'],
  ])('at level %s as %s (%#)', (level, container, body, verified) => {
    expect(proofOf(level, container, body)).toEqual({ verified, warnings: [] });
    const sizes = { transferSize: body.length, listedSize: body.length };
    expect(proofOf(level, container, body, sizes)).toEqual({
      verified: `${verified}, length matches Content-Length, size matches the library`,
      warnings: [],
    });
  });

  it('with a warning about junk after its last box', () => {
    expect(proofOf('full', 'mp4', bytes(MOVIE, new Uint8Array(11)))).toEqual({
      verified: 'complete MP4',
      warnings: ['11 stray bytes after the end of the video'],
    });
  });

  it('with a warning about a single byte after its last box', () => {
    expect(proofOf('full', 'mp4', bytes(MOVIE, [0])).warnings).toEqual([
      '1 stray byte after the end of the video',
    ]);
  });

  it('regardless of how it is split into chunks', () => {
    for (const body of [MOVIE, FRAGMENTED, bytes(MOVIE, 'junk')]) {
      const expected = proofOf('full', 'mp4', body);
      expect(checkOf('full', 'mp4', ...oneByOne(body)).end(UNTOLD)).toEqual(expected);
      for (let offset = 0; offset <= body.length; offset += 7) {
        expect(checkOf('full', 'mp4', ...cutAt(body, [offset])).end(UNTOLD)).toEqual(expected);
      }
    }
  });
});

describe('a body is refused', () => {
  it.each<[string, Uint8Array, string]>([
    ['in its mdat', MOVIE.subarray(0, -1), "box 'mdat' lacks 1 byte"],
    ['before its mdat', bytes(FTYP, MOOV), "there is no 'mdat' box"],
    ['before its moov', bytes(FTYP, MDAT), "there is no 'moov' box"],
  ])('when it is truncated %s', (_where, body, reason) => {
    const attempt = () => proofOf('full', 'mp4', body);
    expect(attempt).toThrow(TruncatedError);
    expect(attempt).toThrow(
      expect.objectContaining({
        exitCode: 5,
        message: `the video is truncated after ${body.length} bytes: ${reason}`,
        lengthBytes: body.length,
      }),
    );
  });

  it('as soon as its boxes are malformed', () => {
    const check = new BodyCheck({ level: 'full', container: 'mp4' }, 'mp4');
    check.push(FTYP);
    const attempt = () => check.push(bytes(uint32(5), 'mdat'));
    expect(attempt).toThrow(BodyError);
    expect(attempt).toThrow(
      expect.objectContaining({
        exitCode: 5,
        code: 'malformed',
        message: `the structure of the video is broken: box 'mdat' claims a size of 5 bytes at byte ${FTYP.length}`,
        hint: 'the original itself may be damaged; --verify ftyp downloads it as it is',
        retryable: false,
      }),
    );
    expect(() => check.end(UNTOLD)).toThrow(expect.objectContaining({ code: 'malformed' }));
  });

  it.each<[Level, Container | null]>([
    ['full', 'matroska'],
    ['ftyp', 'mp4'],
    ['none', null],
  ])('when it is empty, at level %s as %s', (level, container) => {
    const attempt = () => proofOf(level, container, new Uint8Array(0));
    expect(attempt).toThrow(TruncatedError);
    expect(attempt).toThrow(expect.objectContaining({ message: 'the video is empty', lengthBytes: 0 }));
  });
});

describe('the size in the library', () => {
  const warning = (came: number, listed: number) => `${came} bytes came, but the library lists ${listed}`;

  it.each([
    ['less than came', MOVIE.length - 1],
    ['more than came', MOVIE.length + 1],
  ])('that is %s is a warning if the boxes tell the end', (_what, listedSize) => {
    expect(proofOf('full', 'mp4', MOVIE, { listedSize })).toEqual({
      verified: 'complete MP4',
      warnings: [warning(MOVIE.length, listedSize)],
    });
  });

  it.each<[string, Level, Container | null, Uint8Array]>([
    ['a fragmented file', 'full', 'mp4', FRAGMENTED],
    ['a box to the end', 'full', 'mp4', bytes(FTYP, MOOV, openBox('mdat', 'x'))],
    ['another container', 'full', 'matroska', MATROSKA],
    ['level ftyp', 'ftyp', 'mp4', MOVIE],
    ['level none', 'none', null, GARBAGE],
  ])('decides if the boxes do not tell the end: %s', (_what, level, container, body) => {
    const longer = () => proofOf(level, container, body, { listedSize: body.length + 1 });
    expect(longer).toThrow(TruncatedError);
    expect(longer).toThrow(
      expect.objectContaining({
        message: `the video is truncated: ${body.length} bytes came, but the library lists ${body.length + 1}`,
        hint: 'if this happens again, the listed size may be wrong: mavi download without --lookup does not use it',
        lengthBytes: body.length,
      }),
    );
    const { warnings } = proofOf(level, container, body, { listedSize: body.length - 1 });
    expect(warnings).toEqual([warning(body.length, body.length - 1)]);
  });
});

describe('while a body is received', () => {
  it('its bytes are counted, read or skipped', () => {
    const check = checkOf('full', 'mp4', MOVIE.subarray(0, -30));
    expect(check.bytes).toBe(MOVIE.length - 30);
    expect(check.skippable).toBe(30);
    check.skip(30);
    expect(check.bytes).toBe(MOVIE.length);
    expect(check.end(UNTOLD).verified).toBe('complete MP4');
  });

  it('a body that is not parsed may be skipped without limit', () => {
    const check = checkOf('full', 'matroska', MATROSKA);
    expect(check.skippable).toBe(Number.POSITIVE_INFINITY);
    check.skip(1000);
    expect(check.bytes).toBe(MATROSKA.length + 1000);
  });

  it('its boxes give its size as early as possible, and whether it may grow', () => {
    const check = checkOf('full', 'mp4', FTYP);
    expect(check.progress(null)).toBeNull();
    check.push(MDAT.subarray(0, 8));
    expect(check.progress(9)).toEqual({
      kind: 'bytes',
      totalBytes: FTYP.length + MDAT.length,
      mayGrow: true,
    });
    check.push(bytes(MDAT.subarray(8), MOOV));
    expect(check.progress(null)).toEqual({ kind: 'bytes', totalBytes: MOVIE.length, mayGrow: false });
  });

  it('its boxes give its size at every level, but not in other containers', () => {
    const known = { kind: 'bytes', totalBytes: MOVIE.length, mayGrow: false };
    expect(checkOf('none', 'mp4', MOVIE).progress(null)).toEqual(known);
    expect(checkOf('full', 'matroska', MOVIE).progress(null)).toBeNull();
    expect(checkOf('none', null, MOVIE).progress(null)).toBeNull();
    expect(checkOf('full', 'quicktime', bytes(MOOV, MDAT)).progress(null)).toMatchObject({ mayGrow: false });
  });

  it('the progress of a fragmented film needs its total duration', () => {
    const { bytes: all, fragments } = fragmentedFilm();
    const check = checkOf('full', 'mp4', all.subarray(0, fragments[1]?.end));
    expect(check.progress(null)).toBeNull();
    expect(check.progress(0)).toBeNull();
    expect(check.progress(2)).toEqual({ kind: 'time', share: expect.closeTo(0.4) });
    expect(check.progress(0.5)).toEqual({ kind: 'time', share: 1 });
    const announced = fragmentedFilm({ announced: 4 });
    const other = checkOf('full', 'mp4', announced.bytes.subarray(0, announced.fragments[1]?.end));
    expect(other.progress(null)).toEqual({ kind: 'time', share: expect.closeTo(0.2) });
    expect(other.progress(2)).toEqual({ kind: 'time', share: expect.closeTo(0.2) });
  });

  it('broken boxes are ignored at the levels that do not check them', () => {
    const broken = bytes(FTYP, uint32(5), 'mdat');
    expect(() => checkOf('ftyp', 'mp4', broken)).not.toThrow();
    expect(() => checkOf('none', 'mp4', broken)).not.toThrow();
    expect(() => checkOf('full', 'matroska', broken)).not.toThrow();
  });
});

describe('the duration', () => {
  const FILM = fragmentedFilm({ frames: 250 }).bytes;
  const announced = (seconds: number) => fragmentedFilm({ frames: 250, announced: seconds }).bytes;
  const plain = film({ moov: 'first' }, { frames: 250 }).bytes;

  it.each<[string, Uint8Array, number | null]>([
    ['it is not listed', FILM, null],
    ['it is 0', FILM, 0],
    ['it is the film’s', FILM, 10],
    ['it is no more than two seconds longer', FILM, 12],
    ['it is no more than two seconds shorter', FILM, 8],
    ['the header announces the same', announced(10), 10],
    ['the film has no fragments, so its samples define its end', plain, 60],
  ])('is accepted when %s', (_what, body, listedDuration) => {
    expect(proofOf('full', 'mp4', body, { listedDuration }).warnings).toEqual([]);
  });

  it('may differ by 2 %', () => {
    const long = fragmentedFilm({ frames: 5000 }).bytes;
    expect(proofOf('full', 'mp4', long, { listedDuration: 204 }).warnings).toEqual([]);
    expect(proofOf('full', 'mp4', long, { listedDuration: 195 }).warnings).toHaveLength(1);
  });

  it.each<[string, Uint8Array, Partial<KnownFacts>, string]>([
    [
      'a listed one that is shorter',
      FILM,
      { listedDuration: 5 },
      'the video lasts 10 s, but the library lists 5.0 s',
    ],
    [
      'an announced one that is shorter',
      announced(5),
      {},
      'the video lasts 10 s, but its header announces 5.0 s',
    ],
    [
      'a listed one that is longer, after a transfer of known length',
      FILM,
      { listedDuration: 75, transferSize: FILM.length },
      'the video lasts 10 s, but the library lists 1 min 15 s',
    ],
    [
      'an announced one that is longer, where the listed size came',
      announced(60),
      { listedSize: announced(60).length },
      'the video lasts 10 s, but its header announces 1 min 00 s',
    ],
  ])('is a warning with both figures: %s', (_what, body, facts, warning) => {
    expect(proofOf('full', 'mp4', body, facts).warnings).toEqual([warning]);
  });

  it.each<[string, Uint8Array, Partial<KnownFacts>, string]>([
    ['a listed one', FILM, { listedDuration: 20 }, 'the video lasts 10 s, but the library lists 20 s'],
    ['an announced one', announced(20), {}, 'the video lasts 10 s, but its header announces 20 s'],
  ])('means a truncated body when no size confirms it: %s that is longer', (_what, body, facts, reason) => {
    expect(() => proofOf('full', 'mp4', body, facts)).toThrow(
      expect.objectContaining({
        code: 'truncated',
        message: `the video is truncated after ${body.length} bytes: ${reason}`,
      }),
    );
  });
});

describe('the media of a body, if it is checked too', () => {
  const FIRST = film({ moov: 'first' });
  const LAST = film({ moov: 'last' });
  const INTACT = 'complete MP4, media intact (avc1; not checked: mp4a)';

  function deepCheck(body: Uint8Array, container: Container = 'mp4'): BodyCheck {
    const check = new BodyCheck({ level: 'full', container: 'any', deep: true }, container);
    check.push(body);
    return check;
  }

  /** Reads a body again, no more than some bytes at once. */
  function reads(body: Uint8Array, atOnce = body.length): ReadAgain {
    return async (position, maxBytes) => body.subarray(position, position + Math.min(atOnce, maxBytes));
  }

  /** The film with one sample overwritten: the 21st, which begins after 0.8 seconds. */
  function damagedFilm({ bytes: all, chunks }: { bytes: Buffer; chunks: readonly number[] }): Buffer {
    return Buffer.from(all).fill(0, chunks[4], (chunks[4] as number) + 20);
  }

  const damageOf = ({ chunks }: { chunks: readonly number[] }) =>
    expect.objectContaining({
      exitCode: 5,
      code: 'damaged',
      message: `the media is damaged: sample 21 of track 1, 0.80 s into the video, at byte ${chunks[4]}`,
      hint: 'the original itself may be damaged; without --deep it is downloaded as it is',
    });

  it('is intact with its moov first or last', async () => {
    for (const { bytes: all } of [FIRST, LAST])
      expect(await deepCheck(all).prove(UNTOLD, reads(all))).toEqual({ verified: INTACT, warnings: [] });
  });

  it('is not called intact before it was read again', async () => {
    expect((await deepCheck(FIRST.bytes).prove(UNTOLD, null)).verified).toBe(INTACT);
    expect((await deepCheck(LAST.bytes).prove(UNTOLD, null)).verified).toBe('complete MP4');
  });

  it('is damaged as soon as that is seen, with its moov first', () => {
    expect(() => deepCheck(damagedFilm(FIRST))).toThrow(damageOf(FIRST));
  });

  it.each([1, 100, 1_000_000])(
    'is damaged if that is seen when it is read again, %i bytes at once',
    async (atOnce) => {
      const all = damagedFilm(LAST);
      await expect(deepCheck(all).prove(UNTOLD, reads(all, atOnce))).rejects.toThrow(damageOf(LAST));
    },
  );

  it('is read again only where it has lengths and types, at most 1 MiB at once', async () => {
    const { bytes: all, chunks } = film({ moov: 'last' }, { frames: 5, unitBytes: 5000 });
    const asked: (readonly [number, number])[] = [];
    await deepCheck(all).prove(UNTOLD, (position, maxBytes) => {
      asked.push([position, maxBytes]);
      return reads(all, 50)(position, maxBytes);
    });
    expect(asked[0]).toEqual([chunks[0], 2 ** 20]);
    expect(asked.length).toBeLessThanOrEqual(7);
  });

  it('ends where nothing more can be read', async () => {
    const { verified } = await deepCheck(LAST.bytes).prove(UNTOLD, reads(LAST.bytes.subarray(0, 1000)));
    expect(verified).toContain('complete MP4');
  });

  it('cannot be checked in a pipe with its moov last, and need not be with its moov first', async () => {
    expect(await deepCheck(LAST.bytes).prove(UNTOLD, null)).toEqual({
      verified: 'complete MP4',
      warnings: ["the media can't be checked in a pipe: its index comes last; download to a file for --deep"],
    });
    expect(await deepCheck(FIRST.bytes).prove(UNTOLD, null)).toEqual({ verified: INTACT, warnings: [] });
  });

  it('keeps the warnings about the rest of the file', async () => {
    const all = bytes(LAST.bytes, new Uint8Array(9));
    const stray = '9 stray bytes after the end of the video';
    expect((await deepCheck(all).prove(UNTOLD, reads(all))).warnings).toEqual([stray]);
    expect((await deepCheck(all).prove(UNTOLD, null)).warnings).toHaveLength(2);
  });

  it('is not looked at unless that is asked for', async () => {
    const all = damagedFilm(FIRST);
    const check = checkOf('full', 'mp4', all);
    expect(await check.prove(UNTOLD, reads(all))).toEqual({ verified: 'complete MP4', warnings: [] });
    expect(await checkOf('full', 'matroska', MATROSKA).prove(UNTOLD, null)).toEqual({
      verified: 'file signature',
      warnings: [],
    });
  });

  it('is named by its formats, those that cannot be checked with a warning if they are video', async () => {
    const entry = bytes(videoEntry({}), videoEntry({ codec: 'hevc' }), box('vp09', new Uint8Array(78)));
    expect(await deepCheck(film({ moov: 'first' }, { entry }).bytes).prove(UNTOLD, null)).toEqual({
      verified: 'complete MP4, media intact (avc1, hvc1; not checked: vp09, mp4a)',
      warnings: ["the media of vp09 video can't be checked"],
    });
  });

  it('is named without others if there are none', async () => {
    const all = Buffer.from(FIRST.bytes);
    all.write('free', all.lastIndexOf('trak'), 'latin1');
    expect((await deepCheck(all).prove(UNTOLD, null)).verified).toBe('complete MP4, media intact (avc1)');
  });

  it('cannot be checked if it is encrypted', async () => {
    const scheme = box('sinf', box('frma', 'avc1'));
    const entry = box('encv', videoEntry({}).subarray(8), scheme);
    expect(await deepCheck(film({ moov: 'first' }, { entry }).bytes).prove(UNTOLD, null)).toEqual({
      verified: 'complete MP4',
      warnings: ["the avc1 video is encrypted: its media can't be checked"],
    });
  });

  it('cannot be checked without video, or in another container', async () => {
    const warnings = ["--deep can't check the media of this video"];
    const audio = Buffer.from(FIRST.bytes);
    audio.write('free', audio.indexOf('trak'), 'latin1');
    expect(await deepCheck(audio).prove(UNTOLD, null)).toEqual({ verified: 'complete MP4', warnings });
    expect(await deepCheck(MATROSKA, 'matroska').prove(UNTOLD, null)).toEqual({
      verified: 'file signature',
      warnings,
    });
  });

  it('is damaged or malformed, whichever comes first, even in one chunk', () => {
    const end = bytes(uint32(5), 'mdat');
    expect(() => deepCheck(bytes(damagedFilm(FIRST), end))).toThrow(damageOf(FIRST));
    expect(() => deepCheck(bytes(FIRST.bytes, end))).toThrow(expect.objectContaining({ code: 'malformed' }));
    const early = film({ moov: 'first', beforeMdat: bytes(uint32(5), 'mdat') });
    expect(() => deepCheck(damagedFilm(early))).toThrow(expect.objectContaining({ code: 'malformed' }));
  });
});
