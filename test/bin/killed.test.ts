import { describe, expect } from 'vitest';
import { appears, moment } from '../helpers/moment.ts';
import { it } from '../helpers/scene.ts';
import { SAMPLE_VIDEO_NOS, sampleFile } from '../mock/sample-files.ts';

const { faststart } = SAMPLE_VIDEO_NOS;
const COMMAND = ['download', faststart, '-o', 'video.mp4'];

describe.concurrent('a run killed with SIGKILL', () => {
  it('leaves a temporary file that the same command removes when it is run again', async ({ scene }) => {
    const mock = await scene.mock({ faults: 'stall@100000x1' });
    const run = scene.start(COMMAND);
    await appears(scene.folder, /\.part$/);
    run.child.kill('SIGKILL');
    await run.exited;
    expect((await scene.run(COMMAND)).code).toBe(0);
    expect(scene.names()).toEqual(['video.mp4']);
    expect(scene.read('video.mp4').equals(sampleFile('faststart'))).toBe(true);
    expect(mock.requests.length).toBe(2);
  });
});

describe.concurrent('two runs with one target', () => {
  it('end with one success, one exit 7 and a complete file', async ({ scene }) => {
    const bothAsked = moment();
    const mock = await scene.mock({
      // Neither gets a response before both have seen that the name is free.
      onRequest: ({ order }) => {
        if (order === 2) bothAsked.now();
        return bothAsked.happened;
      },
    });
    const ended = await Promise.all([scene.run(COMMAND), scene.run(COMMAND)]);
    expect(ended.map(({ code }) => code).sort()).toEqual([0, 7]);
    expect(ended.find(({ code }) => code === 7)?.stderr).toContain('video.mp4');
    expect(scene.names()).toEqual(['video.mp4']);
    expect(scene.read('video.mp4').equals(sampleFile('faststart'))).toBe(true);
    expect(mock.requests.length).toBe(2);
  });

  it('do not remove the temporary file of the other while it is running', async ({ scene }) => {
    await scene.mock({ faults: 'stall@100000x1' });
    const slow = scene.start(COMMAND);
    const part = await appears(scene.folder, /\.part$/);
    expect((await scene.run(COMMAND)).code).toBe(0);
    expect(scene.names()).toEqual(['video.mp4', part].sort());
    slow.child.kill('SIGTERM');
    await slow.exited;
    expect(scene.names()).toEqual(['video.mp4']);
  });

  it('both succeed with --force, and the file is complete', async ({ scene }) => {
    const bothAsked = moment();
    await scene.mock({
      onRequest: ({ order }) => {
        if (order === 2) bothAsked.now();
        return bothAsked.happened;
      },
    });
    const force = [...COMMAND, '--force'];
    const ended = await Promise.all([scene.run(force), scene.run(force)]);
    expect(ended.map(({ code }) => code)).toEqual([0, 0]);
    expect(scene.names()).toEqual(['video.mp4']);
    expect(scene.read('video.mp4').equals(sampleFile('faststart'))).toBe(true);
  });
});
