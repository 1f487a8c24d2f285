/**
 * PVC's `sync_lock`: its daemons take turns on it while the primary role moves, the one that takes over first. A writer in front of it keeps it from acquiring
 * anything: this node is there as a guard for as long as it is primary, and while it releases.
 *
 * Invariant: between the two it is never out of the line. Its place for the release is taken, behind the PVC node's first phase, before the guard is given up.
 */
import type { NodeAnswer } from '../../core/coordinator/coordinator-state.ts'
import { HeldLock } from '../../cluster/held-lock.ts'
import { acquireLock, type LockBook } from '../../zookeeper/locks/locks.ts'
import { PRIMARY_SYNC_LOCK } from '../../cluster/layout.ts'
import type { Session } from '../../zookeeper/session/session.ts'

export interface SyncLockOptions {
  readonly session: Session
  readonly book: LockBook
  /** Written into the lock's child, for people. */
  readonly identifier: string
}

/** Milliseconds. A kazoo reader in front may never leave; releasing is right with or without the lock. */
const PATIENCE = 10_000

/** Milliseconds. A primary that is not the first in the line comes back later. */
const GUARD_PATIENCE = 1_000

export class SyncLock {
  readonly #options: SyncLockOptions
  readonly #guard = new HeldLock()
  readonly #turn = new HeldLock()

  constructor (options: SyncLockOptions) {
    this.#options = options
  }

  /** `refused` on a timeout. The place in the line that a failed release has kept counts as the guard. */
  async guard (signal: AbortSignal): Promise<NodeAnswer> {
    if (this.#turn.handle?.lost.aborted === false) return { kind: 'done' }
    return await this.#take(this.#guard, signal, GUARD_PATIENCE)
  }

  /** `refused` if it cannot be had in time. */
  async hold (signal: AbortSignal): Promise<NodeAnswer> {
    // Asked once the place in the line is there.
    const taken = await this.#take(this.#turn, signal, PATIENCE, () => {
      void this.#guard.release()
      return true
    })
    await this.#guard.release()
    return taken
  }

  async release (): Promise<NodeAnswer> {
    const [turn] = await Promise.all([this.#turn.release(), this.#guard.release()])
    return turn
  }

  async #take (lock: HeldLock, signal: AbortSignal, timeout: number, onWake?: () => boolean): Promise<NodeAnswer> {
    const { session, book, identifier } = this.#options
    const taken = await lock.take(async () => await acquireLock(session, PRIMARY_SYNC_LOCK, { book, kind: 'write', identifier, timeout, signal, onWake }))
    return taken.kind === 'failed' && signal.aborted ? { kind: 'aborted' } : taken
  }
}
