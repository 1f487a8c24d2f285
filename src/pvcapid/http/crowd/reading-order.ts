/**
 * The order in which connections are read. One turn of the event loop reads every readable connection, and Node parses all requests in 64 KiB at once.
 * A crowd that sends at the same moment would make one turn of several seconds and starve all other clients. A turn that has lasted too long therefore
 * holds all connections, and later turns read a few of them each.
 *
 * Clients alternate. Within one client, orderly connections alternate with new ones. Of the new ones the newest alternates with the longest held: the
 * client of the newest is most likely still waiting, and the longest held must not starve. Pipelining connections come last; one of them is read in each turn.
 */
import type { Conduct } from './conduct.ts'

/** A connection that is read, or one that has come and is not read yet. */
export interface Reader {
  readonly client: string
  readonly conduct: Conduct
  /** Whether nothing of it is to be read any more. One whose client has reset it is closed by this look: to read it would cost as much as if its client were there. */
  isOver (): boolean
  /** Is not to be read until `read`. */
  hold (): void
  /** Is read from now on, and added to those that are. */
  read (): void
}

/** Connections read in one turn, at most. */
const MOST = 4_096

/** The place of a connection among those that are held. The place of one that has closed stays, empty: a closed connection would keep all its requests in memory. */
interface Place {
  reader: Reader | null
}

/** The held connections of one client, each list in the order in which they were held. */
class Lane {
  readonly #held: Readonly<Record<Conduct, Place[]>> = { new: [], orderly: [], pipelines: [] }
  #taken = 0

  get isEmpty (): boolean { return this.#held.new.length === 0 && this.#held.orderly.length === 0 && this.#held.pipelines.length === 0 }

  add (place: Place, conduct: Conduct): void { this.#held[conduct].push(place) }

  take (): Place | undefined {
    const { new: fresh, orderly } = this.#held
    this.#taken += 1
    const isTurnOfNew = this.#taken % 2 === 0
    if (isTurnOfNew || orderly.length === 0) {
      const next = this.#taken % 4 < 2 ? fresh.pop() : fresh.shift()
      if (next !== undefined) return next
    }
    return orderly.shift() ?? this.takePipelining()
  }

  takePipelining (): Place | undefined { return this.#held.pipelines.shift() }
}

export class ReadingOrder {
  readonly #reading = new Set<Reader>()
  readonly #places = new Map<Reader, Place>()
  readonly #lanes = new Map<string, Lane>()
  /** Connections that the next turn reads. */
  #allowance = 1

  /** Whether a connection is held. */
  get holds (): boolean { return this.#lanes.size > 0 }

  /** A connection that is read from now on. */
  add (reader: Reader): void { this.#reading.add(reader) }

  /** A connection that has to wait for its turn. */
  addHeld (reader: Reader): void {
    const lane = this.#lanes.get(reader.client) ?? new Lane()
    this.#lanes.set(reader.client, lane)
    const place = { reader }
    this.#places.set(reader, place)
    lane.add(place, reader.conduct)
  }

  /** A connection that has closed. The place of one that is held is passed over when it comes to its turn. */
  delete (reader: Reader): void {
    this.#reading.delete(reader)
    const place = this.#places.get(reader)
    if (place === undefined) return
    place.reader = null
    this.#places.delete(reader)
  }

  /** The turn has lasted too long. */
  holdAll (): void {
    if (!this.holds) this.#allowance = 1
    for (const reader of this.#reading) {
      reader.hold()
      this.addHeld(reader)
    }
    this.#reading.clear()
  }

  /** Reads some: more than in the turn before, or fewer where that was long. */
  readSome (wasLong: boolean): void {
    this.#allowance = wasLong ? Math.max(1, this.#allowance >> 1) : Math.min(MOST, this.#allowance * 2)
    for (let left = this.#allowance; left > 0 && this.holds;) if (this.#readNext((lane) => lane.take())) left -= 1
    for (let lanes = this.#lanes.size; lanes > 0; lanes -= 1) if (this.#readNext((lane) => lane.takePipelining())) break
  }

  /** Reads one of the client whose turn it is, which is then behind all others. Returns whether there was one. */
  #readNext (take: (lane: Lane) => Place | undefined): boolean {
    const [entry] = this.#lanes
    if (entry === undefined) return false
    const [client, lane] = entry
    const reader = take(lane)?.reader ?? null
    this.#lanes.delete(client)
    if (!lane.isEmpty) this.#lanes.set(client, lane)
    if (reader === null) return false
    this.#places.delete(reader)
    if (reader.isOver()) return false
    reader.read()
    return true
  }
}
