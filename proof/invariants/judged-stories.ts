/** 23: a record says from whom the role came, wherever it can be known which node held it last. */
import type { Member } from '../../src/core/model/member.ts'
import { isOpen, type SwitchoverRecord } from '../../src/core/model/record.ts'

/** What a coordinator or a client has begun; behind a write by another program, of which there may be no record yet, nobody can say what was there in between. */
export function isSilent (made: SwitchoverRecord, others: readonly SwitchoverRecord[], members: readonly Member[]): boolean {
  if (made.from !== null || made.cause === 'external' || !others.some(({ epoch }) => epoch === made.epoch - 1)) return false
  const before = others.filter(({ epoch, outcome }) => epoch < made.epoch && outcome !== 'not_applied').sort((a, b) => b.epoch - a.epoch)
  const at = before.findIndex((record) => record.cause === 'external' || (!isOpen(record) && record.outcome === 'succeeded' && record.to !== null))
  const known = before[at]
  // Where the first attempt after it could not say, those that follow cannot.
  if (before.slice(0, at).some(({ from }) => from === null)) return false
  const holder = members.find(({ name }) => name === known?.to)
  if (known === undefined || known.cause === 'external' || holder === undefined) return false
  // Only the very next run finds when it was held last, and says so for as long as it lives.
  const isStarting = holder.transition?.direction === 'start' || holder.daemonState === 'init'
  return !isStarting || typeof holder.presence?.earlierSign === 'string'
}
