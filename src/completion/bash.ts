/** Completion for bash. */
import { type CommandShape, quoted, type Values, valueFlags } from './tree.ts';

/** The script for bash 3.2 and later. It contains all words, so that a TAB starts no program. */
export function bashScript(commands: readonly CommandShape[]): string {
  const subcommands = commands.slice(1).map(({ path }) => path);
  return `# bash completion for mavi

_mavi() {
  local cur=\${COMP_WORDS[COMP_CWORD]} at='mavi' flag='' prefix='' operands=0 literal='' words='' i word
  local IFS=$' \\t\\n'
  COMPREPLY=()

  # Which command, which flag still needs its value, how many arguments so far?
  for ((i = 1; i < COMP_CWORD; i++)); do
    word=\${COMP_WORDS[i]}
    if [[ -n $flag ]]; then
      # Readline may pass --flag=value as three words.
      [[ $word == = ]] || flag=''
    elif [[ -n $literal ]]; then
      operands=$((operands + 1))
    elif [[ $word == -- ]]; then
      literal=1
    elif [[ $word == -?* ]]; then
      case "$at $word" in
        ${alternatives(valueFlags(commands))}) flag=$word ;;
      esac
    else
      case "$at $word" in
        ${alternatives(subcommands)}) at="$at $word" ;;
        *) operands=$((operands + 1)) ;;
      esac
    fi
  done

  [[ -n $flag && $cur == = ]] && cur=''
  if [[ -z $flag && -z $literal && $cur == --*=* ]]; then
    flag=\${cur%%=*} prefix="\${cur%%=*}=" cur=\${cur#*=}
  fi

  if [[ -n $flag ]]; then
    at="$at $flag"
  elif [[ -z $literal && $cur == -* ]]; then
    at="$at -"
  else
    at="$at $operands"
  fi
  case $at in
${commands.flatMap(cases).join('\n')}
  esac
  [[ -z $words ]] || COMPREPLY=($(compgen -P "$prefix" -W "$words" -- "$cur"))
}

# Readline completes file names best; without compopt (bash 3.2), compgen lists them.
_mavi_names() {
  compopt -o "$1" 2>/dev/null && return
  local IFS=$'\\n'
  COMPREPLY=($(compgen "$2" -- "$cur"))
}

complete -F _mavi mavi
`;
}

/** What is offered for the names of flags, for their values, and for arguments by their number. */
function cases({ path, flags, operands }: CommandShape): string[] {
  const names = flags.flatMap(({ spellings }) => spellings).join(' ');
  return [
    `    ${quoted(`${path} -`)}) words=${quoted(names)} ;;`,
    ...flags.flatMap(({ spellings, value }) =>
      caseOf(alternatives(spellings.map((spelling) => `${path} ${spelling}`)), value),
    ),
    ...operands.flatMap((operand, place) =>
      caseOf(operand.variadic ? `${quoted(`${path} `)}[0-9]*` : quoted(`${path} ${place}`), operand),
    ),
  ];
}

function caseOf(pattern: string, values: Values | null): string[] {
  if (values === null || values.kind === 'free') return [];
  const action = {
    file: '_mavi_names default -f',
    folder: '_mavi_names dirnames -d',
    words: `words=${quoted(values.words.map(([word]) => word).join(' '))}`,
  };
  return [`    ${pattern}) ${action[values.kind]} ;;`];
}

function alternatives(words: readonly string[]): string {
  return words.map(quoted).join(' | ');
}
