/** `mavi auth login` and `logout`. */
import { text as readText } from 'node:stream/consumers';
import { type ExitCode, UsageError } from '../errors.ts';
import { abortable, type Host, say } from '../host.ts';
import { maskKey } from '../sanitize.ts';
import { KEY_PAGE, keyFault, keyWarning } from '../settings/key.ts';
import { configPath, removeValue, storeValue } from '../settings/store.ts';
import { askSilently } from './prompt.ts';

/** Stores the key that is typed or piped in. Throws UsageError if it is malformed. */
export async function runLogin(host: Host): Promise<ExitCode> {
  const key = (await readKey(host)).trim();
  host.secrets.add(key);
  const fault = keyFault(key);
  if (fault !== null) {
    throw new UsageError(`the key ${fault}; nothing was stored`, { hint: `copy it again from ${KEY_PAGE}` });
  }
  const warning = keyWarning(key);
  if (warning !== null) say(host, `mavi: warning: ${warning}`);
  await storeValue(host, 'api-key', key);
  say(host, `mavi: stored ${maskKey(key)} in ${configPath(host)}; test it with: mavi auth status`);
  sayWhatWins(host);
  return 0;
}

/** Removes the stored key. */
export async function runLogout(host: Host): Promise<ExitCode> {
  const removed = await removeValue(host, 'api-key');
  say(host, removed ? `mavi: removed the key from ${configPath(host)}` : 'mavi: no key was stored');
  sayWhatWins(host);
  return 0;
}

/** A key in the environment comes before the stored one, which surprises whoever forgot it. */
function sayWhatWins(host: Host): void {
  const set = ['MAVI_API_KEY', 'MAVI_API_KEY_FILE', 'MEMORIES_API_KEY'].find((name) => host.env[name]);
  if (set !== undefined) say(host, `mavi: warning: ${set} is set, and comes before what is stored`);
}

async function readKey(host: Host): Promise<string> {
  if (!host.stdin.isTTY) return abortable(readText(host.stdin.stream), host.interrupt);
  return askSilently(`API key (from ${KEY_PAGE}, not shown): `, host);
}
