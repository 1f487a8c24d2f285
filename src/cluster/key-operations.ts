/**
 * Carries out the operations of a change of the key (`core/coordinator/key-change.ts`) on one session, holding at most one primary lock.
 * The key is never written unless the lock has just been found to be held; the version check is the failsafe behind that.
 */
import { closeRecord, isOpen, type Closing, type TimelineEntry } from '../core/model/record.ts'
import type { KeyAnswer, KeyOp } from '../core/coordinator/key-change.ts'
import { mergedTimeline, particularsOf } from '../core/switchover/progress.ts'
import type { Member } from '../core/model/member.ts'
import type { SwitchoverRecord } from '../core/model/record.ts'
import { NOBODY, unreachable } from '../core/model/states.ts'
import { hasCode, isNodeExists, isNoNode, isZooKeeperError, ZooKeeperError } from '../zookeeper/client/errors.ts'
import { acquireLock, type LockBook, type LockHandle } from '../zookeeper/locks/locks.ts'
import { CONFIG, PRIMARY_NODE, SWITCHOVERS, switchoverPath } from './layout.ts'
import type { OperationOptions, Session } from '../zookeeper/session/session.ts'
import { denialOf } from './denial.ts'
import { HeldLock } from './held-lock.ts'
import { readEpoch, readFailure, readKeySnapshot, readMembers, readRecord, type Alive } from './reading.ts'
import { completed, isIncomplete } from '../core/story/failed-holder.ts'
import { serviceTimesFor, type ServiceTimes } from './service-times.ts'
import { sureCreate, sureRead, sureSet, type WriteOutcome } from './certain-write.ts'

export interface KeyOperationsOptions {
  readonly book: LockBook
  /** Written into the lock's child, for people. */
  readonly identifier: string
  /** Milliseconds that a change of the key waits for the primary lock at most. */
  readonly lockTimeout: number
  /** Closed records are deleted beyond this many. */
  readonly keepRecords?: number
  /** Whether a PVC peer's keepalive changes. By default it is taken to. */
  readonly alive?: Alive
}

const KEPT_RECORDS = 1_000

export class KeyOperations {
  readonly session: Session
  /** The states in which PVC nodes were seen in an open switchover, by its epoch, for the record that is closed here. */
  seenStates: (epoch: number) => readonly TimelineEntry[] = () => []
  readonly #options: KeyOperationsOptions
  readonly #lock = new HeldLock()
  readonly #pruning = new Set<Promise<void>>()
  #closed = false
  #recordEpochs: readonly number[] = []

  constructor (session: Session, options: KeyOperationsOptions) {
    this.session = session
    this.#options = options
  }

  /** The primary lock, while this holds it. */
  get lock (): LockHandle | null { return this.#lock.handle }

  /**
   * @param signal ends waiting and reading; never the outcome of a write that was sent
   * @param wanted asked at each wake of a wait for the lock; false gives it up
   */
  async run (op: KeyOp, options: { signal?: AbortSignal, wanted?: () => boolean } = {}): Promise<KeyAnswer> {
    try {
      return await this.#run(op, options)
    } catch (error) {
      const denial = denialOf(error)
      if (denial === null) throw error
      return { kind: 'denied', denial }
    }
  }

  async #run (op: KeyOp, { signal, wanted }: { signal?: AbortSignal, wanted?: () => boolean }): Promise<KeyAnswer> {
    switch (op.op) {
      case 'lock': return await this.takeLock(this.#options.lockTimeout, { signal, wanted })
      case 'unlock': return await this.releaseLock()
      case 'read_snapshot': {
        const keySnapshot = await sureRead(this.session, async () => await readKeySnapshot(this.session, this.#options.alive), signal)
        this.#recordEpochs = keySnapshot?.recordEpochs ?? []
        return keySnapshot === null ? { kind: 'failed' } : { kind: 'done', keySnapshot }
      }
      case 'write_ledger': return answer(await this.#writeLedger(JSON.stringify(op.ledger), op.version))
      case 'create_record': return answer(await this.createRecord(op.record))
      case 'close_record': return answer(await this.#setRecord(op.record, op.version))
      case 'write_key': return answer(await this.#writeKey(op.value, op.version, op.andUnlock === true))
      default: return unreachable(op)
    }
  }

  /** Waits for the primary lock, at most `timeout` milliseconds. */
  async takeLock (timeout: number, { signal, wanted }: { signal?: AbortSignal | undefined, wanted?: (() => boolean) | undefined }): Promise<KeyAnswer> {
    return await this.#lock.take(async () => await this.#acquire(timeout, signal, wanted))
  }

  async #acquire (timeout: number, signal?: AbortSignal, onWake?: () => boolean): Promise<LockHandle> {
    const { book, identifier } = this.#options
    return await acquireLock(this.session, PRIMARY_NODE, {
      book, kind: 'exclusive', identifier, timeout, signal, onWake, make: async (bounds) => await ensureKey(this.session, bounds),
    })
  }

  async releaseLock (): Promise<KeyAnswer> {
    return await this.#lock.release()
  }

  /** @param signal as for `sureWrite` */
  async createRecord (record: SwitchoverRecord, signal?: AbortSignal): Promise<WriteOutcome> {
    const outcome = await sureCreate(this.session, switchoverPath(record.epoch), JSON.stringify(record), signal)
    if (outcome === 'done') this.#prune()
    return outcome
  }

  /**
   * Closes the record of `epoch` with what the nodes show now, unless it is closed or missing.
   * @param signal as for `sureWrite`
   */
  async conclude (epoch: number, closing: Closing, wall: string, signal?: AbortSignal, seen: readonly TimelineEntry[] = this.seenStates(epoch)): Promise<KeyAnswer> {
    const found = await sureRead(this.session, async () => ({ stored: await readRecord(this.session, epoch), members: await readMembers(this.session) }), signal)
    if (found === null) return { kind: 'failed' }
    const { stored, members } = found
    if (stored === null || !isOpen(stored.record)) return { kind: 'refused' }
    const particulars = particularsOf({ ...stored.record, outcome: null }, members)
    const progress = closing.outcome === 'succeeded' ? 1 : particulars.progress
    // Of any other the role is on its way to another node, which does not wait for what only people read.
    const whole = closing.outcome === 'succeeded' ? await sureRead(this.session, async () => await this.#completed(stored.record, closing, members, seen), signal) : null
    return answer(await this.#setRecord(closeRecord(whole?.record ?? stored.record, wall, closing, { ...particulars, ...whole?.times, progress, timeline: mergedTimeline(particulars.timeline, seen) }), stored.version, signal))
  }

  /** With how long the service was not held, and with the evidence that was not there yet when the record was made. */
  async #completed (record: SwitchoverRecord, closing: Closing, members: readonly Member[], seen: readonly TimelineEntry[]): Promise<{ readonly record: SwitchoverRecord, readonly times: Partial<ServiceTimes> }> {
    const { session } = this
    const node = isIncomplete(record, members) ? record.evidence?.node : undefined
    const [times, failure] = await Promise.all([serviceTimesFor(session, record, closing, members, seen), node === undefined ? null : readFailure(session, node)])
    return { record: failure === null ? record : completed(record, failure), times }
  }

  /**
   * Closes the record of `epoch` as `not_applied`, if the key has not come to it. Shown under the primary lock, because its holder knows that no
   * other write of the key is in progress; how much time has passed shows nothing, since the session of a writer can outlast any outage.
   * `refused` if that cannot be shown now, or is not so.
   * @param signal as for `sureWrite`
   */
  async concludeNotApplied (epoch: number, wall: string, signal?: AbortSignal): Promise<KeyAnswer> {
    const lock = new HeldLock()
    const taken = await lock.take(async () => await this.#acquire(this.#options.lockTimeout, signal))
    if (taken.kind !== 'done') return taken
    try {
      const now = await sureRead(this.session, async () => await readEpoch(this.session), signal)
      return now === null || now >= epoch ? { kind: 'refused' } : await this.conclude(epoch, { outcome: 'not_applied' }, wall, signal)
    } finally {
      await lock.release()
    }
  }

  async #setRecord (record: SwitchoverRecord, version: number, signal?: AbortSignal): Promise<WriteOutcome> {
    return await sureSet(this.session, switchoverPath(record.epoch), JSON.stringify(record), version, { signal })
  }

  async #writeKey (value: string, version: number, andUnlock: boolean): Promise<WriteOutcome> {
    const handle = this.lock
    if (handle === null) return 'failed'
    if (!handle.sound) {
      const verified = await sureRead(this.session, async () => { await handle.verify(); return true }).catch((error: unknown) => {
        if (hasCode(error, 'lock_lost')) return null
        throw error
      })
      if (verified === null) return 'failed'
    }
    return andUnlock ? await this.#writeKeyAndUnlock(value, version) : await sureSet(this.session, PRIMARY_NODE, value, version)
  }

  /** A connection keeps the order of what is sent on it. Once the release has been sent the lock may be gone, so that no second attempt is made. */
  async #writeKeyAndUnlock (value: string, version: number): Promise<WriteOutcome> {
    const once = async (): Promise<void> => {
      if (this.lock === null) throw new ZooKeeperError('lock_lost', { op: 'set', path: PRIMARY_NODE, detail: 'it was released behind the first attempt' })
      const written = this.session.set(PRIMARY_NODE, value, version)
      void this.releaseLock()
      await written
    }
    try {
      return await sureSet(this.session, PRIMARY_NODE, value, version, { write: once })
    } catch (error) {
      if (hasCode(error, 'lock_lost')) return 'failed'
      throw error
    }
  }

  async #writeLedger (data: string, version: number | null): Promise<WriteOutcome> {
    return version === null ? await sureCreate(this.session, SWITCHOVERS, data) : await sureSet(this.session, SWITCHOVERS, data, version)
  }

  /** Nothing is written any more once this has resolved, except what is asked for after it. */
  async [Symbol.asyncDispose] (): Promise<void> {
    this.#closed = true
    await Promise.all(this.#pruning)
  }

  /** Best effort, by the maker of a record: what is left over is pruned by the next. Nothing waits for it. */
  #prune (): void {
    const pruning = this.#pruneSurplus().finally(() => this.#pruning.delete(pruning))
    this.#pruning.add(pruning)
  }

  async #pruneSurplus (): Promise<void> {
    const surplus = this.#recordEpochs.slice(0, -(this.#options.keepRecords ?? KEPT_RECORDS)).slice(0, 2)
    for (const epoch of surplus) {
      try {
        const stored = await readRecord(this.session, epoch)
        if (this.#closed) return
        if (stored !== null && !isOpen(stored.record)) await this.session.delete(switchoverPath(epoch), stored.version)
      } catch (error) {
        if (!isZooKeeperError(error)) throw error
      }
    }
  }
}

const answer = (outcome: WriteOutcome): KeyAnswer => ({ kind: outcome })

/** A cluster without a primary key names no node. */
export async function ensureKey (session: Session, bounds: OperationOptions = {}): Promise<void> {
  if (await session.exists(PRIMARY_NODE, bounds) !== null) return
  await session.ensurePath(CONFIG, bounds)
  try {
    await session.create(PRIMARY_NODE, NOBODY, bounds)
  } catch (error) {
    if (!isNodeExists(error) && !isNoNode(error)) throw error
  }
}
