import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { run } from '../../src/cli.ts';
import { ClosedPipe } from '../../src/errors.ts';
import type { Mock, MockOptions } from '../../src/mock/server.ts';
import type { VideoRecord } from '../../src/record.ts';
import { type FakeHost, type FakeHostOptions, fakeHost } from '../helpers/fake-host.ts';
import { contains, moment } from '../helpers/moment.ts';
import { namesIn, tempDir } from '../helpers/temp-dir.ts';
import { downloadsOf, envFor, withMock } from '../helpers/with-mock.ts';
import { madeVideos } from '../library/stored-video.ts';

/** A folder, a mock server with that many videos of 1000 bytes, and a host to run `mavi download` on. */
async function sceneOf(count: number, options: (ids: readonly string[]) => MockOptions = () => ({})) {
  const videos = madeVideos(count);
  const ids = videos.map(({ videoNo }) => videoNo);
  const folder = tempDir();
  const mock = await withMock({ videos, ...options(ids) });
  const hostWith = (hostOptions: Partial<FakeHostOptions> = {}): FakeHost =>
    fakeHost({ cwd: folder, env: envFor(mock), ...hostOptions });
  return { ids, folder, mock, hostWith };
}

function recorded(folder: string): VideoRecord[] {
  return readFileSync(join(folder, 'm.ndjson'), 'utf8')
    .split('\n')
    .filter(Boolean)
    .map((line) => JSON.parse(line));
}

function idsAskedFor(mock: Mock): unknown[] {
  return downloadsOf(mock).map(({ json }) => (json as { video_no: unknown }).video_no);
}

describe('when the reader of --json leaves', () => {
  it('the videos in progress are finished and recorded, no other begins, and the exit code is 141', async () => {
    const gone = moment();
    const here = await sceneOf(6, ([, second]) => ({
      // The server responds to the second request only after the reader of the first record has left.
      async onRequest({ json }) {
        if ((json as { video_no: string }).video_no === second) await gone.happened;
      },
    }));
    let writes = 0;
    const host = here.hostWith({
      async writeOut() {
        writes += 1;
        gone.now();
        throw new ClosedPipe();
      },
    });
    const args = [...here.ids, '-c', '2', '-d', 'out', '--json', '--manifest', 'm.ndjson'];
    expect(await run(['download', ...args], host)).toBe(141);
    const [first, second] = here.ids;
    expect(idsAskedFor(here.mock).sort()).toEqual([first, second].sort());
    expect(namesIn(join(here.folder, 'out'))).toEqual([`${first}.mp4`, `${second}.mp4`].sort());
    expect(recorded(here.folder).map(({ video_no, status }) => [video_no, status])).toEqual([
      [first, 'downloaded'],
      [second, 'downloaded'],
    ]);
    expect(writes).toBe(1);
    expect(host.errors()).not.toContain('mavi:');
  });

  it('a video that waits for the rate limit does not begin', async () => {
    const here = await sceneOf(2);
    const host = here.hostWith({
      async writeOut() {
        throw new ClosedPipe();
      },
    });
    const args = [...here.ids, '-c', '2', '--rate', '1', '--json', '--manifest', 'm.ndjson'];
    expect(await run(['download', ...args], host)).toBe(141);
    expect(idsAskedFor(here.mock)).toHaveLength(1);
    expect(recorded(here.folder)).toHaveLength(1);
  });
});

describe('a defect of the program in one video', () => {
  /** Downloads three videos; the second one runs into a defect. */
  async function withDefect(...flags: readonly string[]) {
    const here = await sceneOf(3, ([, second = '']) => ({ faults: { [second]: 'server-error' } }));
    let drawn = 0;
    const host = here.hostWith({
      random() {
        drawn += 1;
        if (drawn > 1) throw new TypeError('a defect');
        return 0;
      },
    });
    const code = await run(['download', ...here.ids, '-c', '1', ...flags], host);
    return { code, errors: host.errors(), ids: here.ids, names: namesIn(here.folder) };
  }

  it('is an unexpected error with exit 1, and the others are downloaded', async () => {
    const { code, errors, ids, names } = await withDefect();
    expect(code).toBe(1);
    expect(names).toEqual([`${ids[0]}.mp4`, `${ids[2]}.mp4`].sort());
    expect(errors).toContain(
      `mavi: ${ids[1]}: unexpected error: a defect\n      run it again with --verbose`,
    );
    expect(errors).not.toContain('    at ');
  });

  it('shows the stack with --verbose', async () => {
    const { code, errors } = await withDefect('--verbose');
    expect(code).toBe(1);
    expect(errors).toMatch(/^TypeError: a defect\n *at .*random/m);
  });
});

describe('an interrupted batch', () => {
  it.each([
    [[], 'rerun with --skip-existing to continue'],
    [['--force'], 'rerun with --skip-existing instead of --force to continue'],
    [['--skip-existing'], 'rerun the same command to continue'],
  ])('says how many videos are done and how to continue: %j', async (flags, hint) => {
    const over = moment();
    onTestFinished(() => over.now());
    const here = await sceneOf(4, ([, , third]) => ({
      async onRequest({ json }) {
        if ((json as { video_no: string }).video_no === third) await over.happened;
      },
    }));
    const host = here.hostWith();
    const [, second = ''] = here.ids;
    void contains(here.folder, 'm.ndjson', second).then(() => host.send('SIGINT'));
    writeFileSync(join(here.folder, 'm.ndjson'), '');
    const args = [...here.ids, '-c', '1', '--manifest', 'm.ndjson', ...flags];
    expect(await run(['download', ...args], host)).toBe(130);
    expect(host.errors()).toContain(`mavi: interrupted: 2 of 4 videos done; ${hint}\n`);
  });
});

describe('a record that cannot be saved', () => {
  it('is reported once, with the state of its video; nothing else begins', async () => {
    const here = await sceneOf(3);
    const host = here.hostWith();
    const args = [...here.ids, '-c', '1', '--manifest', '/dev/full'];
    expect(await run(['download', ...args], host)).toBe(7);
    expect(idsAskedFor(here.mock)).toEqual([here.ids[0]]);
    const errors = host.errors();
    const why = 'cannot write /dev/full: the disk is full';
    expect(errors).toContain(
      `mavi: ${why}; ${here.ids[0]} was downloaded (${here.ids[0]}.mp4) but is not recorded`,
    );
    expect(errors.split(why)).toHaveLength(2);
    expect(errors.split('was downloaded')).toHaveLength(2);
  });
});
