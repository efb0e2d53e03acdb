/** All lines of the display at one moment: the batch, and each running video. Pure. */

import type { Clock } from '../host.ts';
import { type BatchCounts, barLine, labels, layoutFor, totalLine, type VideoLine } from './bar-line.ts';
import type { Style } from './style.ts';
import { columnsOf, cut } from './text.ts';

/** What a block shows. */
export interface BlockContent {
  /** Null for a single video, which needs no line for all. */
  readonly counts: BatchCounts | null;
  readonly running: readonly VideoLine[];
  /** Columns of the longest name so far: it never shrinks, so that the places stay. */
  readonly longestName: number;
}

/** The lines, at most `rows - 1` of them and each below `columns` wide, so that the terminal never scrolls or wraps. */
export function blockLines(
  { counts, running, longestName }: BlockContent,
  columns: number,
  rows: number,
  clock: Clock,
  style: Style,
): readonly string[] {
  const width = columns - 1;
  const label = counts === null ? 0 : columnsOf(labels(counts)[0] ?? '');
  const layout = layoutFor(width, Math.max(longestName, label));
  const head = counts === null ? [] : [totalLine(counts, running, layout, clock, style)];
  const room = Math.max(1, rows - 1 - head.length);
  const shown = running.length <= room ? running : running.slice(0, Math.max(0, room - 1));
  const lines = shown.map((line) => barLine(line, layout, width, clock, style));
  const more = running.length - shown.length;
  const rest = more === 0 ? [] : [style.quiet(cut(`and ${more} more under way`, width, style.ellipsis))];
  return [...head, ...lines, ...rest];
}
