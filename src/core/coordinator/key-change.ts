/**
 * One change of the primary key, from taking the lock to releasing it, as a pure machine: it asks for one operation at a time, and each
 * answer leads to the next. Coordinators and APIs change the key through this alone.
 *
 * Invariants: the key is written only under the primary lock and at the version the decision was made on; its record exists before it
 * is written, but for a name that is written again, which has none; an epoch whose record exists is never given to another change (it is used up by writing the key as it is). If another program
 * takes that epoch, the record is closed as `superseded`. A request is then judged again; it never moves a key that names another node by then.
 */
import { recordName, type Ledger } from '../model/epoch.ts'
import { judge, judgeRequest, type Intent, type Refusal } from './intent.ts'
import { particularsOf } from '../switchover/progress.ts'
import { NOBODY } from '../model/states.ts'
import { closeRecord, isOpen, openRecord, type Closing, type SwitchoverRecord } from '../model/record.ts'
import { ledgerOf, type StoredRecord, type KeySnapshot } from '../switchover/key-snapshot.ts'
import type { Ruling, SwitchoverRequest } from '../switchover/rules.ts'

/** One operation on ZooKeeper; each is answered exactly once. */
export type KeyOp =
  | { readonly op: 'lock' }
  | { readonly op: 'unlock' }
  | { readonly op: 'read_snapshot' }
  | { readonly op: 'write_ledger', readonly ledger: Ledger, readonly version: number | null }
  | { readonly op: 'create_record', readonly record: SwitchoverRecord }
  | { readonly op: 'close_record', readonly record: SwitchoverRecord, readonly version: number }
  /**
   * `andUnlock`: the release of the lock is sent directly after the write, without waiting for its answer. A PVC node contends inside its watch listener.
   * It receives no event for a lock there, so it acquires the lock at once or loses.
   */
  | { readonly op: 'write_key', readonly value: string, readonly version: number, readonly andUnlock?: true }

export type KeyAnswer =
  /** Committed, or read. */
  | { readonly kind: 'done', readonly keySnapshot?: KeySnapshot }
  /** Certainly not: the version had moved, the name was taken, waiting for the lock timed out. */
  | { readonly kind: 'refused' }
  /** Others have written there since: whether it was applied before that cannot be seen any more. */
  | { readonly kind: 'overwritten' }
  /** Never sent, and never will be. */
  | { readonly kind: 'failed' }
  /** Sent, and the session ended before its outcome could be determined. */
  | { readonly kind: 'unknown' }
  /** ZooKeeper denies the operation, whatever the znodes say now: never applied, and the session continues. */
  | { readonly kind: 'denied', readonly denial: Denial }

/** Why ZooKeeper denies an operation, for the log and the reply; most often the access list of `path`. */
export interface Denial {
  readonly code: string
  readonly operation: string
  readonly path: string | null
  readonly message: string
}

export type KeyOutcome =
  | { readonly kind: 'committed', readonly record: SwitchoverRecord }
  /** The ledger knows this life of the key now. */
  | { readonly kind: 'adopted' }
  /** The key names this node again; the switchover that is open continues. */
  | { readonly kind: 'reasserted' }
  | { readonly kind: 'refused', readonly refusal: Refusal }
  | { readonly kind: 'lock_timeout' }
  /** Another process wrote the key without the lock; the version check kept us from overwriting that. */
  | { readonly kind: 'overtaken' }
  /** Written or not, another process has written the key without the lock since: the record of this epoch is closed as `superseded`. */
  | { readonly kind: 'overwritten', readonly epoch: number }
  /** Never written, and never will be. */
  | { readonly kind: 'not_started' }
  /** The same, because ZooKeeper denies an operation of it. */
  | { readonly kind: 'denied', readonly denial: Denial }
  /** The record of this epoch will tell. */
  | { readonly kind: 'unknown', readonly epoch: number }

export interface KeyChange {
  readonly intent: Intent
  /** The operation in progress, and those that follow if all goes well. Never empty. */
  readonly plan: readonly [KeyOp, ...KeyOp[]]
  /** The record of the epoch to be written, once that is known. */
  readonly record: SwitchoverRecord | null
  /** A client has the epoch of that record: the change is not judged again under another epoch. */
  readonly told: boolean
  /** The key on which it was first decided to write. */
  readonly decidedOn: { readonly value: string, readonly czxid: string } | null
  /** How often another program has written in between. */
  readonly overtaken: number
  /** What it has come to when the plan is done. */
  readonly outcome: KeyOutcome
}

const notStarted: KeyOutcome = { kind: 'not_started' }

/** How often a request is judged again. PVC's keepalive writes the key once in seconds; a program that writes it all the time is not waited for. */
const MOST_OVERTAKEN = 4

/** @param underLock the caller holds the primary lock and keeps holding it */
export function beginKeyChange (intent: Intent, { underLock }: { underLock: boolean }): KeyChange {
  const plan: KeyChange['plan'] = underLock ? [{ op: 'read_snapshot' }] : [{ op: 'lock' }, { op: 'read_snapshot' }, { op: 'unlock' }]
  return { intent, plan, record: null, told: false, decidedOn: null, overtaken: 0, outcome: notStarted }
}

/** What a request comes to on this snapshot: the record that would be made for it, or the ruling by which none would be. */
export function planOfRequest (request: SwitchoverRequest, keySnapshot: KeySnapshot, wall: string): Exclude<Ruling, { kind: 'write' }> | { readonly kind: 'planned', readonly record: SwitchoverRecord } {
  const judgement = judgeRequest(request, keySnapshot)
  if (judgement.kind === 'refuse') return judgement.refusal
  const { epoch } = usedUpEpochs(keySnapshot, ledgerOf(keySnapshot).ledger, wall)
  return { kind: 'planned', record: openRecord(epoch + 1, wall, judgement.record) }
}

/** No write that names an epoch has been sent: to give up now is `not_started`, truthfully. */
export const mayBeAbandoned = (change: KeyChange) =>
  change.record === null

export type KeyProgress =
  | { readonly done: false, readonly change: KeyChange }
  | { readonly done: true, readonly outcome: KeyOutcome }

/** @param wall the present moment for the record, RFC 3339 */
export function continueKeyChange (change: KeyChange, answer: KeyAnswer, wall: string): KeyProgress {
  const [at] = change.plan
  if (answer.kind !== 'done') return proceed(afterFailure(change, at, answer, wall))
  return proceed(answer.keySnapshot === undefined ? change : afterSnapshot(change, answer.keySnapshot, wall))
}

function proceed (change: KeyChange): KeyProgress {
  const [, next, ...rest] = change.plan
  return next === undefined ? { done: true, outcome: change.outcome } : { done: false, change: { ...change, plan: [next, ...rest] } }
}

/** Replaces what was to come, keeping the operation just answered in front and the lock's release at the end. */
function instead (change: KeyChange, steps: readonly KeyOp[], outcome: KeyOutcome): KeyChange {
  const [at] = change.plan
  const release = change.plan.filter((step, index) => index > 0 && step.op === 'unlock')
  return { ...change, plan: [at, ...steps, ...release], outcome }
}

/**
 * Certainly not written, because another program wrote in between: a request is judged again under the same lock.
 * @param steps close what was written for it
 * @param unlocked the lock was released behind the write
 */
function judgeAgain (change: KeyChange, steps: readonly KeyOp[], unlocked = false): KeyChange {
  const next = { ...change, record: null, overtaken: change.overtaken + 1 }
  if (change.intent.kind !== 'request' || change.told || change.overtaken >= MOST_OVERTAKEN) return instead(next, steps, { kind: 'overtaken' })
  return instead(next, [...steps, ...(unlocked ? [{ op: 'lock' } as const] : []), { op: 'read_snapshot' }], notStarted)
}

const isOther = (key: KeySnapshot['key'], decidedOn: KeyChange['decidedOn']) =>
  decidedOn !== null && (key.value !== decidedOn.value || key.czxid !== decidedOn.czxid)

function afterSnapshot (change: KeyChange, keySnapshot: KeySnapshot, wall: string): KeyChange {
  const judgement = judge(change.intent, keySnapshot)
  const { ledger, stale } = ledgerOf(keySnapshot)
  const ledgerSteps: KeyOp[] = stale ? [{ op: 'write_ledger', ledger, version: keySnapshot.ledgerVersion }] : []
  switch (judgement.kind) {
    case 'refuse': return instead(change, [], { kind: 'refused', refusal: judgement.refusal })
    case 'adopt': return instead(change, ledgerSteps, { kind: 'adopted' })
    case 'repeat': return instead(change, [...ledgerSteps, { op: 'write_key', value: judgement.value, version: keySnapshot.key.version }], { kind: 'reasserted' })
    case 'write': {
      const { value, czxid } = keySnapshot.key
      if (isOther(keySnapshot.key, change.decidedOn)) return instead(change, [], { kind: 'overtaken' })
      const used = usedUpEpochs(keySnapshot, ledger, wall)
      const record = openRecord(used.epoch + 1, wall, judgement.record)
      const { fails } = judgement
      const closed = fails === undefined ? [] : [closing(fails.stored, { outcome: 'failed', error: fails.error }, keySnapshot, wall)]
      const steps: KeyOp[] = [
        ...ledgerSteps,
        ...closed,
        ...used.steps,
        { op: 'create_record', record },
        { op: 'write_key', value: judgement.value, version: used.version, ...judgement.value === NOBODY ? { andUnlock: true } : {} },
      ]
      return { ...instead(change, steps, { kind: 'committed', record }), record, decidedOn: { value, czxid } }
    }
  }
}

/**
 * Epochs beyond the present one that have a record already, of a change that was never written: each is used up by writing the key as it
 * is, so that the client that asked for it never sees another switchover under its number.
 */
function usedUpEpochs (keySnapshot: KeySnapshot, ledger: Ledger, wall: string): { steps: KeyOp[], epoch: number, version: number } {
  const steps: KeyOp[] = []
  let epoch = ledger.base + keySnapshot.key.version
  let version = keySnapshot.key.version
  for (; keySnapshot.recordEpochs.includes(epoch + 1); epoch++, version++) {
    const stored = keySnapshot.records.find(({ record }) => record.epoch === epoch + 1)
    if (stored !== undefined && isOpen(stored.record)) steps.push(closing(stored, { outcome: 'not_applied' }, keySnapshot, wall))
    steps.push({ op: 'write_key', value: keySnapshot.key.value, version })
  }
  return { steps, epoch, version }
}

const closing = ({ record, version }: StoredRecord, how: Closing, keySnapshot: KeySnapshot, wall: string): KeyOp =>
  ({ op: 'close_record', record: closeRecord(record, wall, how, particularsOf(record, keySnapshot.members)), version })

function afterFailure (change: KeyChange, at: KeyOp, answer: Exclude<KeyAnswer, { kind: 'done' }>, wall: string): KeyChange {
  const { record } = change
  const { kind: failure } = answer
  const nothingDone: KeyOutcome = answer.kind === 'denied' ? answer : notStarted
  const writtenByAnother = failure === 'refused' || failure === 'overwritten'
  switch (at.op) {
    case 'lock': return { ...change, plan: [at], outcome: failure === 'refused' ? { kind: 'lock_timeout' } : nothingDone }
    // The session is gone, and the lock with it.
    case 'unlock': return change
    // It had been closed before, which is well. After a write of the key that may have been applied, `not_started` would not be true.
    case 'close_record': return writtenByAnother || change.outcome.kind === 'overwritten' || change.outcome.kind === 'denied' ? change : instead(change, [], nothingDone)
    case 'read_snapshot': return instead(change, [], nothingDone)
    case 'write_ledger': return writtenByAnother ? judgeAgain(change, []) : instead(change, [], nothingDone)
    // If the record was overwritten, it may be this change's own: the request is not judged again.
    case 'create_record': return failure === 'refused' ? judgeAgain(change, []) : instead(change, [], writtenByAnother ? { kind: 'overtaken' } : nothingDone)
    case 'write_key': {
      const isFinal = !change.plan.some((step) => step.op === 'create_record')
      if (!isFinal || record === null) return writtenByAnother ? judgeAgain(change, []) : instead(change, [], nothingDone)
      if (failure === 'unknown') return instead(change, [], { kind: 'unknown', epoch: record.epoch })
      if (failure === 'failed') return instead(change, [], notStarted)
      // Under the lock: no other write of the key can be in progress, and this one never will be.
      if (failure === 'denied') return instead(change, [{ op: 'close_record', record: closeRecord(record, wall, { outcome: 'not_applied' }, record), version: 0 }], nothingDone)
      // The record stays: an observer may be about to close it, at a version that another record of this epoch would have as well.
      const superseded: KeyOp = { op: 'close_record', record: closeRecord(record, wall, { outcome: 'superseded' }, record), version: 0 }
      return failure === 'refused' ? judgeAgain(change, [superseded], at.andUnlock) : instead(change, [superseded], { kind: 'overwritten', epoch: record.epoch })
    }
  }
}

/** For notes: why ZooKeeper denied it, if it did. */
export const deniedBy = (outcome: KeyOutcome): { readonly denial?: Denial } =>
  outcome.kind === 'denied' ? { denial: outcome.denial } : {}

/** For logs and errors: the change in a word. */
export const describe = (change: KeyChange) =>
  `${change.intent.kind} at ${change.plan[0].op}${change.record === null ? '' : ` of ${recordName(change.record.epoch)}`}`
