/** Messages about a video, the same in every renderer. */
import type { VideoRecord } from '../record.ts';
import { printable } from '../sanitize.ts';
import type { ProgressEvent } from './events.ts';
import { bytesText, durationText, lengthOf, retryingText, type Style, speedText, wrapped } from './text.ts';

type EventOf<Kind> = Extract<ProgressEvent, { kind: Kind }>;

/** Before every line of a message but the first. */
const INDENT = ' '.repeat(6);

/** The messages of an event; none for events that only change the progress, and only errors if `quiet`. */
export function messagesFor(event: ProgressEvent, nowMs: number, style: Style, quiet: boolean): string[] {
  if (event.kind === 'over') return overMessages(event, style, quiet);
  if (quiet) return [];
  if (event.kind === 'warning') return [warningText(event.videoNo, event.text, style)];
  if (event.kind === 'retrying') return [retryText(event, nowMs, style)];
  return [];
}

/** A warning, about a video or the whole run. */
export function warningText(videoNo: string | null, text: string, style: Style): string {
  const start = `${style.attention('mavi: warning:')} `;
  return wrapped(subject(videoNo) + printable(text), style.width(), start, INDENT);
}

/** An error: what failed, for which video, and below it what to do next. */
export function errorText(videoNo: string | null, message: string, hint: string, style: Style): string {
  const what = wrapped(subject(videoNo) + message, style.width(), `${style.bad('mavi:')} `, INDENT);
  return hint === '' ? what : `${what}\n${wrapped(hint, style.width(), INDENT, INDENT)}`;
}

function retryText(event: EventOf<'retrying'>, nowMs: number, style: Style): string {
  const retrying = retryingText(event.untilMs - nowMs, event.attempt);
  const how = event.how === '' ? '' : `, ${event.how}`;
  const text = `${subject(event.videoNo)}${event.why.replace(/\.$/, '')}; ${retrying}${how}`;
  return wrapped(text, style.width(), `${style.attention(style.marks.attention)} `, INDENT);
}

function subject(videoNo: string | null): string {
  return videoNo === null ? '' : `${videoNo}: `;
}

/** Ends without a message: a signal, a closed pipe, and videos not started after an account failure. */
const SILENT_ENDS = new Set(['interrupted', 'closed_pipe', 'not_started']);

function overMessages(event: EventOf<'over'>, style: Style, quiet: boolean): string[] {
  const { record, verified, showsChecksum = false } = event;
  const { error, sha256, video_no } = record;
  if (error !== null && SILENT_ENDS.has(error.code)) return [];
  const failure = error === null ? [] : [errorText(video_no, error.message, error.hint, style)];
  if (quiet) return failure;
  const warnings = record.warnings.map((text) => warningText(video_no, text, style));
  if (error !== null) return [...warnings, ...failure];
  const checksum = showsChecksum && sha256 ? [`${INDENT}sha256: ${sha256}`] : [];
  return [...warnings, doneText(record, verified, style), ...checksum];
}

/** The line of a finished video, shortened until it fits the window. */
function doneText(record: VideoRecord, verified: string, style: Style): string {
  const { status, file, seconds } = record;
  let verb = file === null ? 'wrote' : 'saved';
  if (status === 'skipped') verb = 'skipped';
  const name = file === null ? `${record.video_no} to stdout` : printable(file);
  const head = `${style.good(style.marks.good)} ${verb} ${style.strong(name)}`;
  const bytes = record.bytes ?? 0;
  const size = bytesText(bytes);
  const time = status === 'skipped' ? '' : ` in ${durationText(seconds * 1000)}`;
  const speed = status === 'skipped' ? '' : `, ${speedText(bytes / Math.max(seconds, 0.001))}`;
  const brief = verified.startsWith('nothing') ? 'not verified' : (verified.split(',')[0] ?? '');
  const forms = [
    [head, size + time + speed, `verified: ${verified}`],
    [head, size + time, `verified: ${verified}`],
    [head, size + time, brief],
    [head, size, brief],
    [head, brief],
  ].map((parts) => parts.join(style.separator));
  return forms.find((form) => lengthOf(form) <= style.width()) ?? head;
}
