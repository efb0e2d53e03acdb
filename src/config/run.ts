/** `mavi config`: reads and writes the stored settings. */
import { type ExitCode, UsageError } from '../errors.ts';
import { type Host, print } from '../host.ts';
import { printable } from '../sanitize.ts';
import { DEFINITIONS, originOf, SETTING_NAMES, type SettingName } from '../settings/settings.ts';
import { KEY_NAME, profileOf, readStore, removeValue, storeValue } from '../settings/store.ts';
import { readValue } from '../settings/values.ts';

/** The value of `--profile`. */
type Name = string | undefined;

/** Prints all settings in force, and where each comes from. */
export async function runList(profile: Name, host: Host): Promise<ExitCode> {
  const { values } = await readStore(host, profile);
  for (const name of SETTING_NAMES) {
    const { source, text } = originOf(name, {}, host.env, values);
    const where = source === 'environment' ? DEFINITIONS[name].variable : source;
    await print(host, `${DEFINITIONS[name].config} = ${printable(text ?? 'none')}  (${where})\n`);
  }
  return 0;
}

/** Prints the value of one setting in force; nothing if it has none. */
export async function runGet(config: string, profile: Name, host: Host): Promise<ExitCode> {
  const name = known(config);
  const { text } = originOf(name, {}, host.env, (await readStore(host, profile)).values);
  if (text !== null) await print(host, `${printable(text)}\n`);
  return 0;
}

/** Stores the value of one setting. Throws UsageError for a malformed one. */
export async function runSet(config: string, value: string, profile: Name, host: Host): Promise<ExitCode> {
  readValue(config, value, DEFINITIONS[known(config)].read);
  await storeValue(host, profileOf(host, profile), config, value);
  return 0;
}

/** Removes the stored value of one setting, if there is one. */
export async function runUnset(config: string, profile: Name, host: Host): Promise<ExitCode> {
  known(config);
  await removeValue(host, profileOf(host, profile), config);
  return 0;
}

/** Prints the path of the settings file. */
export async function runPath(profile: Name, host: Host): Promise<ExitCode> {
  await print(host, `${profileOf(host, profile).path}\n`);
  return 0;
}

function known(config: string): SettingName {
  if (config === KEY_NAME) {
    throw new UsageError("the API key can't be set here: it would be visible in the process list", {
      hint: 'store it with: mavi auth login; remove it with: mavi auth logout',
    });
  }
  const name = SETTING_NAMES.find((each) => DEFINITIONS[each].config === config);
  if (name !== undefined) return name;
  const names = SETTING_NAMES.map((each) => DEFINITIONS[each].config);
  const near = nearest(config, names);
  throw new UsageError(`unknown setting '${config}'${near === undefined ? '' : ` (did you mean ${near}?)`}`, {
    hint: `available: ${names.join(', ')}`,
  });
}

/** The first name with the longest common start (at least 3 letters), as for `baseUrl`, `retry` or `timout`. */
function nearest(word: string, names: readonly string[]): string | undefined {
  const plain = (text: string): string => text.toLowerCase().replace(/[^a-z]/g, '');
  for (let length = plain(word).length; length >= 3; length -= 1) {
    const found = names.find((name) => plain(name).startsWith(plain(word).slice(0, length)));
    if (found !== undefined) return found;
  }
  return undefined;
}
