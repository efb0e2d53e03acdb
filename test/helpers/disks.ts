import { execFileSync } from 'node:child_process';
import { closeSync, fsyncSync, mkdirSync, openSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import type { Scene } from './scene.ts';

/**
 * Mounts a small disk of its own at `name` in the scene's folder, until the test is over. It takes the rights of
 * root: without them the test fails, for what it is about would not be seen.
 */
export function smallDisk(scene: Scene, name: string, bytes: number): string {
  const path = scene.path(name);
  mkdirSync(path);
  execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${bytes}`, 'mavi-test', path]);
  scene.finally(() => execFileSync('umount', ['--lazy', path]));
  return path;
}

/** Takes all the room of a disk with a file `filler`. */
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
