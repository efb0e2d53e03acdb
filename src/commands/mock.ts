/** `mavi mock`: flags to a checked plan. */
import type { Command } from 'commander';
import { UsageError } from '../errors.ts';
import type { MockPlan } from '../mock/run.ts';
import { byteSize, rate, wholeNumber } from '../settings/values.ts';
import { addEnd, type CommandContext, subcommand } from './command.ts';

/** Adds the command. */
export function addMock(program: Command, context: CommandContext): void {
  const command = subcommand(program, 'mock', 'an embedded mock of the API, for demos and for your own tests')
    .option('--port <n>', 'the port on 127.0.0.1; 0 is any that is free', '0')
    .option(
      '--videos <dir>',
      'serve the files of a folder instead of the samples; not what links lead to outside it',
    )
    .option(
      '--fault <name>',
      'misbehave: drop, stall, truncate, rate-limit, server-error, redirect, …; see --list-faults',
    )
    .option('--limit <n>', "the account's limit, as in --rate; 0 = none", '12/m')
    .option('--pace <bytes/s>', 'send each video no faster than this, such as 100K')
    .option('--list-faults', 'list the faults and exit');
  addEnd(command, [
    ['mavi mock --port 8080', 'prints MAVI_BASE_URL and MAVI_API_KEY, and serves until Ctrl-C'],
    ['mavi mock --fault drop@1000x2', 'breaks the connection after 1000 bytes, twice for each video'],
    [
      'mavi mock --videos ./clips --fault rate-limitx1',
      'your own files; the first answer for each is a 0429',
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
    port: read('port', flags.port, wholeNumber(0, 65_535)),
    videos: typeof flags.videos === 'string' ? flags.videos : null,
    fault: typeof flags.fault === 'string' ? flags.fault : null,
    limit: read('limit', flags.limit, rate),
    pace: flags.pace === undefined ? null : read('pace', flags.pace, byteSize),
    listFaults: flags.listFaults === true,
  };
}
