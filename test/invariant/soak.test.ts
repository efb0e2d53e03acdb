import { join } from 'node:path';
import { expect, it } from 'vitest';
import type { ExitCode } from '../../src/errors.ts';
import type { StoredVideo } from '../../src/mock/library.ts';
import { generatedLibrary } from '../helpers/generated.ts';
import { tempDir } from '../helpers/temp-dir.ts';
import { type LayoutName, layoutVideo, undetectable } from './layouts.ts';
import { type Case, play, playAll } from './play.ts';

const CASES = 300;
/** It takes about ten seconds; a busy machine may need more. */
const MOST_MS = 180_000;
/** The random seed; set MAVI_SOAK_SEED to a printed seed to repeat its cases. */
const SEED = Number(process.env.MAVI_SOAK_SEED ?? Math.floor(Math.random() * 2 ** 31));

/** Temporary faults, each of which fails at most one attempt. */
const PASSING = [
  ...['no-answer', 'silent', 'bad-http', 'rate-limit', 'rate-limit=3', 'rate-limit-429', 'rate-limit-bare'],
  ...['network-abnormal', 'server-error', 'server-error=5', 'bad-gateway', 'request-timeout'],
  ...['range-ignored', 'bad-range', 'other-etag', 'if-range-ignored'],
];
const BREAKING = ['drop', 'hangup', 'hangup', 'short-body', 'stall'];
/** Faults that end a run without a retry. */
const FINAL = [
  ...(['not-found', 'unauthorized', 'disabled', 'http-404', 'json-broken', 'html', 'mislabelled'] as const),
  ...(['garbage', 'matroska', 'quicktime', 'echo-key', 'redirect-nowhere', 'headers-too-large'] as const),
];
const SAMPLES: readonly LayoutName[] = ['faststart', 'moov-last', 'fragmented', 'wide'];

/** Reproducible random choices. */
interface Chance {
  /** An integer from 0 to below `count`. */
  below(count: number): number;
  of<T>(choices: readonly T[]): T;
  /** True with the given probability, from 0 to 1. */
  happens(likelihood: number): boolean;
}

function chanceOf(seed: number): Chance {
  let state = seed | 0;
  const next = (): number => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
  const below = (count: number): number => Math.floor(next() * count);
  return {
    below,
    of: (choices) => choices[below(choices.length)]!,
    happens: (likelihood) => next() < likelihood,
  };
}

/** A case and its required exit code; null if several are correct. */
interface Drawn {
  readonly case: Case;
  readonly exitCode: ExitCode | null;
}

function draw(index: number, root: string): Drawn {
  const chance = chanceOf(Math.imul(SEED, 0x9e3779b1) + index);
  const [video, layout] = drawVideo(chance);
  const failures = chance.below(5);
  const faults = Array.from({ length: failures }, () => `${drawPassing(chance, video.sizeBytes)}x1`);
  if (failures > 0 && chance.happens(0.3)) {
    faults[chance.below(failures)] = `truncate@${drawDetectableCut(chance, video.sizeBytes, layout)}x1`;
  }
  const final = chance.happens(0.2) ? chance.of(FINAL) : null;
  if (final !== null) faults.push(final);
  const retries = chance.happens(0.7) ? failures : chance.below(failures + 1);
  const to = chance.of(['file', 'stdout'] as const);
  const isInterrupted = chance.happens(0.1);
  // The download may succeed before all faults have occurred: a remainder shorter than the cut's offset is not cut.
  const isCertain = !isInterrupted && retries === failures && final === null;
  return {
    case: {
      folder: join(root, `${index}`),
      video,
      to,
      faults: faults.join(','),
      retries,
      ...(to === 'file' && chance.happens(0.3) ? { existing: Buffer.from('before') } : {}),
      ...(isInterrupted ? { interrupt: { request: 1 + chance.below(3), delayMs: chance.below(12) } } : {}),
      mock: {
        offerRanges: chance.happens(0.5),
        contentLength: chance.happens(0.4),
        chunkBytes: 2000 + chance.below(70_000),
        ...(chance.happens(0.2) ? { bytesPerSecond: 3_000_000 + chance.below(10_000_000) } : {}),
      },
    },
    exitCode: isCertain ? 0 : null,
  };
}

function drawVideo(chance: Chance): [StoredVideo, LayoutName | null] {
  if (chance.happens(0.6)) {
    const name = chance.of(SAMPLES);
    return [layoutVideo(name), name];
  }
  const sizeBytes = 256 + chance.below(chance.happens(0.1) ? 2_500_000 : 100_000);
  const video = generatedLibrary({ count: 1, sizeBytes, seed: chance.below(1_000_000) }).at('default', 0);
  if (video === undefined) throw new Error('the generated library is empty');
  return [video, null];
}

function drawPassing(chance: Chance, sizeBytes: number): string {
  if (chance.happens(0.4)) return chance.of(PASSING);
  return `${chance.of(BREAKING)}@${chance.below(sizeBytes + 1)}`;
}

/** An offset where a cut can be detected even after a clean end. */
function drawDetectableCut(chance: Chance, sizeBytes: number, layout: LayoutName | null): number {
  for (;;) {
    const offset = chance.below(sizeBytes);
    if (layout === null || undetectable(layout, offset) === null) return offset;
  }
}

it(
  `keeps the invariant in ${CASES} downloads with random faults (MAVI_SOAK_SEED=${SEED})`,
  async () => {
    process.stdout.write(`invariant: soaking ${CASES} downloads, MAVI_SOAK_SEED=${SEED}\n`);
    const root = tempDir();
    const drawn = Array.from({ length: CASES }, (_, index) => draw(index, root));
    const codes = new Map<number, number>();
    const findings = await playAll(drawn, async (each) => {
      const { exitCode, violations } = await play(each.case);
      codes.set(exitCode, (codes.get(exitCode) ?? 0) + 1);
      const allowed = each.exitCode === null ? exitCode : each.exitCode;
      const differs = exitCode === allowed ? [] : [`exit ${exitCode} instead of ${allowed}`];
      const { folder, video, ...rest } = each.case;
      return [...violations, ...differs].map((finding) => `${finding} in ${JSON.stringify(rest)}`);
    });
    const summary = [...codes].sort(([a], [b]) => a - b).map(([code, count]) => `${count} with exit ${code}`);
    process.stdout.write(`invariant: ${summary.join(', ')}\n`);
    expect(findings).toEqual([]);
    // A soak in which no download succeeds, or every one does, tests nothing.
    expect(codes.get(0)).toBeGreaterThan(CASES / 4);
    expect(codes.get(0)).toBeLessThan(CASES);
  },
  MOST_MS,
);
