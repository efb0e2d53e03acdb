/** Reads the text of a setting into its value. Every reader throws a RangeError that says what it takes. */

/** At most `starts` starts in any window of `windowMs` milliseconds. */
export interface Rate {
  readonly starts: number;
  readonly windowMs: number;
}

const SIZE_UNITS: Readonly<Record<string, number>> = {
  '': 1,
  B: 1,
  K: 1024,
  M: 1024 ** 2,
  G: 1024 ** 3,
  T: 1024 ** 4,
};
const TIME_UNITS_MS: Readonly<Record<string, number>> = { s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 };

/** The longest delay that a timer of Node takes, in milliseconds. */
const LONGEST_TIMER_MS = 2 ** 31 - 1;

/** A whole number within bounds. */
export function wholeNumber(least: number, most: number): (text: string) => number {
  return (text) => {
    const value = /^\d+$/.test(text) ? Number(text) : Number.NaN;
    if (!(value >= least && value <= most)) {
      throw new RangeError(`takes a whole number from ${least} to ${most}`);
    }
    return value;
  };
}

/** Seconds, decimals allowed, as milliseconds; 0 is no limit, as in curl, and read as the longest delay there is. */
export function seconds(text: string): number {
  const ms = /^\d+(\.\d+)?$/.test(text) ? Number(text) * 1000 : Number.NaN;
  if (!(ms >= 0 && ms <= LONGEST_TIMER_MS)) {
    throw new RangeError('takes a number of seconds, such as 30 or 0.5 (0 = no limit)');
  }
  return ms === 0 ? LONGEST_TIMER_MS : Math.max(1, Math.round(ms));
}

/** A size in bytes: a number with an optional K, M, G or T of 1024, as in curl. */
export function byteSize(text: string): number {
  const [, number = '', unit = ''] = /^(\d+(?:\.\d+)?)([BKMGT]?)$/i.exec(text) ?? [];
  const value =
    number === '' ? Number.NaN : Math.floor(Number(number) * (SIZE_UNITS[unit.toUpperCase()] ?? 1));
  if (!(value >= 1 && value <= Number.MAX_SAFE_INTEGER)) {
    throw new RangeError('takes a number of bytes above 0, such as 500000, 10M or 2.5G');
  }
  return value;
}

/** A limit in bytes per second; 0 is no limit, as in curl, and read as null. */
export function byteLimit(text: string): number | null {
  return text === '0' ? null : byteSize(text);
}

/** Starts per minute, or curl's forms `12/m`, `1/s`, `700/h`, `3/15s`; 0 is no limit, and read as null. */
export function rate(text: string): Rate | null {
  const [, number = '', count = '1', unit = 'm'] = /^(\d+)(?:\/(\d*)([smhd]))?$/.exec(text) ?? [];
  const starts = number === '' ? Number.NaN : Number(number);
  const windowMs = Number(count || '1') * (TIME_UNITS_MS[unit] ?? Number.NaN);
  if (starts === 0) return null;
  if (!(starts >= 1 && starts <= 1_000_000 && windowMs > 0 && windowMs <= LONGEST_TIMER_MS)) {
    throw new RangeError(
      'takes a number of starts per minute, such as 12, or a form such as 12/m, 1/s or 700/h (0 = no limit)',
    );
  }
  return { starts, windowMs };
}

/** A scope of the library: any text on one line. U+FFFD stands for bytes that were not UTF-8. */
export function uniqueId(text: string): string {
  if (!/^[^\p{Cc}\ufffd]{1,256}$/u.test(text))
    throw new RangeError('takes the name of a scope, such as default');
  return text;
}

/** The path of the API, for an address that has none. */
const API_PATH = '/serve/api/v1';

/** The address of the API: https, or http on a loopback address, without a trailing slash. */
export function baseUrl(text: string): URL {
  let url: URL;
  try {
    url = new URL(text);
  } catch {
    throw new RangeError('takes an address such as https://api.memories.ai/serve/api/v1');
  }
  if (url.username !== '' || url.password !== '' || url.search !== '' || url.hash !== '') {
    throw new RangeError('takes an address without a user name, password, query or fragment');
  }
  if (url.protocol !== 'https:' && url.protocol !== 'http:') throw new RangeError('takes an https address');
  if (url.protocol === 'http:' && !isLoopback(url)) {
    throw new RangeError(
      'takes an https address: plain http would expose your key to the network (loopback addresses excepted)',
    );
  }
  url.pathname = url.pathname.replace(/\/+$/, '') || API_PATH;
  // An empty query or fragment leaves its sign in the text; a path appended behind it would not be one.
  url.search = '';
  url.hash = '';
  return url;
}

/**
 * Whether a URL's host is this machine's loopback address. The URL parser has normalized it: 127.1 and
 * 0x7f.1 have become 127.0.0.1, and an IPv4-mapped address is [::ffff:7f00:1].
 */
export function isLoopback(url: URL): boolean {
  const host = url.hostname.replace(/\.$/, '');
  return (
    host === 'localhost' ||
    /^127\.\d{1,3}\.\d{1,3}\.\d{1,3}$/.test(host) ||
    host === '[::1]' ||
    /^\[::ffff:7f[0-9a-f]{2}:[0-9a-f]{1,4}\]$/.test(host)
  );
}
