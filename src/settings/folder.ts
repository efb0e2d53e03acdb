/** The settings folder: where it is, and whether its contents can be trusted. */
import { constants, type Stats } from 'node:fs';
import { type FileHandle, lstat, open } from 'node:fs/promises';
import { userInfo } from 'node:os';
import { isAbsolute, join } from 'node:path';
import { codeOf, LocalError, localError, MaviError, UsageError } from '../errors.ts';
import { pathFrom } from '../folders.ts';
import { type Host, orNull } from '../host.ts';

/** The hint for a settings folder that can't be used. */
export const OTHER_FOLDER =
  'set MAVI_CONFIG_DIR to a folder of your own, or use MAVI_API_KEY and the other variables';

/** MAVI_CONFIG_DIR, or the platform's folder for settings. Throws UsageError for a name that is not UTF-8. */
export function configFolder(host: Pick<Host, 'env' | 'cwd' | 'platform'>): string {
  const chosen = pathVariable(host, 'MAVI_CONFIG_DIR');
  if (chosen !== null) return pathFrom(host.cwd, chosen);
  const inHome = (path: string): string => join(homeFolder(host), path);
  if (host.platform === 'darwin') return inHome('Library/Preferences/mavi');
  if (host.platform !== 'win32') return join(absolute(host, 'XDG_CONFIG_HOME') ?? inHome('.config'), 'mavi');
  return join(absolute(host, 'APPDATA') ?? inHome('AppData/Roaming'), 'mavi/Config');
}

/** The home folder; the root for a user without one, as in a container with an arbitrary user ID. */
function homeFolder(host: Pick<Host, 'env' | 'platform'>): string {
  const named = absolute(host, host.platform === 'win32' ? 'USERPROFILE' : 'HOME');
  // Throws if the user ID has no entry in the list of users.
  const home = named ?? orNull(() => userInfo().homedir) ?? '';
  return isAbsolute(home) ? home : '/';
}

/** As in the XDG specification, a relative path counts as unset: the key would go into the current folder. */
function absolute(host: Pick<Host, 'env'>, name: string): string | null {
  const value = pathVariable(host, name);
  return value !== null && isAbsolute(value) ? value : null;
}

/** The path in a variable; null where it is unset or empty. Throws UsageError where it is not UTF-8. */
export function pathVariable({ env }: Pick<Host, 'env'>, name: string): string | null {
  const value = env[name];
  if (value === undefined || value === '') return null;
  // Node has replaced invalid bytes, so this would be another folder.
  if (value.includes('\ufffd')) {
    const hint = 'use a path that is valid UTF-8; for the settings, MAVI_CONFIG_DIR can name another folder';
    throw new UsageError(`the path in ${name} is not valid UTF-8`, { hint });
  }
  return value;
}

/** Whether the settings folder exists. Throws UsageError where it can't be trusted, LocalError where it can't be read. */
export async function isTrustedFolder(host: Host, folder: string): Promise<boolean> {
  // Windows can't open folders, and has no owners and modes.
  if (host.uid === null) return true;
  const link = await lstat(folder).catch(() => null);
  if (link?.isSymbolicLink()) refuseOwner(host, folder, link, '-h ');
  return (await useTrusted(host, folder, 'folder', () => true)) ?? false;
}

/**
 * Opens a settings file or folder for reading and resolves to what `use` makes of it; null if there is none. Throws
 * UsageError if it belongs to another user (root excepted) or others can write to it: its base URL would receive the
 * key. That is checked once it is open, so that nobody can replace it in between.
 */
export async function useTrusted<T>(
  host: Host,
  path: string,
  kind: 'file' | 'folder',
  use: (handle: FileHandle, stats: Stats) => T | Promise<T>,
): Promise<T | null> {
  let handle: FileHandle | null = null;
  try {
    // A FIFO has no writer that is worth waiting for; Windows has no such flag.
    const flag = kind === 'folder' ? constants.O_DIRECTORY : (constants.O_NONBLOCK ?? 0);
    handle = await open(path, constants.O_RDONLY | flag);
    const stats = await handle.stat();
    if (kind === 'file' && !stats.isFile()) throw settingsError('read', path, 'not a file');
    refuseUntrusted(host, path, stats);
    return await use(handle, stats);
  } catch (error) {
    if (error instanceof MaviError) throw error;
    const code = codeOf(error);
    if (code === 'ENOENT' || code === 'ENOTDIR') return null;
    // HOME may still be root's after a change of user. A file that this user can't even see is not this user's.
    if (code === 'EACCES' && (await lstat(path).catch(() => null)) === null) return null;
    throw settingsError('read', path, error);
  } finally {
    await handle?.close();
  }
}

/** The LocalError for a settings file that can't be read or written. */
export function settingsError(doing: 'read' | 'write', path: string, cause: unknown): LocalError {
  const why = typeof cause === 'string' ? cause : localError(cause, path).message.replace(/^.*?: /, '');
  return new LocalError('config', `cannot ${doing} ${path}: ${why}`, { hint: OTHER_FOLDER, cause });
}

function refuseUntrusted(host: Host, path: string, stats: Stats): void {
  if (host.uid === null) return;
  refuseOwner(host, path, stats);
  if ((stats.mode & 0o022) === 0) return;
  const sudo = stats.uid === host.uid ? '' : 'sudo ';
  const hint = `check its contents, then run: ${sudo}chmod go-w ${shellWord(path)}`;
  throw new UsageError(`other users can write to ${path}, so its settings can't be trusted`, { hint });
}

function refuseOwner(host: Host, path: string, stats: Stats, flags = ''): void {
  if (stats.uid === host.uid || stats.uid === 0) return;
  const chown = `sudo chown ${flags}${host.uid} ${shellWord(path)}`;
  const hint = `use a folder of your own: export MAVI_CONFIG_DIR="$(mktemp -d)"; or, after checking its contents: ${chown}`;
  const text = `${path} belongs to another user (user ID ${stats.uid}), so it can't be trusted`;
  throw new UsageError(text, { hint });
}

/** The path, quoted for a shell if needed. */
export function shellWord(path: string): string {
  return /^[\w@%+=:,./-]+$/.test(path) ? path : `'${path.replaceAll("'", "'\\''")}'`;
}
