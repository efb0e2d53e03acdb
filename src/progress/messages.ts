/** Messages about a video, the same in every renderer. */

import type { VideoRecord } from '../record.ts';
import { printable } from '../sanitize.ts';
import type { ProgressEvent } from './events.ts';
import type { Style } from './style.ts';
import { bytesText, durationText, lengthOf, retryingText, speedText, wrapped } from './text.ts';

/** How much is said. */
export interface Loudness {
  /** Errors only. */
  readonly quiet: boolean;
}

/** The messages of an event, without a line end; none for events that only move the progress. */
export function messagesFor(
  event: ProgressEvent,
  nowMs: number,
  style: Style,
  { quiet }: Loudness,
): string[] {
  switch (event.kind) {
    case 'warning':
      return quiet ? [] : [warningText(event.videoNo, event.text, style)];
    case 'retrying':
      return quiet ? [] : [retryText(event, nowMs, style)];
    case 'over':
      return overMessages(event, style, quiet);
    default:
      return [];
  }
}

/** Before every line of a message but the first. */
const INDENT = ' '.repeat(6);

/** A warning. */
export function warningText(videoNo: string | null, text: string, style: Style): string {
  return wrapped(
    subject(videoNo) + printable(text),
    style.width(),
    `${style.attention('mavi: warning:')} `,
    INDENT,
  );
}

/** An error in one or two lines: what failed, for which video, what to do next. */
export function errorText(videoNo: string | null, message: string, hint: string, style: Style): string {
  const hints = hint.split('\n').filter(Boolean);
  return [
    wrapped(subject(videoNo) + message, style.width(), `${style.bad('mavi:')} `, INDENT),
    ...hints.map((line) => wrapped(line, style.width(), INDENT, INDENT)),
  ].join('\n');
}

function retryText(event: Extract<ProgressEvent, { kind: 'retrying' }>, nowMs: number, style: Style): string {
  const retrying = retryingText(event.untilMs - nowMs, event.attempt);
  const how = event.how === '' ? '' : `: ${event.how}`;
  const text = `${subject(event.videoNo)}${event.why}; ${retrying}${how}`;
  return wrapped(text, style.width(), `${style.attention(style.marks.attention)} `, INDENT);
}

function subject(videoNo: string | null): string {
  return videoNo === null ? '' : `${videoNo}: `;
}

/** Ends without a message: a signal, a closed pipe, and videos not started after an account failure. */
const SILENT_ENDS = new Set(['interrupted', 'closed_pipe', 'not_started']);

function overMessages(
  { record, verified, showsChecksum = false }: Extract<ProgressEvent, { kind: 'over' }>,
  style: Style,
  quiet: boolean,
): string[] {
  const warnings = quiet ? [] : record.warnings.map((text) => warningText(record.video_no, text, style));
  if (record.error !== null) {
    if (SILENT_ENDS.has(record.error.code)) return [];
    return [...warnings, errorText(record.video_no, record.error.message, record.error.hint, style)];
  }
  const sha256 = showsChecksum && record.sha256 !== null ? [`${INDENT}sha256: ${record.sha256}`] : [];
  return quiet ? [] : [...warnings, doneText(record, verified, style), ...sha256];
}

/** The line of a finished video, shortened until it fits the window. */
function doneText(record: VideoRecord, verified: string, style: Style): string {
  const verb = record.status === 'skipped' ? 'skipped' : record.file === null ? 'wrote' : 'saved';
  const name = record.file === null ? `${record.video_no} to stdout` : printable(record.file);
  const head = `${style.good(style.marks.good)} ${verb} ${style.strong(name)}`;
  const size = bytesText(record.bytes ?? 0);
  const time = record.status === 'skipped' ? '' : ` in ${durationText(record.seconds * 1000)}`;
  const speed = time === '' ? '' : `, ${speedText((record.bytes ?? 0) / Math.max(record.seconds, 0.001))}`;
  const proof = verified.startsWith('nothing') ? 'not verified' : (verified.split(',')[0] ?? '');
  const forms = [
    [head, size + time + speed, `verified: ${verified}`],
    [head, size + time, `verified: ${verified}`],
    [head, size + time, proof],
    [head, size, proof],
    [head, proof],
    [head],
  ].map((parts) => parts.join(style.separator));
  return forms.find((form) => lengthOf(form) <= style.width()) ?? head;
}
