import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { readVideoNo } from '../../src/download/plan.ts';
import { UsageError } from '../../src/errors.ts';

describe('a video_no', () => {
  it.each(['VI625239098370850816', 'a', 'A_-z09', '0'.repeat(64)])('may be %s', (text) => {
    expect(readVideoNo(text, '')).toBe(text);
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
    '-',
    '-rf',
    'VI1,VI2',
    'VI1.mp4',
    'VÍ1',
    '-',
    '--manifest=x',
    '%2e%2e',
    '~',
    '*',
    '$HOME',
  ])('is not %j, before any request', (text) => {
    const attempt = () => readVideoNo(text, ' (list.txt, line 3)');
    expect(attempt).toThrow(UsageError);
    expect(attempt).toThrow(
      expect.objectContaining({ exitCode: 2, hint: 'list your videos with: mavi list' }),
    );
    expect(attempt).toThrow(
      /^'.*' \(list\.txt, line 3\) is not a video ID \(example: VI625239098370850816\)$/,
    );
  });

  it.each([[' VI1 '], ['VI1\n'], ['"VI1"'], ["'VI1'"], ['“VI1”'], ['\u00a0VI1\ufeff']])(
    'may have white space and quotes around it: %j',
    (text) => {
      expect(readVideoNo(text, '')).toBe('VI1');
    },
  );

  it.each([
    ['https://app.memories.ai/video/VI625239098370850816?tab=1', 'VI625239098370850816'],
    ['clips/VI625239098370850816.mp4', 'VI625239098370850816'],
    ['VI625239098370850816,VI624611307445927936', 'VI625239098370850816 VI624611307445927936'],
    ['id=PI-603068775285264430', 'PI-603068775285264430'],
  ])('is suggested if it is part of %s', (text, suggestion) => {
    expect(() => readVideoNo(text, '')).toThrow(
      expect.objectContaining({ exitCode: 2, hint: `did you mean ${suggestion}?` }),
    );
  });

  it.each([
    ['VI1\u200b2', 'U+200B'],
    ['VI1\u00002', 'U+0000'],
    ['\u202eVI12', 'U+202E'],
  ])('with an invisible character is refused with that character: %j', (text, character) => {
    expect(() => readVideoNo(text, '')).toThrow(
      expect.objectContaining({
        message: expect.stringContaining(`contains an invisible character (${character})`),
        hint: 'did you mean VI12?',
      }),
    );
  });

  it('cannot lead to another path', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        let taken: string;
        try {
          taken = readVideoNo(text, '');
        } catch {
          return;
        }
        expect(taken).toMatch(/^[\w-]+$/);
      }),
    );
  });

  it('that is far too long is shortened', () => {
    expect(() => readVideoNo('x'.repeat(1000), '')).toThrow(`'${'x'.repeat(80)}' is not a video ID`);
  });

  it('that is an API key by mistake is masked', () => {
    const key = `sk-mavi-${'0123456789'.repeat(12)}wxyz`;
    expect(() => readVideoNo(key, '')).toThrow("'sk-mavi-…wxyz' is not a video ID");
  });
});
