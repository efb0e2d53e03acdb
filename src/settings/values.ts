/** Readers of the texts of settings. Each throws a RangeError that says what it takes. Pure. */
import { UsageError } from '../errors.ts';

/** At most `starts` starts in any window of `windowMs` milliseconds. */
export interface Rate {
  readonly starts: number;
  readonly windowMs: number;
}

const SIZE_UNITS = 'BKMGT';
const TIME_UNITS_MS: Readonly<Record<string, number>> = { s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 };

/** The longest delay that a timer of Node takes, in milliseconds. */
export const LONGEST_TIMER_MS = 2 ** 31 - 1;

/** Reads a value. Throws UsageError, which names the place that it comes from and says what that takes. */
export function readValue<T>(place: string, text: string, read: (text: string) => T, hint = ''): T {
  try {
    return read(text);
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    // An address may contain a password, which no error shows.
    const shown = text.replace(/\/\/[^/@]*@/, '//…@');
    throw new UsageError(`${place} ${error.message}, not '${shown}'`, { hint });
  }
}

/** A whole number within bounds. */
export function wholeNumber(least: number, most: number): (text: string) => number {
  return (text) => {
    const value = /^\d+$/.test(text) ? Number(text) : Number.NaN;
    if (value >= least && value <= most) return value;
    throw new RangeError(`takes a whole number from ${least} to ${most}`);
  };
}

/** Seconds, with decimals, as milliseconds; 0 is no limit, as in curl, and gives the longest delay of a timer. */
export function seconds(text: string): number {
  const ms = /^\d+(\.\d+)?$/.test(text) ? Number(text) * 1000 : Number.NaN;
  if (ms === 0) return LONGEST_TIMER_MS;
  if (ms <= LONGEST_TIMER_MS) return Math.max(1, Math.round(ms));
  throw new RangeError('takes a number of seconds, such as 30 or 0.5 (0 = no limit)');
}

/** A size in bytes: a number with an optional K, M, G or T of 1024, as in curl. */
export function byteSize(text: string): number {
  const [, number = '', unit = ''] = /^(\d+(?:\.\d+)?)([BKMGT]?)$/i.exec(text) ?? [];
  const value = Math.floor(Number(number) * 1024 ** SIZE_UNITS.indexOf(unit.toUpperCase() || 'B'));
  if (value >= 1 && value <= Number.MAX_SAFE_INTEGER) return value;
  throw new RangeError('takes a number of bytes above 0, such as 500000, 10M or 2.5G');
}

/** A limit in bytes per second; 0 is no limit, as in curl, and gives null. */
export function byteLimit(text: string): number | null {
  if (text === '0') return null;
  try {
    return byteSize(text);
  } catch {
    throw new RangeError('takes a number of bytes per second, such as 500000, 10M or 2.5G (0 = no limit)');
  }
}

/** Starts per minute, or curl's forms `12/m`, `1/s`, `700/h`, `3/15s`; 0 is no limit, and gives null. */
export function rate(text: string): Rate | null {
  const [, number = '', count = '1', unit = 'm'] = /^(\d+)(?:\/(\d*)([smhd]))?$/.exec(text) ?? [];
  const starts = Number(number || Number.NaN);
  const windowMs = Number(count || '1') * (TIME_UNITS_MS[unit] ?? Number.NaN);
  if (starts === 0) return null;
  const isWindow = windowMs > 0 && windowMs <= LONGEST_TIMER_MS;
  if (starts >= 1 && starts <= 1_000_000 && isWindow) return { starts, windowMs };
  const forms = 'such as 12, or a form such as 12/m, 1/s or 700/h (0 = no limit)';
  throw new RangeError(`takes a number of starts per minute, ${forms}`);
}

/** A scope of the library: any text on one line. U+FFFD means bytes that are not UTF-8. */
export function uniqueId(text: string): string {
  if (/^[^\p{Cc}\ufffd]{1,256}$/u.test(text)) return text;
  throw new RangeError('takes the name of a scope, such as default');
}

/** The address of the API: https, or http on a loopback address, without a trailing slash. */
export function baseUrl(text: string): URL {
  const example = 'https://api.memories.ai/serve/api/v1';
  if (!URL.canParse(text)) throw new RangeError(`takes an address such as ${example}`);
  const url = new URL(text);
  if (url.username !== '' || url.password !== '' || url.search !== '' || url.hash !== '') {
    throw new RangeError('takes an address without a user name, password, query or fragment');
  }
  if (url.protocol !== 'https:' && url.protocol !== 'http:') throw new RangeError('takes an https address');
  if (url.protocol === 'http:' && !isLoopback(url)) {
    const why = 'plain http would expose your key to the network (loopback addresses excepted)';
    throw new RangeError(`takes an https address: ${why}`);
  }
  url.pathname = url.pathname.replace(/\/+$/, '') || '/serve/api/v1';
  // Removes the `?` or `#` of an empty query or fragment, so that a path can be appended.
  url.search = '';
  url.hash = '';
  return url;
}

/** Whether a URL's host is a loopback address, as the URL parser writes it: 127.0.0.1 for 127.1 and 0x7f.1. */
export function isLoopback(url: URL): boolean {
  const host = url.hostname.replace(/\.$/, '');
  return /^(localhost|127(\.\d{1,3}){3}|\[::1\]|\[::ffff:7f[0-9a-f]{2}:[0-9a-f]{1,4}\])$/.test(host);
}
