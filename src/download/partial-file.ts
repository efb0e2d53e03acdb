/** The temporary files of a run: what they are called, and the removal of those that killed runs left behind. */
import { createHash, randomBytes } from 'node:crypto';
import { basename, dirname } from 'node:path';
import { pathFrom } from '../folders.ts';
import type { Clock } from '../host.ts';
import { livenessOf, type ProcessHost, processIdentity } from '../liveness.ts';
import { diskFileSystem, type FileSystem } from './file-system.ts';

/** The temporary files of one run. */
export interface PartialFiles {
  /** A path for a new temporary file: beside the target, so that it can be renamed to it in one step. */
  pathFor(target: string): string;
  /** Removes what dead runs left beside a target. Lists each folder once. Never throws. */
  removeStale(target: string): Promise<void>;
}

/** Who makes the files, and when. */
export type PartialFileHost = ProcessHost & { readonly clock: Clock };

/** The longest name that every common file system takes, in bytes: eCryptfs allows 143, most others 255. */
const LONGEST_NAME = 143;
/** `.mavi-`, an identity of at most 48 characters, `-`, 8 digits and `.part`. */
const OWNER_PART = 68;
const HASH_DIGITS = 8;

/** A partial file: the target's stem, and who made it. */
const PARTIAL_FILE = /^(.+)\.mavi-([0-9a-f]+(?:-[0-9a-f]+){4})-[0-9a-f]{8}\.part$/s;

/**
 * A partial file of another machine or container, whose process can't be looked up, counts as left behind when it
 * was not written for so long, in milliseconds. No transfer pauses for anywhere near a day.
 */
const ABANDONED_MS = 24 * 60 * 60 * 1000;

/** The temporary files of this run. */
export function partialFiles(host: PartialFileHost, fileSystem: FileSystem = diskFileSystem): PartialFiles {
  const owner = processIdentity(host);
  const folders = new Map<string, Promise<readonly string[]>>();
  return {
    pathFor(target) {
      const serial = randomBytes(4).toString('hex');
      return pathFrom(dirname(target), `${stemOf(target)}.mavi-${owner}-${serial}.part`);
    },
    async removeStale(target) {
      const folder = dirname(target);
      let names = folders.get(folder);
      if (names === undefined) {
        names = partialNames(folder, fileSystem);
        folders.set(folder, names);
      }
      const stem = stemOf(target);
      for (const name of await names) {
        if (PARTIAL_FILE.exec(name)?.[1] === stem) await removeIfStale(folder, name, host, fileSystem);
      }
    },
  };
}

/** Removes every temporary file in a folder that a dead run left behind, whatever its target. Never throws. */
export async function removeStalePartials(
  folder: string,
  host: PartialFileHost,
  fileSystem: FileSystem = diskFileSystem,
): Promise<void> {
  for (const name of await partialNames(folder, fileSystem)) {
    await removeIfStale(folder, name, host, fileSystem);
  }
}

async function partialNames(folder: string, fileSystem: FileSystem): Promise<readonly string[]> {
  const names = await fileSystem.list(folder).catch(() => []);
  return names.filter((name) => PARTIAL_FILE.test(name));
}

async function removeIfStale(
  folder: string,
  name: string,
  host: PartialFileHost,
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

/** What all temporary files of a target begin with: its name, cut where it is too long, and then with a hash of all of it. */
function stemOf(target: string): string {
  const name = basename(target);
  const room = LONGEST_NAME - OWNER_PART;
  if (Buffer.byteLength(name) <= room) return name;
  const characters = Array.from(name);
  while (Buffer.byteLength(characters.join('')) > room - 1 - HASH_DIGITS) characters.pop();
  const hash = createHash('sha256').update(name).digest('hex').slice(0, HASH_DIGITS);
  return `${characters.join('')}~${hash}`;
}
