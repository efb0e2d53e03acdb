/** Every setting but the key: flag, then environment, then config store, then default, in one place. */
import { UsageError } from '../errors.ts';
import { baseUrl, byteLimit, type Rate, rate, seconds, uniqueId, wholeNumber } from './values.ts';

/** The settings, checked. */
export interface Settings {
  /** The scope of the library. */
  readonly uniqueId: string;
  /** Where the API answers, without a trailing slash. */
  readonly baseUrl: URL;
  /** How many requests for a video may start; null is no limit. */
  readonly rate: Rate | null;
  /** How many videos are downloaded at once. */
  readonly concurrency: number;
  /** How many tries may follow the first. */
  readonly retries: number;
  /** The longest time until a connection stands, in milliseconds. */
  readonly connectTimeoutMs: number;
  /** The longest time without a byte, in milliseconds. */
  readonly timeoutMs: number;
  /** Bytes a second, over all videos; null is no limit. */
  readonly limitRate: number | null;
}

/** How one setting is spelt everywhere, and how it is read. */
export interface Definition {
  readonly flag: string;
  readonly variable: string;
  /** Its name in the config store, which is also the flag's without dashes. */
  readonly config: string;
  /** The text of the default; null is none. */
  readonly fallback: string | null;
  readonly summary: string;
  readonly read: (text: string) => unknown;
}

/** The definitions, in the order in which help and `config list` show them. */
export const DEFINITIONS = {
  uniqueId: {
    flag: '-u, --unique-id <id>',
    variable: 'MAVI_UNIQUE_ID',
    config: 'unique-id',
    fallback: 'default',
    summary: 'the scope of the library, as given at upload',
    read: uniqueId,
  },
  baseUrl: {
    flag: '--base-url <url>',
    variable: 'MAVI_BASE_URL',
    config: 'base-url',
    fallback: 'https://api.memories.ai/serve/api/v1',
    summary: 'where the API answers',
    read: baseUrl,
  },
  rate: {
    flag: '--rate <n>',
    variable: 'MAVI_RATE',
    config: 'rate',
    fallback: '12',
    summary: 'video requests a minute, retries counted; also 12/m, 1/s, 700/h; 0 = no limit',
    read: rate,
  },
  concurrency: {
    flag: '-c, --concurrency <n>',
    variable: 'MAVI_CONCURRENCY',
    config: 'concurrency',
    fallback: '3',
    summary: 'videos at once',
    read: wholeNumber(1, 256),
  },
  retries: {
    flag: '--retries <n>',
    variable: 'MAVI_RETRIES',
    config: 'retries',
    fallback: '5',
    summary: 'tries after the first',
    read: wholeNumber(0, 1000),
  },
  connectTimeoutMs: {
    flag: '--connect-timeout <s>',
    variable: 'MAVI_CONNECT_TIMEOUT',
    config: 'connect-timeout',
    fallback: '30',
    summary: 'seconds until the connection stands',
    read: seconds,
  },
  timeoutMs: {
    flag: '--timeout <s>',
    variable: 'MAVI_TIMEOUT',
    config: 'timeout',
    fallback: '60',
    summary: 'seconds without a byte; never a limit on the whole transfer',
    read: seconds,
  },
  limitRate: {
    flag: '--limit-rate <bytes/s>',
    variable: 'MAVI_LIMIT_RATE',
    config: 'limit-rate',
    fallback: null,
    summary: 'bytes a second over all videos, such as 10M; 0 = no limit',
    read: byteLimit,
  },
} as const satisfies Record<keyof Settings, Definition>;

/** The name of a setting in code. */
export type SettingName = keyof Settings;

/** The text of each setting that was given, by name. */
export type SettingTexts = { readonly [name in SettingName]?: string | undefined };

/** Where the value in force comes from, and its text; null text is none. */
export interface Origin {
  readonly source: 'flag' | 'environment' | 'config' | 'default';
  readonly text: string | null;
}

/** All names, in order. */
export const SETTING_NAMES = Object.keys(DEFINITIONS) as SettingName[];

/** The setting that the config store calls so; undefined if none is. */
export function settingByConfigName(config: string): SettingName | undefined {
  return SETTING_NAMES.find((name) => DEFINITIONS[name].config === config);
}

/** Where the value of a setting comes from: the first of flag, environment, store, default that has one. */
export function originOf(
  name: SettingName,
  flags: SettingTexts,
  env: Readonly<Record<string, string | undefined>>,
  stored: Readonly<Record<string, string>>,
): Origin {
  const definition = DEFINITIONS[name];
  const flag = flags[name];
  if (flag !== undefined) return { source: 'flag', text: flag };
  // An empty variable counts as unset, as everywhere.
  const variable = env[definition.variable];
  if (variable !== undefined && variable !== '') return { source: 'environment', text: variable };
  const config = stored[definition.config];
  if (config !== undefined) return { source: 'config', text: config };
  return { source: 'default', text: definition.fallback };
}

/** The value of one setting out of its text. Throws UsageError, naming where the text stood. */
export function readSetting(name: SettingName, origin: Origin): unknown {
  const definition: Definition = DEFINITIONS[name];
  if (origin.text === null) return null;
  try {
    return definition.read(origin.text);
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    const places = {
      flag: `--${definition.config}`,
      environment: definition.variable,
      config: `the setting ${definition.config}`,
      default: definition.config,
    };
    // An address may hold a password, which no error shows.
    const shown = origin.text.replace(/\/\/[^/@]*@/, '//…@');
    throw new UsageError(`${places[origin.source]} ${error.message}, not '${shown}'`, {
      hint: origin.source === 'config' ? `mend it with: mavi config unset ${definition.config}` : '',
    });
  }
}

/** All settings, checked and frozen. Throws UsageError for the first that is malformed. */
export function resolveSettings(
  flags: SettingTexts,
  env: Readonly<Record<string, string | undefined>>,
  stored: Readonly<Record<string, string>>,
): Settings {
  const entries = SETTING_NAMES.map((name) => [name, readSetting(name, originOf(name, flags, env, stored))]);
  return Object.freeze(Object.fromEntries(entries)) as Settings;
}
