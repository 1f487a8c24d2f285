/**
 * What a request for a switchover comes to, judged in one fixed order. Pure: the same request on the same snapshot gets the same ruling,
 * once from the view before the lock is taken, and again from a fresh snapshot under it.
 */
import { isSettled } from './completion.ts'
import { isVacant } from './contention.ts'
import { unconfirmedHolders } from './handover.ts'
import { lacks } from './lacking.ts'
import { capablePeers, incapacityReasons, ineligibilityReasons, unwillingnessReasons, type Reason } from './eligibility.ts'
import { preferenceOf, type Member } from '../model/member.ts'
import { preferencesIn, type PreferenceName } from '../model/preference.ts'
import type { SwitchoverRecord } from '../model/record.ts'
import { NOBODY } from '../model/states.ts'
import { isEcho, isRepeated } from './rewrites.ts'
import { epochNow, isEchoed, ledgerOf, presentWrite, switchoverInFlight, type KeySnapshot } from './key-snapshot.ts'

/** At least one of `to` and `from`; `from` alone means any eligible coordinator but that one. */
export interface SwitchoverRequest {
  readonly to: string | null
  readonly from: string | null
  /** The epoch that the client believes to be the present one, from `If-Match`. */
  readonly expectedEpoch: number | null
  /** Bound in seconds, or null for what the nodes say they may need. */
  readonly timeout: number | null
  readonly requestedBy: string | null
  readonly reason: string | null
  /** Preferences of nodes that it overrides; none unless given. What is safety is never overridden. */
  readonly force?: readonly PreferenceName[] | undefined
}

export type Ruling =
  /** Nothing to be done: the wish is already the settled truth. */
  | { readonly kind: 'already', readonly epoch: number }
  /** The same wish is in flight; a retry never moves the primary twice. */
  | { readonly kind: 'in_flight', readonly record: SwitchoverRecord }
  | { readonly kind: 'precondition_failed', readonly message: string, readonly primary: string, readonly epoch: number }
  | { readonly kind: 'busy', readonly record: SwitchoverRecord | null, readonly nodes: readonly string[] }
  /** `alsoDead`: other coordinators that are dead, because of which none is fenced. */
  | { readonly kind: 'holder_unconfirmed', readonly nodes: readonly string[], readonly alsoDead: readonly string[] }
  | { readonly kind: 'unknown_node', readonly node: string }
  | { readonly kind: 'ineligible', readonly reasons: Readonly<Record<string, readonly Reason[]>> }
  /** `force`: the preferences that are overridden by it; null for none. */
  | { readonly kind: 'write', readonly value: string, readonly from: string | null, readonly timeout: number, readonly force: readonly PreferenceName[] | null }

/** Nodes in `takeover` or `relinquish`: no other switchover starts while there is one. */
export const onTheWay = (members: readonly Member[]) =>
  members.filter((member) => member.coordinatorState === 'takeover' || member.coordinatorState === 'relinquish').map((member) => member.name)

/** The former holder: the node in `primary`, else the node in `relinquish`, which gets the role back if its release fails. */
export const primaryOf = (members: readonly Member[]): string | null =>
  (members.find((member) => member.coordinatorState === 'primary') ?? members.find((member) => member.coordinatorState === 'relinquish'))?.name ?? null

export function rule (request: SwitchoverRequest, keySnapshot: KeySnapshot): Ruling {
  return unknownNode(request, keySnapshot) ?? asItIs(request, keySnapshot) ??
    failedPrecondition(request, keySnapshot) ?? otherInFlight(request, keySnapshot) ?? unconfirmed(request, keySnapshot) ??
    ineligible(request, keySnapshot) ?? write(request, keySnapshot)
}

function unknownNode ({ to, from }: SwitchoverRequest, { members }: KeySnapshot): Ruling | null {
  const node = [to, from].find((name) => name !== null && !members.some((member) => member.name === name))
  return node == null ? null : { kind: 'unknown_node', node }
}

/** The most writes of the key for one request: without `to` it is freed, and the node that takes it writes its own name. */
const writesOf = ({ to }: SwitchoverRequest): number => to === null ? 2 : 1

/**
 * Whether `If-Match` holds where nothing has to be written: it names the present epoch, or one that is older by no more than the key writes of this
 * request. So a retry of a request that succeeded is not refused.
 */
export function isKnownEpoch (request: SwitchoverRequest, epoch: number): boolean {
  const { expectedEpoch } = request
  return expectedEpoch === null || (expectedEpoch <= epoch && epoch - expectedEpoch <= writesOf(request))
}

/** A retry gets the switchover that it asked for before. A request that expects another epoch is no retry: its precondition is judged. */
function asItIs (request: SwitchoverRequest, keySnapshot: KeySnapshot): Ruling | null {
  if (!isKnownEpoch(request, epochNow(keySnapshot))) return null
  return (isEchoed(keySnapshot) ? null : alreadySo(request, keySnapshot)) ?? sameInFlight(request, keySnapshot)
}

function alreadySo ({ to, from }: SwitchoverRequest, keySnapshot: KeySnapshot): Ruling | null {
  const epoch = epochNow(keySnapshot)
  const { value } = keySnapshot.key
  // A key that only PVC's daemons have written has no ledger yet, and may be settled all the same.
  const snapshot = { ...keySnapshot, ledger: ledgerOf(keySnapshot).ledger }
  if (to !== null) return from !== to && value === to && isSettled(snapshot, epoch, to) ? { kind: 'already', epoch } : null
  const settledElsewhere = value !== NOBODY && value !== from && isSettled(snapshot, epoch, value)
  return settledElsewhere ? { kind: 'already', epoch } : null
}

function sameInFlight ({ to, from }: SwitchoverRequest, keySnapshot: KeySnapshot): Ruling | null {
  const record = switchoverInFlight(keySnapshot)
  if (record === null || !continues(record, keySnapshot)) return null
  const same = to !== null ? record.to === to : record.to !== from && (record.from === from || record.to !== null)
  return same ? { kind: 'in_flight', record } : null
}

/** The present write of the key is the record's own, repeats it, or is an echo of it. */
function continues (record: SwitchoverRecord, keySnapshot: KeySnapshot): boolean {
  const write = presentWrite(keySnapshot)
  return isRepeated(record, write.epoch, write.value, write.recordEpochs) || isEcho(record, write)
}

function failedPrecondition ({ to, from, expectedEpoch }: SwitchoverRequest, keySnapshot: KeySnapshot): Ruling | null {
  const primary = keySnapshot.key.value
  const epoch = epochNow(keySnapshot)
  const refuse = (message: string): Ruling => ({ kind: 'precondition_failed', message, primary, epoch })
  if (expectedEpoch !== null && expectedEpoch !== epoch) return refuse(`The epoch is ${epoch}, not ${expectedEpoch}.`)
  if (from !== null && from === to) return refuse(`${from} cannot be both the node that releases and the one that takes over.`)
  if (from !== null && from !== primary) return refuse(`The primary is ${primary}, not ${from}.`)
  return null
}

/** The open record of a vacant key only waits for a node to claim it: a request that names a node may proceed. */
export const isForTheTaking = ({ to }: Pick<SwitchoverRequest, 'to'>, { key, members }: KeySnapshot) => to !== null && isVacant(key.value, members)

function otherInFlight (request: SwitchoverRequest, keySnapshot: KeySnapshot): Ruling | null {
  const record = isForTheTaking(request, keySnapshot) ? null : switchoverInFlight(keySnapshot)
  const nodes = onTheWay(keySnapshot.members)
  return record !== null || nodes.length > 0 ? { kind: 'busy', record, nodes } : null
}

function unconfirmed ({ to }: SwitchoverRequest, { members }: KeySnapshot): Ruling | null {
  const nodes = unconfirmedHolders(to, members)
  if (nodes.length === 0) return null
  const alsoDead = members.filter(({ name, mode, daemonState }) => mode === 'coordinator' && daemonState === 'dead' && !nodes.includes(name)).map(({ name }) => name)
  return { kind: 'holder_unconfirmed', nodes, alsoDead }
}

const candidatesOf = ({ to, from }: SwitchoverRequest, { members }: KeySnapshot): readonly Member[] => to !== null
  ? members.filter((member) => member.name === to)
  : members.filter((member) => member.name !== from && member.mode === 'coordinator')

const forced = ({ force = [] }: SwitchoverRequest): readonly PreferenceName[] => force

/** Without `to`, a candidate has to contend by itself; with `force`, `unwillingTarget` may name one that does not. */
const reasonsAgainst = (member: Member, { to }: SwitchoverRequest, { members }: KeySnapshot, force: readonly PreferenceName[]): readonly Reason[] =>
  to !== null ? ineligibilityReasons(member, members, force) : [...incapacityReasons(member), ...unwillingnessReasons(member, members, force)]

function ineligible (request: SwitchoverRequest, keySnapshot: KeySnapshot): Ruling | null {
  const reasons = Object.fromEntries(candidatesOf(request, keySnapshot).map((member) => [member.name, reasonsAgainst(member, request, keySnapshot, forced(request))]))
  const possible = Object.values(reasons).some((list) => list.length === 0)
  return possible ? null : { kind: 'ineligible', reasons }
}

function write (request: SwitchoverRequest, keySnapshot: KeySnapshot): Ruling {
  const from = primaryOf(keySnapshot.members)
  const to = request.to ?? unwillingTarget(request, keySnapshot)
  return { kind: 'write', value: to ?? NOBODY, from, timeout: request.timeout ?? defaultTimeout(from, to, keySnapshot.members), force: overridden(to, request, keySnapshot) }
}

/** Of the preferences that the request overrides, those without which the target would have been refused. A freed key goes to a node that contends by itself. */
function overridden (to: string | null, request: SwitchoverRequest, keySnapshot: KeySnapshot): readonly PreferenceName[] | null {
  const target = candidatesOf(request, keySnapshot).find(({ name }) => name === to)
  if (target === undefined) return null
  const force = forced(request)
  return preferencesIn(force.filter((name) => reasonsAgainst(target, request, keySnapshot, force.filter((other) => other !== name)).length > 0))
}

/**
 * Where no candidate would contend for a freed key, a request that overrides their preferences names one: the node that lacks the fewest resources, then that of the
 * highest priority, then of the best health.
 */
function unwillingTarget (request: SwitchoverRequest, keySnapshot: KeySnapshot): string | null {
  const candidates = candidatesOf(request, keySnapshot)
  const contends = candidates.some((member) => reasonsAgainst(member, request, keySnapshot, []).length === 0)
  const rank = (member: Member) => preferenceOf(member).priority * 1000 + (preferenceOf(member).health ?? 100) - lacks(member, keySnapshot.members).length * 1_000_000
  const named = contends ? [] : candidates.filter((member) => reasonsAgainst(member, request, keySnapshot, forced(request)).length === 0).sort((a, b) => rank(b) - rank(a))
  return named.map(({ name }) => name)[0] ?? null
}

/** Seconds on top of what the nodes say they may need. */
const MARGIN = 10
/** Seconds assumed for a node that does not say, as PVC peers do not. */
const UNSTATED = 60

/** The default timeout: the relinquish time of the former primary, the longest takeover time of a candidate, and a margin. */
export function defaultTimeout (from: string | null, to: string | null, members: readonly Member[]): number {
  const takers = to !== null ? members.filter((member) => member.name === to) : capablePeers(from, members)
  const holder = members.find((member) => member.name === from)
  const released = holder === undefined ? 0 : holder.presence?.relinquishTime ?? UNSTATED
  const take = Math.max(0, ...takers.map((member) => member.presence?.takeoverTime ?? UNSTATED))
  return Math.ceil(released + take + MARGIN)
}
