/** What a shell has to know of the commands, read off the tree that parses them. */
import type { Command, Option } from 'commander';

/** A word that a shell offers, and what it means; the meaning may be empty. */
export interface Word {
  readonly word: string;
  readonly meaning: string;
}

/** What may stand as the value of a flag, or as an argument. */
export type Values =
  | { readonly kind: 'free' }
  | { readonly kind: 'file' }
  | { readonly kind: 'folder' }
  | { readonly kind: 'words'; readonly words: readonly Word[] };

/** A flag with all its spellings, the short one first. */
export interface FlagShape {
  readonly spellings: readonly string[];
  readonly meaning: string;
  /** What the help calls the value, and what it may be; null where the flag takes none. */
  readonly value: { readonly name: string; readonly values: Values } | null;
}

/** An argument. */
export interface ArgumentShape {
  readonly name: string;
  readonly variadic: boolean;
  readonly values: Values;
}

/** A command with everything that may follow it. */
export interface CommandShape {
  /** From the program down, such as `['mavi', 'auth', 'login']`. */
  readonly path: readonly string[];
  readonly meaning: string;
  readonly flags: readonly FlagShape[];
  readonly arguments: readonly ArgumentShape[];
  readonly commands: readonly CommandShape[];
}

/** Words that no list of choices names, by command and flag or argument, such as `mock --fault`. */
export type KnownWords = ReadonlyMap<string, readonly Word[]>;

/** Reads a tree of commands, with the words that are known besides. */
export function readTree(command: Command, known: KnownWords, above: readonly string[] = []): CommandShape {
  const path = [...above, command.name()];
  const place = path.slice(1).join(' ');
  const help = command.createHelp();
  return {
    path,
    meaning: command.summary() || command.description(),
    flags: help.visibleOptions(command).map((option) => flagShape(option, place, known)),
    arguments: command.registeredArguments.map((argument) => ({
      name: argument.name(),
      variadic: argument.variadic,
      values: valuesOf(argument.name(), argument.argChoices, known.get(`${place} ${argument.name()}`)),
    })),
    commands: command.commands.map((each) => readTree(each, known, path)),
  };
}

/** A command and all those below it, from the top. */
export function allCommands(shape: CommandShape): CommandShape[] {
  return [shape, ...shape.commands.flatMap(allCommands)];
}

function flagShape(option: Option, place: string, known: KnownWords): FlagShape {
  const name = /[<[](?<name>[^>\]]+)[>\]]/.exec(option.flags)?.groups?.name;
  const spellings = [option.short, option.long].filter((spelling) => spelling != null);
  return {
    spellings,
    meaning: option.description,
    value:
      name === undefined
        ? null
        : { name, values: valuesOf(name, option.argChoices, known.get(`${place} ${option.long}`)) },
  };
}

/** What the help calls a value says what it is. */
function valuesOf(
  name: string,
  choices: readonly string[] | undefined,
  words: readonly Word[] | undefined,
): Values {
  if (words !== undefined) return { kind: 'words', words };
  if (choices !== undefined) return { kind: 'words', words: choices.map((word) => ({ word, meaning: '' })) };
  if (name === 'file') return { kind: 'file' };
  if (name === 'dir') return { kind: 'folder' };
  return { kind: 'free' };
}
