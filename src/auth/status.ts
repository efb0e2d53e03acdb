/** `mavi auth status`: which key is in force, where it comes from, and whether the API accepts it. */
import { clientFor } from '../api/session.ts';
import { AccountError, type ExitCode } from '../errors.ts';
import { type Host, print } from '../host.ts';
import { libraryScopes } from '../library/listing.ts';
import { maskKey, printable } from '../sanitize.ts';
import { findKey, keyWarning, noKey } from '../settings/key.ts';
import { isVendorHost, resolveSettings, type Settings, type SettingTexts } from '../settings/settings.ts';
import { readStore, type StoredValues } from '../settings/store.ts';

/** Few, because the user waits: one retry covers a brief network failure. */
const MOST_RETRIES = 1;

/** The settings for checking a key with the API. Throws UsageError for a bad setting. */
export function settingsToAsk(flags: SettingTexts, host: Host, stored: StoredValues): Settings {
  const settings = resolveSettings(flags, host.env, stored.values);
  return { ...settings, retries: Math.min(settings.retries, MOST_RETRIES) };
}

/** The scopes that a key gives access to. Throws AccountError if the API refuses it, NetworkError if it can't be reached. */
export function scopesFor(host: Host, settings: Settings, key: string, verbose: boolean): Promise<string[]> {
  const client = clientFor(host, settings, key, { verbose });
  return libraryScopes({ client, settings, host, note: () => {} });
}

/** Prints the key in force and checks it. Throws AccountError for no key or a refused one, NetworkError without the API. */
export async function runStatus(flags: SettingTexts, verbose: boolean, host: Host): Promise<ExitCode> {
  const stored = await readStore(host, flags.profile);
  const settings = settingsToAsk(flags, host, stored);
  const line = (label: string, text: string): Promise<void> =>
    print(host, `${`${label}:`.padEnd(8)} ${printable(text)}\n`);
  await line('profile', stored.name);
  const found = await findKey(host, stored);
  if (found === null) throw noKey(stored);
  await line('key', maskKey(found.key));
  await line('source', found.source);
  const warning = keyWarning(found.key);
  if (warning !== null) await line('warning', warning);
  if (!isVendorHost(settings.baseUrl)) await line('host', settings.baseUrl.host);
  try {
    const scopes = await scopesFor(host, settings, found.key, verbose);
    await line('API', 'accepts the key');
    await line('scopes', scopes.join(', '));
    return 0;
  } catch (error) {
    if (!(error instanceof AccountError)) throw error;
    await line('API', 'refuses the key');
    // The source of the key has just been shown.
    const hint = error.hint.split('\n').filter((each) => !each.includes('mavi auth status'));
    throw new AccountError(error.code, error.message, { hint: hint.join('\n'), cause: error });
  }
}
