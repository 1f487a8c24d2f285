/** `--help`, made from the table. */
import { commands, defaultApi, exitStatuses, globalOptions, type Command, type Option } from './table.ts'

/** Columns of a line of help. */
const WIDTH = 96

/** Words joined to lines of at most `width` columns, those after the first indented. */
function wrapped (text: string, indent: number, width = WIDTH): string {
  const lines: string[] = []
  let line = ''
  for (const word of text.split(' ')) {
    if (line !== '' && indent + line.length + 1 + word.length > width) {
      lines.push(line)
      line = word
    } else {
      line = line === '' ? word : `${line} ${word}`
    }
  }
  return [...lines, line].join(`\n${' '.repeat(indent)}`)
}

/** `-w, --wait`, `--to NODE`. */
export const optionSynopsis = ({ name, short, value }: Option): string => `${short === undefined ? '' : `-${short}, `}--${name}${value === undefined ? '' : ` ${value}`}`

/** `pvcctl show EPOCH [--wait]`, in parts that stay together. */
export const commandSynopsis = ({ name, arguments: positional, options }: Command): readonly string[] => [
  `pvcctl ${name}`, ...positional.map(({ name }) => name),
  ...options.map(({ name, value, repeated }) => `[--${name}${value === undefined ? '' : ` ${value}`}]${repeated === true ? '...' : ''}`),
]

function list (entries: ReadonlyArray<readonly [term: string, text: string]>): string {
  const indent = Math.max(...entries.map(([term]) => term.length)) + 4
  return entries.map(([term, text]) => `  ${term.padEnd(indent - 2)}${wrapped(text, indent)}`).join('\n')
}

const optionList = (options: readonly Option[]) => list(options.map((option) => [`${option.short === undefined ? '    ' : ''}${optionSynopsis(option)}`, option.text]))

const statusList = () => list(Object.values(exitStatuses).map(([status, meaning]) => [String(status), meaning]))

/** @param command null for pvcctl itself */
export function helpText (command: Command | null): string {
  if (command === null) {
    return [
      'Usage: pvcctl [OPTION...] COMMAND [ARGUMENT...]',
      `Commands:\n${list(commands.map(({ name, arguments: positional, summary }) => [[name, ...positional.map((each) => each.name)].join(' '), summary]))}`,
      `Options:\n${optionList(globalOptions)}`,
      `Exit status (check has its own, see pvcctl check --help):\n${statusList()}`,
      wrapped(`Without --api, PVCCTL_API or a configuration file it asks ${defaultApi}. More in pvcctl(1) and docs/pvcctl.md.`, 0),
      '',
    ].join('\n\n').replace(/\n\n$/, '\n')
  }
  return [
    `Usage: ${wrapped(commandSynopsis(command).join(' '), 7)}`,
    wrapped(`${command.summary[0]?.toUpperCase() ?? ''}${command.summary.slice(1)}.`, 0),
    ...command.details.map((text) => wrapped(text, 0)),
    ...command.options.length === 0 ? [] : [`Options:\n${optionList(command.options)}`],
    'Options of every command: pvcctl --help.\n',
  ].join('\n\n')
}
