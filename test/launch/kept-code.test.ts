import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, describe, expect, it } from 'vitest';
import { keptCode, keptCodeFile, readKeptCode, writeKeptCode } from '../../src/launch/kept-code.ts';

const KEY = 'v20.19.0 1234567';
const CODE = new Map([
  ['main.cjs', Buffer.from('code of the main part')],
  ['empty.cjs', Buffer.alloc(0)],
  ['got-ABCD1234.cjs', Buffer.from([0, 0x0a, 0xff, 0x0a, 0])],
]);

const folder = mkdtempSync(join(tmpdir(), 'mavi-kept-code-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe('the bytes of the file', () => {
  it('give back the code of each part', () => {
    expect(keptCode(keptCodeFile(KEY, CODE), KEY)).toEqual(CODE);
  });

  it('give back nothing under another key, and none at all give back nothing', () => {
    expect(keptCode(keptCodeFile(KEY, CODE), 'v20.19.1 1234567')).toEqual(new Map());
    expect(keptCode(Buffer.alloc(0), KEY)).toEqual(new Map());
  });

  it('give back nothing if a bit of them is wrong, or the end is missing', () => {
    const file = keptCodeFile(KEY, CODE);
    fc.assert(
      fc.property(fc.nat(file.length - 1), fc.nat(7), (at, bit) => {
        const wrong = Buffer.from(file);
        wrong.writeUInt8(wrong.readUInt8(at) ^ (1 << bit), at);
        expect(keptCode(wrong, KEY)).toEqual(new Map());
        expect(keptCode(file.subarray(0, at), KEY)).toEqual(new Map());
      }),
    );
  });
});

describe('the file', () => {
  it('is written for this user alone, and read again', () => {
    const path = join(folder, 'new', 'code');
    writeKeptCode(path, 1, KEY, CODE);
    expect(keptCode(readKeptCode(path, process.getuid?.()), KEY)).toEqual(CODE);
    expect(readdirSync(join(folder, 'new'))).toEqual(['code']);
    if (process.platform !== 'win32') {
      expect(statSync(path).mode & 0o777).toBe(0o600);
      expect(statSync(join(folder, 'new')).mode & 0o777).toBe(0o700);
    }
  });

  it('is not read if it belongs to another user, who could have put any code into it', () => {
    const path = join(folder, 'of-another');
    writeKeptCode(path, 1, KEY, CODE);
    expect(readKeptCode(path, (process.getuid?.() ?? 0) + 1)).toEqual(Buffer.alloc(0));
  });

  it('is nothing where there is none, and where a folder has its name', () => {
    mkdirSync(join(folder, 'a-folder'));
    for (const name of ['missing', 'a-folder']) {
      expect(readKeptCode(join(folder, name), process.getuid?.())).toEqual(Buffer.alloc(0));
    }
  });

  it('is left as it is where it cannot be written, with nothing beside it', () => {
    const place = join(folder, 'taken');
    mkdirSync(join(place, 'code'), { recursive: true });
    writeKeptCode(join(place, 'code'), 1, KEY, CODE);
    expect(readdirSync(place)).toEqual(['code']);
    writeFileSync(join(place, 'file'), 'no folder');
    writeKeptCode(join(place, 'file', 'code'), 1, KEY, CODE);
    expect(readFileSync(join(place, 'file'), 'utf8')).toBe('no folder');
  });
});
