import { describe, expect, it } from 'vitest';
import { type CheckRules, sniff, wrongFormat } from '../../src/download/sniff.ts';
import { BodyError, TruncatedError } from '../../src/errors.ts';
import type { Container } from '../../src/isobmff/signature.ts';
import { box, bytes, FTYP, type Part, uint32 } from '../isobmff/bytes.ts';

const FULL: CheckRules = { level: 'full', container: 'mp4' };
const ANY: CheckRules = { level: 'full', container: 'any' };
const NONE: CheckRules = { level: 'none', container: 'mp4' };

/** Enough bytes to identify anything. */
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

const NO_VIDEO = 'the original itself may not be a video; --verify none downloads it as it is';

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
    expect(sniff(first, false, rules)).toEqual({ kind: 'accepted', container, brand });
    expect(sniff(first, true, rules)).toEqual({ kind: 'accepted', container, brand });
  });

  it.each<[string, Uint8Array, CheckRules, string, string]>([
    [
      'Matroska, by its first bytes',
      MATROSKA,
      FULL,
      'not_mp4',
      'to download it as it is, use --container any',
    ],
    ['WebM, by its first bytes', WEBM, FULL, 'not_mp4', 'to download it as it is, use --container any'],
    ['AVI, by its first bytes', AVI, FULL, 'not_mp4', 'to download it as it is, use --container any'],
    [
      'QuickTime without ftyp, by its first bytes',
      QUICKTIME,
      { level: 'ftyp', container: 'mp4' },
      'not_mp4',
      'to download it as it is, use --container any',
    ],
    ['no known video format, by its first bytes', GARBAGE, FULL, 'not_video', NO_VIDEO],
    ['no known video format, by its first bytes', GARBAGE, ANY, 'not_video', NO_VIDEO],
    [
      'HTML, a web page',
      HTML,
      FULL,
      'not_video',
      'check --base-url, and whether a proxy or a sign-in page intercepts the connection',
    ],
    [
      'HTML, a web page',
      HTML,
      NONE,
      'not_video',
      'check --base-url, and whether a proxy or a sign-in page intercepts the connection',
    ],
  ])('are refused as %s (%#)', (what, first, rules, code, hint) => {
    const opening = sniff(first, false, rules);
    expect(opening).toMatchObject({
      kind: 'refused',
      error: { exitCode: 5, code, message: `not an MP4: it is ${what}`, hint, retryable: false },
    });
    expect(opening.kind === 'refused' && opening.error).toBeInstanceOf(BodyError);
  });

  it.each([FULL, ANY, { level: 'ftyp', container: 'mp4' } as const])(
    'are refused with an ftyp of an impossible size',
    (rules) => {
      expect(sniff(ODD_FTYP, false, rules)).toMatchObject({
        kind: 'refused',
        error: {
          exitCode: 5,
          code: 'not_mp4',
          message: 'not an MP4: its ftyp box has an impossible size (5 bytes)',
          hint: 'the original itself may be damaged; --verify none downloads it as it is',
        },
      });
    },
  );

  it.each([FULL, ANY, NONE])('are recognized as JSON, whatever the rules', (rules) => {
    expect(sniff(JSON_TEXT, false, rules)).toEqual({ kind: 'json' });
    expect(sniff(bytes('{"code":"0001"}'), true, rules)).toEqual({ kind: 'json' });
    expect(sniff(bytes('{}'), true, rules)).toEqual({ kind: 'json' });
  });

  it('are refused as not a video when the JSON is not from the API', () => {
    expect(wrongFormat('json')).toMatchObject({
      code: 'not_video',
      message: 'not an MP4: it is JSON, by its first bytes',
      hint: 'check --base-url, and whether a proxy responds instead of the API',
    });
  });

  it('are collected until they suffice', () => {
    for (const [body, enough] of [
      [FTYP, FTYP.length],
      [MATROSKA, 512],
      [JSON_TEXT, 512],
      [ODD_FTYP, 8],
    ] as const) {
      for (let length = 0; length < enough; length += 1) {
        expect(sniff(body.subarray(0, length), false, FULL)).toEqual({ kind: 'more' });
      }
      expect(sniff(body.subarray(0, enough), false, FULL).kind).not.toBe('more');
    }
  });

  const cutShort =
    'the server ended the response early; if this happens again, the original itself may be truncated: --verify none downloads it as it is';

  it.each<[string, Uint8Array, string, string]>([
    [
      'nothing came',
      new Uint8Array(0),
      'the video is empty',
      'if this happens again, the original itself may be empty: see mavi list',
    ],
    ['one byte came', bytes('x'), 'the video is truncated after 1 byte, inside its first box', cutShort],
    [
      'five bytes came',
      bytes('tiny!'),
      'the video is truncated after 5 bytes, inside its first box',
      cutShort,
    ],
    [
      'half an ftyp came',
      FTYP.subarray(0, 20),
      'the video is truncated after 20 bytes, inside its first box',
      cutShort,
    ],
  ])('mean a truncated body when %s and it ends', (_what, first, message, hint) => {
    for (const rules of [FULL, ANY, { level: 'ftyp', container: 'any' } as const]) {
      const opening = sniff(first, true, rules);
      expect(opening).toMatchObject({ kind: 'refused', error: { message, hint, lengthBytes: first.length } });
      expect(opening.kind === 'refused' && opening.error).toBeInstanceOf(TruncatedError);
    }
  });

  it('may be few at level none, but not zero', () => {
    expect(sniff(bytes('tiny!'), true, NONE)).toEqual({
      kind: 'accepted',
      container: null,
      brand: null,
    });
    expect(sniff(FTYP.subarray(0, 20), true, NONE)).toMatchObject({
      kind: 'accepted',
      container: null,
    });
    expect(sniff(bytes('{}'), true, NONE)).toEqual({ kind: 'json' });
    expect(sniff(new Uint8Array(0), true, NONE)).toMatchObject({
      kind: 'refused',
      error: { code: 'truncated', message: 'the video is empty' },
    });
    expect(sniff(bytes('tiny!'), false, NONE)).toEqual({ kind: 'more' });
  });
});
