/** Whether a coordinator may be made primary, and if not, every reason: an operator mends all of them in one go. */
import { isFit, isPresent, isReady, type Member } from '../model/member.ts'
import { sentenceOf } from '../model/readiness.ts'

export const ineligibilities = {
  not_a_coordinator: 'it is a hypervisor, which has no part in the primary role',
  not_running: 'its daemon state is not run',
  not_present: 'it is not in contact with ZooKeeper',
  not_secondary: 'its coordinator state is not secondary',
  not_ready: 'it could not acquire its resources',
} as const
export type Ineligibility = keyof typeof ineligibilities

export interface Reason {
  readonly code: Ineligibility
  readonly message: string
}

/** Empty for a coordinator that may become primary now; `primary` itself is not asked whether it is secondary. */
export function ineligibilityReasons (member: Member): readonly Reason[] {
  const found: Ineligibility[] = []
  if (member.mode !== 'coordinator') return [because('not_a_coordinator', member)]
  if (member.daemonState !== 'run') found.push('not_running')
  if (!isPresent(member)) found.push('not_present')
  if (member.coordinatorState !== 'secondary' && member.coordinatorState !== 'primary') found.push('not_secondary')
  if (member.coordinatorState === 'secondary' && !isReady(member)) found.push('not_ready')
  return found.map((code, index) => because(code, member, index === 0 ? whatFailed(member) : ''))
}

/** What keeps a node in the state it is in: a resource of which it cannot be sure that it is released, say. Empty if nothing has failed. */
const whatFailed = ({ daemonState, coordinatorState, transition }: Member): string =>
  transition?.error == null || (daemonState === 'run' && coordinatorState === 'secondary') ? '' : `: ${transition.error.message.replace(/\.$/, '')}`

function because (code: Ineligibility, member: Member, failed = ''): Reason {
  const seen = {
    not_a_coordinator: member.mode ?? 'unknown',
    not_running: member.daemonState ?? 'unknown',
    not_present: 'no presence',
    not_secondary: member.coordinatorState ?? 'unknown',
    not_ready: sentenceOf(member.presence?.readiness ?? null),
  }[code]
  return { code, message: `${member.name}: ${ineligibilities[code]} (${seen}${failed})` }
}

/** Coordinators that could take the role over from `from`. */
export const eligiblePeers = (from: string | null, members: readonly Member[]): readonly Member[] =>
  members.filter((member) => member.name !== from && isFit(member) && ineligibilityReasons(member).length === 0)
