/** Every setting but the key: from its flag, else the environment, else the settings file, else its default. */
import { baseUrl, byteLimit, rate, readValue, seconds, uniqueId, wholeNumber } from './values.ts';

/** A setting: its names, the text of its default (null for none), and the reader of its texts. */
function define<T>(flag: string, fallback: string | null, read: (text: string) => T, summary: string) {
  // Its name in the settings file is that of the flag.
  const config = /--([a-z-]+)/.exec(flag)?.[1] ?? '';
  const variable = `MAVI_${config.toUpperCase().replaceAll('-', '_')}`;
  return { flag, variable, config, fallback, summary, read };
}

const VENDOR_URL = 'https://api.memories.ai/serve/api/v1';
const RATE_SUMMARY = 'video requests per minute, retries included; also 12/m, 1/s, 700/h; 0 = no limit';
const CONNECT_SUMMARY = 'connection timeout, in seconds; 0 = no limit';
const LIMIT_SUMMARY = 'bytes per second for all videos together, such as 10M; 0 = no limit';

/** The definitions, in the order in which help and `config list` show them. */
export const DEFINITIONS = {
  uniqueId: define('-u, --unique-id <id>', 'default', uniqueId, 'library scope, as given at upload'),
  baseUrl: define('--base-url <url>', VENDOR_URL, baseUrl, 'address of the API'),
  rate: define('--rate <n>', '12', rate, RATE_SUMMARY),
  concurrency: define('-c, --concurrency <n>', '3', wholeNumber(1, 256), 'number of simultaneous downloads'),
  retries: define('--retries <n>', '5', wholeNumber(0, 1000), 'number of retries'),
  connectTimeoutMs: define('--connect-timeout <s>', '30', seconds, CONNECT_SUMMARY),
  timeoutMs: define('--timeout <s>', '60', seconds, 'longest time without data, in seconds; 0 = no limit'),
  limitRate: define('--limit-rate <bytes/s>', null, byteLimit, LIMIT_SUMMARY),
};

type Definitions = typeof DEFINITIONS;

/** The name of a setting in code. */
export type SettingName = keyof Definitions;

/** The settings, checked: durations in milliseconds, sizes in bytes, null for no limit. */
export type Settings = { readonly [name in SettingName]: ReturnType<Definitions[name]['read']> };

/** The texts of the settings given as flags, and the profile for the others. */
export type SettingTexts = { readonly [name in SettingName | 'profile']?: string | undefined };

/** The text of a setting, and where it comes from; null for none. */
export interface Origin {
  readonly source: 'flag' | 'environment' | 'config' | 'default';
  readonly text: string | null;
}

/** All names, in order. */
export const SETTING_NAMES = Object.keys(DEFINITIONS) as SettingName[];

type Texts = Readonly<Record<string, string | undefined>>;

/** Where a setting comes from: the first of flag, environment, settings file and default that has it. */
export function originOf(name: SettingName, flags: SettingTexts, env: Texts, stored: Texts): Origin {
  const { variable, config, fallback } = DEFINITIONS[name];
  const flag = flags[name];
  if (flag !== undefined) return { source: 'flag', text: flag };
  // An empty variable counts as unset.
  if (env[variable]) return { source: 'environment', text: env[variable] };
  const text = stored[config];
  return text === undefined ? { source: 'default', text: fallback } : { source: 'config', text };
}

/** Reads the value of one setting. Throws UsageError, naming where its text comes from. */
export function readSetting(name: SettingName, origin: Origin): unknown {
  const { config, variable, read } = DEFINITIONS[name];
  if (origin.text === null) return null;
  const stored = `the setting ${config}`;
  const places = { flag: `--${config}`, environment: variable, config: stored, default: config };
  const hint = origin.source === 'config' ? `reset it with: mavi config unset ${config}` : '';
  return readValue<unknown>(places[origin.source], origin.text, read, hint);
}

/** Whether an address is that of the vendor's own API. */
export function isVendorHost(url: URL): boolean {
  return url.host === new URL(VENDOR_URL).host;
}

/** All settings, checked and frozen. Throws UsageError for the first that is malformed. */
export function resolveSettings(flags: SettingTexts, env: Texts, stored: Texts): Settings {
  const entries = SETTING_NAMES.map((name) => [name, readSetting(name, originOf(name, flags, env, stored))]);
  return Object.freeze(Object.fromEntries(entries)) as Settings;
}
