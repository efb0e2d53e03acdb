import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type Parts, startParts } from '../../src/launch/parts.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'mavi-parts-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

function start(kept: ReadonlyMap<string, Buffer> = new Map()): Parts {
  return startParts(folder, createRequire(import.meta.url), kept);
}

function part(name: string, text: string): void {
  writeFileSync(join(folder, name), text);
}

describe('parts', () => {
  it('ask for one another and for modules of Node, and are run once', () => {
    part('main.cjs', "exports.sum = require('./one.cjs').n + require('./two.cjs').n;");
    part('one.cjs', "exports.n = require('./two.cjs').n * 10;");
    part(
      'two.cjs',
      "exports.n = require('node:path').sep.length; globalThis.runs = (globalThis.runs ?? 0) + 1;",
    );
    expect(start().load('main.cjs')).toEqual({ sum: 11 });
    expect((globalThis as { runs?: number }).runs).toBe(1);
    delete (globalThis as { runs?: number }).runs;
  });

  it('that ask for one another in a circle see what is exported so far, as with Node', () => {
    part(
      'a.cjs',
      "module.exports = { get b() { return b.name; }, name: 'a' }; const b = require('./b.cjs');",
    );
    part('b.cjs', "const a = require('./a.cjs'); module.exports = { name: 'b of ' + a.name };");
    expect(start().load('a.cjs')).toEqual({ name: 'a', b: 'b of a' });
  });

  it('know their own file and folder, and an error in one names the place in it', () => {
    part(
      'where.cjs',
      'exports.at = [__dirname, __filename]; exports.fail = () => { throw new Error("here"); };',
    );
    const { at, fail } = start().load('where.cjs') as { at: string[]; fail: () => void };
    expect(at).toEqual([folder, join(folder, 'where.cjs')]);
    const column = 'exports.at = [__dirname, __filename]; exports.fail = () => { throw '.length + 1;
    expect(stackOf(fail)).toContain(`${join(folder, 'where.cjs')}:1:${column}`);
  });
});

describe('the code of parts', () => {
  // That it is taken is for test/bin/kept-code.test.ts to show: within one process V8 compiles no text twice.
  it('is there for each part that has run, to be offered to the next run', () => {
    part('main.cjs', "exports.other = require('./other.cjs').text;");
    part('other.cjs', "exports.text = 'other';");
    const first = start();
    first.load('main.cjs');
    expect(first.isNew()).toBe(true);
    const code = first.code();
    expect([...code.keys()]).toEqual(['main.cjs', 'other.cjs']);
    const second = start(code);
    expect(second.load('main.cjs')).toEqual({ other: 'other' });
    expect(second.isNew()).toBe(false);
  });

  it('is made anew when V8 rejects what is offered', () => {
    part('main.cjs', 'exports.text = "never compiled before";');
    const parts = start(new Map([['main.cjs', Buffer.from('nothing that V8 knows')]]));
    expect(parts.load('main.cjs')).toEqual({ text: 'never compiled before' });
    expect(parts.isNew()).toBe(true);
  });
});

function stackOf(fail: () => void): string {
  try {
    fail();
    return '';
  } catch (error) {
    return (error as Error).stack ?? '';
  }
}
