/**
 * One state of a watched tree. Immutable: what is read from one snapshot is from one revision, however long it is kept.
 */
import type { Stat, Zxid } from '../client/connection.ts'
import { baseName, parentPath } from '../client/paths.ts'
import type { Note } from './notes.ts'
import { PersistentMap } from './persistent-map.ts'

/** What is known of one znode. */
export interface CacheEntry {
  /** Empty if the data are of no interest to the tree. */
  readonly data: string
  /** As read with the data (with the list of children, if the data are of no interest): its `pzxid`, `cversion` and `numChildren` may be older than `names`. */
  readonly stat: Stat
  /** Sorted; null if the children are of no interest, or not read yet. */
  readonly names: readonly string[] | null
  /** The transaction of the list of children, to tell an unchanged one. */
  readonly listed: string
}

const NONE: readonly string[] = Object.freeze([])

export class CacheSnapshot {
  /** Grows by one with every published change; two snapshots of one revision have the same content. */
  readonly revision: number
  /**
   * Monotonic milliseconds: everything the servers had told by then is in here. It stands still while there is no contact,
   * and while something that has changed is still being read. Minus infinity before the first contact.
   */
  readonly asOf: number
  /**
   * Every change up to this transaction is in here; later ones may be. Empty before the first full reading. Hexadecimal, of one length: it
   * compares as text.
   */
  readonly zxid: Zxid | ''
  /** The serial of the session the last reading came from; 0 before the first. */
  readonly serial: number
  readonly #entries: PersistentMap<CacheEntry>
  readonly #notes: PersistentMap<Note>

  constructor (revision: number, asOf: number, zxid: Zxid | '', serial: number, entries: PersistentMap<CacheEntry>, notes: PersistentMap<Note> = PersistentMap.empty()) {
    this.revision = revision
    this.asOf = asOf
    this.zxid = zxid
    this.serial = serial
    this.#entries = entries
    this.#notes = notes
  }

  /** The znode at `path`, or undefined if it does not exist or is of no interest to the tree. */
  get (path: string): CacheEntry | undefined {
    return this.#entries.get(path)
  }

  /** The names of the children of `path`, sorted; empty if there are none or they are of no interest. */
  children (path: string): readonly string[] {
    return this.#entries.get(path)?.names ?? NONE
  }

  /**
   * Whether `path`, which has to be of interest to the tree, is not in here because it has not been read yet. A znode that has been read once, is
   * missing, or cannot be read, is not unread.
   */
  isUnread (path: string): boolean {
    if (this.#entries.get(path) !== undefined || this.#notes.get(path) === 'missing') return false
    for (let at = path; at !== '/';) {
      const parent = parentPath(at)
      const entry = this.#entries.get(parent)
      if (entry !== undefined) return this.#notes.get(parent) === 'listing' || entry.names?.includes(baseName(at)) === true
      if (this.#notes.get(parent) === 'missing') return false
      at = parent
    }
    return false
  }

  /** The number of znodes held. */
  get size (): number {
    return this.#entries.size
  }
}
