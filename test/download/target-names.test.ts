import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { isLeftover, type Owner, temporaryPath } from '../../src/download/target.ts';

const ME: Owner = { hostname: 'My-Laptop.local', pid: 4711, run: '00c0ffee' };
const TARGET = '/videos/VI1.mp4';
const nobodyLives = (): boolean => false;
const everybodyLives = (): boolean => true;

function nameOf(target: string, owner: Partial<Owner> = {}): string {
  return temporaryPath(target, { ...ME, ...owner }).replace(/^.*\//, '');
}

describe('a temporary file', () => {
  it('stands beside its target and tells its owner', () => {
    expect(temporaryPath(TARGET, ME)).toBe('/videos/VI1.mp4.mavi-1cf6c6c15f1b-4711-00c0ffee.part');
  });

  it('is another one for another run, process or machine', () => {
    const names = [{}, { run: '00c0ffef' }, { pid: 4712 }, { hostname: 'other' }].map((each) =>
      nameOf(TARGET, each),
    );
    expect(new Set(names).size).toBe(4);
  });

  it('tells hosts apart whose names begin the same', () => {
    const pods = ['mavi-sync-worker-0', 'mavi-sync-worker-1', '日本', ''].map((hostname) =>
      nameOf(TARGET, { hostname }),
    );
    expect(new Set(pods).size).toBe(4);
    for (const name of pods) expect(name).toMatch(/^VI1\.mp4\.mavi-[0-9a-f]{12}-4711-00c0ffee\.part$/);
  });

  it('has a name that file systems take, however long that of its target is', () => {
    const name = fc
      .string({ unit: 'grapheme', minLength: 1, maxLength: 300 })
      .filter((each) => !/[/\0]|^\.+$/.test(each));
    fc.assert(
      fc.property(name, fc.nat(4_194_304), (target, pid) => {
        const made = nameOf(`/videos/${target}`, { pid, hostname: 'x'.repeat(100) });
        expect(Buffer.byteLength(made)).toBeLessThanOrEqual(255);
        expect(Buffer.from(made).toString()).toBe(made);
      }),
    );
  });

  it('keeps the name of its target as far as there is room, to the last whole character', () => {
    expect(nameOf(`/videos/${'x'.repeat(207)}`)).toMatch(/^x{207}\.mavi-/);
    expect(nameOf(`/videos/${'x'.repeat(208)}`)).toMatch(/^x{207}\.mavi-/);
    expect(nameOf(`/videos/${'🎬'.repeat(60)}`)).toMatch(/^(🎬){51}\.mavi-/u);
  });
});

describe('a file that a dead run left behind', () => {
  const other = nameOf(TARGET, { pid: 99, run: 'deadbeef' });

  it('is known by its name', () => {
    expect(isLeftover(other, TARGET, ME, nobodyLives)).toBe(true);
  });

  it('is none while its process lives', () => {
    expect(isLeftover(other, TARGET, ME, everybodyLives)).toBe(false);
    expect(isLeftover(other, TARGET, ME, (pid) => pid === 99)).toBe(false);
    expect(isLeftover(other, TARGET, ME, (pid) => pid !== 99)).toBe(true);
  });

  it('is one even where this process has the same id, as in a container', () => {
    expect(isLeftover(nameOf(TARGET, { run: 'deadbeef' }), TARGET, ME, everybodyLives)).toBe(true);
  });

  it.each([
    ["this run's own", nameOf(TARGET)],
    ['that of another machine', nameOf(TARGET, { pid: 99, run: 'deadbeef', hostname: 'other' })],
    ['that of another target', nameOf('/videos/VI2.mp4', { pid: 99, run: 'deadbeef' })],
    ['that of a target that begins the same', nameOf('/videos/VI1.mp4x', { pid: 99, run: 'deadbeef' })],
    ['the target itself', 'VI1.mp4'],
    ["another program's", 'VI1.mp4.part'],
    ['one with more behind it', `${other}.bak`],
    ['one with more before it', `x${other}`],
    ['one without a process', 'VI1.mp4.mavi-mylaptoploca--deadbeef.part'],
    ['one of another run of letters', 'VI1.mp4.mavi-mylaptoploca-99-nothexdi.part'],
  ])('is not %s', (_what, name) => {
    expect(isLeftover(name, TARGET, ME, nobodyLives)).toBe(false);
  });

  it('is known where its name had to be cut', () => {
    const long = `/videos/${'é'.repeat(200)}.mp4`;
    expect(isLeftover(nameOf(long, { pid: 99, run: 'deadbeef' }), long, ME, nobodyLives)).toBe(true);
  });

  it('is known of every target by whoever comes next', () => {
    const name = fc.string({ minLength: 1, maxLength: 250 }).filter((each) => !/[/\\\0]|^\.+$/.test(each));
    fc.assert(
      fc.property(name, fc.nat(99_999), (target, pid) => {
        const path = `/videos/${target}`;
        expect(isLeftover(nameOf(path, { pid, run: 'deadbeef' }), path, ME, nobodyLives)).toBe(true);
      }),
    );
  });
});
