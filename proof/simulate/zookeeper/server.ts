/**
 * One server of the ensemble: its own copy of the znodes, which may lag behind, and the clients that talk to it. Reads are answered from
 * the copy, writes once they have come back from the leader; one connection's requests are answered in order, and a watch event goes out
 * before any answer that could show what it tells of.
 */
import type { WatchTable } from '../../../src/zookeeper/client/watch-book.ts'
import type { WatchKind } from '../../../src/zookeeper/client/connection.ts'
import type { AccessLists } from './access-lists.ts'
import { Znodes, type Change, type Effect, type Transaction } from './znodes.ts'

export type Reading = { readonly op: 'get' | 'exists' | 'children', readonly path: string, readonly watch: boolean }
export type Request = Reading | Change

/** The server's end of a connection. */
export interface Client {
  readonly session: string
  /** Both are sent, in this order, and may never arrive. */
  fired (kind: WatchKind, path: string): void
  dropped (): void
  /** The server closes the connection, after what it has sent. */
  closed (): void
}

export type Propose = (server: Server, session: string, change: Change, applied: (effect: Effect) => void) => void

export type Answer = (effect: Effect & { readonly data?: string, readonly names?: readonly string[] }, zxid: number) => void

interface Line {
  busy: boolean
  readonly waiting: Array<() => void>
}

const NO_NODE = -101
const NO_AUTH = -102
const AUTH_REQUIRED = -124
const isReading = (request: Request): request is Reading => 'watch' in request
const fires: Readonly<Record<WatchTable, ReadonlySet<WatchKind>>> = {
  data: new Set(['changed', 'deleted', 'created']),
  exist: new Set(['created', 'changed', 'deleted']),
  child: new Set(['children', 'deleted']),
}

export interface ArmedWatch {
  readonly path: string
  readonly table: WatchTable
}

export class Server {
  readonly id: number
  #znodes = new Znodes()
  up = true
  /** In touch with a leader that has a quorum. */
  inTouch = true
  /** It will take no client: it is down, or has noticed that it is out of touch. */
  get serving (): boolean { return this.up && !this.shut }
  shut = false
  /** Milliseconds of the timeline until which it applies nothing that others have committed. It is in touch, and answers from what it has. */
  lagsUntil = -Infinity
  /** It serves no session that does not authenticate, which none does. */
  authRequired = false
  readonly turnedOut = new WeakSet<Client>()
  readonly #lines = new Map<Client, Line>()
  readonly #watches: Readonly<Record<WatchTable, Map<string, Set<Client>>>> = { data: new Map(), exist: new Map(), child: new Map() }
  /** Who waits here for which transaction. */
  readonly #awaited = new Map<number, (effect: Effect) => void>()
  readonly #propose: Propose

  readonly #access: AccessLists

  constructor (id: number, propose: Propose, access: AccessLists) {
    this.id = id
    this.#propose = propose
    this.#access = access
  }

  get znodes (): Znodes { return this.#znodes }

  /** Its data are gone. No client is attached. */
  forget (): void {
    this.#znodes = new Znodes()
    this.#awaited.clear()
  }

  attach (client: Client): void { this.#lines.set(client, { busy: false, waiting: [] }) }

  /** The connection is gone, for whatever reason: nothing is answered any more. */
  detach (client: Client): void {
    this.#lines.delete(client)
    for (const table of Object.values(this.#watches)) for (const clients of table.values()) clients.delete(client)
  }

  dropAll (): void {
    for (const client of [...this.#lines.keys()]) {
      this.detach(client)
      client.dropped()
    }
  }

  drop (session: string): void {
    for (const client of [...this.#lines.keys()]) {
      if (client.session !== session) continue
      this.detach(client)
      client.dropped()
    }
  }

  /** A request has arrived. */
  handle (client: Client, request: Request, answer: Answer): void {
    const line = this.#lines.get(client)
    if (line === undefined) return
    const work = () => {
      if (this.authRequired) return this.#turnOut(client, answer)
      if (isReading(request)) return this.#read(client, request, answer)
      line.busy = true
      this.#propose(this, client.session, request, (effect) => {
        if (this.#lines.get(client) !== line) return
        answer(effect, this.znodes.zxid)
        line.busy = false
        while (!line.busy) {
          const next = line.waiting.shift()
          if (next === undefined) break
          next()
        }
      })
    }
    if (line.busy) line.waiting.push(work)
    else work()
  }

  /** Answers a ping: after what was asked before it, while that waits for what is not applied here. */
  pong (client: Client | null, answer: () => void, now: number): void {
    const line = client === null ? undefined : this.#lines.get(client)
    if (line?.busy === true && this.lagsUntil > now) line.waiting.push(answer)
    else answer()
  }

  /** Says why, and closes the connection. The session lives on until it times out. */
  #turnOut (client: Client, answer: Answer): void {
    this.turnedOut.add(client)
    answer({ code: AUTH_REQUIRED, path: '', stat: null, events: [] }, this.znodes.zxid)
    this.detach(client)
    client.closed()
  }

  /** The watches that a client had before: those that have missed something fire now, the others are armed again. */
  rearm (client: Client, watches: readonly ArmedWatch[], since: number): void {
    // The client does not look at that answer.
    if (this.authRequired) return this.#turnOut(client, () => {})
    const limit = since.toString(16).padStart(16, '0')
    for (const { path, table } of watches) {
      const found = this.znodes.get(path)
      const missed = found === null
        ? (table === 'exist' ? null : 'deleted')
        : table === 'exist'
          ? 'created'
          : table === 'data'
            ? (found.stat.mzxid > limit ? 'changed' : null)
            : found.stat.pzxid > limit ? 'children' : null
      if (missed === null) this.#arm(client, path, table)
      else client.fired(missed, path)
    }
  }

  /** `action` is done once the transaction of that tag has been applied here. */
  expect (tag: number, action: (effect: Effect) => void): void { this.#awaited.set(tag, action) }

  apply (transaction: Transaction): void {
    const effect = this.znodes.apply(transaction)
    for (const { kind, path } of effect.events) this.#fire(kind, path)
    const awaited = this.#awaited.get(transaction.tag)
    this.#awaited.delete(transaction.tag)
    awaited?.(effect)
    if (transaction.change.op === 'close_session') this.drop(transaction.session)
  }

  #read (client: Client, { op, path, watch }: Reading, answer: Answer): void {
    const found = this.znodes.get(path)
    if (found !== null && op !== 'exists' && !this.#access.permits(path, 'r')) return answer({ code: NO_AUTH, path, stat: null, events: [] }, this.znodes.zxid)
    if (watch && (found !== null || op === 'exists')) this.#arm(client, path, op === 'children' ? 'child' : found === null ? 'exist' : 'data')
    const names = op === 'children' ? this.znodes.children(path) : null
    answer({ code: found === null ? NO_NODE : 0, path, stat: found?.stat ?? null, events: [], ...(found === null ? {} : { data: found.data }), ...(names === null ? {} : { names }) }, this.znodes.zxid)
  }

  #arm (client: Client, path: string, table: WatchTable): void {
    const clients = this.#watches[table].get(path) ?? new Set<Client>()
    this.#watches[table].set(path, clients.add(client))
  }

  #fire (kind: WatchKind, path: string): void {
    const told = new Set<Client>()
    for (const [table, kinds] of Object.entries(fires) as Array<[WatchTable, ReadonlySet<WatchKind>]>) {
      if (!kinds.has(kind)) continue
      const clients = this.#watches[table].get(path)
      if (clients === undefined) continue
      for (const client of clients) told.add(client)
      this.#watches[table].delete(path)
    }
    // As Debian's version does: who may not read the znode at that moment is not told, and has no watch any more.
    if (this.#access.permits(path, 'r')) for (const client of told) client.fired(kind, path)
  }
}
