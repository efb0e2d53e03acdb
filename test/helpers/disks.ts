import { execFileSync } from 'node:child_process';
import { closeSync, fsyncSync, mkdirSync, openSync, truncateSync, writeFileSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import type { Scene } from './scene.ts';

/**
 * Mounts a small disk at `name` in the scene's folder, until the test is over, with room for so many files and
 * folders, itself included. It takes the rights of
 * root: without them the test fails, for what it is about would not be seen.
 */
export function smallDisk(scene: Scene, name: string, bytes: number, inodes = 1000): string {
  const path = scene.path(name);
  mkdirSync(path);
  execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${bytes},nr_inodes=${inodes}`, 'mavi-test', path]);
  scene.finally(() => execFileSync('umount', ['--lazy', path]));
  return path;
}

/** Fills a disk with a file `filler`. */
export function fillDisk(path: string): void {
  const descriptor = openSync(join(path, 'filler'), 'w');
  const page = Buffer.alloc(4096);
  try {
    for (;;) writeSync(descriptor, page);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOSPC') throw error;
  } finally {
    fsyncSync(descriptor);
    closeSync(descriptor);
  }
}

/** Makes a disk read-only. */
export function writeProtect(path: string): void {
  execFileSync('mount', ['-o', 'remount,ro', path]);
}

const MIB = 1024 * 1024;

/** How to make and mount each kind of file system; `DISK` is a loop device or an image, `AT` the folder. */
const FILE_SYSTEMS = {
  ext2: { bytes: 32 * MIB, make: ['mkfs.ext2', '-q'], mount: ['mount', 'DISK', 'AT'] },
  ext4: { bytes: 32 * MIB, make: ['mkfs.ext4', '-q'], mount: ['mount', 'DISK', 'AT'] },
  xfs: { bytes: 320 * MIB, make: ['mkfs.xfs', '-q'], mount: ['mount', 'DISK', 'AT'] },
  btrfs: { bytes: 128 * MIB, make: ['mkfs.btrfs', '-q'], mount: ['mount', 'DISK', 'AT'] },
  /** By FUSE: not every kernel has the driver. */
  exfat: { bytes: 32 * MIB, make: ['mkfs.exfat'], mount: ['mount.exfat-fuse', 'DISK', 'AT'] },
  /** Refuses to set permissions, owners and times. */
  bindfs: { mount: ['bindfs', '--chmod-deny', '--chown-deny', 'BELOW', 'AT'] },
  overlay: {
    mount: ['mount', '-t', 'overlay', 'overlay', '-o', 'lowerdir=BELOW,upperdir=UPPER,workdir=WORK', 'AT'],
  },
  /** Has no hard links, and neither truncates nor appends. */
  rclone: { mount: ['rclone', 'mount', '--daemon', 'BELOW', 'AT'] },
  /** Has no hard links. */
  'rclone with a cache': {
    mount: ['rclone', 'mount', '--daemon', '--vfs-cache-mode', 'writes', 'BELOW', 'AT'],
  },
} as const satisfies Record<string, { bytes?: number; make?: readonly string[]; mount: readonly string[] }>;

/** A kind of file system that a test can mount. */
export type FileSystemKind = keyof typeof FILE_SYSTEMS;

/** All kinds. */
export const FILE_SYSTEM_KINDS = Object.keys(FILE_SYSTEMS) as FileSystemKind[];

/**
 * Mounts a file system of a kind at `name` in the scene's folder, until the end of the test. Needs root.
 * Returns the folder to read what it stores: of rclone, which may not read what it still uploads, the one below.
 */
export function mountFileSystem(scene: Scene, name: string, kind: FileSystemKind): string {
  const how: { bytes?: number; make?: readonly string[]; mount: readonly string[] } = FILE_SYSTEMS[kind];
  const places: Record<string, string> = { AT: scene.path(name) };
  for (const folder of ['BELOW', 'UPPER', 'WORK']) {
    places[folder] = `${scene.configFolder}-${folder}`;
    mkdirSync(places[folder]);
  }
  mkdirSync(scene.path(name));
  if (how.make !== undefined) {
    const image = `${scene.configFolder}-image`;
    writeFileSync(image, '');
    truncateSync(image, how.bytes ?? 0);
    execFileSync(how.make[0] as string, [...how.make.slice(1), image]);
    const device = execFileSync('losetup', ['--find', '--show', image], { encoding: 'utf8' }).trim();
    scene.finally(() => execFileSync('losetup', ['--detach', device]));
    places.DISK = device;
  }
  const words = how.mount.map((word) =>
    word.replace(/\b(AT|BELOW|UPPER|WORK|DISK)\b/g, (place) => places[place] ?? ''),
  );
  execFileSync(words[0] as string, words.slice(1), { stdio: 'pipe' });
  scene.finally(() => execFileSync('umount', ['--lazy', scene.path(name)]));
  return kind.startsWith('rclone') ? (places.BELOW as string) : scene.path(name);
}
