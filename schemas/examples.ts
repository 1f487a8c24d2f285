/** What requests and replies look like, for the description: one example for each shared schema, and others where an operation says it differently. */
import type { Static } from 'typebox'
import type { ClusterHealth, Condition } from './condition.ts'
import type { SwitchoverProblem } from './problem.ts'
import type { Eligibility, HistoryEntry, Primary, Switchover } from './switchover.ts'
import type { ClusterStatus } from './status.ts'
import type { Node } from './node.ts'

const node: Static<typeof Node> = {
  name: 'hv1',
  daemon_state: 'run',
  coordinator_state: 'primary',
  domain_state: 'ready',
  pvc_version: '1.0.3',
  cpu_count: 16,
  kernel: '6.1.0-28-amd64',
  os: 'GNU/Linux',
  arch: 'x86_64',
  health: 100,
  health_plugins: ['load'],
  health_details: [{ name: 'load', last_run: 1_770_091_445, health_delta: 0, message: 'The load is 0.42', data: { load: 0.42 } }],
  load: 0.42,
  domains_count: 1,
  running_domains: ['web1'],
  vcpu: { total: 16, allocated: 2 },
  memory: { total: 64_207, allocated: 2_048, provisioned: 2_048, used: 5_120, free: 59_087 },
  interfaces: {},
  resources: [{ name: 'upstream', state: 'held', since: '2026-02-03T04:05:08.789Z', error: null, concerns: [] }],
}

const status: Static<typeof ClusterStatus> = {
  cluster_name: 'cluster1',
  cluster_health: { health: 100, messages: [] },
  node_health: { hv1: { health: 100, messages: [] } },
  maintenance: 'false',
  primary_node: 'hv1',
  pvc_version: '1.0.3',
  upstream_ip: '10.0.0.254/24',
  nodes: { total: 1, 'run,ready': 1 },
  vms: { total: 1, start: 1 },
  networks: 0,
  osds: {},
  pools: 0,
  volumes: 0,
  snapshots: 0,
  primary_lock: null,
  fencing: { suspended: null, failover: 'fenced', broken: [], dead: [] },
  resources: {
    memory: { total: 64_207, free: 59_087, used: 5_120, allocated: 2_048, provisioned: 2_048, utilization: 8 },
    cpu: { total: 16, load: 0.42, allocated: 2, utilization: 3 },
    disk: { total: 0, used: 0, free: 0, utilization: 0 },
  },
  detail: { node: [{ name: 'hv1', daemon_state: 'run', domain_state: 'ready' }], vm: [{ uuid: '8f1d6e52-6a8c-4f43-9c8e-0d3b4a1f7c11', name: 'web1', state: 'start' }], osd: [], faults: [] },
}

const succeeded: Static<typeof Switchover> = {
  epoch: 17,
  state: 'done',
  done: true,
  outcome: 'succeeded',
  from: 'hv1',
  to: 'hv2',
  became: 'hv2',
  cause: 'request',
  requested_by: 'ops',
  reason: 'maintenance of hv1',
  force: null,
  evidence: null,
  started_at: '2026-02-03T04:05:06.789Z',
  timeout: 60,
  finished_at: '2026-02-03T04:05:09.412Z',
  progress: 1,
  nodes: {
    hv1: { coordinator_state: 'secondary', step: 3, of: 3, resource: null },
    hv2: { coordinator_state: 'primary', step: 3, of: 3, resource: null },
  },
  timeline: [
    { at: '2026-02-03T04:05:07.301Z', node: 'hv1', coordinator_state: 'relinquish' },
    { at: '2026-02-03T04:05:07.318Z', node: 'hv2', coordinator_state: 'takeover' },
    { at: '2026-02-03T04:05:09.350Z', node: 'hv2', coordinator_state: 'primary' },
  ],
  last_held_at: '2026-02-03T04:05:07.305Z',
  held_again_at: '2026-02-03T04:05:08.349Z',
  outage_seconds: 1.044,
  resources: { upstream: { released_by: 'hv1', release_seconds: 0.112, acquired_by: 'hv2', acquire_seconds: 0.871 } },
  continued_by: null,
  error: null,
}

const running: Static<typeof Switchover> = {
  ...succeeded,
  state: 'in_progress',
  done: false,
  outcome: null,
  became: null,
  finished_at: null,
  last_held_at: null,
  held_again_at: null,
  outage_seconds: null,
  resources: {},
  progress: 0.5,
  nodes: {
    hv1: { coordinator_state: 'relinquish', step: 2, of: 3, resource: 'upstream' },
    hv2: { coordinator_state: 'takeover', step: 1, of: 3, resource: 'upstream' },
  },
  timeline: succeeded.timeline.slice(0, 2),
}

const failed: Static<typeof SwitchoverProblem> = {
  ...succeeded,
  outcome: 'failed',
  became: null,
  last_held_at: null,
  held_again_at: null,
  outage_seconds: null,
  resources: {},
  error: { code: 'acquire_failed', resource: 'upstream', message: 'upstream could not be acquired: it exited with 1.' },
  type: 'urn:pvc:problem:switchover_failed',
  title: 'The switchover failed',
  status: 502,
  detail: 'The switchover failed. upstream could not be acquired: it exited with 1. GET /api/v1/primary tells who is primary.',
  instance: '/api/v1/switchover',
  code: 'switchover_failed',
  message: 'The switchover failed. upstream could not be acquired: it exited with 1. GET /api/v1/primary tells who is primary.',
}

const retries: Static<typeof HistoryEntry> = {
  ...succeeded,
  epoch: 70,
  outcome: 'failed',
  became: null,
  last_held_at: null,
  held_again_at: null,
  outage_seconds: null,
  resources: {},
  from: null,
  cause: 'contention',
  requested_by: null,
  reason: null,
  started_at: '2026-02-03T05:05:06.789Z',
  finished_at: '2026-02-03T05:05:08.412Z',
  progress: 0.5,
  nodes: { hv2: { coordinator_state: 'secondary', step: 1, of: 3, resource: 'upstream' } },
  timeline: [
    { at: '2026-02-03T05:05:07.318Z', node: 'hv2', coordinator_state: 'takeover' },
    { at: '2026-02-03T05:05:08.350Z', node: 'hv2', coordinator_state: 'secondary' },
  ],
  error: { code: 'acquire_failed', resource: 'upstream', message: 'upstream could not be acquired: it exited with 1.' },
  count: 53,
  first_epoch: 18,
  first_started_at: '2026-02-03T04:10:06.789Z',
}

const primary: Static<typeof Primary> = { name: 'hv2', epoch: 17, since: '2026-02-03T04:05:06.801Z', settled: true }
const eligibility: Static<typeof Eligibility> = { name: 'hv3', coordinator_state: 'secondary', eligible: false, reasons: [{ code: 'not_running', message: 'hv3: its daemon state is not run (stop)' }], stands_back: null, priority: 50, min_health: 0, health: null, resources: ['10.0.0.254', 'systemd-unit dnsmasq.service'], unwilling: [] }
const holds = { node: 'hv1', holds: true, coordinator_state: 'primary', view_age: 0.21, reasons: [] }

const condition: Static<typeof Condition> = {
  code: 'node_dead',
  severity: 'critical',
  message: 'hv3 is judged dead: its presence is gone: its session with ZooKeeper has ended.',
  advice: 'It is fenced if it can be. Until a fence or an operator has confirmed that it is down, no node takes over what it may hold.',
  node: 'hv3',
  resource: null,
  since: '2026-02-03T04:05:06.789Z',
  fault: 'ABCD1234',
}
const clusterHealth: Static<typeof ClusterHealth> = { status: 'ok', primary: 'hv2', view_age: 0.21, stale: false, conditions: [] }

/** By the `$id` of the schema. */
export const examples: Readonly<Record<string, unknown>> = {
  Node: node,
  DaemonState: { name: 'hv1', daemon_state: 'run' },
  CoordinatorState: { name: 'hv1', coordinator_state: 'primary' },
  DomainState: { name: 'hv1', domain_state: 'ready' },
  NodeLog: { name: 'hv1', data: '2026-02-03 04:05:09 hv1: the role is primary' },
  Fault: { id: 'ABCD1234', last_reported: '2026-02-03 04:10:09', first_reported: '2026-02-03 04:05:09', acknowledged_at: '', status: 'new', health_delta: 25, message: 'Node hv1 has lost a resource and could not acquire it again: upstream is not there.' },
  Condition: condition,
  ClusterHealth: clusterHealth,
  ClusterStatus: status,
  PrimaryNode: { primary_node: 'hv1' },
  Message: { message: 'Node hv2 is to be primary: switchover 17 has begun.' },
  RemovedNode: { message: 'Node hv3 is removed: its znodes, its log and 1 fault of it. A pvcnoded that is started with this name registers as a new node.', node: 'hv3', removed: ['/nodes/hv3', '/logs/hv3', '/faults/ABCD1234'], domains: [] },
  Health: { status: 'ok', view_age: 0.21, reasons: [] },
  OutcomeUnknown: { code: 'outcome_unknown', outcome: 'unknown', epoch: 17, message: 'The connection to ZooKeeper was lost after the write was sent; /api/v1/switchover/17 will tell what became of it.' },
  Switchover: succeeded,
  HistoryEntry: retries,
  StoryEntry: { at: '2026-02-03T04:05:03.120Z', node: 'hv2', event: 'judged', resource: null, message: 'hv1 was judged dead: its presence is gone: its session with ZooKeeper has ended.' },
  SwitchoverProblem: failed,
  Primary: primary,
  Eligibility: eligibility,
  RoleReport: { role: 'primary', ...holds },
}

/** By operation and status, where that schema's example would not be true of it. */
export const examplesOf: Readonly<Record<string, Readonly<Record<string, unknown>>>> = {
  getApi: { 200: { message: 'PVC API version 1' } },
  setMaintenance: { 200: { message: 'The cluster is in maintenance mode now.' } },
  setDomainState: { 200: { message: 'Node hv1 is giving its domains away.' } },
  confirmFence: { 200: { message: 'Node hv1 is fenced now: it counts as holding nothing.' } },
  requestSwitchover: { 202: running, 409: { ...failed, outcome: 'superseded', became: null, continued_by: 18, error: null, type: 'urn:pvc:problem:switchover_superseded', title: 'A later change of the primary took its place', status: 409, code: 'switchover_superseded' }, 504: { ...failed, outcome: 'timed_out', became: null, error: null, type: 'urn:pvc:problem:switchover_timed_out', title: 'The switchover was not done within its bound', status: 504, code: 'switchover_timed_out' } },
  ...Object.fromEntries(['get', 'check'].map((verb) => [`${verb}ClusterHealth`, { 429: { ...clusterHealth, status: 'warning', conditions: [{ ...condition, code: 'node_fenced', severity: 'warning', message: 'hv3 was fenced, confirmed by hv1.', advice: 'Find out why it died, then start its pvcnoded again. If it is not to come back, remove it: `DELETE /api/v1/node/hv3`.' }] }, 503: { ...clusterHealth, status: 'critical', conditions: [condition] } }])),
  getReadiness: { 503: { status: 'unavailable', view_age: 12.34, reasons: ['ZooKeeper has not answered for 12.34 s.'] } },
  checkReadiness: { 503: { status: 'unavailable', view_age: 12.34, reasons: ['ZooKeeper has not answered for 12.34 s.'] } },
  ...Object.fromEntries(['getRole', 'checkRole'].flatMap((verb) => [
    [`${verb}Primary`, { 503: { ...holds, role: 'primary', holds: false, coordinator_state: 'takeover', reasons: ['hv1 is takeover, not primary.'] } }],
    [`${verb}Secondary`, { 200: { ...holds, role: 'secondary', coordinator_state: 'secondary' }, 503: { ...holds, role: 'secondary', holds: false, reasons: ['hv1 is primary, not secondary.'] } }],
  ])),
  acknowledgeFaults: { 200: { message: 'Acknowledged: ABCD1234.' } },
  acknowledgeFault: { 200: { message: 'Acknowledged: ABCD1234.' } },
  deleteFaults: { 200: { message: 'Deleted: ABCD1234.' } },
  deleteFault: { 200: { message: 'Deleted: ABCD1234.' } },
  listTasks: { 200: [] },
  getPvcMetrics: { 200: '# HELP pvc_cluster_health Health of the cluster in percent\n# TYPE pvc_cluster_health gauge\npvc_cluster_health 100\n' },
  getPvcHealthMetrics: { 200: '# HELP pvc_cluster_health Health of the cluster in percent\n# TYPE pvc_cluster_health gauge\npvc_cluster_health 100\n' },
  getMetrics: { 200: '# HELP pvc_primary_epoch The epoch of the primary key.\n# TYPE pvc_primary_epoch gauge\npvc_primary_epoch 17\n' },
  followEvents: { 200: `id: 0000000100000a2c\nevent: primary\ndata: ${JSON.stringify(primary)}\n\n` },
}

/** Bodies of requests, by operation. */
export const requestExamples: Readonly<Record<string, unknown>> = {
  requestSwitchover: { to: 'hv2', reason: 'maintenance of hv1', timeout: 50 },
  confirmFence: { confirm: 'hv1' },
  setCoordinatorState: { state: 'primary' },
  setDomainState: { state: 'flush' },
  setMaintenance: { state: 'true' },
}
