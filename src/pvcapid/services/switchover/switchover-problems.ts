/** What a refused switchover is answered with. Each says why, what the client can do, and that nothing was written. */
import { holderInWords, type LockHolder } from '../../../core/model/lock-holder.ts'
import type { PreferenceName } from '../../../core/model/preference.ts'
import type { Reason } from '../../../core/switchover/eligibility.ts'
import type { Ruling } from '../../../core/switchover/rules.ts'
import { NOBODY, unreachable } from '../../../core/model/states.ts'
import type { Switchover } from '../../../core/switchover/view.ts'
import { ApiError, nodeUnknown, RETRY_AFTER } from '../../errors/errors.ts'

/** Where a switchover is read: relative to the host. */
export const switchoverUrl = (epoch: number) => `/api/v1/switchover/${epoch}`

/** Where an operator confirms that a node is down. */
const confirmationPath = (node: string) => `/api/v1/node/${encodeURIComponent(node)}/fence-confirmation`

/** The answer, not an error, when the link was lost after the write was sent: the epoch was fixed before. */
export interface OutcomeUnknown {
  readonly code: 'outcome_unknown'
  readonly outcome: 'unknown'
  readonly epoch: number
  readonly message: string
}

export const outcomeUnknown = (epoch: number): OutcomeUnknown => ({
  code: 'outcome_unknown',
  outcome: 'unknown',
  epoch,
  message: `The connection to ZooKeeper was lost after the write was sent; ${switchoverUrl(epoch)} will tell what became of it.`,
})

const followUp = (epoch: number) => ({ headers: { location: switchoverUrl(epoch), 'retry-after': RETRY_AFTER } })

/** Why a wait is over. */
export type EndOfWait = 'time' | 'half_closed' | 'stopping'

const atTheEnd = {
  time: 'at the end of the wait',
  half_closed: 'as the wait ends early, because the client has closed its side of the connection (leave it open to wait)',
  stopping: 'as the wait ends early, because this API is shutting down (ask another to wait on)',
} as const satisfies Readonly<Record<EndOfWait, string>>

/** At the end of the wait it is still not known whether the write was done. */
export const stillUnknown = (epoch: number, end: EndOfWait) =>
  new ApiError('outcome_unknown', `${outcomeUnknown(epoch).message} It was not known ${atTheEnd[end]}.`, { outcome: 'unknown', members: { epoch }, ...followUp(epoch) })

/** The switchover continues at the end of the wait. An error, because `curl --fail` with `wait` must not take it for a success. */
export const inProgress = (switchover: Switchover, end: EndOfWait) =>
  new ApiError('switchover_going_on', `Switchover ${switchover.epoch} continues ${atTheEnd[end]}. Ask the same again to wait on for it, or follow ${switchoverUrl(switchover.epoch)}.`, {
    outcome: 'in_progress', members: { epoch: switchover.epoch, switchover }, ...followUp(switchover.epoch),
  })

/** The switchover was begun, and at the end of the wait ZooKeeper is away. */
export const noContact = (epoch: number, switchover: Switchover | null, end: EndOfWait) =>
  new ApiError('zookeeper_unavailable', `Switchover ${epoch} was begun, but ZooKeeper does not answer ${atTheEnd[end]}; ${switchoverUrl(epoch)} will tell what became of it.`, {
    outcome: 'in_progress', members: { epoch, switchover }, ...followUp(epoch),
  })

const outcome = 'not_started' as const

/** What `force` overrides. */
const preferenceBehind: Readonly<Partial<Record<Reason['code'], PreferenceName>>> = { health_too_low: 'health', priority_zero: 'priority', lacks_resources: 'resources' }

/** The end of a refusal, where nothing but preferences is in the way of a candidate. */
function overridable (reasons: Readonly<Record<string, readonly Reason[]>>): string {
  for (const [node, list] of Object.entries(reasons)) {
    const names = [...new Set(list.map(({ code }) => preferenceBehind[code]))]
    if (names.length > 0 && !names.includes(undefined)) return ` To move the role to ${node} all the same, add "force": ${JSON.stringify(names)} to the request (pvcctl: --force ${names.join(' --force ')}).`
  }
  return ''
}

/** @param inFlight the switchover that is in the way, as clients read it */
export function refused (ruling: Exclude<Ruling, { kind: 'write' | 'already' | 'in_flight' }>, inFlight: Switchover | null): ApiError {
  switch (ruling.kind) {
    case 'unknown_node':
      return nodeUnknown(ruling.node, { outcome, members: { nodes: [ruling.node] } })
    case 'precondition_failed':
      return preconditionFailed(ruling.message, ruling.primary, ruling.epoch)
    case 'busy':
      return new ApiError('switchover_in_flight', `${whatIsGoingOn(inFlight, ruling.nodes)} Wait for its end, then ask again.${inFlight === null ? ' A node whose daemon does not run never ends it: start the daemon, or confirm that the node is down.' : ''}`, {
        outcome,
        headers: inFlight === null ? { 'retry-after': RETRY_AFTER } : { location: switchoverUrl(inFlight.epoch), 'retry-after': RETRY_AFTER },
        members: { switchover: inFlight, nodes: ruling.nodes },
      })
    case 'holder_unconfirmed':
      return new ApiError('holder_unconfirmed',
        `${ruling.nodes.join(', ')} may hold resources and cannot be asked. Once it is certain that it is down, confirm that; then ask again.${suspendedBy(ruling.alsoDead)}`,
        { outcome, members: { nodes: ruling.nodes, confirmation: [...ruling.alsoDead, ...ruling.nodes].map(confirmationPath) } })
    case 'ineligible': {
      const sentences = Object.values(ruling.reasons).flat().map(({ message }) => message)
      const [only, ...others] = Object.keys(ruling.reasons)
      const who = only !== undefined && others.length === 0 ? only : 'No node'
      return new ApiError('not_eligible', `${who} ${who === only ? 'cannot' : 'can'} take the role over. ${sentences.length === 0 ? 'There is no other coordinator' : sentences.join('; ')}.${overridable(ruling.reasons)}`, { outcome, members: { reasons: ruling.reasons } })
    }
    default: return unreachable(ruling)
  }
}

/** Which other confirmation lets the fencing begin again. */
const suspendedBy = (alsoDead: readonly string[]) => alsoDead.length === 0
  ? ''
  : ` No node is fenced while ${alsoDead.join(', ')} is dead as well: confirming that ${alsoDead.join(', ')} is down lets the cluster fence the other by itself, if it has a fencing agent.`

function whatIsGoingOn (inFlight: Switchover | null, nodes: readonly string[]): string {
  if (inFlight !== null) return `Switchover ${inFlight.epoch} (${inFlight.from ?? 'none'} to ${inFlight.to ?? 'any other'}) is in flight.`
  return `${nodes.join(' and ')} ${nodes.length === 1 ? 'is' : 'are'} in takeover or relinquish.`
}

export function preconditionFailed (reason: string, primary: string | null, epoch: number | null): ApiError {
  return new ApiError('precondition_failed', `${reason} Look at the present primary, then decide again.`, {
    outcome, members: { primary: primary === NOBODY ? null : primary, ...(epoch === null ? {} : { epoch }) },
  })
}

/** Another program wrote the key without the lock: again and again, or another name. */
export const keyContended = (primary: string | null, epoch: number | null) =>
  new ApiError('key_contended', 'Another program wrote the primary key, without the primary lock, each time that this request was about to write it, or has named another node since. Look at the present primary, then ask again.', {
    outcome, headers: { 'retry-after': RETRY_AFTER }, members: { primary: primary === NOBODY ? null : primary, ...(epoch === null ? {} : { epoch }) },
  })

export const lockNotHad = (holder: LockHolder | null) =>
  new ApiError('lock_not_had', holder === null
    ? 'The primary lock could not be acquired in time, though no switchover is in progress and no holder was seen. Retry.'
    : `The primary lock is held by ${holderInWords(holder)}, and no switchover is in progress. Retry; if it stays held, see "A lock that is not released" in docs/operations.md.`, { outcome, headers: { 'retry-after': RETRY_AFTER } })

/** Of a dry run: a request would make the key, and find no coordinator. */
export const keyMissing = () =>
  new ApiError('not_eligible', 'There is no primary key: no coordinator has started yet. Start pvcnoded on a coordinator.')

export const epochUnknown = (epoch: number) =>
  new ApiError('epoch_unknown', `There is no switchover ${epoch}; GET /api/v1/primary tells the present epoch.`, { members: { epoch } })

export const recordExpired = (epoch: number, oldest: number) =>
  new ApiError('record_expired', `The record of switchover ${epoch} is not kept any more; the oldest there is is ${oldest}.`, { members: { epoch } })

/** Of a write of the key by another program, mostly. */
export const epochUnrecorded = (epoch: number) =>
  new ApiError('epoch_unrecorded', `There is no readable record of epoch ${epoch}, and the primary key has been written since; GET /api/v1/primary tells the present epoch.`, { members: { epoch } })
