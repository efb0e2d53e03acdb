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
  const { path, flags, commands } = command;
  const words = commands.map((each) => ({ word: each.path.at(-1) as string, meaning: each.meaning }));
  const cases = commands.map((each) => `    ${each.path.at(-1)}) ${functionName(each)} && ret=0 ;;`);
  return `${functionName(command)}() {
  local curcontext=$curcontext state line ret=1
  typeset -A opt_args
  _arguments -s -C : \\
${[...flags.map(flagSpec), quoted(`1:command:${wordList(words)}`), quoted('*::: :->below')]
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
    ...command.arguments.map(({ name, variadic, values }, place) =>
      quoted(`${variadic ? '*' : place + 1}:${text(name)}:${action(values)}`),
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
  const rest = `[${text(meaning)}]${value === null ? '' : `:${text(value.name)}:${action(value.values)}`}`;
  return spellings
    .map((spelling) => {
      // A value may follow -o at once or as the next word; after --output it follows = or is the next word.
      const taken = value === null ? '' : spelling.startsWith('--') ? '=' : '+';
      return quoted(`${excluded}${spelling}${taken}${rest}`);
    })
    .join(' \\\n    ');
}

function action(values: Values): string {
  switch (values.kind) {
    case 'file':
      return '_files';
    case 'folder':
      return '_files -/';
    case 'words':
      return wordList(values.words);
    case 'free':
      // A space says what is expected, and offers nothing.
      return ' ';
  }
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
