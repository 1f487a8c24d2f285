/** Which replies may be different because of the paths that have changed: an update costs what has changed, not what there is. */
import { DOMAINS, nodePath, NODES, SCHEMA_VERSION } from '../cluster/layout.ts'
import type { CacheSnapshot } from '../zookeeper/cache/znode-cache.ts'

/** Znodes of a node that its replies are not made of. */
const without: ReadonlySet<string> = new Set(['presence', 'transition', 'keepalive', 'fence', 'activeschema'])

export interface Touched {
  /** Nodes may have come or gone. */
  readonly listed: boolean
  /** Domains may have come or gone, or run elsewhere. */
  readonly domains: boolean
  /** Whose replies may be different now. */
  readonly details: ReadonlySet<string>
  /** The nodes of which any znode has changed. */
  readonly all: ReadonlySet<string>
  /** A version of PVC's layout may be different. */
  readonly schemas: boolean
  readonly keepalives: readonly string[]
}

/** @param names every node that is shown */
export function touchedNodes (tree: CacheSnapshot, names: readonly string[], changed: readonly string[]): Touched {
  const details = new Set<string>()
  const all = new Set<string>()
  const keepalives: string[] = []
  const renamed = new Set<string>()
  let listed = false
  let domains = false
  let schemas = changed.includes(SCHEMA_VERSION)
  for (const path of changed) {
    const [root, name, key] = path.slice(1).split('/')
    if (`/${root}` === DOMAINS) {
      domains = true
      if (name !== undefined && key === undefined) renamed.add(name)
    }
    if (`/${root}` !== NODES) continue
    if (name === undefined) {
      listed = true
      continue
    }
    all.add(name)
    if (key === 'activeschema') schemas = true
    if (key === 'keepalive') keepalives.push(name)
    else if (key === undefined || !without.has(key)) details.add(name)
  }
  // The name of a domain stands in the replies of the nodes that run it.
  if (renamed.size > 0) for (const name of names) if (runsAny(tree, name, renamed)) details.add(name)
  return { listed, domains, details, all, schemas, keepalives }
}

/** Whether a node runs any of these domains, as it says. */
const runsAny = (tree: CacheSnapshot, name: string, uuids: ReadonlySet<string>): boolean =>
  tree.get(nodePath(name, 'runningdomains'))?.data.split(/\s+/).some((uuid) => uuids.has(uuid)) === true
