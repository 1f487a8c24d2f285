/**
 * The figures of PVC's `/api/v1/metrics` in Prometheus' text format, under PVC's names: its dashboards and alerts are written for them. Every state has
 * its line, also where nothing is in it. What this project does not keep (networks, storage) is 0.
 */
import { daemonStates, domainStates } from '../model/states.ts'
import type { ClusterStatus } from './cluster-status.ts'
import { vmStates } from './domain.ts'
import { totalOf } from './interfaces.ts'
import { UNKNOWN, type NodeReply } from './node-reply.ts'

type Labels = Readonly<Record<string, string>>
type Sample = readonly [labels: Labels, value: number]

const escaped = (text: string) => text.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n')
const labelled = (labels: Labels) => {
  const parts = Object.entries(labels).map(([name, value]) => `${name}="${escaped(value)}"`)
  return parts.length === 0 ? '' : `{${parts.join(',')}}`
}

const gauge = (name: string, help: string, samples: readonly Sample[]): string =>
  [`# HELP ${name} ${help}`, `# TYPE ${name} gauge`, ...samples.map(([labels, value]) => `${name}${labelled(labels)} ${value}`)].join('\n')
const single = (name: string, help: string, value: number) => gauge(name, help, [[{}, value]])

/** How many of `states` are in each of `known`. */
function counted (known: readonly string[], states: readonly string[]): readonly Sample[] {
  const counts = new Map(known.map((state) => [state, 0]))
  for (const state of states) {
    const count = counts.get(state)
    if (count !== undefined) counts.set(state, count + 1)
  }
  return [...counts].map(([state, count]) => [{ state }, count])
}

export function healthMetrics (status: ClusterStatus): string {
  const { detail } = status
  const acknowledged = detail.faults.filter((fault) => fault.status === 'ack').length
  return `${[
    gauge('pvc_info', 'The cluster', [[{ primary_node: status.primary_node, version: status.pvc_version, upstream_ip: status.upstream_ip ?? '' }, 1]]),
    single('pvc_cluster_maintenance', 'Whether the cluster is in maintenance mode', status.maintenance === 'true' ? 1 : 0),
    single('pvc_cluster_health', 'Health of the cluster in percent', status.cluster_health.health),
    gauge('pvc_cluster_faults', 'Faults by their status', [[{ status: 'new' }, detail.faults.length - acknowledged], [{ status: 'ack' }, acknowledged]]),
    gauge('pvc_node_health', 'Health of a node in percent', Object.entries(status.node_health).flatMap(([node, { health }]) => health === 'N/A' ? [] : [[{ node }, health] as const])),
    gauge('pvc_node_daemon_states', 'Nodes by daemon state', counted([...Object.keys(daemonStates), UNKNOWN], detail.node.map((node) => node.daemon_state))),
    gauge('pvc_node_domain_states', 'Nodes by domain state', counted([...Object.keys(domainStates), UNKNOWN], detail.node.map((node) => node.domain_state))),
    gauge('pvc_vm_states', 'Domains by state', counted(vmStates, detail.vm.map(({ state }) => state))),
    gauge('pvc_ceph_osd_up_states', 'OSDs that are up and down', counted(['up', 'down'], [])),
    gauge('pvc_ceph_osd_in_states', 'OSDs that are in and out', counted(['in', 'out'], [])),
    single('pvc_nodes', 'Nodes', detail.node.length),
    single('pvc_vms', 'Domains', detail.vm.length),
    ...['osds', 'networks', 'pools', 'volumes', 'snapshots'].map((name) => single(`pvc_${name}`, 'Not kept by this API', 0)),
  ].join('\n')}\n`
}

const rounded = (value: number) => Math.round(value * 100) / 100
const percent = (part: number, whole: number) => whole > 0 ? rounded(100 * part / whole) : 0
const total = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0)
/** What is left when the largest node is gone. */
const withoutLargest = (values: readonly number[]) => total(values) - Math.max(0, ...values)

export function resourceMetrics (nodes: readonly NodeReply[]): string {
  const each = (name: string, help: string, figure: (node: NodeReply) => number) => gauge(name, help, nodes.map((node) => [{ node: node.name }, figure(node)]))
  const memory = withoutLargest(nodes.map((node) => node.memory.total))
  const ofMemory = (key: 'used' | 'allocated' | 'provisioned') => percent(total(nodes.map((node) => node.memory[key])), memory)
  return `${[
    single('pvc_cluster_cpu_utilization', 'Load in percent of the processors without the largest node', percent(total(nodes.map((node) => node.load.value)), withoutLargest(nodes.map((node) => node.cpu_count)))),
    single('pvc_cluster_memory_real_utilization', 'Memory in use in percent, without the largest node', ofMemory('used')),
    single('pvc_cluster_memory_allocated_utilization', 'Memory allocated in percent, without the largest node', ofMemory('allocated')),
    single('pvc_cluster_memory_provisioned_utilization', 'Memory provisioned in percent, without the largest node', ofMemory('provisioned')),
    each('pvc_node_host_cpus', 'Processors', (node) => node.vcpu.total),
    each('pvc_node_allocated_vcpus', 'Virtual processors in use', (node) => node.vcpu.allocated),
    each('pvc_node_load_average', 'Load average of a minute', (node) => node.load.value),
    each('pvc_node_cpu_utilization', 'Load in percent of the processors', (node) => percent(node.load.value, node.cpu_count)),
    each('pvc_node_domains_count', 'Domains that run', (node) => node.domains_count),
    gauge('pvc_node_architecture', 'Architecture', nodes.map((node) => [{ node: node.name, architecture: node.arch }, 1])),
    gauge('pvc_node_kernel', 'Kernel', nodes.map((node) => [{ node: node.name, kernel: node.kernel }, 1])),
    each('pvc_node_network_traffic_rx', 'Bits received a second', (node) => rounded(totalOf(node.interfaces, 'rx_bps'))),
    each('pvc_node_network_traffic_tx', 'Bits sent a second', (node) => rounded(totalOf(node.interfaces, 'tx_bps'))),
  ].join('\n')}\n`
}
