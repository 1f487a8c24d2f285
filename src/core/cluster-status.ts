/**
 * The cluster in one reply, as PVC's API shows it, from its nodes, domains and faults. Figures that a node lacks count as 0 in the sums.
 * What this project does not keep (networks, storage) is 0, as on a cluster that has none.
 */
import type { FencingReport } from './fencing-report.ts'
import type { NodeDetails } from './node-details.ts'

/** A fault as PVC shows it. */
export interface Fault {
  readonly id: string
  readonly last_reported: string | null
  readonly first_reported: string | null
  readonly acknowledged_at: string | null
  readonly status: string | null
  readonly health_delta: number | null
  readonly message: string | null
}

export interface Domain {
  readonly uuid: string
  readonly name: string | null
  readonly state: string | null
}

export interface StatusInput {
  readonly clusterName: string | null
  readonly maintenance: string | null
  readonly primaryNode: string | null
  readonly upstreamIp: string | null
  /** Sorted by name. */
  readonly nodes: readonly NodeDetails[]
  readonly domains: readonly Domain[]
  readonly faults: readonly Fault[]
  /** null in a cluster without a node of ours. */
  readonly fencing: FencingReport | null
}

const byText = (a: string | null, b: string | null) => (a ?? '') < (b ?? '') ? -1 : (a ?? '') > (b ?? '') ? 1 : 0
const sum = (values: ReadonlyArray<number | null>) => values.reduce<number>((total, value) => total + (value ?? 0), 0)
const cents = (value: number) => Math.round(value * 100) / 100
const percent = (part: number, whole: number) => whole > 0 ? cents(100 * part / whole) : 0

function counted (states: readonly string[]): Record<string, number> {
  const counts: Record<string, number> = { total: states.length }
  for (const state of [...states].sort()) counts[state] = (counts[state] ?? 0) + 1
  return counts
}

/** Every fault that nobody has acknowledged takes its share off; the worst first. */
function clusterHealth (faults: readonly Fault[]) {
  const open = faults
    .filter(({ status }) => status !== 'ack')
    .sort((a, b) => (b.health_delta ?? 0) - (a.health_delta ?? 0) || byText(b.last_reported, a.last_reported))
  return {
    health: Math.max(0, 100 - sum(open.map(({ health_delta: delta }) => delta))),
    messages: open.map(({ id, health_delta: delta, message }) => ({ id, health_delta: delta ?? 0, text: message ?? '' })),
  }
}

const nodeHealth = ({ health, health_details: details }: NodeDetails) => ({
  health,
  messages: (details ?? []).filter((check) => (check.health_delta ?? 0) > 0).map((check) => `'${check.name}': ${check.message ?? ''}`),
})

export function clusterStatus ({ clusterName, maintenance, primaryNode, upstreamIp, nodes, domains, faults, fencing }: StatusInput) {
  const memory = {
    total: sum(nodes.map((node) => node.memory.total)),
    free: sum(nodes.map((node) => node.memory.free)),
    used: sum(nodes.map((node) => node.memory.used)),
    allocated: sum(nodes.map((node) => node.memory.allocated)),
    provisioned: sum(nodes.map((node) => node.memory.provisioned)),
  }
  const cpu = {
    total: sum(nodes.map((node) => node.vcpu.total)),
    load: cents(sum(nodes.map((node) => node.load))),
    allocated: sum(nodes.map((node) => node.vcpu.allocated)),
  }
  const vms = [...domains].sort((a, b) => byText(a.name, b.name) || byText(a.uuid, b.uuid))
  return {
    cluster_name: clusterName,
    cluster_health: clusterHealth(faults),
    node_health: Object.fromEntries(nodes.map((node) => [node.name, nodeHealth(node)])),
    maintenance,
    primary_node: primaryNode,
    pvc_version: nodes.find(({ name }) => name === primaryNode)?.pvc_version ?? null,
    upstream_ip: upstreamIp,
    nodes: counted(nodes.map((node) => `${node.daemon_state ?? 'unknown'},${node.domain_state ?? 'unknown'}`)),
    vms: counted(domains.map(({ state }) => state ?? 'unknown')),
    networks: 0,
    osds: { total: 0 },
    pools: 0,
    volumes: 0,
    snapshots: 0,
    ...(fencing === null ? {} : { fencing }),
    resources: {
      memory: { ...memory, utilization: percent(memory.used, memory.total) },
      cpu: { ...cpu, utilization: percent(cpu.load, cpu.total) },
      disk: { total: 0, used: 0, free: 0, utilization: 0 },
    },
    detail: {
      node: nodes.map(({ name, daemon_state: daemonState, domain_state: domainState }) => ({ name, daemon_state: daemonState, domain_state: domainState })),
      vm: vms,
      osd: [] as const,
      faults: [...faults].sort((a, b) => byText(b.last_reported, a.last_reported) || byText(a.id, b.id)),
    },
  }
}
export type ClusterStatus = ReturnType<typeof clusterStatus>
