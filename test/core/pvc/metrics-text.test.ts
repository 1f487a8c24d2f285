// What PVC's configuration for Prometheus scrapes: every line is one that Prometheus reads, whatever the znodes say.
import t from 'tap'
import { clusterStatus, nodesStatus, nodeStatus } from '../../../src/core/pvc/cluster-status.ts'
import { healthMetrics, resourceMetrics } from '../../../src/core/pvc/metrics-text.ts'
import { nodeDetails } from '../../../src/core/pvc/node-details.ts'
import { nodeReply } from '../../../src/core/pvc/node-reply.ts'

const node = (name: string, texts: Readonly<Record<string, string>> = {}) => nodeReply(nodeDetails(name, { znode: (key) => texts[key], plugin: () => undefined, domain: () => undefined }))
const status = (nodes: ReadonlyArray<ReturnType<typeof node>>, more: Partial<Parameters<typeof clusterStatus>[0]> = {}) => clusterStatus({
  clusterName: 'orchard', maintenance: 'false', primaryNode: 'plum', upstreamIp: null, nodes, states: nodesStatus(nodes.map(nodeStatus)), domains: [], faults: [], fencing: null, primaryLock: null, ...more,
})
const LINE = /^(?:# (?:HELP|TYPE) \w+ .+|\w+(?:\{\w+="(?:[^"\\\n]|\\.)*"(?:,\w+="(?:[^"\\\n]|\\.)*")*\})? -?\d+(?:\.\d+)?(?:e[+-]\d+)?)$/

t.test('an empty cluster', async (t) => {
  for (const text of [healthMetrics(status([])), resourceMetrics([])]) for (const line of text.trimEnd().split('\n')) t.match(line, LINE)
})

t.test('figures', async (t) => {
  const fig = node('fig', { daemonstate: 'run', domainstate: 'ready', staticdata: '4 k"1 o a\\b', cpuload: '1', memtotal: '300', memused: '30', memalloc: '15', memprov: '60', monitoring_health: '90', vcpualloc: '2', domainscount: '1', network_stats: '{"e0":{"rx_bps":1.5,"tx_bps":"x"},"e1":{"rx_bps":2.0},"e2":null}' })
  const plum = node('plum', { daemonstate: 'dead', staticdata: '8 k o a', memtotal: '600' })
  const fault = (id: string, state: string) => ({ id, last_reported: '', first_reported: '', acknowledged_at: '', status: state, health_delta: 10, message: '' })
  const health = healthMetrics(status([fig, plum], { maintenance: 'true', upstreamIp: '10.0.0.1/24', faults: [fault('a', 'new'), fault('b', 'ack'), fault('c', '')], domains: [{ uuid: 'u', name: 'n', state: 'start' }, { uuid: 'v', name: 'n', state: 'unknown' }] }))
  for (const line of [
    'pvc_info{primary_node="plum",version="N/A",upstream_ip="10.0.0.1/24"} 1', 'pvc_cluster_maintenance 1', 'pvc_cluster_health 80', 'pvc_cluster_faults{status="new"} 2', 'pvc_cluster_faults{status="ack"} 1', 'pvc_node_health{node="fig"} 90',
    'pvc_node_daemon_states{state="run"} 1', 'pvc_node_daemon_states{state="stop"} 0', 'pvc_node_daemon_states{state="dead"} 1', 'pvc_node_domain_states{state="unknown"} 1', 'pvc_vm_states{state="start"} 1', 'pvc_nodes 2', 'pvc_vms 2', 'pvc_osds 0',
  ]) t.ok(health.split('\n').includes(line), line)
  t.notMatch(health, /pvc_vm_states\{state="unknown"\}/, 'a state that is none of PVC\'s')
  t.notMatch(health, /pvc_node_health\{node="plum"\}/, 'nothing is said of a health that cannot be read')
  const resources = resourceMetrics([fig, plum])
  for (const line of [
    'pvc_cluster_cpu_utilization 25', 'pvc_cluster_memory_real_utilization 10', 'pvc_node_load_average{node="fig"} 1', 'pvc_node_cpu_utilization{node="plum"} 0', 'pvc_node_network_traffic_rx{node="fig"} 3.5', 'pvc_node_network_traffic_tx{node="fig"} 0', 'pvc_node_architecture{node="fig",architecture="a\\\\b"} 1', 'pvc_node_kernel{node="fig",kernel="k\\"1"} 1',
  ]) t.ok(resources.split('\n').includes(line), line)
  for (const line of `${health}${resources}`.trimEnd().split('\n')) t.match(line, LINE)
})
