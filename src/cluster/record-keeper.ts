/**
 * Closes switchover records, and makes one for a key that was written without. Runs in every coordinator and every API: the process that sees the
 * end first writes it, and the first versioned write wins, so a record is closed even if all nodes that had a part in it are dead.
 *
 * Success is written only after two direct readings of everything the completion rule reads have shown the same, and `not_applied` only under
 * the primary lock.
 */
import { mergedTimeline, peerStates } from '../core/switchover/progress.ts'
import { isComplete, isProven, verdictOn } from '../core/switchover/completion.ts'
import type { ClusterSnapshot } from '../core/coordinator/coordinator-state.ts'
import { epochOf } from '../core/model/epoch.ts'
import type { Member } from '../core/model/member.ts'
import { closeRecord, isOpen, type Closing, type Loss, type SwitchoverRecord, type TimelineEntry } from '../core/model/record.ts'
import { isRepeated, unrecordedEpoch } from '../core/switchover/rewrites.ts'
import { lossBeforeWrite } from '../core/story/failed-holder.ts'
import { externalRecord } from '../core/switchover/unrecorded.ts'
import type { Clock, Timer } from '../runtime/clock.ts'
import { News } from '../runtime/log/news.ts'
import { isZooKeeperError, kindOf } from '../zookeeper/client/errors.ts'
import type { Session } from '../zookeeper/session/session.ts'
import type { ClusterSnapshots } from './cluster-snapshots.ts'
import type { KeyOperations } from './key-operations.ts'
import { PRIMARY_NODE } from './layout.ts'
import { readFormerHolders, readKeySnapshot, readPicture, readZnode } from './reading.ts'

/** Milliseconds past the bound before a process other than the taker closes a record: the taker rolls back first if it lives. */
const GRACE = 5_000
/** Milliseconds until it is tried again to show that a key was never written. */
const AGAIN = 5_000
/** Milliseconds that an epoch may go without a record: its writer made one before the key, it may only not have been read yet. */
const UNRECORDED = 250

export interface RecordKeeperOptions {
  readonly feed: ClusterSnapshots
  readonly clock: Clock
  /** Operations on the present session, or null while there is none. */
  readonly operations: () => KeyOperations | null
  /** Make records for epochs that have none. */
  readonly recordsExternal: boolean
  readonly report: (event: { readonly event: 'closed', readonly epoch: number, readonly outcome: string } | { readonly event: 'failed', readonly error: unknown }) => void
}

/** The present write of the key, which has no record as far as is known. */
interface Unrecorded {
  readonly epoch: number
  readonly value: string
  /** As they were when it was first seen. */
  readonly members: readonly Member[]
  /** When it was written, RFC 3339; null if it was written over before that could be read. */
  readonly since: Promise<string | null>
  /** How the role had been lost before, for the record. */
  readonly loss: Promise<Loss | null>
  /** What it began was seen to be complete, as every API said then. */
  isComplete: boolean
  readonly timer: Timer
}

export class RecordKeeper {
  readonly #options: RecordKeeperOptions
  readonly #subscription: Disposable
  /** Open records by epoch: the timer of their bound, which runs from first sight, and what has passed of it. */
  readonly #bounds = new Map<number, { timer: Timer, passed: boolean }>()
  #unrecorded: Unrecorded | null = null
  readonly #closed = new AbortController()
  readonly #failures: News
  /** Open records by epoch: the states in which PVC nodes were seen. A PVC node publishes no transition. */
  readonly #seen = new Map<number, readonly TimelineEntry[]>()
  /** What is being looked at or written. */
  readonly #running = new Set<Promise<void>>()
  #busy = false
  #again = false

  constructor (options: RecordKeeperOptions) {
    this.#options = options
    this.#failures = new News(options.clock)
    this.#subscription = options.feed.onView(() => {
      this.#note()
      this.look()
    })
    this.#note()
    this.look()
  }

  /** Begins nothing more, and waits for the write that is in progress, not for contact: after this no record is written from here. */
  async [Symbol.asyncDispose] (): Promise<void> {
    this.#closed.abort()
    this.#subscription[Symbol.dispose]()
    this.#unrecorded?.timer[Symbol.dispose]()
    for (const { timer } of this.#bounds.values()) timer[Symbol.dispose]()
    await Promise.all(this.#running)
  }

  /** The states in which PVC nodes were seen since a switchover that is open began. */
  seenStates (epoch: number): readonly TimelineEntry[] {
    return this.#seen.get(epoch) ?? []
  }

  #note (): void {
    const { records = [], members = [] } = this.#options.feed.view ?? {}
    const open = records.filter(isOpen)
    // Kept until the record is closed: what closes it asks for them.
    for (const epoch of this.#seen.keys()) if (!open.some((record) => record.epoch === epoch)) this.#seen.delete(epoch)
    for (const record of open) {
      const states = peerStates(record, members)
      if (states.length > 0) this.#seen.set(record.epoch, mergedTimeline(this.seenStates(record.epoch), states))
    }
  }

  /** Looks at the present view; one look at a time, and once more if anything moved meanwhile. */
  look (): void {
    if (this.#busy) {
      this.#again = true
      return
    }
    this.#busy = true
    this.#begin(this.#lookUntilQuiet())
  }

  #begin (work: Promise<void>): void {
    const noted = work.finally(() => this.#running.delete(noted))
    this.#running.add(noted)
  }

  async #lookUntilQuiet (): Promise<void> {
    do {
      this.#again = false
      const { view } = this.#options.feed
      if (view !== null && !this.#closed.signal.aborted) await this.#lookAt(view)
    } while (this.#again && !this.#closed.signal.aborted)
    this.#busy = false
  }

  async #lookAt (view: ClusterSnapshot): Promise<void> {
    const open = view.records.filter(isOpen)
    this.#watchBounds(open)
    this.#watchUnrecorded(view)
    for (const record of open) {
      if (this.#closed.signal.aborted) return
      const bound = this.#bounds.get(record.epoch)
      const closing = verdictOn(record, view, view.records, bound?.passed ?? false)
      if (closing === null) continue
      try {
        await this.#close(record, closing)
      } catch (error) {
        if (!isZooKeeperError(error)) throw error
        this.#failed(record.epoch, error)
      }
    }
  }

  /** Reported once, however often it is tried. */
  #failed (epoch: number, error: Error): void {
    if (this.#failures.has(`${epoch} ${isZooKeeperError(error) ? kindOf(error) : error.message}`)) this.#options.report({ event: 'failed', error })
  }

  async #close (record: SwitchoverRecord, closing: Closing): Promise<void> {
    const operations = this.#options.operations()
    if (operations === null) return
    if (closing.outcome === 'succeeded' && record.to !== null && !await provenComplete(operations.session, record, record.to)) return
    const wall = this.#options.clock.wall()
    const answer = closing.outcome === 'not_applied'
      ? await operations.concludeNotApplied(record.epoch, wall, this.#closed.signal)
      : await operations.conclude(record.epoch, closing, wall, this.#closed.signal, this.seenStates(record.epoch))
    if (answer.kind === 'denied') this.#failed(record.epoch, new Error(answer.denial.message))
    if (answer.kind === 'done') this.#options.report({ event: 'closed', epoch: record.epoch, outcome: closing.outcome })
  }

  #watchBounds (open: readonly SwitchoverRecord[]): void {
    const epochs = new Set(open.map((record) => record.epoch))
    for (const [epoch, { timer }] of this.#bounds) {
      if (epochs.has(epoch)) continue
      timer[Symbol.dispose]()
      this.#bounds.delete(epoch)
    }
    for (const { epoch, timeout } of open) {
      if (this.#bounds.has(epoch)) continue
      const pass = () => {
        bound.passed = true
        // For as long as it is open: the lock that a closing needs may not be had, and no other view has to come.
        bound.timer = this.#options.clock.after(AGAIN, pass)
        this.look()
      }
      const bound = { timer: this.#options.clock.after(timeout * 1000 + GRACE, pass), passed: false }
      this.#bounds.set(epoch, bound)
    }
  }

  #watchUnrecorded (view: ClusterSnapshot): void {
    const epoch = this.#options.recordsExternal ? unrecordedEpoch(view) : null
    const before = this.#unrecorded
    if (before !== null && before.epoch === epoch) {
      before.isComplete ||= isComplete(view, epoch, before.value)
      return
    }
    before?.timer[Symbol.dispose]()
    const present = epochOf(view.key, view.ledger)
    // APIs have shown this epoch to clients: it gets a record even though the key has moved on.
    if (before !== null && present !== null && present > before.epoch && !view.records.some((record) => record.epoch === before.epoch)) this.#begin(this.#recordExternal(before, view.key.value === before.value ? null : present))
    const operations = this.#options.operations()
    this.#unrecorded = epoch === null || operations === null ? null : this.#firstSeen(epoch, view, operations.session)
  }

  #firstSeen (epoch: number, view: ClusterSnapshot, session: Session): Unrecorded {
    const seen: Unrecorded = {
      epoch,
      value: view.key.value,
      members: view.members,
      since: writtenAt(session, view.key.mzxid),
      loss: lostBefore(session, epoch, view),
      isComplete: isComplete(view, epoch, view.key.value),
      timer: this.#options.clock.after(UNRECORDED, () => {
        const now = this.#options.feed.view
        if (now !== null && unrecordedEpoch(now) === epoch) this.#begin(this.#recordExternal(seen, null))
      }),
    }
    return seen
  }

  /** @param next the epoch by which another name was written over it; null: it still counts */
  async #recordExternal ({ epoch, value, members, since, loss, isComplete: wasComplete }: Unrecorded, next: number | null): Promise<void> {
    try {
      const [at, lost] = await Promise.all([since, loss])
      const operations = this.#options.operations()
      if (at === null || operations === null) return
      const record = externalRecord(epoch, at, value, members, lost)
      const closing: Closing | null = next === null ? null : wasComplete ? { outcome: 'succeeded' } : { outcome: 'superseded', continued_by: next }
      await operations.createRecord(closing === null ? record : closeRecord(record, this.#options.clock.wall(), closing, record), this.#closed.signal)
    } catch (error) {
      if (!isZooKeeperError(error)) throw error
      this.#failed(epoch, error)
    }
  }
}

/** When the primary key was written by a transaction; null if it has been written again. */
async function writtenAt (session: Session, mzxid: string): Promise<string | null> {
  try {
    const znode = await readZnode(session, PRIMARY_NODE)
    return znode?.mzxid === mzxid ? znode.modified : null
  } catch (error) {
    if (!isZooKeeperError(error)) throw error
    return null
  }
}

/** Nothing is decided on it: the view is as good as a direct reading. */
async function lostBefore (session: Session, epoch: number, { members, records }: ClusterSnapshot): Promise<Loss | null> {
  try {
    return lossBeforeWrite(epoch, { members, records, ...await readFormerHolders(session, members) })
  } catch (error) {
    if (!isZooKeeperError(error)) throw error
    return null
  }
}

async function provenComplete (session: Session, record: SwitchoverRecord, target: string): Promise<boolean> {
  const first = await readPicture(session)
  const second = first === null ? null : await readPicture(session)
  const epoch = second === null ? null : epochOf(second.key, second.ledger)
  if (first === null || second === null || epoch === null || !isProven(first, second, epoch, target)) return false
  // A record is made before the key is written for it: one of a later epoch would be here by now.
  return epoch === record.epoch || isRepeated(record, epoch, second.key.value, (await readKeySnapshot(session))?.recordEpochs ?? [])
}
