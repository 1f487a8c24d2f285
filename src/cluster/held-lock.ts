/** At most one lock, taken and released as operations that are answered: what keeps it from being had is an answer, not an exception. */
import type { KeyAnswer } from '../core/coordinator/key-change.ts'
import { denialOf } from './denial.ts'
import { hasCode, isZooKeeperError } from '../zookeeper/client/errors.ts'
import type { LockHandle } from '../zookeeper/locks/locks.ts'

export class HeldLock {
  #handle: LockHandle | null = null
  #release: Promise<KeyAnswer> | null = null

  /** The lock, while this holds it. */
  get handle (): LockHandle | null { return this.#handle }

  /** Nothing to do if it is held. `refused` if it cannot be had in time, or was not wanted any more; `denied` if ZooKeeper denies it, `failed` if there was no contact. */
  async take (acquire: () => Promise<LockHandle>): Promise<KeyAnswer> {
    return await answered(async () => {
      const held = this.#handle
      if (held !== null && !held.lost.aborted) return
      this.#handle = null
      await this.#release
      // One that was lost may have left its child in the line, and this process would wait for that.
      if (held !== null && !held.session.over) await held.release()
      this.#handle = await acquire()
    })
  }

  /** Sent before this returns. One that cannot be deleted now is on the lock book, which sees to it. */
  async release (): Promise<KeyAnswer> {
    const handle = this.#handle
    this.#handle = null
    if (handle !== null) this.#release = answered(async () => { await handle.release() })
    return await this.#release ?? { kind: 'done' }
  }
}

async function answered (action: () => Promise<void>): Promise<KeyAnswer> {
  try {
    await action()
    return { kind: 'done' }
  } catch (error) {
    if (hasCode(error, 'lock_timeout', 'lock_abandoned', 'lock_unsettled', 'lock_lost')) return { kind: 'refused' }
    const denial = denialOf(error)
    if (denial !== null) return { kind: 'denied', denial }
    if (isZooKeeperError(error)) return { kind: 'failed' }
    throw error
  }
}
