import fc from 'fast-check';
import stringWidth from 'string-width';
import { describe, expect, it } from 'vitest';
import {
  type BatchCounts,
  blockLines,
  type VideoLine,
  type VideoState,
} from '../../src/progress/bar-line.ts';
import { cut, cutMiddle } from '../../src/progress/columns.ts';
import { Meter } from '../../src/progress/meter.ts';
import { type Style, styleFor } from '../../src/progress/text.ts';
import { fakeHost } from '../helpers/fake-host.ts';
import { type ManualClock, manualClock } from '../helpers/manual-clock.ts';

const MIB = 1024 ** 2;
const DAY_MS = 86_400_000;

/** The styles of a colourful terminal, of one without colour, and of one that shows only ASCII. */
const STYLES: readonly Style[] = await Promise.all(
  [
    { TERM: 'xterm', LANG: 'en_US.UTF-8' },
    { TERM: 'xterm', LANG: 'en_US.UTF-8', NO_COLOR: '1' },
    { TERM: 'xterm', LANG: 'C' },
  ].map((env) => styleFor(fakeHost({ cwd: '/', env, stderrIsTTY: true }), true)),
);
const PLAIN = STYLES[1] as Style;

interface Sketch {
  readonly name: string;
  readonly kind: VideoState['kind'];
  readonly receivedBytes: number;
  readonly totalBytes: number | null;
  readonly mayGrow: boolean;
  readonly elapsedMs: number;
}

function lineOf(sketch: Sketch, clock: ManualClock): VideoLine {
  const { name, kind, receivedBytes, totalBytes, mayGrow, elapsedMs } = sketch;
  const now = clock.nowMs();
  const meter = new Meter(now - elapsedMs);
  meter.update({ receivedBytes: 0, totalBytes, mayGrow }, now - Math.min(elapsedMs, 4000));
  meter.update({ receivedBytes, totalBytes, mayGrow }, now);
  const state: VideoState =
    kind === 'waiting' || kind === 'retrying' ? { kind, untilMs: now + elapsedMs } : { kind };
  return { name, state, meter };
}

function linesOf(
  sketches: readonly Sketch[],
  columns: number,
  style: Style,
  counts: Partial<BatchCounts> | null = null,
  rows = 50,
): readonly string[] {
  const clock = manualClock();
  const running = sketches.map((sketch) => lineOf(sketch, clock));
  const longestName = Math.max(0, ...running.map(({ name }) => stringWidth(name)));
  const all: BatchCounts = {
    done: 1,
    failed: 0,
    total: 5,
    bytes: MIB,
    totalBytes: null,
    startedMs: clock.ticksMs() - 60_000,
    startDelayMs: () => 0,
    ...counts,
  };
  return blockLines(
    { counts: counts === null ? null : all, running, longestName },
    columns,
    rows,
    clock,
    style,
  );
}

const kinds = ['requesting', 'receiving', 'finishing', 'waiting', 'retrying'] as const;
const HALF: Sketch = {
  name: 'VI625239098370850816.mp4',
  kind: 'receiving',
  receivedBytes: 24 * MIB,
  totalBytes: 48 * MIB,
  mayGrow: false,
  elapsedMs: 4000,
};

describe('the line of a video', () => {
  it('shows name, bar, percent, size, speed and time on a wide terminal', () => {
    const [line] = linesOf([HALF], 120, PLAIN);
    expect(line).toMatch(/^VI625239098370850816\.mp4 +█+░+ +50 % +24\.0\/48\.0 MiB +6\.0 MiB\/s +0:04 left$/);
    expect(line?.match(/█/g)).toHaveLength((line?.match(/░/g) ?? []).length);
  });

  it('shows 100 % for a complete file, and 99 % while it may grow', () => {
    const all = { ...HALF, receivedBytes: HALF.totalBytes as number };
    expect(linesOf([all], 80, PLAIN)[0]).toMatch(/ 100 %/);
    expect(linesOf([{ ...all, mayGrow: true }], 80, PLAIN)[0]).toMatch(/ 99 %/);
    expect(linesOf([{ ...all, receivedBytes: all.receivedBytes + 9, mayGrow: true }], 80, PLAIN)[0]).toMatch(
      / 99 %/,
    );
  });

  it('includes the rate limit in the time left of a batch', () => {
    const startDelayMs = (n: number): number => (n === 17 ? 90_000 : Number.NaN);
    const counts = { done: 12, total: 30, bytes: 12 * MIB, totalBytes: 30 * MIB, startDelayMs };
    const [line] = linesOf([HALF], 100, PLAIN, counts);
    expect(line).toMatch(/^12 of 30 videos .* 1:30 left$/);
  });

  it('shows no percentage and no time left if the total is unknown', () => {
    const [line] = linesOf([{ ...HALF, totalBytes: null }], 80, PLAIN);
    expect(line).not.toMatch(/%|left/);
    expect(line).toMatch(/24\.0 MiB .*0:04 so far$/);
  });

  it.each(kinds)('says what the video is doing, even in 40 columns (%s)', (kind) => {
    for (const columns of [40, 80]) {
      const [line] = linesOf([{ ...HALF, kind }], columns, PLAIN);
      expect(line).toMatch(/requesting|\d %|flush|limit|retry/);
    }
  });

  it('keeps both ends of a long name', () => {
    const name = 'a very long name of a recording from the first of December, part 17.mp4';
    expect(linesOf([{ ...HALF, name }], 60, PLAIN)[0]).toMatch(/^a very.*….*17\.mp4 /);
  });
});

const anyName = fc.oneof(
  fc.constantFrom(
    'VI625239098370850816.mp4',
    '日本語のとても長い名前のビデオファイル、第一部.mp4',
    '🎬🎥📹 family 👨‍👩‍👧‍👦 and flags 🇨🇭🇯🇵🇧🇷, a long walk at the lake.mp4',
    'e\u0301'.repeat(40),
    '👩🏽‍🚀'.repeat(30),
    '한국어 동영상',
    'x',
    '',
  ),
  fc.string({ unit: 'grapheme', maxLength: 60 }),
);

const anySketch: fc.Arbitrary<Sketch> = fc
  .record({
    name: anyName,
    kind: fc.constantFrom(...kinds),
    share: fc.double({ min: 0, max: 1.1, noNaN: true }),
    size: fc.oneof(fc.nat(), fc.integer({ min: 0, max: 2 ** 43 })),
    told: fc.boolean(),
    mayGrow: fc.boolean(),
    elapsedMs: fc.oneof(
      fc.nat(120_000),
      fc.nat(5 * DAY_MS),
      fc.constantFrom(3_599_000, 3_599_500, 3_600_000, 36_000_000, 35_999_999),
    ),
  })
  .map(({ share, size, told, ...rest }) => ({
    ...rest,
    receivedBytes: Math.floor(share * size),
    totalBytes: told ? size : null,
  }));

const anyCounts = fc.record({
  done: fc.nat(5000),
  more: fc.nat(100_000),
  failed: fc.nat(300),
  bytes: fc.nat(2 ** 31),
  totalBytes: fc.option(fc.integer({ min: 0, max: 2 ** 43 })),
  startedMs: fc.nat(5 * DAY_MS),
});

describe('all lines, whatever their names and numbers', () => {
  it.each([10, 20, 22, 30, 40, 80, 132])('fit %i columns', (columns) => {
    fc.assert(
      fc.property(
        fc.array(anySketch, { maxLength: 4 }),
        fc.option(anyCounts),
        fc.constantFrom(...STYLES),
        (sketches, batch, style) => {
          const counts =
            batch === null
              ? null
              : {
                  ...batch,
                  total: batch.done + batch.more,
                  startedMs: manualClock().nowMs() - batch.startedMs,
                };
          const lines = linesOf(sketches, columns, style, counts);
          expect(lines).toHaveLength(sketches.length + (counts === null ? 0 : 1));
          expect(lines.filter((line) => stringWidth(line) >= columns || /[\r\n]/.test(line))).toEqual([]);
        },
      ),
      { numRuns: 200 },
    );
  });

  it('fit the rows of the terminal, and say how many more there are', () => {
    const many = Array.from({ length: 30 }, () => HALF);
    const lines = linesOf(many, 80, PLAIN, {}, 10);
    expect(lines).toHaveLength(9);
    expect(lines.at(-1)).toBe('and 23 more in progress');
  });

  it('never show more than 100 %, nor 100 % before the end', () => {
    fc.assert(
      fc.property(fc.array(anySketch, { maxLength: 3 }), anyCounts, (sketches, batch) => {
        const counts = { ...batch, total: batch.done + batch.more + 1 };
        const [total = ''] = linesOf(sketches, 100, PLAIN, counts);
        expect(Number(/(\d+) %/.exec(total)?.[1])).toBeLessThan(100);
        for (const line of linesOf(sketches, 100, PLAIN)) {
          expect(Number(/(\d+) %/.exec(line)?.[1] ?? 0)).toBeLessThanOrEqual(100);
        }
      }),
    );
  });
});

describe('the line of a batch', () => {
  it('counts the videos, and those that failed', () => {
    expect(linesOf([], 80, PLAIN, { done: 3, total: 12 })[0]).toMatch(/^3 of 12 videos .* 25 %/);
    expect(linesOf([], 80, PLAIN, { done: 3, failed: 1, total: 12 })[0]).toMatch(/^3 of 12.*1 failed/);
    expect(linesOf([], 80, PLAIN, { done: 12, total: 12 })[0]).toMatch(/ 100 %/);
  });
});

describe('a text that is cut', () => {
  it.each([
    ['short', 10, 'short', 'short'],
    ['exactly ten', 11, 'exactly ten', 'exactly ten'],
    ['a longer text', 8, 'a longe…', 'a lo…ext'],
    ['日本語日本語', 8, '日本語…', '日本…語'],
    ['👨‍👩‍👧‍👦👨‍👩‍👧‍👦👨‍👩‍👧‍👦👨‍👩‍👧‍👦', 6, '👨‍👩‍👧‍👦👨‍👩‍👧‍👦…', '👨‍👩‍👧‍👦…👨‍👩‍👧‍👦'],
  ])('%s, to %i columns, is %s or %s', (text, width, atEnd, inMiddle) => {
    expect(cut(text, width, '…')).toBe(atEnd);
    expect(cutMiddle(text, width, '…')).toBe(inMiddle);
  });

  it('fits for any text', () => {
    fc.assert(
      fc.property(
        anyName,
        fc.integer({ min: 1, max: 50 }),
        fc.constantFrom('…', '...'),
        (text, width, ellipsis) => {
          const fitting = Math.max(width, 0);
          expect(stringWidth(cut(text, width, ellipsis))).toBeLessThanOrEqual(fitting);
          expect(stringWidth(cutMiddle(text, width, ellipsis))).toBeLessThanOrEqual(fitting);
        },
      ),
    );
  });
});
