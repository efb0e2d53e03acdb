/** What every download of a run shares, made of the run's parts. */
import type { Client } from '../api/client.ts';
import type { Session } from '../api/session.ts';
import type { Host } from '../host.ts';
import type { Report } from '../progress/events.ts';
import type { Settings } from '../settings/settings.ts';
import { Budget } from './budget.ts';
import { diskFileSystem, type FileSystem } from './file-system.ts';
import type { DownloadRules } from './plan.ts';
import { type RemoveStalePartials, stalePartialRemover } from './stale-partials.ts';
import type { Owner } from './target.ts';
import { Throttle } from './throttle.ts';

/** What every download of a run shares. */
export interface DownloadContext {
  readonly host: Host;
  readonly client: Client;
  readonly settings: Settings;
  readonly rules: DownloadRules;
  readonly fileSystem: FileSystem;
  readonly owner: Owner;
  readonly removeStalePartials: RemoveStalePartials;
  readonly throttle: Throttle | null;
  readonly budget: Budget;
  readonly report: Report;
  /** Ends every request that has no answer yet, and every pause; a body that is coming goes on. */
  readonly stop: AbortSignal;
}

/** The parts of a run. */
export interface RunParts {
  readonly host: Host;
  readonly session: Session;
  readonly rules: DownloadRules;
  /** Bytes; null is no limit. */
  readonly maxTransfer: number | null;
  readonly report: Report;
  readonly fileSystem?: FileSystem;
}

/** The context of a run, all but the signal that stops it, which the batch makes. */
export function downloadContext(parts: RunParts): Omit<DownloadContext, 'stop'> {
  const { host, session, rules, report, fileSystem = diskFileSystem } = parts;
  const { settings, client } = session;
  const run = Math.floor(host.random() * 0x1_0000_0000)
    .toString(16)
    .padStart(8, '0');
  const owner = { hostname: host.hostname, pid: host.pid, run };
  return {
    host,
    client,
    settings,
    rules,
    report,
    fileSystem,
    owner,
    removeStalePartials: stalePartialRemover(fileSystem, owner, host.isAlive),
    throttle: settings.limitRate === null ? null : new Throttle(settings.limitRate),
    budget: new Budget(parts.maxTransfer),
  };
}
