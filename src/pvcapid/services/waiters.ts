/**
 * Clients that wait for something to change, by topic: a waiter is woken only when its own topic is. Bounded in number, also for each client, and in
 * time, ended together at shutdown; a client that goes away leaves at once. Requests that wait for what they have asked for themselves have places of
 * their own, which no crowd of readers can take.
 */
import type { Clock } from '../../runtime/clock.ts'
import type { ApiError } from '../errors/errors.ts'
import { turnToResume } from '../http/turns.ts'
import type { Topic } from '../../projection/topic.ts'
import { Places } from './places.ts'
import type { Leaver } from './shared-reading.ts'

/** Requests that wait for their own writes, of all clients and of one. */
export const WRITES = 1_024
export const WRITES_PER_CLIENT = 256

/** The client that a reply is for. */
export interface Client extends Leaver {
  /** Whose share its places come from: its address, and its key if it has one. */
  readonly identity: string
  /** Calls `listener` when the client has gone, at once if it has already. Forgets it when disposed of. */
  onceOver (listener: () => void): Disposable
  /** Whether it has closed the connection or its side of it. */
  isOver (): boolean
  /** Why its key does not allow the request any more; null while it does. */
  keyFault (): ApiError | null
}

export interface WaitersOptions {
  readonly clock: Clock
  /** More than this many readers at once are refused. */
  readonly limit: number
  /** Likewise of one client; as `limit` unless given. */
  readonly perClient?: number
}

export class Waiters {
  readonly #options: WaitersOptions
  readonly #byTopic = new Map<Topic, Set<() => void>>()
  /** Clients that wait, and what ends the wait of each. */
  readonly #clients = new Map<Client, () => void>()
  readonly #reading: Places
  readonly #writing = new Places({ limit: WRITES, perClient: WRITES_PER_CLIENT, what: 'requests wait for what they asked for', instead: 'ask without wait' })
  #ended = false

  constructor (options: WaitersOptions) {
    this.#options = options
    this.#reading = new Places({ limit: options.limit, perClient: options.perClient ?? options.limit, what: 'clients are waiting', instead: 'ask without wait' })
  }

  /** Whether every wait has been ended, because this API stops. */
  get ended (): boolean { return this.#ended }

  /** How many places are taken. */
  get size (): number { return this.#reading.size + this.#writing.size }

  /** A place for a request that waits for its own write, until it is disposed of. Throws `too_many_waiting`. */
  placeOfWrite (client: Client | undefined): Disposable {
    return this.#writing.take(client?.identity)
  }

  /**
   * Resolves with what `check` gives as soon as that is not null, else with null: after `milliseconds`, when the client is gone, or at shutdown. `check` is
   * asked at once and at each wake, and must not throw. Rejects with `too_many_waiting`, and as the client's key is replaced meanwhile.
   */
  async until<T> (topic: Topic, milliseconds: number, client: Client | undefined, check: () => T | null): Promise<T | null> {
    const now = check()
    if (now !== null || milliseconds <= 0) return now
    const place = this.#reading.take(client?.identity)
    try {
      const found = await this.untilPlaced(topic, milliseconds, client, check)
      const fault = client?.keyFault() ?? null
      if (fault !== null) throw fault
      return found
    } finally {
      place[Symbol.dispose]()
    }
  }

  /** As `until`, for a request that has a place already, or waits so briefly that it needs none. Never rejects: the client's key is the caller's to look at. */
  async untilPlaced<T> (topic: Topic, milliseconds: number, client: Client | undefined, check: () => T | null): Promise<T | null> {
    const now = check()
    if (now !== null || milliseconds <= 0 || this.#ended) return now
    const { promise, resolve } = resolvers<T | null>()
    const wake = (): void => {
      const found = check()
      if (found !== null || this.#ended) resolve(found)
    }
    const end = (): void => resolve(check())
    const waiting = this.#byTopic.get(topic) ?? new Set()
    this.#byTopic.set(topic, waiting.add(wake))
    const timer = this.#options.clock.after(milliseconds, end)
    const leaving = client?.onceOver(end)
    if (client !== undefined) this.#clients.set(client, end)
    try {
      const found = await promise
      await turnToResume()
      return found
    } finally {
      timer[Symbol.dispose]()
      leaving?.[Symbol.dispose]()
      if (client !== undefined) this.#clients.delete(client)
      waiting.delete(wake)
      if (waiting.size === 0 && this.#byTopic.get(topic) === waiting) this.#byTopic.delete(topic)
    }
  }

  /** Something about `topic` has changed. */
  wake (topic: Topic): void {
    for (const wake of [...this.#byTopic.get(topic) ?? []]) wake()
  }

  /** Keys have been replaced: requests that wait with a revoked one are answered now. */
  endRevoked (): void {
    for (const [client, end] of [...this.#clients]) if (client.keyFault() !== null) end()
  }

  /** Every waiting request is answered with what there is; none waits from now on. */
  end (): void {
    this.#ended = true
    for (const topic of [...this.#byTopic.keys()]) this.wake(topic)
  }
}

function resolvers<T> (): { promise: Promise<T>, resolve: (value: T) => void } {
  let resolve: (value: T) => void = () => {}
  const promise = new Promise<T>((_resolve) => { resolve = _resolve })
  return { promise, resolve }
}
