/** `mavi config`: reads and writes the stored settings. */
import { type ExitCode, UsageError } from '../errors.ts';
import { type Host, print } from '../host.ts';
import { printable } from '../sanitize.ts';
import {
  DEFINITIONS,
  originOf,
  readSetting,
  SETTING_NAMES,
  type SettingName,
  settingByConfigName,
} from '../settings/settings.ts';
import { configPath, readStore, removeValue, storeValue } from '../settings/store.ts';

/** Prints all settings in force, with their sources. */
export async function runList(host: Host): Promise<ExitCode> {
  const { values } = await readStore(host);
  for (const name of SETTING_NAMES) {
    const { source, text } = originOf(name, {}, host.env, values);
    const where = source === 'environment' ? DEFINITIONS[name].variable : source;
    await print(host, `${DEFINITIONS[name].config} = ${printable(text ?? 'none')}  (${where})\n`);
  }
  return 0;
}

/** Prints the value of one setting in force; nothing where it has none. */
export async function runGet(config: string, host: Host): Promise<ExitCode> {
  const name = known(config);
  const { values } = await readStore(host);
  const { text } = originOf(name, {}, host.env, values);
  if (text !== null) await print(host, `${printable(text)}\n`);
  return 0;
}

/** Stores the value of one setting. Throws UsageError for a value that cannot be. */
export async function runSet(config: string, value: string, host: Host): Promise<ExitCode> {
  const name = known(config);
  readSetting(name, { source: 'flag', text: value });
  await storeValue(host, config, value);
  return 0;
}

/** Forgets the stored value of one setting; it is no error if there was none. */
export async function runUnset(config: string, host: Host): Promise<ExitCode> {
  known(config);
  await removeValue(host, config);
  return 0;
}

/** Prints where the config file is. */
export async function runPath(host: Host): Promise<ExitCode> {
  await print(host, `${configPath(host)}\n`);
  return 0;
}

function known(config: string): SettingName {
  if (config === 'api-key') {
    throw new UsageError(
      'the key is no setting: here it would stand among the arguments, for others to see',
      {
        hint: 'store it with: mavi auth login; remove it with: mavi auth logout',
      },
    );
  }
  const name = settingByConfigName(config);
  if (name === undefined) {
    const names = SETTING_NAMES.map((each) => DEFINITIONS[each].config).join(', ');
    throw new UsageError(`'${config}' is no setting`, { hint: `there are: ${names}` });
  }
  return name;
}
