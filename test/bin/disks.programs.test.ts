import {
  chmodSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { open } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect } from 'vitest';
import { fillDisk, smallDisk, writeProtect } from '../helpers/disks.ts';
import { it } from '../helpers/scene.ts';
import { strace, systemCalls } from '../helpers/strace.ts';
import { SAMPLE_VIDEO_NOS, sampleFile } from '../mock/sample-files.ts';

const { faststart, moovLast } = SAMPLE_VIDEO_NOS;
/** Smaller than the sample. */
const SMALL_BYTES = 65_536;

describe.concurrent('a full disk', () => {
  it('makes mavi exit 7 when the video does not fit, keep the old file and leave no temporary file', async ({
    scene,
  }) => {
    const mock = await scene.mock();
    const disk = smallDisk(scene, 'disk', SMALL_BYTES);
    writeFileSync(join(disk, 'video.mp4'), 'mine');
    const { code, stderr } = await scene.run(['download', faststart, '-o', 'disk/video.mp4', '--force']);
    expect(code).toBe(7);
    expect(stderr).toContain('cannot write disk/video.mp4: the disk is full');
    expect(readdirSync(disk)).toEqual(['video.mp4']);
    expect(readFileSync(join(disk, 'video.mp4'), 'utf8')).toBe('mine');
    expect(mock.requests.length).toBe(1);
  });

  it('makes mavi exit 7 when the manifest cannot grow, without starting the next video', async ({
    scene,
  }) => {
    const mock = await scene.mock();
    const disk = smallDisk(scene, 'disk', SMALL_BYTES);
    writeFileSync(join(disk, 'manifest'), '');
    fillDisk(disk);
    const args = ['download', faststart, moovLast, '-c', '1', '--manifest', 'disk/manifest'];
    const { code, stderr } = await scene.run(args);
    expect(code).toBe(7);
    expect(stderr).toContain('cannot write disk/manifest: the disk is full');
    expect(mock.requests.length).toBe(1);
    expect(scene.names()).toEqual([`${faststart}.mp4`, 'disk'].sort());
    expect(scene.read(`${faststart}.mp4`).equals(sampleFile('faststart'))).toBe(true);
  });

  it('makes mavi exit 7 when standard output is a file on it', async ({ scene }) => {
    await scene.mock();
    const disk = smallDisk(scene, 'disk', SMALL_BYTES);
    const file = await open(join(disk, 'video.mp4'), 'w');
    scene.finally(() => file.close());
    const { code, stderr } = await scene.run(['download', faststart, '-o', '-'], { stdout: file.fd });
    expect(code).toBe(7);
    expect(stderr).toContain('cannot write to standard output: the disk is full');
    expect(
      readFileSync(join(disk, 'video.mp4')).equals(sampleFile('faststart').subarray(0, SMALL_BYTES)),
    ).toBe(true);
  });

  it('makes `config set` exit 7 when it holds the config folder, but downloads still succeed', async ({
    scene,
  }) => {
    await scene.mock();
    const disk = smallDisk(scene, 'disk', SMALL_BYTES);
    fillDisk(disk);
    const env = { MAVI_CONFIG_DIR: 'disk/config', MAVI_RATE: '12' };
    const set = await scene.run(['config', 'set', 'rate', '6'], { env });
    expect([set.code, set.stderr]).toEqual([7, expect.stringContaining('config.json')]);
    expect((await scene.run(['download', faststart], { env })).code).toBe(0);
  });
});

describe.concurrent('a disk without free inodes', () => {
  it.for(['-o disk/v.mp4', '-d disk/new', '-d disk', '--manifest disk/m'])(
    'is reported as full by a download (%s)',
    async (flags, { scene }) => {
      await scene.mock();
      smallDisk(scene, 'disk', 4_000_000, 1);
      const { code, stderr } = await scene.run(['download', faststart, ...flags.split(' ')]);
      expect(code).toBe(7);
      expect(stderr).toMatch(
        /cannot (write|create the folder) disk.*: the disk is full\n +free some space or inodes/,
      );
      expect(readdirSync(scene.path('disk'))).toEqual([]);
    },
  );

  it('is reported as full by a sync', async ({ scene }) => {
    await scene.mock();
    smallDisk(scene, 'disk', 4_000_000, 1);
    const { code, stderr } = await scene.run(['sync', 'disk']);
    expect(code).toBe(7);
    expect(stderr).toContain('disk is full');
  });
});

describe.concurrent('a limit on the size of files', () => {
  it('makes mavi exit 7 when it is exceeded, and leave no file behind', async ({ scene }) => {
    await scene.mock();
    const { stdout, stderr } = await scene.shell(`ulimit -f 50; mavi download ${faststart} -o v.mp4; echo $?`)
      .ended;
    expect(stdout.toString()).toBe('7\n');
    expect(stderr).toContain('cannot write v.mp4: the file exceeds a size limit');
    expect(scene.names()).toEqual([]);
  });
});

describe.concurrent('a read-only file system', () => {
  it.for([
    ...['-o disk/video.mp4', '-d disk', '-d disk/new', '--manifest disk/manifest'],
    ...['-o disk/video.mp4 --skip-existing', '-d disk --skip-existing --container any'],
  ])('makes mavi exit 7 before any request (%s)', async (flags, { scene }) => {
    const mock = await scene.mock();
    writeProtect(smallDisk(scene, 'disk', SMALL_BYTES));
    const { code, stderr } = await scene.run(['download', faststart, ...flags.split(' ')]);
    expect(code).toBe(7);
    expect(stderr).toContain(flags.split(' ')[1]);
    expect(mock.requests).toEqual([]);
  });
});

describe.concurrent('a file on a read-only file system', () => {
  it.for(['-o disk/video.mp4', '-d disk', '-d disk --container any'])(
    'is kept by --skip-existing if it is complete (%s)',
    async (flags, { scene }) => {
      const mock = await scene.mock();
      const disk = smallDisk(scene, 'disk', 1024 * 1024);
      const name = flags.startsWith('-o') ? 'video.mp4' : `${faststart}.mp4`;
      writeFileSync(join(disk, name), sampleFile('faststart'));
      writeProtect(disk);
      const args = ['download', faststart, '--skip-existing', ...flags.split(' ')];
      const { code, stderr } = await scene.run(args);
      expect(code, stderr).toBe(0);
      expect(
        (await scene.run(args.map((each) => (each === '--skip-existing' ? '--force' : each)))).code,
      ).toBe(7);
      expect(mock.requests).toEqual([]);
    },
  );
});

describe.concurrent('a regular file', () => {
  it.for([
    { how: 'linked to its name', flags: [], step: 'link' },
    { how: 'renamed with --force', flags: ['--force'], step: 'rename' },
  ])('is written completely, flushed, and only then $how', async ({ flags, step }, { scene }) => {
    await scene.mock();
    const log = scene.path('log');
    const traced =
      'trace=openat,write,writev,pwrite64,pwritev,pwritev2,fsync,fdatasync,link,linkat,rename,renameat2';
    const by = strace('-y', '-s', '0', '-o', log, '-e', traced);
    const run = scene.start(['download', faststart, '-o', 'video.mp4', ...flags], {
      by,
      // strace does not see the file system calls that io_uring makes.
      env: { UV_USE_IO_URING: '0' },
    });
    expect((await run.ended).code).toBe(0);
    const steps = systemCalls(log)
      .filter(({ args }) => args.includes('video.mp4'))
      .map(({ name }) => name.replace(/^p?write.*$/, 'write'));
    const once = steps.filter((name, at) => name !== steps[at - 1]);
    expect(once).toEqual(['openat', 'write', 'fsync', step]);
  });

  it('keeps its permission bits when it is replaced, and follows the umask when it is new', async ({
    scene,
  }) => {
    await scene.mock();
    scene.write('old.mp4', 'old');
    chmodSync(scene.path('old.mp4'), 0o640);
    const line = `umask 027; mavi download ${faststart} -o new.mp4 && mavi download ${faststart} -o old.mp4 --force`;
    await scene.shell(line).ended;
    const modes = ['new.mp4', 'old.mp4'].map((name) => (statSync(scene.path(name)).mode & 0o777).toString(8));
    expect(modes).toEqual(['640', '640']);
    expect(scene.read('old.mp4').equals(sampleFile('faststart'))).toBe(true);
  });

  it('is replaced at the end of a symbolic link, and the link stays', async ({ scene }) => {
    await scene.mock();
    mkdirSync(scene.path('elsewhere'));
    scene.write('elsewhere/video.mp4', 'old');
    symlinkSync('elsewhere/video.mp4', scene.path('link.mp4'));
    expect((await scene.run(['download', faststart, '-o', 'link.mp4', '--force'])).code).toBe(0);
    expect(scene.read('elsewhere/video.mp4').equals(sampleFile('faststart'))).toBe(true);
    expect([scene.names(), readdirSync(scene.path('elsewhere'))]).toEqual([
      ['elsewhere', 'link.mp4'],
      ['video.mp4'],
    ]);
  });
});

describe.concurrent('an unusable path', () => {
  it.for([
    ['a folder', '.', 'it is a folder'],
    ['a name in a missing folder', 'none/video.mp4', 'the folder none does not exist'],
    ['a name that ends with a slash', 'none/', 'the folder none/ does not exist'],
    ['a name below a file', 'file/video.mp4', 'file'],
    ['a name that is too long', `${'x'.repeat(300)}.mp4`, 'too long'],
  ])('makes mavi exit 7 before any request (%s)', async ([, output = '', says = ''], { scene }) => {
    const mock = await scene.mock();
    scene.write('file', '');
    const { code, stderr } = await scene.run(['download', faststart, '-o', output]);
    expect([code, mock.requests.length]).toEqual([7, 0]);
    expect(stderr).toContain(says);
    expect(scene.names()).toEqual(['file']);
  });

  it('makes mavi exit 7 and say so when it is a deleted current folder', async ({ scene }) => {
    const mock = await scene.mock();
    mkdirSync(scene.path('gone'));
    const line = `cd gone; rmdir ../gone; mavi download ${faststart} -o video.mp4; echo $?; mavi --version`;
    const { stdout, stderr } = await scene.shell(line).ended;
    expect(stdout.toString()).toMatch(/^7\n\d+\.\d+\.\d+\n$/);
    expect(stderr).toContain('the current folder was deleted');
    expect(mock.requests).toEqual([]);
  });

  it('does not prevent a download when it is the home folder', async ({ scene }) => {
    await scene.mock();
    const line = `exec setpriv --reuid 54321 --regid 54321 --clear-groups $program download ${faststart} -o - | cat > video.mp4`;
    const { stderr } = await scene.shell(line, {
      env: { HOME: undefined, MAVI_CONFIG_DIR: undefined, MAVI_RATE: '12' },
    }).ended;
    expect(stderr).toContain("the rate limit can't be shared");
    expect(scene.read('video.mp4').equals(sampleFile('faststart'))).toBe(true);
  });
});
