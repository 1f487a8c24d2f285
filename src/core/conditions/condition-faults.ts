/** The faults that PVC's clients are shown: those that are kept, and each condition of which no fault is kept. */
import type { Fault } from '../pvc/cluster-status.ts'
import { faultTime, type FaultZnode } from '../pvc/fault.ts'
import type { Condition } from './condition.ts'
import { conditionKinds } from './kinds.ts'

/** How a condition reads of which no fault is kept. Its times are those of the condition; empty where they are not known. */
export function conditionFault ({ code, message, since }: Condition, id: string): Fault {
  const time = since === null ? '' : faultTime(since)
  return Object.freeze({ id, last_reported: time, first_reported: time, acknowledged_at: '', status: 'new', health_delta: conditionKinds[code].delta, message })
}

/** The texts of its znodes, written when a client acknowledges it. */
export const conditionFaultTexts = (condition: Condition, wall: string): Readonly<Record<FaultZnode, string>> => ({
  last_time: faultTime(wall),
  first_time: faultTime(condition.since ?? wall),
  ack_time: '',
  status: 'new',
  delta: String(conditionKinds[condition.code].delta),
  message: condition.message,
})

export function shownFaults (kept: readonly Fault[], conditions: readonly Condition[]): readonly Fault[] {
  const ids = new Set(kept.map(({ id }) => id))
  return [...kept, ...conditions.flatMap((condition) => condition.fault === null || ids.has(condition.fault) ? [] : [conditionFault(condition, condition.fault)])]
}
