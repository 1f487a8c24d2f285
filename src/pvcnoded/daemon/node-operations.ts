/**
 * Carries out the operations that the coordinator machine asks for, each answered exactly once. Nothing here decides anything: an
 * operation that cannot be done says so, and the machine knows what that leads to.
 */
import type { NodeAnswer, NodeOp } from '../../core/coordinator/coordinator-state.ts'
import { isHandedOver } from '../../core/switchover/handover.ts'
import type { Member } from '../../core/model/member.ts'
import type { CoordinatorState } from '../../core/model/states.ts'
import type { Transition } from '../../core/model/transition.ts'
import { KeyOperations } from '../../cluster/key-operations.ts'
import { readMembers, readRecord } from '../../cluster/reading.ts'
import { sureRead, type WriteOutcome } from '../../cluster/certain-write.ts'
import { denialOf } from '../../cluster/denial.ts'
import type { Clock } from '../../runtime/clock.ts'
import { pause } from '../../runtime/deadline.ts'
import type { Logger } from '../../runtime/log/log.ts'
import type { Lease } from '../keepalive/lease.ts'
import type { Journal } from '../reports/journal.ts'
import type { OwnZnodes } from './own-znodes.ts'
import type { ResourceStatePublisher } from '../resources/state-publisher.ts'
import type { ResourceMonitor } from '../resources/resource-monitor.ts'
import { attemptAll, type Resource } from '../resources/resource.ts'
import type { SyncLock } from './sync-lock.ts'

/** A wait for the primary lock without a limit of its own, in milliseconds: the machine gives it up when the key moves. */
const UNLIMITED = 24 * 3_600_000
/** Milliseconds after which a wait for the primary lock is worth a line in the log. */
const SLOW_LOCK = 5_000
/** Milliseconds between two attempts to release beside a `self_fence`. */
const RELEASE_AGAIN = 1_000

export interface NodeOperationsOptions {
  readonly clock: Clock
  readonly log: Logger
  readonly journal?: Journal | undefined
  readonly key: KeyOperations
  readonly own: OwnZnodes
  readonly lease: Lease
  readonly alive: (name: string) => boolean
  readonly resources: ReadonlyMap<string, Resource>
  readonly board: ResourceStatePublisher
  readonly monitor: ResourceMonitor
  readonly syncLock: SyncLock
  /** Called when the primary lock that a takeover rests on is lost other than by releasing it. */
  readonly onLockLost: () => void
  /** Called when a takeover waits for the primary lock for longer than a change of the key needs. */
  readonly onLockSlow: () => void
}

export class NodeOperations {
  readonly #options: NodeOperationsOptions
  readonly #urgent = new AbortController()
  /** Resources whose last release failed. */
  readonly #unreleased = new Set<string>()
  /** As the taker has read them last. */
  #peers: readonly Member[] = []
  /** Resources that were not here when they were last released. */
  readonly #absent = new Set<string>()
  /** What is held is held for this epoch. */
  #epoch: number | null = null

  constructor (options: NodeOperationsOptions) {
    this.#options = options
  }

  /** The lease has run out, or the time of an orderly end: each release gets one attempt, and what is stopped gets no time to end by itself. */
  hurry (): void {
    this.#urgent.abort()
  }

  get unreleased (): readonly string[] { return [...this.#unreleased] }

  /** Tries to release what could not be, again and again, until everything is released or `signal` aborts; then nothing of it continues. */
  async releaseLeft (signal: AbortSignal): Promise<void> {
    while (this.#unreleased.size > 0 && !signal.aborted) {
      for (const resource of [...this.#unreleased].reverse()) await this.run({ op: 'release', resource, epoch: null }, signal)
      if (this.#unreleased.size > 0) await pause(this.#options.clock, RELEASE_AGAIN, signal)
    }
  }

  /** One attempt to release each, the last of them first. Those that may still be held. */
  async releaseEach (resources: readonly string[]): Promise<readonly string[]> {
    this.hurry()
    const left: string[] = []
    for (const resource of resources.toReversed()) {
      const answer = await this.run({ op: 'release', resource, epoch: null }, new AbortController().signal)
      if (answer.kind === 'done') continue
      left.push(resource)
      this.#options.log.error({ resource }, `${resource} is left as it is, and may be held: ${'failure' in answer && answer.failure !== undefined ? answer.failure.message : 'its release was not carried out.'}`)
    }
    return left
  }

  /** @param signal the machine has given the operation up */
  async run (op: NodeOp, signal: AbortSignal): Promise<NodeAnswer> {
    try {
      return await this.#run(op, signal)
    } catch (error) {
      const denial = denialOf(error)
      if (denial === null) throw error
      return { kind: 'denied', denial }
    }
  }

  async #run (op: NodeOp, signal: AbortSignal): Promise<NodeAnswer> {
    const { clock, key, own, alive } = this.#options
    const { session } = key
    switch (op.op) {
      case 'lock_role': return await this.#lockRole(signal)
      case 'read_peers': {
        const members = await sureRead(session, async () => await readMembers(session, alive), signal)
        this.#peers = members ?? []
        return members === null ? { kind: 'failed' } : { kind: 'done', members }
      }
      case 'read_record': {
        const found = await sureRead(session, async () => ({ stored: await readRecord(session, op.epoch) }), signal)
        return found === null ? { kind: 'failed' } : { kind: 'done', record: found.stored?.record ?? null }
      }
      case 'conclude': return await key.conclude(op.epoch, op.closing, clock.wall())
      case 'publish': return answer(await own.write('transition', this.#transitionText(op.transition)))
      case 'write_state': return await this.#writeState(op.state)
      case 'write_daemon_state': return answer(await own.write('daemonstate', op.daemonState))
      case 'acquire':
      case 'release': return await this.#effect(op.op, op.resource, op.epoch, signal)
      case 'guard_sync': return await this.#options.syncLock.guard(signal)
      case 'hold_sync': return await this.#options.syncLock.hold(signal)
      case 'release_sync': return await this.#options.syncLock.release()
      default: {
        const result = await key.run(op, { signal })
        return signal.aborted && op.op === 'lock' && result.kind !== 'done' ? { kind: 'aborted' } : result
      }
    }
  }

  async #lockRole (signal: AbortSignal): Promise<NodeAnswer> {
    const { clock, onLockSlow } = this.#options
    const slow = clock.after(SLOW_LOCK, onLockSlow)
    try {
      return await this.#takeRoleLock(signal)
    } finally {
      slow[Symbol.dispose]()
    }
  }

  async #takeRoleLock (signal: AbortSignal): Promise<NodeAnswer> {
    const { key } = this.#options
    for (;;) {
      const taken = await key.takeLock(UNLIMITED, { signal })
      if (taken.kind === 'done') {
        key.lock?.lost.addEventListener('abort', this.#options.onLockLost, { once: true })
        return taken
      }
      if (signal.aborted) return { kind: 'aborted' }
      if (taken.kind === 'refused' || taken.kind === 'denied' || key.session.over) return taken
      // Out of contact for a moment: the session is what counts.
      if (await sureRead(key.session, async () => { await key.session.whenConnected({ signal }); return true }, signal) === null) {
        return { kind: signal.aborted ? 'aborted' : 'failed' }
      }
    }
  }

  /** Checks and re-acquisitions belong to `primary` alone: they have ended before anything else is written. */
  async #writeState (state: CoordinatorState): Promise<NodeAnswer> {
    const { own, monitor, resources } = this.#options
    if (state !== 'primary') await monitor.stop()
    // As a rule they stand by already, since this node was named and found ready.
    if (state === 'takeover') for (const resource of resources.values()) resource.standBy?.()
    else await Promise.all([...resources.values()].map(async (resource) => await resource.standDown?.()))
    const outcome = await own.write('routerstate', state)
    if (outcome === 'done' && state === 'primary') monitor.start(this.#epoch)
    return { kind: outcome }
  }

  /** A taker does not ask the link about what a node has just released, unless that node did not have it. */
  #transitionText (transition: Transition): string {
    const absent = transition.released.filter((name) => this.#absent.has(name))
    return JSON.stringify(absent.length === 0 ? transition : { ...transition, absent })
  }

  async #effect (action: 'acquire' | 'release', name: string, epoch: number | null, signal: AbortSignal): Promise<NodeAnswer> {
    const resource = this.#options.resources.get(name)
    if (resource === undefined) throw new Error(`no resource is called ${name}`)
    const { board, monitor, clock, lease, log, journal } = this.#options
    await monitor.stop()
    if (action === 'acquire' && !await lease.confirmed(signal)) return { kind: 'aborted' }
    if (action === 'acquire') this.#epoch = epoch
    board.set(name, action === 'acquire' ? 'acquiring' : 'releasing')
    const begun = clock.monotonic()
    const result = await attemptAll(resource, action, { epoch, signal, urgent: this.#urgent.signal, handedOver: action === 'acquire' && isHandedOver(name, epoch, this.#peers) })
    const took = Math.round(clock.monotonic() - begun)
    board.set(name, result.kind === 'failed' ? 'failed' : result.kind === 'aborted' ? 'unknown' : action === 'acquire' ? 'held' : 'released', result.kind === 'failed' ? result.failure.message : null, result.kind === 'done' && epoch !== null ? { seconds: took / 1000, epoch } : null)
    if (action === 'release' && result.kind === 'failed') this.#unreleased.add(name)
    else if (result.kind === 'done') this.#unreleased.delete(name)
    const fields = { resource: name, epoch, duration_ms: took }
    switch (result.kind) {
      case 'done':
        if (result.absent === true) this.#absent.add(name)
        else this.#absent.delete(name)
        log.info(fields, `${name} is ${action}d`)
        // A start releases what is not there.
        if (epoch !== null) journal?.add({ event: action === 'acquire' ? 'acquired' : 'released', epoch, resource: name, message: `${name} is ${action}d, in ${took / 1000} s` })
        return { kind: 'done' }
      case 'aborted':
        log.info(fields, `the ${action} of ${name} was stopped`)
        return { kind: 'aborted' }
      case 'failed':
        // Who asked for it says what follows from it, at a level of its own.
        log.debug(fields, result.failure.message)
        return { kind: 'refused', failure: result.failure }
    }
  }
}

const answer = (outcome: WriteOutcome): NodeAnswer => ({ kind: outcome })
