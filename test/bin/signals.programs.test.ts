import { mkdirSync, readdirSync, truncateSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { createServer } from 'node:net';
import { constants } from 'node:os';
import { describe, expect } from 'vitest';
import type { MockOptions } from '../../src/mock/options.ts';
import { makeFifo } from '../helpers/fifo.ts';
import { appears, contains, moment } from '../helpers/moment.ts';
import type { Program } from '../helpers/program.ts';
import { it, type RunOptions, type Scene } from '../helpers/scene.ts';
import { strace } from '../helpers/strace.ts';
import { bytesOf, madeUpVideo } from '../helpers/videos.ts';
import { SAMPLE_VIDEO_NOS } from '../mock/sample-files.ts';

const { faststart, moovLast } = SAMPLE_VIDEO_NOS;
const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

/** More than the buffers between two processes hold, so that writing it completes only when the reader reads. */
const MORE_THAN_BUFFERS = 4_000_000;

/** Starts a process; resolves when it has reached a stage. */
type Stage = (scene: Scene) => Promise<Program>;

/** Replaces `video.mp4`, which must stay unchanged until the new one is complete. */
const REPLACING = ['download', faststart, '--force', '-o', 'video.mp4'];

const STAGES: Readonly<Record<string, Stage>> = {
  'waiting for the rate limit': async (scene) => {
    await scene.mock();
    const run = scene.start(['download', faststart, moovLast, '-c', '1', '--rate', '1/h', '-d', 'done']);
    await run.says('waiting for the rate limit');
    return run;
  },
  connecting: async (scene) => {
    const asked = moment();
    const server = createServer(asked.now);
    scene.finally(() => server.close());
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const address = server.address();
    const port = typeof address === 'object' ? address?.port : 0;
    // TCP connects, but the TLS handshake gets no response.
    const run = scene.start(REPLACING, { env: { MAVI_BASE_URL: `https://127.0.0.1:${port}/v1` } });
    await asked.happened;
    return run;
  },
  'waiting for the response': (scene) => askedOf(scene, { faults: 'silent' }, REPLACING),
  'streaming into a file': async (scene) => {
    await scene.mock({ faults: 'stall@100000' });
    const run = scene.start(REPLACING);
    await appears(scene.folder, /\.part$/);
    return run;
  },
  'flushing a file to the disk': async (scene) => {
    await scene.mock();
    mkdirSync(scene.path('logs'));
    const log = scene.path('logs/log');
    const run = scene.start(REPLACING, {
      by: strace('-o', log, '-e', 'trace=fsync', '-e', 'inject=fsync:delay_enter=2000000'),
    });
    await contains(scene.path('logs'), 'log', 'fsync');
    return run;
  },
  'syncing a folder': async (scene) => {
    await scene.mock({ faults: 'stall@100000' });
    mkdirSync(scene.path('library'));
    const run = scene.start(['sync', 'library']);
    await appears(scene.path('library'), /\.part$/);
    return run;
  },
  'pausing before a retry': async (scene) => {
    await scene.mock({ faults: 'rate-limit=300' });
    const run = scene.start(REPLACING);
    await run.says('retrying in 5 min');
    return run;
  },
  'writing to a pipe that nobody reads': async (scene) => {
    const { video, videoNo } = madeUpVideo(30_000_000);
    await scene.mock({ videos: [video] });
    const run = scene.start(['download', videoNo, '-o', '-'], { stdout: 'held' });
    await new Promise((resolve) => run.child.stdout?.once('readable', resolve));
    return run;
  },
  'opening a FIFO that nobody reads': async (scene) => {
    await scene.mock();
    makeFifo(scene.path('fifo'));
    const run = scene.start(['download', faststart, '-o', 'fifo', '--verbose']);
    await run.says('< HTTP 200');
    return run;
  },
  'writing to a FIFO that nobody reads': async (scene) => {
    const { video, videoNo } = madeUpVideo(30_000_000);
    await scene.mock({ videos: [video] });
    makeFifo(scene.path('fifo'));
    const run = scene.start(['download', videoNo, '-o', 'fifo']);
    const reader = await open(scene.path('fifo'), 'r');
    scene.finally(() => reader.close());
    await reader.read(Buffer.alloc(10));
    return run;
  },
  'reading video_nos from standard input': (scene) => feeding(scene, ['download', '-a', '-'], '# none yet\n'),
  'reading video_nos from a FIFO': (scene) => openingFifo(scene, ['download', '-a', 'fifo']),
  'reading a key from standard input': async (scene) => {
    mkdirSync(scene.path('logs'));
    const log = scene.path('logs/log');
    const run = scene.start(['auth', 'login'], { stdin: 'open', by: strace('-o', log, '-e', 'trace=read') });
    run.child.stdin?.write('sk-');
    await contains(scene.path('logs'), 'log', 'read(0, "sk-"');
    return run;
  },
  'reading a key from a FIFO': (scene) =>
    openingFifo(scene, ['download', faststart], {
      MAVI_API_KEY: undefined,
      MAVI_API_KEY_FILE: scene.path('fifo'),
    }),
  'requesting the library': (scene) => listAskedOf(scene, ['list']),
  'requesting sizes': (scene) => listAskedOf(scene, [...REPLACING, '--lookup']),
  'testing the key': (scene) => listAskedOf(scene, ['auth', 'status']),
  'verifying a large file': async (scene) => {
    const bytes = await bytesOf(madeUpVideo(1000).video);
    // The media data is a large hole in a sparse file, which takes long to hash.
    const head = Buffer.concat([
      bytes.subarray(0, bytes.indexOf('mdat') - 4),
      Buffer.from('\0\0\0\x01mdat\0\0\0\x10\0\0\0\0', 'latin1'),
    ]);
    scene.write('long.mp4', head);
    truncateSync(scene.path('long.mp4'), head.length + 2 ** 36);
    const record = {
      video_no: 'VI1',
      status: 'downloaded',
      file: 'long.mp4',
      bytes: 1,
      sha256: '0'.repeat(64),
    };
    makeFifo(scene.path('fifo'));
    const run = scene.start(['verify', 'long.mp4', '--manifest', 'fifo']);
    const writer = await open(scene.path('fifo'), 'w');
    await writer.appendFile(`${JSON.stringify(record)}\n`);
    await writer.close();
    return run;
  },
  'reading a manifest from a FIFO': (scene) => openingFifo(scene, ['verify', '--manifest', 'fifo']),
  'running the mock': async (scene) => {
    const run = scene.start(['mock'], { printsKey: true });
    await run.prints('MAVI_API_KEY=');
    return run;
  },
};

/** Starts the program; resolves when it has sent a request. */
async function askedOf(scene: Scene, options: MockOptions, args: readonly string[]): Promise<Program> {
  const asked = moment();
  await scene.mock({ ...options, onRequest: asked.now });
  const run = scene.start(args);
  await asked.happened;
  return run;
}

/** Starts the program; resolves when it has requested a listing, to which the mock never responds. */
function listAskedOf(scene: Scene, args: readonly string[]): Promise<Program> {
  return askedOf(scene, { listFaults: 'silent' }, args);
}

/** Starts the program; resolves when it is reading its standard input. */
async function feeding(scene: Scene, args: readonly string[], line: string): Promise<Program> {
  const run = scene.start(args, { stdin: 'open' });
  await new Promise((resolve) =>
    run.child.stdin?.write(line.repeat(MORE_THAN_BUFFERS / line.length), resolve),
  );
  return run;
}

/** Starts the program; resolves when it has opened `fifo`, to which nothing is written. */
async function openingFifo(
  scene: Scene,
  args: readonly string[],
  env: RunOptions['env'] = {},
): Promise<Program> {
  makeFifo(scene.path('fifo'));
  const run = scene.start(args, { env });
  const writer = await open(scene.path('fifo'), 'w');
  scene.finally(() => writer.close());
  return run;
}

describe.concurrent.for(SIGNALS)('%s', (signal) => {
  it.for(Object.entries(STAGES))(
    'terminates the program by that signal while it is %s',
    async ([, stage], { scene }) => {
      scene.write('video.mp4', 'mine');
      const run = await stage(scene);
      run.child.kill(signal);
      await run.exited;
      expect([run.child.exitCode, run.child.signalCode]).toEqual([null, signal]);
      expect(scene.leftovers()).toEqual([]);
      expect(scene.read('video.mp4').toString()).toBe('mine');
    },
  );

  it('leaves no lock on the shared record of starts', async ({ scene }) => {
    await scene.mock();
    mkdirSync(scene.path('logs'));
    const run = scene.start(['download', faststart], {
      env: { MAVI_RATE: '12' },
      // The lock is held while the record is being written.
      by: strace(
        '-o',
        scene.path('logs/log'),
        '-e',
        'trace=pwrite64',
        '-e',
        'inject=pwrite64:delay_enter=1000000',
      ),
    });
    await contains(scene.path('logs'), 'log', 'starts');
    run.child.kill(signal);
    await run.exited;
    expect(run.child.signalCode).toBe(signal);
    expect(readdirSync(scene.configFolder).filter((name) => name.endsWith('.lock'))).toEqual([]);
  });

  it('is reported to the shell that started the program', async ({ scene }) => {
    await scene.mock({ faults: 'stall@100000' });
    const line = `$program download ${faststart} -o new.mp4 & pid=$!; read; kill -${signal} $pid; wait $pid; echo "code $?"`;
    const run = scene.shell(line, { stdin: 'open' });
    await appears(scene.folder, /\.part$/);
    run.child.stdin?.end('\n');
    const { stdout } = await run.ended;
    expect(stdout.toString()).toBe(`code ${128 + constants.signals[signal]}\n`);
    expect(scene.names()).toEqual([]);
  });
});
