/**
 * Epochs: the number of one write of the primary key. Epoch = base + the key's version, where `/switchovers` keeps the base for the
 * key's present life (its czxid). A key that was deleted and made again gets a base past the newest record before it may be written,
 * so that an epoch is never given twice, whatever happened to the key.
 */
import { count, jsonObject, text, type Znode } from './znode.ts'

/** The epoch of a key's value, or null while `/switchovers` does not know this life of the key. */
export const epochOf = (key: KeyView, ledger: Ledger | null): number | null =>
  ledger !== null && ledger.czxid === key.czxid ? ledger.base + key.version : null

/** The primary key as read. */
export interface KeyView {
  readonly value: string
  readonly version: number
  readonly czxid: string
  readonly mzxid: string
}

/** What `/switchovers` itself holds. */
export interface Ledger {
  readonly czxid: string
  readonly base: number
}

export const keyOf = (znode: Znode): KeyView =>
  ({ value: znode.data, version: znode.version, czxid: znode.czxid, mzxid: znode.mzxid })

/** Leaves a billion epochs before their names are used up. A higher base was not made by counting. */
const HIGHEST_BASE = 9_000_000_000

/** Whether a znode's epoch can be real. The ledger continues after the newest epoch; a higher number would leave no room for the next one. */
export const isCounted = (epoch: number): boolean => epoch < HIGHEST_BASE

export function parseLedger (data: string | null | undefined): Ledger | null {
  const object = jsonObject(data)
  const czxid = text(object?.['czxid'])
  const base = count(object?.['base'])
  return czxid === null || base === null || base > HIGHEST_BASE ? null : { czxid, base }
}

/**
 * The ledger for the present life of the key. Where no epoch is known the key is PVC's or new, and its version is its epoch; otherwise the
 * present value gets the first epoch past the newest one known.
 */
export const ledgerFor = (key: KeyView, newest: number | null): Ledger =>
  ({ czxid: key.czxid, base: newest === null ? 0 : Math.max(0, newest + 1 - key.version) })

const DIGITS = 10

/** The name of an epoch's record below `/switchovers`. */
export const recordName = (epoch: number) => String(epoch).padStart(DIGITS, '0')

/** The epoch of a record's name, or null for a child that is no record. */
export const epochOfName = (name: string): number | null =>
  /^\d{10}$/.test(name) ? Number(name) : null
