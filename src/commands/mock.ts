/** `mavi mock`: flags to a checked plan. */
import type { Command } from 'commander';
import type { MockPlan } from '../mock/run.ts';
import { byteSize, rate, readValue, wholeNumber } from '../settings/values.ts';
import { addEnd, type CommandContext, type Flags, subcommand } from './command.ts';

const OWN_FILES = 'mavi mock --videos ./clips --fault rate-limitx1';

/** Adds the command. */
export function addMock(program: Command, { host, run }: CommandContext): void {
  const command = subcommand(program, 'mock', 'run a built-in mock API server, for demos and your own tests')
    .option('--port <n>', 'listen on this port of 127.0.0.1; 0 = any free port', '0')
    .option('--videos <dir>', 'serve the files in a folder, not the samples (skips symlinks that leave it)')
    .option('--fault <name>', 'misbehave, such as drop, stall or rate-limit; see --list-faults')
    .option('--limit <n>', 'limit downloads per account, as in --rate; 0 = no limit', '12/m')
    .option('--pace <bytes/s>', 'send each video no faster than this, such as 100K')
    .option('--list-faults', 'list the faults and exit');
  addEnd(command, [
    ['mavi mock --port 8080', 'prints MAVI_BASE_URL and MAVI_API_KEY, serves until Ctrl-C'],
    ['mavi mock --fault drop@1000x2', 'drops the connection after 1000 bytes, twice for each video'],
    [OWN_FILES, 'your own files; the first response for each is rate-limited'],
  ]);
  command.action((flags: Flags) =>
    run(async () => (await import('../mock/run.ts')).runMock(mockPlan(flags), host)),
  );
}

function mockPlan(flags: Flags): MockPlan {
  return {
    listFaults: flags.listFaults === true,
    folder: typeof flags.videos === 'string' ? flags.videos : null,
    options: {
      port: readValue('--port', String(flags.port), wholeNumber(0, 65_535)),
      faults: typeof flags.fault === 'string' ? flags.fault : undefined,
      accountLimit: readValue('--limit', String(flags.limit), rate),
      bytesPerSecond: typeof flags.pace === 'string' ? readValue('--pace', flags.pace, byteSize) : undefined,
    },
  };
}
