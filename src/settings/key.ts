/** The API key: where it comes from, and what makes one malformed. */
import type { Stats } from 'node:fs';
import { open, stat } from 'node:fs/promises';
import { AccountError, Interrupted, localError, UsageError } from '../errors.ts';
import { pathFrom } from '../folders.ts';
import { abortable, type Host, say } from '../host.ts';
import { pathVariable, shellWord } from './folder.ts';
import { KEY_NAME, profileFlag, type StoredValues } from './store.ts';

/** A key, and where it was found, in words. */
type FoundKey = { readonly key: string; readonly source: string };

/** The most bytes of a file with a key; a key has about 130 characters. */
const MOST_KEY_BYTES = 4096;

/** The page on which keys are created. */
export const KEY_PAGE = 'https://api-platform.memories.ai';

const OTHER_KEY_FILE = 'name a readable file that contains the key, or unset MAVI_API_KEY_FILE';

/** The variables that can hold the key or name its file; the first that is set wins. */
export const KEY_VARIABLES = ['MAVI_API_KEY', 'MAVI_API_KEY_FILE', 'MEMORIES_API_KEY'] as const;

/** Masks a key in all that is printed from here on. What is pasted around it, such as `Bearer `, is no secret. */
export function keepSecret(text: string, { secrets }: Host): void {
  secrets.add(text.trim().replace(/^(authorization:\s*)?bearer\s+|^(export\s+)?[a-z_]\w*=(?=[^=])/i, ''));
}

const FAULTS: readonly (readonly [shape: RegExp, fault: string])[] = [
  [/^$/, 'is empty'],
  [/^(authorization:\s*)?bearer\s/i, "starts with 'Bearer '; give only the key"],
  [/^(export\s+)?[a-z_]\w*=[^=]/i, 'starts with NAME=; give only the value'],
  [/^["'`\p{Pi}\p{Pf}]|["'`\p{Pi}\p{Pf}]$/u, 'is in quotes; give it without them'],
  [/\s/, 'has white space inside'],
  [/[^\x21-\x7e]/, 'has control or non-ASCII characters'],
];

/** A warning about a key that is well-formed but of another product; null if there is none. */
export function keyWarning(key: string): string | null {
  if (!key.startsWith('sk-mai-')) return null;
  return 'a key that starts with sk-mai- is for another product (Video Datalake); this API refuses it';
}

/** The trimmed key. Throws UsageError if it is malformed; `of` and `end` say where it comes from and what follows. */
export function checkedKey(text: string, of = '', end = ''): string {
  const key = text.trim();
  const fault = FAULTS.find(([shape]) => shape.test(key));
  if (fault === undefined) return key;
  throw new UsageError(`the key${of} ${fault[1]}${end}`, { hint: `copy it again from ${KEY_PAGE}` });
}

/** Reads a stream that contains a key. Throws UsageError if it can't be one, and the reason of the signal. */
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

/** The key in force, from here on masked in all output. Throws AccountError without one, UsageError if malformed. */
export async function findKey(host: Host, stored: StoredValues, quiet = false): Promise<FoundKey> {
  const fromStore = (): FoundKey | null =>
    checked(host, stored.values[KEY_NAME], `the settings file ${stored.path}`);
  // The environment overrides the settings file, except for a profile chosen by `--profile`.
  const found =
    (stored.isChosen ? fromStore() : null) ??
    checked(host, host.env.MAVI_API_KEY, 'MAVI_API_KEY') ??
    (await fromFile(host, quiet)) ??
    checked(host, host.env.MEMORIES_API_KEY, 'MEMORIES_API_KEY') ??
    fromStore();
  if (found !== null) return found;
  const flag = profileFlag(stored);
  const hint = `store one with: mavi auth login${flag} (in scripts: set MAVI_API_KEY); create it at ${KEY_PAGE}`;
  throw new AccountError('no_key', `no API key${flag === '' ? '' : ` in profile ${stored.name}`}`, { hint });
}

function checked(host: Host, text: string | undefined, source: string): FoundKey | null {
  if (text === undefined || text === '') return null;
  // Before the check, because a malformed key is a secret too.
  keepSecret(text, host);
  return { key: checkedKey(text, ` in ${source}`), source };
}

async function fromFile(host: Host, quiet: boolean): Promise<FoundKey | null> {
  const name = pathVariable(host, 'MAVI_API_KEY_FILE');
  if (name === null) return null;
  const source = `${name} (MAVI_API_KEY_FILE)`;
  try {
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
    const text = await readKeyText(handle.createReadStream(), source, host.interrupt);
    // An empty file is an empty key, not a missing one.
    return checked(host, text || ' ', source);
  } catch (error) {
    if (error instanceof Interrupted || error instanceof UsageError) throw error;
    const { message } = localError(error, name, 'read');
    throw new UsageError(`${message} (MAVI_API_KEY_FILE)`, { hint: OTHER_KEY_FILE, cause: error });
  }
}

function warnOfOthers(host: Host, name: string, { uid, mode }: Stats): void {
  if (host.uid === null) return;
  const isOurs = uid === host.uid;
  if (!isOurs && uid !== 0) {
    say(host, `mavi: warning: the key file ${name} belongs to another user (user ID ${uid})`);
  }
  // Kubernetes lets the group of the pod read a secret, which is as private as it can be there.
  if ((mode & (isOurs ? 0o077 : 0o007)) === 0) return;
  const command = isOurs ? `; run: chmod 600 ${shellWord(name)}` : '';
  say(host, `mavi: warning: other users can read the key in ${name}${command}`);
}
