/**
 * Why a process wants to write the primary key, and whether its reading under the lock still supports that. Every condition that led to
 * the intent is judged again here, on a fresh snapshot, before anything is written.
 */
import { contendsByItself, mayContend } from '../switchover/contention.ts'
import { hasFailed, hasLostRole, isFit, isPresent, releasingSince, type Member } from '../model/member.ts'
import { isOpen, type NewRecord } from '../model/record.ts'
import { NOBODY, unreachable } from '../model/states.ts'
import { lossBefore } from '../story/failed-holder.ts'
import { epochNow, isEchoed, ledgerOf, type StoredRecord, type KeySnapshot } from '../switchover/key-snapshot.ts'
import { defaultTimeout, primaryOf, rule, type Ruling, type SwitchoverRequest } from '../switchover/rules.ts'
import { isUnrecordedSince } from '../switchover/rewrites.ts'
import type { Failure } from '../model/transition.ts'

/** The key as it was when the wish arose; the write happens at this version or not at all. */
export interface SeenKey {
  readonly value: string
  readonly version: number
  /** The transaction that made the key: one that was deleted and made again counts its versions from 0 again. */
  readonly czxid: string
}

export const isAsSeen = (key: SeenKey, seen: SeenKey) =>
  key.value === seen.value && key.version === seen.version && key.czxid === seen.czxid

/** Past which node a coordinator contends: none that could serve, or one that is fit and too slow. */
export type Past = 'nobody' | 'slow'

export type Intent =
  /** A client's switchover. */
  | { readonly kind: 'request', readonly request: SwitchoverRequest }
  /** A coordinator puts its own name where none is named, or one that does not serve, or has not begun in the time that it had. */
  | { readonly kind: 'contend', readonly node: string, readonly cause: 'contention' | 'repair' | 'fence', readonly past: Past, readonly seen: SeenKey }
  /** A coordinator that is named writes its name again, to have an epoch of its own for a new takeover. */
  | { readonly kind: 'rewrite', readonly node: string, readonly cause: 'restart' | 'repair', readonly seen: SeenKey }
  /** A primary that is stopping, or has lost a resource, frees the key, or names the PVC node `to` that has not come to it by contending. */
  | { readonly kind: 'free', readonly node: string, readonly cause: 'shutdown' | 'repair', readonly reason: string | null, readonly to: string | null, readonly seen: SeenKey }
  /** A taker that could not finish gives the key back, still holding the lock. */
  | { readonly kind: 'give_back', readonly node: string, readonly to: string | null, readonly epoch: number }
  /** A coordinator that is named, and knows that it could not acquire something, gives the key back before it begins. */
  | { readonly kind: 'decline', readonly node: string, readonly error: Failure, readonly seen: SeenKey }
  /** The target of an open switchover writes its name again, over an echo of PVC's keepalive. */
  | { readonly kind: 'reassert', readonly node: string, readonly seen: SeenKey }
  /** The ledger does not know this life of the key. */
  | { readonly kind: 'adopt', readonly seen: SeenKey }

/** What a coordinator at rest may wish: each rests on the key as it was seen. */
export type RestingIntent = Extract<Intent, { readonly seen: SeenKey }>

export type Refusal =
  | Exclude<Ruling, { kind: 'write' }>
  /** The key, or a peer, is no longer as it was when the wish arose. */
  | { readonly kind: 'moved' }

export type Judgement =
  /** `fails`: the switchover that is given up by this, and why. */
  | { readonly kind: 'write', readonly value: string, readonly record: NewRecord, readonly fails?: { readonly stored: StoredRecord, readonly error: Failure } }
  | { readonly kind: 'adopt' }
  /** Without a record: the switchover that is open continues. */
  | { readonly kind: 'repeat', readonly value: string }
  | { readonly kind: 'refuse', readonly refusal: Refusal }

const moved: Judgement = { kind: 'refuse', refusal: { kind: 'moved' } }

const named = (node: string, cause: NewRecord['cause'], keySnapshot: KeySnapshot): Extract<Judgement, { kind: 'write' }> => {
  const from = primaryOf(keySnapshot.members)
  return { kind: 'write', value: node, record: { from, to: node, cause, timeout: defaultTimeout(from, node, keySnapshot.members) } }
}

/** Adds to a record the node that held the role last, where no node releases it. The bound stays. */
function afterLoss (record: NewRecord, keySnapshot: KeySnapshot): NewRecord {
  const former = keySnapshot.members.find(({ name }) => name === record.from)
  // It gets the role back, and has released something since.
  if (former !== undefined && record.to === former.name && !hasFailed(former)) return { ...record, last_held_at: record.last_held_at ?? releasingSince(former) }
  const loss = hasLostRole(former) ? lossBefore(keySnapshot) : null
  if (loss === null) return record
  // A client brings its own reason, or none.
  return { ...record, ...loss, ...record.cause === 'request' ? { reason: record.reason ?? null } : {} }
}

/** Judges the intent on the snapshot. Adds to the record of a write why, in a sentence, and how the role was lost before. */
export function judge (intent: Intent, keySnapshot: KeySnapshot): Judgement {
  const judgement = judged(intent, keySnapshot)
  if (judgement.kind !== 'write') return judgement
  const record = intent.kind === 'request' ? judgement.record : afterLoss(judgement.record, keySnapshot)
  const reason = reasonOf(intent, keySnapshot)
  if (record.reason != null || reason === null) return { ...judgement, record }
  const { from, last_held_at: lastHeld } = record
  return { ...judgement, record: { ...record, reason: `${reason}${lastHeld == null ? '' : ` ${from} was last known to hold the role at ${lastHeld}.`}` } }
}

function judged (intent: Intent, keySnapshot: KeySnapshot): Judgement {
  switch (intent.kind) {
    case 'request': return judgeRequest(intent.request, keySnapshot)
    case 'contend':
      return isAsSeen(keySnapshot.key, intent.seen) && mayClaim(intent.node, keySnapshot.members) && isPassed(intent.seen.value, intent.past, keySnapshot.members)
        ? named(intent.node, intent.cause, keySnapshot)
        : moved
    case 'rewrite':
      return isAsSeen(keySnapshot.key, intent.seen) ? named(intent.node, intent.cause, keySnapshot) : moved
    case 'free':
      return isAsSeen(keySnapshot.key, intent.seen) ? freed(intent, keySnapshot) : moved
    case 'give_back':
      return keySnapshot.key.value === intent.node && epochNow(keySnapshot) >= intent.epoch && isUnrecordedSince(intent.epoch, epochNow(keySnapshot), keySnapshot.recordEpochs)
        ? givenBack(intent, keySnapshot)
        : moved
    case 'decline':
      return isAsSeen(keySnapshot.key, intent.seen) ? declined(intent, keySnapshot) : moved
    case 'reassert':
      // An epoch that has a record already is not this switchover's.
      return isAsSeen(keySnapshot.key, intent.seen) && isEchoed(keySnapshot, intent.node) && !keySnapshot.recordEpochs.includes(epochNow(keySnapshot) + 1)
        ? { kind: 'repeat', value: intent.node }
        : moved
    case 'adopt':
      return ledgerOf(keySnapshot).stale ? { kind: 'adopt' } : moved
    default: return unreachable(intent)
  }
}

/** A request is judged by the rules alone; it is never refused because of what was seen before. */
export function judgeRequest (request: SwitchoverRequest, keySnapshot: KeySnapshot): Extract<Judgement, { kind: 'write' }> | { readonly kind: 'refuse', readonly refusal: Exclude<Ruling, { kind: 'write' }> } {
  const ruling = rule(request, keySnapshot)
  if (ruling.kind !== 'write') return { kind: 'refuse', refusal: ruling }
  const record: NewRecord = {
    from: ruling.from,
    to: ruling.value === NOBODY ? null : ruling.value,
    cause: 'request',
    timeout: ruling.timeout,
    requested_by: request.requestedBy,
    reason: request.reason,
    force: ruling.force,
  }
  return { kind: 'write', value: ruling.value, record: afterLoss(record, keySnapshot) }
}

/**
 * A node that is primary already holds everything and may be named again, whatever its peers do; any other node depends on its peers. What it prefers
 * and what it lacks matter for a node that holds nothing.
 */
function mayClaim (node: string, members: readonly Member[]): boolean {
  const self = members.find(({ name }) => name === node)
  return self?.coordinatorState === 'primary' || (mayContend(node, members) && !(self?.coordinatorState === 'secondary' && !contendsByItself(self, members)))
}

/**
 * The named node cannot serve; or it can, and had its time and has not begun: its turn is not to be taken away. A
 * contender that has only just come into contact again may have decided on what was so before.
 */
const isPassed = (name: string, past: Past, members: readonly Member[]) =>
  !members.some((member) => member.name === name && isFit(member) &&
    (past === 'nobody' || member.coordinatorState === 'takeover' || member.coordinatorState === 'primary'))

function freed ({ node: from, cause, reason, to: wanted }: Extract<Intent, { kind: 'free' }>, { members }: KeySnapshot): Judgement {
  const to = members.find((member) => member.name === wanted && isFit(member))?.name ?? null
  return { kind: 'write', value: to ?? NOBODY, record: { from, to, cause, reason, timeout: defaultTimeout(from, to, members) } }
}

/** Back to the node that it came from if that is another node and can serve, else to none, so that every coordinator may contend. */
function givenBack ({ node, to }: { readonly node: string, readonly to: string | null }, keySnapshot: KeySnapshot): Judgement {
  const former = keySnapshot.members.find((member) => member.name === to && member.name !== node && isFit(member))
  if (former !== undefined) return named(former.name, 'rollback', keySnapshot)
  return { kind: 'write', value: NOBODY, record: { from: primaryOf(keySnapshot.members), to: null, cause: 'rollback', timeout: defaultTimeout(null, null, keySnapshot.members) } }
}

/** Back to the node that still holds everything; the switchover has failed before it interrupted anything. */
function declined ({ node, error }: Extract<Intent, { kind: 'decline' }>, keySnapshot: KeySnapshot): Judgement {
  const judgement = givenBack({ node, to: primaryOf(keySnapshot.members) }, keySnapshot)
  const stored = keySnapshot.records.find(({ record }) => record.epoch === epochNow(keySnapshot) && isOpen(record))
  return judgement.kind === 'write' && stored !== undefined ? { ...judgement, fails: { stored, error } } : judgement
}

/** Why the primary key is changed, as a sentence for the record, on which nothing is decided. Null for a client's request, which brings its own reason. */
function reasonOf (intent: Intent, { key: { value }, members }: KeySnapshot): string | null {
  switch (intent.kind) {
    case 'contend': return value === NOBODY ? 'The primary key named no node.' : `The primary key named ${value}, which ${whyPassed(members.find(({ name }) => name === value))}.`
    case 'rewrite': return `The primary key named ${intent.node} from before; ${intent.node} takes over under a number of its own.`
    case 'free': return `${intent.node} is stopping and hands the role on.`
    case 'give_back': return `${intent.node} did not complete its takeover.`
    case 'decline': return `${intent.node} found that it could not take over: ${intent.error.message}`
    default: return null
  }
}

/** Why a contender passes the node that is named. */
function whyPassed (named: Member | undefined): string {
  if (named === undefined) return 'is no node of this cluster'
  if (isFit(named)) return 'had not begun to take over in the time that it had'
  return `could not serve: its daemon state was ${named.daemonState ?? 'missing'}${isPresent(named) ? '' : ' and it was out of contact'}`
}
