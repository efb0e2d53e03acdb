/** Text for people: sizes, speeds, times and wrapped lines. Pure. */
import { stripVTControlCharacters } from 'node:util';

const BYTE_UNITS = ['bytes', 'KiB', 'MiB', 'GiB', 'TiB'];

/** A size: `532 bytes`, `12.3 MiB`; units of 1024. */
export function bytesText(bytes: number): string {
  let value = bytes;
  let unit = 0;
  // 1023.95 would round to 1024.0, which is 1.0 of the next unit.
  while (value >= (unit === 0 ? 1024 : 1023.95) && unit < BYTE_UNITS.length - 1) {
    value /= 1024;
    unit += 1;
  }
  if (unit === 0) return value === 1 ? '1 byte' : `${Math.round(value)} bytes`;
  return `${value.toFixed(1)} ${BYTE_UNITS[unit]}`;
}

/** A speed, in at most ten characters: `3.8 MiB/s`, `896 KiB/s`. */
export function speedText(bytesPerSecond: number): string {
  const [number = '', unit = ''] = bytesText(bytesPerSecond).split(' ');
  const shorter = number.length > 4 ? String(Math.round(Number(number))) : number;
  return `${shorter} ${unit.replace(/^bytes?$/, 'B')}/s`;
}

/** A duration: `0.4 s`, `13 s`, `2 min 05 s`, `1 h 02 min`. */
export function durationText(ms: number): string {
  const seconds = Math.max(0, ms) / 1000;
  if (seconds < 9.95) return `${seconds.toFixed(1)} s`;
  const whole = Math.round(seconds);
  if (whole < 60) return `${whole} s`;
  const minutes = Math.floor(whole / 60);
  if (minutes < 60) return `${minutes} min ${pad(whole % 60)} s`;
  return `${Math.floor(minutes / 60)} h ${pad(minutes % 60)} min`;
}

/** Time left, in whole seconds so that it does not flicker. */
export function timeLeftText(ms: number): string {
  return durationText(Math.max(1, Math.ceil(ms / 1000)) * 1000).replace('.0 s', ' s');
}

/** The announcement of a retry after a pause in milliseconds: `retrying in 0.7 s (attempt 2)`, `retrying now (attempt 3)`. */
export function retryingText(delayMs: number, attempt: number): string {
  return `retrying ${delayMs < 50 ? 'now' : `in ${durationText(delayMs)}`} (attempt ${attempt})`;
}

/** A duration as clocks and video players show it, in whole seconds: `0:07`, `2:05`, `1:02:07`. */
export function clockText(ms: number): string {
  const whole = Math.max(0, Math.ceil(ms / 1000));
  const minutes = Math.floor(whole / 60);
  const [hours, rest] = [Math.floor(minutes / 60), `${pad(whole % 60)}`];
  return hours === 0 ? `${minutes}:${rest}` : `${hours}:${pad(minutes % 60)}:${rest}`;
}

/** Bytes received of a total, in the unit of the total: `13.4/48.2 MiB`. */
export function partText(bytes: number, ofBytes: number): string {
  let divisor = 1;
  let unit = 0;
  while (ofBytes / divisor >= (unit === 0 ? 1024 : 1023.95) && unit < BYTE_UNITS.length - 1) {
    divisor *= 1024;
    unit += 1;
  }
  const decimals =
    unit === 0 || ofBytes / divisor >= 99.95 ? 0 : ofBytes / divisor < 9.995 && unit > 2 ? 2 : 1;
  const [part, whole] = [bytes, ofBytes].map((each) => (each / divisor).toFixed(decimals));
  return `${part}/${whole} ${unit === 0 ? 'B' : BYTE_UNITS[unit]}`;
}

function pad(value: number): string {
  return String(value).padStart(2, '0');
}

/** The length of a text in characters, colors aside. */
export function lengthOf(text: string): number {
  return stripVTControlCharacters(text).length;
}

/**
 * Wraps a text into lines of at most `width` characters, between words; a longer word is left to the terminal to
 * break. The first line begins with `first`, the others with `indent`.
 */
export function wrapped(text: string, width: number, first: string, indent: string): string {
  const lines: string[] = [];
  let line = first;
  let isEmpty = true;
  for (const word of text.split(' ')) {
    const longer = isEmpty ? line + word : `${line} ${word}`;
    if (!isEmpty && lengthOf(longer) > width) {
      lines.push(line);
      line = indent + word;
    } else line = longer;
    isEmpty = false;
  }
  return [...lines, line].join('\n');
}
