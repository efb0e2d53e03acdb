/** The lines that stay: what is said of a video, the same in every renderer. */
import type { VideoRecord } from '../download/record.ts';
import { printable } from '../foreign-text.ts';
import type { ProgressEvent } from './events.ts';
import type { Style } from './style.ts';
import { bytesText, durationText, speedText } from './units.ts';

/** How much is said. */
export interface Loudness {
  /** Errors only. */
  readonly quiet: boolean;
}

/** The lines that an event leaves for good, without a line end; none for what only passes. */
export function wordsFor(event: ProgressEvent, nowMs: number, style: Style, { quiet }: Loudness): string[] {
  switch (event.kind) {
    case 'warning':
      return quiet ? [] : [warningText(event.videoNo, event.text, style)];
    case 'retrying': {
      const pause = durationText(event.untilMs - nowMs);
      const text = `${event.videoNo}: ${event.why}; try ${event.attempt} in ${pause}: ${event.how}`;
      return quiet ? [] : [`${style.attention(style.marks.attention)} ${text}`];
    }
    case 'over':
      return overWords(event.record, event.verified, style, quiet);
    default:
      return [];
  }
}

/** A warning on one line. */
export function warningText(videoNo: string | null, text: string, style: Style): string {
  return `${style.attention('mavi: warning:')} ${videoNo === null ? '' : `${videoNo}: `}${printable(text)}`;
}

/** An error in one or two lines: what failed, for which video, what to do next. */
export function errorText(videoNo: string | null, message: string, hint: string, style: Style): string {
  const first = `${style.bad('mavi:')} ${videoNo === null ? '' : `${videoNo}: `}${message}`;
  return [
    first,
    ...hint
      .split('\n')
      .filter(Boolean)
      .map((line) => `      ${style.quiet(line)}`),
  ].join('\n');
}

function overWords(record: VideoRecord, verified: string, style: Style, quiet: boolean): string[] {
  const warnings = quiet ? [] : record.warnings.map((text) => warningText(record.video_no, text, style));
  if (record.error !== null) {
    // A signal is its own message, and what stopped the whole account has been said once.
    if (record.error.code === 'interrupted' || record.error.code === 'not_started') return [];
    return [...warnings, errorText(record.video_no, record.error.message, record.error.hint, style)];
  }
  if (quiet) return [];
  const name = record.file === null ? `${record.video_no} to standard output` : printable(record.file);
  const size = bytesText(record.bytes ?? 0);
  const mark = style.good(style.marks.good);
  if (record.status === 'skipped')
    return [
      ...warnings,
      `${mark} kept ${name}${style.separator}${size}${style.separator}verified: ${verified}`,
    ];
  const pace = `${durationText(record.seconds * 1000)}, ${speedText((record.bytes ?? 0) / Math.max(record.seconds, 0.001))}`;
  const line = [`${mark} saved ${style.strong(name)}`, size, pace, `verified: ${verified}`].join(
    style.separator,
  );
  return [...warnings, line];
}
