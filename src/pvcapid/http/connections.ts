/**
 * All connections of the server, and the bounds on what clients may take together: connections of one address, bytes of requests, and bytes that
 * wait to be written. A client that does not read is given up: at once when more is held than may be, else after `PATIENCE`.
 *
 * The memory that is held for replies is what counts, not their length: a document or a list that many are sent is made once (`batch.ts`).
 */
import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import type { Clock } from '../../runtime/clock.ts'
import { pathOf } from '../errors/problem.ts'
import type { BasePath } from './base-path.ts'
import { BeginningOrder } from './crowd/beginning-order.ts'
import { addressMatcher, clientOf } from './client-address.ts'
import { Connection } from './connection.ts'
import type { ConnectionOwner, Ending } from './connection-owner.ts'
import { HeldRequests } from './crowd/held-requests.ts'
import { endWith } from './last-reply.ts'
import { ReadingOrder } from './crowd/reading-order.ts'
import { heldUnread, isReset } from './tcp-handle.ts'
import { connectionCame, isCrowded, longTurn, turnTime } from './turns.ts'

/** Bytes held for replies over all connections, beyond which clients that do not read are given up early. */
const HELD = 64 * 2 ** 20
/** Bytes beyond which the connections for which most is held are ended, whether they read or not. */
const HELD_AT_MOST = 2 * HELD
/** Milliseconds within which a client has to take `LEAST` bytes of what waits for it, or all of it. */
const PATIENCE = 20_000
const LEAST = 4_096
/** Milliseconds of a turn for requests that wait to be begun, while connections wait to be read. */
const BESIDE_READING = 1
/** While connections keep coming, the time for which they alone are taken in, for each time in which those that are here are served. */
const REST = 7
/** Open connections from which on it is looked at what has come of heads that are not whole: of fewer that is 16 KiB each at most. */
const MANY = 512
/** Milliseconds between two looks at heads that are not whole, and at how clients read; one that has taken nothing for `STALLED` looks is given up where too much is held. */
const LOOK = 250
const STALLED = 4

/** Why a connection was refused. */
export const refusals = ['address', 'total', 'handshake'] as const
export type Refusal = typeof refusals[number]

export interface ConnectionsOptions {
  readonly clock: Clock
  /** Connections of one client address; one of an IPv6 network counts with all of its /64. */
  readonly perAddress: number
  /** Addresses and networks that many clients come from. */
  readonly exempt: readonly string[]
  /** Bytes of requests over all connections; as `HELD_REQUESTS` unless given. */
  readonly requestBytes?: number
  /** The root unless given. */
  readonly basePath?: BasePath
  readonly onEnded: (reason: Ending) => void
  /** The first request of a connection is begun, which has waited for this process for so many milliseconds. */
  readonly onBegun?: (waited: number) => void
  /** `error` is what a TLS handshake failed of. */
  readonly onRefused: (reason: Refusal, address: string, error?: NodeJS.ErrnoException) => void
}

/** How a connection reads that something is waiting for. */
interface Reading {
  /** Bytes taken and the time, when it last had taken enough. */
  taken: number
  since: number
  /** Bytes taken at the last look, and looks since there were more. */
  last: number
  stalled: number
}

export class Connections {
  readonly #options: ConnectionsOptions
  readonly #isExempt: (address: string) => boolean
  readonly #byClient = new Map<string, number>()
  readonly #requests: HeldRequests
  readonly #writing = new Map<Connection, Reading>()
  #open = 0
  #waiting = 0
  #inProgress = 0
  #looking = false
  #lookingAtHeads = false
  /** When the first request of this turn was begun, monotonic; null if none was. */
  #turn: number | null = null
  /** Connections with requests that are to be begun in a later turn. */
  readonly #later = new BeginningOrder<Connection>()
  readonly #reading = new ReadingOrder()
  /** Whether the last turn read or began what had waited, and until when the next one does not, monotonic. */
  #worked = false
  #restUntil = 0
  #owner: ConnectionOwner<Connection> | null = null

  constructor (options: ConnectionsOptions) {
    this.#options = options
    this.#requests = new HeldRequests(options.requestBytes)
    this.#isExempt = addressMatcher(options.exempt)
  }

  get open (): number { return this.#open }
  /** Requests that the application has, and those behind them. */
  get inProgress (): number { return this.#inProgress }
  get waiting (): number { return this.#waiting }

  /** Bytes that are held for requests. */
  get requestBytes (): number { return this.#requests.bytes }

  /** Bytes that are held for replies. */
  get held (): number {
    let sum = 0
    for (const connection of this.#writing.keys()) sum += connection.held
    return sum
  }

  /** Counts a new connection, before TLS. False if it was refused. */
  admit (socket: Socket): boolean {
    connectionCame()
    const address = socket.remoteAddress
    if (address === undefined) {
      socket.destroy()
      return false
    }
    const client = clientOf(address)
    const count = this.#byClient.get(client) ?? 0
    if (count >= this.#options.perAddress && !this.#isExempt(address)) {
      this.refused('address', address)
      socket.destroy()
      return false
    }
    this.#byClient.set(client, count + 1)
    this.#open += 1
    if (this.#open > MANY && !this.#lookingAtHeads) this.#lookAtHeads()
    socket.once('close', () => {
      this.#open -= 1
      const left = (this.#byClient.get(client) ?? 1) - 1
      if (left === 0) this.#byClient.delete(client)
      else this.#byClient.set(client, left)
    })
    return true
  }

  #lookAtHeads (): void {
    this.#lookingAtHeads = this.#open > MANY
    this.#requests.lookAtHeads()
    if (this.#lookingAtHeads) this.#options.clock.after(LOOK, () => this.#lookAtHeads())
  }

  refused (reason: Refusal, address: string, error?: NodeJS.ErrnoException): void {
    this.#options.onRefused(reason, address, error)
  }

  /**
   * A connection that was admitted: `begin` has it read, at once or when its turn has come.
   */
  enter (socket: Socket, begin: () => void): void {
    if (!this.#reading.holds && this.#isInTime()) {
      begin()
      return
    }
    const since = this.#options.clock.monotonic()
    const read = () => {
      heldUnread(socket, this.#options.clock.monotonic() - since)
      begin()
    }
    this.#reading.addHeld({ client: clientOf(socket.remoteAddress ?? ''), conduct: 'new', isOver: () => socket.destroyed || endIfReset(socket), hold: () => {}, read })
    if (this.#turn === null) this.#beginTurn()
  }

  /** Sends the last reply of a connection, and ends it. */
  endWith (socket: Socket, text: string): void {
    endWith(socket, text, (milliseconds, action) => this.#options.clock.after(milliseconds, action))
  }

  /** A connection on which requests may come from now on. */
  opened (socket: Socket): void {
    if (this.#owner === null || socket.destroyed) return
    this.#reading.add(Connection.for(socket, this.#owner))
  }

  /** What the server is to call for each request instead of `handler`. */
  listener (handler: RequestListener): RequestListener {
    const owner: ConnectionOwner<Connection> = {
      handler,
      hasTime: () => this.#hasTime(),
      later: (connection) => {
        this.#later.add(connection)
        if (this.#turn === null) this.#beginTurn()
      },
      requests: this.#requests,
      waiting: (count) => { this.#waiting += count },
      inProgress: (count) => { this.#inProgress += count },
      ended: (reason) => this.#options.onEnded(reason),
      begun: (waited) => this.#options.onBegun?.(waited),
      now: () => this.#options.clock.monotonic(),
      seen: (request) => seenPath(request, this.#options.basePath),
      reading: (connection) => this.#reading.add(connection),
      closed: (connection) => {
        this.#reading.delete(connection)
        this.#later.delete(connection)
        this.#holdIfLong()
      },
      after: (milliseconds, action) => this.#options.clock.after(milliseconds, action),
    }
    this.#owner = owner
    return (request: IncomingMessage, response: ServerResponse) => Connection.for(request.socket, owner).request(request, response)
  }

  #hasTime (): boolean {
    const lasted = this.#holdIfLong()
    // Requests that wait already come first.
    return this.#later.isEmpty && lasted < turnTime()
  }

  /** Returns how long this turn has lasted, milliseconds. */
  #holdIfLong (): number {
    if (this.#turn === null) this.#beginTurn()
    const lasted = this.#options.clock.monotonic() - (this.#turn ?? 0)
    if (lasted >= longTurn()) this.#reading.holdAll()
    return lasted
  }

  #isInTime (): boolean {
    return this.#turn === null || this.#options.clock.monotonic() - this.#turn < longTurn()
  }

  #beginTurn (): void {
    this.#turn = this.#options.clock.monotonic()
    setImmediate(() => this.#endTurn())
  }

  /**
   * Some of the connections that are held are read in the next turn, and what is left of the turn before is begun, one request of each connection after
   * another, as long as there is time. While connections keep coming that takes one part of the time in eight: each turn takes in one of them, and a client that
   * comes last in the system's queue of 511 waits for all of these turns.
   */
  #endTurn (): void {
    const now = this.#options.clock.monotonic()
    const lasted = now - (this.#turn ?? now)
    this.#turn = null
    if (this.#later.isEmpty && !this.#reading.holds) return
    this.#beginTurn()
    if (this.#worked) this.#restUntil = now + lasted * REST
    this.#worked = !isCrowded() || now >= this.#restUntil
    if (!this.#worked) return
    this.#reading.readSome(lasted > turnTime())
    // Reading comes first: only a parsed request can be put in order.
    this.#beginOne(now, this.#reading.holds ? BESIDE_READING : turnTime())
  }

  /** What a request leaves to its promises counts as well: it comes before the next one. */
  #beginOne (begun: number, time: number): void {
    const connection = this.#later.take()
    if (connection === null) return
    if (connection.beginNext()) this.#later.add(connection)
    if (this.#options.clock.monotonic() - begun < time) queueMicrotask(() => this.#beginOne(begun, time))
  }

  /** Something waits to be written on this socket: from now on it is looked at whether its client reads. */
  writing (socket: Socket | null | undefined): void {
    const connection = Connection.of(socket)
    if (connection === null || this.#writing.has(connection) || connection.socket.destroyed) return
    const { taken } = connection
    this.#writing.set(connection, { taken, since: this.#options.clock.monotonic(), last: taken, stalled: 0 })
    if (this.#looking) return
    this.#looking = true
    this.#lookLater()
  }

  #lookLater (): void {
    this.#options.clock.after(LOOK, () => {
      this.#look()
      if (this.#writing.size > 0) this.#lookLater()
      else this.#looking = false
    })
  }

  #look (): void {
    const now = this.#options.clock.monotonic()
    const found: Array<{ readonly connection: Connection, readonly reading: Reading, readonly held: number }> = []
    let sum = 0
    for (const [connection, reading] of this.#writing) {
      const { held } = connection
      if (held === 0 || connection.socket.destroyed) {
        this.#writing.delete(connection)
        continue
      }
      const { taken } = connection
      // What waits behind a reply that is not there yet is not for the client to read.
      const mayRead = connection.socket.writableLength > 0
      reading.stalled = mayRead && taken === reading.last ? reading.stalled + 1 : 0
      reading.last = taken
      if (!mayRead || taken - reading.taken >= LEAST) {
        reading.taken = taken
        reading.since = now
      } else if (now - reading.since >= PATIENCE) {
        this.#end(connection, 'not_reading')
        continue
      }
      sum += held
      found.push({ connection, reading, held })
    }
    if (sum <= HELD) return
    found.sort((a, b) => b.reading.stalled - a.reading.stalled || b.held - a.held)
    for (const { connection, reading, held } of found) {
      if (sum <= HELD || reading.stalled < STALLED) break
      this.#end(connection, 'not_reading')
      sum -= held
    }
    if (sum <= HELD_AT_MOST) return
    found.sort((a, b) => b.held - a.held)
    for (const { connection, held } of found) {
      if (sum <= HELD) break
      if (connection.socket.destroyed) continue
      this.#end(connection, 'bytes')
      sum -= held
    }
  }

  #end (connection: Connection, reason: Ending): void {
    connection.end(reason)
    this.#writing.delete(connection)
  }
}

/** Destroys a socket that was reset before its first read. Returns whether it was. */
function endIfReset (socket: Socket): boolean {
  if (!isReset(socket)) return false
  socket.destroy()
  return true
}

function seenPath (request: IncomingMessage, basePath: BasePath | undefined): string {
  const path = pathOf(request.url ?? '/')
  return basePath === undefined ? path : basePath.seen(request, basePath.stripped(path))
}
