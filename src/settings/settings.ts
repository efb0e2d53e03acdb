/** Every setting but the key: from its flag, else the environment, else the settings file, else its default. */
import { UsageError } from '../errors.ts';
import { baseUrl, byteLimit, type Rate, rate, seconds, uniqueId, wholeNumber } from './values.ts';

/** The settings, checked. */
export interface Settings {
  /** The scope of the library. */
  readonly uniqueId: string;
  /** The address of the API, without a trailing slash. */
  readonly baseUrl: URL;
  /** How many requests for a video may start; null for no limit. */
  readonly rate: Rate | null;
  /** How many videos are downloaded at once. */
  readonly concurrency: number;
  /** How many attempts may follow the first. */
  readonly retries: number;
  /** The longest time to wait for a connection, in milliseconds. */
  readonly connectTimeoutMs: number;
  /** The longest time without any data, in milliseconds. */
  readonly timeoutMs: number;
  /** Bytes a second, over all videos; null for no limit. */
  readonly limitRate: number | null;
}

/** How one setting is spelled everywhere, and how it is read. */
export interface Definition {
  readonly flag: string;
  readonly variable: string;
  /** Its name in the settings file, which is also the flag's without dashes. */
  readonly config: string;
  /** The text of the default; null for none. */
  readonly fallback: string | null;
  readonly summary: string;
  readonly read: (text: string) => unknown;
}

function define(
  flag: string,
  fallback: string | null,
  read: (text: string) => unknown,
  summary: string,
): Definition {
  const config = /--([a-z-]+)/.exec(flag)?.[1] ?? '';
  return {
    flag,
    variable: `MAVI_${config.toUpperCase().replaceAll('-', '_')}`,
    config,
    fallback,
    summary,
    read,
  };
}

const VENDOR_URL = 'https://api.memories.ai/serve/api/v1';
const RATE_SUMMARY = 'video requests per minute, retries included; also 12/m, 1/s, 700/h; 0 = no limit';
const LIMIT_SUMMARY = 'bytes per second for all videos together, such as 10M; 0 = no limit';

/** The definitions, in the order in which help and `config list` show them. */
export const DEFINITIONS: Readonly<Record<keyof Settings, Definition>> = {
  uniqueId: define('-u, --unique-id <id>', 'default', uniqueId, 'scope of the library, as given at upload'),
  baseUrl: define('--base-url <url>', VENDOR_URL, baseUrl, 'address of the API'),
  rate: define('--rate <n>', '12', rate, RATE_SUMMARY),
  concurrency: define('-c, --concurrency <n>', '3', wholeNumber(1, 256), 'number of simultaneous downloads'),
  retries: define('--retries <n>', '5', wholeNumber(0, 1000), 'number of retries'),
  connectTimeoutMs: define(
    '--connect-timeout <s>',
    '30',
    seconds,
    'connection timeout, in seconds; 0 = no limit',
  ),
  timeoutMs: define('--timeout <s>', '60', seconds, 'longest time without data, in seconds; 0 = no limit'),
  limitRate: define('--limit-rate <bytes/s>', null, byteLimit, LIMIT_SUMMARY),
};

/** The name of a setting in code. */
export type SettingName = keyof Settings;

/** The text of each setting that was given as a flag, by name, and the profile to take the others from. */
export type SettingTexts = { readonly [name in SettingName | 'profile']?: string | undefined };

/** Where the value in force comes from, and its text; null for none. */
export interface Origin {
  readonly source: 'flag' | 'environment' | 'config' | 'default';
  readonly text: string | null;
}

/** All names, in order. */
export const SETTING_NAMES = Object.keys(DEFINITIONS) as SettingName[];

/** The setting of that name in the settings file; undefined if there is none. */
export function settingByConfigName(config: string): SettingName | undefined {
  return SETTING_NAMES.find((name) => DEFINITIONS[name].config === config);
}

/** Where the value of a setting comes from: the first of flag, environment, settings file and default that has one. */
export function originOf(
  name: SettingName,
  flags: SettingTexts,
  env: Readonly<Record<string, string | undefined>>,
  stored: Readonly<Record<string, string>>,
): Origin {
  const definition = DEFINITIONS[name];
  const flag = flags[name];
  if (flag !== undefined) return { source: 'flag', text: flag };
  // An empty variable counts as unset.
  const variable = env[definition.variable];
  if (variable !== undefined && variable !== '') return { source: 'environment', text: variable };
  const config = stored[definition.config];
  if (config !== undefined) return { source: 'config', text: config };
  return { source: 'default', text: definition.fallback };
}

/** Reads the value of one setting. Throws UsageError, naming where its text comes from. */
export function readSetting(name: SettingName, origin: Origin): unknown {
  const definition = DEFINITIONS[name];
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
    // An address may contain a password, which no error shows.
    const shown = origin.text.replace(/\/\/[^/@]*@/, '//…@');
    throw new UsageError(`${places[origin.source]} ${error.message}, not '${shown}'`, {
      hint: origin.source === 'config' ? `reset it with: mavi config unset ${definition.config}` : '',
    });
  }
}

/** Whether an address is the vendor's own API: the key goes nowhere else unless the user says so. */
export function isVendorHost(url: URL): boolean {
  return url.host === new URL(VENDOR_URL).host;
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
