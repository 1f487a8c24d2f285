/**
 * Every kind of condition: something in the cluster that an operator should know of, for as long as it is so. A code, once published, keeps its
 * meaning. docs/conditions.md and the alert rules are made from this list.
 */

export const severities = {
  critical: 'the service is not provided, or could not be taken over now',
  warning: 'the service is provided; something has to be mended before the next failure',
  info: 'a request brought this about, or it passes by itself',
} as const
export type Severity = keyof typeof severities

interface Kind {
  readonly severity: Severity
  /** In a few words, for the title of an alert. */
  readonly title: string
  /** What to do. */
  readonly advice: string
  /** Points of the cluster's health. */
  readonly delta: number
}

export const conditionKinds = {
  view_stale: {
    severity: 'critical',
    delta: 0,
    title: 'This API has no contact with ZooKeeper',
    advice: 'What this API shows is old. `GET /health/ready` says why; ask another API, and look at the ensemble.',
  },
  primary_missing: {
    severity: 'critical',
    delta: 50,
    title: 'No node serves as primary',
    advice: '`GET /api/v1/switchover/eligibility` says who may be made primary, and why the others may not.',
  },
  primary_dead: {
    severity: 'critical',
    delta: 50,
    title: 'The primary is dead or gone',
    advice: 'If the node can be fenced, its role moves by itself. If not, make certain that it is down, then confirm it: `pvcctl confirm-fence {node}`, or `POST /api/v1/node/{node}/fence-confirmation`. Where several coordinators are dead, confirm those that `fencing.suspended.confirm` of `GET /api/v1/status` names.',
  },
  primary_unknown: {
    severity: 'critical',
    delta: 50,
    title: 'The primary key names no coordinator',
    advice: 'Ask for a switchover to a coordinator: `pvcctl switch --to`, or `POST /api/v1/switchover` with `to`.',
  },
  several_primaries: {
    severity: 'critical',
    delta: 50,
    title: 'Several nodes say that they are primary',
    advice: 'Look at what each holds (`GET /api/v1/node`), and stop the pvcnoded of the one that the primary key does not name.',
  },
  primary_mismatch: {
    severity: 'critical',
    delta: 25,
    title: 'The primary key names another node than the primary',
    advice: 'Look at the logs of both nodes; then ask for a switchover to one of them.',
  },
  switchover_overdue: {
    severity: 'critical',
    delta: 25,
    title: 'A switchover takes longer than its bound',
    advice: '`GET /api/v1/switchover/{epoch}` shows how far each node has come, and the logs of these nodes why no further.',
  },
  release_failed: {
    severity: 'critical',
    delta: 50,
    title: 'A node cannot release its resources',
    advice: 'Mend the resource on that node, or end the node and confirm that it is down: no node takes over what it may hold.',
  },
  lock_held: {
    severity: 'critical',
    delta: 25,
    title: 'The primary lock is not released',
    advice: 'No switchover and no failover can begin. End the process that holds it; see "A lock that is not released" in docs/operations.md.',
  },
  node_dead: {
    severity: 'critical',
    delta: 50,
    title: 'A node is dead',
    advice: 'It is fenced if it can be. Until a fence or an operator has confirmed that it is down, no node takes over what it may hold.',
  },
  fence_unconfirmed: {
    severity: 'critical',
    delta: 50,
    title: 'A fence is not confirmed',
    advice: 'Make certain that the node is down, then confirm it: `pvcctl confirm-fence {node}`, or `POST /api/v1/node/{node}/fence-confirmation`. Where several coordinators are dead, confirm those that `fencing.suspended.confirm` of `GET /api/v1/status` names.',
  },
  fencing_suspended: {
    severity: 'critical',
    delta: 50,
    title: 'Dead nodes are not fenced',
    advice: 'End maintenance mode; or, where several coordinators are dead, confirm those that `fencing.suspended.confirm` of `GET /api/v1/status` names.',
  },
  node_unreachable: {
    severity: 'critical',
    delta: 25,
    title: 'A node that may hold something is out of contact with ZooKeeper',
    advice: 'It is judged dead soon unless it comes back. Look at its network, and at its pvcnoded.',
  },
  resource_lost: {
    severity: 'critical',
    delta: 25,
    title: 'The primary has lost a resource',
    advice: 'The primary acquires it again, or hands its role on. Mend it on that node.',
  },
  address_duplicate: {
    severity: 'critical',
    delta: 25,
    title: 'Another machine has a floating address, too',
    advice: 'Some clients reach that machine. Find it by the hardware address that is named (in the table of the switch), and remove the address there. A planned switchover moves the address all the same; after a death or a fence no coordinator acquires it while that machine answers, so that then no node is primary. It ends at the next check after that.',
  },
  address_unannounced: {
    severity: 'warning',
    delta: 10,
    title: 'A floating address cannot be announced or asked about',
    advice: 'Mend what the message names on that node: clients find the address late after a switchover, and another machine that has it is not seen.',
  },
  resource_failed: {
    severity: 'warning',
    delta: 10,
    title: 'A resource could not be acquired or released',
    advice: 'Mend it on that node; the error says why.',
  },
  domains_left: {
    severity: 'critical',
    delta: 50,
    title: 'Domains of a fenced node are not recovered',
    advice: 'Start them elsewhere. It ends once PVC\'s znodes have no domain running on that node any more, or when the fault is deleted: `DELETE /api/v1/faults/{id}`.',
  },
  fault: {
    severity: 'warning',
    delta: 0,
    title: 'There is a fault',
    advice: 'Mend its cause, then acknowledge or delete it: `PUT` or `DELETE /api/v1/faults/{id}`.',
  },
  schema_too_new: {
    severity: 'warning',
    delta: 0,
    title: 'The layout in ZooKeeper is newer than this API knows',
    advice: 'This API refuses every write. Install a version that knows that layout, and the same on the nodes; see docs/pvc.md.',
  },
  switchover_slow: {
    severity: 'warning',
    delta: 10,
    title: 'A switchover takes longer than usual, and no node serves as primary',
    advice: '`GET /api/v1/switchover` shows how far each node has come, and the log of the node that has not moved why. Clients are not served meanwhile; a switchover that is asked for again does not end sooner.',
  },
  successor_missing: {
    severity: 'warning',
    delta: 10,
    title: 'No other coordinator could become primary',
    advice: 'A failure of the primary would not be survived. `GET /api/v1/switchover/eligibility` says why each coordinator could not take over.',
  },
  candidates_unwilling: {
    severity: 'warning',
    delta: 10,
    title: 'No coordinator becomes primary by itself',
    advice: 'The coordinators that could take over have `priority: 0`, or are below their `min_health` (`pvc.candidate` in pvcnoded.yaml). Ask for one of them: `pvcctl switch --to`, or `POST /api/v1/switchover` with `to`; with `--force health`, or `force: ["health"]`, where it is its health. So that a failure of the primary is survived, mend that health, or give one of them a priority.',
  },
  node_fenced: {
    severity: 'warning',
    delta: 10,
    title: 'A node was fenced',
    advice: 'Find out why it died, then start its pvcnoded again. If it is not to come back, remove it: `DELETE /api/v1/node/{node}`.',
  },
  node_stopped: {
    severity: 'warning',
    delta: 10,
    title: 'A node is stopped',
    advice: 'Start its pvcnoded again. If it is not to come back, remove it: `DELETE /api/v1/node/{node}`.',
  },
  node_unreadable: {
    severity: 'warning',
    delta: 10,
    title: 'The state of a node cannot be read',
    advice: 'Start its pvcnoded again: it writes its states at its start.',
  },
  state_disbelieved: {
    severity: 'critical',
    delta: 25,
    title: 'The coordinator state of a node is not believed',
    advice: 'A fencer has written it over `dead`, and the node may hold everything: no other node takes over meanwhile. Restart its pvcnoded, which writes its state at its start; or make certain that the node is down, then confirm it: `pvcctl confirm-fence {node}`, or `POST /api/v1/node/{node}/fence-confirmation`.',
  },
  keepalive_late: {
    severity: 'warning',
    delta: 10,
    title: 'The keepalive of a node is late',
    advice: 'Look at the log of its pvcnoded, and at its contact with ZooKeeper.',
  },
  node_not_ready: {
    severity: 'warning',
    delta: 10,
    title: 'A coordinator is not ready to acquire a resource',
    advice: 'Mend it on that node, which checks it again by itself; until then it does not become primary.',
  },
  node_health_low: {
    severity: 'warning',
    delta: 10,
    title: 'The health of a node is low',
    advice: '`GET /api/v1/node/{node}` shows in `health_details` what each check found.',
  },
  checks_stale: {
    severity: 'warning',
    delta: 10,
    title: 'Checks of a node fail or time out',
    advice: '`GET /api/v1/node/{node}` names them in `health_details`; the log of its pvcnoded says why.',
  },
  fence_probe: {
    severity: 'warning',
    delta: 10,
    title: 'A fence would fail',
    advice: 'Mend the fencing agent or its credentials before they are needed; until then no node takes over what that node holds when it dies.',
  },
  failover_differs: {
    severity: 'warning',
    delta: 10,
    title: 'The coordinators differ in what they do about a dead primary',
    advice: 'Give `fencing` of all pvcnoded.yaml the same settings.',
  },
  resources_differ: {
    severity: 'warning',
    delta: 10,
    title: 'A coordinator is configured without a resource that others have',
    advice: 'Give `resources` of all pvcnoded.yaml the same entries (an address counts without its prefix and device, a unit by its name, a command by that of the resource), and restart the daemons whose file has changed; see docs/operations.md#add-or-remove-a-resource. Until then a node that lacks what the primary has does not become primary by itself, nor by a request without `force: ["resources"]`.',
  },
  node_backs_off: {
    severity: 'info',
    delta: 0,
    title: 'A node leaves the role to its peers after a failure',
    advice: 'It contends again by itself at the time that is named; a request that names it does not wait for that.',
  },
  node_flushed: {
    severity: 'info',
    delta: 0,
    title: 'A node runs no domains',
    advice: 'Ask it to take domains again when that is wanted: `POST /api/v1/node/{node}/domain-state`.',
  },
  versions_differ: {
    severity: 'info',
    delta: 0,
    title: 'Nodes run different versions',
    advice: 'Finish the upgrade.',
  },
  maintenance: {
    severity: 'info',
    delta: 0,
    title: 'The cluster is in maintenance mode',
    advice: 'No node is fenced meanwhile. End it when the work is done: `pvcctl resume`, or `POST /api/v1/status?state=false`.',
  },
} as const satisfies Readonly<Record<string, Kind>>
export type ConditionCode = keyof typeof conditionKinds
