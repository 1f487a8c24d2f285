/**
 * What every reply is made from: the cluster at one revision of the watched tree. Immutable; what did not change keeps its identity from one
 * snapshot to the next, so that its JSON is made once. A reply takes one snapshot and mixes it with nothing else.
 */
import { isDeepStrictEqual } from 'node:util'
import { clusterStatus, nodesStatus, nodeStatus, type ClusterStatus, type Domain, type Fault, type NodesStatus, type NodeStatus } from '../core/pvc/cluster-status.ts'
import type { Condition } from '../core/conditions/condition.ts'
import { shownFaults } from '../core/conditions/condition-faults.ts'
import type { ClusterSnapshot } from '../core/coordinator/coordinator-state.ts'
import { isRunning } from '../core/pvc/domain.ts'
import { faultZnodes, type FaultZnode } from '../core/pvc/fault.ts'
import { isStale, STALE } from '../core/pvc/health.ts'
import { parseFence, presentFence, sightedKeepalive, type FenceRecord } from '../core/model/fence-record.ts'
import type { LockHolder } from '../core/model/lock-holder.ts'
import { lockHolder } from '../cluster/first-in-line.ts'
import { toZnode } from '../cluster/reading.ts'
import { fencingReport } from '../core/fencing/report.ts'
import { detailZnodes, integer, nodeDetails, present, type DetailZnode, type NodeDetails, type Text } from '../core/pvc/node-details.ts'
import { nodeReply, UNKNOWN, type NodeReply } from '../core/pvc/node-reply.ts'
import { newerSchema, nodeSchemaOf, schemaOf } from '../core/pvc/schema.ts'
import { NOBODY } from '../core/model/states.ts'
import type { KeySnapshot } from '../core/switchover/key-snapshot.ts'
import { CONFIG, domainPath, DOMAINS, faultPath, FAULTS, isNodeName, MAINTENANCE, nodePath, NODES, PRIMARY_NODE, SCHEMA_VERSION, UPSTREAM_IP } from '../cluster/layout.ts'
import { domainZnodes } from './api-interest.ts'
import { touchedNodes, type Touched } from './touched-nodes.ts'
import { childPath } from '../zookeeper/client/paths.ts'
import type { CacheSnapshot } from '../zookeeper/cache/znode-cache.ts'

/** One node's replies, each with an identity of its own. */
export interface NodeReplies {
  readonly details: NodeDetails
  /** As clients are sent it. */
  readonly reply: NodeReply
  /** PVC answers for one node with an array of one. */
  readonly single: readonly NodeReply[]
  readonly daemonState: Pick<NodeReply, 'name' | 'daemon_state'>
  readonly coordinatorState: Pick<NodeReply, 'name' | 'coordinator_state'>
  readonly domainState: Pick<NodeReply, 'name' | 'domain_state'>
  /** Its part of the cluster's status. */
  readonly status: NodeStatus
}

/** The nodes of a snapshot, sorted by name; where each stands is kept from one snapshot to the next while none comes or goes. */
interface Roster {
  readonly names: readonly string[]
  /** Nodes whose znodes have not been read yet. */
  readonly unread: ReadonlySet<string>
  readonly places: ReadonlyMap<string, number>
}

/** The cluster as clients are sent it. */
export type ShownStatus = ClusterStatus & { readonly cluster?: string, readonly conditions?: readonly Condition[], readonly stale?: boolean }

/** What a snapshot begins with. */
interface Beginning {
  readonly tree: CacheSnapshot
  readonly cluster: ClusterSnapshot | null
  readonly roster: Roster
  /** In the order of the roster. */
  readonly replies: readonly NodeReplies[]
  /** Put together from the replies when they are first wanted; null if those of the snapshot before do not hold any more. */
  readonly nodes: readonly NodeReply[] | null
  readonly nodesStatus: NodesStatus | null
  readonly changedNodes: readonly string[]
  readonly keepalives: readonly string[]
  readonly touched: Touched | null
  readonly newerSchema: { readonly version: number | null } | null
  /** Node → the names of the domains that run on it; null until they are first wanted. */
  readonly homes: Homes | null
}

type Homes = ReadonlyMap<string, readonly string[]>

/** Characters of a fault's texts: any client of ZooKeeper may raise one, as long as a znode can be, and each reply about the cluster has them all. */
const LONGEST: Readonly<Record<FaultZnode, number>> = { last_time: 64, first_time: 64, ack_time: 64, status: 64, delta: 64, message: 4_000 }

export class ApiSnapshot {
  readonly #tree: CacheSnapshot
  readonly #roster: Roster
  readonly #replies: readonly NodeReplies[]
  /** The coordinator view; null while there is no primary key. */
  readonly cluster: ClusterSnapshot | null
  /** The names of the nodes that read otherwise than in the snapshot before, new ones and those that are gone included. */
  readonly changedNodes: readonly string[]
  /** The names of the nodes whose keepalive has another value than in the snapshot before, or may have. */
  readonly keepalives: readonly string[]
  /** What may be different from the snapshot before; null: everything. */
  readonly touched: Touched | null
  #nodes: readonly NodeReply[] | null
  #nodesStatus: NodesStatus | null
  #status: { readonly conditions: readonly Condition[], readonly stale: boolean, readonly status: ShownStatus } | null = null
  #faults: readonly Fault[] | null = null
  #keySnapshot: KeySnapshot | null = null
  #newerSchema: { readonly version: number | null } | null
  #homes: Homes | null

  private constructor ({ tree, cluster, roster, replies, nodes, nodesStatus, changedNodes, keepalives, touched, newerSchema, homes }: Beginning) {
    this.#tree = tree
    this.cluster = cluster
    this.#roster = roster
    this.#replies = replies
    this.#nodes = nodes
    this.#nodesStatus = nodesStatus
    this.changedNodes = changedNodes
    this.keepalives = keepalives
    this.touched = touched
    this.#newerSchema = newerSchema
    this.#homes = homes
  }

  /**
   * What it costs goes by what has changed, not by how many nodes there are.
   * @param before the last snapshot, or null
   * @param changed the paths that have changed since
   */
  static next (tree: CacheSnapshot, cluster: ClusterSnapshot | null, before: ApiSnapshot | null, changed: readonly string[]): ApiSnapshot {
    if (before === null) return ApiSnapshot.#whole(tree, cluster, null, null)
    const touched = touchedNodes(tree, before.#roster.names, changed)
    if (touched.listed || [...before.#roster.unread].some((name) => touched.details.has(name))) return ApiSnapshot.#whole(tree, cluster, before, touched)
    const roster = before.#roster
    let replies: NodeReplies[] | null = null
    const changedNodes: string[] = []
    let sameStatus = true
    for (const name of touched.details) {
      const place = roster.places.get(name)
      const old = place === undefined ? undefined : before.#replies[place]
      if (place === undefined || old === undefined) continue
      const made = sameOr(old, nodeReplies(name, tree, old))
      if (made === old) continue
      replies ??= [...before.#replies]
      replies[place] = made
      sameStatus &&= made.status === old.status
      changedNodes.push(name)
    }
    return new ApiSnapshot({
      tree,
      cluster,
      roster,
      replies: replies ?? before.#replies,
      nodes: replies === null ? before.#nodes : null,
      nodesStatus: sameStatus ? before.#nodesStatus : null,
      changedNodes,
      keepalives: touched.keepalives,
      touched,
      newerSchema: touched.schemas ? null : before.#newerSchema,
      homes: touched.domains ? null : before.#homes,
    })
  }

  /**
   * With another list of nodes: some may have come or gone.
   * @param touched what the snapshot before does not say any more; null if there is none
   */
  static #whole (tree: CacheSnapshot, cluster: ClusterSnapshot | null, before: ApiSnapshot | null, touched: Touched | null): ApiSnapshot {
    const registered = tree.children(NODES).filter(isNodeName)
    const unread = new Set(registered.filter((name) => before?.node(name) === undefined && !isRead(tree, nodePath(name), detailZnodes)))
    const names = registered.filter((name) => !unread.has(name))
    const replies = names.map((name) => {
      const old = before?.node(name)
      return old !== undefined && touched?.details.has(name) === false ? old : sameOr(old, nodeReplies(name, tree, old))
    })
    const roster = { names, unread, places: new Map(names.map((name, place) => [name, place])) }
    const gone = before === null ? [] : before.#roster.names.filter((name) => !roster.places.has(name))
    const changedNodes = [...names.filter((name, place) => before?.node(name) !== replies[place]), ...gone]
    const same = changedNodes.length === 0 ? before : null
    return new ApiSnapshot({
      tree,
      cluster,
      roster,
      replies,
      nodes: same === null ? null : same.#nodes,
      nodesStatus: same === null ? null : same.#nodesStatus,
      changedNodes,
      keepalives: [...names, ...gone],
      touched,
      newerSchema: null,
      homes: null,
    })
  }

  /** Every node as clients are sent it, sorted by name. */
  get nodes (): readonly NodeReply[] {
    this.#nodes ??= Object.freeze(this.#replies.map(({ reply }) => reply))
    return this.#nodes
  }

  /** Every node's name, sorted. */
  get names (): readonly string[] {
    return this.#roster.names
  }

  node (name: string): NodeReplies | undefined {
    const place = this.#roster.places.get(name)
    return place === undefined ? undefined : this.#replies[place]
  }

  /** Every change of the tree up to this transaction is in here; it compares as text. */
  get zxid (): string {
    return this.#tree.zxid
  }

  /** The transaction that last changed the keepalive of a node, or null. */
  keepalive (name: string): string | null {
    return this.#tree.get(nodePath(name, 'keepalive'))?.stat.mzxid ?? null
  }

  /** The fence on record for a node, or null; undefined while that is not known. */
  fence (name: string): FenceRecord | null | undefined {
    const text = knownText(this.#tree, nodePath(name, 'fence'))
    const record = text === null ? undefined : parseFence(text)
    if (record == null) return record
    const keepalive = this.#tree.get(nodePath(name, 'keepalive'))
    return presentFence(record, this.#tree.get(nodePath(name, 'daemonstate'))?.data ?? null, sightedKeepalive(keepalive === undefined ? undefined : { data: keepalive.data, mzxid: keepalive.stat.mzxid }))
  }

  /** How many checks of a node have an old value, because they failed or were late. */
  staleChecks (name: string): number {
    const checks = this.node(name)?.details.health_plugins ?? []
    return checks.filter((check) => isStale(this.#tree.get(`${nodePath(name, 'monitoring_data')}/${check}/${STALE}`)?.data)).length
  }

  /** Whom the primary key names: a name, or `none`. */
  get primaryNode (): string {
    return present(this.primaryKey) ?? NOBODY
  }

  /** The text of the primary key; undefined while there is none. */
  get primaryKey (): string | undefined {
    return this.#tree.get(PRIMARY_NODE)?.data
  }

  /** The holder of the primary lock; null: none. */
  get primaryLock (): LockHolder | null {
    return lockHolder(this.#tree.children(PRIMARY_NODE), (name) => {
      const entry = this.#tree.get(`${PRIMARY_NODE}/${name}`)
      return entry === undefined ? undefined : toZnode(entry.data, entry.stat)
    })
  }

  /** When the primary key was written, RFC 3339; null while there is none. */
  get primarySince (): string | null {
    const entry = this.#tree.get(PRIMARY_NODE)
    return entry === undefined ? null : new Date(entry.stat.mtime).toISOString()
  }

  /** Never set reads as `false`, as PVC's API has it. */
  get maintenance (): 'true' | 'false' {
    return this.#tree.get(MAINTENANCE)?.data === 'true' ? 'true' : 'false'
  }

  /** The version of PVC's layout that the cluster or one of its nodes uses, if this project does not know it, else null. */
  get newerSchema (): number | null {
    this.#newerSchema ??= { version: newerSchema([schemaOf(this.#tree.get(SCHEMA_VERSION)?.data), ...this.names.map((name) => nodeSchemaOf(this.#tree.get(nodePath(name, 'activeschema'))?.data))]) }
    return this.#newerSchema.version
  }

  /** The faults that are kept. */
  get faults (): readonly Fault[] {
    this.#faults ??= Object.freeze(this.#tree.children(FAULTS).filter((id) => isRead(this.#tree, faultPath(id), faultZnodes)).map((id) => this.#fault(id)))
    return this.#faults
  }

  /** The names of the domains that run on a node, sorted. */
  domainsOn (name: string): readonly string[] {
    this.#homes ??= this.#findHomes()
    return this.#homes.get(name) ?? []
  }

  /** When a znode of a node was written, RFC 3339; null where there is none. */
  writtenAt (name: string, key: 'daemonstate' | 'keepalive'): string | null {
    const entry = this.#tree.get(nodePath(name, key))
    return entry === undefined ? null : new Date(entry.stat.mtime).toISOString()
  }

  /** Whether a znode of a node was written after a fault was last reported: in ZooKeeper's own order, which no clock has a part in. */
  isYounger (name: string, key: 'daemonstate' | 'resources', fault: string): boolean {
    const [znode, report] = [this.#tree.get(nodePath(name, key)), this.#tree.get(childPath(faultPath(fault), 'last_time'))]
    return znode !== undefined && report !== undefined && znode.stat.mzxid > report.stat.mzxid
  }

  /**
   * The cluster in one reply; the same object while it says the same.
   * @param conditions what is wrong at present
   * @param stale whether there is no contact with ZooKeeper
   * @param cluster the chroot, if the cluster has one: always the same
   */
  status (conditions: readonly Condition[], stale: boolean, cluster?: string): ShownStatus {
    if (this.#status?.conditions === conditions && this.#status.stale === stale) return this.#status.status
    this.#nodesStatus ??= nodesStatus(this.#replies.map(({ status }) => status))
    const fencing = fencingReport(this.cluster?.members ?? [], (name) => this.fence(name), this.maintenance === 'true')
    const status = clusterStatus({
      clusterName: present(this.#tree.get(CONFIG)?.data) ?? '',
      maintenance: this.maintenance,
      primaryNode: this.primaryNode,
      upstreamIp: present(this.#tree.get(UPSTREAM_IP)?.data),
      nodes: this.nodes,
      states: this.#nodesStatus,
      domains: this.#domains,
      faults: shownFaults(this.faults, conditions),
      fencing,
      primaryLock: this.primaryLock,
    })
    // As with the fencing: PVC's own status has no such members.
    const shown = Object.freeze({ ...status, ...cluster === undefined ? {} : { cluster }, ...fencing === null ? {} : { conditions, stale } })
    this.#status = { conditions, stale, status: shown }
    return shown
  }

  /** The coordinator view as the rules for switchovers read it; null while there is no primary key. Its versions are not to be written at. */
  get keySnapshot (): KeySnapshot | null {
    if (this.cluster === null) return null
    const { key, ledger, members, records } = this.cluster
    this.#keySnapshot ??= { key, ledger, ledgerVersion: null, members, recordEpochs: records.map(({ epoch }) => epoch), records: records.map((record) => ({ record, version: 0 })) }
    return this.#keySnapshot
  }

  get #domains (): readonly Domain[] {
    return this.#tree.children(DOMAINS).filter((uuid) => isRead(this.#tree, domainPath(uuid), domainZnodes)).map((uuid) => this.#domain(uuid))
  }

  #domain (uuid: string): Domain {
    return { uuid, name: present(this.#tree.get(domainPath(uuid))?.data) ?? uuid, state: present(this.#tree.get(domainPath(uuid, 'state'))?.data) ?? UNKNOWN }
  }

  #findHomes (): Homes {
    const homes = new Map<string, string[]>()
    for (const { uuid, name, state } of this.#domains) {
      const home = this.#tree.get(domainPath(uuid, 'node'))?.data
      if (home === undefined || !isRunning(state)) continue
      const there = homes.get(home)
      if (there === undefined) homes.set(home, [name])
      else there.push(name)
    }
    for (const names of homes.values()) names.sort()
    return homes
  }

  #fault (id: string): Fault {
    const text = (key: FaultZnode) => (this.#tree.get(childPath(faultPath(id), key))?.data ?? '').slice(0, LONGEST[key])
    return Object.freeze({
      id,
      last_reported: text('last_time'),
      first_reported: text('first_time'),
      acknowledged_at: text('ack_time'),
      status: text('status'),
      health_delta: integer(text('delta')) ?? 0,
      message: text('message'),
    })
  }
}

/** What reads as before stays the same object, whole or in part. */
function sameOr (old: NodeReplies | undefined, made: NodeReplies): NodeReplies {
  if (old === undefined) return made
  if (isDeepStrictEqual(old.details, made.details)) return old
  const keep = <T>(before: T, now: T): T => isDeepStrictEqual(before, now) ? before : now
  return {
    ...made,
    daemonState: keep(old.daemonState, made.daemonState),
    coordinatorState: keep(old.coordinatorState, made.coordinatorState),
    domainState: keep(old.domainState, made.domainState),
    status: keep(old.status, made.status),
  }
}

/** The data at `path` as far as they are known. */
const knownText = (tree: CacheSnapshot, path: string): Text => tree.get(path)?.data ?? (tree.isUnread(path) ? null : undefined)

/** Whether nothing of a znode and of these below it is still to be read. */
const isRead = (tree: CacheSnapshot, path: string, below: readonly string[]): boolean => !tree.isUnread(path) && !below.some((name) => tree.isUnread(`${path}/${name}`))

/** @param old what was shown of the node before: its checks stay while the lists that name their texts are read again */
function nodeReplies (name: string, tree: CacheSnapshot, old: NodeReplies | undefined): NodeReplies {
  const folder = nodePath(name, 'monitoring_data')
  const shown = old?.details.health_plugins ?? []
  const details = Object.freeze(nodeDetails(name, {
    znode: (key: DetailZnode) => tree.get(nodePath(name, key))?.data,
    plugin: (plugin, key) => {
      const text = plugin.includes('/') ? undefined : knownText(tree, `${folder}/${plugin}/${key}`)
      return text === null && shown.includes(plugin) ? undefined : text
    },
    domain: (uuid) => {
      const text = uuid.includes('/') ? undefined : knownText(tree, `${DOMAINS}/${uuid}`)
      return text === '' ? undefined : text
    },
  }))
  const reply = Object.freeze(nodeReply(details))
  const { daemon_state: daemonState, coordinator_state: coordinatorState, domain_state: domainState } = reply
  return {
    details,
    reply,
    single: Object.freeze([reply]),
    daemonState: Object.freeze({ name, daemon_state: daemonState }),
    coordinatorState: Object.freeze({ name, coordinator_state: coordinatorState }),
    domainState: Object.freeze({ name, domain_state: domainState }),
    status: nodeStatus(reply),
  }
}
