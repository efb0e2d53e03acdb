import { createHash } from 'node:crypto';
import { constants, readdirSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { describe, expect } from 'vitest';
import { closedPipe, makeFifo } from '../helpers/fifo.ts';
import { it } from '../helpers/scene.ts';
import { knownVideo, madeUpVideo } from '../helpers/videos.ts';
import { SAMPLE_VIDEO_NOS, sampleFile } from '../mock/sample-files.ts';

const { faststart } = SAMPLE_VIDEO_NOS;
const TO_STDOUT = ['download', faststart, '-o', '-'];

describe.concurrent('a video to standard output', () => {
  it('is written byte for byte, and messages go to standard error', async ({ scene }) => {
    await scene.mock();
    const { code, stdout, stderr } = await scene.run([...TO_STDOUT, '--json']);
    expect(code).toBe(0);
    expect(stdout.equals(sampleFile('faststart'))).toBe(true);
    expect(stderr).toContain('to stdout');
    const record = JSON.parse(stderr.split('\n').find((line) => line.startsWith('{')) ?? '');
    expect(record).toMatchObject({ status: 'downloaded', file: null, bytes: stdout.length });
    expect(scene.names()).toEqual([]);
  });

  it('is correct after three lost connections', async ({ scene }) => {
    const { video, videoNo, bytes } = await knownVideo(3_000_000);
    const mock = await scene.mock({ videos: [video], faults: 'drop@400000x1,drop@1x1,drop@2900000x1' });
    const line = `mavi download ${videoNo} -o - --checksum --json | sha256sum; echo "code \${PIPESTATUS[0]}"`;
    const { stdout, stderr } = await scene.shell(line).ended;
    const sha256 = createHash('sha256').update(bytes).digest('hex');
    expect(stdout.toString()).toBe(`${sha256}  -\ncode 0\n`);
    expect(stderr).toContain(`"sha256":"${sha256}"`);
    expect(mock.requests.length).toBe(4);
  });

  it('makes mavi exit 5 when a retry sends different bytes', async ({ scene }) => {
    await scene.mock({ faults: 'drop@100000x1,other-bytes' });
    const { code, stdout, stderr } = await scene.run(TO_STDOUT);
    expect(code).toBe(5);
    expect(stderr).toContain('different bytes');
    expect(stdout.equals(sampleFile('faststart').subarray(0, stdout.length))).toBe(true);
  });

  it.for(['html-mislabelled', 'mislabelled', 'matroska', 'empty', 'tiny', 'garbage'])(
    'is empty when the response is not a video (%s)',
    async (faults, { scene }) => {
      await scene.mock({ faults });
      const { code, stdout } = await scene.run([...TO_STDOUT, '--retries', '0']);
      expect([4, 5]).toContain(code);
      expect(stdout.length).toBe(0);
    },
  );

  it('waits for a slow reader for longer than the timeout', async ({ scene }) => {
    const { video, videoNo, bytes } = await knownVideo(20_000_000);
    const stalling = await scene.mock({ faults: 'stall@1000' });
    const mock = await scene.mock({ videos: [video] });
    const run = scene.start(['download', videoNo, '-o', '-', '--timeout', '2'], { stdout: 'held' });
    await new Promise((resolve) => run.child.stdout?.once('readable', resolve));
    // A run that starts later and stalls has timed out, so the slow reader has taken longer than the timeout.
    const stalled = await scene.run([...TO_STDOUT, '--timeout', '2', '--retries', '0'], {
      env: { MAVI_BASE_URL: stalling.baseUrl },
    });
    expect([stalled.code, stalled.stderr]).toEqual([6, expect.stringContaining('for 2 s')]);
    expect(mock.requests[0]?.bytesSent).toBeLessThan(bytes.length);
    run.readOn();
    const { code, stdout, stderr } = await run.ended;
    expect(code).toBe(0);
    expect(stdout.equals(bytes)).toBe(true);
    expect(stderr).not.toContain('no data');
  });
});

describe.concurrent('a pipe that another program made non-blocking', () => {
  it('receives every byte, although it is full many times', async ({ scene }) => {
    const { video, videoNo, bytes } = await knownVideo(5_000_000);
    await scene.mock({ videos: [video] });
    makeFifo(scene.path('fifo'));
    const reader = scene.shell('cat fifo > copy.mp4');
    const writer = await open(scene.path('fifo'), constants.O_RDWR | constants.O_NONBLOCK);
    const { code } = await scene.run(['download', videoNo, '-o', '-'], { stdout: writer.fd });
    await writer.close();
    await reader.ended;
    expect(code).toBe(0);
    expect(scene.read('copy.mp4').equals(bytes)).toBe(true);
  });
});

describe.concurrent('a list of video_nos', () => {
  it('can be piped from `mavi list --ids` to `mavi download -a -`', async ({ scene }) => {
    const mock = await scene.mock();
    const line = `mavi list --ids | mavi download -a - ${faststart} -d library; echo "\${PIPESTATUS[*]}"`;
    const { stdout, stderr } = await scene.shell(line).ended;
    expect(stdout.toString()).toBe('0 0\n');
    expect(stderr).toContain('3 videos: 3 downloaded');
    expect(readdirSync(scene.path('library')).length).toBe(3);
    expect(mock.requests.length).toBe(4);
  });

  it('that is empty makes mavi exit 0 and say that there is nothing to do', async ({ scene }) => {
    const mock = await scene.mock();
    const { code, stderr } = await scene.run(['download', '-a', '-'], { stdin: '# nothing\r\n\r\n' });
    expect([code, mock.requests.length]).toEqual([0, 0]);
    expect(stderr).toContain('nothing to do');
  });

  it('that cannot be read makes mavi exit 7', async ({ scene }) => {
    const { code, stderr } = await scene.run(['download', '-a', 'none']);
    expect(code).toBe(7);
    expect(stderr).toContain('cannot read none');
  });

  it('is not a folder on standard input', async ({ scene }) => {
    const line = 'mavi download -a - < .; echo $?; mavi auth login < .; echo $?';
    const { stdout, stderr } = await scene.shell(line).ended;
    expect(stdout.toString()).toBe('7\n7\n');
    expect(stderr.match(/cannot read standard input: it is a folder/g)).toHaveLength(2);
  });
});

describe.concurrent('a reader that closes the pipe', () => {
  it('ends a download quietly with 141', async ({ scene }) => {
    const { video, videoNo, bytes } = await knownVideo(20_000_000);
    const mock = await scene.mock({ videos: [video] });
    const line = `mavi download ${videoNo} -o - --progress none | head -c 10; echo "code \${PIPESTATUS[0]}"`;
    const { stdout, stderr } = await scene.shell(line).ended;
    expect(stdout.equals(Buffer.concat([bytes.subarray(0, 10), Buffer.from('code 141\n')]))).toBe(true);
    expect(stderr).toBe('');
    expect(mock.requests.length).toBe(1);
  });

  it.for([
    `download ${faststart} --json --quiet`,
    `download ${faststart} --json --quiet --manifest manifest`,
    'list',
    'list --ids',
    'list --json',
    'list --scopes',
    'auth status',
    'config list',
    'verify none.mp4',
    'mock',
    'mock --list-faults',
    'completion bash',
    '--help',
    '--version',
  ])('ends `%s` quietly with 141', async (line, { scene }) => {
    await scene.mock();
    const pipe = await closedPipe(scene.path('pipe'));
    scene.finally(() => pipe.close());
    const { code, stderr } = await scene.run(line.split(' '), { stdout: pipe.fd });
    expect([code, stderr]).toEqual([141, '']);
    expect(scene.leftovers()).toEqual([]);
  });

  it('ends a download to a FIFO quietly with 141', async ({ scene }) => {
    const { video, videoNo } = madeUpVideo(20_000_000);
    await scene.mock({ videos: [video] });
    makeFifo(scene.path('fifo'));
    const run = scene.start(['download', videoNo, '-o', 'fifo', '--progress', 'none']);
    const reader = await open(scene.path('fifo'), 'r');
    await reader.read(Buffer.alloc(10));
    await reader.close();
    const { code, stderr } = await run.ended;
    expect([code, stderr]).toEqual([141, '']);
  });
});

describe.concurrent('standard output', () => {
  it.for([
    `download ${faststart} -o -`,
    `download ${faststart} --json`,
    'list',
    'list --json',
    'auth status',
    'config list',
    'mock',
    '--help',
  ])('that is full makes `mavi %s` exit 7', async (line, { scene }) => {
    await scene.mock();
    const full = await open('/dev/full', 'w');
    scene.finally(() => full.close());
    const { code, stderr } = await scene.run(line.split(' '), { stdout: full.fd });
    expect(code).toBe(7);
    expect(stderr).toContain('cannot write to standard output: the disk is full');
  });

  it.for([
    `download ${faststart} -o -`,
    `download ${faststart} --dry-run`,
    'sync library --dry-run',
    'list --ids',
  ])('that is closed makes `mavi %s` exit 7 before any request', async (line, { scene }) => {
    const mock = await scene.mock();
    const { stdout, stderr } = await scene.shell(`mavi ${line} >&-; echo $?`).ended;
    expect([stdout.toString(), mock.requests.length]).toEqual(['7\n', 0]);
    expect(stderr).toContain('cannot write to standard output: it is closed');
  });

  it.for([`download ${faststart} --json`, 'auth status', 'config path'])(
    'that is discarded by the caller does not disturb `mavi %s`',
    async (line, { scene }) => {
      await scene.mock();
      const { stdout } = await scene.shell(`(mavi ${line} 1<> /dev/null); echo $?`).ended;
      expect(stdout.toString()).toBe('0\n');
    },
  );

  it('accepts a video when it is /dev/null', async ({ scene }) => {
    const mock = await scene.mock();
    const { stdout } = await scene.shell(`mavi download ${faststart} -o - > /dev/null; echo $?`).ended;
    expect([stdout.toString(), mock.requests.length]).toEqual(['0\n', 1]);
  });

  it('accepts a video when the caller discards all output', async ({ scene }) => {
    const mock = await scene.mock();
    const line = `mavi download ${faststart} -o - 1<>/dev/null 2<>/dev/null; echo $?`;
    const { stdout } = await scene.shell(line).ended;
    expect([stdout.toString(), mock.requests.length]).toEqual(['0\n', 1]);
  });

  it('may be closed when nothing is written to it', async ({ scene }) => {
    await scene.mock();
    const { stdout } = await scene.shell(`mavi download ${faststart} >&-; echo $?`).ended;
    expect(stdout.toString()).toBe('0\n');
    expect(scene.read(`${faststart}.mp4`).equals(sampleFile('faststart'))).toBe(true);
  });
});

describe.concurrent('standard error that is closed or full', () => {
  it('does not disturb a download', async ({ scene }) => {
    await scene.mock();
    const { stdout, stderr } = await scene.shell(
      [
        `mavi download ${faststart} -o closed.mp4 2>&-; echo $?`,
        `mavi download ${faststart} -o all-closed.mp4 <&- >&- 2>&-; echo $?`,
        `mavi download ${faststart} -o full.mp4 --verbose 2>/dev/full; echo $?`,
        `mavi download ${faststart} -o - 2>&- | cmp - full.mp4; echo $?`,
      ].join('; '),
    ).ended;
    expect([stdout.toString(), stderr]).toEqual(['0\n0\n0\n0\n', '']);
    expect(scene.names()).toEqual(['all-closed.mp4', 'closed.mp4', 'full.mp4']);
    for (const name of scene.names()) expect(scene.read(name).equals(sampleFile('faststart'))).toBe(true);
  });
});

describe.concurrent('standard error whose reader has gone', () => {
  it('does not disturb a download', async ({ scene }) => {
    await scene.mock();
    const pipe = await closedPipe(scene.path('pipe'));
    scene.finally(() => pipe.close());
    const { code } = await scene.run(['download', faststart, '-o', 'video.mp4', '--verbose'], {
      stderr: pipe.fd,
    });
    expect(code).toBe(0);
    expect(scene.read('video.mp4').equals(sampleFile('faststart'))).toBe(true);
  });
});

describe.concurrent('a target that is not a regular file', () => {
  it.for(['/dev/stdout', '/dev/fd/1', '/proc/self/fd/1'])(
    'such as %s is standard output, whether that is a file or a pipe',
    async (output, { scene }) => {
      await scene.mock();
      const { stdout, stderr } = await scene.shell(
        `mavi download ${faststart} -o ${output} > file.mp4; echo $?; mavi download ${faststart} -o ${output} | cmp - file.mp4; echo $?`,
      ).ended;
      expect(stdout.toString()).toBe('0\n0\n');
      expect(stderr).toContain('to stdout');
      expect(scene.names()).toEqual(['file.mp4']);
      expect(scene.read('file.mp4').equals(sampleFile('faststart'))).toBe(true);
    },
  );

  it('such as a process substitution receives the video', async ({ scene }) => {
    await scene.mock();
    makeFifo(scene.path('done'));
    const { stdout } = await scene.shell(
      `mavi download ${faststart} -o >(cat > copy.mp4; echo over > done); echo $?; cat done`,
    ).ended;
    expect(stdout.toString()).toBe('0\nover\n');
    expect(scene.read('copy.mp4').equals(sampleFile('faststart'))).toBe(true);
  });

  it('such as a FIFO receives the video and is kept', async ({ scene }) => {
    await scene.mock();
    makeFifo(scene.path('fifo'));
    const { stdout } = await scene.shell(
      `cat fifo > copy.mp4 & mavi download ${faststart} -o fifo; echo $?; wait; test -p fifo; echo $?`,
    ).ended;
    expect(stdout.toString()).toBe('0\n0\n');
    expect(scene.names()).toEqual(['copy.mp4', 'fifo']);
    expect(scene.read('copy.mp4').equals(sampleFile('faststart'))).toBe(true);
  });

  it('such as /dev/null or /dev/full is written directly', async ({ scene }) => {
    await scene.mock();
    const thrownAway = await scene.run(['download', faststart, '-o', '/dev/null']);
    const full = await scene.run(['download', faststart, '-o', '/dev/full']);
    expect([thrownAway.code, full.code]).toEqual([0, 7]);
    expect(full.stderr).toContain('cannot write /dev/full: the disk is full');
  });
});
