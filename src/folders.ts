/** Folders on disk: naming a path from one, creating them, and flushing them so that new names survive a power cut. */
import { type FileHandle, lstat, mkdir, open, stat } from 'node:fs/promises';
import { dirname, isAbsolute, normalize, relative, resolve, sep } from 'node:path';
import { codeOf, LocalError, localError } from './errors.ts';
import { orNull } from './host.ts';

/**
 * A path for the file system, named from `cwd`. It is not made absolute and not normalized: the name of a folder
 * above may not be UTF-8 or not be searchable, and `link/..` means what the kernel says.
 */
export function pathFrom(cwd: string, path: string): string {
  if (path === '') return cwd;
  if (cwd === '.' || isAbsolute(path)) return path;
  return cwd.endsWith('/') ? cwd + path : `${cwd}/${path}`;
}

/** What all names of one path have in common, for comparison; never to open a file with. */
export function pathKey(path: string): string {
  // Throws where the current folder was deleted.
  return orNull(() => resolve(path)) ?? normalize(path);
}

/** Creates a folder and the missing ones above it, and flushes each. Messages call it `shown`. Throws LocalError. */
export async function makeFolder(path: string, shown = path, mode = 0o777): Promise<void> {
  await makeWithParents(path, mode, true).catch((error) => {
    throw localError(error, shown, 'create the folder');
  });
}

/** Creates the missing folders from `root` down to a file. Throws LocalError, also for a link, which leads anywhere. */
export async function makeFoldersBelow(root: string, file: string, shown: string): Promise<void> {
  let folder = root;
  for (const name of relative(root, dirname(file)).split(sep).filter(Boolean)) {
    folder = pathFrom(folder, name);
    await makeFolder(folder, shown);
    if (!(await lstat(folder)).isDirectory()) {
      const hint = 'replace the link by a folder, or change --name-template';
      throw new LocalError('bad_folder', `cannot write ${shown}: ${folder} is a link`, { hint });
    }
  }
}

// Node's recursive mkdir never returns where the kernel answers ENOENT below a folder that exists, as in /proc.
async function makeWithParents(path: string, mode: number, mayMakeParent: boolean): Promise<void> {
  try {
    await mkdir(path, { mode });
  } catch (error) {
    // The error for a folder that exists differs: EEXIST, EROFS, EPERM for a drive of Windows.
    const found = await stat(path).catch(() => null);
    if (found?.isDirectory()) return;
    const parent = dirname(path);
    if (!mayMakeParent || codeOf(error) !== 'ENOENT' || parent === path) throw error;
    await makeWithParents(parent, mode, true);
    return makeWithParents(path, mode, false);
  }
  await flushFolder(dirname(path));
}

/** The errors of file systems that have nothing to flush. */
const NOTHING_TO_FLUSH = ['EINVAL', 'ENOTSUP', 'EOPNOTSUPP', 'ENOSYS'];
/** The errors of opening or flushing a folder besides, on Windows and without read permission. */
const NO_FOLDER_FLUSH = [...NOTHING_TO_FLUSH, 'EPERM', 'EACCES', 'EISDIR', 'EBADF'];

/** Flushes a file by the call given, where the file system can. Throws the system's error. */
export async function flushFile(flush: () => Promise<void>): Promise<void> {
  await flush().catch((error) => {
    if (!NOTHING_TO_FLUSH.includes(codeOf(error))) throw error;
  });
}

/** Flushes a folder, where the file system can, so that the names in it survive a power cut. Throws the system's error. */
export async function flushFolder(path: string): Promise<void> {
  let handle: FileHandle | null = null;
  try {
    handle = await open(path, 'r');
    await handle.sync();
  } catch (error) {
    if (!NO_FOLDER_FLUSH.includes(codeOf(error))) throw error;
  } finally {
    await handle?.close().catch(() => {});
  }
}
