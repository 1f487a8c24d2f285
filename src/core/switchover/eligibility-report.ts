/**
 * Whether each coordinator may be made primary now: what a request for it would come to, and if it would be refused, every reason at once.
 * A coordinator is eligible if such a request would not be refused, the present primary and the target of a switchover in flight included.
 */
import { ineligibilityReasons, unwillingnessReasons, type ineligibilities } from './eligibility.ts'
import { unconfirmedHolders } from './handover.ts'
import { preferenceOf, type Member, type Backoff } from '../model/member.ts'
import type { CoordinatorState } from '../model/states.ts'
import { switchoverInFlight, type KeySnapshot } from './key-snapshot.ts'
import { isForTheTaking, onTheWay, rule } from './rules.ts'

/** What is in everybody's way, as the end of a sentence that begins with what it is about. */
export const obstacles = {
  switchover_in_flight: 'is in flight',
  node_on_the_way: 'is in the middle of a takeover or relinquish',
  holder_unconfirmed: 'may hold resources and cannot be asked',
} as const
type Obstacle = keyof typeof obstacles

export interface EligibilityReason {
  readonly code: keyof typeof ineligibilities | Obstacle
  readonly message: string
}

export interface CandidateReport {
  readonly name: string
  readonly coordinator_state: CoordinatorState | null
  readonly eligible: boolean
  /** Empty if it is eligible. */
  readonly reasons: readonly EligibilityReason[]
  /** It leaves the role to its peers for a while, after a failure; a request that names it ends that. Null if it does not. */
  readonly stands_back: Backoff | null
  /** Of those that may contend, the highest goes first. */
  readonly priority: number
  readonly min_health: number
  /** The health that `min_health` is compared with, in percent; null where the node has no `min_health`, or does not know. */
  readonly health: number | null
  /** What it is configured to hold as primary; null where it does not say. */
  readonly resources: readonly string[] | null
  /** Why it does not contend by itself; each is overridden by a request that names the node, or that says so. Empty if it contends. */
  readonly unwilling: readonly EligibilityReason[]
}

/** Sorted as the snapshot's members are. */
export const eligibilityReport = (keySnapshot: KeySnapshot): readonly CandidateReport[] =>
  keySnapshot.members.filter(({ mode }) => mode === 'coordinator').map((member) => candidateReport(member, keySnapshot))

function candidateReport (member: Member, keySnapshot: KeySnapshot): CandidateReport {
  const { name, coordinatorState } = member
  const { kind } = rule({ to: name, from: null, expectedEpoch: null, timeout: null, requestedBy: null, reason: null }, keySnapshot)
  const eligible = kind === 'write' || kind === 'already' || kind === 'in_flight'
  const { priority, minHealth, health } = preferenceOf(member)
  return {
    name,
    coordinator_state: coordinatorState,
    eligible,
    reasons: eligible ? [] : [...ineligibilityReasons(member, keySnapshot.members), ...obstaclesTo(name, keySnapshot)],
    stands_back: member.presence?.backoff ?? null,
    priority,
    min_health: minHealth,
    health,
    resources: member.presence?.resources ?? null,
    unwilling: unwillingnessReasons(member, keySnapshot.members),
  }
}

function obstaclesTo (candidate: string, keySnapshot: KeySnapshot): readonly EligibilityReason[] {
  const because = (code: Obstacle, about: string): EligibilityReason => ({ code, message: `${about} ${obstacles[code]}` })
  const record = isForTheTaking({ to: candidate }, keySnapshot) ? null : switchoverInFlight(keySnapshot)
  return [
    ...record === null ? [] : [because('switchover_in_flight', `switchover ${record.epoch}`)],
    ...onTheWay(keySnapshot.members).map((node) => because('node_on_the_way', node)),
    ...unconfirmedHolders(candidate, keySnapshot.members).map((node) => because('holder_unconfirmed', node)),
  ]
}
