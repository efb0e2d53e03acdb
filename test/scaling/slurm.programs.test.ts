import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect } from 'vitest';
import { isInShard } from '../../src/sync/inventory.ts';
import { moment } from '../helpers/moment.ts';
import { recipesOf, withMavi } from '../helpers/recipes.ts';
import { it } from '../helpers/scene.ts';
import { bytesOf } from '../helpers/videos.ts';
import { downloadsOf } from '../helpers/with-mock.ts';
import { madeVideos } from '../library/stored-video.ts';
import { startSlurm } from './slurm-cluster.ts';

const RECIPE = recipesOf('docs/scaling.md').get('Slurm') ?? '';
/** So few that each shard stays within its part of the rate, even if it starts twice within a minute. */
const VIDEOS = madeVideos(8);
const ACCOUNT = { starts: 12, windowMs: 60_000 };

describe('the Slurm array of docs/scaling.md, on a real Slurm', () => {
  it('continues after a node was killed, until the shards together are the complete library', {
    timeout: 180_000,
  }, async ({ scene }) => {
    const victim = VIDEOS.find(({ videoNo }) => isInShard(videoNo, { index: 2, of: 4 }));
    const [asked, killed] = [moment(), moment()];
    scene.finally(() => killed.now());
    withMavi(scene);
    const mock = await scene.mock({
      videos: VIDEOS,
      accountLimit: ACCOUNT,
      async onRequest({ url, json }) {
        const isVictim = (json as { video_no?: string } | undefined)?.video_no === victim?.videoNo;
        if (!url.endsWith('/download') || !isVictim) return;
        asked.now();
        await killed.happened;
      },
    });
    const home = join(scene.configFolder, '..', 'home');
    mkdirSync(home, { recursive: true });
    writeFileSync(join(home, '.mavi-key'), `${scene.key}\n`, { mode: 0o600 });
    const slurm = await startSlurm(4, (cleanUp) => scene.finally(cleanUp));
    const job = scene.write('job.sh', RECIPE);
    const env = {
      ...slurm.env,
      HOME: home,
      TMPDIR: home,
      MAVI_API_KEY: undefined,
      MAVI_RATE: undefined,
      MAVI_CONFIG_DIR: undefined,
    };
    const submitted = scene.shell(`sbatch --parsable --wait '${job}'`, { env });

    await asked.happened;
    const node = (): string =>
      slurm.run('squeue', '--noheader', '--array', '--format=%K %N').match(/^2 (n\d)$/m)?.[1] ?? '';
    slurm.killNode(node());
    killed.now();
    // Slurm holds a requeued task for two minutes unless an administrator starts it earlier.
    const requeue = (): string => {
      const id = slurm
        .run('squeue', '--noheader', '--array', '--format=%F_%K %T')
        .match(/^(\d+_2) PENDING$/m)?.[1];
      if (id !== undefined) slurm.run('scontrol', 'update', `JobId=${id}`, 'StartTime=now');
      return id === undefined ? 'not requeued yet' : 'requeued';
    };
    await expect.poll(requeue, { timeout: 60_000, interval: 200 }).toBe('requeued');
    const ended = await submitted.ended;

    const logs = readdirSync(scene.folder).filter((name) => name.startsWith('slurm-'));
    const said = logs.map((name) => readFileSync(scene.path(name), 'utf8')).join('\n');
    expect(ended.code, said).toBe(0);
    const files = [1, 2, 3, 4].flatMap((shard) =>
      readdirSync(scene.path(`library/${shard}`)).map((name) => `${shard}/${name}`),
    );
    const videos = files.filter((name) => name.endsWith('.mp4'));
    expect(videos.map((name) => name.slice(2)).sort()).toEqual(
      VIDEOS.map(({ videoNo }) => `${videoNo}.mp4`).sort(),
    );
    for (const video of VIDEOS) {
      const name = videos.find((each) => each.endsWith(`/${video.videoNo}.mp4`)) ?? '';
      expect(scene.read(`library/${name}`).equals(await bytesOf(video)), name).toBe(true);
    }
    expect(files.filter((name) => name.includes('.part'))).toEqual([]);
    const starts = downloadsOf(mock);
    // The requeued task repeated only the killed request.
    expect(starts).toHaveLength(VIDEOS.length + 1);
    expect(starts.length).toBeLessThanOrEqual(ACCOUNT.starts);
    expect(said).not.toContain('0429');
  });
});
