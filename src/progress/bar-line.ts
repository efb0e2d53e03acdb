/** The lines of the bars, fitted to the terminal: one for each running video, and one for a batch. Pure. */
import type { Clock } from '../host.ts';
import { columnsOf, cut, cutMiddle, padded } from './columns.ts';
import type { Meter } from './meter.ts';
import { bytesText, clockText, partText, type Style, speedText } from './text.ts';

/** Between two parts. */
const GAP = '  ';

/** The columns of `100 %`, `99.9/99.9 MiB`, `99.9 MiB/s` and `59:59 so far`; 0 in a layout without room for them. */
const WIDTHS = { percent: 5, size: 13, speed: 10, time: 12 };

const WIDEST_BAR = 30;
/** The layouts from wide to narrow, with the narrowest useful bar of each. */
const LAYOUTS = [
  { ...WIDTHS, bar: 10 },
  { ...WIDTHS, bar: 10, speed: 0 },
  { ...WIDTHS, bar: 8, speed: 0, size: 0 },
];
/** The columns that a name always gets, and its share of a wide line. */
const LEAST_NAME = 16;
const NAME_SHARE = 0.31;

type Layout = ReturnType<typeof layoutFor>;

/** What the lines are made for: at most `width` columns of a terminal. */
type View = Readonly<{ width: number; layout: Layout; clock: Clock; style: Style }>;

function layoutFor(width: number, longestName: number) {
  const name = Math.min(Math.max(1, longestName), Math.max(LEAST_NAME, Math.floor(width * NAME_SHARE)));
  for (const { bar, ...widths } of LAYOUTS) {
    const shown = [name, ...Object.values(widths)].filter((each) => each > 0);
    const room = shown.reduce((left, each) => left - each - GAP.length, width);
    if (room >= bar) return { ...widths, name, bar: Math.min(room, WIDEST_BAR) };
  }
  const figures = WIDTHS.percent + GAP.length;
  const time = figures + WIDTHS.time + GAP.length < width ? WIDTHS.time : 0;
  const room = width - figures - (time === 0 ? 0 : time + GAP.length);
  return { ...WIDTHS, name: Math.max(1, Math.min(longestName, room)), bar: 0, size: 0, speed: 0, time };
}

/** What a video is doing. */
export type VideoState =
  | { readonly kind: 'requesting' | 'receiving' | 'finishing' }
  | { readonly kind: 'waiting' | 'retrying'; readonly untilMs: number };

/** A running video, as shown in its line. */
export interface VideoLine {
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

/** At most `rows - 1` lines, each narrower than `columns`, so that the terminal never scrolls or wraps. */
export function blockLines(
  content: { counts: BatchCounts | null; running: readonly VideoLine[]; longestName: number },
  columns: number,
  rows: number,
  clock: Clock,
  style: Style,
): readonly string[] {
  const { counts, running, longestName } = content;
  const width = columns - 1;
  const label = counts === null ? 0 : columnsOf(labels(counts)[0] ?? '');
  const layout = layoutFor(width, Math.max(longestName, label));
  const view = { width, layout, clock, style };
  const lines = counts === null ? [] : [totalLine(counts, running, view)];
  const room = Math.max(1, rows - 1 - lines.length);
  const shown = running.length <= room ? running : running.slice(0, Math.max(0, room - 1));
  lines.push(...shown.map((line) => barLine(line, view)));
  const more = running.length - shown.length;
  if (more > 0) lines.push(style.quiet(cut(`and ${more} more in progress`, width, style.ellipsis)));
  return lines;
}

function barLine({ name: full, meter, state }: VideoLine, { width, layout, clock, style }: View): string {
  const name = padded(cutMiddle(full, layout.name, style.ellipsis), layout.name);
  if (state.kind === 'receiving') return name + figuresText(figuresOf(meter, clock.ticksMs()), layout, style);
  const text = fitting(stateTexts(state, clock.nowMs()), width - layout.name - GAP.length, style);
  const paint = 'untilMs' in state ? style.attention : style.quiet;
  return `${name}${GAP}${paint(text)}`;
}

/** The first text that fits, or the last one, cut. */
function fitting(texts: readonly string[], width: number, style: Style): string {
  return texts.find((each) => columnsOf(each) <= width) ?? cut(texts.at(-1) ?? '', width, style.ellipsis);
}

/** The line of a batch, `running` being its videos in progress. */
function totalLine(counts: BatchCounts, running: readonly VideoLine[], view: View): string {
  const { layout, clock, style } = view;
  const { done, failed, total } = counts;
  const name = padded(fitting(labels(counts), layout.name, style), layout.name);
  const totalBytes = counts.totalBytes || null;
  // The bytes of a failed attempt may be downloaded again.
  const coming = running.filter(({ state }) => state.kind === 'receiving' || state.kind === 'finishing');
  const bytes = sum([counts.bytes, ...coming.map(({ meter }) => meter.state.receivedBytes)]);
  const parts = sum([done, ...coming.map(({ meter }) => (meter.percent ?? 0) / 100)]);
  const share = totalBytes === null ? parts / total : bytes / totalBytes;
  const nowMs = clock.ticksMs();
  const elapsedMs = nowMs - counts.startedMs;
  const speeds = coming.flatMap(({ meter }) => meter.speed(nowMs) ?? []);
  // The average since the start includes the waits for the rate limit, which the current speed does not.
  const leftMs = totalBytes === null || share < 0.01 ? null : (elapsedMs * (1 - share)) / share;
  const waits = running.map(({ state }) => ('untilMs' in state ? state.untilMs - clock.nowMs() : 0));
  // The first starts come in a burst that the limit does not allow again: the last start bounds the end.
  const notStarted = total - done - running.filter(({ state }) => state.kind !== 'waiting').length;
  if (notStarted > 0) waits.push(counts.startDelayMs(notStarted));
  const figures = {
    percent: done === total ? 100 : Math.min(99, Math.floor(share * 100)),
    size: totalBytes === null ? bytesText(bytes) : partText(Math.min(bytes, totalBytes), totalBytes),
    speed: speeds.length === 0 ? null : sum(speeds),
    leftMs: leftMs === null ? null : Math.max(0, leftMs, ...waits),
    elapsedMs,
  };
  return (failed > 0 ? style.bad(name) : style.strong(name)) + figuresText(figures, layout, style);
}

/** The labels of a batch's line, the longest first. */
function labels({ done, failed, total }: BatchCounts): readonly string[] {
  const bad = failed === 0 ? '' : `, ${failed} failed`;
  return [`${done} of ${total} videos${bad}`, `${done} of ${total}${bad}`, `${done}/${total}${bad}`];
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, each) => total + each, 0);
}

function figuresOf(meter: Meter, nowMs: number) {
  const { receivedBytes, totalBytes } = meter.state;
  const isWithin = totalBytes !== null && receivedBytes <= totalBytes;
  return {
    percent: meter.percent,
    size: isWithin ? partText(receivedBytes, totalBytes) : bytesText(receivedBytes),
    speed: meter.speed(nowMs),
    leftMs: meter.leftMs(nowMs),
    elapsedMs: meter.elapsedMs(nowMs),
  };
}

/** Longer estimates are too vague for a figure. */
const LONGEST_LEFT_MS = 99 * 3_600_000;

/** Bar, percent, size, speed and time: what follows the name. */
function figuresText(figures: ReturnType<typeof figuresOf>, layout: Layout, style: Style): string {
  const { percent, size, speed, leftMs, elapsedMs } = figures;
  const { bar } = layout;
  let time = `${shortClock(elapsedMs, 10)} so far`;
  if (leftMs !== null) time = leftMs < LONGEST_LEFT_MS ? `${shortClock(leftMs, 100)} left` : 'days left';
  const parts = [
    percent === null ? searchingBar(elapsedMs, bar, style) : drawBar(0, (percent / 100) * bar, bar, style),
    inPlace(percent === null ? '' : `${percent} %`, layout.percent),
    inPlace(size, layout.size),
    inPlace(speed === null ? '' : speedText(speed), layout.speed),
    // Without a total, the bytes received are the best measure, also where there is no column for them.
    inPlace(percent === null && layout.size === 0 ? size : time, layout.time),
  ];
  return ['', ...parts.filter((part) => part !== '')].join(GAP);
}

/** Omits seconds from an hour on, and minutes from `mostHours` on, to stay short. */
function shortClock(ms: number, mostHours: number): string {
  const minutes = Math.floor(Math.ceil(ms / 1000) / 60);
  const hours = Math.floor(minutes / 60);
  if (hours === 0) return clockText(ms);
  return hours >= mostHours ? `${hours}h` : `${hours}h${String(minutes % 60).padStart(2, '0')}m`;
}

function inPlace(text: string, width: number): string {
  return width === 0 ? '' : padded(text, width, 'start');
}

/** A bar of `width` columns that is full from column `from` to column `to`. */
function drawBar(from: number, to: number, width: number, style: Style): string {
  const { full, empty } = style.bar;
  const [start, end] = [Math.floor(from), Math.floor(to)];
  const [before, after] = [empty.repeat(start), empty.repeat(width - end)];
  return style.quiet(before) + style.good(full.repeat(end - start)) + style.quiet(after);
}

const STEP_MS = 125;

/** A bar for an unknown total: a piece that moves back and forth while bytes come. */
function searchingBar(elapsedMs: number, width: number, style: Style): string {
  if (width === 0) return '';
  const piece = Math.floor(width / 6) || 1;
  const way = width - piece;
  const step = Math.floor(elapsedMs / STEP_MS) % (2 * way);
  const from = Math.min(step, 2 * way - step);
  return drawBar(from, from + piece, width, style);
}

/** What a video is doing while no bytes come, the longest text first. */
function stateTexts(state: VideoState, nowMs: number): readonly string[] {
  if (state.kind === 'finishing') return ['complete; flushing to disk', 'flushing'];
  if (!('untilMs' in state)) return ['requesting'];
  const left = clockText(state.untilMs - nowMs);
  return state.kind === 'waiting'
    ? [`waiting for the rate limit, ${left} left`, `rate limit, ${left} left`, `rate limit ${left}`, left]
    : [`retrying in ${left}`, `retry ${left}`, left];
}
