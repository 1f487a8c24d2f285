/** Readings of nodes, from one snapshot each; the log alone is read through, because nobody needs it watched. */
import { NOBODY } from '../../core/model/states.ts'
import { isNodeName, logPath } from '../../cluster/layout.ts'
import type { NodeReply } from '../../core/pvc/node-reply.ts'
import type { NodeReplies } from '../../projection/api-snapshot.ts'
import type { Contact } from './contact.ts'
import { ApiError } from '../errors/errors.ts'
import { etagOf, isTagIn } from '../http/etag.ts'
import { namePattern } from './name-pattern.ts'
import type { ClusterCache } from './cluster-cache.ts'
import type { Client, Waiters } from './waiters.ts'

/** Lists that are kept for who asks next. */
const LISTS = 32

/** All of those that are given have to hold. */
export interface NodeFilter {
  readonly limit?: string
  readonly daemon_state?: string
  readonly coordinator_state?: string
  readonly domain_state?: string
}

/** Characters of a node's log that are read at most: all that a znode can hold. */
const MAX_LOG = 1_048_576

export class NodeService {
  readonly #view: ClusterCache
  readonly #contact: Contact
  readonly #waiters: Waiters
  /** Lists of the present snapshot, by their filter. */
  #lists: { readonly nodes: readonly NodeReply[], readonly byFilter: Map<string, readonly NodeReply[]> } | null = null
  readonly #logs = new Map<string, Promise<string>>()
  #primary: { readonly primary_node: string } = Object.freeze({ primary_node: NOBODY })

  constructor (view: ClusterCache, contact: Contact, waiters: Waiters) {
    this.#view = view
    this.#contact = contact
    this.#waiters = waiters
  }

  /** The nodes that the filter lets through, sorted by name. Throws `no_node_found`, `pattern_invalid`. An empty value filters nothing, as in PVC. */
  list (filter: NodeFilter): readonly NodeReply[] {
    const { snapshot } = this.#view
    const { nodes } = snapshot
    const states = (['daemon_state', 'coordinator_state', 'domain_state'] as const).filter((key) => (filter[key] ?? '') !== '')
    const fits = (filter.limit ?? '') === '' ? null : namePattern(filter.limit ?? '')
    if (fits === null && states.length === 0) return nodes
    if (this.#lists?.nodes !== nodes) this.#lists = { nodes, byFilter: new Map() }
    const { byFilter } = this.#lists
    const key = JSON.stringify([filter.limit, filter.daemon_state, filter.coordinator_state, filter.domain_state])
    const known = byFilter.get(key)
    if (known !== undefined) return known
    const found = Object.freeze(nodes.filter((node) => (fits === null || fits(node.name)) && states.every((state) => snapshot.node(node.name)?.details[state] === filter[state])))
    if (byFilter.size >= LISTS) byFilter.clear()
    if (found.length > 0) {
      byFilter.set(key, found)
      return found
    }
    const asked = [...fits === null ? [] : [`a name like ${filter.limit}`], ...states.map((state) => `${state} ${filter[state]}`)]
    throw new ApiError('no_node_found', `No node has ${asked.join(' and ')}; GET /api/v1/node lists all of them.`)
  }

  /** The replies about one node, by its exact name. Throws `node_unknown`. */
  get (name: string): NodeReplies {
    const found = this.#view.snapshot.node(name)
    if (found === undefined) throw new ApiError('node_unknown', `There is no node named "${name}"; GET /api/v1/node lists them.`)
    return found
  }

  /**
   * The coordinator state of one node, as soon as it is other than the client knows it, or after `milliseconds`. Throws `node_unknown`, also
   * when the node goes away meanwhile.
   * @param known the `If-None-Match` of the request
   */
  coordinatorState (name: string, known: string | undefined, milliseconds: number, client: Client): NodeReplies['coordinatorState'] | Promise<NodeReplies['coordinatorState']> {
    const state = this.get(name).coordinatorState
    return milliseconds <= 0 || known === undefined || !isTagIn(known, etagOf(state)) ? state : this.#otherState(name, known, milliseconds, client)
  }

  async #otherState (name: string, known: string, milliseconds: number, client: Client): Promise<NodeReplies['coordinatorState']> {
    await this.#waiters.until(`node/${name}`, milliseconds, client, () => {
      const now = this.#view.snapshot.node(name)?.coordinatorState
      return now === undefined || !isTagIn(known, etagOf(now)) ? true : null
    })
    return this.get(name).coordinatorState
  }

  /** Whom the primary key names, or null for nobody. */
  primary (): { readonly primary_node: string } | null {
    const { primaryNode } = this.#view.snapshot
    if (this.#primary.primary_node !== primaryNode) this.#primary = Object.freeze({ primary_node: primaryNode })
    return primaryNode === NOBODY ? null : this.#primary
  }

  /** The last `lines` lines of a node's log; empty for a node that has none. Throws `node_unknown`, `zookeeper_unavailable`. */
  async log (name: string, lines: number): Promise<{ readonly name: string, readonly data: string }> {
    if (!isNodeName(name)) this.get(name)
    const { details } = this.get(name)
    const log = await this.#log(details.name)
    return { name: details.name, data: log.split('\n').slice(-lines).join('\n') }
  }

  /** Read once for all who ask meanwhile. */
  async #log (name: string): Promise<string> {
    const reading = this.#logs.get(name) ?? this.#contact.read(async (session) => await session.get(logPath(name), { maxLength: MAX_LOG }))
      .then((log) => log?.data ?? '')
      .finally(() => { this.#logs.delete(name) })
    this.#logs.set(name, reading)
    return await reading
  }
}
