import { existsSync, mkdirSync, utimesSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { partialFiles, removeStalePartials } from '../../src/download/partial-file.ts';
import { type ProcessHost, processIdentity } from '../../src/liveness.ts';
import { fakeHost } from '../helpers/fake-host.ts';
import { namesIn, tempDir } from '../helpers/temp-dir.ts';
import { placeToDownload } from './downloads.ts';

/** A process ID that no system assigns, so it is dead; on the fake host only this process is alive. */
const DEAD = 4_999_999;
const TARGET = '/videos/VI1.mp4';
const HOST = fakeHost({ cwd: '/' });
const DAY_MS = 24 * 60 * 60 * 1000;

/** The name that a process of this or another machine gives to a temporary file. */
function nameOf(target: string, owner: Partial<ProcessHost> = {}): string {
  return basename(partialFiles({ ...HOST, ...owner }).pathFor(target));
}

/** The identity of a process of this machine in another PID namespace, as in a container. */
function inAnotherNamespace(pid: number): string {
  const [machine, boot, , ...process] = processIdentity({ ...HOST, pid }).split('-');
  return [machine, boot, 'abc', ...process].join('-');
}

describe('a temporary file', () => {
  it('is next to its target, and names its owner', () => {
    expect(partialFiles(HOST).pathFor(TARGET)).toMatch(
      new RegExp(`^/videos/VI1\\.mp4\\.mavi-${processIdentity(HOST)}-[0-9a-f]{8}\\.part$`),
    );
    expect(partialFiles(HOST).pathFor('VI1.mp4')).toMatch(/^VI1\.mp4\.mavi-/);
  });

  it('has a new name each time', () => {
    const files = partialFiles(HOST);
    expect(new Set([1, 2, 3].map(() => files.pathFor(TARGET))).size).toBe(3);
  });

  it('has a name that every file system accepts, however long the target’s name is', () => {
    const name = fc
      .string({ unit: 'grapheme', minLength: 1, maxLength: 300 })
      .filter((each) => !/[/\0]|^\.+$/.test(each));
    fc.assert(
      fc.property(name, fc.nat(4_194_304), (target, pid) => {
        const made = nameOf(`/videos/${target}`, { pid, hostname: 'x'.repeat(100) });
        expect(Buffer.byteLength(made)).toBeLessThanOrEqual(143);
        expect(Buffer.from(made).toString()).toBe(made);
      }),
    );
  });

  it('keeps as many complete characters of its target’s name as fit', () => {
    expect(nameOf(`/videos/${'x'.repeat(75)}`)).toMatch(/^x{75}\.mavi-/);
    expect(nameOf(`/videos/${'x'.repeat(76)}`)).toMatch(/^x{66}~[0-9a-f]{8}\.mavi-/);
    expect(nameOf(`/videos/${'🎬'.repeat(60)}`)).toMatch(/^(🎬){16}~[0-9a-f]{8}\.mavi-/u);
  });

  it('differs from that of another target whose long name begins the same', () => {
    const stems = ['1', '2'].map((end) => nameOf(`/videos/${'x'.repeat(200)}${end}.mp4`).split('.mavi-')[0]);
    expect(new Set(stems).size).toBe(2);
  });
});

describe('a temporary file of a killed run', () => {
  it.each([
    ['is removed by the next run for the target', []],
    ['is removed by a run that replaces', ['--force']],
  ])('%s', async (_title, flags) => {
    const here = await placeToDownload();
    writeFileSync(here.path(nameOf('v.mp4', { pid: DEAD })), 'half a video');
    expect((await here.download(['-o', 'v.mp4', ...flags])).code).toBe(0);
    expect(namesIn(here.folder)).toEqual(['v.mp4']);
  });

  it('is removed even if the target exists and is kept', async () => {
    const here = await placeToDownload();
    await here.download(['-o', 'v.mp4']);
    writeFileSync(here.path(nameOf('v.mp4', { pid: DEAD })), 'half a video');
    expect((await here.download(['-o', 'v.mp4'])).code).toBe(7);
    expect(namesIn(here.folder)).toEqual(['v.mp4']);
  });

  it('is removed from --output-dir for the requested videos', async () => {
    const here = await placeToDownload();
    mkdirSync(here.path('out'));
    const [mine, other] = [`${here.videoNo}.mp4`, 'VI999.mp4'].map((target) => nameOf(target, { pid: DEAD }));
    for (const name of [mine, other]) writeFileSync(here.path(`out/${name}`), 'half a video');
    expect((await here.download(['-d', 'out'])).code).toBe(0);
    expect(namesIn(here.path('out'))).toEqual([other, `${here.videoNo}.mp4`].sort());
  });

  it('is removed whatever the target’s name is', () => {
    const name = fc.string({ minLength: 1, maxLength: 250 }).filter((each) => !/[/\\\0]|^\.+$/.test(each));
    return fc.assert(
      fc.asyncProperty(name, fc.nat(99_999), async (target, serial) => {
        const removed: string[] = [];
        const left = nameOf(`/videos/${target}`, { pid: DEAD + serial });
        const others = [nameOf(`/videos/${target}x`, { pid: DEAD }), `${left}.bak`, `x${left}`];
        const fileSystem = {
          list: async () => [left, ...others],
          unlink: async (path: string) => void removed.push(path),
        };
        await partialFiles(HOST, fileSystem as never).removeStale(`/videos/${target}`);
        expect(removed).toEqual([`/videos/${left}`]);
      }),
    );
  });

  it.each([
    ['of a live process', nameOf('v.mp4', { pid: process.pid })],
    ['of another machine', nameOf('v.mp4', { pid: DEAD, hostname: 'elsewhere' })],
    ['of another container', `v.mp4.mavi-${inAnotherNamespace(DEAD)}-00c0ffee.part`],
    ['of another target', nameOf('w.mp4', { pid: DEAD })],
    ['of another program', 'v.mp4.part'],
  ])('is kept if it is %s', async (_title, name) => {
    const here = await placeToDownload();
    writeFileSync(here.path(name), 'half a video');
    expect((await here.download(['-o', 'v.mp4'])).code).toBe(0);
    expect(namesIn(here.folder)).toEqual([name, 'v.mp4'].sort());
  });

  it.each([
    ['another machine', nameOf('v.mp4', { pid: DEAD, hostname: 'elsewhere' })],
    ['another container', `v.mp4.mavi-${inAnotherNamespace(DEAD)}-00c0ffee.part`],
  ])('of %s is removed when it was not written to for a day', async (_where, name) => {
    const here = await placeToDownload();
    writeFileSync(here.path(name), 'half a video');
    const longAgo = (Date.now() - DAY_MS - 60_000) / 1000;
    utimesSync(here.path(name), longAgo, longAgo);
    expect((await here.download(['-o', 'v.mp4'])).code).toBe(0);
    expect(namesIn(here.folder)).toEqual(['v.mp4']);
  });

  it('that can’t be removed does no harm', async () => {
    const here = await placeToDownload();
    const name = nameOf('v.mp4', { pid: DEAD });
    mkdirSync(here.path(name));
    expect((await here.download(['-o', 'v.mp4'])).code).toBe(0);
    expect(namesIn(here.folder)).toEqual(['v.mp4', name]);
  });

  it('can be removed for all targets in a folder', async () => {
    const folder = tempDir();
    const stale = ['a.mp4', 'b.mp4'].map((target) => nameOf(target, { pid: DEAD }));
    const others = [nameOf('a.mp4', { pid: process.pid }), 'a.mp4', 'a.mp4.part'];
    for (const name of [...stale, ...others]) writeFileSync(join(folder, name), '');
    await removeStalePartials(folder, HOST);
    expect(namesIn(folder)).toEqual(others.sort());
    await removeStalePartials(join(folder, 'none'), HOST);
    expect(existsSync(join(folder, 'none'))).toBe(false);
  });
});
