import { allCommands, type CommandShape, type FlagShape, type Values } from './tree.ts';

/**
 * The script for bash 3.2 and up; it needs nothing else, bash-completion neither. It knows everything
 * itself, so that a TAB starts no program.
 */
export function bashScript(root: CommandShape): string {
  const commands = allCommands(root);
  return `# bash completion for mavi

_mavi() {
  local cur=\${COMP_WORDS[COMP_CWORD]} at='mavi' flag='' prefix='' operands=0 literal='' words='' i word
  local IFS=$' \\t\\n'
  COMPREPLY=()

  # Which command, which flag still waits for its value, how many arguments so far?
  for ((i = 1; i < COMP_CWORD; i++)); do
    word=\${COMP_WORDS[i]}
    if [[ -n $flag ]]; then
      # Readline may hand over --flag=value as three words.
      [[ $word == = ]] || flag=''
    elif [[ -n $literal ]]; then
      operands=$((operands + 1))
    elif [[ $word == -- ]]; then
      literal=1
    elif [[ $word == -?* ]]; then
      case "$at $word" in
        ${commands.flatMap(valueFlags).join(' | ')}) flag=$word ;;
      esac
    else
      case "$at $word" in
        ${commands
          .slice(1)
          .map(({ path }) => quoted(path.join(' ')))
          .join(' | ')}) at="$at $word" ;;
        *) operands=$((operands + 1)) ;;
      esac
    fi
  done

  [[ -n $flag && $cur == = ]] && cur=''
  if [[ -z $flag && -z $literal && $cur == --*=* ]]; then
    flag=\${cur%%=*} prefix="\${cur%%=*}=" cur=\${cur#*=}
  fi

  if [[ -n $flag ]]; then
    case "$at $flag" in
${commands.flatMap(flagValues).join('\n')}
    esac
  elif [[ -z $literal && $cur == -* ]]; then
    case $at in
${commands
  .map(
    ({ path, flags }) =>
      `      ${quoted(path.join(' '))}) words=${quoted(flags.flatMap(({ spellings }) => spellings).join(' '))} ;;`,
  )
  .join('\n')}
    esac
  else
    case "$at $operands" in
${commands.flatMap(operandCases).join('\n')}
    esac
  fi
  [[ -z $words ]] || COMPREPLY=($(compgen -P "$prefix" -W "$words" -- "$cur"))
}

# Readline completes names of files best itself; where compopt is missing (bash 3.2), compgen lists them.
_mavi_names() {
  compopt -o "$1" 2>/dev/null && return
  local IFS=$'\\n'
  COMPREPLY=($(compgen "$2" -- "$cur"))
}

complete -F _mavi mavi
`;
}

function valueFlags({ path, flags }: CommandShape): string[] {
  return flags.filter(({ value }) => value !== null).map((flag) => patterns(path, flag));
}

function flagValues({ path, flags }: CommandShape): string[] {
  return flags.flatMap((flag) => caseOf(patterns(path, flag), flag.value));
}

/** What may stand where no flag does, by its place. */
function operandCases({ path, operands }: CommandShape): string[] {
  return operands.flatMap((operand, place) => {
    const at = `${path.join(' ')} `;
    return caseOf(operand.variadic ? `${quoted(at)}*` : quoted(`${at}${place}`), operand);
  });
}

function caseOf(pattern: string, values: Values | null): string[] {
  if (values === null || values.kind === 'free') return [];
  const action = {
    file: '_mavi_names default -f',
    folder: '_mavi_names dirnames -d',
    words: `words=${quoted(values.words.map(({ word }) => word).join(' '))}`,
  };
  return [`      ${pattern}) ${action[values.kind]} ;;`];
}

function patterns(path: readonly string[], { spellings }: FlagShape): string {
  return spellings.map((spelling) => quoted(`${path.join(' ')} ${spelling}`)).join(' | ');
}

function quoted(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`;
}
