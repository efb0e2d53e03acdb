/** The man page, out of the same tree and tables that `--help` prints. */
import type { EventEmitter } from 'node:events';
import type { Argument, Command, Option } from 'commander';
import { commandTree } from '../cli.ts';
import { VARIABLES } from '../commands/help.ts';
import { EXIT_CODES } from '../errors.ts';
import type { Host } from '../host.ts';
import { version } from '../version.ts';
import { bold, literalBlock, placeholder, roffText, taggedList } from './roff.ts';

const SETTINGS_GROUP = 'Settings:';

/** The man page of this version; the tree of commands is only read, so nothing in it asks for its host. */
export function madeManPage(): string {
  const tree = commandTree({ host: {} as Host, run: async () => {} }, { help: '', usage: '' });
  return manPage(tree, version);
}

/** The source of mavi(1). */
function manPage(program: Command, version: string): string {
  const commands = below(program);
  const leaves = commands.filter((command) => command.commands.length === 0);
  const lines = [
    // The date stays empty, so that the same source always makes the same page.
    `.TH MAVI 1 "" "mavi ${roffText(version)}" "User Commands"`,
    // No hyphens and no stretched lines: names and addresses are to be copied.
    '.nh',
    '.ad l',
    '.SH NAME',
    `mavi \\- ${roffText(firstWords(program.description()))}`,
    '.SH SYNOPSIS',
    ...leaves.flatMap((command, place) => [...(place === 0 ? [] : ['.br']), synopsis(command)]),
    '.SH DESCRIPTION',
    roffText(program.description()),
    '.PP',
    'Standard output carries data alone; all else goes to standard error.',
    '.SH OPTIONS',
    ...optionList(ownOptions(program)),
    '.SH COMMANDS',
    ...commands.flatMap(commandSection),
    '.SH SETTINGS',
    `Each is looked for as a flag, then in the environment, then in what ${bold('mavi config')} stored.`,
    ...optionList(settingOptions(leaves)),
    '.SH EXIT STATUS',
    ...taggedList(Object.entries(EXIT_CODES).map(([code, meaning]) => [bold(code), sentence(meaning)])),
    '.SH ENVIRONMENT',
    'An empty variable counts as unset.',
    ...taggedList(VARIABLES.map(([name, meaning]) => [bold(name), sentence(meaning)])),
    '.SH FILES',
    ...taggedList([
      [bold('config.json'), 'The stored key and settings; mavi config path prints where it is.'],
      [bold('mavi-manifest.ndjson'), 'What mavi sync has downloaded into the folder that it lies in.'],
    ]),
    '.SH EXAMPLES',
    ...notesOf(program).flatMap(({ lines }) => literalBlock(lines)),
  ];
  return `${lines.join('\n')}\n`;
}

/** All commands below, each before its own; commander's help is none of them. */
function below(command: Command): Command[] {
  const commands = command.createHelp().visibleCommands(command);
  return commands.filter((each) => each.name() !== 'help').flatMap((each) => [each, ...below(each)]);
}

function commandSection(command: Command): string[] {
  const settings = command.options.filter((option) => option.helpGroupHeading === SETTINGS_GROUP);
  return [
    `.SS ${roffText(pathOf(command).join(' '))}`,
    ...(command.commands.length > 0 ? [] : [synopsis(command), '.PP']),
    roffText(sentence(command.description())),
    ...taggedList(
      command.registeredArguments
        .filter(({ description }) => description !== '')
        .map((argument) => [placeholder(argument.name()), sentence(withNotes(argument))]),
    ),
    ...optionList(ownOptions(command)),
    ...(settings.length === 0
      ? []
      : ['.PP', `Settings: ${settings.map((option) => bold(option.long as string)).join(', ')}.`]),
    ...notesOf(command).flatMap(noteText),
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

/** All flags but `--help`, which every command has, and the settings, which have a section of their own. */
function ownOptions(command: Command): Option[] {
  return command
    .createHelp()
    .visibleOptions(command)
    .filter((option) => option.helpGroupHeading !== SETTINGS_GROUP)
    .filter((option) => option.long !== '--help' || command.parent === null);
}

function settingOptions(commands: readonly Command[]): Option[] {
  const byFlag = new Map<string, Option>();
  for (const { options } of commands) {
    for (const option of options) {
      if (option.helpGroupHeading === SETTINGS_GROUP) byFlag.set(option.flags, option);
    }
  }
  return [...byFlag.values()];
}

function optionList(options: readonly Option[]): string[] {
  return taggedList(options.map((option) => [flagsText(option.flags), sentence(withNotes(option))]));
}

function withNotes({ description, argChoices, defaultValue }: Option | Argument): string {
  const notes = [
    ...(argChoices === undefined ? [] : [`one of ${argChoices.join(', ')}`]),
    ...(defaultValue === undefined ? [] : [`default ${defaultValue}`]),
  ];
  return notes.length === 0 ? description : `${description} (${notes.join('; ')})`;
}

/** `-o, --output <file>` with the flags bold and the value to be filled in. */
function flagsText(flags: string): string {
  return flags.replace(/<[^>]+>|-{1,2}[a-zA-Z][\w-]*/g, (part) =>
    part.startsWith('<') ? placeholder(part.slice(1, -1)) : bold(part),
  );
}

/** A part of what a command adds to the end of its help. */
interface Note {
  /** Ends in a colon. */
  readonly heading: string;
  readonly lines: readonly string[];
}

/** All that a command adds to the end of its help, but for the tables that are sections here. */
function notesOf(command: Command): Note[] {
  let added = '';
  // A command is an emitter of events, which its types keep to themselves; this one asks for the text.
  (command as unknown as EventEmitter).emit('afterHelp', {
    error: false,
    command,
    write: (text: string) => {
      added += text;
    },
  });
  return added
    .split(/^(?=\S.*:$)/m)
    .map((block) => block.trim().split('\n'))
    .map(([heading = '', ...lines]) => ({ heading, lines: lines.map((line) => line.replace(/^ {2}/, '')) }))
    .filter(({ heading }) => heading.endsWith(':') && !/^(Exit codes|Environment):$/.test(heading));
}

/** A table of names and meanings becomes a list; anything else stays as it stands. */
function noteText({ heading, lines }: Note): string[] {
  const rows = lines.map((line) => /^(?<name>[\w-]+) {2,}(?<meaning>\S.*)$/.exec(line)?.groups);
  const body = rows.every((row) => row !== undefined)
    ? taggedList(rows.map((row) => [bold(row.name as string), sentence(row.meaning as string)]))
    : literalBlock(lines);
  return ['.PP', roffText(heading), ...body];
}

function pathOf(command: Command): string[] {
  return command.parent === null ? [command.name()] : [...pathOf(command.parent), command.name()];
}

function sentence(text: string): string {
  const capital = `${text.charAt(0).toUpperCase()}${text.slice(1)}`;
  return /[.?!]$/.test(capital) ? capital : `${capital}.`;
}

/** NAME takes one line without a full stop, and starts small. */
function firstWords(text: string): string {
  const words = text.split(',')[0] as string;
  return `${words.charAt(0).toLowerCase()}${words.slice(1)}`;
}
