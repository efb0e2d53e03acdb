import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect } from 'vitest';
import { FILE_SYSTEM_KINDS, mountFileSystem } from '../helpers/disks.ts';
import { moment } from '../helpers/moment.ts';
import { it } from '../helpers/scene.ts';
import { SAMPLE_VIDEO_NOS, sampleFile } from '../mock/sample-files.ts';

const { faststart } = SAMPLE_VIDEO_NOS;
const VIDEO = sampleFile('faststart');

/** Expects the whole video in a folder. A mount by rclone stores a file only after it was closed. */
async function expectStored(folder: string): Promise<void> {
  const file = join(folder, 'v.mp4');
  const isStored = (): boolean => existsSync(file) && readFileSync(file).equals(VIDEO);
  await expect.poll(isStored, { timeout: 20_000 }).toBe(true);
}

describe('on other kinds of file systems', () => {
  it.for(FILE_SYSTEM_KINDS)(
    'a download is published, refuses an existing file and replaces it with --force: %s',
    async (kind, { scene }) => {
      await scene.mock();
      const folder = mountFileSystem(scene, 'disk', kind);
      const args = ['download', faststart, '-o', 'disk/v.mp4'];
      const codes: unknown[] = [];
      for (const flags of [[], [], ['--force']]) {
        const { code, stderr } = await scene.run([...args, ...flags]);
        codes.push(code === 0 || stderr.includes('already exists') ? code : stderr);
      }
      expect(codes).toEqual([0, 7, 0]);
      await expectStored(folder);
      expect(readdirSync(scene.path('disk')).filter((name) => name.endsWith('.part'))).toEqual([]);
    },
  );

  it.for(FILE_SYSTEM_KINDS)(
    'only one of two runs with the same target succeeds: %s',
    async (kind, { scene }) => {
      const bothAsked = moment();
      await scene.mock({
        onRequest: ({ order }) => {
          if (order === 2) bothAsked.now();
          return bothAsked.happened;
        },
      });
      const folder = mountFileSystem(scene, 'disk', kind);
      const args = ['download', faststart, '-o', 'disk/v.mp4'];
      const ended = await Promise.all([scene.run(args), scene.run(args)]);
      expect(ended.map(({ code }) => code).sort(), ended.map(({ stderr }) => stderr).join()).toEqual([0, 7]);
      await expectStored(folder);
    },
  );

  it.for(FILE_SYSTEM_KINDS.filter((kind) => kind !== 'rclone'))(
    'a sync is complete, and the next one has nothing to download: %s',
    async (kind, { scene }) => {
      await scene.mock();
      mountFileSystem(scene, 'disk', kind);
      const said: string[] = [];
      for (let round = 0; round < 2; round += 1) {
        const { code, stderr } = await scene.run(['sync', 'disk/lib']);
        expect(code, stderr).toBe(0);
        said.push(stderr);
      }
      expect(said[0]).not.toContain('nothing to download');
      expect(said[1]).toContain('nothing to download');
      expect((await scene.run(['verify', 'disk/lib'])).code).toBe(0);
    },
  );

  it('a broken transfer starts over in a new file where the old one can’t be truncated', async ({
    scene,
  }) => {
    await scene.mock({ faults: 'hangup@100000x1' });
    const folder = mountFileSystem(scene, 'disk', 'rclone');
    const { code, stderr } = await scene.run(['download', faststart, '-o', 'disk/v.mp4']);
    expect(code, stderr).toBe(0);
    expect(readdirSync(scene.path('disk'))).toEqual(['v.mp4']);
    await expectStored(folder);
  });
});
