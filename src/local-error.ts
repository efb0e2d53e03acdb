/** What an error of the file system means, with the path named. Pure. */
import { LocalError, MaviError } from './errors.ts';

const MEANINGS: Readonly<Record<string, readonly [code: string, meaning: string, hint: string]>> = {
  ENOSPC: ['disk_full', 'the disk is full', 'make room, then run the command again'],
  EDQUOT: ['disk_full', 'your disk quota is used up', 'make room, then run the command again'],
  EFBIG: ['too_big', 'the file is too big for this file system', 'choose another place'],
  EACCES: ['no_permission', 'permission denied', 'choose another place'],
  EPERM: ['no_permission', 'the operation is not permitted', 'choose another place'],
  EROFS: ['read_only', 'the file system is read-only', 'choose another place'],
  EIO: ['io_error', 'the disk reports an error', 'check the disk'],
  ENOENT: ['missing', 'the folder or file does not exist', 'check the path'],
  ENOTDIR: ['bad_folder', 'a part of the path is no folder', 'check the path'],
  EISDIR: ['is_directory', 'it is a folder', 'name a file in it'],
  ELOOP: ['bad_target', 'too many symbolic links', 'check the path'],
  ENAMETOOLONG: ['bad_target', 'the name is too long', 'choose a shorter name'],
  EEXIST: [
    'exists',
    'something of that name is there',
    'replace it with --force, or keep it with --skip-existing',
  ],
  EMFILE: ['too_many_files', 'too many files are open', 'lower --concurrency'],
  EBUSY: ['busy', 'another program has it open', 'close that program, then run the command again'],
  EXDEV: ['bad_target', 'it is on another file system', 'choose another place'],
};

/** What is done where a folder is made. */
export const MAKE_FOLDER = 'make the folder';

/** The LocalError (exit 7) for anything that the file system threw about `path`. */
export function localError(error: unknown, path: string, doing = 'write'): MaviError {
  if (error instanceof MaviError) return error;
  const { code = '', message } = error as NodeJS.ErrnoException;
  const [name, meaning, hint] = MEANINGS[code] ?? ['local', message, 'check the path'];
  if (code === 'EEXIST' && doing === MAKE_FOLDER) {
    const facts = { hint: 'choose another folder', cause: error };
    return new LocalError('bad_folder', `cannot ${doing} ${path}: a file has that name`, facts);
  }
  // To read there is no other place.
  const next = doing === 'read' && hint === 'choose another place' ? 'check who may read it' : hint;
  return new LocalError(name, `cannot ${doing} ${path}: ${meaning}`, { hint: next, cause: error });
}
