import { describe, expect, it } from 'vitest';
import { readFtyp } from '../../src/isobmff/signature.ts';
import { box, bytes, FTYP, uint32 } from './bytes.ts';

/** An `ftyp` that claims a size and has it. */
function ftypOf(size: number): Buffer {
  return bytes(uint32(size), 'ftyp', 'mp42', new Uint8Array(Math.max(0, size - 12)));
}

describe('the first box', () => {
  it('is an ftyp with its major brand', () => {
    expect(readFtyp(bytes(FTYP, box('moov')))).toEqual({ kind: 'ftyp', brand: 'isom' });
  });

  it.each([16, 20, 32, 4092, 4096])('may be an ftyp of %i bytes', (size) => {
    expect(readFtyp(ftypOf(size))).toEqual({ kind: 'ftyp', brand: 'mp42' });
  });

  it.each([0, 1, 7, 8, 12, 15, 17, 18, 19, 4095, 4097, 4100, 0x7fff_fffc, 0xffff_fffc])(
    'is no plausible ftyp of %i bytes, however many follow',
    (size) => {
      expect(readFtyp(bytes(uint32(size), 'ftyp'))).toEqual({ kind: 'implausible', sizeBytes: size });
    },
  );

  it('needs all its bytes to be an ftyp', () => {
    for (let length = 0; length < FTYP.length; length += 1) {
      expect(readFtyp(FTYP.subarray(0, length))).toEqual({ kind: 'more' });
    }
    expect(readFtyp(FTYP).kind).toBe('ftyp');
  });

  it.each([
    ['another box', box('moov', 'x')],
    ['another case', bytes(uint32(16), 'FTYP', 'isom', uint32(0))],
    ['an ftyp in the second place', bytes(box('free'), FTYP)],
    ['text', bytes('{"code":"0001"}')],
  ])('is something else as %s', (_what, first) => {
    expect(readFtyp(first)).toEqual({ kind: 'other' });
  });

  it('is read at its place in a larger buffer', () => {
    const within = bytes('before', FTYP);
    expect(readFtyp(within.subarray(6))).toEqual({ kind: 'ftyp', brand: 'isom' });
  });

  it('may have a brand of any bytes', () => {
    const strange = bytes(uint32(16), 'ftyp', [0x71, 0x74, 0x20, 0xe9], uint32(0));
    expect(readFtyp(strange)).toMatchObject({ kind: 'ftyp', brand: 'qt \u00e9' });
  });
});
