/**
 * Writes of the key of which there is no record, and which begin nothing: PVC's keepalive makes them, also in the half second before its node relinquishes.
 * One that changes nothing but the version continues the switchover that wrote the name, under its own number; so does an echo (`isEcho`).
 */
import { epochOf, type KeyView, type Ledger } from '../model/epoch.ts'
import { isFit, isReady, type Member } from '../model/member.ts'
import { isAfterLoss, isOpen, type SwitchoverRecord } from '../model/record.ts'
import { NOBODY } from '../model/states.ts'

/** Whether no write after `from`, up to `epoch`, has a record. */
export const isUnrecordedSince = (from: number, epoch: number, recordEpochs: readonly number[]): boolean =>
  !recordEpochs.some((other) => other > from && other <= epoch)

/** Whether the present write of the key, by its epoch, is the record's own or has only repeated it. */
export const isRepeated = ({ epoch: from, to }: Pick<SwitchoverRecord, 'epoch' | 'to'>, epoch: number, value: string, recordEpochs: readonly number[]): boolean =>
  epoch === from || (epoch > from && to === value && isUnrecordedSince(from, epoch, recordEpochs))

/** What tells whether the present write of the key is an echo. */
export interface PresentWrite {
  readonly epoch: number
  readonly value: string
  readonly members: readonly Member[]
  readonly recordEpochs: readonly number[]
}

/**
 * Whether the present write is an echo of the write before it, which began the switchover: PVC's keepalive writes its own node's name while that is `primary`,
 * whatever the key says. In the half second before the node relinquishes that is over the name of the target, which writes its name once more. Only one of ours
 * can, and only the very next epoch is taken for an echo: a client that wants the role back is obeyed at its second write.
 */
export function isEcho (record: Pick<SwitchoverRecord, 'epoch' | 'from' | 'to' | 'outcome' | 'evidence' | 'last_held_at'>, { epoch, value, members, recordEpochs }: PresentWrite): boolean {
  const { epoch: from, from: former, to, outcome } = record
  // A node that has lost the role is no holder that is about to release.
  if (outcome !== null || former === null || isAfterLoss(record) || former === to || value !== former || epoch !== from + 1 || recordEpochs.includes(epoch)) return false
  const holder = members.find(({ name }) => name === former)
  const target = members.find(({ name }) => name === to)
  return holder !== undefined && !holder.ours && (holder.coordinatorState === 'primary' || holder.coordinatorState === 'relinquish') &&
    target !== undefined && target.ours && isFit(target) && isReady(target) && target.coordinatorState === 'secondary'
}

/** The open switchover that an epoch without a record continues; null if there is none. */
export function continuedRecord (epoch: number, value: string, records: readonly SwitchoverRecord[] | undefined): SwitchoverRecord | null {
  const before = records?.filter((record) => record.epoch <= epoch)
  const newest = before?.find((record) => before.every((other) => other.epoch <= record.epoch))
  return newest !== undefined && newest.epoch < epoch && newest.to === value && isOpen(newest) ? newest : null
}

interface Recorded {
  readonly key: KeyView
  readonly ledger: Ledger | null
  readonly members: readonly Member[]
  readonly records: readonly SwitchoverRecord[]
}

/**
 * The present epoch if a record of it has to be made. A key that was never written needs none. A repeated key needs none either: it
 * continues the open switchover or, if its node is primary, changes nothing.
 */
export function unrecordedEpoch ({ key, ledger, members, records }: Recorded): number | null {
  const epoch = epochOf(key, ledger)
  if (epoch === null || (key.version === 0 && key.value === NOBODY)) return null
  const isHeld = members.some(({ name, coordinatorState }) => name === key.value && coordinatorState === 'primary')
  const epochs = records.map((record) => record.epoch)
  const write = { epoch, value: key.value, members, recordEpochs: epochs }
  const isKnown = records.some((record) => record.epoch === epoch || isEcho(record, write) || ((isOpen(record) || (isHeld && record.outcome === 'succeeded')) && isRepeated(record, epoch, key.value, epochs)))
  return isKnown ? null : epoch
}
