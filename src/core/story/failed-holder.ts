/**
 * Which node held the role that was lost before it is taken again: one that has failed, and how that is known, or one that has started again since. For the record, on
 * which nothing is decided.
 *
 * Rests on what was read under the primary lock alone: the key, the newest records, and the fence record of the node that failed.
 */
import { fenceEvidence, type Evidence } from '../model/failover.ts'
import { sightedKeepalive, suspicions, type FenceRecord } from '../model/fence-record.ts'
import type { NewRecord, SwitchoverRecord } from '../model/record.ts'
import type { Member } from '../model/member.ts'
import { NOBODY } from '../model/states.ts'
import { epochNow, type FailureReading, type KeySnapshot } from '../switchover/key-snapshot.ts'

type LastHolder = Required<Pick<NewRecord, 'last_held_at'>> & { readonly from: string }
type FailedHolder = LastHolder & Required<Pick<NewRecord, 'reason' | 'evidence'>>

export const hasFailed = ({ daemonState }: Member): boolean => daemonState === 'dead' || daemonState === 'fenced'

/** The node that held the role, or was to hold it, and has failed since; null if there is none. */
export function failedHolder (keySnapshot: KeySnapshot): FailedHolder | null {
  const { key, members, failures } = keySnapshot
  const before = lastReached(keySnapshot)
  const name = key.value === NOBODY ? holderBy(before) : key.value
  const member = members.find((each) => each.name === name)
  if (member === undefined || !hasFailed(member)) return null
  const reading = failures?.get(member.name) ?? null
  const known = before.find(({ evidence }) => evidence?.node === member.name)
  // An attempt to take over that failed: what was lost before it is lost still.
  const isHeldSince = known === undefined || before.some(({ epoch, outcome, to }) => epoch > known.epoch && outcome === 'succeeded' && to === member.name)
  const evidence = evidenceOf(member.name, member.daemonState === 'fenced' ? 'fenced' : 'dead', reading?.keepalive?.modified ?? null, recordOf(reading))
  return { from: member.name, evidence, reason: reasonFor(evidence), last_held_at: isHeldSince ? lastHeld(member.name, before, reading) : known.last_held_at }
}

/**
 * The node that held the role last and has started again since, and when that was, where nothing has been held since then; null where that is not known. A node whose
 * transition is its start has taken nothing over in its present run.
 */
export function restartedHolder (keySnapshot: KeySnapshot): LastHolder | null {
  const before = lastReached(keySnapshot)
  const from = holderBy(before)
  if (from === null) return null
  // An attempt to take over that failed: what was lost before it is lost still.
  const known = before.find(({ outcome, last_held_at: at }) => outcome === 'succeeded' || at !== null)
  if (known !== undefined && known.outcome !== 'succeeded') return { from, last_held_at: known.last_held_at }
  const member = keySnapshot.members.find(({ name }) => name === from)
  const sign = member?.transition?.direction === 'start' ? member.presence?.earlierSign ?? null : null
  return sign === null ? null : { from, last_held_at: sign }
}

/** Records of switchovers that were reached, the newest first. */
const lastReached = (keySnapshot: KeySnapshot): readonly SwitchoverRecord[] =>
  keySnapshot.records.map(({ record }) => record).filter(({ epoch, outcome }) => epoch <= epochNow(keySnapshot) && outcome !== 'not_applied').sort((a, b) => b.epoch - a.epoch)

/** The node that held the role last, by the newest record that knows one. */
function holderBy (before: readonly SwitchoverRecord[]): string | null {
  for (const { outcome, to, from } of before) {
    if (outcome === 'succeeded' && to !== null) return to
    if (from !== null) return from
  }
  return null
}

/** Null for a node that was only to hold the role: when its predecessor released is on that one's record, if anywhere. */
const lastHeld = (name: string, before: readonly SwitchoverRecord[], reading: FailureReading | null): string | null =>
  before.length === 0 || holderBy(before) === name ? reading?.keepalive?.modified ?? null : null

/** A record that was judged by another keepalive is of an earlier failure. */
function recordOf (reading: FailureReading | null): FenceRecord | null {
  const { fence = null, keepalive = null } = reading ?? {}
  return fence === null || fence.keepalive === null || keepalive === null || fence.keepalive === sightedKeepalive(keepalive) ? fence : null
}

const evidenceOf = (node: string, state: Evidence['daemon_state'], lastSign: string | null, record: FenceRecord | null): Evidence => ({
  node,
  daemon_state: state,
  judged_by: record?.judged_by ?? null,
  judged_at: record?.judged_at ?? null,
  why: record?.why ?? null,
  last_sign_at: lastSign,
  fence: fenceEvidence(record),
})

/** Whether the fence record may have more to say than it had when the record of the failover was made: it is written behind the state that lets a coordinator contend. */
export const isIncomplete = ({ evidence }: SwitchoverRecord, members: readonly Member[]): boolean =>
  evidence !== null && evidence.daemon_state === 'fenced' && evidence.fence?.state !== 'confirmed' && members.some(({ name }) => name === evidence.node)

/** The record with what the fence record of the node that failed says by now, if that is still of the same failure. */
export function completed (record: SwitchoverRecord, reading: FailureReading): SwitchoverRecord {
  const { evidence } = record
  const { fence } = reading
  if (evidence === null || fence === null) return record
  // The node may have come back since, and its keepalive with it.
  const isSame = evidence.judged_at === null ? recordOf(reading) !== null : fence.judged_at === evidence.judged_at
  if (!isSame) return record
  const whole = evidenceOf(evidence.node, evidence.daemon_state, evidence.last_sign_at, fence)
  return { ...record, evidence: whole, reason: reasonFor(whole) }
}

const at = (moment: string | null): string => moment === null ? '' : ` at ${moment}`

/** As a person reads it: who failed, who said so and why, and what made certain that the node holds nothing. */
export const reasonFor = (evidence: Evidence): string => `${judgement(evidence)} ${certainty(evidence)}`

export function judgement ({ node, judged_by: by, judged_at: when, why }: Evidence): string {
  const judged = by === null ? `${node} was judged dead` : `${by} judged ${node} dead${at(when)}`
  return why === null ? `${judged}.` : `${judged}: ${suspicions[why]}.`
}

export function certainty ({ node, daemon_state: state, fence }: Evidence): string {
  if (state === 'dead') return `${node} counts as having released everything since its session ended (unfenced_failover); no fence has confirmed that it is down.`
  if (fence?.state !== 'confirmed') return `${node} is fenced; there is no record of who confirmed it.`
  if (fence.method === 'operator') return `${fence.confirmed_by === null ? 'An operator' : `The operator ${fence.confirmed_by}`} confirmed${at(fence.confirmed_at)} that ${node} is down${attemptsBefore(fence.attempts)}.`
  const said = fence.message === null ? '' : `: ${fence.message}`
  return `${fence.confirmed_by ?? 'A coordinator'} fenced ${node}${fence.method === null ? '' : ` by ${fence.method}`}, at attempt ${fence.attempts}, confirmed${at(fence.confirmed_at)}${said === '' ? '.' : said}`
}

const attemptsBefore = (attempts: number): string => attempts === 0 ? '' : `, after ${attempts} ${attempts === 1 ? 'attempt' : 'attempts'} to fence it`
