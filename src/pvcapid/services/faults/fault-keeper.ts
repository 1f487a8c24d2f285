/**
 * Deletes the fault of a condition once the condition has ended. Runs in every API; two APIs that delete the same fault do no harm.
 * An API deletes only faults whose condition it has seen begin and end, or whose end the znodes prove (`ended-faults.ts`): a fence can be over before any API
 * has looked, and the fault of an event may be written after the end of its condition. All other faults belong to the program that raised them.
 */
import { deleteFault } from '../../../cluster/fault-writer.ts'
import type { Condition } from '../../../core/conditions/condition.ts'
import type { ApiSnapshot } from '../../../projection/api-snapshot.ts'
import type { Clock, Timer } from '../../../runtime/clock.ts'
import type { Logger } from '../../../runtime/log/log.ts'
import { isZooKeeperError } from '../../../zookeeper/client/errors.ts'
import type { Session } from '../../../zookeeper/session/session.ts'
import type { ClusterCache } from '../cluster-cache.ts'
import { endedIn, isMended, isRecovered, measured, type Subject } from './ended-faults.ts'

/** Milliseconds between two looks. */
const PAUSE = 1_000
/** Milliseconds that a condition has to be gone: a fault is raised before the rest of its condition can be seen. */
const GONE = 2_000
/** The same of a condition that begins only after a while, and that this API has not seen: longer than any that it would have to wait for. */
const GONE_UNSEEN = 180_000

interface Followed extends Subject {
  /** Monotonic; null while it is there. */
  readonly goneAt: number | null
  /** Milliseconds that it has to be gone. */
  readonly gone: number
}

export interface FaultKeeperOptions {
  readonly view: ClusterCache
  readonly clock: Clock
  readonly log: Logger
  /** The present session, or null. */
  readonly session: () => Session | null
}

export class FaultKeeper implements AsyncDisposable {
  readonly #options: FaultKeeperOptions
  readonly #followed = new Map<string, Followed>()
  #timer: Timer
  #running: Promise<void> = Promise.resolve()
  #closed = false

  constructor (options: FaultKeeperOptions) {
    this.#options = options
    this.#timer = options.clock.after(PAUSE, () => this.#look())
  }

  async [Symbol.asyncDispose] (): Promise<void> {
    this.#closed = true
    this.#timer[Symbol.dispose]()
    await this.#running
  }

  /** From now on the fault of this condition goes when the condition does, however soon that is. */
  follow ({ fault, code, node, resource }: Condition): void {
    if (fault !== null && code !== 'fault' && this.#followed.get(fault)?.goneAt !== null) this.#followed.set(fault, { code, node, resource, goneAt: null, gone: GONE })
  }

  #look (): void {
    this.#running = this.#deleteEnded().catch((error: unknown) => {
      // A znode can bring this about; it must not end the process.
      this.#options.log.error({ err: error }, 'the faults of conditions that have ended could not be looked at')
    }).then(() => {
      if (!this.#closed) this.#timer = this.#options.clock.after(PAUSE, () => this.#look())
    })
  }

  async #deleteEnded (): Promise<void> {
    const { view, clock, log } = this.#options
    const session = this.#options.session()
    const { latest, stale } = view
    if (session === null || latest === null || stale) return
    this.#follow(clock.monotonic())
    for (const [id, { code, goneAt, gone }] of this.#followed) {
      if (goneAt === null || clock.monotonic() - goneAt < gone) continue
      try {
        if (latest.faults.some((fault) => fault.id === id) && await deleteFault(session, id)) log.info({ fault: id, condition: code }, 'the condition of a fault has ended; the fault is deleted')
        this.#followed.delete(id)
      } catch (error) {
        // Another API may be deleting it, or contact is lost: the next look finds out.
        if (!isZooKeeperError(error)) throw error
        log.debug({ err: error, fault: id }, 'the fault of a condition that has ended could not be deleted yet')
      }
      if (this.#closed) return
    }
  }

  #follow (now: number): void {
    const { latest } = this.#options.view
    if (latest === null) return
    const present = new Set<string>()
    for (const condition of this.#options.view.conditions) {
      // A kept fault is a condition itself for as long as it is kept.
      if (condition.fault === null || condition.code === 'fault' || (condition.code === 'domains_left' && condition.node !== null && isRecovered(latest, condition.node))) continue
      present.add(condition.fault)
      this.follow(condition)
    }
    const unseen = latest.faults.filter(({ id }) => !present.has(id) && !this.#followed.has(id))
    if (unseen.length > 0) {
      const ended = endedIn(latest, unseen)
      for (const { id } of unseen) {
        const about = ended.get(id)
        if (about !== undefined) this.#followed.set(id, { ...about, goneAt: now, gone: measured.has(about.code) ? GONE_UNSEEN : GONE })
      }
    }
    for (const [id, followed] of this.#followed) {
      if (followed.goneAt === null && !present.has(id) && isOver(followed, latest)) this.#followed.set(id, { ...followed, goneAt: now })
    }
  }
}

function isOver ({ code, node, resource }: Subject, latest: ApiSnapshot): boolean {
  if (node === null) return true
  if (code === 'domains_left') return isRecovered(latest, node)
  return code !== 'resource_lost' || resource === null || isMended(latest, node, resource)
}
