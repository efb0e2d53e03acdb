/** `mavi config`: reads and writes the stored settings. */
import { type ExitCode, UsageError } from '../errors.ts';
import { type Host, print } from '../host.ts';
import { printable } from '../sanitize.ts';
import { DEFINITIONS, originOf, SETTING_NAMES, type SettingName } from '../settings/settings.ts';
import { KEY_NAME, profileOf, readStore, removeValue, storeValue } from '../settings/store.ts';
import { readValue } from '../settings/values.ts';

/** The subcommands; `get`, `set` and `unset` take the name of a setting, `set` also its new value. */
export type ConfigVerb = 'list' | 'get' | 'set' | 'unset' | 'path';

/** Prints or changes settings of a profile. Throws UsageError for an unknown setting and a malformed value. */
export async function runConfig(
  verb: ConfigVerb,
  [config = '', value = '']: readonly string[],
  profile: string | undefined,
  host: Host,
): Promise<ExitCode> {
  switch (verb) {
    case 'path':
      await print(host, `${profileOf(host, profile).path}\n`);
      break;
    case 'unset':
      known(config);
      await removeValue(host, profileOf(host, profile), config);
      break;
    case 'set':
      readValue<unknown>(config, value, DEFINITIONS[known(config)].read);
      await storeValue(host, profileOf(host, profile), config, value);
      break;
    case 'get': {
      const { text } = originOf(known(config), {}, host.env, (await readStore(host, profile)).values);
      if (text !== null) await print(host, `${printable(text)}\n`);
      break;
    }
    case 'list': {
      const { values } = await readStore(host, profile);
      for (const name of SETTING_NAMES) {
        const { source, text } = originOf(name, {}, host.env, values);
        const where = source === 'environment' ? DEFINITIONS[name].variable : source;
        await print(host, `${DEFINITIONS[name].config} = ${printable(text ?? 'none')}  (${where})\n`);
      }
    }
  }
  return 0;
}

function known(config: string): SettingName {
  if (config === KEY_NAME) {
    const hint = 'store it with: mavi auth login; remove it with: mavi auth logout';
    throw new UsageError("the API key can't be set here: it would be visible in the process list", { hint });
  }
  const name = SETTING_NAMES.find((each) => DEFINITIONS[each].config === config);
  if (name !== undefined) return name;
  const names = SETTING_NAMES.map((each) => DEFINITIONS[each].config);
  const near = nearest(config, names);
  const meant = near === undefined ? '' : ` (did you mean ${near}?)`;
  throw new UsageError(`unknown setting '${config}'${meant}`, { hint: `available: ${names.join(', ')}` });
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
