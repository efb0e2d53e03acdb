/** The command tree, and the only place where an error becomes a message and an exit code. */
import { Command, CommanderError } from 'commander';
import { addAuth } from './commands/auth.ts';
import { type CommandContext, usageHint } from './commands/command.ts';
import { addCompletion } from './commands/completion.ts';
import { addConfig } from './commands/config.ts';
import { addDownload } from './commands/download.ts';
import { addHelp } from './commands/help.ts';
import { addList } from './commands/list.ts';
import { addMock } from './commands/mock.ts';
import { addSync } from './commands/sync.ts';
import { addVerify } from './commands/verify.ts';
import { ClosedPipe, type ExitCode, exitCodeFor, Interrupted, MaviError, UsageError } from './errors.ts';
import { type Host, print, say } from './host.ts';
import { recordedError } from './record.ts';
import { printable, redactKeys } from './sanitize.ts';
import { version } from './version.ts';

/** What commander prints. */
type Output = Record<'help' | 'usage', string[]>;

/** Runs a command line. Returns its exit code; never throws. */
export async function run(argv: readonly string[], host: Host): Promise<ExitCode> {
  let exitCode: ExitCode = 0;
  const output: Output = { help: [], usage: [] };
  const runWork: CommandContext['run'] = (command, work) => {
    command.action(async () => {
      exitCode = await work(command.opts(), command.args);
    });
  };
  const program = commandTree({ host, run: runWork }, output);
  try {
    refuseChangedNames(argv, host);
    const words = argv.length === 0 ? ['--help'] : argv;
    await program.parseAsync(words, { from: 'user' }).catch((error) => {
      if (!(error instanceof CommanderError)) throw error;
      exitCode = error.exitCode === 0 ? 0 : 2;
    });
    if (output.help.length > 0) await print(host, output.help.join(''));
    if (output.usage.length > 0) say(host, output.usage.join('').trimEnd());
    return exitCode;
  } catch (error) {
    await printError(error, host, argv);
    return exitCodeFor(error);
  }
}

/** Refuses an argument that is not UTF-8, which would name another file. */
function refuseChangedNames(argv: readonly string[], host: Host): void {
  const changed = host.argvIsExact ? undefined : argv.find((argument) => argument.includes('\ufffd'));
  if (changed === undefined) return;
  const hint =
    "such names can't be passed as arguments: rename it, or change into the folder and use a relative name";
  throw new UsageError(`'${changed}' is not valid UTF-8`, { hint });
}

/** The tree of commands. What commander prints is collected in `output`. */
export function commandTree(context: CommandContext, output: Output): Command {
  const program = new Command('mavi')
    .description('Download your original videos from a Memories.ai library.')
    .usage('<command> [options]')
    .version(version, '-V, --version', 'print the version')
    .helpOption('-h, --help', 'print help')
    .helpCommand(false)
    .exitOverride()
    .configureHelp({ subcommandTerm: termOf })
    .configureOutput({
      writeOut: (text) => output.help.push(text),
      writeErr: (text) => output.usage.push(text),
      outputError: (text, write) => {
        const reworded = REWORDED.reduce((message, [words, ours]) => message.replace(words, ours), text);
        write(reworded.split('\n').map(printable).join('\n'));
      },
      getOutHelpWidth: () => (context.host.stdout.isTTY ? context.host.stderr.columns() : 100),
    });
  program.showHelpAfterError(usageHint(program));
  for (const add of PARTS) add(program, context);
  return program.addHelpText('after', EXAMPLES);
}

const PARTS = [addDownload, addList, addSync, addVerify, addAuth, addConfig, addMock, addCompletion, addHelp];

const EXAMPLES = `
Examples:
  mavi auth login                                  store the API key
  mavi download VI625239098370850816 -o video.mp4  download one video
  mavi sync library                                download all that is missing`;

/** How the help of its parent lists a command: at the top only its name, so that the list fits a small window. */
function termOf(command: Command): string {
  const isTop = command.parent?.parent === null;
  const operands = isTop ? [] : command.registeredArguments.map((argument) => `<${argument.name()}>`);
  return [command.name(), ...operands].join(' ');
}

/** Replacements, all made in turn, that make commander's messages read like those of this program. */
const REWORDED: readonly (readonly [RegExp, string])[] = [
  [/^error: /, 'mavi: '],
  [/\n\(Did you mean (?:one of )?(.*)\?\)/, ' (did you mean $1?)'],
  [/(unknown command 'version').*/, '$1 (did you mean --version?)'],
  [/Allowed choices are (.*), (.*)\.$/m, 'It takes $1 or $2.'],
  // Without the short name of a flag.
  [/option '-\w, (--.*?')/g, "option '$1"],
  [/option '(--[^ ']+).*?' cannot be used with option '(--[^ ']+).*?'/, "$1 can't be combined with $2"],
  [/option '(--\S+) (<.*?>)' argument missing/, '$1 needs a value: $2'],
  [/(too many arguments for '.*?')\. Expected (\d+).* got (\d+)\./, '$1: it takes $2, not $3'],
  [/option '(--\S+) .*?' argument ('.*?') is invalid\. It takes (.*)\.$/m, '$1 takes $3, not $2'],
  [/command-argument value (.*) is invalid for argument '(.*)'\. It takes (.*)\.$/m, '<$2> takes $3, not $1'],
];

/** Prints what failed and what to do next; a signal and a closed pipe end silently. */
async function printError(error: unknown, host: Host, argv: readonly string[]): Promise<void> {
  if (error instanceof ClosedPipe || error instanceof Interrupted) return;
  const { errorText } = await import('./progress/messages.ts');
  const { styleFor } = await import('./progress/text.ts');
  const style = await styleFor(host, host.stderr.isTTY);
  const verbose = argv.includes('-v') || argv.includes('--verbose');
  const { message, hint } = recordedError(error, host.secrets);
  say(host, errorText(null, message, verbose && !(error instanceof MaviError) ? '' : hint, style));
  if (verbose && error instanceof Error) {
    for (const line of redactKeys(error.stack ?? '', host.secrets).split('\n')) say(host, printable(line));
  }
}
