/** The cluster in one reply: sums, counts and health from whatever is there. */
import t from 'tap'
import { clusterStatus as statusOf, nodesStatus, nodeStatus, type Fault, type StatusInput } from '../../../src/core/pvc/cluster-status.ts'
import { nodeDetails, type DetailZnode } from '../../../src/core/pvc/node-details.ts'
import { nodeReply } from '../../../src/core/pvc/node-reply.ts'

const node = (name: string, texts: Partial<Record<DetailZnode, string>> = {}, delta?: string) => nodeReply(nodeDetails(name, {
  znode: (key) => texts[key], plugin: (check, key) => key === 'health_delta' ? (check === 'idle' ? undefined : delta) : key === 'message' && check === 'fans' ? 'slow' : undefined, domain: () => undefined,
}))
const fault = (id: string, delta: number, at: string, status = 'new', message = id): Fault =>
  ({ id, last_reported: at, first_reported: at, acknowledged_at: '', status, health_delta: delta, message })
const clusterStatus = (input: Omit<StatusInput, 'states'>) => statusOf({ ...input, states: nodesStatus(input.nodes.map(nodeStatus)) })
const input: Omit<StatusInput, 'states'> = { clusterName: 'orchard', maintenance: 'false', primaryNode: 'plum', upstreamIp: null, nodes: [], domains: [], faults: [], fencing: null, primaryLock: null }

t.test('an empty cluster', async (t) => {
  t.match(clusterStatus(input), {
    cluster_name: 'orchard',
    maintenance: 'false',
    primary_node: 'plum',
    pvc_version: 'N/A',
    cluster_health: { health: 100, messages: [] },
    nodes: { total: 0 },
    vms: { total: 0 },
    osds: { total: 0 },
    resources: { memory: { total: 0, utilization: { value: 0 } }, cpu: { utilization: { value: 0 } } },
  })
})

t.test('dead nodes are reported where there are nodes of ours', async (t) => {
  t.notOk('fencing' in clusterStatus(input))
  t.same(clusterStatus({ ...input, fencing: { suspended: null, failover: 'manual', broken: [], dead: [] } }).fencing, { suspended: null, failover: 'manual', broken: [], dead: [] })
})

t.test('sums and counts', async (t) => {
  const nodes = [
    node('fig', { daemonstate: 'run', domainstate: 'ready', staticdata: '4 k o a', cpuload: '0.111', memtotal: '300', memused: '100' }),
    node('plum', { daemonstate: 'run', domainstate: 'ready', staticdata: '2 k o a', cpuload: '0.222', memtotal: '300', memused: '101', pvcversion: '7' }),
    node('yew'),
  ]
  t.match(clusterStatus({ ...input, nodes }), {
    pvc_version: '7',
    nodes: { total: 3, 'run,ready': 2, 'unknown,unknown': 1 },
    resources: { memory: { total: 600, used: 201, utilization: { value: 33.5 } }, cpu: { total: 6, load: { value: 0.33 }, utilization: { value: 5.5 } } },
    detail: { node: [{ name: 'fig' }, { name: 'plum' }, { name: 'yew', daemon_state: 'unknown', domain_state: 'unknown' }] },
    node_health: { yew: { health: 'N/A', messages: [] } },
  })
})

t.test('a state that is none of PVC\'s counts in the total alone', async (t) => {
  const states = ['start', 'constructor', 'total', '__proto__', 'toString', 'unknown', '', 'start']
  const { vms, detail } = clusterStatus({ ...input, domains: states.map((state, index) => ({ uuid: String(index), name: 'a', state })) })
  t.strictSame(vms, { total: 8, start: 2 })
  t.strictSame(detail.vm.map(({ state }) => state), states, 'and is shown as it is')
})

t.test('however large the figures, what is computed of them is finite', async (t) => {
  const odd = { staticdata: '1 k o a', cpuload: '9e14', memtotal: '1', memused: '9'.repeat(15) }
  const { resources } = clusterStatus({ ...input, nodes: Array.from({ length: 1_000 }, (_, index) => node(`n${index}`, odd)) })
  for (const value of Object.values({ ...resources.memory, ...resources.cpu })) t.ok(Number.isFinite(typeof value === 'number' ? value : value.value))
  t.equal(clusterStatus({ ...input, nodes: [node('n', { cpuload: '1e307' })] }).resources.cpu.load.value, 0, 'no load is that high')
})

t.test('the cluster\'s health is a percentage, whatever its faults say', async (t) => {
  for (const [delta, health] of [[-5, 100], [1e15, 0]] as const) t.equal(clusterStatus({ ...input, faults: [fault('a', delta, '')] }).cluster_health.health, health)
  t.equal(clusterStatus({ ...input, faults: [fault('a', -1e14, ''), fault('b', 30, '')] }).cluster_health.health, 70, 'no fault makes up for another')
})

t.test('domains by name, then by uuid', async (t) => {
  const domains = [{ uuid: '3', name: 'b', state: 'start' }, { uuid: '2', name: 'a', state: 'unknown' }, { uuid: '1', name: 'b', state: 'start' }, { uuid: '0', name: '', state: 'stop' }]
  const { vms, detail } = clusterStatus({ ...input, domains })
  t.strictSame(vms, { total: 4, start: 2, stop: 1 })
  t.strictSame(detail.vm.map(({ uuid }) => uuid), ['0', '2', '1', '3'])
})

t.test('domains and faults without a name or a time come first', async (t) => {
  const names = (list: readonly string[]) => clusterStatus({ ...input, domains: list.map((name, index) => ({ uuid: String(index), name, state: 'start' })) }).detail.vm.map(({ name }) => name)
  t.strictSame(names(['a', '']), ['', 'a'])
  t.strictSame(names(['', 'a']), ['', 'a'])
  t.strictSame(names(['', '']), ['', ''])
})

t.test('faults take their share off unless acknowledged', async (t) => {
  const faults = [fault('a', 10, '1'), fault('b', 30, '1'), fault('c', 10, '2'), fault('d', 50, '3', 'ack'), fault('e', 0, '', '', '')]
  const { cluster_health: health, detail } = clusterStatus({ ...input, faults })
  t.strictSame(health, { health: 50, messages: [{ id: 'b', health_delta: 30, text: 'b' }, { id: 'c', health_delta: 10, text: 'c' }, { id: 'a', health_delta: 10, text: 'a' }, { id: 'e', health_delta: 0, text: '' }] })
  t.strictSame(detail.faults.map(({ id }) => id), ['d', 'c', 'a', 'b', 'e'], 'newest first')
  t.equal(clusterStatus({ ...input, faults: [fault('x', 70, '1'), fault('y', 70, '1')] }).cluster_health.health, 0)
  t.strictSame(clusterStatus({ ...input, faults: [fault('x', 0, '1'), fault('y', 0, '1')] }).cluster_health.messages.map(({ id }) => id), ['x', 'y'])
})

t.test('checks of a node that take something off', async (t) => {
  const bad = node('fig', { monitoring_plugins: 'disk fans idle', monitoring_health: '90' }, '10')
  t.strictSame(clusterStatus({ ...input, nodes: [bad] }).node_health, { fig: { health: 90, messages: ["'disk': ", "'fans': slow"] } })
})
