import { allCommands, type CommandShape, type FlagShape, type Values, type Word } from './tree.ts';

/** The script for zsh: to be sourced after compinit, or to be a file `_mavi` in a folder of `fpath`. */
export function zshScript(root: CommandShape): string {
  const functions = allCommands(root).map((command) =>
    command.commands.length > 0 ? groupFunction(command) : commandFunction(command),
  );
  return `#compdef mavi
# zsh completion for mavi

${functions.join('\n')}
# As a file of fpath this is the body of the function; sourced, it makes the function known.
if [[ $funcstack[1] == _mavi ]]; then
  _mavi "$@"
else
  compdef _mavi mavi
fi
`;
}

/** A command that only has others below it: the first word picks one, and the rest is that one's. */
function groupFunction(command: CommandShape): string {
  const { path, flags, commands, operands } = command;
  const cases = commands.map((each) => `    ${each.path.at(-1)}) ${functionName(each)} && ret=0 ;;`);
  return `${functionName(command)}() {
  local curcontext=$curcontext state line ret=1
  typeset -A opt_args
  _arguments -s -C : \\
${[
  ...flags.map(flagSpec),
  ...operands.map((names) => quoted(`1:command:${action(names)}`)),
  quoted('*::: :->below'),
]
  .map((spec) => `    ${spec}`)
  .join(' \\\n')} && ret=0
  [[ $state == below ]] || return ret
  words=($line[1] "\${words[@]}")
  (( CURRENT += 1 ))
  curcontext="\${curcontext%:*:*}:${path.join('-')}-$line[1]:"
  case $line[1] in
${cases.join('\n')}
  esac
  return ret
}
`;
}

function commandFunction(command: CommandShape): string {
  const specs = [
    ...command.flags.map(flagSpec),
    ...command.operands.map((operand, place) =>
      quoted(`${operand.variadic ? '*' : place + 1}:${text(operand.name)}:${action(operand)}`),
    ),
  ];
  return `${functionName(command)}() {
  _arguments -s -S : \\
${specs.map((spec) => `    ${spec}`).join(' \\\n')}
}
`;
}

/** A flag with its other spelling, which is not offered once either stands there. */
function flagSpec({ spellings, meaning, value }: FlagShape): string {
  const excluded = spellings.length > 1 ? `(${spellings.join(' ')})` : '';
  const rest = `[${text(meaning)}]${value === null ? '' : `:${text(value.name)}:${action(value)}`}`;
  return spellings
    .map((spelling) => {
      // A value may follow -o at once or as the next word; after --output it follows = or is the next word.
      const taken = value === null ? '' : spelling.startsWith('--') ? '=' : '+';
      return quoted(`${excluded}${spelling}${taken}${rest}`);
    })
    .join(' \\\n    ');
}

function action({ kind, words }: Values): string {
  // A space says what is expected, and offers nothing.
  return { file: '_files', folder: '_files -/', free: ' ', words: wordList(words) }[kind];
}

function wordList(words: readonly Word[]): string {
  if (words.every(({ meaning }) => meaning === '')) return `(${words.map(({ word }) => word).join(' ')})`;
  const described = words.map(({ word, meaning }) => `${word}\\:${doubleQuoted(meaning)}`);
  return `((${described.join(' ')}))`;
}

function functionName({ path }: CommandShape): string {
  return `_${path.join('_')}`;
}

/** Text inside a spec, where colons and brackets have a meaning. */
function text(plain: string): string {
  return plain.replace(/[\\:[\]]/g, '\\$&');
}

/** A word of a described list, which the shell reads once more. */
function doubleQuoted(plain: string): string {
  return `"${plain.replace(/["$`\\]/g, '\\$&').replaceAll(':', '\\:')}"`;
}

function quoted(plain: string): string {
  return `'${plain.replaceAll("'", `'\\''`)}'`;
}
