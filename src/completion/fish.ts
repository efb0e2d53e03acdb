/** Completion for fish. */
import { type CommandShape, type Values, valueFlags } from './tree.ts';

/** The script for fish: to be sourced, or saved as `mavi.fish` in a folder of completions. */
export function fishScript(commands: readonly CommandShape[]): string {
  const subcommands = commands.slice(1).map(({ path }) => path);
  return `# fish completion for mavi

# Whether the words before the cursor name this command and as many arguments; * is any number.
function __mavi_at -a wanted place
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
                case ${valueFlags(commands).map(quoted).join(' ')}
                    set skip 1
            end
        else
            switch "$at $word"
                case ${subcommands.map(quoted).join(' ')}
                    set at "$at $word"
                case '*'
                    set operands (math $operands + 1)
            end
        end
    end
    test "$at" = "$wanted"; and string match -q -- "$place" $operands
end

complete -c mavi -f
${commands.flatMap(rules).join('\n')}
`;
}

function rules({ path, operands, flags }: CommandShape): string[] {
  const rule = (place: number | '*'): string =>
    `complete -c mavi -n ${quoted(`__mavi_at ${quoted(path)} '${place}'`)}`;
  const ofOperands = operands.flatMap((operand, place) =>
    valueRules(rule(operand.variadic ? '*' : place), operand, ''),
  );
  const ofFlags = flags.flatMap(({ spellings, meaning, value }) => {
    const names = spellings.map((name) => name.replace(/^--/, ' -l ').replace(/^-/, ' -s ')).join('');
    const flag = rule('*') + names;
    if (value === null) return [`${flag} -d ${quoted(meaning)}`];
    return [`${flag} -x -d ${quoted(meaning)}`, ...valueRules(`${flag} -r`, value, meaning)];
  });
  return [...ofOperands, ...ofFlags];
}

/** The rules that offer values; a word without a meaning gets that of its flag. */
function valueRules(rule: string, { kind, words }: Values, flagMeaning: string): string[] {
  const described = (meaning: string) => (meaning === '' ? '' : ` -d ${quoted(meaning)}`);
  return {
    free: [],
    file: [`${rule} -F${described(flagMeaning)}`],
    folder: [`${rule} -f -a '(__fish_complete_directories)'${described(flagMeaning)}`],
    words: words.map(
      ([word, meaning]) => `${rule} -f -a ${quoted(word)}${described(meaning || flagMeaning)}`,
    ),
  }[kind];
}

/** In fish's single quotes, only the quote and the backslash are escaped. */
function quoted(plain: string): string {
  return `'${plain.replace(/['\\]/g, '\\$&')}'`;
}
