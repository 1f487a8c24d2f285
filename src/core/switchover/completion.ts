/**
 * When a switchover is over, and how it ended. `succeeded` is said only of one instant: the caller reads everything named here twice and
 * compares the stamps; two equal readings are a picture of the moment between them. Closing is the first versioned write to a record.
 */
import { epochOf, type KeyView, type Ledger } from '../model/epoch.ts'
import { holdsNothing, isServing, type Member } from '../model/member.ts'
import type { Closing, SwitchoverRecord } from '../model/record.ts'
import { isAfterLoss, isOpen, isTaken } from '../model/record.ts'
import { NOBODY } from '../model/states.ts'
import { isEcho, isRepeated } from './rewrites.ts'
import type { KnownFailure } from '../model/transition.ts'

/** What the completion rule reads. */
export interface RoleSnapshot {
  readonly key: KeyView
  readonly ledger: Ledger | null
  /** Every registered node. */
  readonly members: readonly Member[]
}

/** Equal stamps of two readings mean that nothing the rule reads has changed between them. */
const stampOf = (snapshot: RoleSnapshot): string =>
  [snapshot.key.mzxid, snapshot.ledger?.base, ...snapshot.members.map((member) => `${member.name}=${member.stamp}`).sort()].join(' ')

/** The key names `target` at exactly `epoch`, the target is primary and every other coordinator has released everything. */
export function isComplete (snapshot: RoleSnapshot, epoch: number, target: string): boolean {
  return snapshot.key.value === target &&
    epochOf(snapshot.key, snapshot.ledger) === epoch &&
    snapshot.members.some((member) => member.name === target && member.coordinatorState === 'primary') &&
    snapshot.members.every((member) => member.name === target || holdsNothing(member))
}

/** Two readings one after the other that show the same are a picture of the instant between them, though the parts of each were read at moments of their own. */
export const isProven = (first: RoleSnapshot, second: RoleSnapshot, epoch: number, target: string): boolean =>
  stampOf(first) === stampOf(second) && isComplete(second, epoch, target)

/** Complete, and the target does a primary's work. A switchover stays complete when its target dies later; nothing is settled then. */
export const isSettled = (snapshot: RoleSnapshot, epoch: number, target: string): boolean =>
  isComplete(snapshot, epoch, target) && snapshot.members.some((member) => member.name === target && isServing(member))

/** The primary that is settled, with its epoch; null while anything is on its way, and when the primary is dead. */
export function settledPrimary (snapshot: RoleSnapshot): { name: string, epoch: number } | null {
  const epoch = epochOf(snapshot.key, snapshot.ledger)
  const name = snapshot.key.value
  return epoch !== null && name !== NOBODY && isSettled(snapshot, epoch, name) ? { name, epoch } : null
}

/** The epoch that a freed key went to: the first later record that was reached and names a node. */
export const continuationOf = (record: SwitchoverRecord, records: readonly SwitchoverRecord[]): SwitchoverRecord | null =>
  records
    .filter((later) => later.epoch > record.epoch && later.to !== null && later.outcome !== 'not_applied')
    .reduce<SwitchoverRecord | null>((first, later) => first === null || later.epoch < first.epoch ? later : first, null)

/**
 * How an open record ends by what can be seen now, or null if it continues.
 * `succeeded` still has to be confirmed by two equal readings before it is written.
 */
export function verdictOn (record: SwitchoverRecord, snapshot: RoleSnapshot, records: readonly SwitchoverRecord[], boundPassed: boolean): Closing | null {
  const epoch = epochOf(snapshot.key, snapshot.ledger)
  if (!isOpen(record) || epoch === null) return null
  if (isTaken(record, epoch, snapshot.key.value)) return { outcome: 'superseded' }
  return (record.to === null ? freedVerdict(record, records) : targetVerdict(record, record.to, snapshot, epoch, records)) ??
    (boundPassed ? boundVerdict(record, epoch) : null)
}

/** A write that only repeated the name supersedes no switchover. */
function targetVerdict (record: SwitchoverRecord, target: string, snapshot: RoleSnapshot, epoch: number, records: readonly SwitchoverRecord[]): Closing | null {
  const recordEpochs = records.map((other) => other.epoch)
  if (isEcho(record, { epoch, value: snapshot.key.value, members: snapshot.members, recordEpochs })) return null
  if (epoch > record.epoch && !isRepeated(record, epoch, snapshot.key.value, recordEpochs)) return { outcome: 'superseded', continued_by: epoch }
  return isComplete(snapshot, Math.max(epoch, record.epoch), target) ? { outcome: 'succeeded' } : null
}

/** A freed key shares the outcome of the epoch that won; won by the very node that was to release, it has failed. One that had lost the role before, or was to have it back, may have it. */
function freedVerdict (record: SwitchoverRecord, records: readonly SwitchoverRecord[]): Closing | null {
  const next = continuationOf(record, records)
  if (next === null || next.outcome === null) return null
  if (next.outcome === 'succeeded' && next.to === record.from && record.cause !== 'rollback' && !isAfterLoss(record)) {
    const error: KnownFailure = { code: 'no_other_primary', resource: null, message: `No other coordinator took the role; ${next.to} took it back.` }
    return { outcome: 'failed', continued_by: next.epoch, error }
  }
  return { outcome: next.outcome, continued_by: next.epoch, error: next.error }
}

const boundVerdict = (record: SwitchoverRecord, epoch: number): Closing =>
  epoch < record.epoch ? { outcome: 'not_applied' } : { outcome: 'timed_out' }
