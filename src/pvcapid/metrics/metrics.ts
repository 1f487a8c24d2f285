/**
 * What Prometheus is told: names and units by its conventions, one registry for each application. Cluster figures are read from the view when
 * they are asked for; the rest is counted as it happens. Labels come from closed lists, nodes' names and routes, never from what clients send.
 */
import { Counter, Gauge, Histogram, Registry } from 'prom-client'
import { fenceStates } from '../../core/model/fence-record.ts'
import { causes, coordinatorStates, daemonStates, outcomes } from '../../core/model/states.ts'
import { phases } from '../../core/switchover/phases.ts'
import { SESSION_STATES } from '../../zookeeper/session/session.ts'
import { endings } from '../http/connection-owner.ts'
import { refusals } from '../http/connections.ts'
import type { OperationName } from './measured-connector.ts'
import { RequestTally } from './request-tally.ts'

const QUICK = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10]
const SWITCHING = [0.1, 0.25, 0.5, 1, 2, 3, 4, 5, 7.5, 10, 15, 20, 30, 60, 120, 300]

export class Metrics {
  readonly registry = new Registry()

  readonly cluster = this.#gauge('pvc_cluster_info', '1, with the chroot of the cluster, / at the root of the ensemble: tells clusters apart that share one.', ['cluster'])
  readonly nodes = this.#gauge('pvc_nodes', 'Nodes by daemon state.', ['daemon_state'])
  readonly coordinators = this.#gauge('pvc_coordinators', 'Coordinators by coordinator state.', ['coordinator_state'])
  readonly primary = this.#gauge('pvc_primary', '1 for the node that the primary key names.', ['node'])
  readonly primaryEpoch = this.#gauge('pvc_primary_epoch', 'The epoch of the primary key.', [])
  readonly primarySettled = this.#gauge('pvc_primary_settled', 'Whether the named node is primary and every other coordinator has released everything.', [])
  readonly maintenance = this.#gauge('pvc_maintenance', 'Whether the cluster is in maintenance mode.', [])
  readonly switchoversOpen = this.#gauge('pvc_switchovers_in_flight', 'Switchovers that are not over.', [])
  readonly keepaliveAge = this.#gauge('pvc_node_keepalive_age_seconds', 'Time since this API saw the keepalive of the node change.', ['node'])
  readonly staleChecks = this.#gauge('pvc_node_stale_checks', 'Checks of the node whose last value is old, because they failed or were late.', ['node'])
  readonly primaryLockHeld = this.#gauge('pvc_primary_lock_held_seconds', 'How long this API has seen the primary lock in the hands of the same holder; 0 while it is free.', [])
  readonly brokenFence = this.#gauge('pvc_node_fence_broken', '1 while the coordinator found_by has found that it could not fence the node.', ['node', 'found_by'])
  readonly fence = this.#gauge('pvc_node_fence_state', '1 for the state of the fence that is on record for the node.', ['node', 'state'])
  readonly resource = this.#gauge('pvc_resource_state', '1 for the state of a resource of the primary on the node, as the node has published it.', ['node', 'resource', 'state'])
  readonly condition = this.#gauge('pvc_condition', '1 while the condition is there; docs/conditions.md has every code.', ['code', 'severity', 'node', 'resource'])
  readonly conditions = this.#gauge('pvc_conditions', 'Conditions by severity.', ['severity'])
  readonly nodeHealth = this.#gauge('pvc_node_health_percent', 'Health of the node, as its checks have it.', ['node'])
  readonly switchovers = this.#counter('pvc_switchovers_total', 'Switchovers that this API saw end, by cause and outcome.', ['cause', 'outcome'])
  readonly switchoverSeconds = this.#histogram('pvc_switchover_phase_duration_seconds', 'Duration of switchovers that succeeded, by phase.', ['phase'], SWITCHING)

  readonly build = this.#gauge('pvcapid_build_info', '1, with the version.', ['version'])
  readonly ready = this.#gauge('pvcapid_ready', 'Whether this API can do its work.', [])
  readonly viewAge = this.#gauge('pvcapid_view_age_seconds', 'Time since everything that ZooKeeper had told is in the view; +Inf before the first reading.', [])
  readonly sessionState = this.#gauge('pvcapid_zookeeper_session_state', '1 for the state of the ZooKeeper session.', ['state'])
  readonly sessions = this.#counter('pvcapid_zookeeper_sessions_total', 'ZooKeeper sessions that were opened.', [])
  readonly operations = this.#histogram('pvcapid_zookeeper_operation_duration_seconds', 'Duration of ZooKeeper operations, by how they ended.', ['operation', 'result'], QUICK)
  readonly waiters = this.#gauge('pvcapid_waiters', 'Clients that wait in a long-poll.', [])
  readonly waitersLimit = this.#gauge('pvcapid_waiters_limit', 'Clients that may wait in a long-poll at once.', [])
  readonly streams = this.#gauge('pvcapid_event_streams', 'Event streams that are open.', [])
  readonly certificateExpiry = this.#gauge('pvcapid_certificate_expiry_timestamp_seconds', 'When the certificate that is served ends, or the first of its chain; 0 without HTTPS.', [])
  readonly connections = this.#gauge('pvcapid_connections', 'Connections that are open.', [])
  readonly requestsInProgress = this.#gauge('pvcapid_http_requests_in_progress', 'Requests that are in progress.', [])
  readonly requestsWaiting = this.#gauge('pvcapid_http_requests_waiting', 'Requests that wait behind others of their connection.', [])
  readonly requestBytes = this.#gauge('pvcapid_http_request_bytes', 'Bytes held for requests until they are answered, their objects included; of many connections also those of heads that are not whole.', [])
  readonly heldBytes = this.#gauge('pvcapid_http_response_bytes_waiting', 'Bytes held for replies that their clients have not taken yet.', [])
  readonly connectionWait = this.#histogram('pvcapid_connection_wait_seconds', 'How long a new connection waited for this process until its first request was begun: while it was accepted and not read, and while that request waited. Time for which the client sent nothing is not in it, nor that in the system\'s queue of connections that are not accepted yet (Recv-Q of ss -ltn).', [], QUICK)
  readonly endedConnections = this.#counter('pvcapid_connections_ended_total', 'Connections that this API ended, by why: too many requests at once, a client that does not read, too many bytes held, or a body that is too long, in too many pieces, or without an end that can be told.', ['reason'])
  readonly refusedConnections = this.#counter('pvcapid_connections_refused_total', 'Connections that were refused, by why: too many from one address, too many in all, or no TLS handshake.', ['reason'])
  readonly timers = this.#gauge('pvcapid_timers', 'Timers that run in the process.', [])
  readonly requests = new RequestTally(this.registry, QUICK)
  readonly refusedKeys = this.#counter('pvcapid_authentication_failures_total', 'Requests with a missing or wrong key, by which, those refused for too many wrong keys included.', ['reason'])
  readonly loopDelay = this.#histogram('pvcapid_event_loop_delay_seconds', 'How late the event loop came to a timer, looked at twice a second.', [], QUICK)
  readonly logLinesDropped = this.#counter('pvcapid_log_lines_dropped_total', 'Log lines that were dropped because stdout did not take them.', [])
  readonly residentMemory = this.#gauge('process_resident_memory_bytes', 'Resident memory size in bytes.', [])
  readonly cpuSeconds = this.#counter('process_cpu_seconds_total', 'User and system CPU time spent.', [])

  /** @param chroot of the cluster; the root of the ensemble unless given */
  constructor (version: string, chroot = '/') {
    this.cluster.set({ cluster: chroot }, 1)
    this.build.set({ version }, 1)
    for (const cause of Object.keys(causes)) for (const outcome of Object.keys(outcomes)) this.switchovers.inc({ cause, outcome }, 0)
    for (const phase of Object.keys(phases)) this.switchoverSeconds.zero({ phase })
    for (const reason of endings) this.endedConnections.inc({ reason }, 0)
    for (const reason of refusals) this.refusedConnections.inc({ reason }, 0)
    for (const reason of ['key_missing', 'key_unknown', 'key_too_weak']) this.refusedKeys.inc({ reason }, 0)
  }

  operation (operation: OperationName, seconds: number, ok: boolean): void {
    this.operations.observe({ operation, result: ok ? 'ok' : 'error' }, seconds)
  }

  /** Everything, in Prometheus' text format. */
  async text (): Promise<string> {
    return await this.registry.metrics()
  }

  #gauge<T extends string> (name: string, help: string, labelNames: readonly T[]): Gauge<T> {
    return new Gauge({ name, help, labelNames, registers: [this.registry] })
  }

  #counter<T extends string> (name: string, help: string, labelNames: readonly T[]): Counter<T> {
    return new Counter({ name, help, labelNames, registers: [this.registry] })
  }

  #histogram<T extends string> (name: string, help: string, labelNames: readonly T[], buckets: number[]): Histogram<T> {
    return new Histogram({ name, help, labelNames, buckets, registers: [this.registry] })
  }
}

/** One series for each of a closed list of states: 0 where there is none, so that no series comes and goes. */
export function setByState<L extends string> (gauge: Gauge<L>, label: L, states: object, present: ReadonlyArray<string | null>): void {
  for (const state of [...Object.keys(states), 'unknown']) {
    gauge.set({ [label]: state } as Record<L, string>, present.filter((each) => (each ?? 'unknown') === state).length)
  }
}

export { coordinatorStates, daemonStates, fenceStates, SESSION_STATES }
