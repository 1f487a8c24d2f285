/** Whether a role that no node has will be taken by one: not while every coordinator backs off, or could not. */
import { isFit, type Member } from '../model/member.ts'
import { incapacityReasons, unwillingnessReasons } from './eligibility.ts'
import { onTheWay } from './rules.ts'

/**
 * Why none of the coordinators takes a free role over at this moment, as clauses, the first of them about those that do it later by themselves; null while one
 * may. A node that backs off, after a failure, is one that does.
 */
export function whyNobodyContends (members: readonly Member[]): string | null {
  if (onTheWay(members).length > 0) return null
  const coordinators = members.filter(({ mode }) => mode === 'coordinator')
  const reasons = coordinators.map((member) => {
    const backoff = isFit(member) ? member.presence?.backoff ?? null : null
    const others = [...incapacityReasons(member), ...unwillingnessReasons(member, members)].map(({ message }) => message)
    return { backsOff: backoff !== null, clauses: backoff === null ? others : [`${member.name} leaves the role to its peers until ${backoff.until}, because of a failure: ${backoff.why.replace(/\.$/, '')}`, ...others] }
  })
  if (reasons.length === 0) return 'no coordinator has registered yet; start pvcnoded on one'
  if (reasons.some(({ clauses }) => clauses.length === 0)) return null
  return [...reasons.filter(({ backsOff }) => backsOff), ...reasons.filter(({ backsOff }) => !backsOff)].flatMap(({ clauses }) => clauses).join('; ')
}

/** The same of the peers of `self`, which hands the role on. */
export function whyNoPeerContends (self: string, members: readonly Member[]): string | null {
  const peers = members.filter(({ name, mode }) => name !== self && mode === 'coordinator')
  return peers.length === 0 ? 'there is none' : whyNobodyContends(peers)
}
