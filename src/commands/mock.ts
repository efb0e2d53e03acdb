/** `mavi mock`: flags to a checked plan. */
import type { Command } from 'commander';
import { UsageError } from '../errors.ts';
import type { MockPlan } from '../mock/run.ts';
import { byteSize, rate, wholeNumber } from '../settings/values.ts';
import { addEnd, type CommandContext, subcommand } from './command.ts';

/** Adds the command. */
export function addMock(program: Command, context: CommandContext): void {
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
    [
      'mavi mock --videos ./clips --fault rate-limitx1',
      'your own files; the first response for each is rate-limited',
    ],
  ]);
  command.action((flags: Record<string, unknown>) =>
    context.run(async () => (await import('../mock/run.ts')).runMock(mockPlan(flags), context.host)),
  );
}

function mockPlan(flags: Record<string, unknown>): MockPlan {
  const read = <T>(flag: string, value: unknown, reader: (text: string) => T): T => {
    try {
      return reader(String(value));
    } catch (error) {
      throw new UsageError(`--${flag} ${(error as Error).message}, not '${value}'`);
    }
  };
  return {
    listFaults: flags.listFaults === true,
    folder: typeof flags.videos === 'string' ? flags.videos : null,
    options: {
      port: read('port', flags.port, wholeNumber(0, 65_535)),
      faults: typeof flags.fault === 'string' ? flags.fault : undefined,
      accountLimit: read('limit', flags.limit, rate),
      bytesPerSecond: flags.pace === undefined ? undefined : read('pace', flags.pace, byteSize),
    },
  };
}
