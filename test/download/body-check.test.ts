import { describe, expect, it } from 'vitest';
import { BodyCheck, type KnownSizes, type Proof } from '../../src/download/body-check.ts';
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

/** As many bytes as suffice to name anything. */
function padded(...parts: readonly Part[]): Buffer {
  return bytes(...parts, new Uint8Array(600));
}

const MATROSKA = padded([0x1a, 0x45, 0xdf, 0xa3], 'matroska');
const AVI = padded('RIFF', uint32(600), 'AVI LIST');
const GARBAGE = padded('nothing that anybody knows');

const MDAT = box('mdat', new Uint8Array(50).fill(0x76));
const MOVIE = bytes(FTYP, MOOV, MDAT);
const FRAGMENTED = bytes(FTYP, FRAGMENTED_MOOV, box('moof'), MDAT);
const UNTOLD: KnownSizes = { transferSize: null, listedSize: null };

function checkOf(level: Level, container: Container | null, ...chunks: readonly Uint8Array[]): BodyCheck {
  const check = new BodyCheck(level, container);
  for (const chunk of chunks) check.push(chunk);
  return check;
}

function proofOf(
  level: Level,
  container: Container | null,
  body: Uint8Array,
  sizes: Partial<KnownSizes> = {},
): Proof {
  return checkOf(level, container, body).end({ ...UNTOLD, ...sizes });
}

describe('a body is proved', () => {
  it.each<[Level, Container | null, Uint8Array, string]>([
    ['full', 'mp4', MOVIE, 'every box whole'],
    ['full', 'mp4', FRAGMENTED, 'every box whole'],
    ['full', 'quicktime', bytes(MOOV, MDAT), 'every box whole'],
    ['full', 'matroska', MATROSKA, 'the file signature'],
    ['ftyp', 'mp4', MOVIE.subarray(0, 60), 'the ftyp box'],
    ['ftyp', 'mp4', bytes(FTYP, uint32(5), 'mdat'), 'the ftyp box'],
    ['ftyp', 'quicktime', MOOV, 'the file signature'],
    ['ftyp', 'avi', AVI, 'the file signature'],
    ['none', 'mp4', MOVIE.subarray(0, 60), 'nothing of the video itself'],
    ['none', 'matroska', MATROSKA, 'nothing of the video itself'],
    ['none', null, GARBAGE, 'nothing of the video itself'],
  ])('at level %s as %s (%#)', (level, container, body, verified) => {
    expect(proofOf(level, container, body)).toEqual({ verified, warnings: [] });
    const sizes = { transferSize: body.length, listedSize: body.length };
    expect(proofOf(level, container, body, sizes)).toEqual({
      verified: `${verified}, length as announced, size as listed`,
      warnings: [],
    });
  });

  it('with a warning of junk behind its last box', () => {
    expect(proofOf('full', 'mp4', bytes(MOVIE, new Uint8Array(11)))).toEqual({
      verified: 'every box whole',
      warnings: ['11 bytes after the last box are no box'],
    });
  });

  it('the same however it is cut into chunks', () => {
    for (const body of [MOVIE, FRAGMENTED, bytes(MOVIE, 'junk')]) {
      const expected = proofOf('full', 'mp4', body);
      expect(checkOf('full', 'mp4', ...oneByOne(body)).end(UNTOLD)).toEqual(expected);
      for (let offset = 0; offset <= body.length; offset += 7) {
        expect(checkOf('full', 'mp4', ...cutAt(body, [offset])).end(UNTOLD)).toEqual(expected);
      }
    }
  });
});

describe('a body is not proved', () => {
  it.each<[string, Uint8Array, string]>([
    ['in its mdat', MOVIE.subarray(0, -1), "box 'mdat' lacks 1 bytes"],
    ['before its mdat', bytes(FTYP, MOOV), "no 'mdat' box came"],
    ['before its moov', bytes(FTYP, MDAT), "no 'moov' box came"],
  ])('when it is cut %s', (_where, body, reason) => {
    const attempt = () => proofOf('full', 'mp4', body);
    expect(attempt).toThrow(TruncatedError);
    expect(attempt).toThrow(
      expect.objectContaining({
        exitCode: 5,
        message: `the video is cut after ${body.length} bytes: ${reason}`,
        lengthBytes: body.length,
      }),
    );
  });

  it('as soon as its boxes cannot be', () => {
    const check = new BodyCheck('full', 'mp4');
    check.push(FTYP);
    const attempt = () => check.push(bytes(uint32(5), 'mdat'));
    expect(attempt).toThrow(BodyError);
    expect(attempt).toThrow(
      expect.objectContaining({
        exitCode: 5,
        code: 'malformed',
        message: `the video's boxes are broken: box 'mdat' claims a size of 5 bytes at byte ${FTYP.length}`,
        hint: 'the original itself may be damaged; --verify ftyp takes it as it is',
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
  ])('that is %s is a warning where the boxes prove the end', (_what, listedSize) => {
    expect(proofOf('full', 'mp4', MOVIE, { listedSize })).toEqual({
      verified: 'every box whole',
      warnings: [warning(MOVIE.length, listedSize)],
    });
  });

  it.each<[string, Level, Container | null, Uint8Array]>([
    ['a fragmented file', 'full', 'mp4', FRAGMENTED],
    ['a box to the end', 'full', 'mp4', bytes(FTYP, MOOV, openBox('mdat', 'x'))],
    ['another container', 'full', 'matroska', MATROSKA],
    ['level ftyp', 'ftyp', 'mp4', MOVIE],
    ['level none', 'none', null, GARBAGE],
  ])('decides where the boxes do not prove the end: %s', (_what, level, container, body) => {
    const longer = () => proofOf(level, container, body, { listedSize: body.length + 1 });
    expect(longer).toThrow(TruncatedError);
    expect(longer).toThrow(
      expect.objectContaining({
        message: `the video is cut: ${body.length} bytes came, and the library lists ${body.length + 1}`,
        hint: 'if it comes so again, the listed size may be wrong: mavi download without --lookup does not ask for it',
        lengthBytes: body.length,
      }),
    );
    const { warnings } = proofOf(level, container, body, { listedSize: body.length - 1 });
    expect(warnings).toEqual([warning(body.length, body.length - 1)]);
  });
});

describe('while a body comes', () => {
  it('its bytes are counted, read or skipped', () => {
    const check = checkOf('full', 'mp4', MOVIE.subarray(0, -30));
    expect(check.bytes).toBe(MOVIE.length - 30);
    expect(check.skippable).toBe(30);
    check.skip(30);
    expect(check.bytes).toBe(MOVIE.length);
    expect(check.end(UNTOLD).verified).toBe('every box whole');
  });

  it('what nobody looks into may be skipped without end', () => {
    const check = checkOf('full', 'matroska', MATROSKA);
    expect(check.skippable).toBe(Number.POSITIVE_INFINITY);
    check.skip(1000);
    expect(check.bytes).toBe(MATROSKA.length + 1000);
  });

  it('its boxes tell its size as soon as they can, and whether it may grow', () => {
    const check = checkOf('full', 'mp4', FTYP);
    expect(check.sizeByBoxes).toBeNull();
    check.push(MDAT.subarray(0, 8));
    expect(check.sizeByBoxes).toEqual({ bytes: FTYP.length + MDAT.length, mayGrow: true });
    check.push(bytes(MDAT.subarray(8), MOOV));
    expect(check.sizeByBoxes).toEqual({ bytes: MOVIE.length, mayGrow: false });
  });

  it('its boxes tell its size at every level, and that of no other container', () => {
    expect(checkOf('none', 'mp4', MOVIE).sizeByBoxes).toEqual({ bytes: MOVIE.length, mayGrow: false });
    expect(checkOf('full', 'matroska', MOVIE).sizeByBoxes).toBeNull();
    expect(checkOf('none', null, MOVIE).sizeByBoxes).toBeNull();
    expect(checkOf('full', 'quicktime', bytes(MOOV, MDAT)).sizeByBoxes).toMatchObject({ mayGrow: false });
  });

  it('broken boxes are no matter at the levels that do not look at them', () => {
    const broken = bytes(FTYP, uint32(5), 'mdat');
    expect(() => checkOf('ftyp', 'mp4', broken)).not.toThrow();
    expect(() => checkOf('none', 'mp4', broken)).not.toThrow();
    expect(() => checkOf('full', 'matroska', broken)).not.toThrow();
  });
});
