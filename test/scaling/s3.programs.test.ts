import { createRequire } from 'node:module';
import { afterEach, beforeEach, describe, expect } from 'vitest';
import type { StoredVideo } from '../../src/mock/library.ts';
import type { MockOptions } from '../../src/mock/server.ts';
import { generatedLibrary } from '../helpers/generated.ts';
import { moment } from '../helpers/moment.ts';
import { recipesOf, withMavi } from '../helpers/recipes.ts';
import { it, type Scene } from '../helpers/scene.ts';
import { tempDir } from '../helpers/temp-dir.ts';
import { bytesOf } from '../helpers/videos.ts';

/** The part of s3rver used here; install it with `npm ci --prefix test/scaling/s3rver`. */
interface S3Server {
  run(): Promise<{ port: number }>;
  close(): Promise<void>;
}

const RECIPES = recipesOf('docs/scaling.md');
const LIBRARY = generatedLibrary({ count: 4, sizeBytes: 300_000 });
const VIDEOS = [0, 1, 2, 3].map((position) => LIBRARY.at('default', position) as StoredVideo);

let server: S3Server;
let port: number;

beforeEach(async () => {
  const S3rver = createRequire(import.meta.url)('./s3rver/node_modules/s3rver');
  const options = { address: '127.0.0.1', port: 0, silent: true, directory: tempDir() };
  server = new S3rver({ ...options, configureBuckets: [{ name: 'videos' }] }) as S3Server;
  port = (await server.run()).port;
});

afterEach(() => server.close());

/** A scene with `mavi`, the recipe's script, and the bucket as rclone's `remote:videos`. */
async function place(scene: Scene, options: MockOptions): Promise<Record<string, string>> {
  withMavi(scene);
  await scene.mock({ videos: VIDEOS, ...options });
  scene.write('to-storage.sh', RECIPES.get('to-storage.sh') ?? '');
  return {
    RCLONE_CONFIG_REMOTE_TYPE: 's3',
    RCLONE_CONFIG_REMOTE_PROVIDER: 'Other',
    RCLONE_CONFIG_REMOTE_ENDPOINT: `http://127.0.0.1:${port}`,
    RCLONE_CONFIG_REMOTE_ACCESS_KEY_ID: 'S3RVER',
    RCLONE_CONFIG_REMOTE_SECRET_ACCESS_KEY: 'S3RVER',
  };
}

/** The names in the bucket. */
async function stored(scene: Scene, env: Record<string, string>): Promise<string[]> {
  const { stdout } = await scene.shell('rclone lsf remote:videos', { env }).ended;
  return stdout.toString().split('\n').filter(Boolean).sort();
}

async function expectStored(
  scene: Scene,
  env: Record<string, string>,
  videos: readonly StoredVideo[],
): Promise<void> {
  for (const video of videos) {
    const { stdout } = await scene.shell(`rclone cat remote:videos/${video.videoNo}.mp4`, { env }).ended;
    expect(stdout.equals(await bytesOf(video)), video.videoNo).toBe(true);
  }
}

function filesOf(videos: readonly StoredVideo[]): string[] {
  return videos.map(({ videoNo }) => `${videoNo}.mp4`).sort();
}

describe('object storage with an S3 interface', () => {
  it('receives only complete videos, and nothing of one that is truncated at its end', {
    timeout: 120_000,
  }, async ({ scene }) => {
    const [bad, ...others] = VIDEOS as [StoredVideo, ...StoredVideo[]];
    const env = await place(scene, { faults: { [bad.videoNo]: 'truncate@299999x2' } });
    const [, all = ''] = (RECIPES.get('object storage') ?? '').split('\n');
    expect(await scene.shell(all, { env }).ended).toMatchObject({ code: 1 });
    expect(await stored(scene, env)).toEqual(filesOf(others));
    expect(await scene.shell(all, { env }).ended).toMatchObject({ code: 0 });
    expect(await stored(scene, env)).toEqual(filesOf(VIDEOS));
    await expectStored(scene, env, VIDEOS);
  });

  it('has nothing under the final name when the script and its processes are killed', {
    timeout: 120_000,
  }, async ({ scene }) => {
    const [video] = VIDEOS as [StoredVideo];
    const [halfway, killed] = [moment(), moment()];
    scene.finally(() => killed.now());
    const held: StoredVideo = {
      ...video,
      async *read(from, to) {
        yield* video.read(from, 200_000);
        halfway.now();
        await killed.happened;
        yield* video.read(200_000, to);
      },
    };
    const env = await place(scene, { videos: [held] });
    // In its own process group, so that the script and everything it started can be killed together.
    const script = scene.shell(`exec setsid bash to-storage.sh ${video.videoNo}`, { env });
    await halfway.happened;
    process.kill(-(script.child.pid as number), 'SIGKILL');
    await script.ended;
    killed.now();
    expect((await stored(scene, env)).filter((name) => !name.endsWith('.part'))).toEqual([]);
    expect(await scene.shell(`bash to-storage.sh ${video.videoNo}`, { env }).ended).toMatchObject({
      code: 0,
    });
    expect(await stored(scene, env)).toEqual(filesOf([video]));
    await expectStored(scene, env, [video]);
  });
});
