import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { tempDir } from '../helpers/temp-dir.ts';
import { boxStarts, LAYOUTS, type LayoutName, layoutVideo, undetectable } from './layouts.ts';
import { type Case, play, playAll } from './play.ts';

const LAYOUT_NAMES = Object.keys(LAYOUTS) as LayoutName[];
/** Layouts that differ from the others only when a transfer ends cleanly. */
const CLEAN_ENDS_ONLY: readonly LayoutName[] = ['to-the-end', 'free-last'];
const CUTS = ['hangup', 'drop', 'short-body', 'truncate'] as const;
type Cut = (typeof CUTS)[number];
let cases = 0;

/** The offsets of the cuts: the first bytes, around the edges of boxes, the middle and the end. */
function offsetsOf(layout: LayoutName, cut: Cut): number[] {
  const file = LAYOUTS[layout];
  const offsets = new Set([0, 1, 7, 8, 9, 16, Math.floor(file.length / 2), file.length - 1]);
  // Only after a clean end do the boxes have to reveal the cut, even within the header of the next box.
  const beside = cut === 'truncate' ? [-1, 0, 1, 7, 8, 9] : [-1, 0, 1];
  const boxes = boxStarts(file);
  // All fragments except the first two and the last are the same.
  const edges = boxes.length > 9 ? [...boxes.slice(0, 6), ...boxes.slice(-3)] : boxes;
  for (const { start } of edges) {
    for (const distance of beside) offsets.add(start + distance);
    // Inside a 64-bit size, and next to it.
    const isWide = start > 0 && file.readUInt32BE(start) === 1;
    for (const inside of isWide ? [12, 15, 16, 17] : []) offsets.add(start + inside);
  }
  return [...offsets].filter((offset) => offset >= 0 && offset < file.length).sort((a, b) => a - b);
}

/** Cuts a layout at each offset; returns the violations and unexpected outcomes. */
function cutEverywhere(
  layout: LayoutName,
  cut: Cut,
  to: Case['to'],
  mode: 'passes' | 'persists',
): Promise<string[]> {
  const root = tempDir();
  return playAll(offsetsOf(layout, cut), async (offset) => {
    cases += 1;
    const exception = cut === 'truncate' ? undetectable(layout, offset) : null;
    const { exitCode, record, violations } = await play({
      folder: join(root, `${offset}`),
      video: layoutVideo(layout),
      to,
      faults: `${cut}@${offset}${mode === 'passes' ? 'x1' : ''}`,
      retries: 1,
      truth: (video) => (exception === null ? video : video.subarray(0, offset)),
    });
    const code = record.error?.code ?? null;
    const failure = cut === 'truncate' ? [5, 'truncated', 2] : [6, 'connection_lost', 2];
    const success = [0, null, exception === null ? 2 : 1];
    const expected = mode === 'passes' || exception !== null ? success : failure;
    const found = [exitCode, code, record.attempts];
    const differs =
      JSON.stringify(found) === JSON.stringify(expected) ? [] : [`${found} instead of ${expected}`];
    return [...violations, ...differs].map((finding) => `${cut} at ${offset}: ${finding}`);
  });
}

describe.each(LAYOUT_NAMES)('a %s video', (layout) => {
  const cuts = CLEAN_ENDS_ONLY.includes(layout) ? (['truncate'] as const) : CUTS;

  describe.each(['file', 'stdout'] as const)('to %s', (to) => {
    it.each(cuts)('is complete after an attempt that %s cut at any offset', async (cut) => {
      expect(await cutEverywhere(layout, cut, to, 'passes')).toEqual([]);
    });

    it.each(cuts)('fails when %s cuts every attempt at any offset', async (cut) => {
      expect(await cutEverywhere(layout, cut, to, 'persists')).toEqual([]);
    });
  });
});

describe('a cut that the boxes cannot reveal', () => {
  /** Cuts a layout at each such offset, with its size known from the listing. */
  function cutKnowingSize(layout: LayoutName, expected: string, truth: Case['truth']): Promise<string[]> {
    const root = tempDir();
    const offsets = offsetsOf(layout, 'truncate').filter((offset) => undetectable(layout, offset) !== null);
    return playAll(offsets, async (offset) => {
      cases += 1;
      const { exitCode, record, violations } = await play({
        folder: join(root, `${offset}`),
        video: layoutVideo(layout),
        to: 'file',
        faults: `truncate@${offset}`,
        retries: 1,
        args: ['--lookup'],
        otherRequests: 1,
        ...(truth === undefined ? {} : { truth: (video) => video.subarray(0, offset) }),
      });
      const warned = record.warnings.some((text) => text.includes('the library lists'));
      const found = `${exitCode} ${record.error?.code ?? null} ${warned ? 'with' : 'without'} a warning`;
      return [...violations, ...(found === expected ? [] : [`${found} instead of ${expected}`])].map(
        (finding) => `at ${offset}: ${finding}`,
      );
    });
  }

  it.each(['fragmented', 'to-the-end'] as const)(
    'is detected in a %s video whose size the library lists',
    async (layout) => {
      expect(await cutKnowingSize(layout, '5 truncated without a warning', undefined)).toEqual([]);
    },
  );

  it('causes a warning when the boxes are complete but the size differs from the library', async () => {
    expect(await cutKnowingSize('free-last', '0 null with a warning', (video) => video)).toEqual([]);
  });
});

afterAll(() => {
  process.stdout.write(`invariant: ${cases} cuts of ${LAYOUT_NAMES.length} layouts\n`);
});
