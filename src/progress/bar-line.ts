/** One line of the display, made to fit the terminal's width. Pure. */
import stringWidth from 'string-width';
import type { Clock } from '../host.ts';
import type { Meter } from './meter.ts';
import type { Style } from './style.ts';
import { bytesText, speedText, timeLeftText } from './units.ts';

/** What a video is doing. */
export type VideoState =
  | { readonly kind: 'connecting' | 'receiving' | 'finishing' }
  | { readonly kind: 'waiting' | 'retrying'; readonly untilMs: number };

/** A running video as its line shows it. */
export interface VideoLine {
  readonly videoNo: string;
  name: string;
  state: VideoState;
  readonly meter: Meter;
}

/** How a batch stands. */
export interface BatchCounts {
  readonly done: number;
  readonly failed: number;
  readonly total: number;
  readonly bytes: number;
  readonly startedMs: number;
}

const WIDEST_BAR = 30;
const NARROWEST_BAR = 8;

/** The line of a running video. */
export function barLine(line: VideoLine, columns: number, clock: Clock, style: Style): string {
  const width = columns - 1;
  const nowMs = clock.ticksMs();
  const { meter, state } = line;
  if (state.kind === 'waiting' || state.kind === 'retrying') {
    const left = timeLeftText(state.untilMs - clock.nowMs());
    const why = state.kind === 'waiting' ? 'waiting for the rate limit' : 'trying again';
    return fit(line.name, [style.attention(`${why}, ${left}`)], width, style);
  }
  if (state.kind === 'connecting') return fit(line.name, [style.quiet('asking')], width, style);
  if (state.kind === 'finishing')
    return fit(line.name, [style.quiet('verified, flushing to disk')], width, style);
  const { receivedBytes, totalBytes } = meter.state;
  const speed = meter.speed(nowMs);
  const leftMs = meter.leftMs(nowMs);
  const size =
    totalBytes === null
      ? bytesText(receivedBytes)
      : `${bytesText(receivedBytes)} of ${bytesText(totalBytes)}`;
  const time = leftMs === null ? timeLeftText(meter.elapsedMs(nowMs)) : `${timeLeftText(leftMs)} left`;
  const parts = [size, ...(speed === null ? [] : [speedText(speed)]), time];
  return fit(line.name, parts, width, style, meter.percent);
}

/** The line of a whole batch. */
export function totalLine(counts: BatchCounts, columns: number, nowMs: number, style: Style): string {
  const percent = counts.total === 0 ? 100 : Math.floor((counts.done / counts.total) * 100);
  const parts = [
    `${counts.done} of ${counts.total} videos`,
    ...(counts.failed > 0 ? [style.bad(`${counts.failed} failed`)] : []),
    bytesText(counts.bytes),
    timeLeftText(nowMs - counts.startedMs),
  ];
  return fit(style.strong('all'), parts, columns - 1, style, percent);
}

/**
 * Name, bar, percent and parts on one line of at most `width` columns: parts are dropped from the middle on,
 * then the bar, then the name is cut, so that what is left stays readable on 40 columns.
 */
function fit(
  name: string,
  parts: readonly string[],
  width: number,
  style: Style,
  percent: number | null = null,
): string {
  const percentText = percent === null ? '' : `${String(percent).padStart(3)} %`;
  const kept = [...parts];
  const tail = (): string => [...(percentText === '' ? [] : [percentText]), ...kept].join(style.separator);
  const roomForName = Math.min(stringWidth(name), Math.max(12, Math.floor(width / 3)));
  while (kept.length > 1 && roomForName + 2 + stringWidth(tail()) > width)
    kept.splice(Math.floor(kept.length / 2), 1);
  const cutName = cut(name, Math.max(4, Math.min(stringWidth(name), width - 2 - stringWidth(tail()))), style);
  const room = width - stringWidth(cutName) - stringWidth(tail()) - 4;
  const bar =
    percent === null || room < NARROWEST_BAR
      ? ''
      : `${drawBar(percent, Math.min(room, WIDEST_BAR), style)}  `;
  return `${cutName}  ${bar}${tail()}`;
}

function drawBar(percent: number, width: number, style: Style): string {
  const full = Math.round((percent / 100) * width);
  return style.good(style.bar.full.repeat(full)) + style.quiet(style.bar.empty.repeat(width - full));
}

/** Text of at most `width` columns; wide characters count as two. */
export function cut(text: string, width: number, style: Pick<Style, 'ellipsis'>): string {
  if (stringWidth(text) <= width) return text;
  const characters = Array.from(text);
  while (characters.length > 0 && stringWidth(characters.join('')) + stringWidth(style.ellipsis) > width) {
    characters.pop();
  }
  return characters.join('') + style.ellipsis;
}
