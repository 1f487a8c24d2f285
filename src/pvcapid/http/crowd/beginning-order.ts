/**
 * The order in which connections begin the requests that wait, one request at a time. Clients alternate: the thousands of connections of a crowd would otherwise
 * all come before the next request of a client of another address. Within one client, connections that have sent each request after the reply to the one before
 * alternate with those that pipeline.
 */
import type { Conduct } from './conduct.ts'

export interface Beginner {
  readonly client: string
  readonly conduct: Conduct
}

/** The connections of one client. */
class Lane<B extends Beginner> {
  readonly #orderly = new Set<B>()
  readonly #pipelining = new Set<B>()
  #isTurnOfOrderly = false

  get isEmpty (): boolean { return this.#orderly.size === 0 && this.#pipelining.size === 0 }

  add (connection: B): void {
    // Its conduct may have changed since it was added.
    if (this.#orderly.has(connection) || this.#pipelining.has(connection)) return
    (connection.conduct === 'pipelines' ? this.#pipelining : this.#orderly).add(connection)
  }

  delete (connection: B): void {
    this.#orderly.delete(connection)
    this.#pipelining.delete(connection)
  }

  take (): B | null {
    this.#isTurnOfOrderly = !this.#isTurnOfOrderly
    const first = this.#isTurnOfOrderly ? this.#orderly : this.#pipelining
    const [next = null] = first.size > 0 ? first : this.#isTurnOfOrderly ? this.#pipelining : this.#orderly
    if (next !== null) this.delete(next)
    return next
  }
}

export class BeginningOrder<B extends Beginner> {
  readonly #lanes = new Map<string, Lane<B>>()

  get isEmpty (): boolean { return this.#lanes.size === 0 }

  /** Behind all others of its client; one that is in the order already keeps its place. */
  add (connection: B): void {
    const lane = this.#lanes.get(connection.client) ?? new Lane<B>()
    this.#lanes.set(connection.client, lane)
    lane.add(connection)
  }

  delete (connection: B): void {
    const lane = this.#lanes.get(connection.client)
    if (lane === undefined) return
    lane.delete(connection)
    if (lane.isEmpty) this.#lanes.delete(connection.client)
  }

  /** Removes the connection whose turn it is; its client is then behind all others. Null if there is none. */
  take (): B | null {
    const [entry] = this.#lanes
    if (entry === undefined) return null
    const [client, lane] = entry
    const next = lane.take()
    this.#lanes.delete(client)
    if (!lane.isEmpty) this.#lanes.set(client, lane)
    return next
  }
}
