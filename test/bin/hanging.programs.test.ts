import { readdirSync, readFileSync, rmSync } from 'node:fs';
import { describe, expect } from 'vitest';
import { fullFifo } from '../helpers/fifo.ts';
import { appears } from '../helpers/moment.ts';
import { it } from '../helpers/scene.ts';
import { heldVideo } from '../helpers/videos.ts';
import { SAMPLE_VIDEO_NOS } from '../mock/sample-files.ts';

const { faststart } = SAMPLE_VIDEO_NOS;

/** Resolves when a thread of the process is blocked writing to a full pipe. */
async function writesToFullPipe(pid: number): Promise<void> {
  const tasks = `/proc/${pid}/task`;
  const waits = (task: string): boolean =>
    readFileSync(`${tasks}/${task}/wchan`, 'utf8').includes('pipe_write');
  while (!readdirSync(tasks).some(waits)) await new Promise((resolve) => setImmediate(resolve));
}

describe.concurrent('a run whose cleanup hangs', () => {
  it('is ended immediately by a second signal', async ({ scene }) => {
    const [first, second] = [heldVideo(1_000_000, 1), heldVideo(1_000_000, 2)];
    await scene.mock({ videos: [first.video, second.video] });
    const fifo = await fullFifo(scene.path('fifo'));
    scene.finally(() => fifo.close());
    const ids = [first.videoNo, second.videoNo];
    // The first video's record blocks the only file system thread, so the second one's temporary file stays.
    const env = { UV_THREADPOOL_SIZE: '1', UV_USE_IO_URING: '0' };
    const run = scene.start(['download', ...ids, '-c', '2', '-d', 'out', '--manifest', 'fifo'], { env });
    const out = scene.path('out');
    await appears(scene.folder, /^out$/);
    await appears(out, new RegExp(`^${second.videoNo}.*part$`));
    first.goOn();
    await writesToFullPipe(run.child.pid ?? 0);
    // A signal soon after the first one counts as the same, because some programs send it twice.
    const again = setInterval(() => run.child.kill('SIGINT'), 100);
    await run.exited;
    clearInterval(again);
    expect(run.child.signalCode).toBe('SIGINT');
    expect(readdirSync(out).filter((name) => name.endsWith('.part'))).toHaveLength(1);
  });
});

describe.concurrent('a run whose manifest is a FIFO without a reader', () => {
  it('is ended by the first signal, and removes its temporary file', async ({ scene }) => {
    await scene.mock({ faults: 'stall@100000' });
    const fifo = await fullFifo(scene.path('fifo'));
    scene.finally(() => fifo.close());
    const run = scene.start(['download', faststart, '-o', 'video.mp4', '--manifest', 'fifo']);
    await appears(scene.folder, /\.part$/);
    run.child.kill('SIGINT');
    await run.exited;
    expect(run.child.signalCode).toBe('SIGINT');
    rmSync(scene.path('fifo'));
    expect(scene.names()).toEqual([]);
  });
});

describe.concurrent('a run in another PID namespace with the same host name', () => {
  it('does not remove the temporary file of a running download', async ({ scene }) => {
    const { video, videoNo, goOn } = heldVideo(1_000_000);
    await scene.mock({ videos: [video] });
    const container = ['unshare', '--pid', '--fork', '--kill-child', '--mount-proc'];
    const args = ['download', videoNo, '-o', 'video.mp4'];
    const slow = scene.start(args, { by: container });
    const part = await appears(scene.folder, /\.part$/);
    const other = scene.start([...args, '--force'], { by: container });
    // It creates its own temporary file only after it has looked for stale ones.
    while (scene.leftovers().length < 2) await new Promise((resolve) => setImmediate(resolve));
    expect(scene.names()).toContain(part);
    goOn();
    expect([(await slow.ended).code, (await other.ended).code].sort()).not.toContain(1);
    expect(scene.names()).toEqual(['video.mp4']);
  });
});
