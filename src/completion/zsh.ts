/** Completion for zsh. */
import { type CommandShape, type FlagShape, quoted, type Values, type Word } from './tree.ts';

/** The script for zsh: to be sourced after compinit, or saved as `_mavi` in a folder of `fpath`. */
export function zshScript(commands: readonly CommandShape[]): string {
  const functions = commands.map((each) => (each.isGroup ? groupFunction(each) : commandFunction(each)));
  return `#compdef mavi
# zsh completion for mavi

${functions.join('\n')}
# As a file in fpath this is the body of the function; sourced, it registers the function.
if [[ $funcstack[1] == _mavi ]]; then
  _mavi "$@"
else
  compdef _mavi mavi
fi
`;
}

/** A command with subcommands: the first word selects one, and the rest belongs to that one. */
function groupFunction({ path, flags, operands }: CommandShape): string {
  const names = operands.map((operand) => quoted(`1:command:${action(operand)}`));
  const cases = operands.flatMap(({ words }) =>
    words.map(({ word }) => `    ${word}) ${functionName(`${path} ${word}`)} && ret=0 ;;`),
  );
  return `${functionName(path)}() {
  local curcontext=$curcontext state line ret=1
  typeset -A opt_args
  _arguments -s -C : \\
${argumentLines([...flags.map(flagSpec), ...names, quoted('*::: :->below')])} && ret=0
  [[ $state == below ]] || return ret
  words=($line[1] "\${words[@]}")
  (( CURRENT += 1 ))
  curcontext="\${curcontext%:*:*}:${path.replaceAll(' ', '-')}-$line[1]:"
  case $line[1] in
${cases.join('\n')}
  esac
  return ret
}
`;
}

function commandFunction({ path, flags, operands }: CommandShape): string {
  const operandSpecs = operands.map((operand, place) =>
    quoted(`${operand.variadic ? '*' : place + 1}:${text(operand.name)}:${action(operand)}`),
  );
  return `${functionName(path)}() {
  _arguments -s -S : \\
${argumentLines([...flags.map(flagSpec), ...operandSpecs])}
}
`;
}

function argumentLines(specs: readonly string[]): string {
  return specs.map((spec) => `    ${spec}`).join(' \\\n');
}

/** A flag with its other spelling; after one of them, neither is offered again. */
function flagSpec({ spellings, meaning, value }: FlagShape): string {
  const excluded = spellings.length > 1 ? `(${spellings.join(' ')})` : '';
  const rest = `[${text(meaning)}]${value === null ? '' : `:${text(value.name)}:${action(value)}`}`;
  return spellings
    .map((spelling) => {
      // The value of -o may be in the same word or the next; that of --output follows = or is the next word.
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

function functionName(path: string): string {
  return `_${path.replaceAll(' ', '_')}`;
}

/** Text in a spec, where colons and brackets are special. */
function text(plain: string): string {
  return plain.replace(/[\\:[\]]/g, '\\$&');
}

/** A word of a described list, which the shell evaluates again. */
function doubleQuoted(plain: string): string {
  return `"${plain.replace(/["$`\\]/g, '\\$&').replaceAll(':', '\\:')}"`;
}
