/**
 * Switchovers asked for over HTTP, on every route that asks for one.
 *
 * Guarantees: whatever is answered was true at a moment between the request and the answer: the view decides only that a request has to go to
 * the primary lock, everything else is confirmed by a direct reading or judged under the lock. The key is written at most once for one
 * request. `not_started` is said only when nothing was written and nothing will be; when that cannot be known, the epoch is told. Every
 * answer comes within `BOUND` and the second that this API's own view is given, whatever ZooKeeper does.
 */
import { changeKey, type RunningChange } from '../../../cluster/key-changer.ts'
import { KeyOperations } from '../../../cluster/key-operations.ts'
import { isNodeName } from '../../../cluster/layout.ts'
import { readJournals } from '../../../cluster/nodes/journals.ts'
import { readEpoch, readKeySnapshot, readRecord } from '../../../cluster/reading.ts'
import { eligibilityReport, type CandidateReport } from '../../../core/switchover/eligibility-report.ts'
import { historyPage, type HistoryEntry, type HistoryPage } from '../../../core/switchover/history.ts'
import { planOfRequest, type Denial, type KeyOutcome } from '../../../core/coordinator/key-change.ts'
import type { Refusal } from '../../../core/coordinator/intent.ts'
import type { SwitchoverRecord } from '../../../core/model/record.ts'
import { holderInWords } from '../../../core/model/lock-holder.ts'
import { isOpen } from '../../../core/model/record.ts'
import { unreachable } from '../../../core/model/states.ts'
import type { KeySnapshot } from '../../../core/switchover/key-snapshot.ts'
import { epochNow } from '../../../core/switchover/key-snapshot.ts'
import { rule, type Ruling, type SwitchoverRequest } from '../../../core/switchover/rules.ts'
import { repeatedRecord, unrecordedSwitchover } from '../../../core/switchover/unrecorded.ts'
import { nodesOf, storyOf, type StoryEntry, type StoryWindow } from '../../../core/story/story.ts'
import { NOTHING_SEEN, switchoverView, type Switchover } from '../../../core/switchover/view.ts'
import type { Clock, Timer } from '../../../runtime/clock.ts'
import type { Logger } from '../../../runtime/log/log.ts'
import type { LockBook } from '../../../zookeeper/locks/locks.ts'
import type { Session } from '../../../zookeeper/session/session.ts'
import type { Contact } from '../contact.ts'
import { ApiError, asNotStarted, schemaTooNew, zookeeperPermission, zookeeperUnavailable } from '../../errors/errors.ts'
import { epochUnknown, epochUnrecorded, keyContended, keyMissing, type EndOfWait, lockNotHad, recordExpired, refused } from './switchover-problems.ts'
import type { ClusterCache } from '../cluster-cache.ts'
import { SharedReading } from '../shared-reading.ts'
import type { Client, Waiters } from '../waiters.ts'

export type { SwitchoverRequest } from '../../../core/switchover/rules.ts'
export type { Switchover } from '../../../core/switchover/view.ts'

/** Milliseconds that a change of the key waits for the primary lock. */
const LOCK_TIMEOUT = 400
/** Milliseconds from the request until its outcome is told. */
const BOUND = LOCK_TIMEOUT + 2_000
/** Milliseconds more that a reading may take which only makes the answer better. */
const READING = 500
/** Milliseconds after a committed write until the answer is given without this API having seen it. */
const OWN_VIEW = 1_000

export type SwitchoverAnswer =
  /** Nothing was to be done; the switchover that made it so, if it is known. */
  | { readonly kind: 'already', readonly epoch: number, readonly switchover: Switchover | null }
  /** The same wish is in flight. */
  | { readonly kind: 'in_flight', readonly epoch: number, readonly switchover: Switchover }
  | { readonly kind: 'committed', readonly epoch: number, readonly switchover: Switchover }
  /** The link was lost after the write was sent. */
  | { readonly kind: 'unknown', readonly epoch: number }

type NothingToDo = Extract<SwitchoverAnswer, { kind: 'already' | 'in_flight' }>

/** What a dry run is answered: `planned` is what a request would begin now. */
export type DryRunAnswer = NothingToDo | { readonly kind: 'planned', readonly switchover: Switchover }

/** A judgement on a snapshot: the ruling of the core, or a caller's own `already`. Throws what is to be refused. */
export type Judge = (keySnapshot: KeySnapshot) => Ruling

export interface SwitchoverServiceOptions {
  readonly contact: Contact
  readonly view: ClusterCache
  readonly waiters: Waiters
  readonly book: LockBook
  readonly clock: Clock
  readonly log: Logger
  /** Written into the lock's child, for people. */
  readonly identifier: string
}

export class SwitchoverService {
  readonly #options: SwitchoverServiceOptions
  readonly #keySnapshot: SharedReading<KeySnapshot | null>

  constructor (options: SwitchoverServiceOptions) {
    this.#options = options
    // Bounded by the deadlines of its operations: requests that wait have bounds of their own, and what outlasts them must not pile up.
    this.#keySnapshot = new SharedReading(options.clock, async () => await this.#readKeySnapshot())
  }

  /** Operations on the present session, for one change of the key, or null while there is none. */
  operations (): KeyOperations | null {
    const { contact: { keeper }, book, identifier } = this.#options
    return keeper.current === null ? null : new KeyOperations(keeper.current, { book, identifier, lockTimeout: LOCK_TIMEOUT })
  }

  /**
   * Judges the request and carries it out.
   * @param client the wait for what it is judged on ends with it, nothing having been written; undefined: it never goes
   * @param judge in place of the core's rule, before the lock is taken
   * @throws ApiError with the codes of `switchover-problems.ts`, `zookeeper_unavailable`, `zookeeper_permission`, `schema_too_new`
   */
  async request (request: SwitchoverRequest, client: Client | undefined, judge: Judge = (keySnapshot) => rule(request, keySnapshot)): Promise<SwitchoverAnswer> {
    const { book, identifier, clock, log } = this.#options
    const until = clock.monotonic() + BOUND
    const before = await this.#beforeWrite(judge, client)
    if ('kind' in before) return before
    const { session } = before
    const operations = new KeyOperations(session, { book, identifier, lockTimeout: LOCK_TIMEOUT })
    const change = changeKey(operations, { kind: 'request', request }, () => clock.wall())
    const outcome = await this.#bounded(change, until - clock.monotonic())
    log.info({ request, outcome: outcome.kind, epoch: change.epoch }, 'a switchover was asked for')
    return await this.#answer(outcome, judge, client)
  }

  /**
   * Judges the request as `request` does under the lock, on a direct reading and without the lock. Nothing is written.
   * @throws ApiError as `request`, with `outcome` `not_started`
   */
  async dryRun (request: SwitchoverRequest, client: Client | undefined): Promise<DryRunAnswer> {
    try {
      const keySnapshot = await this.#snapshotFor(client) ?? raise(keyMissing())
      const plan = planOfRequest(request, keySnapshot, this.#options.clock.wall())
      return plan.kind === 'planned' ? { kind: 'planned', switchover: switchoverView(plan.record, { members: keySnapshot.members, records: [] }, NOTHING_SEEN) } : this.#ruled(plan, keySnapshot)
    } catch (error) {
      throw asNotStarted(error)
    }
  }

  /** The switchover of `epoch` as the view has it; null if it has not seen it. */
  seen (epoch: number): Switchover | null {
    return this.#options.view.board.get(epoch)
  }

  /** The switchover of `epoch`. Throws `epoch_unknown`, `epoch_unrecorded` or `record_expired`; an epoch that the view has not seen is read directly. */
  async get (epoch: number, client: Client | undefined): Promise<Switchover> {
    const { contact, view } = this.#options
    const seen = view.board.get(epoch)
    if (seen !== null) return seen
    const { oldest } = view.board
    if (oldest !== null && epoch > 0 && epoch < oldest) throw recordExpired(epoch, oldest)
    const { stored, present } = await contact.read(async (session) => {
      await session.sync('/')
      const found = await readRecord(session, epoch)
      return { stored: found, present: found === null ? await readEpoch(session) : null }
    }) ?? { stored: null, present: null }
    if (stored !== null) return this.#shown(stored.record)
    // A request for an epoch that does not exist, or has no record, costs no snapshot.
    if (present !== null && epoch > present) throw epochUnknown(epoch)
    if (present !== null && epoch < present && (this.presentEpoch ?? -1) >= present) throw epochUnrecorded(epoch)
    const keySnapshot = await this.#snapshotFor(client)
    if (keySnapshot === null || epoch > epochNow(keySnapshot)) throw epochUnknown(epoch)
    const record = keySnapshot.records.find((each) => each.record.epoch === epoch)?.record
    return (record === undefined ? this.#withoutRecord(epoch, keySnapshot) : this.#shown(record)) ?? raise(epochUnrecorded(epoch))
  }

  /** The switchover of a write without a record; null where another name was written since, or none. */
  #withoutRecord (epoch: number, keySnapshot: KeySnapshot): Switchover | null {
    const { key: { value }, members, records } = keySnapshot
    const present = epochNow(keySnapshot)
    const repeated = repeatedRecord(epoch, { epoch: present, value, members, records: records.map(({ record }) => record) })
    if (repeated !== null) return { ...this.#shown(repeated), epoch }
    return epoch === present ? unrecordedSwitchover(keySnapshot, this.#since()) : null
  }

  /** What happened in the switchover of `epoch`, from its record and the journals of the coordinators. Throws as `get`, and `zookeeper_unavailable`. */
  async timeline (epoch: number, client: Client | undefined): Promise<readonly StoryEntry[]> {
    const { contact, view, clock } = this.#options
    const switchover = await this.get(epoch, client)
    const coordinators = (view.latest?.cluster?.members ?? []).filter(({ mode }) => mode === 'coordinator').map(({ name }) => name)
    const journals = await contact.read(async (session) => await readJournals(session, [...nodesOf(switchover).filter(isNodeName), ...coordinators])) ?? []
    return storyOf(switchover, journals, windowOf(switchover, clock.wall()))
  }

  history (page: HistoryPage): readonly HistoryEntry[] {
    const { view } = this.#options
    void view.snapshot
    return historyPage(view.board.newest(), page)
  }

  eligibility (): readonly CandidateReport[] {
    const { keySnapshot } = this.#options.view.snapshot
    return keySnapshot === null ? [] : eligibilityReport(keySnapshot)
  }

  /** The switchover once it is done, or as it is after `milliseconds`, at shutdown or when the client is gone. Throws `too_many_waiting`, and as `get`. */
  async whenDone (epoch: number, milliseconds: number, client: Client): Promise<Switchover> {
    const { waiters, view: { board } } = this.#options
    return await waiters.until(board.topicOf(epoch), milliseconds, client, () => this.#seenDone(epoch)) ?? await this.get(epoch, client)
  }

  /** A place for a request that waits for its own switchover by `followed`. Throws `too_many_waiting`. */
  place (client: Client | undefined): Disposable {
    return this.#options.waiters.placeOfWrite(client)
  }

  /** As `whenDone`, for a request that has a place. Null if this API has not seen the switchover by then; never rejects. */
  async followed (epoch: number, milliseconds: number, client: Client | undefined): Promise<Switchover | null> {
    const { view: { board }, waiters } = this.#options
    return await waiters.untilPlaced(`switchover/${epoch}`, milliseconds, client, () => this.#seenDone(epoch)) ?? board.get(epoch)
  }

  /** Why a wait for `client` that found no end is over. */
  endOfWait (client: Client | undefined): EndOfWait {
    return this.#options.waiters.ended ? 'stopping' : client?.isOver() === true ? 'half_closed' : 'time'
  }

  /** The epoch of the primary key as this API shows it; null before there is one. */
  get presentEpoch (): number | null {
    return this.#options.view.board.primary.epoch
  }

  /** Whether what this API shows may be out of date by more than a moment. */
  get stale (): boolean {
    return this.#options.view.stale
  }

  #seenDone (epoch: number): Switchover | null {
    const seen = this.#options.view.board.get(epoch)
    return seen?.done === true ? seen : null
  }

  /**
   * Everything that a request is decided on, not older than this call; null while there is no primary key. Rejects with `zookeeper_unavailable` after
   * `milliseconds`, and with `ClientGone`.
   */
  async #snapshotFor (client: Client | undefined, milliseconds?: number): Promise<KeySnapshot | null> {
    return await this.#options.contact.shared(this.#keySnapshot, client, milliseconds)
  }

  /**
   * Read directly, but for hypervisors that hold nothing: thousands of them would be read for each request. The view, which has caught up, is as
   * new; where it cannot catch up, they are read as well.
   */
  async #readKeySnapshot (): Promise<KeySnapshot | null> {
    const { contact, view } = this.#options
    const session = await contact.session()
    const [hypervisors] = await Promise.all([view.idleHypervisors().catch(() => null), session.sync('/')])
    return await readKeySnapshot(session, undefined, (name) => hypervisors?.get(name))
  }

  /** What can be answered without the lock, or a session to write the key on. Nothing is written here, whatever is thrown. */
  async #beforeWrite (judge: Judge, client: Client | undefined): Promise<SwitchoverAnswer | { readonly session: Session }> {
    try {
      return await this.#withoutLock(judge, client) ?? { session: await this.#options.contact.session() }
    } catch (error) {
      throw asNotStarted(error)
    }
  }

  /** What can be answered without the lock, or null: the key has to be written. */
  async #withoutLock (judge: Judge, client: Client | undefined): Promise<SwitchoverAnswer | null> {
    const { contact, view } = this.#options
    const keySnapshot = view.latest?.keySnapshot ?? null
    if (keySnapshot !== null && contact.connected && judge(keySnapshot).kind === 'write') return null
    return await this.#ruledAfresh(judge, client)
  }

  /** As `#withoutLock`, without regard to the view. Rejects with `zookeeper_unavailable` if ZooKeeper is silent: that is then the cause of a lock time-out. */
  async #ruledAfresh (judge: Judge, client: Client | undefined): Promise<SwitchoverAnswer | null> {
    const fresh = await this.#snapshotFor(client)
    if (fresh === null) return null
    const ruling = judge(fresh)
    return ruling.kind === 'write' ? null : this.#ruled(ruling, fresh)
  }

  /** The outcome within `milliseconds`. A change that is not through by then is given up, or is unknown. */
  async #bounded (change: RunningChange, milliseconds: number): Promise<KeyOutcome> {
    let timer: Timer | null = null
    const late = new Promise<KeyOutcome>((resolve) => {
      timer = this.#options.clock.after(Math.max(0, milliseconds), () => {
        resolve(change.abandon() || change.epoch === null ? { kind: 'not_started' } : { kind: 'unknown', epoch: change.epoch })
      })
    })
    return await Promise.race([change.outcome, late]).finally(() => timer?.[Symbol.dispose]())
  }

  async #answer (outcome: KeyOutcome, judge: Judge, client: Client | undefined): Promise<SwitchoverAnswer> {
    switch (outcome.kind) {
      case 'committed': return await this.#committed(outcome.record)
      case 'unknown': return outcome
      case 'overwritten': return { kind: 'unknown', epoch: outcome.epoch }
      case 'not_started': throw zookeeperUnavailable(undefined, 'not_started')
      case 'denied': throw this.#denied(outcome.denial)
      // The holder of the lock may have begun a switchover meanwhile, which is then the answer.
      case 'lock_timeout': return await this.#ruledAfresh(judge, client).catch((error: unknown) => raise(asNotStarted(error))) ?? raise(this.#lockNotHad())
      case 'refused': return await this.#refused(outcome.refusal)
      case 'overtaken':
      case 'reasserted':
      case 'adopted': return await this.#contended()
      default: return unreachable(outcome)
    }
  }

  #denied ({ code, operation, path, message }: Denial): ApiError {
    this.#options.log.warn({ reason: code, operation, path }, `a switchover could not be written: ${message}`)
    if (code === 'write_barred') return schemaTooNew(message, undefined, 'not_started')
    return code === 'no_auth' ? zookeeperPermission(operation, path, undefined, 'not_started') : zookeeperUnavailable(undefined, 'not_started')
  }

  /** Names the holder, as the view has it. */
  #lockNotHad (): ApiError {
    const { view, log } = this.#options
    const holder = view.latest?.primaryLock ?? null
    log.warn({ holder: holder?.identifier, holder_session: holder?.session, held_since: holder?.since }, holder === null ? 'the primary lock could not be acquired in time' : `the primary lock is held by ${holderInWords(holder)}`)
    return lockNotHad(holder)
  }

  /** Waits until this API has seen its own write, so that the client's next reading shows it. */
  async #committed (record: SwitchoverRecord): Promise<SwitchoverAnswer> {
    const { view: { board }, waiters } = this.#options
    await waiters.untilPlaced('primary', OWN_VIEW, undefined, () => (board.primary.epoch ?? -1) >= record.epoch ? true : null)
    const switchover = await waiters.untilPlaced(`switchover/${record.epoch}`, OWN_VIEW, undefined, () => board.get(record.epoch))
    return { kind: 'committed', epoch: record.epoch, switchover: switchover ?? this.#shown(record) }
  }

  async #refused (refusal: Refusal): Promise<SwitchoverAnswer> {
    if (refusal.kind === 'moved') return await this.#contended()
    const keySnapshot = refusal.kind === 'already' ? await this.#freshOrSeen() : null
    return this.#ruled(refusal, keySnapshot)
  }

  async #contended (): Promise<never> {
    const keySnapshot = await this.#freshOrSeen()
    throw keyContended(keySnapshot?.key.value ?? null, keySnapshot === null ? null : epochNow(keySnapshot))
  }

  /** A fresh snapshot, or else what the view has: for what is only told beside the answer. */
  async #freshOrSeen (): Promise<KeySnapshot | null> {
    try {
      return await this.#snapshotFor(undefined, READING)
    } catch (error) {
      if (!(error instanceof ApiError)) throw error
      return this.#options.view.latest?.keySnapshot ?? null
    }
  }

  #ruled (ruling: Exclude<Ruling, { kind: 'write' }>, keySnapshot: KeySnapshot | null): NothingToDo {
    switch (ruling.kind) {
      case 'already': {
        const stored = keySnapshot?.records.find(({ record }) => record.epoch === ruling.epoch)
        const switchover = stored === undefined ? keySnapshot && this.#withoutRecord(ruling.epoch, keySnapshot) : this.#shown(stored.record)
        return { kind: 'already', epoch: ruling.epoch, switchover }
      }
      case 'in_flight': return { kind: 'in_flight', epoch: ruling.record.epoch, switchover: this.#shown(ruling.record) }
      default: throw refused(ruling, ruling.kind === 'busy' && ruling.record !== null ? this.#shown(ruling.record) : null)
    }
  }

  #since (): string {
    const { clock, view } = this.#options
    return view.latest?.primarySince ?? clock.wall()
  }

  /** A record as clients read it: the view's reading of it, unless this one is newer. */
  #shown (record: SwitchoverRecord): Switchover {
    const { board, latest } = this.#options.view
    const seen = board.get(record.epoch)
    if (seen !== null && (seen.done || isOpen(record))) return seen
    return switchoverView(record, { members: latest?.cluster?.members ?? [], records: latest?.cluster?.records ?? [] }, seen === null ? NOTHING_SEEN : { progress: seen.progress, states: seen.timeline })
  }
}

/** Milliseconds by which an entry of no switchover may come before or after one, and is part of it. */
const MARGIN = 2_000

const windowOf = ({ last_held_at: held, started_at: started, finished_at: finished }: Switchover, wall: string): StoryWindow =>
  ({ from: shifted(held ?? started, -MARGIN), until: shifted(finished ?? wall, MARGIN) })

/** A moment that has no date is left as it is. */
function shifted (moment: string, milliseconds: number): string {
  const date = new Date(Date.parse(moment) + milliseconds)
  return Number.isNaN(date.getTime()) ? moment : date.toISOString()
}

function raise (error: unknown): never {
  throw error
}
