/** The man page, from the same tree and tables that `--help` prints. */
import type { EventEmitter } from 'node:events';
import type { Argument, Command, Option } from 'commander';
import { commandTree } from '../cli.ts';
import { TOPICS, VARIABLES } from '../commands/help.ts';
import { EXIT_CODES } from '../errors.ts';
import type { Host } from '../host.ts';
import { version } from '../version.ts';

/** The source of mavi(1) of this version. */
export function madeManPage(): string {
  // The tree is only read, so nothing uses its host.
  const program = commandTree({ host: {} as Host, run: async () => {} }, { help: [], usage: [] });
  const commands = below(program);
  const leaves = commands.filter((command) => command.commands.length === 0);
  const settings = commands.flatMap(({ options }) => options.filter(isSetting));
  const lines = [
    // No date, so that the same source always produces the same page.
    `.TH MAVI 1 "" "mavi ${roffText(version)}" "User Commands"`,
    // No hyphenation and no justified lines, so that names and addresses can be copied.
    '.nh',
    '.ad l',
    '.SH NAME',
    'mavi \\- download your original videos from a Memories.ai library',
    '.SH SYNOPSIS',
    leaves.map(synopsis).join('\n.br\n'),
    '.SH DESCRIPTION',
    roffText(program.description()),
    'Only data goes to standard output; everything else goes to standard error.',
    '.SH OPTIONS',
    ...optionList(program.createHelp().visibleOptions(program)),
    '.SH COMMANDS',
    ...commands.flatMap(commandSection),
    '.SH SETTINGS',
    `Each is taken from its flag, else from its environment variable, else from what ${bold('mavi config')} stored.`,
    ...optionList([...new Map(settings.map((option) => [option.flags, option])).values()]),
    '.SH VERIFICATION',
    ...literalBlock((TOPICS.verification ?? '').split('\n')),
    '.SH EXIT STATUS',
    ...taggedList(Object.entries(EXIT_CODES).map(([code, meaning]) => [bold(code), sentence(meaning)])),
    '.SH ENVIRONMENT',
    'An empty variable counts as unset.',
    ...taggedList(VARIABLES.map(([name, meaning]) => [bold(name), sentence(meaning)])),
    '.SH FILES',
    ...taggedList([
      [bold('config.json'), 'The stored key and settings; mavi config path prints where it is.'],
      [bold('mavi-manifest.ndjson'), 'What mavi sync has downloaded into the folder.'],
    ]),
    '.SH EXAMPLES',
    ...literalBlock(helpEnd(program)),
  ];
  return `${lines.join('\n')}\n`;
}

/** All subcommands, each before its own. */
function below(command: Command): Command[] {
  return command.commands.flatMap((each) => [each, ...below(each)]);
}

function commandSection(command: Command): string[] {
  const isGroup = command.commands.length > 0;
  const described = command.registeredArguments.filter(({ description }) => description !== '');
  const settings = command.options.filter(isSetting).map((option) => bold(option.long as string));
  return [
    `.SS ${roffText(pathOf(command).join(' '))}`,
    ...(isGroup ? [] : [synopsis(command), '.PP']),
    roffText(sentence(command.description())),
    ...taggedList(described.map((argument) => [placeholder(argument.name()), withNotes(argument)])),
    ...optionList(command.options.filter((option) => !isSetting(option))),
    ...(settings.length === 0 ? [] : ['.PP', `Settings: ${settings.join(', ')}.`]),
    '.PP',
    ...literalBlock(helpEnd(command)),
  ];
}

function synopsis(command: Command): string {
  const operands = command.registeredArguments.map((argument) => {
    const name = `${placeholder(argument.name())}${argument.variadic ? ' ...' : ''}`;
    return argument.required ? name : `[${name}]`;
  });
  const options = command.options.length > 0 ? [`[${placeholder('options')}]`] : [];
  return [bold(pathOf(command).join(' ')), ...options, ...operands].join(' ');
}

/** Settings have their own section. */
function isSetting({ helpGroupHeading }: Option): boolean {
  return helpGroupHeading === 'Settings:';
}

/** The flags in bold, as in `-o, --output <file>`, each with its meaning. */
function optionList(options: readonly Option[]): string[] {
  const styled = (part: string) => (part.startsWith('<') ? placeholder(part.slice(1, -1)) : bold(part));
  const flagsOf = ({ flags }: Option) => flags.replace(/<[^>]+>|-{1,2}[a-zA-Z][\w-]*/g, styled);
  return taggedList(options.map((option) => [flagsOf(option), withNotes(option)]));
}

function withNotes({ description, argChoices, defaultValue }: Option | Argument): string {
  const choices = argChoices === undefined ? [] : [`one of ${argChoices.join(', ')}`];
  const notes = defaultValue === undefined ? choices : [...choices, `default ${defaultValue}`];
  return sentence(notes.length === 0 ? description : `${description} (${notes.join('; ')})`);
}

/** The lines that a command adds to the end of its help, without the line of topics. */
function helpEnd(command: Command): string[] {
  const parts: string[] = [];
  const write = (part: string) => parts.push(part);
  // A command is an event emitter, which its types hide.
  (command as unknown as EventEmitter).emit('afterHelp', { error: false, command, write });
  const text = parts.join('').replace(/^(Help topics: .*|Examples:)\n/gm, '');
  return text.trim().split('\n');
}

function pathOf(command: Command): string[] {
  return command.parent === null ? [command.name()] : [...pathOf(command.parent), command.name()];
}

function sentence(text: string): string {
  const capital = `${text.charAt(0).toUpperCase()}${text.slice(1)}`;
  return /[.?!]$/.test(capital) ? capital : `${capital}.`;
}

const NAMED: Readonly<Record<string, string>> = {
  ...{ '\\': '\\(rs', '-': '\\-', "'": '\\(aq', '"': '\\(dq' },
  ...{ '`': '\\(ga', '^': '\\(ha', '~': '\\(ti' },
};

/** Plain text as roff: hyphens and quotes can be copied, and nothing is taken for an escape or a request. */
function roffText(plain: string): string {
  const escaped = (character: string) => {
    const hex = (character.codePointAt(0) as number).toString(16).toUpperCase();
    return NAMED[character] ?? `\\[u${hex.padStart(4, '0')}]`;
  };
  return plain.replace(/[^\n\x20-\x7e]|[\\\-'"`^~]/gu, escaped).replace(/^\./gm, '\\&.');
}

const bold = (plain: string): string => `\\fB${roffText(plain)}\\fR`;
const placeholder = (plain: string): string => `\\fI${roffText(plain)}\\fR`;

/** Tags, already in roff, each with a plain text. */
function taggedList(rows: readonly (readonly [tag: string, text: string])[]): string[] {
  return rows.flatMap(([tag, text]) => ['.TP', tag, roffText(text)]);
}

/** Plain lines, kept as they are. */
export function literalBlock(lines: readonly string[]): string[] {
  return ['.RS 4', '.nf', ...lines.map((line) => roffText(line) || '\\&'), '.fi', '.RE'];
}
