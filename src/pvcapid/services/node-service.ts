/** Readings of nodes, from one snapshot each; the log alone is read directly, because it need not be watched. */
import { NOBODY } from '../../core/model/states.ts'
import { isNodeName, logPath } from '../../cluster/layout.ts'
import type { NodeReply } from '../../core/pvc/node-reply.ts'
import type { NodeReplies } from '../../projection/api-snapshot.ts'
import type { Zxid } from '../../zookeeper/client/connection.ts'
import { LogBytes } from '../fast-path/log-reply.ts'
import type { Reading } from '../fast-path/serialized-reply.ts'
import type { Contact } from './contact.ts'
import { ApiError, nodeUnknown } from '../errors/errors.ts'
import { etagOf, isTagIn } from '../http/etag.ts'
import { namePattern } from './name-pattern.ts'
import type { ClusterCache } from './cluster-cache.ts'
import type { Client, Waiters } from './waiters.ts'

/** Lists that are kept for the next request. */
const LISTS = 32

/** All of those that are given have to hold. */
export interface NodeFilter {
  readonly limit?: string
  readonly daemon_state?: string
  readonly coordinator_state?: string
  readonly domain_state?: string
}

/** Bytes of node logs that stay cached, without the newest one. */
const KEPT_LOGS = 16 * 2 ** 20
/** Of a log that there is not. */
const NO_VERSION = '0'

/** Characters of a node's log that are read at most: all that a znode can hold. */
const MAX_LOG = 1_048_576

export class NodeService {
  readonly #view: ClusterCache
  readonly #contact: Contact
  readonly #waiters: Waiters
  /** Lists of the present snapshot, by their filter. */
  #lists: { readonly nodes: readonly NodeReply[], readonly byFilter: Map<string, readonly NodeReply[]> } | null = null
  readonly #reading = new Map<string, Promise<LogBytes>>()
  /** Those that were read last, the newest last. */
  readonly #logs = new Map<string, LogBytes>()
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
    if (found === undefined) throw nodeUnknown(name)
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

  /** What the primary key says; null for `none`, and where there is no key. PVC's client asks again until it gets an answer, so an empty key is one. */
  primary (): { readonly primary_node: string } | null {
    const { primaryKey = NOBODY } = this.#view.snapshot
    if (this.#primary.primary_node !== primaryKey) this.#primary = Object.freeze({ primary_node: primaryKey })
    return primaryKey === NOBODY ? null : this.#primary
  }

  /** The last `lines` lines of a node's log; empty for a node that has none. Throws `node_unknown`, `zookeeper_unavailable`. */
  async log (name: string, lines: number): Promise<Reading> {
    if (!isNodeName(name)) this.get(name)
    const { details } = this.get(name)
    return (await this.#log(details.name)).reply(details.name, lines)
  }

  /** Read once for all who ask meanwhile, and made once for all who are sent the same version. */
  async #log (name: string): Promise<LogBytes> {
    const reading = this.#reading.get(name) ?? this.#contact.read(async (session) => await session.get(logPath(name), { maxLength: MAX_LOG }))
      .then((log) => this.#bytesOf(name, log?.data ?? '', log?.stat.mzxid ?? NO_VERSION))
      .finally(() => { this.#reading.delete(name) })
    this.#reading.set(name, reading)
    return await reading
  }

  #bytesOf (name: string, text: string, version: Zxid): LogBytes {
    const known = this.#logs.get(name)
    const found = known?.version === version ? known : new LogBytes(text, version)
    this.#logs.delete(name)
    this.#logs.set(name, found)
    let sum = 0
    for (const { length } of this.#logs.values()) sum += length
    for (const [oldest, { length }] of this.#logs) {
      if (sum <= KEPT_LOGS || oldest === name) break
      this.#logs.delete(oldest)
      sum -= length
    }
    return found
  }
}
