/** Makes the client of one run from settings, key and host. */
import { type Host, say } from '../host.ts';
import { configFolder } from '../settings/folder.ts';
import { findKey } from '../settings/key.ts';
import { isVendorHost, resolveSettings, type Settings, type SettingTexts } from '../settings/settings.ts';
import { readStore } from '../settings/store.ts';
import { apiClient, type Client } from './client.ts';
import { agents } from './proxy.ts';
import { memoryStore, sharedStore } from './rate-limit-store.ts';
import { LIST_RATE, rateLimiter } from './rate-limiter.ts';

/** What a command works with. */
export interface Session {
  readonly settings: Settings;
  readonly client: Client;
}

/** What a run prints to standard error beside its results. */
export interface SessionOutput {
  readonly verbose: boolean;
  /** Whether warnings are left out. Default false. */
  readonly quiet?: boolean;
}

/**
 * Makes the session of a run. Throws UsageError for a bad setting, AccountError where there is no key. While the
 * server's pause is too long to wait for, no call is made, and each throws PauseError.
 */
export async function openSession(host: Host, flags: SettingTexts, output: SessionOutput): Promise<Session> {
  const stored = await readStore(host, flags.profile, output.quiet);
  const settings = resolveSettings(flags, host.env, stored.values);
  const { key } = await findKey(host, stored, output.quiet);
  const client = clientFor(host, settings, key, output);
  const call: Client['call'] = async (...request) => {
    await client.videoLimiter.checkPause();
    return client.call(...request);
  };
  return { settings, client: { ...client, call } };
}

/** A client of a key that is known. */
export function clientFor(host: Host, settings: Settings, key: string, output: SessionOutput): Client {
  const { clock, env, secrets } = host;
  const { connectTimeoutMs, rate } = settings;
  if (output.verbose && !isVendorHost(settings.baseUrl)) {
    say(host, `* the API key goes to ${settings.baseUrl.host}`);
  }
  const onAlone = (why: string): void => {
    const what = "the rate limit can't be shared with other mavi processes";
    if (!output.quiet) say(host, `mavi: warning: ${what} (${why}); this process keeps to it by itself`);
  };
  const store = sharedStore({ host, folder: configFolder(host), key, rate, onAlone });
  const agentFor = agents(env, { clock, connectTimeoutMs });
  const trace = (line: string): void => {
    if (output.verbose) say(host, line);
  };
  return apiClient({
    settings,
    key,
    wire: { ...settings, clock, agentFor, trace },
    secrets,
    videoLimiter: rateLimiter(rate, store, clock),
    listLimiter: rateLimiter(LIST_RATE, memoryStore(clock), clock),
  });
}
