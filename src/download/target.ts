/** Where a video is to stand: a plain file, or a device or FIFO that is written directly. */
import { isUtf8 } from 'node:buffer';
import { createHash } from 'node:crypto';
import { constants } from 'node:fs';
import { access, lstat, readlink, realpath, stat } from 'node:fs/promises';
import { basename, dirname } from 'node:path';
import { LocalError, UsageError } from '../errors.ts';
import { pathFrom } from '../folders.ts';
import { localError } from '../local-error.ts';

/** A checked target. */
export interface Target {
  /** As the user named it, for messages and records. */
  readonly shown: string;
  /** The file itself, behind any symbolic link. */
  readonly path: string;
  readonly kind: 'file' | 'device';
  /** What is there now, if anything: its permission bits. */
  readonly existing: { readonly mode: number } | null;
}

/** As many links as Linux follows. */
const MOST_LINKS = 40;

/**
 * Looks at a target before any request is made. A symbolic link is followed, so that the file behind it is
 * written and the link stays. Throws LocalError for a directory, a missing or unwritable folder.
 */
export async function lookAtTarget(shown: string, cwd: string): Promise<Target> {
  const path = await behindLinks(pathFrom(cwd, shown), shown);
  if (/[\\/]$/.test(shown)) throw isDirectory(shown);
  let found: Awaited<ReturnType<typeof stat>> | null = null;
  try {
    found = await stat(path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw localError(error, shown);
  }
  if (found?.isDirectory()) throw isDirectory(shown);
  if (found !== null && !found.isFile()) return { shown, path, kind: 'device', existing: null };
  await checkFolder(dirname(path), shown);
  return { shown, path, kind: 'file', existing: found === null ? null : { mode: found.mode & 0o7777 } };
}

async function behindLinks(path: string, shown: string): Promise<string> {
  let at = path;
  for (let followed = 0; followed <= MOST_LINKS; followed += 1) {
    try {
      if (!(await lstat(at)).isSymbolicLink()) return at;
      // A pipe of this process (/dev/fd/63, /dev/stdout) is a link to no path.
      if (
        !(await stat(at).then(
          (found) => found.isFile() || found.isDirectory(),
          () => true,
        ))
      )
        return at;
      at = pathFrom(dirname(at), await linkText(at, shown));
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return at;
      throw localError(error, shown);
    }
  }
  throw new LocalError('bad_target', `cannot write ${shown}: too many symbolic links`, {
    hint: 'name the file itself',
  });
}

/** What a link leads to. Throws UsageError where that is not UTF-8, for as text it would name another file. */
async function linkText(path: string, shown: string): Promise<string> {
  const bytes = await readlink(path, { encoding: 'buffer' });
  if (isUtf8(bytes)) return bytes.toString();
  throw new UsageError(`cannot write ${shown}: it is a link to a name that is not valid UTF-8`, {
    hint: 'name the file itself from within its folder, or rename it',
  });
}

async function checkFolder(folder: string, shown: string): Promise<void> {
  try {
    const found = await stat(folder);
    if (!found.isDirectory())
      throw new LocalError('bad_folder', `cannot write ${shown}: ${folder} is no folder`, {
        hint: 'choose another place',
      });
    // A deleted folder can still be looked at by whoever is in it; only its path tells.
    if (found.nlink === 0) await realpath(folder);
    await access(folder, constants.W_OK | constants.X_OK);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') {
      if (folder === '.') {
        throw new LocalError('bad_folder', `cannot write ${shown}: the current folder was deleted`, {
          hint: 'change to another folder',
        });
      }
      throw new LocalError('bad_folder', `cannot write ${shown}: the folder ${folder} does not exist`, {
        hint: `make it with: mkdir -p ${folder}`,
      });
    }
    throw localError(error, shown);
  }
}

function isDirectory(shown: string): LocalError {
  return new LocalError('is_directory', `cannot write ${shown}: it is a folder`, {
    hint: `name a file in it, or use --output-dir ${shown}`,
  });
}

/** The name of the temporary file beside a target, made of what tells its owner. */
export interface Owner {
  readonly hostname: string;
  readonly pid: number;
  /** Eight hexadecimal digits, for this run. */
  readonly run: string;
}

/** The longest file name that common file systems take, in bytes. */
const LONGEST_NAME = 255;

/** What every temporary file of a target is called before its owner's part. */
function stemOf(path: string): string {
  // The owner's part has at most 41 bytes; a longer name is cut, and told apart by the run.
  let stem = basename(path);
  while (Buffer.byteLength(stem) > LONGEST_NAME - 48) stem = Array.from(stem).slice(0, -1).join('');
  return stem;
}

/** The path of a temporary file: beside the target, so that it can be renamed to it in one step. */
export function temporaryPath(path: string, owner: Owner): string {
  return pathFrom(
    dirname(path),
    `${stemOf(path)}.mavi-${hostTag(owner.hostname)}-${owner.pid}-${owner.run}.part`,
  );
}

/** A file name's part that says whose temporary file it is. */
const OWNER_PART = /^\.mavi-([0-9a-f]+)-(\d+)-([0-9a-f]+)\.part$/;

/** Whether a name is that of a temporary file for this target which a dead run of this machine left behind. */
export function isLeftover(
  name: string,
  path: string,
  owner: Owner,
  isAlive: (pid: number) => boolean,
): boolean {
  const stem = stemOf(path);
  const [, host, pid, run] = (name.startsWith(stem) && OWNER_PART.exec(name.slice(stem.length))) || [];
  if (host !== hostTag(owner.hostname) || run === owner.run) return false;
  // Another run with this very process id is over: a container gives out the same one again and again.
  return Number(pid) === owner.pid || !isAlive(Number(pid));
}

/** A host as it can stand in a file name: pods of one set differ only at the end of a long name, so it is hashed. */
function hostTag(hostname: string): string {
  return createHash('sha256').update(hostname).digest('hex').slice(0, 12);
}
