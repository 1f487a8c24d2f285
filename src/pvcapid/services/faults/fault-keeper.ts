/**
 * Deletes the fault of a condition once the condition has ended. Runs in every API; two APIs that delete the same fault do no harm.
 * An API deletes only faults whose condition it has seen begin and end, or whose end the znodes prove: a fence can be over before any API has looked, and
 * the fault of an event may be written after the end of its condition. All other faults belong to the program that raised them.
 */
import { deleteFault } from '../../../cluster/fault-writer.ts'
import type { Condition } from '../../../core/conditions/condition.ts'
import type { ConditionCode } from '../../../core/conditions/kinds.ts'
import { faultId } from '../../../core/pvc/fault.ts'
import type { ApiSnapshot } from '../../../projection/api-snapshot.ts'
import type { Clock, Timer } from '../../../runtime/clock.ts'
import type { Logger } from '../../../runtime/log/log.ts'
import { isZooKeeperError } from '../../../zookeeper/client/errors.ts'
import type { Session } from '../../../zookeeper/session/session.ts'
import type { ClusterCache } from '../cluster-cache.ts'

/** Milliseconds between two looks. */
const PAUSE = 1_000
/** Milliseconds that a condition has to be gone: a fault is raised before the rest of its condition can be seen. */
const GONE = 2_000

interface Followed {
  readonly code: ConditionCode
  readonly node: string | null
  readonly resource: string | null
  /** Monotonic; null while it is there. */
  readonly goneAt: number | null
}

/** Those whose end cannot be seen: an operator deletes the fault. */
const endless: ReadonlySet<ConditionCode> = new Set(['fault', 'domains_left'])

/** The faults whose conditions have ended for certain, whether or not any API has seen them: id → condition. */
function endedIn (latest: ApiSnapshot): ReadonlyMap<string, Omit<Followed, 'goneAt'>> {
  const ended = new Map<string, Omit<Followed, 'goneAt'>>()
  for (const node of latest.names) {
    const details = latest.node(node)?.details
    for (const code of ['node_dead', 'fence_unconfirmed'] as const) {
      const id = faultId({ kind: code, node })
      // A node that is fenced is not dead, however late its fault is written; any other state has to be younger than the fault.
      if (details?.daemon_state === 'fenced' || (details?.daemon_state !== 'dead' && latest.isYounger(node, 'daemonstate', id))) ended.set(id, { code, node, resource: null })
    }
    for (const { name: resource, state } of details?.resources ?? []) {
      const id = faultId({ kind: 'resource_lost', node, subject: resource })
      if (state === 'held' && latest.isYounger(node, 'resources', id)) ended.set(id, { code: 'resource_lost', node, resource })
    }
  }
  return ended
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
    if (fault !== null && !endless.has(code)) this.#followed.set(fault, { code, node, resource, goneAt: null })
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
    for (const [id, { code, goneAt }] of this.#followed) {
      if (goneAt === null || clock.monotonic() - goneAt < GONE) continue
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
    const present = new Set<string>()
    for (const condition of this.#options.view.conditions) {
      // A kept fault is a condition itself for as long as it is kept.
      if (condition.fault !== null && condition.code !== 'fault') present.add(condition.fault)
      this.follow(condition)
    }
    const { latest } = this.#options.view
    const unseen = latest?.faults.filter(({ id }) => !present.has(id) && !this.#followed.has(id)) ?? []
    if (latest !== null && unseen.length > 0) {
      const ended = endedIn(latest)
      for (const { id } of unseen) {
        const about = ended.get(id)
        if (about !== undefined) this.#followed.set(id, { ...about, goneAt: now })
      }
    }
    for (const [id, followed] of this.#followed) {
      if (followed.goneAt === null && !present.has(id) && this.#isOver(followed)) this.#followed.set(id, { ...followed, goneAt: now })
    }
  }

  /** A lost resource is mended only once the same node holds it again: that another has taken it over is no end of the fault. */
  #isOver ({ code, node, resource }: Followed): boolean {
    if (code !== 'resource_lost' || node === null) return true
    const resources = this.#options.view.latest?.node(node)?.details.resources
    return resources === undefined || resources.some(({ name, state }) => name === resource && state === 'held')
  }
}
