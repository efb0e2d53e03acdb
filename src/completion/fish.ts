import { allCommands, type CommandShape, type FlagShape, type Values } from './tree.ts';

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
  const { flags, commands, arguments: operands } = command;
  return [
    ...commands.map(
      (each) =>
        `complete -c mavi -n ${at(command, 0, 0)} -f -a ${quoted(each.path.at(-1) as string)} -d ${quoted(each.meaning)}`,
    ),
    ...operands.flatMap(({ variadic, values }, place) =>
      argumentRules(values, at(command, place, variadic ? ANY_NUMBER : place)),
    ),
    ...flags.flatMap((flag) => flagRules(flag, at(command, 0, ANY_NUMBER))),
  ];
}

function argumentRules(values: Values, condition: string): string[] {
  switch (values.kind) {
    case 'free':
      return [];
    case 'file':
      return [`complete -c mavi -n ${condition} -F`];
    case 'folder':
      return [`complete -c mavi -n ${condition} -f -a '(__fish_complete_directories)'`];
    case 'words':
      return values.words.map(
        ({ word, meaning }) =>
          `complete -c mavi -n ${condition} -f -a ${quoted(word)}${meaning === '' ? '' : ` -d ${quoted(meaning)}`}`,
      );
  }
}

function flagRules({ spellings, meaning, value }: FlagShape, condition: string): string[] {
  const names = spellings
    .map((spelling) => (spelling.startsWith('--') ? `-l ${spelling.slice(2)}` : `-s ${spelling.slice(1)}`))
    .join(' ');
  const rule = `complete -c mavi -n ${condition} ${names}`;
  const described = `-d ${quoted(meaning)}`;
  if (value === null) return [`${rule} ${described}`];
  switch (value.values.kind) {
    case 'free':
      return [`${rule} -x ${described}`];
    case 'file':
      return [`${rule} -r -F ${described}`];
    case 'folder':
      return [`${rule} -x -a '(__fish_complete_directories)' ${described}`];
    case 'words':
      return [
        `${rule} -x ${described}`,
        ...value.values.words.map(
          (each) => `${rule} -x -a ${quoted(each.word)} -d ${quoted(each.meaning || meaning)}`,
        ),
      ];
  }
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
