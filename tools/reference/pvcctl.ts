/** What is made of pvcctl's table besides its help: the man page, docs/pvcctl-reference.md, and the completion scripts as files. */
import { completionScript } from '../../src/pvcctl/cli/completion.ts'
import { commandSynopsis, optionSynopsis } from '../../src/pvcctl/cli/help.ts'
import { commands, configFiles, exitStatuses, globalOptions, settings, type Command, type Option } from '../../src/pvcctl/cli/table.ts'
import { code, page, table } from './markdown.ts'

const sentence = (text: string): string => `${text[0]?.toUpperCase() ?? ''}${text.slice(1)}${text.endsWith('.') ? '' : '.'}`

/** Text of a man page: nothing in it is a request, and hyphens are those of command lines. */
const roff = (text: string): string => text.replaceAll('\\', '\\e').replaceAll('-', '\\-').replace(/^([.'])/gm, '\\&$1')

const roffOption = (option: Option): string => [
  '.TP',
  `.B ${roff(`${option.short === undefined ? '' : `-${option.short}, `}--${option.name}`)}${option.value === undefined ? '' : ` \\fI${option.value}\\fR`}`,
  roff(sentence(option.text)),
].join('\n')

const roffCommand = (command: Command): string => [
  `.SS "${roff(commandSynopsis(command).join(' ').replace(/^pvcctl /, ''))}"`,
  roff(sentence(command.summary)),
  ...command.details.flatMap((text) => ['.PP', roff(text)]),
  ...command.options.map(roffOption),
].join('\n')

const examples: ReadonlyArray<readonly [what: string, command: string]> = [
  ['Move the role to hv2, and wait for the end:', 'pvcctl switch --to hv2 --wait'],
  ['Move it away from hv1, to any other coordinator:', 'pvcctl switch --from hv1 --wait'],
  ['Run a program whenever the primary changes:', 'pvcctl watch --event primary --exec /usr/local/bin/on-primary'],
]

function manPage (): string {
  return `${[
    '.\\" Made by npm run docs from src/pvcctl/cli/table.ts; do not edit.',
    '.TH PVCCTL 1 "" "pvcctl @VERSION@" "User commands"',
    '.SH NAME',
    'pvcctl \\- ask pvcapid for the state of a cluster, and move its primary role',
    '.SH SYNOPSIS',
    '.B pvcctl\n.RI [ OPTION ...]\n.I COMMAND\n.RI [ ARGUMENT ...]',
    '.SH DESCRIPTION',
    roff('A thin command line on the HTTP API of pvcapid. It asks the first API, in the order of its configuration, that is in contact with ZooKeeper, and goes to the next if that one stops answering. If every API that answers has lost contact with ZooKeeper, a reading shows what one of them knew last, and standard error says so.'),
    '.PP',
    roff('A request that changes something is sent to another API only if it is certain that nothing of it was done. If its reply is lost, pvcctl reads what became of it.'),
    '.SH COMMANDS',
    ...commands.map(roffCommand),
    '.SH OPTIONS',
    ...globalOptions.map(roffOption),
    '.SH CONFIGURATION',
    roff(`An option goes before the environment, that before a configuration file. The files are ${configFiles.join(' and ')}, in YAML; a setting of the second replaces that of the first. Without --api, PVCCTL_API or a file pvcctl asks http://127.0.0.1:7370. A key is never an argument: every user of a machine sees the arguments of its processes.`),
    ...settings.map(({ name, option, variable, text }) => ['.TP', `.B ${name}${roff([option === null ? '' : `, --${option}`, variable === null ? '' : `, ${variable}`].join(''))}`, roff(sentence(text))].join('\n')),
    '.SH EXIT STATUS',
    ...Object.values(exitStatuses).map(([status, meaning]) => `.TP\n.B ${status}\n${roff(meaning)}`),
    '.PP',
    roff('check exits as monitoring plugins do: 0 OK, 1 warning, 2 critical, 3 unknown.'),
    '.SH FILES',
    ...configFiles.map((file) => `.TP\n.I ${roff(file)}\n${roff('A configuration; need not be there.')}`),
    '.SH EXAMPLES',
    ...examples.map(([what, command]) => `${roff(what)}\n.PP\n.EX\n${roff(command)}\n.EE\n.PP`),
    '.SH SEE ALSO',
    '.BR pvcapid (8)\n.PP\n.I /usr/share/doc/pvcapid/docs/pvcctl.md',
  ].join('\n')}\n`
}

const optionTable = (options: readonly Option[]) => table(['option', 'what it does'], options.map((option) => [code(optionSynopsis(option)), sentence(option.text)]))

function referencePage (): string {
  return page('pvcctl: commands, options, settings', 'src/pvcctl/cli/table.ts',
    'What it is for, with examples: [pvcctl.md](pvcctl.md).',
    '## Commands',
    ...commands.flatMap((command) => [`### ${command.name}`, code(commandSynopsis(command).join(' ')), sentence(command.summary), ...command.details, ...command.options.length === 0 ? [] : [optionTable(command.options)]]),
    '## Options of every command', optionTable(globalOptions),
    '## Settings',
    `In ${configFiles.map(code).join(' and ')}; a setting of the second file replaces that of the first, the environment goes before the files, and an option before the environment.`,
    table(['setting', 'option', 'environment', 'what it is'], settings.map(({ name, option, variable, text }) => [code(name), option === null ? '' : code(`--${option}`), variable === null ? '' : code(variable), text.replace(/https?:\/\/[\w.:]+\d/g, '`$&`')])),
    '## Exit statuses',
    table(['status', 'meaning'], Object.values(exitStatuses).map(([status, meaning]) => [String(status), meaning])),
    '`check` exits as monitoring plugins do: 0 OK, 1 warning, 2 critical, 3 unknown.')
}

/** File → text. */
export const pvcctlFiles = (): ReadonlyMap<string, string> => new Map([
  ['docs/pvcctl-reference.md', referencePage()],
  ['packaging/man/pvcctl.1', manPage()],
  ['packaging/completions/pvcctl.bash', completionScript('bash')],
  ['packaging/completions/pvcctl.zsh', completionScript('zsh')],
  ['packaging/completions/pvcctl.fish', completionScript('fish')],
])
