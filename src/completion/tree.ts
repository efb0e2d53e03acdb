/** What a shell needs to know about the commands, read from the tree that parses them. */
import type { Command } from 'commander';
import { FAULTS } from '../mock/faults.ts';
import { DEFINITIONS } from '../settings/settings.ts';

/** A word that a shell offers; its meaning may be empty. */
type Word = readonly [word: string, meaning: string];

/** The values of a flag or an argument; `name` is its placeholder in the help, `words` are for that kind only. */
export interface Values {
  readonly name: string;
  readonly kind: 'free' | 'file' | 'folder' | 'words';
  readonly words: readonly Word[];
}

/** A command with what may follow it. The only operands of a group are the names of its subcommands. */
export interface CommandShape {
  /** Such as `mavi auth login`. */
  readonly path: string;
  readonly isGroup: boolean;
  /** Each with its spellings, the short one first; `value` is null if it takes none. */
  readonly flags: readonly { spellings: readonly string[]; meaning: string; value: Values | null }[];
  readonly operands: readonly (Values & { readonly variadic: boolean })[];
}

const SETTINGS = Object.values(DEFINITIONS).map(({ config, summary }) => [config, summary] as const);

/** Words that are not choices of commander's, by command and placeholder or flag. */
const KNOWN: Readonly<Record<string, readonly Word[]>> = {
  'mavi config get name': SETTINGS,
  'mavi config set name': SETTINGS,
  'mavi config unset name': SETTINGS,
  'mavi mock --fault': Object.entries(FAULTS).map(([name, [summary]]) => [name, summary]),
};

const KINDS: Readonly<Record<string, Values['kind']>> = { file: 'file', dir: 'folder' };

/** A command and all its subcommands, top down. */
export function readTree(command: Command, parents = ''): CommandShape[] {
  const path = `${parents}${command.name()}`;
  const valuesOf = (name: string, key: string, choices: readonly string[] = []): Values => {
    const words = KNOWN[`${path} ${key}`] ?? choices.map((word) => [word, ''] as const);
    return { name, kind: words.length > 0 ? 'words' : (KINDS[name] ?? 'free'), words };
  };
  const options = command.createHelp().visibleOptions(command);
  const flags = options.map(({ flags, short, long, description: meaning, argChoices }) => {
    const name = /[<[]([^>\]]+)[>\]]/.exec(flags)?.[1];
    const spellings = [short, long].filter((spelling) => spelling != null);
    return { spellings, meaning, value: name === undefined ? null : valuesOf(name, long ?? '', argChoices) };
  });
  const operands = command.registeredArguments.map((argument) => ({
    ...valuesOf(argument.name(), argument.name(), argument.argChoices),
    variadic: argument.variadic,
  }));
  const words = command.commands.map((each) => [each.name(), each.summary()] as const);
  const isGroup = words.length > 0;
  if (isGroup) operands.push({ name: 'command', kind: 'words', words, variadic: false });
  const subcommands = command.commands.flatMap((each) => readTree(each, `${path} `));
  return [{ path, isGroup, flags, operands }, ...subcommands];
}

/** Every flag that takes a value, in each spelling behind its command, such as `mavi sync --rate`. */
export function valueFlags(commands: readonly CommandShape[]): string[] {
  return commands.flatMap(({ path, flags }) =>
    flags.flatMap(({ spellings, value }) =>
      value === null ? [] : spellings.map((each) => `${path} ${each}`),
    ),
  );
}

/** A word for bash or zsh. */
export function quoted(plain: string): string {
  return `'${plain.replaceAll("'", `'\\''`)}'`;
}
