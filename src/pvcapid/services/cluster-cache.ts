/**
 * The API's view of the cluster, fed by watches. Tells waiters of what reads differently, and says how old it is.
 *
 * A reader will not see: intermediate values; anything that ZooKeeper has not told this process yet. What a request is decided on is
 * therefore read directly (`switchover-service.ts`).
 */
import { ClusterSnapshots } from '../../cluster/cluster-snapshots.ts'
import type { Clock } from '../../runtime/clock.ts'
import { ZnodeCache, type SessionSource, type CacheSnapshot } from '../../zookeeper/cache/znode-cache.ts'
import { apiInterest, apiRoots } from '../../projection/api-interest.ts'
import { ApiSnapshot } from '../../projection/api-snapshot.ts'
import { zookeeperUnavailable } from '../errors/errors.ts'
import { SwitchoverProjection } from '../../projection/switchovers.ts'
import type { Topic } from '../../projection/topic.ts'
import type { Waiters } from './waiters.ts'

/** Milliseconds since ZooKeeper's last answer beyond which the view is stale; it is asked every second. */
export const STALE_AFTER = 2_500

export interface ClusterCacheOptions {
  readonly sessions: SessionSource
  readonly clock: Clock
  readonly waiters: Waiters
  readonly onError: (error: unknown, path: string) => void
  readonly onRecovered?: (path: string) => void
}

/** What a new snapshot has brought. */
export interface CacheChange {
  readonly snapshot: ApiSnapshot
  readonly topics: readonly Topic[]
}

export class ClusterCache {
  readonly board = new SwitchoverProjection()
  readonly feed: ClusterSnapshots
  /** Resolves once everything has been read for the first time; rejects if the view is closed before. */
  readonly ready: Promise<void>
  readonly #options: ClusterCacheOptions
  readonly #tree: ZnodeCache
  readonly #listeners = new Set<(change: CacheChange) => void>()
  #snapshot: ApiSnapshot | null = null
  /** Changed paths that no snapshot has taken in yet. */
  readonly #unread = new Set<string>()
  /** Since when changes could not be taken in; null while they are. */
  #failedAt: number | null = null

  constructor (options: ClusterCacheOptions) {
    this.#options = options
    const { sessions, clock, onError, onRecovered = () => {} } = options
    this.#tree = new ZnodeCache({ sessions, clock, roots: apiRoots, interest: apiInterest, onError, onRecovered })
    // Before our own listener: the snapshot takes the coordinator view of the same revision.
    this.feed = new ClusterSnapshots(this.#tree)
    this.#tree.onChange((tree, changed) => this.#guarded(tree, changed))
    this.ready = this.#tree.ready
  }

  /** Whatever a znode can bring about here costs the view its freshness, which it says, and never the process. */
  #guarded (tree: CacheSnapshot, changed: readonly string[]): void {
    for (const path of changed) this.#unread.add(path)
    try {
      this.#update(tree, [...this.#unread])
      this.#unread.clear()
      this.#failedAt = null
    } catch (error) {
      this.#failedAt ??= this.#options.clock.monotonic()
      this.#options.onError(error, changed[0] ?? '/')
    }
  }

  #update (tree: CacheSnapshot, changed: readonly string[]): void {
    const before = this.#snapshot
    const snapshot = ApiSnapshot.next(tree, this.feed.view, before, changed)
    const topics: Topic[] = this.board.update(snapshot)
    this.#snapshot = snapshot
    for (const name of snapshot.changedNodes) if (snapshot.node(name)?.coordinatorState !== before?.node(name)?.coordinatorState) topics.push(`node/${name}`)
    for (const topic of topics) this.#options.waiters.wake(topic)
    const change: CacheChange = { snapshot, topics }
    for (const listener of [...this.#listeners]) listener(change)
  }

  /** The present snapshot, or null before everything has been read for the first time. */
  get latest (): ApiSnapshot | null { return this.#snapshot }

  /** The present snapshot. Throws `zookeeper_unavailable` before there is one. */
  get snapshot (): ApiSnapshot {
    if (this.#snapshot === null) throw zookeeperUnavailable()
    return this.#snapshot
  }

  /** Milliseconds: everything that ZooKeeper had told that long ago is in the view. Infinite before the first reading. */
  get age (): number {
    if (this.#snapshot === null) return Infinity
    return Math.max(0, this.#options.clock.monotonic() - Math.min(this.#tree.snapshot.asOf, this.#failedAt ?? Infinity))
  }

  get stale (): boolean { return this.age > STALE_AFTER }

  /** Tells of every new snapshot, after the waiters. */
  onChange (listener: (change: CacheChange) => void): Disposable {
    this.#listeners.add(listener)
    return { [Symbol.dispose]: () => { this.#listeners.delete(listener) } }
  }

  /** Resolves once everything is in the view that was committed before this call. Rejects as the session does, and with `signal`. */
  async caughtUp (signal: AbortSignal): Promise<void> {
    await this.#tree.caughtUp(signal)
  }

  close (): void {
    this.#listeners.clear()
    this.feed[Symbol.dispose]()
    this.#tree.close()
  }
}
