import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  bytesText,
  clockText,
  durationText,
  partText,
  speedText,
  timeLeftText,
} from '../../src/progress/text.ts';

const KIB = 1024;
const MIB = 1024 ** 2;
const GIB = 1024 ** 3;
const TIB = 1024 ** 4;
const MINUTE = 60_000;
const HOUR = 3_600_000;

describe('a size', () => {
  it.each([
    [0, '0 bytes'],
    [1, '1 byte'],
    [2, '2 bytes'],
    [1023, '1023 bytes'],
    [1024, '1.0 KiB'],
    [1536, '1.5 KiB'],
    [1023.9 * KIB, '1023.9 KiB'],
    [1023.96 * KIB, '1.0 MiB'],
    [MIB - 1, '1.0 MiB'],
    [MIB, '1.0 MiB'],
    [12.34 * MIB, '12.3 MiB'],
    [GIB, '1.0 GiB'],
    [3 * GIB, '3.0 GiB'],
    [TIB, '1.0 TiB'],
    [5000 * TIB, '5000.0 TiB'],
  ])('of %d bytes is %s', (bytes, text) => {
    expect(bytesText(bytes)).toBe(text);
  });

  it('never shows 1024 of a unit if there is a larger one', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: Number.MAX_SAFE_INTEGER }), (bytes) => {
        const text = bytesText(bytes);
        expect(text).toMatch(/^\d+(\.\d)? (bytes?|[KMGT]iB)$/);
        if (!text.endsWith('TiB')) expect(Number.parseFloat(text)).toBeLessThan(1024);
      }),
    );
  });
});

describe('a speed', () => {
  it.each([
    [0, '0 B/s'],
    [1, '1 B/s'],
    [532, '532 B/s'],
    [1023.4, '1023 B/s'],
    [3.8 * MIB, '3.8 MiB/s'],
    [99.9 * MIB, '99.9 MiB/s'],
    [896 * KIB, '896 KiB/s'],
    [112.4 * MIB, '112 MiB/s'],
    [1.25 * GIB, '1.3 GiB/s'],
  ])('of %d bytes a second is %s', (bytesPerSecond, text) => {
    expect(speedText(bytesPerSecond)).toBe(text);
  });

  it('takes no more than ten characters', () => {
    fc.assert(
      fc.property(fc.double({ min: 0, max: 99 * TIB, noNaN: true }), (bytesPerSecond) => {
        expect(speedText(bytesPerSecond).length).toBeLessThanOrEqual(10);
      }),
    );
  });
});

describe('a duration', () => {
  it.each([
    [-5, '0.0 s'],
    [0, '0.0 s'],
    [420, '0.4 s'],
    [9940, '9.9 s'],
    [9950, '10 s'],
    [13_000, '13 s'],
    [59_499, '59 s'],
    [59_500, '1 min 00 s'],
    [125_000, '2 min 05 s'],
    [HOUR - 501, '59 min 59 s'],
    [HOUR - 500, '1 h 00 min'],
    [62 * MINUTE + 40_000, '1 h 02 min'],
    [30 * HOUR, '30 h 00 min'],
  ])('of %d ms is %s', (ms, text) => {
    expect(durationText(ms)).toBe(text);
  });
});

describe('time left', () => {
  it.each([
    [-1000, '1 s'],
    [0, '1 s'],
    [1, '1 s'],
    [1000, '1 s'],
    [1001, '2 s'],
    [9000, '9 s'],
    [10_000, '10 s'],
    [59_001, '1 min 00 s'],
    [125_000, '2 min 05 s'],
    [2 * HOUR, '2 h 00 min'],
  ])('of %d ms is %s', (ms, text) => {
    expect(timeLeftText(ms)).toBe(text);
  });
});

describe('a clock', () => {
  it.each([
    [-1, '0:00'],
    [0, '0:00'],
    [1, '0:01'],
    [7000, '0:07'],
    [59_001, '1:00'],
    [125_000, '2:05'],
    [HOUR - 1, '1:00:00'],
    [HOUR + 2 * MINUTE + 7000, '1:02:07'],
    [100 * HOUR, '100:00:00'],
  ])('shows %d ms as %s', (ms, text) => {
    expect(clockText(ms)).toBe(text);
  });
});

describe('a part of a total', () => {
  it.each([
    [13.4 * MIB, 48.2 * MIB, '13.4/48.2 MiB'],
    [0, 48.2 * MIB, '0.0/48.2 MiB'],
    [500, 1023, '500/1023 B'],
    [500, 1024, '0.5/1.0 KiB'],
    [512 * KIB, 112 * MIB, '1/112 MiB'],
    [1.234 * GIB, 3 * GIB, '1.23/3.00 GiB'],
    [1.234 * GIB, 30 * GIB, '1.2/30.0 GiB'],
    [MIB, MIB, '1.0/1.0 MiB'],
  ])('of %d of %d bytes is %s', (bytes, ofBytes, text) => {
    expect(partText(bytes, ofBytes)).toBe(text);
  });

  it('takes no more than thirteen characters', () => {
    const pair = fc
      .tuple(fc.nat(), fc.integer({ min: 1, max: 999 * TIB }))
      .map(([part, whole]) => [part % whole, whole]);
    fc.assert(
      fc.property(pair, ([part = 0, whole = 0]) => {
        expect(partText(part, whole).length).toBeLessThanOrEqual(13);
        expect(partText(whole, whole).length).toBeLessThanOrEqual(13);
      }),
    );
  });
});

it.each([Number.POSITIVE_INFINITY, 1e308])(
  'a duration of %d ms, which a listing may claim, is shown as a number',
  (ms) => {
    expect(clockText(ms)).toMatch(/^\d+:\d\d:\d\d$/);
    expect(durationText(ms)).toMatch(/^\d+ h \d\d min$/);
  },
);
