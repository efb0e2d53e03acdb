/** `mavi auth status`: where the key comes from, and whether the API takes it. */
import { clientFor } from '../api/session.ts';
import { AccountError, type ExitCode, MaviError } from '../errors.ts';
import { type Host, print } from '../host.ts';
import { libraryScopes } from '../library/listing.ts';
import { maskKey, printable } from '../sanitize.ts';
import { findKey, keyWarning, noKey } from '../settings/key.ts';
import { resolveSettings, type SettingTexts } from '../settings/settings.ts';
import { readStore } from '../settings/store.ts';

/** Whoever asks wants to know now: one more try for a hiccup of the network. */
const STATUS_RETRIES = 1;

/** Prints what is known of the key. Throws AccountError if there is none or it is refused, NetworkError if nobody answers. */
export async function runStatus(flags: SettingTexts, verbose: boolean, host: Host): Promise<ExitCode> {
  const stored = await readStore(host);
  const resolved = resolveSettings(flags, host.env, stored.values);
  const settings = { ...resolved, retries: Math.min(resolved.retries, STATUS_RETRIES) };
  const found = await findKey(host, stored);
  if (found === null) throw noKey();
  const warning = keyWarning(found.key);
  await print(host, `key:    ${maskKey(found.key)}\nsource: ${printable(found.source)}\n`);
  if (warning !== null) await print(host, `note:   ${warning}\n`);
  const client = clientFor(host, settings, found.key, { verbose });
  try {
    const scopes = await libraryScopes({ client, settings, host, note: () => {} });
    await print(
      host,
      `API:    ${settings.baseUrl.host} accepts it\nscopes: ${scopes.map(printable).join(', ')}\n`,
    );
    return 0;
  } catch (error) {
    if (error instanceof MaviError && error.exitCode === 3) {
      await print(host, `API:    ${settings.baseUrl.host} refuses it\n`);
      // Where the key comes from has just been said.
      const hint = error.hint
        .split('\n')
        .filter((line) => !line.includes('mavi auth status'))
        .join('\n');
      throw new AccountError(error.code, error.message, { hint, cause: error });
    }
    throw error;
  }
}
