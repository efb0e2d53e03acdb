import type { IncomingHttpHeaders } from 'node:http';
import { expect, it } from 'vitest';
import { endsAt } from '../../src/download/resumable-body.ts';

const asked = { offset: 100, etag: '"a"' };

it.each<[string, IncomingHttpHeaders, number | null]>([
  ['names the size that has come', { 'content-range': 'bytes */100' }, null],
  ['names it again', { 'content-range': 'bytes */100' }, 100],
  ['names the version too', { 'content-range': 'BYTES */100', etag: '"a"' }, null],
])('a 416 that %s says that nothing follows', (_what, headers, knownSize) => {
  expect(endsAt(headers, asked, knownSize)).toBe(true);
});

it.each<[string, IncomingHttpHeaders, number | null]>([
  ['names no size', {}, null],
  ['names a smaller size', { 'content-range': 'bytes */99' }, null],
  ['names a greater size', { 'content-range': 'bytes */101' }, null],
  ['names another size than was known', { 'content-range': 'bytes */100' }, 200],
  ['is of another version', { 'content-range': 'bytes */100', etag: '"b"' }, null],
  ['names a part', { 'content-range': 'bytes 0-99/100' }, null],
  ['names another unit', { 'content-range': 'items */100' }, null],
])('a 416 that %s proves nothing', (_what, headers, knownSize) => {
  expect(endsAt(headers, asked, knownSize)).toBe(false);
});
