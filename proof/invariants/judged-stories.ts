/** 23: a record says from whom the role came, wherever a node is known to have held it. */
import { isOpen, type SwitchoverRecord } from '../../src/core/model/record.ts'

/** What a coordinator or a client has begun; of a write by another program nobody can say what was there in between. */
export function isSilent (made: SwitchoverRecord, others: Iterable<SwitchoverRecord>): boolean {
  if (made.from !== null || made.cause === 'external') return false
  const before = [...others].filter(({ epoch, outcome }) => epoch < made.epoch && outcome !== 'not_applied').sort((a, b) => b.epoch - a.epoch)
  const known = before.findIndex((record) => record.cause === 'external' || (!isOpen(record) && record.outcome === 'succeeded' && record.to !== null))
  return before[known]?.outcome === 'succeeded' && before[known]?.cause !== 'external'
}
