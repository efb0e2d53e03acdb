/** Gives a finished temporary file its final name, in one step, so that the name survives a power cut. */
import { dirname } from 'node:path';
import { type Clock, sleep } from '../host.ts';
import { codeOf } from '../local-error.ts';
import type { FileSystem } from './file-system.ts';

/** What gets which name. */
export interface Publication {
  readonly fileSystem: FileSystem;
  readonly clock: Clock;
  /** The temporary file: closed, and flushed to the disk. */
  readonly temporary: string;
  /** Its identity, to know it under its new name. */
  readonly identity: string;
  /** The final path. */
  readonly path: string;
  /** Whether what has the final name is replaced. */
  readonly force: boolean;
}

/** Pauses between attempts, in milliseconds: virus scanners hold a new file for a moment. */
const BUSY_PAUSES_MS = [10, 50, 100, 200, 400];
const BUSY = ['EPERM', 'EBUSY', 'EACCES'];

/** Failures of link that renaming would meet too. All others mean a file system without hard links: each has its own. */
const FINAL = 'EEXIST ENOSPC EDQUOT EROFS ENOENT ENOTDIR ENAMETOOLONG ELOOP'.split(' ');

/**
 * Names the file and flushes its folder. Returns warnings. Throws the system's error; then the name is what it was
 * before, and the temporary file is the caller's to remove.
 */
export async function publish(publication: Publication): Promise<string[]> {
  const { fileSystem, path, force, clock, temporary } = publication;
  const folder = dirname(path);
  if (force) {
    // What is replaced can't be brought back, so a folder that can't be flushed is found out before.
    await fileSystem.flushFolder(folder);
    await rename(publication);
  } else {
    await nameIfFree(publication);
  }
  const warnings: string[] = [];
  if (!(await removePatiently(fileSystem, clock, temporary))) {
    warnings.push(`could not remove ${temporary}, a second name of the same file`);
  }
  try {
    await fileSystem.flushFolder(folder);
  } catch (error) {
    if (!force && (await isNamed(publication))) {
      await fileSystem.unlink(path);
      throw error;
    }
    warnings.push(`the new name may not survive a power cut: flushing its folder failed (${codeOf(error)})`);
  }
  return warnings;
}

/** Removes a file, trying again while something holds it; whether it is gone. Never throws. */
export async function removePatiently(fileSystem: FileSystem, clock: Clock, path: string): Promise<boolean> {
  return patiently(
    clock,
    (code) => code !== 'ENOENT',
    () => fileSystem.unlink(path),
  ).then(
    () => true,
    (error) => codeOf(error) === 'ENOENT',
  );
}

async function nameIfFree(publication: Publication): Promise<void> {
  const { fileSystem, clock, temporary, path } = publication;
  try {
    // A hard link never replaces, however late something else got the name.
    await patiently(
      clock,
      (code) => code === 'EBUSY',
      () => fileSystem.link(temporary, path),
    );
  } catch (error) {
    if (await isNamed(publication)) return;
    if (FINAL.includes(codeOf(error))) throw error;
    await nameWithoutLinks(publication);
  }
}

/**
 * Holds the name with an empty file, which only one can create, and renames over it. A crash in between leaves the
 * empty file under the name.
 */
async function nameWithoutLinks(publication: Publication): Promise<void> {
  const { fileSystem, path } = publication;
  let isHeld = true;
  try {
    const placeholder = await fileSystem.create(path);
    await placeholder.close();
  } catch (error) {
    if (codeOf(error) === 'EEXIST') throw error;
    // It may be there all the same; and some storage takes no empty files: then a look at the name has to do.
    const facts = await fileSystem.look(path);
    if (facts !== null && facts.bytes > 0) throw Object.assign(new Error('exists'), { code: 'EEXIST' });
    isHeld = facts !== null;
  }
  try {
    await rename(publication);
  } catch (error) {
    // Empty, it is the placeholder: another run's --force would have put a complete file there.
    const facts = isHeld ? await fileSystem.look(path).catch(() => null) : null;
    if (facts?.bytes === 0) await fileSystem.unlink(path).catch(() => {});
    throw error;
  }
}

async function rename(publication: Publication): Promise<void> {
  const { fileSystem, clock, temporary, path } = publication;
  try {
    await patiently(
      clock,
      (code) => BUSY.includes(code),
      () => fileSystem.rename(temporary, path),
    );
  } catch (error) {
    if (!(await isNamed(publication))) throw error;
  }
}

/** Whether the name is given, whatever was reported: a network file system may do what is asked, and lose the reply. */
async function isNamed({ fileSystem, path, identity }: Publication): Promise<boolean> {
  const facts = await fileSystem.look(path).catch(() => null);
  return facts?.identity === identity;
}

async function patiently(
  clock: Clock,
  mayPass: (code: string) => boolean,
  step: () => Promise<void>,
): Promise<void> {
  for (const pauseMs of BUSY_PAUSES_MS) {
    try {
      return await step();
    } catch (error) {
      if (!mayPass(codeOf(error))) throw error;
      await sleep(clock, pauseMs);
    }
  }
  return step();
}
