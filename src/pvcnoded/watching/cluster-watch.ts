/**
 * What a coordinator watches: the key, the records, and of every node what makes it a member. Closes records, and makes a key again that is gone.
 *
 * Invariant: this is the only place of the daemon that makes a `ClusterSnapshot`, and it watches the whole of `clusterPaths`. A hypervisor has no
 * `ClusterWatch`, so nothing in it can judge contention, eligibility or a peer on a part of the cluster.
 */
import type { ClusterSnapshot } from '../../core/coordinator/coordinator-state.ts'
import { ClusterSnapshots } from '../../cluster/cluster-snapshots.ts'
import { clusterInterest, clusterRoots } from '../../cluster/interest.ts'
import { ensureKey, type KeyOperations } from '../../cluster/key-operations.ts'
import type { Alive } from '../../cluster/reading.ts'
import { RecordKeeper } from '../../cluster/record-keeper.ts'
import { UnreadableZnodes } from '../../cluster/unreadable-znodes.ts'
import type { Clock, Timer } from '../../runtime/clock.ts'
import type { Disposables } from '../../runtime/disposables.ts'
import type { Logger } from '../../runtime/log/log.ts'
import { only } from '../../zookeeper/cache/session-source.ts'
import { ZnodeCache } from '../../zookeeper/cache/znode-cache.ts'
import type { Session } from '../../zookeeper/session/session.ts'
import type { NodeConfig } from '../config/node-config.ts'

export interface ClusterWatchOptions {
  readonly session: Session
  readonly clock: Clock
  readonly log: Logger
  readonly config: Pick<NodeConfig, 'takeoverStart'>
  /** Znodes that are verified each second; the default of `ZnodeCache` unless given. */
  readonly probed?: number | undefined
  readonly key: KeyOperations
  readonly alive: Alive
  /** Closes what is opened here, in reverse order. */
  readonly closing: Disposables
}

export class ClusterWatch {
  readonly feed: ClusterSnapshots
  readonly #options: ClusterWatchOptions
  /** Runs while there is no primary key. */
  #keyless: Timer | null = null
  #makingKey: Promise<void> = Promise.resolve()

  constructor (options: ClusterWatchOptions) {
    this.#options = options
    const { session, clock, log, probed, key, alive, closing } = options
    const unreadable = new UnreadableZnodes(log, clock)
    const tree = new ZnodeCache({ sessions: only(session), clock, probed, roots: clusterRoots, interest: clusterInterest, ...unreadable.listeners })
    closing.defer('tree', () => tree.close())
    this.feed = closing.use('feed', new ClusterSnapshots(tree, alive))
    const keeper = new RecordKeeper({
      feed: this.feed,
      clock,
      operations: () => session.over ? null : key,
      recordsExternal: true,
      report: (event) => event.event === 'closed'
        ? log.info({ epoch: event.epoch, outcome: event.outcome }, 'switchover closed')
        : log.warn({ err: event.error }, 'a switchover could not be closed; it will be looked at again'),
    })
    closing.use('record keeper', keeper)
    key.seenStates = (epoch) => keeper.seenStates(epoch)
    closing.use('record keeper wake-up', session.onState((state) => { if (state === 'connected') keeper.look() }))
  }

  /** The first view: everything has been read, and there is a key. Rejects with the end of the session. */
  async begin (): Promise<ClusterSnapshot> {
    const { feed } = this
    const { session, closing } = this.#options
    await Promise.race([feed.ready, rejected(session.lost)])
    if (feed.view === null) await ensureKey(session)
    closing.defer('key made again', async () => {
      this.#endKeyless()
      await this.#makingKey
    })
    closing.use('key watch', feed.onKeyless(() => this.#onKeyless()))
    closing.use('key seen', feed.onView(() => this.#endKeyless()))
    return await this.#firstView()
  }

  async #firstView (): Promise<ClusterSnapshot> {
    const { feed } = this
    if (feed.view !== null) return feed.view
    let subscription: Disposable | null = null
    const seen = new Promise<ClusterSnapshot>((resolve) => { subscription = feed.onView(resolve) })
    try {
      return await Promise.race([seen, rejected(this.#options.session.lost)])
    } finally {
      (subscription as Disposable | null)?.[Symbol.dispose]()
    }
  }

  #endKeyless (): void {
    this.#keyless?.[Symbol.dispose]()
    this.#keyless = null
  }

  /** The program that has deleted the key may be about to make it again; if that does not happen, it is made to name no node. */
  #onKeyless (): void {
    const { clock, session, config, log } = this.#options
    if (this.#keyless !== null) return
    log.warn('the primary key is gone')
    this.#keyless = clock.after(config.takeoverStart, () => {
      this.#keyless = null
      if (this.feed.view !== null) return
      this.#makingKey = ensureKey(session).catch((error: unknown) => log.warn({ err: error }, 'the primary key could not be made again'))
    })
  }
}

function rejected (signal: AbortSignal): Promise<never> {
  return new Promise((_resolve, reject) => {
    if (signal.aborted) reject(signal.reason)
    else signal.addEventListener('abort', () => reject(signal.reason), { once: true })
  })
}
