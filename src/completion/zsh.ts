/** Completion for zsh. */
import { type CommandShape, quoted, type Values } from './tree.ts';

/** The script for zsh: to be sourced after compinit, or saved as `_mavi` in a folder of `fpath`. */
export function zshScript(commands: readonly CommandShape[]): string {
  return `#compdef mavi
# zsh completion for mavi

${commands.map(shellFunction).join('\n')}
# Completes the rest of the line by the function of the subcommand.
_mavi_below() {
  local curcontext="\${curcontext%:*:*}:\${\${1#_}//_/-}-$line[1]:"
  words=($line[1] "\${words[@]}")
  (( CURRENT += 1 ))
  (( $+functions[$1_$line[1]] )) && $1_$line[1]
}

# As a file in fpath this is the body of the function; sourced, it registers the function.
if [[ $funcstack[1] == _mavi ]]; then
  _mavi "$@"
else
  compdef _mavi mavi
fi
`;
}

/** The function of a command; in a group the first word selects the command that the rest belongs to. */
function shellFunction({ path, flags, operands, isGroup }: CommandShape): string {
  const name = `_${path.replaceAll(' ', '_')}`;
  const ofFlags = flags.flatMap(({ spellings, meaning, value }) => {
    // After one of its spellings, none is offered again.
    const excluded = spellings.length > 1 ? `(${spellings.join(' ')})` : '';
    if (value === null) return spellings.map((spelling) => `${excluded}${spelling}[${text(meaning)}]`);
    const rest = `[${text(meaning)}]:${text(value.name)}:${action(value)}`;
    // The value of -o may be in the same word or the next; that of --output follows = or is the next word.
    return spellings.map((spelling) => excluded + spelling + (spelling.startsWith('--') ? '=' : '+') + rest);
  });
  const ofOperands = operands.map(
    (operand, place) => `${operand.variadic ? '*' : place + 1}:${text(operand.name)}:${action(operand)}`,
  );
  const below = isGroup ? [`*::: : _mavi_below ${name}`] : [];
  const specs = [...ofFlags, ...ofOperands, ...below].map(quoted);
  // The end of the flags, --, is for the subcommand to see.
  const options = isGroup ? '-s' : '-s -S';
  return `${name}() {\n  _arguments ${options} : \\\n    ${specs.join(' \\\n    ')}\n}\n`;
}

function action({ kind, words }: Values): string {
  const plain = words.map(([word]) => word).join(' ');
  const described = words.map(([word, meaning]) => `${word}\\:${doubleQuoted(meaning)}`).join(' ');
  const isDescribed = words.some(([, meaning]) => meaning !== '');
  return {
    file: '_files',
    folder: '_files -/',
    // A space says what is expected, and offers nothing.
    free: ' ',
    words: isDescribed ? `((${described}))` : `(${plain})`,
  }[kind];
}

/** Text in a spec, where colons and brackets are special. */
function text(plain: string): string {
  return plain.replace(/[\\:[\]]/g, '\\$&');
}

/** A word of a described list, which the shell evaluates again. */
function doubleQuoted(plain: string): string {
  return `"${plain.replace(/["$`\\]/g, '\\$&').replaceAll(':', '\\:')}"`;
}
