import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  baseUrl,
  byteSize,
  isLoopback,
  rate,
  seconds,
  uniqueId,
  wholeNumber,
} from '../../src/settings/values.ts';

/** The longest delay that a timer takes: some 24 days. */
const FOREVER_MS = 2_147_483_647;

const NOT_HTTPS =
  'takes an https address: plain http would expose your key to the network (loopback addresses excepted)';
const NOT_BARE = 'takes an address without a user name, password, query or fragment';
const NO_ADDRESS = 'takes an address such as https://api.memories.ai/serve/api/v1';

/** What a reader is expected to throw. */
function rangeError(message: string): RangeError {
  return expect.objectContaining({ name: 'RangeError', message });
}

describe('a whole number', () => {
  it.each([
    ['1', 1],
    ['256', 256],
    ['007', 7],
  ])('%s is read', (text, value) => {
    expect(wholeNumber(1, 256)(text)).toBe(value);
  });

  it.each([
    '0',
    '257',
    '-1',
    '+1',
    '1.5',
    '1e2',
    '0x10',
    ' 1',
    '1 ',
    '',
    'x',
    '1x',
    'x1',
    '٣',
    '99999999999',
  ])('"%s" is refused', (text) => {
    expect(() => wholeNumber(1, 256)(text)).toThrow(rangeError('takes a whole number from 1 to 256'));
  });

  it('may be zero where zero is within its bounds', () => {
    expect(wholeNumber(0, 10)('0')).toBe(0);
  });
});

describe('seconds', () => {
  it.each([
    ['30', 30_000],
    ['0.5', 500],
    ['1.2345', 1235],
    ['0.0001', 1],
    ['2147483.647', FOREVER_MS],
    ['0', FOREVER_MS],
    ['0.0', FOREVER_MS],
    ['00', FOREVER_MS],
  ])('%s are %i ms', (text, ms) => {
    expect(seconds(text)).toBe(ms);
  });

  it.each(['2147483.648', '-1', '.5', '5.', '1,5', '1e3', '30s', 's30', '', ' ', 'Infinity', 'NaN'])(
    '"%s" is refused',
    (text) => {
      expect(() => seconds(text)).toThrow(
        rangeError('takes a number of seconds, such as 30 or 0.5 (0 = no limit)'),
      );
    },
  );
});

describe('a size in bytes', () => {
  it.each([
    ['1', 1],
    ['500000', 500_000],
    ['7b', 7],
    ['7B', 7],
    ['2k', 2048],
    ['2K', 2048],
    ['10M', 10_485_760],
    ['10m', 10_485_760],
    ['2.5G', 2_684_354_560],
    ['1t', 1_099_511_627_776],
    ['0.5K', 512],
    ['1.999', 1],
    ['1.0001k', 1024],
    ['9007199254740991', Number.MAX_SAFE_INTEGER],
  ])('%s is %i', (text, value) => {
    expect(byteSize(text)).toBe(value);
  });

  it.each([
    '0',
    '0.9',
    '0K',
    '0.0001K',
    '-1',
    '1P',
    '1KB',
    '1KiB',
    'K',
    '',
    '1 K',
    '.5M',
    '1.M',
    '1e6',
    'x1',
    '9007199254740992',
    '9000T',
  ])('"%s" is refused', (text) => {
    expect(() => byteSize(text)).toThrow(
      rangeError('takes a number of bytes above 0, such as 500000, 10M or 2.5G'),
    );
  });
});

describe('a rate', () => {
  it.each([
    ['12', 12, 60_000],
    ['12/m', 12, 60_000],
    ['1/s', 1, 1000],
    ['700/h', 700, 3_600_000],
    ['5000/d', 5000, 86_400_000],
    ['3/15s', 3, 15_000],
    ['1/24d', 1, 2_073_600_000],
    ['1000000/s', 1_000_000, 1000],
    ['012/m', 12, 60_000],
  ])('%s is %i starts in %i ms', (text, starts, windowMs) => {
    expect(rate(text)).toEqual({ starts, windowMs });
  });

  it.each(['0', '0/s', '00', '0/15m'])('%s is no limit', (text) => {
    expect(rate(text)).toBeNull();
  });

  it.each([
    '',
    '-1',
    '1.5',
    '12/',
    '12/x',
    '12/M',
    '/m',
    'm',
    '12 /m',
    '12/m ',
    'x12',
    '1/0s',
    '1/25d',
    '1000001',
    '12/m/s',
    '1/1.5s',
  ])('"%s" is refused', (text) => {
    expect(() => rate(text)).toThrow(
      rangeError(
        'takes a number of starts per minute, such as 12, or a form such as 12/m, 1/s or 700/h (0 = no limit)',
      ),
    );
  });
});

describe('the name of a scope', () => {
  it.each(['default', 'holiday_2025', 'Familie Müller 🎬', ' ', 'x'.repeat(256), 'a\'b"c'])(
    'may be "%s"',
    (text) => {
      expect(uniqueId(text)).toBe(text);
    },
  );

  it.each(['', 'a\nb', 'a\u001b[31m', '\u0000', 'a\u007f', 'a\u0085', 'a\ufffd', 'x'.repeat(257), 'a\n'])(
    'is not %j',
    (text) => {
      expect(() => uniqueId(text)).toThrow(rangeError('takes the name of a scope, such as default'));
    },
  );
});

describe('a base URL', () => {
  it.each([
    ['https://api.memories.ai/serve/api/v1', 'https://api.memories.ai/serve/api/v1'],
    ['https://api.memories.ai/serve/api/v1/', 'https://api.memories.ai/serve/api/v1'],
    ['https://api.memories.ai/a//b///', 'https://api.memories.ai/a//b'],
    ['https://api.memories.ai', 'https://api.memories.ai/serve/api/v1'],
    ['HTTPS://API.Memories.AI:443/x', 'https://api.memories.ai/x'],
    ['https://example.com:8443', 'https://example.com:8443/serve/api/v1'],
    ['https://example.com/v1?', 'https://example.com/v1'],
    ['https://example.com/v1/#', 'https://example.com/v1'],
    ['https://10.0.0.1/', 'https://10.0.0.1/serve/api/v1'],
    ['http://127.0.0.1:8080/v1', 'http://127.0.0.1:8080/v1'],
    ['http://localhost:8080', 'http://localhost:8080/serve/api/v1'],
    ['http://LOCALHOST/', 'http://localhost/serve/api/v1'],
    ['http://localhost./v1', 'http://localhost./v1'],
    ['http://127.1:9/', 'http://127.0.0.1:9/serve/api/v1'],
    ['http://127.255.255.254/', 'http://127.255.255.254/serve/api/v1'],
    ['http://0x7f.1/', 'http://127.0.0.1/serve/api/v1'],
    ['http://2130706433/', 'http://127.0.0.1/serve/api/v1'],
    ['http://[::1]:8080/', 'http://[::1]:8080/serve/api/v1'],
    ['http://[0:0:0:0:0:0:0:1]/', 'http://[::1]/serve/api/v1'],
    ['http://[::ffff:127.0.0.1]/', 'http://[::ffff:7f00:1]/serve/api/v1'],
    ['http://[::ffff:127.1.2.3]/', 'http://[::ffff:7f01:203]/serve/api/v1'],
  ])('%s is %s', (text, href) => {
    expect(baseUrl(text).href).toBe(href);
  });

  it.each([
    ['http://api.memories.ai/serve/api/v1', NOT_HTTPS],
    ['http://127.0.0.1.example.com/', NOT_HTTPS],
    ['http://localhost.example.com/', NOT_HTTPS],
    ['http://mylocalhost/', NOT_HTTPS],
    ['http://example.com/127.0.0.1', NOT_HTTPS],
    ['http://128.0.0.1/', NOT_HTTPS],
    ['http://0.0.0.0/', NOT_HTTPS],
    ['http://10.127.0.0/', NOT_HTTPS],
    ['http://[::]/', NOT_HTTPS],
    ['http://[::2]/', NOT_HTTPS],
    ['http://[::ffff:128.0.0.1]/', NOT_HTTPS],
    ['http://[::ffff:7.240.0.1]/', NOT_HTTPS],
    ['http://[fe80::ffff:7f00:1]/', NOT_HTTPS],
    ['http://[::127.0.0.1]/', NOT_HTTPS],
    ['https://user@example.com/', NOT_BARE],
    ['https://:secret@example.com/', NOT_BARE],
    ['http://127.0.0.1@example.com/', NOT_BARE],
    ['https://example.com/?key=1', NOT_BARE],
    ['https://example.com/#top', NOT_BARE],
    ['ftp://example.com/', 'takes an https address'],
    ['localhost:8080', 'takes an https address'],
    ['file:///serve/api', 'takes an https address'],
    ['', NO_ADDRESS],
    ['api.memories.ai', NO_ADDRESS],
    ['https://', NO_ADDRESS],
    ['http://127.0.0.256/', NO_ADDRESS],
  ])('"%s" is refused: it %s', (text, message) => {
    expect(() => baseUrl(text)).toThrow(rangeError(message));
  });

  it('allows plain http only to this machine', () => {
    fc.assert(
      fc.property(fc.oneof(fc.webUrl(), fc.ipV4(), fc.domain()), (text) => {
        const { host } = new URL(text.includes('//') ? text : `http://${text}`);
        const attempt = () => baseUrl(`http://${host}/`);
        if (isLoopback(new URL(`http://${host}`))) expect(attempt().hostname).toMatch(/^(127\.|localhost$)/);
        else expect(attempt).toThrow(RangeError);
      }),
    );
  });
});
