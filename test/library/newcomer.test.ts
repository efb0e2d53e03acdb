import { renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { run } from '../../src/cli.ts';
import { fakeHost } from '../helpers/fake-host.ts';
import { namesIn, tempDir } from '../helpers/temp-dir.ts';
import { envFor, withMock } from '../helpers/with-mock.ts';
import { madeVideos } from './stored-video.ts';

const NAMES = ['Holiday in Rome', 'Office party', 'holiday at the lake'];
/** Bytes of each video. */
const SIZE = 1000;

it('who knows videos by name alone pays for each byte once: list, download, sync, rename, delete, sync', async () => {
  const mock = await withMock({ videos: madeVideos(3, (index) => ({ name: NAMES[index] ?? '' })) });
  const cwd = tempDir();
  const mavi = async (...args: string[]) => {
    const first = mock.requests.length;
    const host = fakeHost({ cwd, env: envFor(mock) });
    const code = await run(args, host);
    const requests = mock.requests.slice(first);
    const downloads = requests.filter(({ url }) => url.endsWith('/download'));
    return {
      code,
      listings: requests.length - downloads.length,
      downloads: downloads.length,
      bytes: downloads.reduce((sum, { bytesSent }) => sum + bytesSent, 0),
      output: host.output().toString(),
    };
  };
  const sync = ['sync', 'videos', '--name-template', '{video_name}'];

  const listed = await mavi('list', '--match', 'holiday');
  expect(listed).toMatchObject({ code: 0, listings: 1, downloads: 0, bytes: 0 });
  expect(listed.output.match(/holiday/gi)).toHaveLength(2);

  const download = ['download', '--match', 'holiday', '-d', 'videos', '--name-template', '{video_name}'];
  expect(await mavi(...download)).toMatchObject({ code: 0, listings: 1, downloads: 2, bytes: 2 * SIZE });
  // What was downloaded by name is verified and recorded by the sync, and only the rest is downloaded.
  expect(await mavi(...sync)).toMatchObject({ code: 0, listings: 1, downloads: 1, bytes: SIZE });

  renameSync(join(cwd, 'videos/Office party.mp4'), join(cwd, 'videos/Our last day.mp4'));
  expect(await mavi(...sync)).toMatchObject({ code: 0, listings: 1, downloads: 0, bytes: 0 });

  rmSync(join(cwd, 'videos/Holiday in Rome.mp4'));
  expect(await mavi(...sync, '--skip-recorded')).toMatchObject({
    code: 0,
    listings: 1,
    downloads: 0,
    bytes: 0,
  });
  expect(await mavi(...sync)).toMatchObject({ code: 0, listings: 1, downloads: 1, bytes: SIZE });
  expect(await mavi('verify', 'videos')).toMatchObject({ code: 0, listings: 0 });
  expect(namesIn(join(cwd, 'videos'))).toEqual([
    'Holiday in Rome.mp4',
    'Our last day.mp4',
    'holiday at the lake.mp4',
    'mavi-manifest.ndjson',
  ]);
});
