import { describe, expect, it } from 'vitest';
import {
  BodyCheck,
  type CheckRules,
  judgeOpening,
  type KnownSizes,
  type Level,
  type Proof,
  refuseSignature,
} from '../../src/download/check.ts';
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

const FULL: CheckRules = { level: 'full', container: 'mp4' };
const ANY: CheckRules = { level: 'full', container: 'any' };
const NONE: CheckRules = { level: 'none', container: 'mp4' };

/** As many bytes as suffice to name anything. */
function padded(...parts: readonly Part[]): Buffer {
  return bytes(...parts, new Uint8Array(600));
}

const MATROSKA = padded([0x1a, 0x45, 0xdf, 0xa3], 'matroska');
const WEBM = padded([0x1a, 0x45, 0xdf, 0xa3], 'webm');
const AVI = padded('RIFF', uint32(600), 'AVI LIST');
const QUICKTIME = padded(box('moov', new Uint8Array(40)));
const HTML = padded('<!DOCTYPE html>');
const JSON_TEXT = padded('{"code":"0001"}');
const GARBAGE = padded('nothing that anybody knows');
const ODD_FTYP = padded(uint32(5), 'ftypisom');

const NO_VIDEO = 'the original itself may be no video; --verify none takes it as it is';

describe('the first bytes of a body', () => {
  it.each<[string, Uint8Array, CheckRules, Container | null, string | null]>([
    ['an ftyp', FTYP, FULL, 'mp4', 'isom'],
    ['an ftyp', FTYP, { level: 'ftyp', container: 'mp4' }, 'mp4', 'isom'],
    ['an ftyp', FTYP, NONE, 'mp4', 'isom'],
    ['an ftyp', FTYP, ANY, 'mp4', 'isom'],
    ['an ftyp whose brand has control characters', box('ftyp', 'a\u001b\tb', uint32(0)), FULL, 'mp4', 'a b'],
    ['Matroska', MATROSKA, ANY, 'matroska', null],
    ['WebM', WEBM, ANY, 'webm', null],
    ['AVI', AVI, ANY, 'avi', null],
    ['QuickTime', QUICKTIME, ANY, 'quicktime', null],
    ['Matroska', MATROSKA, { level: 'ftyp', container: 'any' }, 'matroska', null],
    ['Matroska', MATROSKA, NONE, 'matroska', null],
    ['QuickTime', QUICKTIME, NONE, 'quicktime', null],
    ['anything', GARBAGE, NONE, null, null],
    ['an ftyp of an impossible size', ODD_FTYP, NONE, null, null],
  ])('are accepted as %s (%#)', (_what, first, rules, container, brand) => {
    expect(judgeOpening(first, false, rules)).toEqual({ kind: 'accepted', container, brand });
    expect(judgeOpening(first, true, rules)).toEqual({ kind: 'accepted', container, brand });
  });

  it.each<[string, Uint8Array, CheckRules, string, string]>([
    ['Matroska, by its first bytes', MATROSKA, FULL, 'not_mp4', 'take it as it is with --container any'],
    ['WebM, by its first bytes', WEBM, FULL, 'not_mp4', 'take it as it is with --container any'],
    ['AVI, by its first bytes', AVI, FULL, 'not_mp4', 'take it as it is with --container any'],
    [
      'QuickTime without ftyp, by its first bytes',
      QUICKTIME,
      { level: 'ftyp', container: 'mp4' },
      'not_mp4',
      'take it as it is with --container any',
    ],
    ['no known video format, by its first bytes', GARBAGE, FULL, 'not_video', NO_VIDEO],
    ['no known video format, by its first bytes', GARBAGE, ANY, 'not_video', NO_VIDEO],
    [
      'HTML, a web page',
      HTML,
      FULL,
      'not_video',
      'a proxy or a sign-in page may stand between; check --base-url',
    ],
    [
      'HTML, a web page',
      HTML,
      NONE,
      'not_video',
      'a proxy or a sign-in page may stand between; check --base-url',
    ],
  ])('are refused as %s (%#)', (what, first, rules, code, hint) => {
    const opening = judgeOpening(first, false, rules);
    expect(opening).toMatchObject({
      kind: 'refused',
      error: { exitCode: 5, code, message: `not an MP4: it is ${what}`, hint, retryable: false },
    });
    expect(opening.kind === 'refused' && opening.error).toBeInstanceOf(BodyError);
  });

  it.each([FULL, ANY, { level: 'ftyp', container: 'mp4' } as const])(
    'are refused with an ftyp of an impossible size',
    (rules) => {
      expect(judgeOpening(ODD_FTYP, false, rules)).toMatchObject({
        kind: 'refused',
        error: {
          exitCode: 5,
          code: 'not_mp4',
          message: 'not an MP4: it begins with an ftyp box of an impossible size (5 bytes)',
          hint: 'the original itself may be damaged; --verify none takes it as it is',
        },
      });
    },
  );

  it.each([FULL, ANY, NONE])('are told apart as JSON, whatever the rules', (rules) => {
    expect(judgeOpening(JSON_TEXT, false, rules)).toEqual({ kind: 'json' });
    expect(judgeOpening(bytes('{"code":"0001"}'), true, rules)).toEqual({ kind: 'json' });
  });

  it('are those of no video when the JSON turns out to be nothing of the API', () => {
    expect(refuseSignature('json')).toMatchObject({
      kind: 'refused',
      error: {
        code: 'not_video',
        message: 'not an MP4: it is JSON, by its first bytes',
        hint: 'check --base-url, and whether a proxy stands between',
      },
    });
  });

  it('are waited for until they tell', () => {
    for (const [whole, enough] of [
      [FTYP, FTYP.length],
      [MATROSKA, 512],
      [JSON_TEXT, 512],
      [ODD_FTYP, 8],
    ] as const) {
      for (let length = 0; length < enough; length += 1) {
        expect(judgeOpening(whole.subarray(0, length), false, FULL)).toEqual({ kind: 'more' });
      }
      expect(judgeOpening(whole.subarray(0, enough), false, FULL).kind).not.toBe('more');
    }
  });

  const cutShort =
    'the server ended the answer early; if it does so again, the original itself may be cut: --verify none takes it as it is';

  it.each<[string, Uint8Array, string, string]>([
    [
      'nothing came',
      new Uint8Array(0),
      'the video is empty',
      'if it stays so, the original itself may be empty: see mavi list',
    ],
    ['one byte came', bytes('x'), 'the video is cut after 1 byte, inside its first box', cutShort],
    ['five bytes came', bytes('tiny!'), 'the video is cut after 5 bytes, inside its first box', cutShort],
    [
      'half an ftyp came',
      FTYP.subarray(0, 20),
      'the video is cut after 20 bytes, inside its first box',
      cutShort,
    ],
  ])('are those of a cut body when %s and it ends', (_what, first, message, hint) => {
    for (const rules of [FULL, ANY, { level: 'ftyp', container: 'any' } as const]) {
      const opening = judgeOpening(first, true, rules);
      expect(opening).toMatchObject({ kind: 'refused', error: { message, hint, lengthBytes: first.length } });
      expect(opening.kind === 'refused' && opening.error).toBeInstanceOf(TruncatedError);
    }
  });

  it('may be few at level none, but not none', () => {
    expect(judgeOpening(bytes('tiny!'), true, NONE)).toEqual({
      kind: 'accepted',
      container: null,
      brand: null,
    });
    expect(judgeOpening(FTYP.subarray(0, 20), true, NONE)).toMatchObject({
      kind: 'accepted',
      container: null,
    });
    expect(judgeOpening(bytes('{}'), true, NONE)).toEqual({ kind: 'json' });
    expect(judgeOpening(new Uint8Array(0), true, NONE)).toMatchObject({
      kind: 'refused',
      error: { code: 'truncated', message: 'the video is empty' },
    });
    expect(judgeOpening(bytes('tiny!'), false, NONE)).toEqual({ kind: 'more' });
  });
});

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
