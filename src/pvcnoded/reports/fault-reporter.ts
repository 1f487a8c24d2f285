/**
 * Reports what this node finds as PVC's faults, and deletes what it has reported once that is over. One write at a time, in the order of the reports, so
 * that a fault is not written after its end; and each fault at most once a minute. No step waits for a report or depends on it: a failed write is logged,
 * and the fault is written when it is found again. A fault that could not be deleted, or whose daemon ended first, is deleted by an API.
 */
import { deleteFault, raiseFault } from '../../cluster/fault-writer.ts'
import { faultId, type FoundFault } from '../../core/pvc/fault.ts'
import type { Clock } from '../../runtime/clock.ts'
import type { Logger } from '../../runtime/log/log.ts'
import { isZooKeeperError } from '../../zookeeper/client/errors.ts'
import type { Session } from '../../zookeeper/session/session.ts'

/** Milliseconds in which one fault is written once. */
const AGAIN = 60_000

export class FaultReporter implements AsyncDisposable {
  readonly #options: { readonly session: Session, readonly clock: Clock, readonly log: Logger }
  /** Monotonic, when each fault was last written; there are as many as there are nodes and resources at most. */
  readonly #written = new Map<string, number>()
  #writing: Promise<void> = Promise.resolve()
  #stopped = false

  constructor (options: { readonly session: Session, readonly clock: Clock, readonly log: Logger }) {
    this.#options = options
  }

  report (fault: FoundFault): void {
    const id = faultId(fault)
    const now = this.#options.clock.monotonic()
    if (now - (this.#written.get(id) ?? -Infinity) < AGAIN) return
    this.#written.set(id, now)
    this.#writing = this.#writing.then(async () => await this.#write(id, fault))
  }

  /** What this run has reported is no longer so; nothing if it has not. */
  over (fault: Omit<FoundFault, 'detail'>): void {
    const id = faultId(fault)
    if (!this.#written.delete(id)) return
    this.#writing = this.#writing.then(async () => await this.#delete(id, fault))
  }

  /** Writes nothing more; resolves once the write in progress is over. */
  async [Symbol.asyncDispose] (): Promise<void> {
    this.#stopped = true
    await this.#writing
  }

  async #delete (id: string, { kind, node, subject }: Omit<FoundFault, 'detail'>): Promise<void> {
    const { session, log } = this.#options
    if (this.#stopped) return
    const about = `${kind} of ${node}${subject === undefined ? '' : ` (${subject})`}`
    try {
      if (await deleteFault(session, id)) log.info({ fault: id, node }, `the fault ${about} is deleted, because it is over`)
    } catch (error) {
      if (!isZooKeeperError(error)) throw error
      if (!session.over) log.warn({ err: error, fault: id, node }, `the fault ${about} is over and could not be deleted; an API deletes it`)
    }
  }

  async #write (id: string, fault: FoundFault): Promise<void> {
    const { session, clock, log } = this.#options
    if (this.#stopped) return
    try {
      await raiseFault(session, fault, clock.wall())
    } catch (error) {
      if (!isZooKeeperError(error)) throw error
      this.#written.delete(id)
      if (!session.over) log.warn({ err: error, fault: fault.kind, node: fault.node }, `the fault ${fault.kind} of ${fault.node} could not be written; it is written when it is found again`)
    }
  }
}
