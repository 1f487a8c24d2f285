/**
 * Where things are in ZooKeeper, and which names and paths are acceptable at all.
 *
 * Guarantees: a path made here is valid, and a name from outside can never lead out of its place. Every function throws
 * `ZooKeeperError` `invalid_argument` for a bad name, and nothing else.
 * Does not guarantee that a path exists.
 */
import { ZooKeeperError } from './errors.ts'

const MAX_COMPONENT = 255
const NODE_NAME = /^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/
// C0 and C1 controls (NUL cuts a path short in the C client), surrogates and the non-characters ZooKeeper refuses.
// eslint-disable-next-line no-control-regex
const FORBIDDEN = /[\u0000-\u001f\u007f-\u009f\ud800-\uf8ff\ufff0-\uffff]/

function refuse (what: string, value: unknown): never {
  // The value is quoted only when it is a short string: it is a name here, never data.
  const shown = typeof value === 'string' ? JSON.stringify(value.length > 80 ? `${value.slice(0, 80)}…` : value) : typeof value
  throw new ZooKeeperError('invalid_argument', { op: 'get', detail: `${what}: ${shown}` })
}

/** True if `name` is acceptable as a node's name: 1 to 64 of `A-Za-z0-9._-`, beginning with a letter or digit. */
export function isNodeName (name: string): boolean {
  return NODE_NAME.test(name)
}

function componentProblem (component: string): string | null {
  if (component === '') return 'an empty component'
  if (component === '.' || component === '..') return 'a relative component'
  if (component.length > MAX_COMPONENT) return `a component of more than ${MAX_COMPONENT} characters`
  if (FORBIDDEN.test(component)) return 'a forbidden character'
  return null
}

/** What is wrong with `path` as an absolute path of a znode, or null. */
export function pathProblem (path: unknown): string | null {
  if (typeof path !== 'string') return 'a path must be a string'
  if (path === '/') return null
  if (!path.startsWith('/')) return 'a path must begin with /'
  for (const component of path.slice(1).split('/')) {
    const problem = componentProblem(component)
    if (problem !== null) return `a path must not have ${problem}`
  }
  return null
}

/** `parent` and `name` joined; `name` is one component. */
export function childPath (parent: string, name: string): string {
  const problem = name.includes('/') ? 'a slash' : componentProblem(name)
  if (problem !== null) refuse(`a name must not have ${problem}`, name)
  return parent === '/' ? `/${name}` : `${parent}/${name}`
}

/** The path above; `/` for `/` itself. */
export function parentPath (path: string): string {
  const at = path.lastIndexOf('/')
  return at <= 0 ? '/' : path.slice(0, at)
}

/** The last component. */
export function baseName (path: string): string {
  return path.slice(path.lastIndexOf('/') + 1)
}

export const CONFIG = '/config'
export const PRIMARY_NODE = '/config/primary_node'
export const PRIMARY_SYNC_LOCK = '/config/primary_node/sync_lock'
export const MAINTENANCE = '/config/maintenance'
export const FENCE_LOCK = '/config/fence_lock'
export const UPSTREAM_IP = '/config/upstream_ip'
export const NODES = '/nodes'
export const DOMAINS = '/domains'
export const FAULTS = '/faults'
const LOGS = '/logs'
export const SWITCHOVERS = '/switchovers'

/** Every child of `/nodes/<n>` this project knows. */
export const NODE_KEYS = [
  'daemonmode', 'daemonstate', 'routerstate', 'domainstate', 'keepalive', 'staticdata', 'pvcversion',
  'memtotal', 'memused', 'memfree', 'memalloc', 'memprov', 'vcpualloc', 'cpuload',
  'domainscount', 'runningdomains', 'networkscount',
  'monitoring_health', 'monitoring_plugins', 'monitoring_data', 'network_stats',
  'ipmihostname', 'ipmiusername', 'ipmipassword',
  'presence', 'transition', 'resources', 'fence',
] as const
export type NodeKey = (typeof NODE_KEYS)[number]

/** Fencing credentials: never to be served, logged or cached. */
export const SECRET_NODE_KEYS: ReadonlySet<string> = new Set<NodeKey>(['ipmihostname', 'ipmiusername', 'ipmipassword'])

/** `/nodes/<name>`, or `/nodes/<name>/<key>`. */
export function nodePath (name: string, key?: NodeKey): string {
  if (!isNodeName(name)) refuse('not a node name', name)
  return key === undefined ? `${NODES}/${name}` : `${NODES}/${name}/${key}`
}

/** `/domains/<uuid>`, or its `state` or `node`. */
export function domainPath (uuid: string, key?: 'state' | 'node'): string {
  const path = childPath(DOMAINS, uuid)
  return key === undefined ? path : `${path}/${key}`
}

export function faultPath (id: string): string {
  return childPath(FAULTS, id)
}

/** `/logs/<name>/messages`. */
export function logPath (name: string): string {
  if (!isNodeName(name)) refuse('not a node name', name)
  return `${LOGS}/${name}/messages`
}

/** `/switchovers/<epoch, 10 digits>`; `epoch` is a whole number from 0 to 9,999,999,999. */
export function switchoverPath (epoch: number): string {
  if (!Number.isInteger(epoch) || epoch < 0 || epoch > 9_999_999_999) refuse('not an epoch', String(epoch))
  return `${SWITCHOVERS}/${String(epoch).padStart(10, '0')}`
}

/** The epoch of a child of `/switchovers`, or null if the name is not one. */
export function switchoverEpoch (name: string): number | null {
  return /^\d{10}$/.test(name) ? Number(name) : null
}
