/**
 * Which node held the role that was lost before it is taken again: one that has failed, and how that is known, or one that has stopped, has started again, or has
 * released everything for a switchover that did not succeed. For the record, on which nothing is decided.
 *
 * Rests on what was read directly: the key, the newest records, the coordinators, and the fence record of the node that failed.
 */
import { fenceEvidence, type Evidence } from '../model/failover.ts'
import { sightedKeepalive, suspicions, type FenceRecord } from '../model/fence-record.ts'
import type { FailedHolder, LastHolder, Loss, SwitchoverRecord } from '../model/record.ts'
import { hasFailed, type Member } from '../model/member.ts'
import { NOBODY } from '../model/states.ts'
import { epochNow, type FailureReading, type KeySnapshot } from '../switchover/key-snapshot.ts'

interface Read extends Pick<KeySnapshot, 'members'> {
  readonly failures?: KeySnapshot['failures'] | undefined
  readonly releases?: KeySnapshot['releases'] | undefined
}

/** How the role was lost, before it is taken again. */
interface Vacancy extends Read {
  /** What the key says, or said. */
  readonly named: string
  /** Records of switchovers that were reached, the newest first. */
  readonly before: readonly SwitchoverRecord[]
}

/** The node that held the role last, or was to hold it and has failed; null where it cannot be known. */
export function lossBefore (keySnapshot: KeySnapshot): Loss | null {
  const vacancy = { ...keySnapshot, named: keySnapshot.key.value, before: lastReached(keySnapshot.records.map(({ record }) => record), epochNow(keySnapshot)) }
  return failedHolder(vacancy) ?? formerHolder(vacancy)
}

/** The same before a write of the key that has no record, which is of `epoch`. */
export function lossBeforeWrite (epoch: number, { records, members, failures, releases }: Read & { readonly records: readonly SwitchoverRecord[] }): Loss | null {
  const before = lastReached(records, epoch - 1)
  const vacancy = { named: before[0]?.to ?? NOBODY, before, members, failures, releases }
  return failedHolder(vacancy) ?? formerHolder(vacancy)
}

function failedHolder ({ named, before, members, failures, releases }: Vacancy): FailedHolder | null {
  const [newest] = before
  // Of a node that is named and has not come to hold the role, the one before it counts.
  const isAttempt = newest !== undefined && newest.to === named && newest.outcome !== 'succeeded'
  const names = [named, ...named === NOBODY || isAttempt ? [holderBy(before)] : []]
  const member = names.map((name) => members.find((each) => each.name === name)).find((each) => each !== undefined && hasFailed(each))
  if (member === undefined) return null
  const reading = failures?.get(member.name) ?? null
  const evidence = evidenceOf(member.name, member.daemonState === 'fenced' ? 'fenced' : 'dead', reading?.keepalive?.modified ?? null, recordOf(reading))
  return { from: member.name, evidence, reason: reasonFor(evidence), last_held_at: lostAt(before) ?? heldUntil(holderBy(before) ?? member.name, { members, failures, releases }) }
}

function formerHolder ({ before, ...read }: Vacancy): LastHolder | null {
  const from = holderBy(before)
  // That another node failed at some time says nothing of a key that was written since, of which there is no record yet.
  const isFailure = read.members.some((member) => member.name === from && hasFailed(member))
  const last = from === null ? null : lostAt(before) ?? (isFailure ? null : heldUntil(from, read))
  return from === null || last === null ? null : { from, last_held_at: last }
}

/** Records of switchovers that were reached by `epoch`, the newest first. */
const lastReached = (records: readonly SwitchoverRecord[], epoch: number): readonly SwitchoverRecord[] =>
  records.filter((record) => record.epoch <= epoch && record.outcome !== 'not_applied').sort((a, b) => b.epoch - a.epoch)

/** The node that held the role last, by the newest record that knows one. */
function holderBy (before: readonly SwitchoverRecord[]): string | null {
  for (const { outcome, to, from } of before) {
    if (outcome === 'succeeded' && to !== null) return to
    if (from !== null) return from
  }
  return null
}

/** When the role was lost before attempts to take it that have not succeeded: it is lost still. Null where no record says so. */
function lostAt (before: readonly SwitchoverRecord[]): string | null {
  const known = before.find(({ outcome, last_held_at: at }) => outcome === 'succeeded' || at !== null)
  return known === undefined || known.outcome === 'succeeded' ? null : known.last_held_at
}

/** When a node that holds the role no more held it last; null where that cannot be known. */
function heldUntil (name: string, { members, failures, releases }: Read): string | null {
  const member = members.find((each) => each.name === name)
  if (member === undefined) return null
  if (hasFailed(member)) return failures?.get(name)?.keepalive?.modified ?? null
  const { coordinatorState, daemonState, presence, stateSince, transition } = member
  // It has taken nothing over in its present run, which may not have published a transition yet.
  if (transition?.direction === 'start' || daemonState === 'init') return presence?.earlierSign ?? null
  // A PVC node publishes no transition: one that runs may have been started again since.
  const hasReleased = coordinatorState === 'secondary' && (transition === null ? daemonState === 'stop' : transition.direction === 'relinquish')
  return hasReleased ? releases?.get(name) ?? stateSince : null
}

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
  // That of a client's request is the client's.
  return { ...record, evidence: whole, reason: record.reason === reasonFor(evidence) ? reasonFor(whole) : record.reason }
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
