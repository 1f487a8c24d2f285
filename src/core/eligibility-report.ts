/**
 * Whether each coordinator may be made primary now: what a request for it would come to, and if it would be refused, every reason at once.
 * Eligible is whoever such a request would not be refused for, the present primary and the target of a switchover in flight included.
 */
import { reasonsAgainst } from './eligibility.ts'
import { unconfirmedHolders } from './handover.ts'
import type { Member } from './member.ts'
import type { CoordinatorState } from './states.ts'
import { switchoverInFlight, type Survey } from './survey.ts'
import { onTheWay, rule } from './switchover-rules.ts'

export interface EligibilityReason {
  readonly code: string
  readonly message: string
}

export interface CandidateReport {
  readonly name: string
  readonly coordinator_state: CoordinatorState | null
  readonly eligible: boolean
  /** Empty if it is eligible. */
  readonly reasons: readonly EligibilityReason[]
}

/** Sorted as the survey's members are. */
export const eligibilityReport = (survey: Survey): readonly CandidateReport[] =>
  survey.members.filter(({ mode }) => mode === 'coordinator').map((member) => candidateReport(member, survey))

function candidateReport (member: Member, survey: Survey): CandidateReport {
  const { name, coordinatorState } = member
  const { kind } = rule({ to: name, from: null, expectedEpoch: null, timeout: null, requestedBy: null, reason: null }, survey)
  const eligible = kind === 'write' || kind === 'already' || kind === 'in_flight'
  return { name, coordinator_state: coordinatorState, eligible, reasons: eligible ? [] : [...reasonsAgainst(member), ...obstacles(name, survey)] }
}

/** What is in everybody's way. */
function obstacles (candidate: string, survey: Survey): readonly EligibilityReason[] {
  const found: EligibilityReason[] = []
  const record = switchoverInFlight(survey)
  if (record !== null) found.push({ code: 'switchover_in_flight', message: `switchover ${record.epoch} is in flight` })
  for (const node of onTheWay(survey.members)) found.push({ code: 'node_on_the_way', message: `${node} is in the middle of a takeover or relinquish` })
  for (const node of unconfirmedHolders(candidate, survey.members)) found.push({ code: 'holder_unconfirmed', message: `${node} may hold resources and cannot be asked` })
  return found
}
