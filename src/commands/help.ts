/** `mavi help`: a command's help, or a topic. */
import { Argument, Command } from 'commander';
import { EXIT_CODES, type ExitCode } from '../errors.ts';
import { print } from '../host.ts';
import { DEFINITIONS } from '../settings/settings.ts';
import { type CommandContext, subcommand, usageHint } from './command.ts';

/** The variables that `mavi` reads, and what each is for. */
export const VARIABLES: readonly (readonly [name: string, meaning: string])[] = [
  ['MAVI_API_KEY', 'the API key; overrides all other sources but --profile'],
  ['MAVI_API_KEY_FILE', 'a file that contains the API key'],
  ['MEMORIES_API_KEY', 'the API key, under the name that other clients use'],
  ...Object.values(DEFINITIONS).map(({ variable, config }) => [variable, `default for --${config}`] as const),
  ['MAVI_PROFILE', 'default for --profile'],
  ['MAVI_CONFIG_DIR', 'the folder of the settings files'],
  ['HTTPS_PROXY, ALL_PROXY', 'the proxy to use'],
  ['NO_PROXY', 'names, addresses and CIDR ranges that bypass the proxy'],
  ['NODE_EXTRA_CA_CERTS', 'a file of additional certificate authorities'],
  ['NO_COLOR, FORCE_COLOR', 'never or always use colours'],
];

const VERIFICATION = `A download gets its final name only after it is verified (--verify <level>):
  full  the default: starts like a video, with complete MP4 boxes and all samples
  ftyp  starts like a video
  none  nothing about the video itself; a last resort

At every level:
  - A JSON or HTML response never becomes a file.
  - The length must match Content-Length, if the server sends it.
  - The size is compared with the library, if known (--lookup, and always in sync).

--deep, with level full, also checks the media of H.264 and H.265 video: it finds
data that was zeroed, overwritten or spliced.

Data after the end of a complete video is a warning. --container any also accepts
Matroska, WebM, AVI, MPEG-TS and old QuickTime, but checks only their first bytes.
--checksum prints the SHA-256; sync always records it.

mavi verify does the same checks on files on disk; with a manifest, it also compares
sizes and SHA-256.`;

/** The topics of `mavi help`, and their texts. */
export const TOPICS: Readonly<Record<string, string>> = {
  'exit-codes': `Exit codes:\n${table(Object.entries(EXIT_CODES))}`,
  environment: `Environment variables:\n${table(VARIABLES)}

An empty variable counts as unset. A flag overrides its variable, which overrides the settings file.`,
  verification: VERIFICATION,
};

/** Adds the command; all others have been added before. */
export function addHelp(program: Command, { host, run }: CommandContext): void {
  const argument = new Argument('[topic...]', 'a command, such as download or auth login, or a topic');
  // For completion. Not .choices(): for an unknown topic, commander would list them all instead of suggesting one.
  argument.argChoices = [...program.commands.map((each) => each.name()), ...Object.keys(TOPICS)];
  const command = subcommand(program, 'help', 'help on a command, exit-codes, environment or verification');
  run(command.addArgument(argument), async (_flags, names) => {
    let found: Command | undefined = program;
    let known = argument.argChoices ?? [];
    for (const name of names) {
      if (!known.includes(name)) return suggest(name, known, command);
      // A topic is not a command, and has nothing below it.
      found = found?.commands.find((each) => each.name() === name);
      known = found?.commands.map((each) => each.name()) ?? [];
    }
    if (found === undefined) await print(host, `${TOPICS[names.join(' ')]}\n`);
    else found.outputHelp();
    return 0;
  });
}

/** Fails as commander does for an unknown command, with a known one that is similar. */
function suggest(name: string, known: readonly string[], help: Command): ExitCode {
  const index = new Command('help')
    .helpCommand(false)
    .copyInheritedSettings(help)
    .showHelpAfterError(usageHint(help.parent ?? help));
  for (const each of known) index.command(each);
  if (known.length > 0) index.parse([name], { from: 'user' });
  return index.error(`error: unknown command '${name}'`);
}

function table(rows: readonly (readonly [name: string, meaning: string])[]): string {
  const widest = Math.max(...rows.map(([name]) => name.length));
  return rows.map(([name, meaning]) => `  ${name.padEnd(widest)}  ${meaning}`).join('\n');
}
