import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Meter } from '../../src/progress/meter.ts';

const START = 50_000;

function meterAt(receivedBytes: number, totalBytes: number | null, mayGrow = false): Meter {
  const meter = new Meter(START);
  meter.update({ receivedBytes, totalBytes, mayGrow }, START);
  return meter;
}

/** A meter updated with these bytes at these times after the start, in milliseconds. */
function meterOf(samples: readonly [atMs: number, bytes: number][], totalBytes: number | null = null): Meter {
  const meter = new Meter(START);
  for (const [atMs, receivedBytes] of samples) {
    meter.update({ receivedBytes, totalBytes, mayGrow: false }, START + atMs);
  }
  return meter;
}

describe('percent', () => {
  it.each([
    [0, 1000, false, 0],
    [9, 1000, false, 0],
    [10, 1000, false, 1],
    [555, 1000, false, 55],
    [999, 1000, false, 99],
    [1000, 1000, false, 100],
    [1000, 1000, true, 99],
    [1500, 1000, true, 99],
    [1500, 1000, false, 100],
    [1, 3_000_000_000, false, 0],
    [2_999_999_999, 3_000_000_000, false, 99],
  ])('of %i of %i bytes, that may grow: %s, is %i', (received, total, mayGrow, percent) => {
    expect(meterAt(received, total, mayGrow).percent).toBe(percent);
  });

  it('is unknown without a total', () => {
    expect(meterAt(1000, null).percent).toBeNull();
    expect(meterAt(0, 0).percent).toBeNull();
    expect(new Meter(START).percent).toBeNull();
  });

  it.each([
    [0, 0],
    [0.256, 25],
    [0.999, 99],
    [1, 99],
    [1.7, 99],
  ])('follows the playing time if only the duration is known: %d is %i', (timeShare, percent) => {
    const meter = new Meter(START);
    meter.update({ receivedBytes: 1000, totalBytes: null, mayGrow: true, timeShare }, START);
    expect(meter.percent).toBe(percent);
  });

  it("is never over 100, and 100 only when the file is complete and can't grow", () => {
    fc.assert(
      fc.property(fc.nat(), fc.integer({ min: 1 }), fc.boolean(), (receivedBytes, totalBytes, mayGrow) => {
        const { percent } = meterAt(receivedBytes, totalBytes, mayGrow);
        expect(percent).toBeGreaterThanOrEqual(0);
        expect(percent).toBeLessThanOrEqual(100);
        expect(percent === 100).toBe(!mayGrow && receivedBytes >= totalBytes);
      }),
    );
  });

  it('grows with the received bytes', () => {
    const meter = new Meter(START);
    let last = 0;
    for (let receivedBytes = 0; receivedBytes <= 777; receivedBytes += 1) {
      meter.update({ receivedBytes, totalBytes: 777, mayGrow: false }, START + receivedBytes);
      expect(meter.percent).toBeGreaterThanOrEqual(last);
      last = meter.percent ?? 0;
    }
    expect(last).toBe(100);
  });
});

describe('speed', () => {
  it('is unknown before there is enough to measure', () => {
    expect(new Meter(START).speed(START + 60_000)).toBeNull();
    expect(meterOf([[0, 100]]).speed(START + 199)).toBeNull();
    expect(meterOf([[0, 100]]).speed(START + 200)).toBe(0);
  });

  it('is the bytes since the first sample, divided by the time since then', () => {
    expect(
      meterOf([
        [0, 0],
        [1000, 3000],
      ]).speed(START + 1000),
    ).toBe(3000);
    expect(
      meterOf([
        [0, 0],
        [1000, 3000],
      ]).speed(START + 2000),
    ).toBe(1500);
    expect(
      meterOf([
        [0, 500],
        [1000, 3500],
      ]).speed(START + 1000),
    ).toBe(3000);
  });

  it('is that of the last five seconds', () => {
    const meter = meterOf([
      [0, 0],
      [1000, 100_000],
      [2000, 101_000],
      [7000, 106_000],
      [7100, 106_100],
    ]);
    expect(meter.speed(START + 7100)).toBeCloseTo(1000, 6);
  });

  it('falls while no data arrives', () => {
    const meter = meterOf([
      [0, 0],
      [1000, 1000],
    ]);
    expect(meter.speed(START + 4000)).toBe(250);
    expect(meter.speed(START + 1_000_000)).toBe(1);
  });

  it('is measured anew after a request', () => {
    const meter = meterOf([
      [0, 0],
      [1000, 1_000_000],
    ]);
    meter.request(START + 60_000);
    expect(meter.speed(START + 60_100)).toBeNull();
    meter.update({ receivedBytes: 1_002_000, totalBytes: null, mayGrow: false }, START + 61_000);
    expect(meter.speed(START + 61_000)).toBe(2000);
  });

  it('is never negative when a transfer starts over', () => {
    const meter = meterOf([
      [0, 0],
      [1000, 1_000_000],
      [2000, 5000],
      [3000, 10_000],
    ]);
    expect(meter.speed(START + 3000)).toBe(5000);
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.nat(3000), fc.nat(1_000_000))), (steps) => {
        const any = new Meter(START);
        let atMs = START;
        for (const [pauseMs, receivedBytes] of steps) {
          atMs += pauseMs;
          any.update({ receivedBytes, totalBytes: null, mayGrow: true }, atMs);
          expect(any.speed(atMs) ?? 0).toBeGreaterThanOrEqual(0);
        }
      }),
    );
  });
});

describe('time', () => {
  it('left is the missing bytes divided by the current speed', () => {
    expect(
      meterOf(
        [
          [0, 0],
          [1000, 1000],
        ],
        5000,
      ).leftMs(START + 1000),
    ).toBe(4000);
    expect(
      meterOf(
        [
          [0, 0],
          [1000, 5000],
        ],
        5000,
      ).leftMs(START + 1000),
    ).toBe(0);
  });

  it.each<[string, Meter]>([
    [
      'the total is unknown',
      meterOf([
        [0, 0],
        [1000, 1000],
      ]),
    ],
    ['no data has arrived yet', meterOf([[0, 0]], 5000)],
    [
      'no data arrives',
      meterOf(
        [
          [0, 1000],
          [1000, 1000],
        ],
        5000,
      ),
    ],
    [
      'more arrived than expected',
      meterOf(
        [
          [0, 0],
          [1000, 6000],
        ],
        5000,
      ),
    ],
    [
      'it would be more than a hundred days',
      meterOf(
        [
          [0, 0],
          [1000, 1],
        ],
        8_640_002,
      ),
    ],
  ])('left is unknown when %s', (_when, meter) => {
    expect(meter.leftMs(START + 1000)).toBeNull();
  });

  it('left may be a hundred days', () => {
    const meter = meterOf(
      [
        [0, 0],
        [1000, 1],
      ],
      8_640_001,
    );
    expect(meter.leftMs(START + 1000)).toBe(8_640_000_000);
  });

  it('so far is counted from the start', () => {
    expect(new Meter(START).elapsedMs(START)).toBe(0);
    expect(
      meterOf([
        [0, 0],
        [1000, 1000],
      ]).elapsedMs(START + 2500),
    ).toBe(2500);
  });
});

it('a meter has the last reported state', () => {
  const meter = new Meter(START);
  expect(meter.state).toEqual({ receivedBytes: 0, totalBytes: null, mayGrow: true });
  meter.update({ receivedBytes: 5, totalBytes: 10, mayGrow: false }, START);
  expect(meter.state).toEqual({ receivedBytes: 5, totalBytes: 10, mayGrow: false });
});

it('estimates the time left from the playing time if only the duration is known', () => {
  const meter = new Meter(START);
  meter.request(START);
  meter.update({ receivedBytes: 1000, totalBytes: null, mayGrow: true, timeShare: 0.25 }, START + 1000);
  expect(meter.leftMs(START + 1000)).toBe(3000);
});
