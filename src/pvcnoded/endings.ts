/** The ways in which pvcnoded ends that an operator has to know more about: the code in its last log line, with what to do. docs/errors.md is made from this list. */
export const endings = {
  daemon_running: 'Another pvcnoded runs with this configuration file. Stop that one first; `--release` takes nothing away under the feet of a running daemon. Where `holder` names another node or cluster, two containers share the run-time directory: give each its own (`pvc.system.run_directory`).',
  client_not_loaded: 'The Node that runs it cannot load the native ZooKeeper client, which is built for another one, or not at all. Nothing has begun. Use the Node that it is built for (of the Debian package, those that its description names), or build it with `tools/patch-client.sh`.',
  client_unpatched: 'The native ZooKeeper client was built without `patches/zookeeper.patch`. Nothing has begun. Build it again with `tools/patch-client.sh`.',
  run_directory_unusable: 'The lock file that keeps a second daemon from running cannot be used. Set `pvc.system.run_directory` to a directory that belongs to root or to this user alone.',
  node_name_in_use: 'Another daemon goes by this node\'s name: its session holds `/nodes/<node>/presence`. Stop it, or give this node a name of its own.',
  schema_too_new: 'The cluster uses a version of PVC\'s layout that this pvcnoded does not know, and it has written nothing. Install a pvcnoded that knows it, or run PVC\'s own on this node. A pvcnoded that runs already continues; see docs/pvc.md.',
  stop_not_written: 'It stopped and holds nothing, but ZooKeeper could not be told. Its peers will find it dead, and fence it if they can; start it again, or confirm that it is down.',
  resources_left: 'It stopped with something that it could not release: the lines before name what, and why. Mend that, then run `pvcnoded --release` (systemd does so once by itself), or start it again; or make certain that this machine is down, and confirm that. No peer takes over before that.',
  start_not_released: 'It stopped before its start could release everything: the lines before name what, and why. It is not known whether this node has it. Mend that, then run `pvcnoded --release` (systemd does so once by itself), or start it again. Where the run before had ended in order, peers take over all the same; else they wait for that, or until it is certain that this machine is down, and confirmed.',
  not_registered: 'It stopped before this run had registered the node, and this run has acquired nothing. There is nothing to do, unless an earlier run ended without a final keepalive: then peers find the node dead until it starts again, and `--release` releases what that run has left held.',
  unexpected_error: 'A mistake of this program, or an answer that it did not expect. What it holds stays held until `pvcnoded --release` has run (systemd does so by itself). Please report the lines with `err`.',
} as const
export type EndingCode = keyof typeof endings
