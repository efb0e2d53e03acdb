/** What a shell has to know about the commands, read from the tree that parses them. */
import type { Command, Option } from 'commander';

/** A word that a shell offers, and what it means; the meaning may be empty. */
export interface Word {
  readonly word: string;
  readonly meaning: string;
}

/** What may stand as the value of a flag or as an argument, by what the help calls it; `words` only for that kind. */
export interface Values {
  readonly name: string;
  readonly kind: 'free' | 'file' | 'folder' | 'words';
  readonly words: readonly Word[];
}

/** A flag with all its spellings, the short one first; `value` is null where it takes none. */
export interface FlagShape {
  readonly spellings: readonly string[];
  readonly meaning: string;
  readonly value: Values | null;
}

/** A command with everything that may follow it; `path` is such as `['mavi', 'auth', 'login']`. */
export interface CommandShape {
  readonly path: readonly string[];
  readonly meaning: string;
  readonly flags: readonly FlagShape[];
  /** For a command that has others below it, one: their names. */
  readonly operands: readonly (Values & { readonly variadic: boolean })[];
  readonly commands: readonly CommandShape[];
}

/** Reads a tree of commands, with words that no list of choices names, by a key such as `mock --fault`. */
export function readTree(
  command: Command,
  known: ReadonlyMap<string, readonly Word[]>,
  above: readonly string[] = [],
): CommandShape {
  const path = [...above, command.name()];
  const valuesOf = (name: string, key: string, choices: readonly string[] | undefined): Values => {
    const words =
      known.get(`${path.slice(1).join(' ')} ${key}`) ?? choices?.map((word) => ({ word, meaning: '' }));
    if (words !== undefined) return { name, kind: 'words', words };
    return { name, kind: name === 'file' ? 'file' : name === 'dir' ? 'folder' : 'free', words: [] };
  };
  const flagShape = ({ flags, short, long, description, argChoices }: Option): FlagShape => {
    const name = /[<[](?<name>[^>\]]+)[>\]]/.exec(flags)?.groups?.name;
    return {
      spellings: [short, long].filter((spelling) => spelling != null),
      meaning: description,
      value: name === undefined ? null : valuesOf(name, long ?? '', argChoices),
    };
  };
  const commands = command.commands.map((each) => readTree(each, known, path));
  const words = commands.map(({ path, meaning }) => ({ word: path.at(-1) as string, meaning }));
  const operands = command.registeredArguments.map((each) => ({
    ...valuesOf(each.name(), each.name(), each.argChoices),
    variadic: each.variadic,
  }));
  return {
    path,
    meaning: command.summary() || command.description(),
    flags: command.createHelp().visibleOptions(command).map(flagShape),
    operands: words.length === 0 ? operands : [{ name: 'command', kind: 'words', words, variadic: false }],
    commands,
  };
}

/** A command and all those below it, from the top. */
export function allCommands(shape: CommandShape): CommandShape[] {
  return [shape, ...shape.commands.flatMap(allCommands)];
}
