/**
 * Writes of the primary key that have no record. PVC's daemons make none: a coordinator makes the record of such a write, unless the write only
 * repeated the name that was there.
 */
import { isComplete } from './completion.ts'
import { epochNow, type KeySnapshot } from './key-snapshot.ts'
import { hasLostRole, releasingSince, type Member } from '../model/member.ts'
import { isOpen, openRecord, type Loss, type SwitchoverRecord } from '../model/record.ts'
import { NOBODY } from '../model/states.ts'
import { isEcho } from './rewrites.ts'
import { primaryOf } from './rules.ts'
import { NOTHING_SEEN, switchoverView, type Switchover } from './view.ts'

/** Seconds that a switchover without a record of its own is given. */
const EXTERNAL_TIMEOUT = 60

/**
 * The record of a write without one.
 * @param since when the key was written, RFC 3339
 * @param members as they were then, or soon after
 * @param loss by what the role had been lost, if that is known: counts where no node releases it
 */
export function externalRecord (epoch: number, since: string, value: string, members: readonly Member[], loss: Loss | null = null): SwitchoverRecord {
  const former = primaryOf(members)
  // It has arrived already: which node it took over from is not to be seen any more.
  const isThere = members.some(({ name, coordinatorState }) => name === value && coordinatorState === 'primary')
  const holder = members.find(({ name }) => name === former)
  const lost = isThere || hasLostRole(holder) ? loss : null
  // It gets back what it has released since.
  const back = former === value && holder !== undefined ? releasingSince(holder) : null
  return openRecord(epoch, since, { from: isThere ? null : former, to: value === NOBODY ? null : value, cause: 'external', timeout: EXTERNAL_TIMEOUT, last_held_at: back, ...lost })
}

/** What is known of the writes of the key. */
export interface Writes {
  /** The present epoch, and the name that the key has. */
  readonly epoch: number
  readonly value: string
  readonly members: readonly Member[]
  readonly records: readonly SwitchoverRecord[]
}

/**
 * The record whose name a write without a record repeated; null where that cannot be told, because another name may have been written in between.
 * What is answered for such an epoch is what is answered for that record.
 */
export function repeatedRecord (epoch: number, { epoch: present, value, members, records }: Writes): SwitchoverRecord | null {
  if (epoch > present) return null
  const before = newest(records.filter((record) => record.epoch < epoch && record.outcome !== 'not_applied'))
  if (before === null) return null
  const after = records.filter((record) => record.epoch > epoch && record.epoch <= present).sort((a, b) => a.epoch - b.epoch)[0]
  if (epoch === present && isEcho(before, { epoch, value, members, recordEpochs: records.map((record) => record.epoch) })) return before
  if (before.continued_by !== null && before.continued_by === after?.epoch) return before
  const stillNamed = after === undefined ? value === before.to : before.to !== null && after.from === before.to
  if (!stillNamed) return null
  // The present write of a name that is not primary begins something: there will be a record of it.
  const isHeld = epoch < present || members.some(({ name, coordinatorState }) => name === value && coordinatorState === 'primary')
  return isOpen(before) || (before.outcome === 'succeeded' && isHeld) ? before : null
}

const newest = (records: readonly SwitchoverRecord[]): SwitchoverRecord | null =>
  records.reduce<SwitchoverRecord | null>((found, record) => found === null || record.epoch > found.epoch ? record : found, null)

/**
 * The present epoch's switchover where it has no record and repeats none, as on a cluster that only PVC's daemons have written; null where the
 * key names no node.
 * @param since when the key was written, RFC 3339
 * @param from the node that was primary then, if that is known
 */
export function unrecordedSwitchover (keySnapshot: KeySnapshot, since: string, from?: string | null): Switchover | null {
  const { key, members } = keySnapshot
  if (key.value === NOBODY) return null
  const epoch = epochNow(keySnapshot)
  const made = externalRecord(epoch, since, key.value, members)
  const record = from === undefined ? made : { ...made, from }
  const complete = isComplete({ ...keySnapshot, ledger: { czxid: key.czxid, base: epoch - key.version } }, epoch, key.value)
  const records = keySnapshot.records.map((stored) => stored.record)
  return switchoverView(complete ? { ...record, outcome: 'succeeded', finished_at: since, progress: 1 } : record, { members, records }, NOTHING_SEEN)
}
