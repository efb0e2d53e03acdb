/** The entry of the bundle, which bin/mavi.js imports. */
import { run } from './cli.ts';
import { systemHost } from './host.ts';

/** Runs the command line of this process, then ends the process. */
export async function main(): Promise<void> {
  const host = systemHost();
  host.end(await run(host.argv, host));
}
