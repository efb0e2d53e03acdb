/** The API key: where it comes from, and what makes one malformed. */
import { readFile } from 'node:fs/promises';
import { AccountError, Interrupted, UsageError } from '../errors.ts';
import { pathFrom } from '../folders.ts';
import { abortable, type Host } from '../host.ts';
import type { StoredValues } from './store.ts';

/** A key, and where it was found, in words. */
export interface FoundKey {
  readonly key: string;
  readonly source: string;
}

/** The longest file that is read for a key, in bytes: a key has some 130 characters. */
const LONGEST_KEY_FILE = 64 * 1024;

/** Where keys are made. */
export const KEY_PAGE = 'https://api-platform.memories.ai';

/** What is wrong with a trimmed text as a key; null if nothing is. */
export function keyFault(key: string): string | null {
  if (key === '') return 'is empty';
  if (/^bearer\s/i.test(key)) return "starts with 'Bearer '; the API takes the bare key, without it";
  if (/[\s]/.test(key)) return 'has white space inside';
  if (!/^[\x21-\x7e]+$/.test(key)) return 'has control or non-ASCII characters';
  return null;
}

/** A warning about a key that is well-formed but of another product; null if there is none. */
export function keyWarning(key: string): string | null {
  return key.startsWith('sk-mai-')
    ? 'a key that starts with sk-mai- belongs to another product (Video Datalake); the API will refuse it'
    : null;
}

/** The trimmed key. Throws UsageError, naming `source`, if it is malformed. */
export function checkedKey(text: string, source: string): string {
  const key = text.trim();
  const fault = keyFault(key);
  if (fault !== null) {
    throw new UsageError(`the key in ${source} ${fault}`, { hint: `copy it again from ${KEY_PAGE}` });
  }
  return key;
}

/**
 * The key in force: MAVI_API_KEY, the file that MAVI_API_KEY_FILE names, MEMORIES_API_KEY, the config store;
 * null if there is none. From here on no text output can contain it. Throws UsageError if it is malformed.
 */
export async function findKey(host: Host, stored: StoredValues): Promise<FoundKey | null> {
  const found = await firstKey(host, stored);
  if (found !== null) host.secrets.add(found.key);
  return found;
}

/** The key in force. Throws AccountError (exit 3) that tells a newcomer where to get one if there is none. */
export async function requireKey(host: Host, stored: StoredValues): Promise<string> {
  const found = await findKey(host, stored);
  if (found === null) throw noKey();
  return found.key;
}

/** The error of a first run: where to get a key, and how to store it. */
export function noKey(): AccountError {
  return new AccountError('no_key', 'no API key', {
    hint: `make one at ${KEY_PAGE}\nstore it with: mavi auth login (in scripts: set MAVI_API_KEY)`,
  });
}

async function firstKey(host: Host, stored: StoredValues): Promise<FoundKey | null> {
  const fromVariable = (name: string): FoundKey | null => {
    const text = host.env[name];
    if (text === undefined || text === '') return null;
    host.secrets.add(text.trim());
    return { key: checkedKey(text, name), source: name };
  };
  return (
    fromVariable('MAVI_API_KEY') ??
    (await keyFromFile(host)) ??
    fromVariable('MEMORIES_API_KEY') ??
    keyFromStore(host, stored)
  );
}

async function keyFromFile(host: Host): Promise<FoundKey | null> {
  const path = host.env.MAVI_API_KEY_FILE;
  if (path === undefined || path === '') return null;
  let text: Buffer;
  try {
    text = await abortable(readFile(pathFrom(host.cwd, path)), host.interrupt);
  } catch (error) {
    if (error instanceof Interrupted) throw error;
    throw new UsageError(
      `cannot read ${path}, which MAVI_API_KEY_FILE names: ${(error as Error).message.split(',')[0]}`,
      {
        hint: 'name a readable file that holds the key, or unset MAVI_API_KEY_FILE',
        cause: error,
      },
    );
  }
  const source = `${path} (MAVI_API_KEY_FILE)`;
  if (text.length > LONGEST_KEY_FILE) {
    throw new UsageError(`the key in ${source} is too long to be one`, {
      hint: 'name a file that holds the key alone',
    });
  }
  return { key: checkedKey(text.toString('utf8'), source), source };
}

function keyFromStore(host: Host, stored: StoredValues): FoundKey | null {
  const text = stored.values['api-key'];
  if (text === undefined) return null;
  host.secrets.add(text.trim());
  const source = `the config file ${stored.path}`;
  return { key: checkedKey(text, source), source };
}
