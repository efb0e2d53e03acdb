/** The API key: where it comes from, and what makes one malformed. */
import type { Stats } from 'node:fs';
import { open, stat } from 'node:fs/promises';
import { AccountError, Interrupted, localError, UsageError } from '../errors.ts';
import { pathFrom } from '../folders.ts';
import { abortable, type Host, say } from '../host.ts';
import { pathVariable, shellWord } from './folder.ts';
import { KEY_NAME, profileFlag, type StoredValues } from './store.ts';

/** A key, and where it was found, in words. */
export interface FoundKey {
  readonly key: string;
  readonly source: string;
}

/** The most bytes of a file with a key; a key has about 130 characters. */
const MOST_KEY_BYTES = 4096;

/** The page on which keys are created. */
export const KEY_PAGE = 'https://api-platform.memories.ai';

const OTHER_KEY_FILE = 'name a readable file that contains the key, or unset MAVI_API_KEY_FILE';

/** The variables that can hold the key or name its file; the first that is set wins. */
export const KEY_VARIABLES = ['MAVI_API_KEY', 'MAVI_API_KEY_FILE', 'MEMORIES_API_KEY'] as const;

/** What is wrong with a trimmed key; null if nothing is. */
export function keyFault(key: string): string | null {
  if (key === '') return 'is empty';
  if (/^(authorization:\s*)?bearer\s/i.test(key)) return "starts with 'Bearer '; give only the key";
  if (/^(export\s+)?[a-z_]\w*=[^=]/i.test(key)) return 'starts with NAME=; give only the value';
  if (/^["'`“”‘’]|["'`“”‘’]$/.test(key)) return 'is in quotes; give it without them';
  if (/\s/.test(key)) return 'has white space inside';
  if (!/^[\x21-\x7e]+$/.test(key)) return 'has control or non-ASCII characters';
  return null;
}

/** A warning about a key that is well-formed but of another product; null if there is none. */
export function keyWarning(key: string): string | null {
  return key.startsWith('sk-mai-')
    ? 'a key that starts with sk-mai- is for another product (Video Datalake); this API refuses it'
    : null;
}

/**
 * The trimmed key. Throws UsageError if it is malformed.
 * @param source where it comes from; empty if the user has just typed it
 * @param end appended to the message
 */
export function checkedKey(text: string, source: string, end = ''): string {
  const key = text.trim();
  const fault = keyFault(key);
  if (fault !== null) {
    throw new UsageError(`the key${source === '' ? '' : ` in ${source}`} ${fault}${end}`, {
      hint: `copy it again from ${KEY_PAGE}`,
    });
  }
  return key;
}

/**
 * Reads a stream that contains a key. Throws UsageError, naming `source`, if it can't be one, and the reason of
 * `signal` if that is aborted.
 */
export function readKeyText(
  stream: AsyncIterable<string | Buffer>,
  source: string,
  signal: AbortSignal,
): Promise<string> {
  const refuse = (what: string): never => {
    throw new UsageError(`${source} contains ${what}`, { hint: 'it must contain only the key' });
  };
  const read = async (): Promise<string> => {
    let bytes = Buffer.alloc(0);
    for await (const chunk of stream) {
      bytes = Buffer.concat([bytes, Buffer.from(chunk)]);
      if (bytes.length > MOST_KEY_BYTES) refuse(`more than ${MOST_KEY_BYTES} bytes, too many for a key`);
    }
    if (/^(\xff\xfe|\xfe\xff)/.test(bytes.toString('latin1'))) refuse('UTF-16 text; save it as UTF-8');
    return bytes.toString('utf8');
  };
  return abortable(read(), signal);
}

/**
 * The key in force; null if there is none. The environment overrides the settings file, except for a profile chosen
 * by `--profile`. From here on, the key is masked in all text output. Throws UsageError if it is malformed.
 * @param quiet whether warnings are left out
 */
export async function findKey(host: Host, stored: StoredValues, quiet = false): Promise<FoundKey | null> {
  const fromStore = (): FoundKey | null =>
    found(host, stored.values[KEY_NAME], `the settings file ${stored.path}`);
  return (
    (stored.isChosen ? fromStore() : null) ??
    found(host, host.env.MAVI_API_KEY, 'MAVI_API_KEY') ??
    (await fromFile(host, quiet)) ??
    found(host, host.env.MEMORIES_API_KEY, 'MEMORIES_API_KEY') ??
    fromStore()
  );
}

/** The key in force. Throws AccountError if there is none. */
export async function requireKey(host: Host, stored: StoredValues, quiet = false): Promise<string> {
  const found = await findKey(host, stored, quiet);
  if (found === null) throw noKey(stored);
  return found.key;
}

/** The error of a run without a key: where to create one, and how to store it. */
export function noKey(stored: StoredValues): AccountError {
  const flag = profileFlag(stored);
  return new AccountError('no_key', flag === '' ? 'no API key' : `no API key in profile ${stored.name}`, {
    hint: `create one at ${KEY_PAGE}\nstore it with: mavi auth login${flag} (in scripts: set MAVI_API_KEY)`,
  });
}

function found(host: Host, text: string | undefined, source: string): FoundKey | null {
  if (text === undefined || text === '') return null;
  // Before the check, because a malformed key is a secret too.
  host.secrets.add(text.trim());
  return { key: checkedKey(text, source), source };
}

async function fromFile(host: Host, quiet: boolean): Promise<FoundKey | null> {
  const path = pathVariable(host, 'MAVI_API_KEY_FILE');
  if (path === null) return null;
  const source = `${path} (MAVI_API_KEY_FILE)`;
  try {
    // An empty file is an empty key, not a missing one.
    return found(host, (await readKeyFile(host, path, source, quiet)) || ' ', source);
  } catch (error) {
    if (error instanceof Interrupted || error instanceof UsageError) throw error;
    throw new UsageError(`${localError(error, path, 'read').message} (MAVI_API_KEY_FILE)`, {
      hint: OTHER_KEY_FILE,
      cause: error,
    });
  }
}

async function readKeyFile(host: Host, name: string, source: string, quiet: boolean): Promise<string> {
  const path = pathFrom(host.cwd, name);
  const kind = await stat(path);
  if (!kind.isFile() && !kind.isFIFO()) {
    const what = kind.isDirectory() ? 'a folder' : 'neither a file nor a FIFO';
    throw new UsageError(`can't read the key from ${source}: it is ${what}`, { hint: OTHER_KEY_FILE });
  }
  // Opened without blocking, a FIFO looks empty until it has a writer.
  const handle = await abortable(open(path), host.interrupt);
  const stats = await handle.stat();
  if (stats.isFile() && !quiet) warnOfOthers(host, name, stats);
  return readKeyText(handle.createReadStream(), source, host.interrupt);
}

function warnOfOthers(host: Host, name: string, { uid, mode }: Stats): void {
  if (host.uid === null) return;
  const isOurs = uid === host.uid;
  const quoted = shellWord(name);
  if (!isOurs && uid !== 0) {
    say(host, `mavi: warning: the key file ${name} belongs to another user (user ID ${uid})`);
  }
  // Kubernetes lets the group of the pod read a secret, which is as private as it can be there.
  if ((mode & (isOurs ? 0o077 : 0o007)) !== 0) {
    const command = isOurs ? `; run: chmod 600 ${quoted}` : '';
    say(host, `mavi: warning: other users can read the key in ${name}${command}`);
  }
}
