/**
 * Every command, option, setting and exit status of pvcctl. Parsing, `--help`, the man page, the reference page and the completions are made from this
 * table, so that they cannot differ.
 */

/** What a value is: judged when it is parsed, and completed by kind. */
export type ValueKind = 'node' | 'file' | 'url' | 'text' | 'event' | 'shell' | 'command' | 'epoch' | 'count' | 'seconds' | 'preference'

export interface Option {
  readonly name: string
  readonly short?: string
  /** The placeholder of its value; without one the option takes none. */
  readonly value?: string
  readonly kind?: ValueKind
  /** Whether it may be given several times. */
  readonly repeated?: true
  /** Options that it cannot stand beside: one of them would be passed over. */
  readonly excludes?: readonly string[]
  readonly text: string
}

export interface Argument {
  readonly name: string
  readonly kind: ValueKind
}

export interface Command {
  readonly name: string
  readonly arguments: readonly Argument[]
  readonly options: readonly Option[]
  /** One line, for lists of commands. */
  readonly summary: string
  readonly details: readonly string[]
}

/** The words that a value of this kind may be; null if it is not one of a few. */
export const choices: Readonly<Partial<Record<ValueKind, readonly string[]>>> = {
  event: ['node', 'primary', 'switchover', 'resync'],
  shell: ['bash', 'zsh', 'fish'],
  preference: ['health', 'priority', 'resources'],
}

export const defaultApi = 'http://127.0.0.1:7370'

export const globalOptions: readonly Option[] = [
  { name: 'api', value: 'URL', kind: 'url', repeated: true, text: 'the address of a pvcapid; may be given several times, in the order in which they are asked' },
  { name: 'config', value: 'FILE', kind: 'file', text: 'read this configuration file, and no other' },
  { name: 'key-file', value: 'FILE', kind: 'file', text: 'the file that holds the API key' },
  { name: 'ca-file', value: 'FILE', kind: 'file', text: 'the certificates of the authorities that are trusted instead of the system\'s' },
  { name: 'cert-file', value: 'FILE', kind: 'file', text: 'the client certificate to present' },
  { name: 'cert-key-file', value: 'FILE', kind: 'file', text: 'the private key of the client certificate' },
  { name: 'api-timeout', value: 'SECONDS', kind: 'seconds', text: 'how long an API may take to answer before the next is asked; 5 unless given' },
  { name: 'json', text: 'print the JSON of the API, unchanged' },
  { name: 'verbose', short: 'v', text: 'say on standard error which API is asked, and which do not answer' },
  { name: 'help', short: 'h', text: 'print help, on a command if one is named, and exit' },
  { name: 'version', text: 'print the version and exit' },
]

const wait: Option = { name: 'wait', short: 'w', text: 'follow the switchover until it has ended; progress is shown on a terminal' }
const node: Argument = { name: 'NODE', kind: 'node' }

export const commands: readonly Command[] = [
  {
    name: 'list',
    arguments: [],
    options: [{ name: 'quiet', short: 'q', excludes: ['json'], text: 'print the names alone, one on a line; not with --json' }],
    summary: 'list the nodes with their states',
    details: [],
  },
  {
    name: 'status',
    arguments: [],
    options: [],
    summary: 'show the primary, the cluster\'s health, and every condition with what to do about it',
    details: ['With --json it prints GET /api/v1/status.'],
  },
  {
    name: 'switch',
    arguments: [],
    options: [
      { name: 'to', value: 'NODE', kind: 'node', text: 'the node that is to be primary' },
      { name: 'from', value: 'NODE', kind: 'node', text: 'the node that has to be primary for this to be done; without --to any other coordinator that contends by itself takes over' },
      { name: 'reason', value: 'TEXT', kind: 'text', text: 'kept in the record of the switchover' },
      { name: 'timeout', value: 'SECONDS', kind: 'seconds', text: 'the bound of the switchover; the cluster rolls it back after that' },
      { name: 'force', value: 'PREFERENCE', kind: 'preference', repeated: true, text: 'override this preference of nodes: health (min_health), resources (that the node is configured without) or, with --from alone, priority (priority 0); never what is safety' },
      { name: 'if-epoch', value: 'EPOCH', kind: 'epoch', text: 'only if the present epoch is this one' },
      wait,
      { name: 'dry-run', short: 'n', excludes: ['wait'], text: 'have the request judged as for real, and write nothing; not with --wait' },
    ],
    summary: 'move the primary role',
    details: [
      'At least one of --to and --from is needed. Without --wait it prints the epoch of the switchover on standard output and exits 0 once the switchover is committed. With --wait it exits 0 only if the switchover has succeeded. It continues at another API if the one that it asks stops answering.',
      'The request is sent once. If its reply is lost, pvcctl reads at another API whether the cluster has the switchover, and exits 4 if that cannot be told.',
    ],
  },
  {
    name: 'watch',
    arguments: [],
    options: [
      { name: 'exec', value: 'COMMAND', kind: 'command', excludes: ['json'], text: 'run this shell command for each event, the event as JSON on its standard input; not with --json' },
      { name: 'event', value: 'EVENT', kind: 'event', repeated: true, text: 'only these events' },
    ],
    summary: 'follow what happens, and run a command for each event',
    details: [
      'It prints a line for each event, or with --json an object with event, id and data. A new stream begins with resync and everything that there is. If the stream breaks, it continues where it ended, at another API if need be.',
      'With --exec the command is run by sh for one event after another, and its output is passed on. PVC_EVENT in its environment is the name of the event. A command that fails is reported on standard error, and the next event follows. A command that is slower than the events makes the API send resync and the present state again: write it so that it may run twice for one state.',
    ],
  },
  {
    name: 'history',
    arguments: [],
    options: [
      { name: 'limit', value: 'COUNT', kind: 'count', text: 'how many switchovers at most; 50 unless given' },
      { name: 'before', value: 'EPOCH', kind: 'epoch', text: 'only switchovers with a smaller epoch' },
      { name: 'each', text: 'show automatic retries without success one by one' },
    ],
    summary: 'list the switchovers, the newest first',
    details: [],
  },
  {
    name: 'show',
    arguments: [{ name: 'EPOCH', kind: 'epoch' }],
    options: [wait],
    summary: 'show one switchover with everything that happened in it',
    details: ['The last column is a sentence: of a failover, who failed, who judged that, and what confirmed it. With --json it prints GET /api/v1/switchover/EPOCH.', 'Without --wait it exits 0 whatever the outcome is. With --wait it exits as switch --wait does.'],
  },
  {
    name: 'eligible',
    arguments: [],
    options: [],
    summary: 'show which coordinators may be made primary, and why the others may not',
    details: ['A coordinator that is eligible and does not contend by itself has the reason for that in the last column.'],
  },
  {
    name: 'pause',
    arguments: [],
    options: [],
    summary: 'switch maintenance mode on: no node is fenced',
    details: [],
  },
  {
    name: 'resume',
    arguments: [],
    options: [],
    summary: 'switch maintenance mode off',
    details: [],
  },
  {
    name: 'confirm-fence',
    arguments: [node],
    options: [{ name: 'confirm', value: 'NODE', kind: 'node', text: 'the name of the node once more; has to be given' }],
    summary: 'vouch that a dead node is down, so that another may take over',
    details: ['Be certain that the node is down. If it is not, two nodes may hold the same resources. The API refuses it while the node shows any sign of life.'],
  },
  {
    name: 'remove-node',
    arguments: [node],
    options: [{ name: 'yes', short: 'y', text: 'do not ask for confirmation; has to be given where standard input is no terminal' }],
    summary: 'remove a stopped or fenced node from the cluster, with its log and its faults',
    details: [
      'It asks on a terminal, and wants the name of the node once more. The API refuses it while the node is in contact, may hold something, is named by the primary key or by a switchover in progress, or while domains or storage daemons are on it, and says what to do. Records of switchovers stay. A node that comes to life meanwhile is not removed.',
      'It may be repeated after an interruption: a node is removed as a whole or not at all.',
    ],
  },
  {
    name: 'check',
    arguments: [],
    options: [],
    summary: 'report the health of the cluster to Nagios or Icinga',
    details: ['It prints one line with performance data, then a line for each condition. It exits 0 (OK), 1 (warning), 2 (critical), or 3 (unknown): no API answers, every API that answers has lost contact with ZooKeeper, the command line is wrong, or, where all is well, standard output could not be written.'],
  },
  {
    name: 'completion',
    arguments: [{ name: 'SHELL', kind: 'shell' }],
    options: [],
    summary: 'print the completion script for bash, zsh or fish',
    details: ['The Debian package installs these scripts.'],
  },
]

/** How pvcctl ends; `check` ends as monitoring plugins do. */
export const exitStatuses = {
  done: [0, 'Done; with --wait: the switchover has succeeded.'],
  refused: [1, 'The cluster refused, or the switchover did not succeed. Standard error says why, with the code of the API.'],
  usage: [2, 'The command line or the configuration of pvcctl is wrong; nothing was sent.'],
  unreachable: [3, 'No API could be asked. Nothing was changed.'],
  unknown: [4, 'Something was sent, and it is not known what became of it. Standard error says where to look.'],
  fault: [70, 'A fault of pvcctl itself. If something was being changed, it is not known what became of it.'],
  output: [74, 'Done, but standard output could not be written, as on a full disk, and is lost in part or in whole. A reader that closes its pipe is no such failure.'],
} as const satisfies Readonly<Record<string, readonly [status: number, meaning: string]>>

export type Ending = keyof typeof exitStatuses

export const exitStatus = (ending: Ending): number => exitStatuses[ending][0]

export interface Setting {
  /** In a configuration file. */
  readonly name: string
  readonly option: string | null
  readonly variable: string | null
  readonly text: string
}

export const settings: readonly Setting[] = [
  { name: 'api', option: 'api', variable: 'PVCCTL_API', text: `A list of addresses; in the environment with commas between. ${defaultApi} unless given.` },
  { name: 'key_file', option: 'key-file', variable: 'PVCCTL_KEY_FILE', text: 'The file that holds the API key. PVCCTL_KEY in the environment is the key itself, and goes before a file of the configuration.' },
  { name: 'ca_file', option: 'ca-file', variable: 'PVCCTL_CA_FILE', text: 'The certificates of the authorities that are trusted, in PEM.' },
  { name: 'cert_file', option: 'cert-file', variable: 'PVCCTL_CERT_FILE', text: 'The client certificate, in PEM.' },
  { name: 'cert_key_file', option: 'cert-key-file', variable: 'PVCCTL_CERT_KEY_FILE', text: 'The private key of the client certificate, in PEM.' },
  { name: 'api_timeout', option: 'api-timeout', variable: null, text: 'Seconds that an API may take to answer; 5 unless given.' },
]

/** Read in this order; a setting of a later file replaces that of an earlier one. */
export const configFiles = ['/etc/pvc/pvcctl.yaml', '~/.config/pvcctl.yaml'] as const
