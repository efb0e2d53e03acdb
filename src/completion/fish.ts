import { allCommands, type CommandShape, type Values } from './tree.ts';

/** The script for fish: to be sourced, or to be a file `mavi.fish` in a folder of completions. */
export function fishScript(root: CommandShape): string {
  const commands = allCommands(root);
  return `# fish completion for mavi

# Whether the words before the cursor have led to this command, with as many arguments as the numbers allow.
function __mavi_at -a wanted least most
    set -l at mavi
    set -l operands 0
    set -l skip 0
    set -l literal 0
    for word in (commandline -opc)[2..]
        if test $skip = 1
            set skip 0
        else if test $literal = 1
            set operands (math $operands + 1)
        else if test "$word" = --
            set literal 1
        else if string match -q -- '-?*' $word
            switch "$at $word"
                case ${commands.flatMap(valueFlags).join(' ')}
                    set skip 1
            end
        else
            switch "$at $word"
                case ${commands
                  .slice(1)
                  .map(({ path }) => quoted(path.join(' ')))
                  .join(' ')}
                    set at "$at $word"
                case '*'
                    set operands (math $operands + 1)
            end
        end
    end
    test "$at" = "$wanted"; and test $operands -ge $least; and test $operands -le $most
end

complete -c mavi -f
${commands.flatMap(rules).join('\n')}
`;
}

const ANY_NUMBER = 100_000;

function rules(command: CommandShape): string[] {
  const operands = command.operands.flatMap((operand, place) => {
    const rule = `complete -c mavi -n ${at(command, place, operand.variadic ? ANY_NUMBER : place)}`;
    return operand.kind === 'free' ? [] : valueRules(rule, operand, '');
  });
  const flags = command.flags.flatMap(({ spellings, meaning, value }) => {
    const names = spellings.map((name) =>
      name.startsWith('--') ? `-l ${name.slice(2)}` : `-s ${name.slice(1)}`,
    );
    const rule = `complete -c mavi -n ${at(command, 0, ANY_NUMBER)} ${names.join(' ')}`;
    if (value === null) return [`${rule} -d ${quoted(meaning)}`];
    return [`${rule} -x -d ${quoted(meaning)}`, ...valueRules(`${rule} -r`, value, meaning)];
  });
  return [...operands, ...flags];
}

/** The rules that offer values; a word without a meaning of its own gets that of its flag. */
function valueRules(rule: string, { kind, words }: Values, meaning: string): string[] {
  const described = (text: string) => (text === '' ? '' : ` -d ${quoted(text)}`);
  const offered = words.map(
    (each) => `${rule} -f -a ${quoted(each.word)}${described(each.meaning || meaning)}`,
  );
  return {
    free: [],
    file: [`${rule} -F${described(meaning)}`],
    folder: [`${rule} -f -a '(__fish_complete_directories)'${described(meaning)}`],
    words: offered,
  }[kind];
}

function at({ path }: CommandShape, least: number, most: number): string {
  return quoted(`__mavi_at ${quoted(path.join(' '))} ${least} ${most}`);
}

function valueFlags({ path, flags }: CommandShape): string[] {
  return flags
    .filter(({ value }) => value !== null)
    .flatMap(({ spellings }) => spellings.map((spelling) => quoted(`${path.join(' ')} ${spelling}`)));
}

/** In fish's single quotes only the quote itself and the backslash need one. */
function quoted(plain: string): string {
  return `'${plain.replace(/['\\]/g, '\\$&')}'`;
}
