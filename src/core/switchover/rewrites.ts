/**
 * Writes of the key that change nothing but its version, and of which there is no record: PVC's keepalive writes the key to itself in the half second
 * before its node relinquishes. They continue the switchover that wrote the name, under its own number.
 */
import { epochOf, type KeyView, type Ledger } from '../model/epoch.ts'
import type { Member } from '../model/member.ts'
import { isOpen, type SwitchoverRecord } from '../model/record.ts'
import { NOBODY } from '../model/states.ts'

/** Whether no write after `from`, up to `epoch`, has a record. */
export const isUnrecordedSince = (from: number, epoch: number, recordEpochs: readonly number[]): boolean =>
  !recordEpochs.some((other) => other > from && other <= epoch)

/** Whether the present write of the key, by its epoch, is the record's own or has only repeated it. */
export const isRepeated = ({ epoch: from, to }: Pick<SwitchoverRecord, 'epoch' | 'to'>, epoch: number, value: string, recordEpochs: readonly number[]): boolean =>
  epoch === from || (epoch > from && to === value && isUnrecordedSince(from, epoch, recordEpochs))

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
  const isKnown = records.some((record) => record.epoch === epoch || ((isOpen(record) || (isHeld && record.outcome === 'succeeded')) && isRepeated(record, epoch, key.value, epochs)))
  return isKnown ? null : epoch
}
