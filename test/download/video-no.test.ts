import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { checkVideoNo } from '../../src/download/video-list.ts';
import { UsageError } from '../../src/errors.ts';

describe('a video_no', () => {
  it.each(['VI625239098370850816', 'a', 'A_-z09', '0'.repeat(64)])('may be %s', (text) => {
    expect(checkVideoNo(text, '')).toBe(text);
  });

  it.each([
    '',
    '0'.repeat(65),
    '.',
    '..',
    '../etc/passwd',
    'a/b',
    'a\\b',
    'C:VI1',
    'a b',
    ' VI1',
    'VI1\n',
    'VI1\u0000',
    'VI1.mp4',
    'VÍ1',
    '-',
    '--manifest=x',
    '%2e%2e',
    '~',
    '*',
    '$HOME',
  ])('is not %j, before any request', (text) => {
    const attempt = () => checkVideoNo(text, ' (list.txt, line 3)');
    expect(attempt).toThrow(UsageError);
    expect(attempt).toThrow(
      expect.objectContaining({ exitCode: 2, hint: 'list what there is with: mavi list' }),
    );
    expect(attempt).toThrow(
      /^'.*' \(list\.txt, line 3\) is no video_no: it takes 1 to 64 of A-Z a-z 0-9 _ -$/,
    );
  });

  it('can name no other path', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        let taken: string;
        try {
          taken = checkVideoNo(text, '');
        } catch {
          return;
        }
        expect(taken).toMatch(/^[\w-]+$/);
      }),
    );
  });

  it('that is far too long is shown in part', () => {
    expect(() => checkVideoNo('x'.repeat(1000), '')).toThrow(`'${'x'.repeat(80)}' is no video_no`);
  });

  it('that is a key by mistake is shown as one, and no part of it', () => {
    const key = `sk-mavi-${'0123456789'.repeat(12)}wxyz`;
    expect(() => checkVideoNo(key, '')).toThrow("'sk-mavi-…wxyz' is no video_no");
  });
});
