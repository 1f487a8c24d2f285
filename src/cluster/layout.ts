/**
 * The layout: where everything of a cluster is in ZooKeeper. PVC's znodes, and those that this project adds.
 *
 * Guarantees: a path made here is valid, and a name from outside can never lead out of its place. Every function throws
 * `ZooKeeperError` `invalid_argument` for a bad name, and nothing else.
 * Does not guarantee that a path exists.
 */
import { childPath, refusePath } from '../zookeeper/client/paths.ts'

/** `none` and `null` stand for no node. */
const NODE_NAME = /^(?!(?:none|null)$)[a-z0-9][a-z0-9._-]{0,63}$/i

/** True if `name` is acceptable as a node's name: 1 to 64 of `A-Za-z0-9._-`, beginning with a letter or digit. */
export function isNodeName (name: string): boolean {
  return NODE_NAME.test(name)
}

export const CONFIG = '/config'
export const PRIMARY_NODE = '/config/primary_node'
export const PRIMARY_SYNC_LOCK = '/config/primary_node/sync_lock'
export const MAINTENANCE = '/config/maintenance'
export const FENCE_LOCK = '/config/fence_lock'
export const UPSTREAM_IP = '/config/upstream_ip'
export const NODES = '/nodes'
export const DOMAINS = '/domains'
/** PVC's storage daemons. */
export const OSDS = '/ceph/osds'
export const FAULTS = '/faults'
/** Which version of PVC's layout the cluster has. */
export const SCHEMA_VERSION = '/schema/version'
export const LOGS = '/logs'
export const SWITCHOVERS = '/switchovers'

/** Every child of `/nodes/<n>` this project knows. */
export const NODE_KEYS = [
  'daemonmode', 'daemonstate', 'routerstate', 'domainstate', 'keepalive', 'staticdata', 'pvcversion',
  'memtotal', 'memused', 'memfree', 'memalloc', 'memprov', 'vcpualloc', 'cpuload',
  'domainscount', 'runningdomains', 'networkscount',
  'monitoring_health', 'monitoring_plugins', 'monitoring_data', 'network_stats',
  'ipmihostname', 'ipmiusername', 'ipmipassword',
  'activeschema', 'latestschema', 'presence', 'transition', 'resources', 'fence', 'disbelieved', 'events',
] as const
export type NodeKey = (typeof NODE_KEYS)[number]

/** Fencing credentials: never to be served, logged or cached. */
export const SECRET_NODE_KEYS: ReadonlySet<string> = new Set<NodeKey>(['ipmihostname', 'ipmiusername', 'ipmipassword'])

/** `/nodes/<name>`, or `/nodes/<name>/<key>`. */
export function nodePath (name: string, key?: NodeKey): string {
  if (!isNodeName(name)) refusePath('not a node name', name)
  return key === undefined ? `${NODES}/${name}` : `${NODES}/${name}/${key}`
}

/** `/domains/<uuid>`, or its `state` or `node`. */
export function domainPath (uuid: string, key?: 'state' | 'node'): string {
  const path = childPath(DOMAINS, uuid)
  return key === undefined ? path : `${path}/${key}`
}

/** Which node a storage daemon of PVC's is on. */
export function osdNodePath (id: string): string {
  return `${childPath(OSDS, id)}/node`
}

export function faultPath (id: string): string {
  return childPath(FAULTS, id)
}

/** `/logs/<name>/messages`. */
export function logPath (name: string): string {
  if (!isNodeName(name)) refusePath('not a node name', name)
  return `${LOGS}/${name}/messages`
}

/** `/switchovers/<epoch, 10 digits>`; `epoch` is a whole number from 0 to 9,999,999,999. */
export function switchoverPath (epoch: number): string {
  if (!Number.isInteger(epoch) || epoch < 0 || epoch > 9_999_999_999) refusePath('not an epoch', String(epoch))
  return `${SWITCHOVERS}/${String(epoch).padStart(10, '0')}`
}

/** The epoch of a child of `/switchovers`, or null if the name is not one. */
export function switchoverEpoch (name: string): number | null {
  return /^\d{10}$/.test(name) ? Number(name) : null
}
