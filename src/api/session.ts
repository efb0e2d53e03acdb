/** A client for one run, made of settings, key and host. */
import { type Host, say } from '../host.ts';
import { requireKey } from '../settings/key.ts';
import { resolveSettings, type Settings, type SettingTexts } from '../settings/settings.ts';
import { configFolder, readStore } from '../settings/store.ts';
import { version } from '../version.ts';
import { apiClient, type Client } from './client.ts';
import { agents } from './proxy.ts';
import { ownRecord, sharedRecord } from './rate-limit-store.ts';
import { type Pacer, pacer, unpaced } from './rate-limiter.ts';

/** What a command works with. */
export interface Session {
  readonly settings: Settings;
  readonly client: Client;
}

/** The listing's limit, as documented: five requests a second. */
const LIST_RATE = { starts: 5, windowMs: 1000 };

/** Makes the session of a run. Throws UsageError for a bad setting, AccountError where there is no key. */
export async function openSession(host: Host, flags: SettingTexts, verbose: boolean): Promise<Session> {
  const stored = await readStore(host);
  const settings = resolveSettings(flags, host.env, stored.values);
  const key = await requireKey(host, stored);
  return { settings, client: clientFor(host, settings, key, verbose) };
}

/** A client of a key that is known. */
export function clientFor(host: Host, settings: Settings, key: string, verbose: boolean): Client {
  const trace = verbose ? (line: string) => say(host, line) : () => {};
  return apiClient({
    settings,
    key,
    version,
    wire: { ...settings, clock: host.clock, agentFor: agents(host.env), trace },
    secrets: host.secrets,
    videoPacer: videoPacer(host, settings, key, trace),
    listPacer: pacer(LIST_RATE, ownRecord(), host.clock),
  });
}

function videoPacer(host: Host, settings: Settings, key: string, trace: (line: string) => void): Pacer {
  if (settings.rate === null) return unpaced;
  const record = sharedRecord(configFolder(host), key, settings.rate, (why) => {
    trace(`* the record of starts cannot be shared (${why}); this process paces itself alone`);
  });
  return pacer(settings.rate, record, host.clock);
}
