import { mkdirSync, writeFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { namesIn } from '../helpers/temp-dir.ts';
import { placeToDownload } from './downloads.ts';

/** A process id that no system gives out, so that it is dead; the fake host lets this process alone live. */
const DEAD = 4_999_999;

function partOf(target: string, pid: number, host = 'c80cb283080a'): string {
  return `${target}.mavi-${host}-${pid}-deadbeef.part`;
}

describe('what a killed run left', () => {
  it.each([
    ['is removed by the next run for the target', []],
    ['is removed by a run that replaces', ['--force']],
  ])('%s', async (_title, flags) => {
    const here = await placeToDownload();
    writeFileSync(here.path(partOf('v.mp4', DEAD)), 'half a video');
    expect((await here.download(['-o', 'v.mp4', ...flags])).code).toBe(0);
    expect(namesIn(here.folder)).toEqual(['v.mp4']);
  });

  it('is removed even if the target is there and stays', async () => {
    const here = await placeToDownload();
    await here.download(['-o', 'v.mp4']);
    writeFileSync(here.path(partOf('v.mp4', DEAD)), 'half a video');
    expect((await here.download(['-o', 'v.mp4'])).code).toBe(7);
    expect(namesIn(here.folder)).toEqual(['v.mp4']);
  });

  it('is removed in the folder for downloads, for the videos that are asked for', async () => {
    const here = await placeToDownload();
    mkdirSync(here.path('out'));
    const [mine, other] = [partOf(`${here.videoNo}.mp4`, DEAD), partOf('VI999.mp4', DEAD)];
    for (const name of [mine, other]) writeFileSync(here.path(`out/${name}`), 'half a video');
    expect((await here.download(['-d', 'out'])).code).toBe(0);
    expect(namesIn(here.path('out'))).toEqual([other, `${here.videoNo}.mp4`].sort());
  });

  it('is removed when it belongs to a name that had to be cut', async () => {
    const here = await placeToDownload();
    const name = `${'x'.repeat(251)}.mp4`;
    writeFileSync(here.path(partOf('x'.repeat(207), DEAD)), 'half a video');
    expect((await here.download(['-o', name])).code).toBe(0);
    expect(namesIn(here.folder)).toEqual([name]);
  });

  it.each([
    ['of a process that lives', partOf('v.mp4', DEAD)],
    ['of another machine', partOf('v.mp4', DEAD, 'elsewhere')],
    ['of another target', partOf('w.mp4', DEAD)],
    ['of another program', 'v.mp4.part'],
  ])('stays where it may be %s', async (title, name) => {
    const here = await placeToDownload();
    writeFileSync(here.path(name), 'half a video');
    const lives = title.includes('lives') ? { pid: 4711 } : {};
    expect((await here.download(['-o', 'v.mp4'], lives)).code).toBe(0);
    expect(namesIn(here.folder)).toEqual([name, 'v.mp4'].sort());
  });

  it('that cannot be removed is in nobody’s way', async () => {
    const here = await placeToDownload();
    mkdirSync(here.path(partOf('v.mp4', DEAD)));
    expect((await here.download(['-o', 'v.mp4'])).code).toBe(0);
    expect(namesIn(here.folder)).toEqual(['v.mp4', partOf('v.mp4', DEAD)]);
  });
});
