/** `mavi auth`: stores, removes, shows and checks the key. */
import { createInterface } from 'node:readline';
import { Writable } from 'node:stream';
import type { ReadStream } from 'node:tty';
import { apiClient } from '../api/client.ts';
import { AccountError, type ExitCode, Interrupted, localError, MaviError, UsageError } from '../errors.ts';
import { abortable, type Host, print, say } from '../host.ts';
import { libraryScopes } from '../library/listing.ts';
import { maskKey, printable } from '../sanitize.ts';
import {
  checkedKey,
  findKey,
  KEY_PAGE,
  KEY_VARIABLES,
  keepSecret,
  keyWarning,
  readKeyText,
} from '../settings/key.ts';
import { isVendorHost, resolveSettings, type Settings, type SettingTexts } from '../settings/settings.ts';
import { KEY_NAME, profileFlag, profileOf, readStore, removeValue, storeValue } from '../settings/store.ts';

/** Stores a key, typed or piped in, unless it is malformed (UsageError) or the API refuses it (AccountError). */
export async function runLogin(flags: SettingTexts, verbose: boolean, host: Host): Promise<ExitCode> {
  // Fails on a settings file that can't be changed, before the key is typed in vain.
  const stored = await readStore(host, flags.profile);
  const settings = resolveSettings(flags, host.env, stored.values);
  const typed = await readKey(host);
  keepSecret(typed, host);
  const key = checkedKey(typed, '', '; nothing was stored');
  const warning = keyWarning(key);
  if (warning !== null) say(host, `mavi: warning: ${warning}`);
  let end = `${settings.baseUrl.host} accepts it`;
  try {
    await scopesFor(host, settings, key, verbose);
  } catch (error) {
    if (error instanceof AccountError) {
      const hint = `copy it again, or create a new one, at ${KEY_PAGE}`;
      throw new AccountError(error.code, `${error.message}; nothing was stored`, { hint, cause: error });
    }
    const isFinal = error instanceof Interrupted || error instanceof UsageError;
    if (isFinal || !(error instanceof MaviError)) throw error;
    say(host, `mavi: warning: the key could not be checked: ${error.message}`);
    end = `check it later with: mavi auth status${profileFlag(stored)}`;
  }
  await storeValue(host, stored, KEY_NAME, key);
  say(host, `mavi: stored ${maskKey(key)} in ${stored.path}; ${end}`);
  warnOfVariables(host, stored.isChosen);
  return 0;
}

/** Removes the stored key, also from what an interrupted write left behind. */
export async function runLogout(flags: SettingTexts, host: Host): Promise<ExitCode> {
  const profile = profileOf(host, flags.profile);
  const removed = await removeValue(host, profile, KEY_NAME);
  say(host, removed ? `mavi: removed the key from ${profile.path}` : 'mavi: no key was stored');
  warnOfVariables(host, profile.isChosen);
  return 0;
}

/** Prints the key in force and checks it. Throws AccountError for none or a refused one, NetworkError. */
export async function runStatus(flags: SettingTexts, verbose: boolean, host: Host): Promise<ExitCode> {
  const stored = await readStore(host, flags.profile);
  const settings = resolveSettings(flags, host.env, stored.values);
  const line = (label: string, text: string): Promise<void> =>
    print(host, `${`${label}:`.padEnd(8)} ${printable(text)}\n`);
  await line('profile', stored.name);
  const { key, source } = await findKey(host, stored);
  await line('key', maskKey(key));
  await line('source', source);
  const warning = keyWarning(key);
  if (warning !== null) await line('warning', warning);
  if (!isVendorHost(settings.baseUrl)) await line('host', settings.baseUrl.host);
  try {
    const scopes = await scopesFor(host, settings, key, verbose);
    await line('API', 'accepts the key');
    await line('scopes', scopes.join(', '));
    return 0;
  } catch (error) {
    if (!(error instanceof AccountError)) throw error;
    await line('API', 'refuses the key');
    // The source of the key has just been shown.
    const hint = error.hint.replace(/^.*: mavi auth status; /, '');
    throw new AccountError(error.code, error.message, { hint, cause: error });
  }
}

/** The scopes that a key gives access to. Throws AccountError for a refused one, NetworkError without the API. */
function scopesFor(host: Host, settings: Settings, key: string, verbose: boolean): Promise<string[]> {
  // The user waits, and one retry covers a brief network failure.
  const asked = { ...settings, retries: Math.min(settings.retries, 1) };
  const client = apiClient(host, asked, key, { verbose });
  return libraryScopes({ client, settings: asked, host, note: () => {} });
}

/** A key in the environment overrides the stored one, which surprises those who forgot it. */
function warnOfVariables(host: Host, isChosen: boolean): void {
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

/** The line that is typed, empty at the end of the input. Throws Interrupted on Ctrl-C and on a signal. */
async function askSilently(question: string, host: Host): Promise<string> {
  const nowhere = new Writable({ write: (_chunk, _encoding, done) => done() });
  const { stream } = host.stdin;
  const lines = createInterface({ input: stream, output: nowhere, terminal: true });
  const setRaw = (raw: boolean): void =>
    void ('setRawMode' in stream && (stream as ReadStream).setRawMode(raw));
  const endSuspend = host.jobs.onSuspend(
    () => setRaw(false),
    () => {
      // Set anew, because Node skips a mode that it has set before, and the shell may have changed it since.
      setRaw(false);
      setRaw(true);
      host.stderr.write(question);
    },
  );
  const typed = new Promise<string>((resolve, reject) => {
    lines.on('line', resolve);
    lines.on('close', () => resolve(''));
    // In raw mode Ctrl-C and Ctrl-Z are characters, not signals.
    lines.on('SIGINT', () => reject(new Interrupted('SIGINT')));
    lines.on('SIGTSTP', () => host.jobs.suspend());
  });
  // Only now, when the terminal no longer shows what is typed.
  host.stderr.write(question);
  try {
    return await abortable(typed, host.interrupt);
  } finally {
    endSuspend();
    // Restores the terminal's echo.
    lines.close();
    host.stderr.write('\n');
  }
}
