/** What an error of the file system means, with the path named. Pure. */
import { LocalError, MaviError } from './errors.ts';

const MEANINGS: Readonly<Record<string, readonly [code: string, meaning: string, hint: string]>> = {
  ENOSPC: [
    'disk_full',
    'the disk is full',
    'free some space or inodes (df -h, df -i), then run the command again',
  ],
  EDQUOT: ['disk_full', 'the disk quota is used up', 'free some space, then run the command again'],
  EFBIG: ['too_big', 'the file exceeds a size limit', 'check ulimit -f and what the file system allows'],
  EACCES: ['no_permission', 'permission denied', 'choose another place'],
  EPERM: ['no_permission', 'operation not permitted', 'choose another place'],
  EROFS: ['read_only', 'the file system is read-only', 'choose another place'],
  EIO: ['io_error', 'input/output error', 'check the disk'],
  ESTALE: ['io_error', 'the network file system lost it', 'check the mount, then run the command again'],
  ENOENT: ['missing', 'no such file or folder', 'check the path'],
  ENOTDIR: ['bad_folder', 'part of the path is not a folder', 'check the path'],
  EISDIR: ['is_directory', 'it is a folder', 'name a file in it'],
  ELOOP: ['bad_target', 'too many symbolic links', 'check the path'],
  ENAMETOOLONG: ['bad_target', 'the name is too long', 'choose a shorter name'],
  EEXIST: ['exists', 'it already exists', 'replace it with --force, or keep it with --skip-existing'],
  EMFILE: ['too_many_files', 'too many open files', 'lower --concurrency, or raise ulimit -n'],
  ENFILE: ['too_many_files', 'too many open files on this machine', 'lower --concurrency'],
  EBUSY: ['busy', 'another program is using it', 'close that program, then run the command again'],
  EXDEV: ['bad_target', 'it is on another file system', 'choose another place'],
};

/** What is done where a folder is created. */
export const MAKE_FOLDER = 'create the folder';

/** What it means that a folder can't be created: its parents are, so ENOENT is the kernel's refusal of any new name. */
const NO_FOLDER: Readonly<Record<string, string>> = {
  EEXIST: 'a file has that name',
  ENOENT: 'nothing can be created there',
};

/** The LocalError (exit 7) for anything that the file system threw about `path`. */
export function localError(error: unknown, path: string, doing = 'write'): MaviError {
  if (error instanceof MaviError) return error;
  // An error without a code comes from no system: it is a defect of our own.
  if ((error as NodeJS.ErrnoException | undefined)?.code === undefined) throw error;
  const { code = '', message } = error as NodeJS.ErrnoException;
  if (doing === MAKE_FOLDER && Object.hasOwn(NO_FOLDER, code)) {
    const facts = { hint: 'choose another folder', cause: error };
    return new LocalError('bad_folder', `cannot ${doing} ${path}: ${NO_FOLDER[code]}`, facts);
  }
  // Of a system error only the first part is about the failure; the call and the path follow.
  const [name, meaning, hint] = MEANINGS[code] ?? ['local', message.split(', ')[0] ?? '', 'check the path'];
  // There is no other place to read it from.
  const next = doing === 'read' && hint === 'choose another place' ? 'check who can read it' : hint;
  return new LocalError(name, `cannot ${doing} ${path}: ${meaning}`, { hint: next, cause: error });
}

/** The code of a system error, such as ENOENT; empty for anything else. */
export function codeOf(error: unknown): string {
  return (error as NodeJS.ErrnoException).code ?? '';
}
