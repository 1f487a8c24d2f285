/**
 * PVC's `sync_lock`: its daemons take turns on it while the primary role moves, the one that takes over first. A writer in front of it keeps it from acquiring
 * anything: this node is there as a guard for as long as it is primary, and while it releases. A daemon that starts where an earlier one may have left
 * something held is there until it has released that (`stand`).
 *
 * Invariant: between the two it is never out of the line. Its place for the release is taken, behind the PVC node's first phase, before the guard is given up.
 */
import type { NodeAnswer } from '../../core/coordinator/coordinator-state.ts'
import { sureRead } from '../../cluster/certain-write.ts'
import { HeldLock } from '../../cluster/held-lock.ts'
import { acquireLock, type LockBook } from '../../zookeeper/locks/locks.ts'
import { PRIMARY_SYNC_LOCK } from '../../cluster/layout.ts'
import { readMembers } from '../../cluster/reading.ts'
import { isZooKeeperError } from '../../zookeeper/client/errors.ts'
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

/** Milliseconds; longer than a start that releases something. */
const LONGEST_START = 86_400_000

export class SyncLock {
  readonly #options: SyncLockOptions
  #standing: { readonly stop: AbortController, readonly over: Promise<void> } | null = null
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

  /**
   * An earlier daemon of this node may have left something held, as one that was killed while a release failed. A PVC node that takes over waits for the session of
   * that daemon alone, and that ends at any moment: before it does, this node is in the line. Nothing where no PVC node is a coordinator.
   */
  async standBesidePvc (node: string): Promise<void> {
    const { session } = this.#options
    const members = await sureRead(session, async () => await readMembers(session))
    const self = members?.find(({ name }) => name === node)
    if (members === null || self === undefined || (self.coordinatorState === 'secondary' && !self.fencersWord) || !members.some(({ mode, ours }) => mode === 'coordinator' && ours === false)) return
    await this.stand()
  }

  /**
   * Resolves once this node is in the line, whether it is first or not: its turn does not matter, but that a PVC node which takes over waits behind it. The place
   * is there until `leave`, or until the session ends. Waits for a session time-out at most: an earlier attempt of this process may have to be gone first.
   */
  async stand (): Promise<void> {
    if (this.#standing !== null) return
    const { session, book, identifier } = this.#options
    const stop = new AbortController()
    await new Promise<void>((resolve) => {
      const patience = session.clock.after(session.negotiatedTimeout, resolve)
      const inLine = (): boolean => { patience[Symbol.dispose](); resolve(); return true }
      const place = acquireLock(session, PRIMARY_SYNC_LOCK, { book, kind: 'write', identifier, timeout: LONGEST_START, signal: stop.signal, onWake: inLine })
      const over = place.then(async (handle) => {
        await anyAborted(stop.signal, session.lost)
        await handle.release()
      }).catch((error: unknown) => {
        if (!isZooKeeperError(error)) throw error
      }).finally(inLine)
      this.#standing = { stop, over }
    })
  }

  /** Gives up the place that `stand` has taken. Idempotent. */
  async leave (): Promise<void> {
    this.#standing?.stop.abort()
    await this.#standing?.over
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

/** Resolves once one of the signals is aborted. */
async function anyAborted (...signals: readonly AbortSignal[]): Promise<void> {
  const any = AbortSignal.any([...signals])
  if (!any.aborted) await new Promise((resolve) => { any.addEventListener('abort', resolve, { once: true }) })
}
