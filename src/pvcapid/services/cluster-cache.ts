/**
 * The API's view of the cluster, fed by watches. Tells waiters of what reads differently, and says how old it is.
 *
 * A reader will not see: intermediate values; anything that ZooKeeper has not told this process yet. What a request is decided on is
 * therefore read directly (`switchover-service.ts`).
 */
import { PVC_SILENCE } from '../../core/fencing/judgement.ts'
import { ClusterSnapshots } from '../../cluster/cluster-snapshots.ts'
import { condition, type Condition } from '../../core/conditions/condition.ts'
import { holdsNothing, type Member } from '../../core/model/member.ts'
import type { Clock, Timer } from '../../runtime/clock.ts'
import { withDeadline } from '../../runtime/deadline.ts'
import type { SessionSource } from '../../zookeeper/cache/session-source.ts'
import { ZnodeCache, type CacheSnapshot } from '../../zookeeper/cache/znode-cache.ts'
import { apiInterest, apiRoots } from '../../projection/api-interest.ts'
import { ConditionTracker } from '../../projection/condition-tracker.ts'
import { ApiSnapshot, type ShownStatus } from '../../projection/api-snapshot.ts'
import { zookeeperUnavailable } from '../errors/errors.ts'
import { SwitchoverProjection } from '../../projection/switchovers.ts'
import type { Topic } from '../../projection/topic.ts'
import { SharedReading } from './shared-reading.ts'
import type { Waiters } from './waiters.ts'

/** Milliseconds since ZooKeeper's last answer beyond which the view is stale; it is asked every second. */
export const STALE_AFTER = 2_500
/** Milliseconds: the timeout of catching up, and a shorter one for callers that can read directly instead. */
const CATCHING_UP = 1_000
const CATCHING_UP_AT_BEST = 500
/** Milliseconds between two looks at what changes with time alone. */
const TICK = 500

const STALE = condition('view_stale', 'This API has no contact with ZooKeeper: what it shows may be out of date.')
const NOTHING_KNOWN: readonly Condition[] = Object.freeze([])

export interface ClusterCacheOptions {
  readonly sessions: SessionSource
  readonly clock: Clock
  readonly waiters: Waiters
  readonly onError: (error: unknown, path: string) => void
  readonly onRecovered?: (path: string) => void
  readonly onMissed?: (path: string) => void
  readonly probed?: number | undefined
  /** The chroot, if the cluster has one. */
  readonly cluster?: string | undefined
}

/** What a new snapshot has brought. */
export interface CacheChange {
  readonly snapshot: ApiSnapshot
  readonly topics: readonly Topic[]
}

export class ClusterCache {
  readonly board = new SwitchoverProjection()
  readonly feed: ClusterSnapshots
  readonly #conditions = new ConditionTracker()
  #idle: { readonly members: readonly Member[], readonly hypervisors: ReadonlyMap<string, Member> } | null = null
  /** Resolves once everything is in the view that was committed before. Rejects as the session does. */
  readonly catchingUp: SharedReading<void>
  /** Resolves once everything has been read for the first time; rejects if the view is closed before. */
  readonly ready: Promise<void>
  readonly #options: ClusterCacheOptions
  readonly #tree: ZnodeCache
  readonly #listeners = new Set<(change: CacheChange) => void>()
  readonly #conditionListeners = new Set<(conditions: readonly Condition[]) => void>()
  /** The list that listeners have. */
  #toldConditions: readonly Condition[] = NOTHING_KNOWN
  #snapshot: ApiSnapshot | null = null
  /** Changed paths that no snapshot has taken in yet. */
  readonly #unread = new Set<string>()
  #ticking: Timer | null = null
  #wasStale = true
  #stale: { readonly conditions: readonly Condition[], readonly all: readonly Condition[] } | null = null
  /** Since when changes could not be taken in; null while they are. */
  #failedAt: number | null = null

  constructor (options: ClusterCacheOptions) {
    this.#options = options
    const { sessions, clock, onError, onRecovered = () => {}, onMissed = () => {}, probed } = options
    this.#tree = new ZnodeCache({ sessions, clock, roots: apiRoots, interest: apiInterest, onError, onRecovered, onMissed, probed })
    // Before our own listener: the snapshot takes the coordinator view of the same revision.
    this.feed = new ClusterSnapshots(this.#tree, (name) => (this.keepaliveAge(name) ?? 0) < PVC_SILENCE)
    this.#tree.onChange((tree, changed) => this.#guarded(tree, changed))
    this.ready = this.#tree.ready
    this.catchingUp = new SharedReading(clock, async () => await withDeadline(clock, CATCHING_UP, undefined, async (signal) => { await this.#tree.caughtUp(signal) }))
    this.#tick()
  }

  /** What changes with time alone: that contact is lost, and the ages that conditions depend on. */
  #tick (): void {
    this.#ticking = this.#options.clock.after(TICK, () => {
      this.#tick()
      try {
        this.#look()
      } catch (error) {
        // A znode can bring this about; it must not end the process.
        this.#options.onError(error, '/')
      }
    })
  }

  #look (): void {
    if (this.#snapshot === null) return
    // Ages count from zero after a gap between two looks; this keeps the looks close to one another.
    const { conditions, stale } = this
    if (stale !== this.#wasStale) this.#options.waiters.wake('primary')
    this.#wasStale = stale
    if (conditions === this.#toldConditions) return
    this.#toldConditions = conditions
    for (const listener of [...this.#conditionListeners]) listener(conditions)
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
    this.#conditions.update(snapshot, this.feed.members, this.#options.clock.monotonic())
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

  /** The version of PVC's layout that the cluster uses, if this project does not know it, else null; undefined if that is not known at present. */
  get newerSchema (): number | null | undefined { return this.stale ? undefined : this.#snapshot?.newerSchema }

  /** The moment up to which everything is in the view, monotonic. */
  get #asOf (): number { return this.#options.clock.monotonic() - this.age }

  /** What is wrong at present, the worst first: what every surface shows. The same list as long as it says the same. */
  get conditions (): readonly Condition[] {
    const { stale } = this
    const found = this.#snapshot === null ? NOTHING_KNOWN : this.#conditions.at(this.#snapshot, this.#asOf)
    if (!stale) return found
    if (this.#stale?.conditions !== found) this.#stale = { conditions: found, all: Object.freeze([STALE, ...found]) }
    return this.#stale.all
  }

  /** The cluster in one reply. Throws `zookeeper_unavailable` before there is a view. */
  get status (): ShownStatus { return this.snapshot.status(this.conditions, this.stale, this.#options.cluster) }

  /** Milliseconds since the keepalive of a node was seen to change; null where there is none. */
  keepaliveAge (name: string): number | null { return this.#conditions.keepaliveAge(name, this.#asOf) }

  /** Milliseconds since the present holder of the primary lock was first seen; 0 while the lock is free. */
  get lockAge (): number { return this.#conditions.lockAge(this.#asOf) }

  /** Restarts every age: the gap between two sessions hides changes. */
  onSession (): void { this.#conditions.reset() }

  /** Tells of every new snapshot, after the waiters. */
  onChange (listener: (change: CacheChange) => void): Disposable {
    this.#listeners.add(listener)
    return { [Symbol.dispose]: () => { this.#listeners.delete(listener) } }
  }

  /** Tells of the conditions when they have changed, as they are at the next look: no more than twice a second. */
  onConditions (listener: (conditions: readonly Condition[]) => void): Disposable {
    this.#conditionListeners.add(listener)
    return { [Symbol.dispose]: () => { this.#conditionListeners.delete(listener) } }
  }

  /** Hypervisors that hold nothing, not older than this call. Rejects as the session does, and if the view does not catch up. */
  async idleHypervisors (): Promise<ReadonlyMap<string, Member>> {
    await this.catchingUp.get(CATCHING_UP_AT_BEST)
    const { members } = this.feed
    if (this.#idle?.members !== members) {
      this.#idle = { members, hypervisors: new Map(members.filter((member) => member.mode === 'hypervisor' && holdsNothing(member)).map((member) => [member.name, member])) }
    }
    return this.#idle.hypervisors
  }

  close (): void {
    this.#listeners.clear()
    this.#conditionListeners.clear()
    this.#ticking?.[Symbol.dispose]()
    this.feed[Symbol.dispose]()
    this.#tree.close()
  }
}
