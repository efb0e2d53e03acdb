/** `mavi auth login` and `logout`. */
import { AccountError, type ExitCode, Interrupted, localError, MaviError, UsageError } from '../errors.ts';
import { type Host, say } from '../host.ts';
import { maskKey } from '../sanitize.ts';
import { checkedKey, KEY_PAGE, KEY_VARIABLES, keyWarning, readKeyText } from '../settings/key.ts';
import type { SettingTexts } from '../settings/settings.ts';
import {
  KEY_NAME,
  type Profile,
  profileFlag,
  profileOf,
  readStore,
  removeValue,
  storeValue,
} from '../settings/store.ts';
import { askSilently } from './prompt.ts';
import { scopesFor, settingsToAsk } from './status.ts';

/**
 * Stores the key that is typed or piped in, if the API accepts it or can't be reached. Throws UsageError if it is
 * malformed, AccountError if the API refuses it.
 */
export async function runLogin(flags: SettingTexts, verbose: boolean, host: Host): Promise<ExitCode> {
  const profile = profileOf(host, flags.profile);
  // Fails on a settings file that can't be changed, before the key is typed in vain.
  const settings = settingsToAsk(flags, host, await readStore(host, flags.profile));
  const typed = await readKey(host);
  host.secrets.add(typed.trim());
  const key = checkedKey(typed, '', '; nothing was stored');
  const warning = keyWarning(key);
  if (warning !== null) say(host, `mavi: warning: ${warning}`);
  let end = `${settings.baseUrl.host} accepts it`;
  try {
    await scopesFor(host, settings, key, verbose);
  } catch (error) {
    if (!(error instanceof MaviError) || error instanceof Interrupted || error instanceof UsageError)
      throw error;
    if (error instanceof AccountError) {
      const hint = `copy it again, or create a new one, at ${KEY_PAGE}`;
      throw new AccountError(error.code, `${error.message}; nothing was stored`, { hint, cause: error });
    }
    say(host, `mavi: warning: the key could not be checked: ${error.message}`);
    end = `check it later with: mavi auth status${profileFlag(profile)}`;
  }
  await storeValue(host, profile, KEY_NAME, key);
  say(host, `mavi: stored ${maskKey(key)} in ${profile.path}; ${end}`);
  warnOfVariables(host, profile);
  return 0;
}

/** Removes the stored key, also from what an interrupted write left behind. */
export async function runLogout(flags: SettingTexts, host: Host): Promise<ExitCode> {
  const profile = profileOf(host, flags.profile);
  const removed = await removeValue(host, profile, KEY_NAME);
  say(host, removed ? `mavi: removed the key from ${profile.path}` : 'mavi: no key was stored');
  warnOfVariables(host, profile);
  return 0;
}

/** A key in the environment overrides the stored one, which surprises those who forgot it. */
function warnOfVariables(host: Host, { isChosen }: Profile): void {
  const set = isChosen ? undefined : KEY_VARIABLES.find((name) => host.env[name]);
  if (set !== undefined) say(host, `mavi: warning: ${set} is set and overrides the stored key`);
}

async function readKey(host: Host): Promise<string> {
  if (host.stdin.isTTY) return askSilently(`API key (from ${KEY_PAGE}, not shown): `, host);
  const source = 'standard input';
  return readKeyText(host.stdin.stream, source, host.interrupt).catch((error) => {
    throw localError(error, source, 'read');
  });
}
