/**
 * Which paths are acceptable to ZooKeeper, and how they are put together.
 *
 * Guarantees: a path made here is valid, and a name from outside can never lead out of its place. Every function throws
 * `ZooKeeperError` `invalid_argument` for a bad name, and nothing else. Every name that a child can have in ZooKeeper is taken, however long:
 * it bounds a packet, no name.
 * Does not guarantee that a path exists.
 */
import { ZooKeeperError } from './errors.ts'

/** C0 and C1 controls: NUL cuts a path short in the C client. */
const CONTROL = /\p{Cc}/u
/** Surrogates and the non-characters that ZooKeeper refuses. By UTF-16 unit, as ZooKeeper has it: no flag u here. */
const REFUSED = /[\ud800-\uf8ff\ufff0-\uffff]/

/** @throws ZooKeeperError `invalid_argument`; `value` is quoted where it is a short text */
export function refusePath (what: string, value: unknown): never {
  // The value is quoted only when it is a short string: it is a name here, never data.
  const shown = typeof value === 'string' ? JSON.stringify(value.length > 80 ? `${value.slice(0, 80)}…` : value) : typeof value
  throw new ZooKeeperError('invalid_argument', { op: 'get', detail: `${what}: ${shown}` })
}

function componentProblem (component: string): string | null {
  if (component === '') return 'an empty component'
  if (component === '.' || component === '..') return 'a relative component'
  if (CONTROL.test(component) || REFUSED.test(component)) return 'a forbidden character'
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
  if (problem !== null) refusePath(`a name must not have ${problem}`, name)
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
