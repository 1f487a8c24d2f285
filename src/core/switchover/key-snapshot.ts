/**
 * What the holder of the primary lock reads, freshly, before it changes the key; every decision about the key rests on one of these.
 */
import { epochOf, isCounted, ledgerFor, type KeyView, type Ledger } from '../model/epoch.ts'
import { isOpen, isTaken, type SwitchoverRecord } from '../model/record.ts'
import type { Member } from '../model/member.ts'
import type { FenceRecord } from '../model/fence-record.ts'
import type { Znode } from '../model/znode.ts'
import type { RoleSnapshot } from './completion.ts'
import { isEcho, type PresentWrite } from './rewrites.ts'

export interface KeySnapshot extends RoleSnapshot {
  readonly key: KeyView
  readonly ledger: Ledger | null
  /** Version of `/switchovers`, or null where it is missing. */
  readonly ledgerVersion: number | null
  /** Epochs of all records there are, ascending. */
  readonly recordEpochs: readonly number[]
  /** The newest records, at least those of the present epoch and later. */
  readonly records: readonly StoredRecord[]
  readonly members: readonly Member[]
  /** What is known of coordinators that are dead or fenced, for the record of a failover; left out where no record is made. No decision rests on it. */
  readonly failures?: ReadonlyMap<string, FailureReading>
  /** When coordinators that have released everything began to, RFC 3339 by the ensemble's clock, where that is known; left out while one is primary. As for `failures`. */
  readonly releases?: ReadonlyMap<string, string>
}

/** Each null where there is none, or none that can be read. */
export interface FailureReading {
  readonly fence: FenceRecord | null
  readonly keepalive: Pick<Znode, 'data' | 'mzxid' | 'modified'> | null
}

export interface StoredRecord {
  readonly record: SwitchoverRecord
  readonly version: number
}

/** The ledger that holds for the key as read: the stored one, or the one that has to be written first. */
export function ledgerOf (keySnapshot: KeySnapshot): { ledger: Ledger, stale: boolean } {
  const stale = epochOf(keySnapshot.key, keySnapshot.ledger) === null
  return stale || keySnapshot.ledger === null
    ? { ledger: ledgerFor(keySnapshot.key, newestKnown(keySnapshot)), stale: true }
    : { ledger: keySnapshot.ledger, stale: false }
}

/**
 * The newest epoch that anything mentions. There may be no record of it, but a record may have gone over to it, a node's transition
 * may be of it, and an earlier life of the key had at least its base. A number that no epoch has is ignored: it would leave no epoch for the next switchover.
 */
function newestKnown ({ recordEpochs, records, members, ledger }: KeySnapshot): number | null {
  const continuations = records.flatMap(({ record }) => record.continued_by ?? [])
  const transitions = members.flatMap(({ transition }) => transition?.epoch ?? [])
  const known = [...recordEpochs, ...continuations, ...transitions, ...(ledger === null ? [] : [ledger.base])].filter(isCounted)
  return known.length === 0 ? null : Math.max(...known)
}

export const epochNow = (keySnapshot: KeySnapshot): number => ledgerOf(keySnapshot).ledger.base + keySnapshot.key.version

export const presentWrite = (keySnapshot: KeySnapshot): PresentWrite =>
  ({ epoch: epochNow(keySnapshot), value: keySnapshot.key.value, members: keySnapshot.members, recordEpochs: keySnapshot.recordEpochs })

/**
 * Whether the present write of the key is an echo of PVC's keepalive: the role is where the key says, and is about to leave it.
 * @param target whose switchover it has to be; left out: any
 */
export const isEchoed = (keySnapshot: KeySnapshot, target?: string): boolean =>
  keySnapshot.records.some(({ record }) => (target === undefined || record.to === target) && isEcho(record, presentWrite(keySnapshot)))

/**
 * The switchover in flight: the newest open record whose epoch has been reached. One beyond the present epoch is about to be written by
 * the holder of the lock, or never will be, and one whose version another write took never was; none of them is in flight.
 */
export const switchoverInFlight = (keySnapshot: KeySnapshot): SwitchoverRecord | null =>
  keySnapshot.records.map((stored) => stored.record)
    .filter((record) => isOpen(record) && record.epoch <= epochNow(keySnapshot) && !isTaken(record, epochNow(keySnapshot), keySnapshot.key.value)).at(-1) ?? null
