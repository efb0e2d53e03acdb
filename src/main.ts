/** What the launcher runs. */
import { run } from './cli.ts';
import { systemHost } from './host.ts';

/** Runs the command that this process was started with, to the process's own end. */
export async function main(): Promise<void> {
  const host = systemHost();
  host.end(await run(host.argv, host));
}
