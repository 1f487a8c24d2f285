/** The switchover routes' one call: from what came over HTTP to the service, and from its answer to a reply. */
import { isWellFormed } from '../../http/etag.ts'
import { expectedEpoch } from '../primary-service.ts'
import { ApiError, asNotStarted, problems, RETRY_AFTER, type ProblemCode } from '../../errors/errors.ts'
import { inProgress, outcomeUnknown, noContact, stillUnknown, switchoverUrl, type OutcomeUnknown } from './switchover-problems.ts'
import type { CandidateReport } from '../../../core/switchover/eligibility-report.ts'
import type { PreferenceName } from '../../../core/model/preference.ts'
import type { HistoryEntry, HistoryPage } from '../../../core/switchover/history.ts'
import type { StoryEntry } from '../../../core/story/story.ts'
import type { Switchover, SwitchoverRequest, SwitchoverService } from './switchover-service.ts'
import type { Client } from '../waiters.ts'
import { pathOf, problemBody, PROBLEM_TYPE } from '../../errors/problem.ts'

export interface SwitchoverWish {
  readonly to?: string
  readonly from?: string
  readonly reason?: string
  readonly timeout?: number
  /** Preferences of nodes that it overrides. */
  readonly force?: readonly PreferenceName[]
  /** Judge it, and write nothing. */
  readonly dry_run?: boolean
  /** The `If-Match` header. */
  readonly ifMatch: string | undefined
  readonly requestedBy: string | null
  /** Seconds, or undefined: do not wait. */
  readonly wait: number | undefined
  /** Undefined for one that never goes. */
  readonly client: Client | undefined
  /** Of the request. */
  readonly url: string
}

export interface SwitchoverReply {
  readonly status: 200 | 202 | 409 | 502 | 503 | 504
  readonly body: (Switchover & { readonly already?: true, readonly dry_run?: true }) | OutcomeUnknown
  readonly headers: Readonly<Record<string, string>>
}

/** How a switchover that was waited for ended → the code of the problem; null for success. */
const endings: Readonly<Record<NonNullable<Switchover['outcome']>, ProblemCode | null>> = {
  succeeded: null,
  failed: 'switchover_failed',
  timed_out: 'switchover_timed_out',
  superseded: 'switchover_superseded',
  not_applied: 'switchover_not_applied',
}

export class SwitchoverGate {
  readonly #service: SwitchoverService

  constructor (service: SwitchoverService) {
    this.#service = service
  }

  /**
   * A request with `wait` takes a place to wait before anything is written, so that `too_many_waiting` never follows a write.
   * A request with `wait` gets a 2xx for a success only.
   * @throws ApiError for everything that was refused, and when the end of the wait comes before that of the switchover
   */
  async request (wish: SwitchoverWish): Promise<SwitchoverReply> {
    const place = wish.wait === undefined || wish.dry_run === true ? null : this.#place(wish.client)
    try {
      return await this.#request(wish)
    } finally {
      place?.[Symbol.dispose]()
    }
  }

  #place (client: Client | undefined): Disposable {
    try {
      return this.#service.place(client)
    } catch (error) {
      throw asNotStarted(error)
    }
  }

  async #request (wish: SwitchoverWish): Promise<SwitchoverReply> {
    if (wish.from !== undefined && wish.from === wish.to) throw new ApiError('argument_invalid', `from and to are both "${wish.from}". Nothing was done; name two nodes, or only one of them.`, { outcome: 'not_started' })
    const epoch = expectedEpoch(wish.ifMatch, this.#service.presentEpoch)
    if (epoch === undefined && isWellFormed(wish.ifMatch ?? '')) throw new ApiError('precondition_failed', 'The ETag in If-Match is not one that GET /api/v1/primary returns now. Nothing was done. Read it again, then decide again.', { outcome: 'not_started' })
    if (epoch === undefined) throw new ApiError('argument_invalid', 'If-Match has to be the ETag of GET /api/v1/primary, or the epoch.', { outcome: 'not_started' })
    const request = {
      to: wish.to ?? null,
      from: wish.from ?? null,
      expectedEpoch: epoch,
      timeout: wish.timeout ?? null,
      requestedBy: wish.requestedBy,
      reason: wish.reason ?? null,
      force: wish.force ?? [],
    }
    if (wish.dry_run === true) return await this.#dryRun(request, wish.client)
    const answer = await this.#service.request(request, wish.client)
    const { epoch: at, kind } = answer
    // The cluster can have settled before the record is closed: a request with `wait` follows the record to its end.
    if (kind === 'already' && (wish.wait === undefined || answer.switchover === null || answer.switchover.done)) return { status: 200, body: { ...answer.switchover ?? await this.#service.get(at, wish.client), already: true }, headers: { location: switchoverUrl(at) } }
    const begun = kind === 'unknown' ? null : answer.switchover
    if (wish.wait === undefined) return running(at, begun)
    const seen = await this.#service.followed(at, wish.wait * 1000, wish.client) ?? begun
    const fault = wish.client?.keyFault() ?? null
    // The API key was revoked after the switchover had been written; the error names the switchover.
    if (fault !== null) throw new ApiError(fault.code, `${fault.message} Switchover ${at} was begun before that.`, { ...fault.options, outcome: begun === null ? 'unknown' : 'in_progress', headers: { ...fault.options.headers, location: switchoverUrl(at) } })
    if (seen !== null && seen.outcome !== null && (begun !== null || isWish(seen, wish))) return ended(seen, seen.outcome, pathOf(wish.url), kind === 'already')
    const end = this.#service.endOfWait(wish.client)
    if (this.#service.stale) throw begun === null ? stillUnknown(at, end) : noContact(at, seen, end)
    throw seen !== null && (begun !== null || isWish(seen, wish)) ? inProgress(seen, end) : stillUnknown(at, end)
  }

  /** Status and body of a request without `wait`, but for what only a write brings: `Location` of a switchover that there is not. */
  async #dryRun (request: SwitchoverRequest, client: Client | undefined): Promise<SwitchoverReply> {
    const answer = await this.#service.dryRun(request, client)
    switch (answer.kind) {
      case 'planned': return { status: 202, body: { ...answer.switchover, dry_run: true }, headers: {} }
      case 'in_flight': return { status: 202, body: { ...answer.switchover, dry_run: true }, headers: { location: switchoverUrl(answer.epoch) } }
      case 'already': return { status: 200, body: { ...answer.switchover ?? await this.#service.get(answer.epoch, client), already: true, dry_run: true }, headers: { location: switchoverUrl(answer.epoch) } }
    }
  }

  /** A page of the history. Throws `zookeeper_unavailable` before there is a view. */
  history (page: HistoryPage): readonly HistoryEntry[] {
    return this.#service.history(page)
  }

  /** Whether each coordinator may be made primary now. Throws `zookeeper_unavailable` before there is a view. */
  eligibility (): readonly CandidateReport[] {
    return this.#service.eligibility()
  }

  /** What happened in the switchover, the oldest first. */
  async timeline (epoch: number, client: Client): Promise<readonly StoryEntry[]> {
    return await this.#service.timeline(epoch, client)
  }

  /** The switchover; with `wait` once it is done, or as it is after that many seconds. */
  get (epoch: number, wait: number | undefined, client: Client): Switchover | Promise<Switchover> {
    const seen = this.#service.seen(epoch)
    if (seen !== null && (wait === undefined || seen.done)) return seen
    return this.#get(epoch, wait, client)
  }

  async #get (epoch: number, wait: number | undefined, client: Client): Promise<Switchover> {
    const now = await this.#service.get(epoch, client)
    return wait === undefined || now.done ? now : await this.#service.whenDone(epoch, wait * 1000, client)
  }
}

/** Whether a switchover whose epoch was all that was known is the one that was asked for. One that overrides preferences may have been given a target. */
const isWish = ({ to, cause }: Switchover, wish: SwitchoverWish) =>
  cause === 'request' && (to === (wish.to ?? null) || (wish.to === undefined && (wish.force ?? []).length > 0 && to !== wish.from))

/** @param switchover null if the link was lost after the write was sent */
const running = (epoch: number, switchover: Switchover | null): SwitchoverReply =>
  ({ status: 202, body: switchover ?? outcomeUnknown(epoch), headers: { location: switchoverUrl(epoch), 'retry-after': RETRY_AFTER } })

/** The whole switchover, and beside it what a problem says unless it has succeeded. Its `outcome` is the switchover's. */
function ended (switchover: Switchover, outcome: NonNullable<Switchover['outcome']>, instance: string, already: boolean): SwitchoverReply {
  const code = endings[outcome]
  const headers = { location: switchoverUrl(switchover.epoch) }
  if (code === null) return { status: 200, body: already ? { ...switchover, already } : switchover, headers }
  const because = switchover.error === null ? '' : ` ${switchover.error.message}`
  const next = switchover.continued_by === null ? '' : ` Switchover ${switchover.continued_by} took its place.`
  const error = new ApiError(code, `${problems[code][1]}.${because}${next} GET /api/v1/primary tells who is primary.`)
  return { status: error.status as SwitchoverReply['status'], body: { ...problemBody(error, instance), ...switchover }, headers: { ...headers, 'content-type': PROBLEM_TYPE } }
}
