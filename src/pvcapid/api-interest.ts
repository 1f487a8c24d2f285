/** Which znodes the API watches: the coordinator view's, and what PVC's replies are made of. Fencing credentials and logs are not. */
import { clusterInterest, clusterRoots, NO_INTEREST, type Interest } from '../cluster/interest.ts'
import { STALE } from '../core/health.ts'
import { detailZnodes, pluginZnodes } from '../core/node-details.ts'
import { baseName, CONFIG, DOMAINS, FAULTS, isNodeName, MAINTENANCE, NODES, parentPath, UPSTREAM_IP } from '../zookeeper/paths.ts'

const DATA: Interest = { data: true, children: false }
const CHILDREN: Interest = { data: false, children: true }
const BOTH: Interest = { data: true, children: true }

export const apiRoots = [...clusterRoots, CONFIG, MAINTENANCE, UPSTREAM_IP, DOMAINS, FAULTS] as const

/** The children of `/faults/<id>` that a reply needs. */
export const faultZnodes = ['last_time', 'first_time', 'ack_time', 'status', 'delta', 'message'] as const
const domainZnodes = ['state', 'node'] as const

/** For the metrics and the report on fencing. */
const vitalZnodes = ['keepalive', 'fence'] as const

const details: ReadonlySet<string> = new Set([...detailZnodes, ...vitalZnodes])
const plugin: ReadonlySet<string> = new Set([...pluginZnodes, STALE])
const fault: ReadonlySet<string> = new Set(faultZnodes)
const domain: ReadonlySet<string> = new Set(domainZnodes)

export function apiInterest (path: string): Interest {
  const known = clusterInterest(path)
  if (known.data || known.children) return known
  if (path === CONFIG || path === MAINTENANCE || path === UPSTREAM_IP) return DATA
  if (path === DOMAINS || path === FAULTS) return CHILDREN
  const [root, name, key, check, ...rest] = path.slice(1).split('/')
  if (root === undefined || name === undefined || rest.length > 1) return NO_INTEREST
  switch (`/${root}`) {
    case DOMAINS: return key === undefined ? BOTH : check === undefined && domain.has(key) ? DATA : NO_INTEREST
    case FAULTS: return key === undefined ? CHILDREN : check === undefined && fault.has(key) ? DATA : NO_INTEREST
    case NODES: return isNodeName(name) && key !== undefined ? nodeInterest(path, key, rest[0]) : NO_INTEREST
    default: return NO_INTEREST
  }
}

function nodeInterest (path: string, key: string, leaf: string | undefined): Interest {
  if (key !== 'monitoring_data') return details.has(key) && parentPath(parentPath(path)) === NODES ? DATA : NO_INTEREST
  if (leaf !== undefined) return plugin.has(baseName(path)) ? DATA : NO_INTEREST
  return CHILDREN
}
