/** One line of the bars, fitted to the terminal: of a running video, or of the whole batch. Pure. */

import type { Clock } from '../host.ts';
import { columnsOf, cut, cutMiddle, padded } from './columns.ts';
import type { Meter } from './meter.ts';
import type { Style } from './style.ts';
import { bytesText, clockText, partText, speedText } from './text.ts';

/** The width of each part in columns; 0 if there is no room for it. */
export interface Layout {
  readonly name: number;
  readonly bar: number;
  readonly percent: number;
  readonly size: number;
  readonly speed: number;
  readonly time: number;
}

/** Between two parts. */
export const GAP = '  ';

/** `100 %`, `99.9/99.9 MiB`, `99.9 MiB/s` and `59:59 so far`. */
export const WIDTHS = { percent: 5, size: 13, speed: 10, time: 12 } as const;

const WIDEST_BAR = 30;
/** The narrowest useful bar, and the parts dropped to make room for it. */
const NARROWEST_BARS = [
  { bar: 10, drops: [] },
  { bar: 10, drops: ['speed'] },
  { bar: 8, drops: ['speed', 'size'] },
] as const;
/** The columns that a name always gets, and its share of a wide line. */
const LEAST_NAME = 16;
const NAME_SHARE = 0.31;

/** The layout of a line of `width` columns whose longest name takes `longestName`. */
export function layoutFor(width: number, longestName: number): Layout {
  const name = Math.min(Math.max(1, longestName), Math.max(LEAST_NAME, Math.floor(width * NAME_SHARE)));
  for (const { bar, drops } of NARROWEST_BARS) {
    const widths = { ...WIDTHS, ...Object.fromEntries(drops.map((part) => [part, 0])) };
    const others = [name, ...Object.values(widths)].filter((each) => each > 0);
    const room = width - sum(others) - others.length * GAP.length;
    if (room >= bar) return { name, bar: Math.min(room, WIDEST_BAR), ...widths };
  }
  const room = width - WIDTHS.percent - WIDTHS.time - 2 * GAP.length;
  return { ...WIDTHS, name: Math.max(1, Math.min(longestName, room)), bar: 0, size: 0, speed: 0 };
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, each) => total + each, 0);
}

/** What a video is doing. */
export type VideoState =
  | { readonly kind: 'asking' | 'receiving' | 'finishing' }
  | { readonly kind: 'waiting' | 'retrying'; readonly untilMs: number };

/** A running video, as shown in its line. */
export interface VideoLine {
  readonly videoNo: string;
  name: string;
  state: VideoState;
  readonly meter: Meter;
}

/** The state of a batch. */
export interface BatchCounts {
  readonly done: number;
  readonly failed: number;
  readonly total: number;
  /** Bytes of the finished videos. */
  readonly bytes: number;
  /** Bytes of all videos; null unless all sizes are known. */
  readonly totalBytes: number | null;
  readonly startedMs: number;
  /** Milliseconds until the rate limit allows the n-th further start. */
  readonly startDelayMs: (n: number) => number;
}

/** The figures of a line; null if unknown. */
interface Figures {
  readonly percent: number | null;
  readonly size: string;
  readonly speed: number | null;
  readonly time: string;
  readonly elapsedMs: number;
}

/** The line of a running video. */
export function barLine(line: VideoLine, layout: Layout, width: number, clock: Clock, style: Style): string {
  const name = padded(cutMiddle(line.name, layout.name, style.ellipsis), layout.name);
  const { meter, state } = line;
  if (state.kind === 'receiving') return name + figuresText(figuresOf(meter, clock.ticksMs()), layout, style);
  const room = width - layout.name - GAP.length;
  const texts = stateTexts(state, clock.nowMs());
  const text = texts.find((each) => columnsOf(each) <= room) ?? cut(texts.at(-1) ?? '', room, style.ellipsis);
  const paint = 'untilMs' in state ? style.attention : style.quiet;
  return `${name}${GAP}${paint(text)}`;
}

/** The line of a whole batch, `running` being its videos in progress. */
export function totalLine(
  counts: BatchCounts,
  running: readonly VideoLine[],
  layout: Layout,
  clock: Clock,
  style: Style,
): string {
  const texts = labels(counts);
  const label = texts.find((each) => columnsOf(each) <= layout.name) ?? texts.at(-1) ?? '';
  const name = padded(cut(label, layout.name, style.ellipsis), layout.name);
  const { done, failed, total } = counts;
  const totalBytes = counts.totalBytes || null;
  // The bytes of a failed attempt may have to come again.
  const coming = running.filter(({ state }) => state.kind === 'receiving' || state.kind === 'finishing');
  const bytes = coming.reduce((sum, { meter }) => sum + meter.state.receivedBytes, counts.bytes);
  const parts = coming.reduce((sum, { meter }) => sum + (meter.percent ?? 0) / 100, done);
  const share = totalBytes === null ? parts / total : bytes / totalBytes;
  const percent = done === total ? 100 : Math.min(99, Math.floor(share * 100));
  const nowMs = clock.ticksMs();
  const elapsedMs = nowMs - counts.startedMs;
  const speeds = coming.flatMap(({ meter }) => meter.speed(nowMs) ?? []);
  // The average since the start includes the waits for the rate limit, which the current speed does not.
  const leftMs = totalBytes === null || share < 0.01 ? null : (elapsedMs * (1 - share)) / share;
  const waits = running.map(({ state }) => ('untilMs' in state ? state.untilMs - clock.nowMs() : 0));
  // The first starts come in a burst that the limit does not allow again: the last start bounds the end.
  const notStarted = total - done - running.filter(({ state }) => state.kind !== 'waiting').length;
  if (notStarted > 0) waits.push(counts.startDelayMs(notStarted));
  const figures: Figures = {
    percent,
    size: totalBytes === null ? bytesText(bytes) : partText(Math.min(bytes, totalBytes), totalBytes),
    speed: speeds.length === 0 ? null : speeds.reduce((sum, speed) => sum + speed, 0),
    time: timeText(leftMs === null ? null : Math.max(0, leftMs, ...waits), elapsedMs),
    elapsedMs,
  };
  return (failed > 0 ? style.bad(name) : style.strong(name)) + figuresText(figures, layout, style);
}

/** The labels of a batch's line, the longest first. */
export function labels({ done, failed, total }: BatchCounts): readonly string[] {
  const bad = failed === 0 ? '' : `, ${failed} failed`;
  return [`${done} of ${total} videos${bad}`, `${done} of ${total}${bad}`, `${done}/${total}${bad}`];
}

function figuresOf(meter: Meter, nowMs: number): Figures {
  const { receivedBytes, totalBytes } = meter.state;
  const elapsedMs = meter.elapsedMs(nowMs);
  return {
    percent: meter.percent,
    size:
      totalBytes === null || receivedBytes > totalBytes
        ? bytesText(receivedBytes)
        : partText(receivedBytes, totalBytes),
    speed: meter.speed(nowMs),
    time: timeText(meter.leftMs(nowMs), elapsedMs),
    elapsedMs,
  };
}

function timeText(leftMs: number | null, elapsedMs: number): string {
  if (leftMs === null) return `${shortClock(elapsedMs, 10)} so far`;
  return leftMs < LONGEST_LEFT_MS ? `${shortClock(leftMs, 100)} left` : 'days left';
}

/** Longer estimates are too vague for a figure. */
const LONGEST_LEFT_MS = 99 * 3_600_000;

/** Omits seconds from an hour on, and minutes from `mostHours` on, to stay short. */
function shortClock(ms: number, mostHours: number): string {
  const minutes = Math.floor(Math.ceil(ms / 1000) / 60);
  const hours = Math.floor(minutes / 60);
  if (hours === 0) return clockText(ms);
  return hours >= mostHours ? `${hours}h` : `${hours}h${String(minutes % 60).padStart(2, '0')}m`;
}

/** Bar, percent, size, speed and time: what follows the name. */
function figuresText(figures: Figures, layout: Layout, style: Style): string {
  const { percent, size, speed, time, elapsedMs } = figures;
  if (percent === null && layout.bar === 0) {
    // The narrowest line has no column for a size, so it shares those of percent and time.
    const clock = layout.percent + layout.time - WIDTHS.speed;
    return `${GAP}${inPlace(size, WIDTHS.speed)}${GAP}${inPlace(shortClock(elapsedMs, 10), clock)}`;
  }
  const measures =
    percent === null
      ? withoutTotal(size, elapsedMs, layout, style)
      : [
          drawBar(percent, layout.bar, style),
          inPlace(`${percent} %`, layout.percent),
          inPlace(size, layout.size),
        ];
  const rate = inPlace(speed === null ? '' : speedText(speed), layout.speed);
  return [...measures, rate, inPlace(time, layout.time)]
    .filter((part) => part !== '')
    .map((part) => GAP + part)
    .join('');
}

/** Without a total, the bytes received are the only measure; they take the column of the percentage too. */
function withoutTotal(size: string, elapsedMs: number, layout: Layout, style: Style): string[] {
  const room = layout.percent + (layout.size === 0 ? 0 : GAP.length + layout.size);
  const lacking = Math.max(0, WIDTHS.speed - room);
  return [searchingBar(elapsedMs, layout.bar - lacking, style), inPlace(size, room + lacking)];
}

function inPlace(text: string, width: number): string {
  return width === 0 ? '' : padded(text, width, 'start');
}

function drawBar(percent: number, width: number, style: Style): string {
  const full = Math.floor((percent / 100) * width);
  return style.good(style.bar.full.repeat(full)) + style.quiet(style.bar.empty.repeat(width - full));
}

const STEP_MS = 125;

/** A bar for an unknown total: a piece that moves back and forth while bytes come. */
function searchingBar(elapsedMs: number, width: number, style: Style): string {
  const piece = Math.max(1, Math.floor(width / 6));
  const way = Math.max(1, width - piece);
  const step = Math.floor(elapsedMs / STEP_MS) % (2 * way);
  const before = Math.min(step, 2 * way - step, Math.max(0, width - piece));
  const { full, empty } = style.bar;
  const after = Math.max(0, width - piece - before);
  return (
    style.quiet(empty.repeat(before)) +
    style.good(full.repeat(Math.min(piece, width))) +
    style.quiet(empty.repeat(after))
  );
}

/** What a video is doing while no bytes come, the longest text first. */
function stateTexts(state: VideoState, nowMs: number): readonly string[] {
  if ('untilMs' in state) {
    const left = clockText(Math.max(0, state.untilMs - nowMs));
    return state.kind === 'waiting'
      ? [`waiting for the rate limit, ${left} left`, `rate limit, ${left} left`, `rate limit ${left}`, left]
      : [`retrying in ${left}`, `retry ${left}`, left];
  }
  return state.kind === 'finishing' ? ['complete; flushing to disk', 'flushing'] : ['requesting'];
}
