/**
 * The watch-fed view of the coordinators, in core's words. Each view is immutable; what did not change keeps its identity from one view to
 * the next, and a change that concerns no coordinator (a keepalive, a renewed lease) makes no new view.
 *
 * A reader will not see: every intermediate value, nor one instant of the whole cluster. Code that needs that reads directly (`reading.ts`).
 */
import { isDeepStrictEqual } from 'node:util'
import type { ClusterSnapshot } from '../core/coordinator/coordinator-state.ts'
import { keyOf, parseLedger } from '../core/model/epoch.ts'
import { isSessions, memberOf, memberZnodes, type Member } from '../core/model/member.ts'
import { parseRecord, type SwitchoverRecord } from '../core/model/record.ts'
import { isNodeName, NODES, nodePath, PRIMARY_NODE, SWITCHOVERS, switchoverEpoch, switchoverPath } from './layout.ts'
import type { CacheSnapshot, ZnodeCache } from '../zookeeper/cache/znode-cache.ts'
import { toZnode } from './reading.ts'

const memberChildren: ReadonlySet<string> = new Set(memberZnodes)

/** Milliseconds between two looks at which PVC peers are silent by now, while changes come: there may be thousands of them. */
const LOOK = 250

export type SnapshotListener = (view: ClusterSnapshot) => void

export class ClusterSnapshots {
  readonly #listeners = new Set<SnapshotListener>()
  readonly #keyless = new Set<() => void>()
  readonly #members = new Map<string, Member>()
  #memberList: readonly Member[] = []
  /** Every registered node, sorted. */
  #names: readonly string[] = []
  #listed: ReadonlySet<string> = new Set()
  /** Those of them that are no members yet, because they have not been read. */
  readonly #unread = new Set<string>()
  /** Those of them that run a PVC daemon. */
  readonly #peers = new Set<string>()
  /** When the PVC peers were looked at last, by `asOf`. */
  #lookedAt = -Infinity
  readonly #records = new Map<number, { mzxid: string, record: SwitchoverRecord | null }>()
  readonly #subscription: Disposable
  readonly #tree: ZnodeCache
  readonly #alive: ((name: string) => boolean) | null
  /** Resolves once everything has been read; rejects if the tree is closed before. */
  readonly ready: Promise<void>
  #view: ClusterSnapshot | null = null

  /**
   * @param tree watches all of `clusterPaths`, or more: a view of a part of the cluster would be taken for the whole
   * @param alive whether a PVC peer's keepalive changes, as far as the caller can tell; null if it cannot, and takes them as alive
   */
  constructor (tree: ZnodeCache, alive: ((name: string) => boolean) | null = null) {
    this.#tree = tree
    this.#alive = alive
    let isUpdated = false
    this.#subscription = tree.onChange((snapshot, changed) => {
      // The first of all reads everything, also where the tree has told others of some of it before.
      this.#update(snapshot, isUpdated ? new Set(changed) : null)
      isUpdated = true
    })
    this.ready = tree.ready.then(() => {
      if (!isUpdated) this.#update(tree.snapshot, null)
      isUpdated = true
    })
    // A tree that is closed before it was ready is no fault where it is not waited for.
    this.ready.catch(() => {})
  }

  /** null until everything has been read once, and while there is no primary key. */
  get view (): ClusterSnapshot | null { return this.#view }

  /** Every registered node, also while there is no primary key. */
  get members (): readonly Member[] { return this.#memberList }

  /** The session that owns a node's presence, and the transaction that wrote it last, as they are in the cache by now; null where there is none. */
  presenceOf (name: string): { readonly owner: string, readonly renewal: string } | null {
    const found = this.#tree.snapshot.get(nodePath(name, 'presence'))
    const presence = found === undefined ? undefined : toZnode(found.data, found.stat)
    return isSessions(presence) ? { owner: presence.owner, renewal: presence.mzxid } : null
  }

  /** Tells of every new view. */
  onView (listener: SnapshotListener): Disposable {
    this.#listeners.add(listener)
    return { [Symbol.dispose]: () => { this.#listeners.delete(listener) } }
  }

  /** Tells that there is no primary key, as far as has been read, at each reading that shows so. */
  onKeyless (listener: () => void): Disposable {
    this.#keyless.add(listener)
    return { [Symbol.dispose]: () => { this.#keyless.delete(listener) } }
  }

  /** Asks again which PVC peers are alive. */
  refresh (): void {
    if (this.#view !== null) this.#update(this.#tree.snapshot, new Set())
  }

  [Symbol.dispose] (): void {
    this.#subscription[Symbol.dispose]()
    this.#listeners.clear()
    this.#keyless.clear()
  }

  /** @param changed the paths that changed, or null for all of them */
  #update (snapshot: CacheSnapshot, changed: ReadonlySet<string> | null): void {
    const before = this.#view
    const members = this.#updateMembers(snapshot, changed)
    const records = this.#updateRecords(snapshot, changed)
    if (members !== null) this.#memberList = members
    const key = snapshot.get(PRIMARY_NODE)
    if (key === undefined) {
      this.#view = null
      for (const listener of [...this.#keyless]) listener()
      return
    }
    const ledger = parseLedger(snapshot.get(SWITCHOVERS)?.data)
    const same = before !== null && members === null && records === null && before.key.mzxid === key.stat.mzxid && before.key.czxid === key.stat.czxid &&
      before.ledger?.base === ledger?.base && before.ledger?.czxid === ledger?.czxid
    if (same) return
    const view: ClusterSnapshot = {
      key: keyOf(toZnode(key.data, key.stat)),
      ledger,
      members: this.#memberList,
      records: records ?? before?.records ?? this.#openAndClosed(),
    }
    this.#view = view
    for (const listener of [...this.#listeners]) listener(view)
  }

  /** The members if any has changed, else null. */
  #updateMembers (snapshot: CacheSnapshot, changed: ReadonlySet<string> | null): readonly Member[] | null {
    let moved = false
    if (changed === null || changed.has(NODES)) {
      this.#names = snapshot.children(NODES).filter(isNodeName)
      this.#listed = new Set(this.#names)
      for (const name of this.#unread) if (!this.#listed.has(name)) this.#unread.delete(name)
      for (const name of this.#members.keys()) {
        if (this.#listed.has(name)) continue
        this.#members.delete(name)
        this.#peers.delete(name)
        moved = true
      }
    }
    for (const name of changed === null ? this.#names : this.#touched(snapshot, changed)) {
      const old = this.#members.get(name)
      if (old === undefined && memberZnodes.some((child) => snapshot.isUnread(nodePath(name, child)))) {
        this.#unread.add(name)
        continue
      }
      this.#unread.delete(name)
      const alive = this.#alive?.(name) ?? true
      const member = memberOf(name, (child) => {
        const found = snapshot.get(nodePath(name, child))
        return found === undefined ? undefined : toZnode(found.data, found.stat)
      }, alive)
      if (old !== undefined && isDeepStrictEqual(old, member)) continue
      this.#members.set(name, member)
      if (member.ours) this.#peers.delete(name)
      else this.#peers.add(name)
      moved = true
    }
    if (!moved) return null
    return this.#names.map((name) => this.#members.get(name)).filter((member) => member !== undefined)
  }

  /** The nodes that may be other members than they were: by what changed, because they are new, or because a PVC peer's keepalive says so. */
  #touched (snapshot: CacheSnapshot, changed: ReadonlySet<string>): ReadonlySet<string> {
    const touched = new Set(this.#unread)
    for (const path of changed) {
      const [root, name, child, ...rest] = path.slice(1).split('/')
      if (`/${root}` === NODES && name !== undefined && child !== undefined && rest.length === 0 && this.#listed.has(name) && (memberChildren.has(child) || (child === 'keepalive' && this.#peers.has(name)))) touched.add(name)
    }
    if (changed.has(NODES)) for (const name of this.#names) if (!this.#members.has(name)) touched.add(name)
    const isDue = changed.size === 0 || snapshot.asOf - this.#lookedAt >= LOOK
    if (isDue) this.#lookedAt = snapshot.asOf
    if (this.#alive !== null && isDue) for (const name of this.#peers) if (this.#members.get(name)?.alive !== this.#alive(name)) touched.add(name)
    return touched
  }

  /** The records, ascending by epoch, if any has changed, else null. */
  #updateRecords (snapshot: CacheSnapshot, changed: ReadonlySet<string> | null): readonly SwitchoverRecord[] | null {
    if (changed !== null && ![...changed].some((path) => path.startsWith(SWITCHOVERS))) return null
    const epochs = new Set<number>()
    let moved = false
    for (const name of snapshot.children(SWITCHOVERS)) {
      const epoch = switchoverEpoch(name)
      const found = epoch === null ? undefined : snapshot.get(switchoverPath(epoch))
      if (epoch === null || found === undefined) continue
      epochs.add(epoch)
      if (this.#records.get(epoch)?.mzxid === found.stat.mzxid) continue
      this.#records.set(epoch, { mzxid: found.stat.mzxid, record: parseRecord(found.data, epoch) })
      moved = true
    }
    for (const epoch of this.#records.keys()) {
      if (epochs.has(epoch)) continue
      this.#records.delete(epoch)
      moved = true
    }
    return moved ? this.#openAndClosed() : null
  }

  #openAndClosed (): readonly SwitchoverRecord[] {
    return [...this.#records.entries()].sort(([a], [b]) => a - b).map(([, { record }]) => record).filter((record) => record !== null)
  }
}
