import type { IncomingHttpHeaders } from 'node:http';
import { describe, expect, it } from 'vitest';
import { sizeBy206, sizeBy416, strongEtag } from '../../src/download/accept.ts';

describe('the ETag to resume with', () => {
  it.each<[string, IncomingHttpHeaders, string | null]>([
    ['a strong one where ranges are offered', { etag: '"a-1"', 'accept-ranges': 'bytes' }, '"a-1"'],
    ['an empty strong one', { etag: '""', 'accept-ranges': 'bytes' }, '""'],
    ['one among several offers', { etag: '"a"', 'accept-ranges': 'lines, BYTES , x' }, '"a"'],
    [
      'one whose body is not encoded',
      { etag: '"a"', 'accept-ranges': 'bytes', 'content-encoding': 'identity' },
      '"a"',
    ],
    ['none where ranges are not offered', { etag: '"a"' }, null],
    ['none where ranges are refused', { etag: '"a"', 'accept-ranges': 'none' }, null],
    ['none where other units are offered', { etag: '"a"', 'accept-ranges': 'megabytes' }, null],
    ['none where other units are offered, too', { etag: '"a"', 'accept-ranges': 'bytes-ish' }, null],
    ['none that is weak', { etag: 'W/"a"', 'accept-ranges': 'bytes' }, null],
    ['none without quotes', { etag: 'a', 'accept-ranges': 'bytes' }, null],
    ['none with text after it', { etag: '"a" "b"', 'accept-ranges': 'bytes' }, null],
    ['none without an ETag', { 'accept-ranges': 'bytes' }, null],
    ['none of an encoded body', { etag: '"a"', 'accept-ranges': 'bytes', 'content-encoding': 'gzip' }, null],
  ])('is %s', (_what, headers, etag) => {
    expect(strongEtag(headers)).toBe(etag);
  });
});

describe('the total by Content-Range', () => {
  it.each([
    ['bytes 0-9/10', 10],
    ['BYTES 0-9/10', 10],
    ['bytes 0-999999999999998/999999999999999', 999_999_999_999_999],
    ['bytes 0-9/*', null],
    ['bytes */100', null],
    ['bytes 0-9', null],
    ['bytes 0-999999999999999/1000000000000000', null],
    ['items 0-9/10', null],
    [' bytes 0-9/10', null],
    ['bytes 0-9/10 ', null],
    [undefined, null],
  ])('%s is %j', (text, total) => {
    const headers = { etag: '"a"', ...(text === undefined ? {} : { 'content-range': text }) };
    expect(sizeBy206(headers, { offset: 0, etag: '"a"' }, null)).toBe(total);
  });
});

describe('a 206', () => {
  const asked = { offset: 40, etag: '"a"' };
  const good: IncomingHttpHeaders = {
    'content-range': 'bytes 40-99/100',
    etag: '"a"',
    'content-length': '60',
  };

  it('resumes where it was asked to, with or without a length', () => {
    expect(sizeBy206(good, asked, 100)).toBe(100);
    expect(sizeBy206(good, asked, null)).toBe(100);
    const { 'content-length': _length, ...chunked } = good;
    expect(sizeBy206(chunked, asked, 100)).toBe(100);
  });

  it('may contain only the last byte', () => {
    const last = { 'content-range': 'bytes 99-99/100', etag: '"a"', 'content-length': '1' };
    expect(sizeBy206(last, { offset: 99, etag: '"a"' }, 100)).toBe(100);
  });

  it.each<[string, IncomingHttpHeaders]>([
    ['begins early', { ...good, 'content-range': 'bytes 39-99/100' }],
    ['begins late', { ...good, 'content-range': 'bytes 41-99/100' }],
    ['ends early', { ...good, 'content-range': 'bytes 40-98/100' }],
    ['ends late', { ...good, 'content-range': 'bytes 40-100/100' }],
    ['is of another file size', { ...good, 'content-range': 'bytes 40-100/101', 'content-length': '61' }],
    ['has no file size', { ...good, 'content-range': 'bytes 40-99/*' }],
    ['has no range', { etag: '"a"', 'content-length': '60' }],
    ['holds fewer bytes', { ...good, 'content-length': '59' }],
    ['holds more bytes', { ...good, 'content-length': '100' }],
    ['has an invalid length', { ...good, 'content-length': 'sixty' }],
    ['has another ETag', { ...good, etag: '"b"' }],
    ['has a weak ETag', { ...good, etag: 'W/"a"' }],
    ['has no ETag', { 'content-range': 'bytes 40-99/100', 'content-length': '60' }],
  ])('that %s cannot be trusted', (_what, headers) => {
    expect(sizeBy206(headers, asked, 100)).toBeNull();
  });

  it('of no bytes cannot be trusted', () => {
    const empty = { 'content-range': 'bytes 100-99/100', etag: '"a"' };
    expect(sizeBy206(empty, { offset: 100, etag: '"a"' }, 100)).toBeNull();
  });
});

describe('a 416', () => {
  const asked = { offset: 100, etag: '"a"' };
  const good: IncomingHttpHeaders = { 'content-range': 'bytes */100' };

  it('means that everything was received when the file is that long', () => {
    expect(sizeBy416(good, asked, 100)).toBe(100);
    expect(sizeBy416(good, asked, null)).toBe(100);
    expect(sizeBy416({ 'content-range': 'BYTES */100', etag: '"a"' }, asked, 100)).toBe(100);
  });

  it.each<[string, IncomingHttpHeaders, number | null]>([
    ['the file is shorter', { 'content-range': 'bytes */99' }, null],
    ['the file is longer', { 'content-range': 'bytes */101' }, null],
    ['the file was longer', good, 101],
    ['the file was shorter', good, 99],
    ['it has no length', { 'content-range': 'bytes */*' }, 100],
    ['it has a range', { 'content-range': 'bytes 0-99/100' }, 100],
    ['it has more than a length', { 'content-range': 'bytes */100 ' }, 100],
    ['it has other units', { 'content-range': 'kilobytes */100' }, 100],
    ['it has no Content-Range', {}, 100],
    ['it has another ETag', { ...good, etag: '"b"' }, 100],
  ])('does not mean that when %s', (_when, headers, knownSize) => {
    expect(sizeBy416(headers, asked, knownSize)).toBeNull();
  });
});
