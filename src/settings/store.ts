/** The settings files, one per profile: read here, written by conf. */
import { readdir, realpath, unlink } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import type Conf from 'conf';
import { LocalError, MaviError, UsageError } from '../errors.ts';
import { makeFolder } from '../folders.ts';
import { type Host, orNull, say } from '../host.ts';
import { acquireLock } from '../lock.ts';
import { configFolder, isTrustedFolder, OTHER_FOLDER, settingsError, useTrusted } from './folder.ts';

/** The key and settings of one account. */
export interface Profile {
  readonly name: string;
  /** Its settings file, which need not exist. */
  readonly path: string;
  /** Whether `--profile` named it; then its own key comes before those of the environment, as in aws. */
  readonly isChosen: boolean;
}

/** A profile with its stored settings and key as texts, by their names in the file. */
export interface StoredValues extends Profile {
  readonly values: Readonly<Record<string, string>>;
}

/** The name of the key among the stored values. */
export const KEY_NAME = 'api-key';

const DEFAULT_PROFILE = 'default';

/** The profile in force: that of `--profile`, else of MAVI_PROFILE, else `default`. Throws UsageError for a bad name. */
export function profileOf(host: Host, flag: string | undefined): Profile {
  const name = flag ?? (host.env.MAVI_PROFILE || DEFAULT_PROFILE);
  // It becomes part of a file name.
  if (!/^[A-Za-z0-9_][A-Za-z0-9_-]{0,63}$/.test(name)) {
    const takes = `${flag === undefined ? 'MAVI_PROFILE' : '--profile'} takes`;
    const text = `${takes} 1 to 64 letters, digits, hyphens and underscores, not '${name}'`;
    throw new UsageError(text, { hint: 'example: --profile work' });
  }
  const file = name === DEFAULT_PROFILE ? 'config.json' : `config.${name}.json`;
  return { name, path: join(configFolder(host), file), isChosen: flag !== undefined };
}

/** ` --profile work`, for a command that a message suggests; empty for the default profile. */
export function profileFlag({ name }: Profile): string {
  return name === DEFAULT_PROFILE ? '' : ` --profile ${name}`;
}

/** Reads the settings of a profile; none without a file. Throws UsageError for a file that is not JSON or not safe. */
export async function readStore(host: Host, flag?: string, quiet = false): Promise<StoredValues> {
  const profile = profileOf(host, flag);
  const texts = Object.entries((await readFile(host, profile, quiet)) ?? {})
    .filter(([, value]) => typeof value === 'string' || typeof value === 'number')
    .map(([name, value]) => [name, String(value)]);
  return { ...profile, values: Object.fromEntries(texts) };
}

/** Stores one value. Throws UsageError for a file that is not JSON, LocalError if it can't be written. */
export async function storeValue(host: Host, profile: Profile, name: string, value: string): Promise<void> {
  await change(host, profile, (conf) => conf.set(name, value));
}

/** Removes one value, and what interrupted writes left; resolves to whether there was any. Throws as storeValue does. */
export async function removeValue(host: Host, profile: Profile, name: string): Promise<boolean> {
  if ((await readFile(host, profile)) === null && (await leftBehind(profile)).length === 0) return false;
  let had = false;
  const removed = await change(host, profile, (conf) => {
    had = conf.has(name);
    if (had) conf.delete(name);
  });
  return had || removed > 0;
}

type Values = Record<string, unknown>;

/** What a settings file holds; null where there is none. Closes it to other readers. */
async function readFile(host: Host, { path }: Profile, quiet = false): Promise<Values | null> {
  if (!(await isTrustedFolder(host, dirname(path)))) return null;
  return useTrusted(host, path, 'file', async (handle, { mode }) => {
    const text = await handle.readFile('utf8');
    if (host.uid !== null && (mode & 0o044) !== 0) {
      const warning = await handle.chmod(0o600).then(
        () => `other users could read ${path}; its mode is now 0600`,
        () => (text.includes(KEY_NAME) ? `other users can read the key in ${path}` : null),
      );
      if (warning !== null && !quiet) say(host, `mavi: warning: ${warning}`);
    }
    return parse(text, path);
  });
}

/** The object in a settings file; a byte order mark and an empty file are allowed. */
function parse(text: string, path: string): Values {
  const json = text.replace(/^\ufeff/, '').trim() || '{}';
  // Without the parser's message, which could quote the key.
  const value: unknown = orNull(() => JSON.parse(json));
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return { ...value };
  const hint = 'correct it in an editor, or delete it to reset all its settings';
  throw new UsageError(`${path} is not valid JSON`, { hint });
}

/** How long to wait for another command that changes the same file. */
const PATIENCE = { patienceMs: 10_000, abandonedAfterMs: 5_000, renews: false };

/** Changes a settings file, and removes what interrupted writes left of it. Resolves to the number of files removed. */
async function change(host: Host, profile: Profile, edit: (conf: Conf<Values>) => void): Promise<number> {
  const { path } = profile;
  const folder = dirname(path);
  try {
    await makeFolder(folder, folder, 0o700);
    // Before the lock, which must not be created in another user's folder.
    await isTrustedFolder(host, folder);
    const release = await acquireLock(`${path}.lock`, { host, signal: host.interrupt, ...PATIENCE });
    try {
      await readFile(host, profile);
      edit(await openConf(path));
      const left = await leftBehind(profile);
      for (const name of left) await unlink(name);
      return left.length;
    } finally {
      await release();
    }
  } catch (error) {
    if (error instanceof MaviError && !(error instanceof LocalError)) throw error;
    throw settingsError('write', path, error);
  }
}

async function openConf(path: string): Promise<Conf<Values>> {
  // conf makes the path absolute, and Node has replaced what is not UTF-8.
  if (resolve(path).includes('\ufffd')) {
    throw new UsageError('the path of the settings folder is not valid UTF-8', { hint: OTHER_FOLDER });
  }
  const conf = await import('conf');
  return new conf.default<Values>({
    projectName: 'mavi',
    cwd: dirname(path),
    configName: basename(path, '.json'),
    configFileMode: 0o600,
    accessPropertiesByDotNotation: false,
    deserialize: (text) => parse(text, path),
  });
}

/** The temporary files of killed writes, which contain the key; beside the link's target, as conf follows links. */
async function leftBehind({ path }: Profile): Promise<string[]> {
  const real = await realpath(path).catch(() => path);
  const names = await readdir(dirname(real)).catch(() => []);
  const left = names.filter((name) => name.startsWith(`${basename(real)}.tmp-`));
  return left.map((name) => join(dirname(real), name));
}
