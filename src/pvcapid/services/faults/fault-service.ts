/** PVC's faults and the conditions that have no fault yet: listed from the view, acknowledged and deleted by id or all at once. */
import { conditionFaultTexts } from '../../../core/conditions/condition-faults.ts'
import { deleteFault, keepFault } from '../../../cluster/fault-writer.ts'
import { FAULTS, faultPath } from '../../../cluster/layout.ts'
import type { Fault } from '../../../core/pvc/cluster-status.ts'
import { faultTime } from '../../../core/pvc/fault.ts'
import type { Clock } from '../../../runtime/clock.ts'
import { inLanes } from '../../../runtime/lanes.ts'
import { childPath } from '../../../zookeeper/client/paths.ts'
import { ApiError, asNotStarted, RETRY_AFTER, type ProblemCode } from '../../errors/errors.ts'
import type { FaultKeeper } from './fault-keeper.ts'
import type { ClusterCache } from '../cluster-cache.ts'
import { unknownOutcome, type Contact } from '../contact.ts'

/** By what a list may be sorted; what is a time or a number, newest or worst first. */
export const sortKeys = ['first_reported', 'last_reported', 'acknowledged_at', 'status', 'health_delta', 'message'] as const
export type SortKey = typeof sortKeys[number]
const ascending: ReadonlySet<SortKey> = new Set(['status', 'message'])

/** Milliseconds for one fault, and for all that one request changes. */
const BOUND = 2_400
const BOUND_OF_ALL = 10_000
/** Faults that are changed at the same time. */
const LANES = 32
const INTERRUPTIONS: ReadonlySet<ProblemCode> = new Set(['zookeeper_unavailable', 'outcome_unknown'])

export class FaultService {
  readonly #contact: Contact
  readonly #view: ClusterCache
  readonly #clock: Clock
  readonly #keeper: FaultKeeper

  constructor (contact: Contact, view: ClusterCache, clock: Clock, keeper: FaultKeeper) {
    this.#keeper = keeper
    this.#contact = contact
    this.#view = view
    this.#clock = clock
  }

  /** Throws `zookeeper_unavailable` before there is a view. */
  list (sortKey: SortKey = 'last_reported'): readonly Fault[] {
    const { faults } = this.#view.status.detail
    if (sortKey === 'last_reported') return faults
    const direction = ascending.has(sortKey) ? 1 : -1
    return [...faults].sort((a, b) => a[sortKey] < b[sortKey] ? -direction : a[sortKey] > b[sortKey] ? direction : 0)
  }

  /** PVC answers for one fault with an array of one. Throws `fault_unknown`. */
  get (id: string): readonly Fault[] {
    const found = this.list().filter((fault) => fault.id === id)
    if (found.length === 0) throw faultUnknown(id)
    return found
  }

  /** Answers with a sentence for people. Throws `fault_unknown`. */
  async acknowledge (id: string | null): Promise<string> {
    await this.#keep(id)
    const ids = await this.#ids(id)
    let acknowledged = 0
    await this.#each(ids, 'acknowledged', async (each) => {
      const path = faultPath(each)
      const changed = await this.#contact.write(childPath(path, 'status'), 'ack', async (status, session) => {
        // Deleted meanwhile: an acknowledgement must not make it again. One that another program has written without a status gets one.
        if (status === null && await session.exists(path) === null) throw faultUnknown(each)
        return status !== 'ack'
      }).catch((error: unknown) => {
        if (id !== null || !(error instanceof ApiError) || error.code !== 'fault_unknown') throw error
        return false
      })
      // Where the fault is gone, it is being deleted.
      if (changed) await this.#contact.write(childPath(path, 'ack_time'), faultTime(this.#clock.wall()), async (time, session) => time !== null || await session.exists(path) !== null)
      if (changed) acknowledged += 1
    })
    return ids.length > 0 && acknowledged === 0 ? `Already acknowledged: ${ids.join(', ')}.` : sentence('Acknowledged', ids)
  }

  /** Answers with a sentence for people. Throws `fault_unknown`. */
  async remove (id: string | null): Promise<string> {
    const ids = await this.#ids(id)
    await this.#each(ids, 'deleted', async (each) => {
      const session = await this.#contact.session()
      await deleteFault(session, each)
    })
    return sentence('Deleted', ids)
  }

  /** Runs `work` for each id, several at a time, within one bound. After its return or its error no further work begins. */
  async #each (ids: readonly string[], done: string, work: (id: string) => Promise<void>): Promise<void> {
    const bound = ids.length === 1 ? BOUND : BOUND_OF_ALL
    let begun = 0
    let finished = 0
    try {
      await this.#contact.bounded(async (signal) => await inLanes(ids, LANES, async (id) => {
        signal.throwIfAborted()
        begun += 1
        await work(id)
        finished += 1
      }), bound)
    } catch (error) {
      if (begun === 0) throw asNotStarted(error)
      if (!(error instanceof ApiError) || !INTERRUPTIONS.has(error.code)) throw error
      if (ids.length === 1) throw error.code === 'zookeeper_unavailable' ? unknownOutcome(error) : error
      throw new ApiError('outcome_unknown', `${finished} of ${ids.length} faults were ${done} before the bound of ${bound / 1000} s or the loss of contact; whether any of the others were is not known. Repeat the request to continue with the rest.`, { cause: error, outcome: 'unknown', headers: { 'retry-after': RETRY_AFTER } })
    }
  }

  /** Writes the fault of a condition that has none yet, so that it can be acknowledged. The fault ends with the condition. */
  async #keep (id: string | null): Promise<void> {
    const { conditions, latest } = this.#view
    const kept = new Set((latest?.faults ?? []).map((fault) => fault.id))
    const meant = conditions.filter(({ fault }) => fault !== null && (id === null || id === fault))
    for (const condition of meant) this.#keeper.follow(condition)
    const found = meant.filter(({ fault }) => fault !== null && !kept.has(fault))
    if (found.length === 0) return
    await this.#contact.bounded(async () => {
      const session = await this.#contact.session()
      for (const condition of found) if (condition.fault !== null) await keepFault(session, condition.fault, conditionFaultTexts(condition, this.#clock.wall()))
    }, BOUND)
  }

  /** Those that are meant, as they are in ZooKeeper now; one that is only shown, because its condition is there, can be deleted as well, and is shown again. */
  async #ids (id: string | null): Promise<readonly string[]> {
    try {
      const ids = await this.#contact.read(async (session) => (await session.children(FAULTS)).names) ?? []
      if (id !== null && !ids.includes(id) && !this.#view.conditions.some(({ fault }) => fault === id)) throw faultUnknown(id)
      return id === null ? ids : [id]
    } catch (error) {
      throw asNotStarted(error)
    }
  }
}

const sentence = (done: string, ids: readonly string[]): string => ids.length === 0 ? 'There is no fault.' : `${done}: ${ids.join(', ')}.`
const faultUnknown = (id: string) => new ApiError('fault_unknown', `There is no fault ${JSON.stringify(id.slice(0, 64))}; GET /api/v1/faults lists them.`, { outcome: 'not_started' })
