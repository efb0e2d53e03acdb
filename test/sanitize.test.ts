import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { MOCK_KEY } from '../src/mock/routes.ts';
import { maskKey, printable, redactKeys, SHOWN_CHARACTERS, safeJson, serverText } from '../src/sanitize.ts';

const KEY = `sk-mavi-${'k'.repeat(118)}wxyz`;

/** Characters that control a terminal or are invisible. */
const UNSAFE = [
  ...'\u0000\u0007\b\u001b\u007f\u0080\u009b\u009f',
  ...'\u00ad\u061c\u200b\u200d\u200e\u200f\u2028\u2029\u202a\u202e\u2060\u2066\u2069\u206f\ufeff\ufff9\ufffb',
];

describe('printable text', () => {
  it.each(UNSAFE.map((character) => [character.charCodeAt(0).toString(16).padStart(4, '0'), character]))(
    'does not contain U+%s',
    (_code, character) => {
      expect(printable(`a${character}b${character}${character}c`)).toBe('abc');
    },
  );

  it.each([
    ['plain ASCII ~!', 'plain ASCII ~!'],
    ['Ünïcode, 日本語 and 🎬', 'Ünïcode, 日本語 and 🎬'],
    ['a\u00a0b', 'a\u00a0b'],
    ['one\ntwo', 'one two'],
    ['one\r\n\t\ntwo', 'one two'],
    ['  spaces around and  inside ', 'spaces around and  inside'],
    ['\u001b[31mred\u001b[0m', '[31mred[0m'],
    ['\u001b]0;title\u0007', ']0;title'],
    ['', ''],
  ])('of %j is %j', (text, shown) => {
    expect(printable(text)).toBe(shown);
  });

  it('contains no control character for any input', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        expect(printable(text)).not.toMatch(/[\p{Cc}\u2028\u2029\u202a-\u202e\u2066-\u2069]/u);
      }),
    );
  });
});

describe('a masked key', () => {
  it.each([
    [KEY, 'sk-mavi-…wxyz'],
    [`sk-${'0'.repeat(28)}wxyz`, 'sk-…wxyz'],
    [`sk-mai-${'0'.repeat(28)}wxyz`, 'sk-mai-…wxyz'],
    ['sk-mavi-0123456789ab', 'sk-mavi-…89ab'],
    ['sk-mavi-0123456789a', 'sk-mavi-…'],
    ['sk-mavi-', 'sk-mavi-…'],
    ['sk-012', 'sk-…'],
    ['0123456789ab', '…89ab'],
    ['0123456789a', '…'],
    ['x-sk-mavi-0123456789', '…6789'],
    ['', '…'],
  ])('of %s is %s', (key, shown) => {
    expect(maskKey(key)).toBe(shown);
  });

  it('shows no more than a prefix and four characters', () => {
    fc.assert(
      fc.property(fc.string({ minLength: 1, unit: 'grapheme-ascii' }), (rest) => {
        const shown = maskKey(`sk-mavi-${rest}`).replace('sk-mavi-…', '');
        expect(shown.length).toBeLessThanOrEqual(4);
        expect(rest.length - shown.length).toBeGreaterThanOrEqual(Math.min(rest.length, 8));
      }),
    );
  });
});

describe('text without keys', () => {
  it.each([
    [`the key ${KEY} is bad`, 'the key sk-mavi-…wxyz is bad'],
    [`${KEY}`, 'sk-mavi-…wxyz'],
    [`"${KEY}"`, '"sk-mavi-…wxyz"'],
    [`Authorization:${KEY},${KEY}`, 'Authorization:sk-mavi-…wxyz,sk-mavi-…wxyz'],
    ['sk-0123456789abcdef', 'sk-…cdef'],
    ['x_sk-0123456789abcdef', 'x_sk-…cdef'],
    ['sk-0123456789abcde', 'sk-0123456789abcde'],
    ['desk-recording-of-december.mp4', 'desk-recording-of-december.mp4'],
    ['Task-list-for-the-whole-team', 'Task-list-for-the-whole-team'],
    ['7sk-recording-of-december', '7sk-recording-of-december'],
  ])('%s is shown as %s', (text, shown) => {
    expect(redactKeys(text)).toBe(shown);
  });

  it('contains no known secret of any form, at any position', () => {
    const secrets = ['plain-secret', 'another.secret(1)$&'];
    expect(redactKeys('a plain-secretive word, plain-secret', secrets)).toBe('a …cretive word, …cret');
    expect(redactKeys('xanother.secret(1)$&x', secrets)).toBe('x…1)$&x');
    expect(redactKeys(`x${KEY}`, [KEY])).toBe('xsk-mavi-…wxyz');
  });

  it('shows nothing of a truncated secret but its prefix', () => {
    const key = `sk-mavi-${'0123456789'.repeat(12)}wxyz`;
    expect(redactKeys(`${key.slice(0, 40)} is bad, ${key.slice(0, 40)}… too`, [key])).toBe(
      'sk-mavi-… is bad, sk-mavi-…… too',
    );
    expect(redactKeys(key, [key])).toBe('sk-mavi-…wxyz');
  });

  const hexKey = `sk-mavi-${'7a6c4fac6c5ce01bd9'.repeat(3)}d7c7`;
  const hidden = hexKey.slice('sk-mavi-'.length);

  it.each([
    ['without its prefix', hidden],
    ['from its tenth character', hidden.slice(10)],
    ['a part from the middle', hidden.slice(12, 30)],
    ['its last twelve characters', hidden.slice(-12)],
    ['in upper case', hidden.toUpperCase()],
    ['with blanks between all characters', [...hidden].join(' ')],
    ['its last twelve characters, in groups', hidden.slice(-12).replace(/(.{4})(?=.)/g, '$1 ')],
    ['in base64', Buffer.from(hexKey).toString('base64').slice(0, -4)],
    ['broken over two lines', `${hidden.slice(0, 20)}\n${hidden.slice(20)}`],
    ['with dots in the middle', `${hidden.slice(0, 12)}...${hidden.slice(-12)}`],
  ])('shows nothing of a secret %s', (_how, piece) => {
    expect(redactKeys(`invalid key ${piece}, try again`, [hexKey])).toMatch(
      /^invalid key [….\n]+, try again$/,
    );
  });

  it('never has eight characters of a secret in a row, whatever blanks are between them', () => {
    const key = fc.stringMatching(/^[A-Za-z0-9_-]{20,80}$/);
    const blank = fc.constantFrom('', '', ' ', '\n', '\u200b', '\u0000', '\t ');
    fc.assert(
      fc.property(key, fc.nat(80), fc.nat(80), blank, fc.string(), (rest, from, to, between, around) => {
        const piece = [...rest.slice(from, to)].join(between);
        const shown = redactKeys(`${around}${piece} ${around}`, [`sk-mavi-${rest}`]);
        const letters = shown.replace(/[\s\p{Cc}\p{Cf}]/gu, '').toLowerCase();
        const secret = rest.toLowerCase();
        for (let at = 0; at + 8 <= secret.length; at += 1)
          expect(letters).not.toContain(secret.slice(at, at + 8));
      }),
    );
  });

  it('keeps the words that a key of words is made of', () => {
    const text =
      '"Secret garden", client-secret.mp4, end-of-the-line.mp4: the key of this mock works, the fake of a key too';
    expect(redactKeys(text, [MOCK_KEY])).toBe(text);
  });

  it('is as it was where it has no piece of a secret, however long', () => {
    const text = 'the API key was refused by the server. '.repeat(2000);
    expect(redactKeys(text, [hexKey])).toBe(text);
  });

  it('is not changed by secrets of up to three characters', () => {
    expect(redactKeys('the end', ['the'])).toBe('the end');
    expect(redactKeys('this end', ['this'])).toBe('… end');
    expect(redactKeys('the end', [''])).toBe('the end');
  });
});

describe("a server's text", () => {
  it('is truncated after 300 characters, never within one', () => {
    expect(SHOWN_CHARACTERS).toBe(300);
    expect(serverText('x'.repeat(300))).toBe('x'.repeat(300));
    expect(serverText('x'.repeat(301))).toBe(`${'x'.repeat(300)}…`);
    expect(serverText('🎬'.repeat(301))).toBe(`${'🎬'.repeat(300)}…`);
  });

  it('is truncated after its keys are masked, so that no part of a key is left', () => {
    const shown = serverText(`${'x'.repeat(280)} ${KEY} and more`, []);
    expect(shown).toBe(`${'x'.repeat(280)} sk-mavi-…wxyz and m…`);
    const secret = 'plain-secret-of-the-user';
    expect(serverText(`${'x'.repeat(290)}${secret}`, [secret])).toBe(`${'x'.repeat(290)}…user`);
  });

  it('contains no key, not even one interrupted by control characters', () => {
    const hidden = `${KEY.slice(0, 20)}\u0000\u200b${KEY.slice(20)}`;
    expect(serverText(`for ${hidden}.`)).toBe('for sk-mavi-…wxyz.');
    expect(serverText('for plain\u001b-sec\u202eret!', ['plain-secret'])).toBe('for …cret!');
  });

  it('may be empty', () => {
    expect(serverText(' \n\u0000 ')).toBe('');
  });
});

describe('JSON on one line', () => {
  it.each(
    UNSAFE.filter((character) => character > '\u001f').map((each) => [each.charCodeAt(0).toString(16), each]),
  )('writes U+%s as an equivalent escape', (code, character) => {
    const text = safeJson({ name: `a${character}b` });
    expect(text).toBe(`{"name":"a\\u${code.padStart(4, '0')}b"}`);
    expect(JSON.parse(text)).toEqual({ name: `a${character}b` });
  });

  it('is equivalent to the value, and cannot control a terminal', () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        const text = safeJson(value);
        expect(JSON.parse(text)).toEqual(JSON.parse(JSON.stringify(value)));
        expect(text).not.toMatch(/[\p{Cc}\u2028\u2029\u202a-\u202e]/u);
      }),
    );
  });

  it('does not change any other character', () => {
    expect(safeJson('日本語 🎬 é\n')).toBe('"日本語 🎬 é\\n"');
  });
});
