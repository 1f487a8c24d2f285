/** Which znodes the API watches: the coordinator view's, and what PVC's replies are made of. Fencing credentials and logs are not. */
import { below, BOTH, CHILDREN, clusterPaths, DATA, interestIn, rootsOf, type PathPatterns } from '../cluster/interest.ts'
import { STALE } from '../core/pvc/health.ts'
import { faultZnodes } from '../core/pvc/fault.ts'
import { detailZnodes, pluginZnodes } from '../core/pvc/node-details.ts'
import { CONFIG, DOMAINS, FAULTS, MAINTENANCE, NODES, PRIMARY_NODE, SCHEMA_VERSION, UPSTREAM_IP } from '../cluster/layout.ts'

export const domainZnodes = ['state', 'node'] as const

/** For the metrics, the report on fencing, and the version of the layout. */
const vitalZnodes = ['keepalive', 'fence', 'activeschema'] as const

const node = `${NODES}/{node}`
const check = `${node}/monitoring_data/{name}`

export const apiPaths: PathPatterns = {
  ...clusterPaths,
  // Its children are the line for the primary lock.
  [PRIMARY_NODE]: BOTH,
  [`${PRIMARY_NODE}/{name}`]: DATA,
  [CONFIG]: DATA,
  [MAINTENANCE]: DATA,
  [UPSTREAM_IP]: DATA,
  [SCHEMA_VERSION]: DATA,
  ...below(node, [...detailZnodes, ...vitalZnodes], DATA),
  [`${node}/monitoring_data`]: CHILDREN,
  [check]: CHILDREN,
  ...below(check, [...pluginZnodes, STALE], DATA),
  [DOMAINS]: CHILDREN,
  [`${DOMAINS}/{name}`]: BOTH,
  ...below(`${DOMAINS}/{name}`, domainZnodes, DATA),
  [FAULTS]: CHILDREN,
  [`${FAULTS}/{name}`]: CHILDREN,
  ...below(`${FAULTS}/{name}`, faultZnodes, DATA),
}

export const apiRoots = rootsOf(apiPaths)
export const apiInterest = interestIn(apiPaths)
