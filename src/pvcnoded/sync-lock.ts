/**
 * PVC's `sync_lock`: its daemons take turns on it while the primary role moves. Held as a writer while this node lets go of the role towards one of
 * them, it keeps that one from acquiring anything.
 */
import type { NodeAnswer } from '../core/coordinator-state.ts'
import { hasCode, isZooKeeperError } from '../zookeeper/errors.ts'
import { acquireLock, type LockBook, type LockHandle } from '../zookeeper/locks.ts'
import { PRIMARY_SYNC_LOCK } from '../zookeeper/paths.ts'
import type { Session } from '../zookeeper/session.ts'

export interface SyncLockOptions {
  readonly session: Session
  readonly book: LockBook
  /** Written into the lock's child, for people. */
  readonly identifier: string
}

/** Milliseconds. A kazoo reader in front may never leave; letting go is right with or without the lock. */
const PATIENCE = 10_000

export class SyncLock {
  readonly #options: SyncLockOptions
  #handle: LockHandle | null = null

  constructor (options: SyncLockOptions) {
    this.#options = options
  }

  /** `refused` if it cannot be had in time. */
  async hold (signal: AbortSignal): Promise<NodeAnswer> {
    const { session, book, identifier } = this.#options
    try {
      await session.ensurePath(PRIMARY_SYNC_LOCK)
      this.#handle ??= await acquireLock(session, PRIMARY_SYNC_LOCK, { book, kind: 'write', identifier, timeout: PATIENCE, signal })
      return { kind: 'done' }
    } catch (error) {
      if (hasCode(error, 'lock_timeout', 'lock_unsettled', 'lock_lost')) return { kind: 'refused' }
      if (signal.aborted) return { kind: 'aborted' }
      if (isZooKeeperError(error)) return { kind: 'failed' }
      throw error
    }
  }

  /** One that cannot be deleted now is on the lock book, which sees to it. */
  async letGo (): Promise<NodeAnswer> {
    const handle = this.#handle
    this.#handle = null
    try {
      await handle?.release()
      return { kind: 'done' }
    } catch (error) {
      if (isZooKeeperError(error)) return { kind: 'failed' }
      throw error
    }
  }
}
