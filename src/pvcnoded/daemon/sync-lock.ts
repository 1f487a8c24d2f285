/**
 * PVC's `sync_lock`: its daemons take turns on it while the primary role moves. Held as a writer while this node releases the role towards one of
 * them, it keeps that one from acquiring anything.
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

export class SyncLock {
  readonly #options: SyncLockOptions
  readonly #lock = new HeldLock()

  constructor (options: SyncLockOptions) {
    this.#options = options
  }

  /** `refused` if it cannot be had in time. */
  async hold (signal: AbortSignal): Promise<NodeAnswer> {
    const { session, book, identifier } = this.#options
    const taken = await this.#lock.take(async () => await acquireLock(session, PRIMARY_SYNC_LOCK, { book, kind: 'write', identifier, timeout: PATIENCE, signal }))
    return taken.kind === 'failed' && signal.aborted ? { kind: 'aborted' } : taken
  }

  async release (): Promise<NodeAnswer> {
    return await this.#lock.release()
  }
}
