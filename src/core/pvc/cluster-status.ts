/**
 * The cluster in one reply, as PVC's API shows it, from its nodes, domains and faults. Figures that a node lacks count as 0 in the sums.
 * What this project does not keep (networks, storage) is 0, as on a cluster that has none.
 */
import type { FencingReport } from '../fencing/report.ts'
import type { LockHolder } from '../model/lock-holder.ts'
import { vmStates } from './domain.ts'
import type { NodeReply } from './node-reply.ts'
import { fraction } from './written-number.ts'

/** A fault as PVC shows it. */
export interface Fault {
  readonly id: string
  readonly last_reported: string
  readonly first_reported: string
  readonly acknowledged_at: string
  readonly status: string
  readonly health_delta: number
  readonly message: string
}

export interface Domain {
  readonly uuid: string
  readonly name: string
  readonly state: string
}

export interface StatusInput {
  readonly clusterName: string
  readonly maintenance: 'true' | 'false'
  readonly primaryNode: string
  readonly upstreamIp: string | null
  /** Sorted by name. */
  readonly nodes: readonly NodeReply[]
  /** Of the same nodes. */
  readonly states: NodesStatus
  readonly domains: readonly Domain[]
  readonly faults: readonly Fault[]
  /** null in a cluster without a node of ours. */
  readonly fencing: FencingReport | null
  readonly primaryLock: LockHolder | null
}

const byText = (a: string, b: string) => a < b ? -1 : a > b ? 1 : 0

function sum<T> (list: readonly T[], figure: (item: T) => number): number {
  let total = 0
  for (const item of list) total += figure(item)
  return total
}

const cents = (value: number) => Math.round(value * 100) / 100
const percent = (part: number, whole: number) => fraction(whole > 0 ? cents(100 * part / whole) : 0)

/** How many there are, and how many in each state that occurs. No state is called `total`: they are of closed lists. */
function counted (total: number, states: readonly string[]): Record<string, number> {
  const counts = new Map<string, number>()
  for (const state of [...states].sort()) counts.set(state, (counts.get(state) ?? 0) + 1)
  return { total, ...Object.fromEntries(counts) }
}

const known: ReadonlySet<string> = new Set(vmStates)

/** Every fault that is not acknowledged takes its share off, and none gives a share that others have taken; the worst first. */
function clusterHealth (faults: readonly Fault[]) {
  const open = faults
    .filter(({ status }) => status !== 'ack')
    .sort((a, b) => b.health_delta - a.health_delta || byText(b.last_reported, a.last_reported))
  return {
    health: Math.min(100, Math.max(0, 100 - sum(open, ({ health_delta: delta }) => Math.max(0, delta)))),
    messages: open.map(({ id, health_delta: delta, message }) => ({ id, health_delta: delta, text: message })),
  }
}

const nodeHealth = ({ health, health_details: details }: NodeReply) => ({
  health,
  messages: details.filter((check) => check.health_delta > 0).map((check) => `'${check.name}': ${check.message}`),
})

/** What the status says of one node that its keepalives do not change. */
export interface NodeStatus {
  readonly health: { readonly health: NodeReply['health'], readonly messages: readonly string[] }
  readonly states: Pick<NodeReply, 'name' | 'daemon_state' | 'domain_state'>
}

export const nodeStatus = (node: NodeReply): NodeStatus => ({
  health: Object.freeze(nodeHealth(node)),
  states: Object.freeze({ name: node.name, daemon_state: node.daemon_state, domain_state: node.domain_state }),
})

/** The same of all of them; it is as long as the cluster is large, and seldom other than before. */
export interface NodesStatus {
  readonly health: Readonly<Record<string, NodeStatus['health']>>
  readonly counts: Readonly<Record<string, number>>
  readonly list: ReadonlyArray<NodeStatus['states']>
}

/** @param nodes sorted by name */
export const nodesStatus = (nodes: readonly NodeStatus[]): NodesStatus => ({
  health: Object.freeze(Object.fromEntries(nodes.map(({ health, states }) => [states.name, health]))),
  counts: counted(nodes.length, nodes.map(({ states }) => `${states.daemon_state},${states.domain_state}`)),
  list: Object.freeze(nodes.map(({ states }) => states)),
})

export function clusterStatus ({ clusterName, maintenance, primaryNode, upstreamIp, nodes, states, domains, faults, fencing, primaryLock }: StatusInput) {
  const memory = {
    total: sum(nodes, (node) => node.memory.total),
    free: sum(nodes, (node) => node.memory.free),
    used: sum(nodes, (node) => node.memory.used),
    allocated: sum(nodes, (node) => node.memory.allocated),
    provisioned: sum(nodes, (node) => node.memory.provisioned),
  }
  const cpu = {
    total: sum(nodes, (node) => node.vcpu.total),
    load: cents(sum(nodes, (node) => node.load.value)),
    allocated: sum(nodes, (node) => node.vcpu.allocated),
  }
  const vms = [...domains].sort((a, b) => byText(a.name, b.name) || byText(a.uuid, b.uuid))
  return {
    cluster_name: clusterName,
    cluster_health: clusterHealth(faults),
    node_health: states.health,
    maintenance,
    primary_node: primaryNode,
    pvc_version: nodes.find(({ name }) => name === primaryNode)?.pvc_version ?? 'N/A',
    upstream_ip: upstreamIp,
    nodes: states.counts,
    vms: counted(domains.length, domains.map(({ state }) => state).filter((state) => known.has(state))),
    networks: 0,
    osds: { total: 0 },
    pools: 0,
    volumes: 0,
    snapshots: 0,
    ...(fencing === null ? {} : { primary_lock: primaryLock, fencing }),
    resources: {
      memory: { ...memory, utilization: percent(memory.used, memory.total) },
      cpu: { ...cpu, load: fraction(cpu.load), utilization: percent(cpu.load, cpu.total) },
      disk: { total: 0, used: 0, free: 0, utilization: fraction(0) },
    },
    detail: Object.freeze({
      node: states.list,
      vm: vms,
      osd: [] as const,
      faults: Object.freeze([...faults].sort((a, b) => byText(b.last_reported, a.last_reported) || byText(a.id, b.id))),
    }),
  }
}
export type ClusterStatus = ReturnType<typeof clusterStatus>
