/**
 * PVC's takeover and relinquish, in phases A to G of the sync lock: the taker writes A, reads B and writes C to G; the node that releases does the reverse. The
 * taker writes `takeover` first and then waits for the lock of the key, for as long as that takes. It asks no other node what that holds: phase A lasts a
 * second, in which a node that releases has to be in the line.
 */
import { nodePath, NODES, PRIMARY_NODE, PRIMARY_SYNC_LOCK } from '../../../src/cluster/layout.ts'
import type { Clock } from '../../../src/runtime/clock.ts'
import { acquireLock, type LockBook, type LockHandle, type LockKind } from '../../../src/zookeeper/locks/locks.ts'
import { lockContenders } from '../../../src/zookeeper/locks/lock-order.ts'
import type { PvcStore } from './store.ts'

/** Milliseconds. */
const PHASE_A = 1_000
const LOOK_AGAIN = 50
const PATIENCE = 60_000
const AS_LONG_AS_IT_TAKES = 1e9
const SETTLE = 2_000
/** Phases C to G, in which the taker acquires, a resource in each. */
const ACQUIRING = [0, 1, 2, 3, 4] as const

const mayHold: ReadonlySet<string | null> = new Set(['primary', 'relinquish', 'takeover'])

export interface PvcHandoverOptions {
  readonly node: string
  readonly store: PvcStore
  readonly book: LockBook
  readonly clock: Clock
  readonly resources: readonly string[]
  readonly enter: (state: 'takeover' | 'primary' | 'relinquish' | 'secondary') => Promise<void>
  readonly run: (action: 'acquire' | 'release', resource: string) => Promise<void>
  /** The collaborators of a step. */
  readonly dawdle: () => Promise<void>
  /**
   * Phase A has the length that PVC gives it. Otherwise, as where a node may be cut off or stopped, it lasts until every node that may hold something
   * has come into the line or says `secondary`: PVC's own daemons would overlap there, too.
   */
  readonly timed: boolean
}

export class PvcHandover {
  readonly #options: PvcHandoverOptions

  constructor (options: PvcHandoverOptions) {
    this.#options = options
  }

  async take (): Promise<void> {
    const { resources, enter, run, timed, clock } = this.#options
    await enter('takeover')
    const lock = await this.#lock(PRIMARY_NODE, 'exclusive', AS_LONG_AS_IT_TAKES)
    await this.#phase('write', async () => timed ? await pauseOf(clock, PHASE_A) : await this.#othersAreInLine())
    await this.#phase('read')
    for (const index of ACQUIRING) {
      const resource = resources[index]
      await this.#phase('write', async () => { if (resource !== undefined) await run('acquire', resource) })
    }
    await pauseOf(clock, SETTLE)
    await enter('primary')
    await quietly(lock)
  }

  async release (): Promise<void> {
    const { resources, enter, run } = this.#options
    await enter('relinquish')
    await this.#phase('read')
    await this.#phase('write', async () => { for (const resource of resources.toReversed()) await run('release', resource) })
    for (let left = ACQUIRING.length; left > 0; left--) await this.#phase('read')
    await enter('secondary')
  }

  async #phase (kind: 'read' | 'write', work: () => Promise<void> = async () => {}): Promise<void> {
    await this.#options.dawdle()
    const lock = await this.#lock(PRIMARY_SYNC_LOCK, kind, PATIENCE)
    await work()
    await quietly(lock)
  }

  async #lock (path: string, kind: LockKind, timeout: number): Promise<LockHandle> {
    const { store: { session }, book, node } = this.#options
    return await acquireLock(session, path, { book, kind, identifier: node, timeout })
  }

  async #othersAreInLine (): Promise<void> {
    const { node, store, clock } = this.#options
    for (let waited = 0; waited < PATIENCE; waited += LOOK_AGAIN) {
      if (lockContenders(await store.children(PRIMARY_SYNC_LOCK)).length > 1) return
      const others = (await store.children(NODES)).filter((other) => other !== node)
      const states = await Promise.all(others.map(async (other) => await store.read(nodePath(other, 'routerstate'))))
      if (!states.some((state) => mayHold.has(state))) return
      await pauseOf(clock, LOOK_AGAIN)
    }
    throw new Error('no other node came into the line of the sync lock')
  }
}

export async function pauseOf (clock: Clock, milliseconds: number): Promise<void> {
  await new Promise<void>((resolve) => { clock.after(milliseconds, resolve) })
}

/** A child that could not be deleted now is on the book, or goes with its session. */
export async function quietly (lock: LockHandle): Promise<void> {
  await lock.release().catch(() => {})
}
