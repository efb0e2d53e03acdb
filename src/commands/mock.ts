/** `mavi mock`: flags to a checked plan. */
import type { Command } from 'commander';
import type { MockPlan } from '../mock/run.ts';
import { byteSize, rate, readValue, wholeNumber } from '../settings/values.ts';
import { type CommandContext, type Flags, subcommand } from './command.ts';

/** Adds the command. */
export function addMock(program: Command, { host, run }: CommandContext): void {
  const ownFiles = 'mavi mock --videos ./clips --fault rate-limitx1';
  const summary = 'run a built-in mock API server, for demos and your own tests';
  const command = subcommand(program, 'mock', summary, [
    ['mavi mock --port 8080', 'prints MAVI_BASE_URL and MAVI_API_KEY, serves until Ctrl-C'],
    ['mavi mock --fault drop@1000x2', 'drops the connection after 1000 bytes, twice for each video'],
    [ownFiles, 'your own files; the first response for each is rate-limited'],
  ])
    .option('--port <n>', 'listen on this port of 127.0.0.1; 0 = any free port', '0')
    .option('--videos <dir>', 'serve the files in a folder, not the samples (skips symlinks that leave it)')
    .option('--fault <name>', 'misbehave, such as drop or drop@1000x1,bad-range; see --list-faults', joined)
    .option('--limit <n>', 'limit downloads per account, as in --rate; 0 = no limit', '12/m')
    .option('--pace <bytes/s>', 'send each video no faster than this, such as 100K')
    .option('--list-faults', 'list the faults and exit');
  run(command, async (flags) => (await import('../mock/run.ts')).runMock(mockPlan(flags), host));
}

/** Several flags count as one with commas between. */
function joined(text: string, before?: string): string {
  return before === undefined ? text : `${before},${text}`;
}

function mockPlan(flags: Flags): MockPlan {
  const texts = flags as Readonly<Record<string, string | undefined>>;
  const { port = '', limit = '', videos = null, fault, pace } = texts;
  return {
    listFaults: flags.listFaults === true,
    folder: videos,
    options: {
      port: readValue('--port', port, wholeNumber(0, 65_535)),
      faults: fault,
      accountLimit: readValue('--limit', limit, rate),
      bytesPerSecond: pace === undefined ? pace : readValue('--pace', pace, byteSize),
    },
  };
}
