/**
 * What the daemons' exit statuses mean: sysexits(3) where it has one, so that a service manager can tell what starting again may mend.
 * docs/errors.md is made from this list.
 */
export const exitStatuses = {
  ended: [0, 'Stopped in order, or before this run had registered the node (`not_registered`); or `--check` found the file good, or `--release` has released everything.'],
  failed: [1, 'pvcnoded: stopped, but not in order (`stop_not_written`, or a second signal); or `--release` could not release everything, and `self_fence` has run if there is one. Either daemon: a fault that nothing handles.'],
  usage: [64, 'The command line is wrong (EX_USAGE).'],
  unavailable: [69, 'pvcapid: the address cannot be listened on (EX_UNAVAILABLE).'],
  output: [74, 'Standard output could not be written, as on a full disk (EX_IOERR). `--check`, `--help` and `--version`: the result is lost. A daemon that runs never ends for that.'],
  running: [75, 'pvcnoded: another process runs with the same configuration file (EX_TEMPFAIL, `daemon_running`).'],
  configuration: [78, 'The configuration cannot be used, another daemon goes by this node\'s name, the cluster\'s layout is newer, or the native ZooKeeper client cannot be used (EX_CONFIG, `node_name_in_use`, `schema_too_new`, `client_not_loaded`, `client_unpatched`). Starting again will not help.'],
} as const satisfies Readonly<Record<string, readonly [status: number, meaning: string]>>

type Ending = keyof typeof exitStatuses

/** The number for a process' end, as `process.exit` takes it. */
export const exitStatus = <E extends Ending>(ending: E): typeof exitStatuses[E][0] => exitStatuses[ending][0]
