/** Text for people: sizes, speeds, times, wrapped lines, colours and marks. */
import { stripVTControlCharacters } from 'node:util';
import type { Host } from '../host.ts';

const BYTE_UNITS = ['bytes', 'KiB', 'MiB', 'GiB', 'TiB'];

/** The unit for a size: its index, which is a power of 1024. */
function unitOf(bytes: number): number {
  let unit = 0;
  // 1023.95 would round to 1024.0, which is 1.0 of the next unit.
  while (bytes / 1024 ** unit >= (unit === 0 ? 1024 : 1023.95) && unit < BYTE_UNITS.length - 1) unit += 1;
  return unit;
}

/** A size: `532 bytes`, `12.3 MiB`; units of 1024. */
export function bytesText(bytes: number): string {
  const unit = unitOf(bytes);
  if (unit === 0) return bytes === 1 ? '1 byte' : `${Math.round(bytes)} bytes`;
  return `${(bytes / 1024 ** unit).toFixed(1)} ${BYTE_UNITS[unit]}`;
}

/** Bytes received of a total, in the unit of the total: `13.4/48.2 MiB`. */
export function partText(bytes: number, ofBytes: number): string {
  const unit = unitOf(ofBytes);
  const [part, all] = [bytes / 1024 ** unit, ofBytes / 1024 ** unit];
  let decimals = 1;
  if (unit === 0 || all >= 99.95) decimals = 0;
  else if (unit > 2 && all < 9.995) decimals = 2;
  return `${part.toFixed(decimals)}/${all.toFixed(decimals)} ${unit === 0 ? 'B' : BYTE_UNITS[unit]}`;
}

/** A speed, in at most ten characters: `3.8 MiB/s`, `896 KiB/s`. */
export function speedText(bytesPerSecond: number): string {
  const [number = '', unit = ''] = bytesText(bytesPerSecond).split(' ');
  const shorter = number.length > 4 ? String(Math.round(Number(number))) : number;
  return `${shorter} ${unit.replace(/^bytes?$/, 'B')}/s`;
}

/** A duration: `0.4 s`, `13 s`, `2 min 05 s`, `1 h 02 min`. */
export function durationText(ms: number): string {
  const seconds = shownMs(ms) / 1000;
  if (seconds < 9.95) return `${seconds.toFixed(1)} s`;
  const rounded = Math.round(seconds);
  if (rounded < 60) return `${rounded} s`;
  const minutes = Math.floor(rounded / 60);
  if (minutes < 60) return `${minutes} min ${pad(rounded % 60)} s`;
  return `${Math.floor(minutes / 60)} h ${pad(minutes % 60)} min`;
}

/** Time left, in full seconds so that it does not flicker. */
export function timeLeftText(ms: number): string {
  return durationText(Math.max(1, Math.ceil(ms / 1000)) * 1000).replace('.0 s', ' s');
}

/** The announcement of a retry after some milliseconds: `retrying in 0.7 s (attempt 2)`, `retrying now (attempt 3)`. */
export function retryingText(delayMs: number, attempt: number): string {
  return `retrying ${delayMs < 50 ? 'now' : `in ${durationText(delayMs)}`} (attempt ${attempt})`;
}

/** A duration as video players show it, in full seconds: `0:07`, `2:05`, `1:02:07`. */
export function clockText(ms: number): string {
  const seconds = Math.ceil(shownMs(ms) / 1000);
  const minutes = Math.floor(seconds / 60);
  if (minutes < 60) return `${minutes}:${pad(seconds % 60)}`;
  return `${Math.floor(minutes / 60)}:${pad(minutes % 60)}:${pad(seconds % 60)}`;
}

/** What a listing claims may be negative, or no finite number. */
function shownMs(ms: number): number {
  return Math.min(Math.max(0, ms), Number.MAX_SAFE_INTEGER);
}

function pad(value: number): string {
  return String(value).padStart(2, '0');
}

/** The length of a text in characters, without colour codes. */
export function lengthOf(text: string): number {
  return stripVTControlCharacters(text).length;
}

/** Wraps a text between words into lines of `width` characters; `first` begins the first, `indent` the others. */
export function wrapped(text: string, width: number, first: string, indent: string): string {
  const [start = '', ...words] = text.split(' ');
  const lines: string[] = [];
  let line = first + start;
  for (const word of words) {
    const longer = `${line} ${word}`;
    if (lengthOf(longer) > width) {
      lines.push(line);
      line = indent + word;
    } else line = longer;
  }
  return [...lines, line].join('\n');
}

/** The look of text on standard error: colours, signs, and the current width in columns, which may be infinite. */
export type Style = Readonly<Awaited<ReturnType<typeof styleFor>>>;

/** The ellipsis stands for text that was cut. */
const UNICODE_SIGNS = {
  marks: { good: '✓', attention: '!' },
  bar: { full: '█', empty: '░' },
  separator: ' · ',
  ellipsis: '…',
};
const ASCII_SIGNS = {
  marks: { good: 'ok', attention: '!' },
  bar: { full: '#', empty: '-' },
  separator: ' | ',
  ellipsis: '...',
};

/** The style for a stream, with the colours and signs that it can show. */
export async function styleFor(host: Host, isTTY: boolean) {
  const signs = isTTY && !showsUnicode(host) ? ASCII_SIGNS : UNICODE_SIGNS;
  const width = (): number => (isTTY ? host.stderr.columns() : Number.POSITIVE_INFINITY);
  const { Chalk } = await import('chalk');
  const chalk = new Chalk({ level: wantsColour(host, isTTY) ? 1 : 0 });
  const { green: good, red: bad, yellow: attention, dim: quiet, bold: strong } = chalk;
  return { good, bad, attention, quiet, strong, ...signs, width };
}

/** FORCE_COLOR overrides NO_COLOR, which overrides the kind of stream (force-color.org, no-color.org). */
function wantsColour({ env }: Host, isTTY: boolean): boolean {
  if (env.FORCE_COLOR) return env.FORCE_COLOR !== '0' && env.FORCE_COLOR !== 'false';
  return !env.NO_COLOR && isTTY && env.TERM !== 'dumb';
}

/** Whether the terminal and its locale can show more than ASCII. */
function showsUnicode({ env, platform }: Host): boolean {
  if (env.TERM === 'dumb' || env.TERM === 'linux') return false;
  if (platform === 'win32') return Boolean(env.WT_SESSION || env.TERM_PROGRAM);
  return /utf-?8/i.test(env.LC_ALL || env.LC_CTYPE || env.LANG || '');
}
