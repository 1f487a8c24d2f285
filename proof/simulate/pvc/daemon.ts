/**
 * A coordinator with PVC's node daemon, as its peers meet it: the same that `test/support/pvc-peer.py` is in real processes. Written from what such a daemon was seen
 * to do, not from its code. It has no lease: what it holds it holds until it has released it, whatever becomes of its session.
 */
import { nodePath, NODES, PRIMARY_NODE, PRIMARY_SYNC_LOCK, SCHEMA_VERSION, type NodeKey } from '../../../src/cluster/layout.ts'
import { NOBODY } from '../../../src/core/model/states.ts'
import type { Clock } from '../../../src/runtime/clock.ts'
import { pause } from '../../../src/runtime/deadline.ts'
import type { CommandRunner } from '../../../src/runtime/process/command.ts'
import type { Connector } from '../../../src/zookeeper/client/connection.ts'
import { isZooKeeperError } from '../../../src/zookeeper/client/errors.ts'
import { acquireLock, LockBook } from '../../../src/zookeeper/locks/locks.ts'
import { SessionKeeper } from '../../../src/zookeeper/session/session-keeper.ts'
import type { Session } from '../../../src/zookeeper/session/session.ts'
import type { Random } from '../random.ts'
import { PvcFencer } from './fencer.ts'
import { PvcHandover, pauseOf, quietly } from './handover.ts'
import { PvcStore } from './store.ts'
import type { PvcTraits } from './traits.ts'

/** Milliseconds, with PVC's defaults. */
const KEEPALIVE_INTERVAL = 5_000
const TRANSITION_DELAY = 500
const CONTENTION = 400
const COMMAND = 5_000
/** Between two looks for the key, which PVC's cluster has from its beginning. */
const KEY_DUE = 100
const SCHEMA = '15'
/** Share of its releases in whose transition delay a keepalive falls. By the intervals alone one in ten would. */
const KEEPALIVE_IN_DELAY = 0.4

export interface PvcDaemonOptions {
  readonly traits: PvcTraits
  readonly connector: Connector
  readonly clock: Clock
  readonly random: Random
  readonly commands: CommandRunner
  readonly resources: readonly string[]
  /** Milliseconds. */
  readonly sessionTimeout: number
  /** Phase A has the length that PVC gives it. */
  readonly timed: boolean
  /** Told of each node that it has called `secondary` although the fence failed. */
  readonly onMistaken: (node: string) => void
}

export class PvcDaemon {
  readonly #options: PvcDaemonOptions
  readonly #keeper: SessionKeeper
  readonly #book: LockBook
  readonly #fencer: PvcFencer
  readonly #stopping = new AbortController()
  #state = 'secondary'
  /** The key may have changed since it was read. */
  #changed = true
  #wake: () => void = () => {}

  constructor (options: PvcDaemonOptions) {
    this.#options = options
    const { connector, clock, random, sessionTimeout, traits: { node }, onMistaken } = options
    this.#keeper = new SessionKeeper({ connector, servers: ['zookeeper'], sessionTimeout, clock, random: random.next, report: () => {} })
    this.#book = new LockBook({ clock, uuid: random.uuid })
    this.#fencer = new PvcFencer({ node, book: this.#book, wall: () => Date.parse(clock.wall()), fence: async (peer) => await this.#fence(peer), onMistaken })
  }

  /** Runs until it has stopped in order. Rejects when a transition fails, and with it the daemon. */
  async run (): Promise<void> {
    // Its machine has been off: it holds nothing.
    for (const resource of this.#options.resources.toReversed()) await this.#effect('release', resource)
    const store = new PvcStore(await this.#keeper.ready())
    await this.#register(store)
    this.#keeper.onSession((session) => this.#follows(session))
    await Promise.all([this.#follow(), this.#beat(), this.#announceStop()])
    await this.#leave(await this.#present())
  }

  /** Begins the orderly end. */
  shutdown (): void {
    this.#stopping.abort()
    this.#wake()
  }

  async #present (): Promise<PvcStore> { return new PvcStore(await this.#keeper.ready()) }

  #own (key: NodeKey): string { return nodePath(this.#options.traits.node, key) }

  async #register (store: PvcStore): Promise<void> {
    const { clock, traits: { node } } = this.#options
    await store.ensure(NODES)
    for (const peer of await store.children(NODES)) if (peer !== node) await this.#checkSchema(store, peer)
    while (await store.read(PRIMARY_NODE) === null) await pauseOf(clock, KEY_DUE)
    await store.ensure(PRIMARY_SYNC_LOCK)
    await store.put(nodePath(node), 'coordinator')
    const seconds = String(Math.floor(Date.parse(clock.wall()) / 1_000))
    // `init` first and `secondary` after it: PVC writes all of this in one transaction.
    const first: ReadonlyArray<readonly [NodeKey, string]> = [
      ['daemonmode', 'coordinator'], ['daemonstate', 'init'], ['routerstate', 'secondary'], ['domainstate', 'ready'], ['keepalive', seconds], ['activeschema', SCHEMA], ['latestschema', SCHEMA],
    ]
    for (const [key, value] of first) await store.put(this.#own(key), value)
    await store.ensure('/schema')
    await store.put(SCHEMA_VERSION, SCHEMA)
    await store.put(this.#own('daemonstate'), 'run')
  }

  async #checkSchema (store: PvcStore, peer: string): Promise<void> {
    for (const key of ['activeschema', 'latestschema'] as const) {
      if (!/^\d+$/.test(await store.read(nodePath(peer, key)) ?? '')) throw new Error(`${key} of ${peer} is no number`)
    }
  }

  #follows (session: Session): void {
    session.onWatch(PRIMARY_NODE, () => this.#look())
    session.onState((state) => { if (state === 'connected') this.#look() })
    this.#look()
  }

  #look (): void {
    this.#changed = true
    this.#wake()
  }

  async #follow (): Promise<void> {
    const { signal } = this.#stopping
    for (;;) {
      while (!this.#changed && !signal.aborted) await new Promise<void>((resolve) => { this.#wake = resolve })
      if (signal.aborted) return
      this.#changed = false
      const store = await this.#atRest(async () => new PvcStore(await this.#keeper.ready(signal)))
      const value = store === null ? null : await this.#atRest(async () => { await store.watch(PRIMARY_NODE); return await store.read(PRIMARY_NODE) })
      if (store !== null && value !== null) await this.#act(store, value)
    }
  }

  /** Null if the session has ended: nothing was in progress, and the next session wakes the daemon. */
  async #atRest<T> (work: () => Promise<T>): Promise<T | null> {
    try {
      return await work()
    } catch (error) {
      if (isZooKeeperError(error)) return null
      throw error
    }
  }

  async #act (store: PvcStore, value: string): Promise<void> {
    const { clock, random, traits: { node, contends, rewrites } } = this.#options
    if (value === node && this.#state === 'secondary') {
      await pauseOf(clock, TRANSITION_DELAY)
      await this.#handover(store).take()
      // The key may have changed meanwhile. After a release it does not look again.
      this.#look()
    } else if (value === NOBODY && this.#state === 'secondary' && contends) {
      await this.#atRest(async () => await this.#contend(store))
    } else if (value !== node && this.#state === 'primary') {
      const early = rewrites !== 'never' && random.chance(KEEPALIVE_IN_DELAY) ? random.between(0, TRANSITION_DELAY) : null
      if (early !== null) {
        await pauseOf(clock, early)
        await this.#atRest(async () => await this.#rewrite(store))
      }
      await pauseOf(clock, TRANSITION_DELAY - (early ?? 0))
      await this.#handover(store).release()
    }
  }

  #handover (store: PvcStore): PvcHandover {
    const { traits: { node }, clock, resources, timed } = this.#options
    const enter = async (state: string) => {
      await this.#dawdle()
      await store.put(this.#own('routerstate'), state)
      this.#state = state
    }
    return new PvcHandover({ node, store, book: this.#book, clock, resources, enter, run: async (action, resource) => await this.#effect(action, resource), dawdle: async () => await this.#dawdle(), timed })
  }

  async #dawdle (): Promise<void> {
    const { clock, random, traits: { slow } } = this.#options
    if (slow > 0) await pauseOf(clock, random.between(0, slow))
  }

  async #contend (store: PvcStore): Promise<void> {
    const { clock, traits: { node } } = this.#options
    // It waits where it hears of no change: it is first in line at once, or stays in line for its time and has lost.
    let looked = false
    const onWake = async () => {
      const isFirst = !looked
      looked = true
      if (!isFirst) await pauseOf(clock, CONTENTION)
      return isFirst
    }
    const lock = await acquireLock(store.session, PRIMARY_NODE, { book: this.#book, kind: 'exclusive', identifier: node, timeout: CONTENTION, onWake })
    if (await store.read(PRIMARY_NODE) === NOBODY) await store.put(PRIMARY_NODE, node)
    await quietly(lock)
  }

  async #beat (): Promise<void> {
    const { clock } = this.#options
    const { signal } = this.#stopping
    while (!signal.aborted) {
      await this.#atRest(async () => await this.#keepalive(new PvcStore(await this.#keeper.ready(signal))))
      await pause(clock, KEEPALIVE_INTERVAL, signal)
    }
  }

  async #keepalive (store: PvcStore): Promise<void> {
    const { clock, traits: { fence } } = this.#options
    await store.put(this.#own('keepalive'), String(Math.floor(Date.parse(clock.wall()) / 1_000)))
    if (!this.#stopping.signal.aborted && await store.read(this.#own('daemonstate')) !== 'run') await store.put(this.#own('daemonstate'), 'run')
    await this.#rewrite(store)
    // In a thread of its own, which a lost session ends.
    if (fence !== 'none') void this.#atRest(async () => await this.#fencer.look(store))
  }

  /** What its keepalive does to the key while that names another node and this one is primary. */
  async #rewrite (store: PvcStore): Promise<void> {
    const { traits: { node, rewrites } } = this.#options
    const value = await store.read(PRIMARY_NODE)
    if (this.#state === 'primary' && value !== null && value !== node && rewrites !== 'never') await store.put(PRIMARY_NODE, rewrites === 'value' ? value : node)
  }

  async #announceStop (): Promise<void> {
    const { signal } = this.#stopping
    if (!signal.aborted) await new Promise<void>((resolve) => { signal.addEventListener('abort', () => resolve(), { once: true }) })
    await (await this.#present()).put(this.#own('daemonstate'), 'shutdown')
  }

  async #leave (store: PvcStore): Promise<void> {
    const { clock, traits: { node } } = this.#options
    if (this.#state === 'primary') {
      if (await store.read(PRIMARY_NODE) === node) await store.put(PRIMARY_NODE, NOBODY)
      await pauseOf(clock, TRANSITION_DELAY)
      await this.#handover(store).release()
    }
    await store.put(this.#own('daemonstate'), 'stop')
    await this.#keeper.close()
  }

  async #effect (action: 'acquire' | 'release', resource: string): Promise<void> {
    const outcome = await this.#options.commands.run({ argv: [action], env: { PVC_ACTION: action, PVC_RESOURCE: resource }, timeout: COMMAND })
    if (outcome.kind !== 'exited' || outcome.code !== 0) throw new Error(`${action} of ${resource} failed`)
  }

  async #fence (peer: string): Promise<boolean> {
    const { commands, traits: { fence } } = this.#options
    if (fence === 'fails') return false
    const outcome = await commands.run({ argv: ['fence'], env: { PVC_ACTION: 'fence', PVC_NODE: peer }, timeout: COMMAND })
    return outcome.kind === 'exited' && outcome.code === 0
  }
}
