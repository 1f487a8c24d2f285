/**
 * The arguments that both daemons take. Pure: what is to be done is answered, the caller does it.
 */
import { parseArgs } from 'node:util'
import { exitStatus } from './exit-status.ts'

export type DaemonName = 'pvcapid' | 'pvcnoded'

export type Invocation =
  /** Run with this configuration file. */
  | { readonly kind: 'run', readonly file: string }
  /** Only validate this configuration file; `strict`: a warning counts as an error. */
  | { readonly kind: 'check', readonly file: string, readonly strict?: true }
  /** pvcnoded alone: take everything this configuration names away from this machine, and exit. */
  | { readonly kind: 'release', readonly file: string }
  | { readonly kind: 'version' }
  /** Print `text` on stdout. */
  | { readonly kind: 'help', readonly text: string }
  /** Print `message` on stderr and exit with `exitCode` (64). */
  | { readonly kind: 'usage_error', readonly message: string, readonly exitCode: number }

type Environment = Readonly<Record<string, string | undefined>>

/**
 * Reads the arguments after the program's name. The file is `--config`'s, else that of PVCAPID_CONFIG_FILE or
 * PVCNODED_CONFIG_FILE in `env`, else `/etc/pvc/<daemon>.yaml`.
 */
export function readCommandLine (daemon: 'pvcapid', args: readonly string[], env: Environment): Exclude<Invocation, { kind: 'release' }>
export function readCommandLine (daemon: DaemonName, args: readonly string[], env: Environment): Invocation
export function readCommandLine (daemon: DaemonName, args: readonly string[], env: Environment): Invocation {
  let values
  try {
    values = parseArgs({
      args: [...args],
      options: { config: { type: 'string', short: 'c' }, check: { type: 'boolean' }, strict: { type: 'boolean' }, version: { type: 'boolean' }, help: { type: 'boolean', short: 'h' }, ...daemon === 'pvcnoded' && { release: { type: 'boolean' } } },
      allowPositionals: false,
    }).values
  } catch (error) {
    // Its first sentence names the argument; the rest is advice about parseArgs.
    const reason = (error instanceof Error ? error.message : String(error)).split(/\. |\n/)[0]
    return usageError(`${daemon}: ${reason}. See ${daemon} --help.`)
  }
  if (values.help === true) return { kind: 'help', text: helpText(daemon) }
  const chosen = (['version', 'check', 'release'] as const).filter((name) => values[name as 'check'] === true).map((name) => `--${name}`)
  if (chosen.length > 1) return usageError(`${daemon}: ${chosen.join(' and ')} exclude each other; give one of them. See ${daemon} --help.`)
  if (values.version === true) return { kind: 'version' }
  if (values.config === '') return usageError(`${daemon}: --config needs the name of a file. See ${daemon} --help.`)
  const file = values.config ?? (env[configVariable(daemon)] || defaultConfigFile(daemon))
  if (values.strict === true && values.check !== true) return usageError(`${daemon}: --strict goes with --check. See ${daemon} --help.`)
  if (values.check === true) return { kind: 'check', file, ...values.strict === true ? { strict: true } : {} }
  return { kind: values['release'] === true ? 'release' : 'run', file }
}

function usageError (message: string): Invocation {
  return { kind: 'usage_error', message, exitCode: exitStatus('usage') }
}

const configVariable = (daemon: DaemonName) => `${daemon.toUpperCase()}_CONFIG_FILE`
const defaultConfigFile = (daemon: DaemonName) => `/etc/pvc/${daemon}.yaml`

function helpText (daemon: DaemonName): string {
  const release = daemon === 'pvcnoded'
    ? `      --release      release every resource and exit, without ZooKeeper: 0 if all are released,
                     1 if not (self_fence has run), 75 if this node's daemon is running
`
    : ''
  return `Usage: ${daemon} [--config FILE] [--check [--strict]${daemon === 'pvcnoded' ? ' | --release' : ''}]

  -c, --config FILE  the configuration file; without it ${configVariable(daemon)} from
                     the environment, or else ${defaultConfigFile(daemon)}
      --check        validate the file and exit: 0 if it is good, 78 if not
      --strict       with --check: warnings are errors as well
${release}      --version      print the version and exit
  -h, --help         print this and exit
`
}
