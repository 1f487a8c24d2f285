/**
 * PVC's fencer: it judges nodes in `run` by the age of their keepalive, by its own clock. Whatever its fence comes to, it writes `secondary` over `dead` and
 * frees the key.
 */
import { FENCE_LOCK, MAINTENANCE, nodePath, NODES, PRIMARY_NODE } from '../../../src/cluster/layout.ts'
import { NOBODY } from '../../../src/core/model/states.ts'
import { hasCode } from '../../../src/zookeeper/client/errors.ts'
import { acquireLock, type LockBook } from '../../../src/zookeeper/locks/locks.ts'
import { quietly } from './handover.ts'
import type { PvcStore } from './store.ts'

/** Milliseconds, as PVC has them with its defaults. */
const STALE = 38_000
const PATIENCE = 60_000

export interface PvcFencerOptions {
  readonly node: string
  readonly book: LockBook
  /** Milliseconds since 1970, by the wall clock of this machine. */
  readonly wall: () => number
  /** Whether it worked. */
  readonly fence: (node: string) => Promise<boolean>
  /** Told of each node that it has called `secondary` although the fence failed. */
  readonly onMistaken: (node: string) => void
}

export class PvcFencer {
  readonly #options: PvcFencerOptions
  #busy = false

  constructor (options: PvcFencerOptions) {
    this.#options = options
  }

  /** Fences every node that is stale, one after the other; at most once at a time. */
  async look (store: PvcStore): Promise<void> {
    if (this.#busy) return
    this.#busy = true
    try {
      for (const name of await store.children(NODES)) if (name !== this.#options.node && await this.#isStale(store, name)) await this.#fence(store, name)
    } finally {
      this.#busy = false
    }
  }

  async #isStale (store: PvcStore, name: string): Promise<boolean> {
    if (await store.read(nodePath(name, 'daemonstate')) !== 'run') return false
    return this.#options.wall() - Number(await store.read(nodePath(name, 'keepalive')) ?? 0) * 1_000 > STALE
  }

  async #fence (store: PvcStore, name: string): Promise<void> {
    const { node, book } = this.#options
    try {
      const lock = await acquireLock(store.session, FENCE_LOCK, { book, kind: 'exclusive', identifier: node, timeout: PATIENCE })
      if (await store.read(MAINTENANCE) !== 'true' && await this.#isStale(store, name)) await this.#fenceStale(store, name)
      await quietly(lock)
    } catch (error) {
      if (!hasCode(error, 'lock_timeout', 'lock_lost', 'lock_unsettled')) throw error
    }
  }

  async #fenceStale (store: PvcStore, name: string): Promise<void> {
    await store.put(nodePath(name, 'daemonstate'), 'dead')
    const works = await this.#options.fence(name)
    if (works) await store.put(nodePath(name, 'daemonstate'), 'fenced')
    else this.#options.onMistaken(name)
    await store.put(nodePath(name, 'routerstate'), 'secondary')
    if (await store.read(PRIMARY_NODE) === name) await store.put(PRIMARY_NODE, NOBODY)
  }
}
