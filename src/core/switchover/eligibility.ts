/** Whether a coordinator may be made primary, and if not, every reason: an operator mends all of them in one go. */
import { isFit, isPresent, isReady, preferenceOf, type Member } from '../model/member.ts'
import { unwillingness, type PreferenceName } from '../model/preference.ts'
import { sentenceOf } from '../model/readiness.ts'
import { lacks, lacksInWords } from './lacking.ts'

export const ineligibilities = {
  not_a_coordinator: 'it is a hypervisor, which has no part in the primary role',
  not_running: 'its daemon state is not run',
  not_present: 'it is not in contact with ZooKeeper',
  not_secondary: 'its coordinator state is not secondary',
  not_ready: 'it is not ready to acquire its resources',
  health_too_low: 'its health is below its min_health, or was in the last three keepalive intervals',
  priority_zero: 'it does not contend by itself',
  lacks_resources: 'it lacks resources that another coordinator has',
} as const
export type Ineligibility = keyof typeof ineligibilities

export interface Reason {
  readonly code: Ineligibility
  readonly message: string
}

const nothing: readonly PreferenceName[] = []

/**
 * Empty for a coordinator that a request may name now, if it overrides the preferences in `force`. A node that is named does not have to contend.
 * @param members all of them, with which it is compared
 */
export const ineligibilityReasons = (member: Member, members: readonly Member[], force: readonly PreferenceName[] = nothing): readonly Reason[] =>
  [...incapacityReasons(member), ...unwillingnessReasons(member, members, [...force, 'priority'])]

/** Why a node that could become primary does not contend for it by itself, but for the preferences in `force`. */
export function unwillingnessReasons (member: Member, members: readonly Member[], force: readonly PreferenceName[] = nothing): readonly Reason[] {
  if (member.mode !== 'coordinator' || member.coordinatorState !== 'secondary') return []
  const lacking = force.includes('resources') ? [] : lacks(member, members)
  return [
    ...unwillingness(preferenceOf(member)).filter((name) => !force.includes(name)).map((name) => because(name === 'health' ? 'health_too_low' : 'priority_zero', member)),
    ...lacking.length === 0 ? [] : [{ code: 'lacks_resources' as const, message: `${member.name}: it lacks ${lacksInWords(lacking)}` }],
  ]
}

/**
 * Empty for a coordinator that could become primary now, whatever it prefers; `primary` itself is not asked whether it is secondary. None of these is ever
 * overridden.
 */
export function incapacityReasons (member: Member): readonly Reason[] {
  const found: Array<Parameters<typeof because>[0]> = []
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

function because (code: Exclude<Ineligibility, 'lacks_resources'>, member: Member, failed = ''): Reason {
  const { health, minHealth, priority } = preferenceOf(member)
  const seen = {
    not_a_coordinator: member.mode ?? 'unknown',
    not_running: member.daemonState ?? 'unknown',
    not_present: 'no presence',
    not_secondary: member.coordinatorState ?? 'unknown',
    not_ready: sentenceOf(member.presence?.readiness ?? null),
    health_too_low: `${health ?? 'unknown'} %, min_health ${minHealth} %`,
    priority_zero: `priority ${priority}`,
  }[code]
  return { code, message: `${member.name}: ${ineligibilities[code]} (${seen}${failed})` }
}

/** Coordinators that could take the role over from `from`, whatever they prefer. */
export const capablePeers = (from: string | null, members: readonly Member[]): readonly Member[] =>
  members.filter((member) => member.name !== from && isFit(member) && incapacityReasons(member).length === 0)
