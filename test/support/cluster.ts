/** Verbs for tests on a whole cluster of processes: what is started here ends with the test, and every test ends with a look for collisions. */
import type { Test } from 'tap'
import { Cluster, type ClusterOptions } from '../../tools/testbed/cluster.ts'
import { ClusterSnapshots } from '../../src/cluster/cluster-snapshots.ts'
import { clusterInterest, clusterRoots } from '../../src/cluster/interest.ts'
import { settledPrimary } from '../../src/core/switchover/completion.ts'
import type { ClusterSnapshot } from '../../src/core/coordinator/coordinator-state.ts'
import { isRepeated } from '../../src/core/switchover/rewrites.ts'
import { isOpen } from '../../src/core/model/record.ts'
import { systemClock } from '../../src/runtime/clock.ts'
import { PRIMARY_NODE } from '../../src/cluster/layout.ts'
import { ANY_VERSION, type Session } from '../../src/zookeeper/session/session.ts'
import { ZnodeCache } from '../../src/zookeeper/cache/znode-cache.ts'
import { keep } from './zookeeper.ts'

/** Quick resources and a short settling, so that a test has many switchovers in a minute; lock and transition times as they ship. */
export const quick: Pick<ClusterOptions, 'coordinator'> = { coordinator: { settle_time: 0.1, handover_timeout: 20 } }

export class Watcher {
  readonly feed: ClusterSnapshots
  readonly #sessions: () => Promise<Session>
  readonly #state: () => string

  /** @param state how the watcher itself is, for the report of a failure */
  constructor (feed: ClusterSnapshots, sessions: () => Promise<Session>, state: () => string) {
    this.feed = feed
    this.#sessions = sessions
    this.#state = state
  }

  /** The first view, present or to come, that `matches`; rejects after `patience` milliseconds with what is there instead. */
  async sees (what: string, matches: (view: ClusterSnapshot) => boolean, patience = 30_000): Promise<ClusterSnapshot> {
    const { view } = this.feed
    if (view !== null && matches(view)) return view
    return await new Promise((resolve, reject) => {
      const timer = setTimeout(() => {
        subscription[Symbol.dispose]()
        reject(new Error(`not seen in ${patience} ms: ${what}; the watcher is ${this.#state()}; there is ${JSON.stringify(this.feed.view, undefined, 1)}`))
      }, patience)
      const subscription = this.feed.onView((next) => {
        if (!matches(next)) return
        clearTimeout(timer)
        subscription[Symbol.dispose]()
        resolve(next)
      })
    })
  }

  /** A settled primary, its switchover recorded (a write that only repeats its name is none) and no other one open: by default any. */
  async settled (name?: string, patience = 30_000): Promise<{ name: string, epoch: number }> {
    const view = await this.sees(`${name ?? 'anybody'} settled as primary`, (view) => {
      const primary = settledPrimary(view)
      return primary !== null && (name === undefined || primary.name === name) &&
        view.records.some((record) => isRepeated(record, primary.epoch, primary.name, view.records.map(({ epoch }) => epoch))) && !view.records.some(isOpen)
    }, patience)
    return settledPrimary(view) ?? { name: '', epoch: -1 }
  }

  /** Writes the key as a PVC client would: without the lock, whatever it says now. Resolves with the version written, once it is seen. */
  async writeKeyBlindly (value: string): Promise<number> {
    const session = await this.#sessions()
    // Whatever else writes the key at the same time.
    const { version } = await session.set(PRIMARY_NODE, value, ANY_VERSION)
    await this.sees(`version ${version} of the key`, (view) => view.key.version >= version)
    return version
  }

  async session (): Promise<Session> { return await this.#sessions() }
}

/** A running cluster and somebody who watches it. At the end of the test nobody may have acquired what another held. */
export async function cluster (t: Test, options: ClusterOptions): Promise<{ cluster: Cluster, watcher: Watcher }> {
  const made = new Cluster(options)
  t.teardown(async () => await made.close())
  await made.start()
  return { cluster: made, watcher: await watch(t, made) }
}

export async function watch (t: Test, made: Cluster): Promise<Watcher> {
  // The watcher is no part of what is tested: it outlasts a server that a busy machine keeps waiting.
  const { keeper, reports } = keep(t, made.zookeeper, { sessionTimeout: 30_000, chroot: made.chroot })
  const tree = new ZnodeCache({ sessions: keeper, clock: systemClock, roots: clusterRoots, interest: clusterInterest })
  const feed = new ClusterSnapshots(tree)
  t.teardown(() => {
    feed[Symbol.dispose]()
    tree.close()
  })
  await feed.ready
  const state = () => `${keeper.current?.state ?? 'without a session'}, as of ${Math.round(systemClock.monotonic() - tree.snapshot.asOf)} ms ago, after ${reports.map((report) => report.event).join(' ')}`
  return new Watcher(feed, async () => await keeper.ready(), state)
}
