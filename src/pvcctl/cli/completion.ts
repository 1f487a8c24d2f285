/** The completion scripts, made from the table. Names of nodes come from `pvcctl list --quiet`, with what the command line says of the API. */
import { choices, commands, globalOptions, type Command, type Option, type ValueKind } from './table.ts'

export type Shell = 'bash' | 'zsh' | 'fish'

const NOTE = '# Made by npm run docs from src/pvcctl/cli/table.ts; do not edit.'
const optionsOf = (command: Command): readonly Option[] => [...command.options, ...globalOptions]
const wordsOf = ({ name, short }: Option): readonly string[] => [`--${name}`, ...short === undefined ? [] : [`-${short}`]]
const all = [...globalOptions, ...commands.flatMap(({ options }) => options)]
/** Options of all commands that take a value, each once. */
const valued = [...new Map(all.filter(({ value }) => value !== undefined).map((option) => [option.name, option])).values()]

function bashWords (kind: ValueKind): string {
  if (kind === 'node') return 'COMPREPLY=($(compgen -P "$prefix" -W "$(_pvcctl_nodes)" -- "$current"))'
  if (kind === 'file') return 'compopt -o filenames 2> /dev/null; COMPREPLY=($(compgen -P "$prefix" -f -- "$current"))'
  if (kind === 'command') return 'COMPREPLY=($(compgen -P "$prefix" -c -- "$current"))'
  const words = choices[kind]
  return words === undefined ? 'COMPREPLY=()' : `COMPREPLY=($(compgen -P "$prefix" -W "${words.join(' ')}" -- "$current"))`
}

function bash (): string {
  const lines = [
    `# bash completion for pvcctl                            -*- shell-script -*-
${NOTE}

_pvcctl_nodes () { "\${pvcctl[@]}" list --quiet 2> /dev/null; }

_pvcctl () {
  # COMP_WORDS would take an address apart at its colons.
  local line=\${COMP_LINE:0:COMP_POINT} words index word command= positional=0
  read -ra words <<< "$line"
  [[ $line == *[[:space:]] ]] && words+=('')
  local last=$((\${#words[@]} - 1))
  local current=\${words[last]} previous=\${words[last - 1]} pvcctl=("\${words[0]}") prefix=
  COMPREPLY=()
  if [[ $current == --*=* ]]; then
    previous=\${current%%=*} current=\${current#*=}
    # Else bash replaces only what is behind the sign.
    [[ $COMP_WORDBREAKS == *=* ]] || prefix=$previous=
  fi
  for ((index = 1; index < last; index++)); do
    word=\${words[index]}
    case $word in`,
    `      ${globalOptions.filter(({ value }) => value !== undefined).map(({ name }) => `--${name}`).join('|')}) pvcctl+=("$word" "\${words[index + 1]}"); index=$((index + 1)) ;;`,
    `      ${globalOptions.filter(({ value }) => value !== undefined).map(({ name }) => `--${name}=*`).join('|')}) pvcctl+=("$word") ;;`,
    `      ${valued.filter((option) => !globalOptions.includes(option)).map(({ name }) => `--${name}`).join('|')}) index=$((index + 1)) ;;`,
    `      -*) ;;
      *) if [ -z "$command" ]; then command=$word; else positional=$((positional + 1)); fi ;;
    esac
  done
  case $previous in`,
    ...valued.map(({ name, kind = 'text' }) => `    --${name}) ${bashWords(kind)}; return ;;`),
    '  esac',
    '  case $command in',
    `    '') COMPREPLY=($(compgen -W "${[...commands.map(({ name }) => name), ...globalOptions.flatMap(wordsOf)].join(' ')}" -- "$current")) ;;`,
    ...commands.map((command) => {
      const options = `COMPREPLY=($(compgen -W "${optionsOf(command).flatMap(wordsOf).join(' ')}" -- "$current"))`
      const arms = command.arguments.map(({ kind }, index) => `elif [ "$positional" -eq ${index} ]; then ${bashWords(kind)}`)
      return `    ${command.name}) if [[ $current == -* ]]; then ${options}; ${arms.length === 0 ? `else ${options}; fi` : `${arms.join('; ')}; fi`} ;;`
    }),
    '  esac\n}\n\ncomplete -F _pvcctl pvcctl\n',
  ]
  return lines.join('\n')
}

/** Of a description in a specification of `_arguments`. */
const zshText = (text: string): string => text.replace(/[\\[\]:]/g, '\\$&').replaceAll('\'', '\'\\\'\'')

function zshAction (kind: ValueKind): string {
  if (kind === 'node') return '_pvcctl_nodes'
  if (kind === 'file') return '_files'
  if (kind === 'command') return '_command_names -e'
  if (kind === 'url') return '_urls'
  const words = choices[kind]
  return words === undefined ? ' ' : `(${words.join(' ')})`
}

function zshOption ({ name, short, value, kind = 'text', repeated, text }: Option): string {
  const description = `[${zshText(text)}]${value === undefined ? '' : `:${value}:${zshAction(kind)}`}`
  const sign = value === undefined ? '' : '='
  if (short !== undefined) return `'(-${short} --${name})'{-${short},--${name}}'${description}'`
  return repeated === true ? `'*--${name}${sign}${description}'` : `'--${name}${sign}${description}'`
}

function zsh (): string {
  const block = (parts: readonly string[]) => parts.map((part) => ` \\\n        ${part}`).join('')
  return `#compdef pvcctl
${NOTE}

_pvcctl_nodes () {
  local -a given nodes
  local option
  for option in ${globalOptions.filter(({ value }) => value !== undefined).map(({ name }) => `--${name}`).join(' ')}; do
    [[ -n \${opt_args[$option]} ]] && given+=($option \${(Q)opt_args[$option]})
  done
  nodes=(\${(f)"$(pvcctl $given list --quiet 2> /dev/null)"})
  compadd -a nodes
}

_pvcctl () {
  local context state state_descr line
  typeset -A opt_args
  local -a commands
  commands=(
${commands.map(({ name, summary }) => `    '${name}:${zshText(summary)}'`).join('\n')}
  )
  _arguments -C${block([...globalOptions.map(zshOption), '\'1: :->command\'', '\'*:: :->argument\''])}
  case $state in
    command) _describe -t commands command commands ;;
    argument)
      case $line[1] in
${commands.map((command) => `        ${command.name}) _arguments${block([...command.options.map(zshOption), ...globalOptions.map(zshOption), ...command.arguments.map(({ name, kind }, index) => `'${index + 1}:${name}:${zshAction(kind)}'`)])} ;;`).join('\n')}
      esac ;;
  esac
}

_pvcctl "$@"
`
}

const fishText = (text: string): string => `'${text.replaceAll('\\', '\\\\').replaceAll('\'', '\\\'')}'`

function fishWords (kind: ValueKind): string {
  if (kind === 'node') return ' -x -a \'(__pvcctl_nodes)\''
  if (kind === 'file') return ' -r -F'
  if (kind === 'command') return ' -x -a \'(__fish_complete_command)\''
  const words = choices[kind]
  return words === undefined ? ' -x' : ` -x -a ${fishText(words.join(' '))}`
}

function fishOption ({ name, short, value, kind = 'text', text }: Option, condition: string): string {
  return `complete -c pvcctl${condition}${short === undefined ? '' : ` -s ${short}`} -l ${name}${value === undefined ? '' : fishWords(kind)} -d ${fishText(text)}`
}

function fish (): string {
  const names = commands.map(({ name }) => name).join(' ')
  return `${[
    `# fish completion for pvcctl\n${NOTE}\n`,
    `function __pvcctl_nodes
  set -l words (commandline -opc)
  set -l given
  for index in (seq 2 (count $words))
    if contains -- $words[$index] ${globalOptions.filter(({ value }) => value !== undefined).map(({ name }) => `--${name}`).join(' ')}
      set -a given $words[$index] $words[(math $index + 1)]
    else if string match -qr -- '^--(${globalOptions.filter(({ value }) => value !== undefined).map(({ name }) => name).join('|')})=' $words[$index]
      set -a given $words[$index]
    end
  end
  pvcctl $given list --quiet 2> /dev/null
end
`,
    'complete -c pvcctl -f',
    ...globalOptions.map((option) => fishOption(option, '')),
    ...commands.map(({ name, summary }) => `complete -c pvcctl -n 'not __fish_seen_subcommand_from ${names}' -a ${name} -d ${fishText(summary)}`),
    ...commands.flatMap(({ name, arguments: positional, options }) => {
      const condition = ` -n '__fish_seen_subcommand_from ${name}'`
      return [
        ...options.map((option) => fishOption(option, condition)),
        ...positional.filter(({ kind }) => kind === 'node' || choices[kind] !== undefined).map(({ kind }) => `complete -c pvcctl${condition}${fishWords(kind)}`),
      ]
    }),
  ].join('\n')}\n`
}

const scripts: Readonly<Record<Shell, () => string>> = { bash, zsh, fish }

export const completionScript = (shell: Shell): string => scripts[shell]()
