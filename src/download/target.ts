/** Where a video is to go: a file, or a device or FIFO that is written directly. */
import { isUtf8 } from 'node:buffer';
import { constants, type Stats } from 'node:fs';
import { access, lstat, readlink, realpath, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import { codeOf, LocalError, localError, UsageError } from '../errors.ts';
import { pathFrom } from '../folders.ts';
import type { Host } from '../host.ts';

/** A checked target. */
export interface Target {
  /** As the user named it, for messages and records. */
  readonly shown: string;
  /** The file itself, behind any symbolic link that is followed. */
  readonly path: string;
  readonly kind: 'file' | 'device';
  /** What has the name now, if anything: the permission bits to keep, null if it is no plain file. */
  readonly existing: { readonly mode: number | null } | null;
  /** Whether users other than the folder's owner may write to the folder. */
  readonly isShared: boolean;
}

/**
 * Looks at a target before any request is made. Throws LocalError for a folder as the target and for a missing or
 * unwritable one around it, UsageError for a link to a name that can't be handled.
 * @param followsLinks whether a symbolic link is followed, so that the file behind it is written and the link stays.
 *   Otherwise a link, a device or a FIFO is just something that has the name.
 * @param keeps whether what exists is kept, so that the folder need not be writable
 */
export async function lookAtTarget(
  shown: string,
  host: Host,
  followsLinks: boolean,
  keeps = false,
): Promise<Target> {
  const given = pathFrom(host.cwd, shown);
  const path = followsLinks ? await behindLinks(given, shown, host) : given;
  const found = await statsOf(path, shown, followsLinks);
  const intoFolder = `name a file in it, or use --output-dir ${shown}`;
  if (found?.isDirectory()) throw cannotWrite('is_directory', shown, 'it is a folder', intoFolder);
  const missing = `the folder ${shown} does not exist`;
  if (/[\\/]$/.test(shown)) throw cannotWrite('bad_folder', shown, missing, intoFolder);
  if (found !== null && !found.isFile() && followsLinks) {
    return { shown, path, kind: 'device', existing: null, isShared: false };
  }
  const mode = await folderMode(dirname(path), shown, host.cwd, !keeps);
  const isShared = host.uid !== null && (mode & 0o022) !== 0;
  // Only read, write and execute are kept: setuid root would be given to whoever made the old file.
  const existing = found === null ? null : { mode: found.isFile() ? found.mode & 0o777 : null };
  return { shown, path, kind: 'file', existing, isShared };
}

function statsOf(path: string, shown: string, followsLinks: boolean): Promise<Stats | null> {
  return (followsLinks ? stat : lstat)(path).catch((error) => {
    if (codeOf(error) === 'ENOENT') return null;
    throw localError(error, shown);
  });
}

/**
 * The path that a chain of symbolic links ends at. Throws LocalError for a link that another user planted, by the
 * kernel's rule for sticky folders: it must belong to this user or to the owner of the folder that it is in.
 */
export async function behindLinks(path: string, shown: string, { uid }: Host): Promise<string> {
  let at = path;
  try {
    while (true) {
      const found = await lstat(at);
      if (!found.isSymbolicLink()) return at;
      // A loop of links fails here, with ELOOP.
      const end = await statsOf(at, shown, true);
      // A pipe of this process (/dev/fd/63, /dev/stdout) is a link to no path.
      if (end !== null && !end.isFile() && !end.isDirectory()) return at;
      if (uid !== null && found.uid !== uid && found.uid !== (await stat(dirname(at))).uid) {
        const hint = 'name the file itself, or remove the link';
        throw cannotWrite('bad_target', shown, 'it is a symbolic link of another user', hint);
      }
      const text = await readlink(at, { encoding: 'buffer' });
      if (!isUtf8(text)) {
        const why = `cannot write ${shown}: it is a link to a name that is not valid UTF-8`;
        throw new UsageError(why, { hint: 'name the file itself from within its folder, or rename it' });
      }
      at = pathFrom(dirname(at), text.toString());
    }
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return at;
    throw localError(error, shown);
  }
}

/** The permission bits of a folder. Throws LocalError for one that can't be written to, if it is to be. */
async function folderMode(folder: string, shown: string, cwd: string, isWritten: boolean): Promise<number> {
  try {
    const found = await stat(folder);
    const noFolder = `${folder} is not a folder`;
    if (!found.isDirectory()) throw cannotWrite('bad_folder', shown, noFolder, 'choose another place');
    // A deleted current folder can still be examined; only resolving its path fails.
    if (found.nlink === 0) await realpath(folder);
    await access(folder, isWritten ? constants.W_OK | constants.X_OK : constants.X_OK);
    return found.mode;
  } catch (error) {
    if (codeOf(error) !== 'ENOENT') throw localError(error, shown);
    if (folder === cwd) {
      throw cannotWrite('bad_folder', shown, 'the current folder was deleted', 'change to another folder');
    }
    const hint = `create it with: mkdir -p ${folder}`;
    throw cannotWrite('bad_folder', shown, `the folder ${folder} does not exist`, hint);
  }
}

function cannotWrite(code: string, shown: string, why: string, hint: string): LocalError {
  return new LocalError(code, `cannot write ${shown}: ${why}`, { hint });
}
