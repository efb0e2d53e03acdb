/** The temporary files of a run: their names, the step that makes one final, and the removal of stale ones. */
import { createHash, randomBytes } from 'node:crypto';
import { basename, dirname } from 'node:path';
import { codeOf } from '../errors.ts';
import { pathFrom } from '../folders.ts';
import { type Clock, type Host, sleep } from '../host.ts';
import { livenessOf, processIdentity } from '../liveness.ts';
import { diskFileSystem, type FileSystem } from './file-system.ts';

/** The temporary files of one run. */
export interface PartialFiles {
  /** A path for a new temporary file: beside the target, so that it can be renamed to it in one step. */
  pathFor(target: string): string;
  /** Removes what dead runs left beside a target. Lists each folder once. Never throws. */
  removeStale(target: string): Promise<void>;
}

/** The longest name that every common file system takes, in bytes: eCryptfs allows 143, most others 255. */
const LONGEST_NAME = 143;
/** `.mavi-`, an identity of at most 48 characters, `-`, 8 digits and `.part`. */
const OWNER_PART = 68;
const HASH_DIGITS = 8;

/** A partial file: the target's stem, and who made it. */
const PARTIAL_FILE = /^(.+)\.mavi-([0-9a-f]+(?:-[0-9a-f]+){4})-[0-9a-f]{8}\.part$/s;

/**
 * A partial file of another machine or container, whose process can't be looked up, counts as stale when it was not
 * written to for this long, in milliseconds. No transfer pauses for anywhere near a day.
 */
const ABANDONED_MS = 24 * 60 * 60 * 1000;

/** The temporary files of this run. */
export function partialFiles(host: Host, fileSystem: FileSystem = diskFileSystem): PartialFiles {
  const owner = processIdentity(host);
  const folders = new Map<string, Promise<string[]>>();
  return {
    pathFor(target) {
      const serial = randomBytes(4).toString('hex');
      return pathFrom(dirname(target), `${stemOf(target)}.mavi-${owner}-${serial}.part`);
    },
    async removeStale(target) {
      const folder = dirname(target);
      const names = folders.get(folder) ?? partialNames(folder, fileSystem);
      folders.set(folder, names);
      const stem = stemOf(target);
      for (const name of await names) {
        if (PARTIAL_FILE.exec(name)?.[1] === stem) await removeIfStale(folder, name, host, fileSystem);
      }
    },
  };
}

/** Removes every stale temporary file in a folder, whatever its target. Never throws. */
export async function removeStalePartials(folder: string, host: Host): Promise<void> {
  for (const name of await partialNames(folder, diskFileSystem)) {
    await removeIfStale(folder, name, host, diskFileSystem);
  }
}

async function partialNames(folder: string, fileSystem: FileSystem): Promise<string[]> {
  const names = await fileSystem.list(folder).catch(() => []);
  return names.filter((name) => PARTIAL_FILE.test(name));
}

async function removeIfStale(
  folder: string,
  name: string,
  host: Host,
  fileSystem: FileSystem,
): Promise<void> {
  const path = pathFrom(folder, name);
  const liveness = livenessOf(PARTIAL_FILE.exec(name)?.[2] ?? '', host);
  if (liveness === 'alive') return;
  if (liveness === 'unknown') {
    const facts = await fileSystem.look(path).catch(() => null);
    if (facts === null || host.clock.nowMs() - facts.modifiedMs < ABANDONED_MS) return;
  }
  await fileSystem.unlink(path).catch(() => {});
}

/** What all temporary files of a target begin with: its name; if that is too long, its start and a hash. */
function stemOf(target: string): string {
  const name = basename(target);
  const room = LONGEST_NAME - OWNER_PART;
  if (Buffer.byteLength(name) <= room) return name;
  const characters = Array.from(name);
  while (Buffer.byteLength(characters.join('')) > room - 1 - HASH_DIGITS) characters.pop();
  const hash = createHash('sha256').update(name).digest('hex').slice(0, HASH_DIGITS);
  return `${characters.join('')}~${hash}`;
}

interface Publication {
  readonly fileSystem: FileSystem;
  readonly clock: Clock;
  /** The temporary file: closed, and flushed to the disk. */
  readonly temporary: string;
  readonly identity: string;
  readonly path: string;
  readonly force: boolean;
}

/**
 * Gives a finished temporary file its final name, in one step, so that the name survives a power cut. Returns
 * warnings. Throws the system's error; then the name is what it was before, and the caller removes the file.
 */
export async function publish(publication: Publication): Promise<string[]> {
  const { fileSystem, path, force, clock, temporary } = publication;
  const folder = dirname(path);
  if (force) {
    // What is replaced can't be restored, so find out first whether the folder can be flushed.
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

/** Removes a file, retrying while something holds it. Returns whether it is gone. Never throws. */
export async function removePatiently(fileSystem: FileSystem, clock: Clock, path: string): Promise<boolean> {
  const remove = (): Promise<void> =>
    fileSystem.unlink(path).catch((error) => {
      if (codeOf(error) !== 'ENOENT') throw error;
    });
  return patiently(clock, null, remove).then(
    () => true,
    () => false,
  );
}

/** Failures of link that a rename would meet too. All others mean a file system without hard links. */
const FINAL = ['EEXIST', 'ENOSPC', 'EDQUOT', 'EROFS', 'ENOENT', 'ENOTDIR', 'ENAMETOOLONG', 'ELOOP'];

async function nameIfFree(publication: Publication): Promise<void> {
  const { fileSystem, clock, temporary, path } = publication;
  try {
    // A hard link never replaces, however late something else got the name.
    await patiently(clock, ['EBUSY'], () => fileSystem.link(temporary, path));
  } catch (error) {
    if (await isNamed(publication)) return;
    if (FINAL.includes(codeOf(error))) throw error;
    await nameWithoutLinks(publication);
  }
}

/**
 * Reserves the name with an empty file, which only one process can create, and renames over it. A crash in between
 * leaves the empty file under the name.
 */
async function nameWithoutLinks(publication: Publication): Promise<void> {
  const { fileSystem, path } = publication;
  let isReserved = true;
  try {
    const placeholder = await fileSystem.create(path);
    await placeholder.close();
  } catch (error) {
    if (codeOf(error) === 'EEXIST') throw error;
    // It may exist all the same. Some storage takes no empty files: there, only look whether the name is free.
    const facts = await fileSystem.look(path);
    if (facts !== null && facts.bytes > 0) throw Object.assign(new Error('exists'), { code: 'EEXIST' });
    isReserved = facts !== null;
  }
  try {
    await rename(publication);
  } catch (error) {
    // Empty, it is the placeholder: another run's --force would have put a complete file there.
    const facts = isReserved ? await fileSystem.look(path).catch(() => null) : null;
    if (facts?.bytes === 0) await fileSystem.unlink(path).catch(() => {});
    throw error;
  }
}

async function rename(publication: Publication): Promise<void> {
  const { fileSystem, clock, temporary, path } = publication;
  try {
    await patiently(clock, ['EPERM', 'EBUSY', 'EACCES'], () => fileSystem.rename(temporary, path));
  } catch (error) {
    if (!(await isNamed(publication))) throw error;
  }
}

/** Whether the file has its name, whatever was reported: a network file system may rename it and lose the reply. */
async function isNamed({ fileSystem, path, identity }: Publication): Promise<boolean> {
  const facts = await fileSystem.look(path).catch(() => null);
  return facts?.identity === identity;
}

/** Pauses between attempts, in milliseconds: virus scanners hold a new file for a moment. */
const BUSY_PAUSES_MS = [10, 50, 100, 200, 400];

/** Retries a step that fails with one of the codes, or with any for null. */
async function patiently(
  clock: Clock,
  passing: readonly string[] | null,
  step: () => Promise<void>,
): Promise<void> {
  for (const pauseMs of BUSY_PAUSES_MS) {
    try {
      return await step();
    } catch (error) {
      if (passing !== null && !passing.includes(codeOf(error))) throw error;
      await sleep(clock, pauseMs);
    }
  }
  return step();
}
