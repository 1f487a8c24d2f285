/**
 * The client library, as `src/zookeeper/client/connection.ts` promises it, over simulated wires: it looks for a server that takes it, pings, gives
 * a silent one up, and continues with its session elsewhere until it is told that the session has expired.
 */
import type { Connection, ConnectionEvent, ConnectionOptions, Connector, CreateFlags, NewZnode, Stat, WatchKind, WriteGuard, ZnodeVersion } from '../../../src/zookeeper/client/connection.ts'
import { checkData, checkDeletions, checkGuarded, checkNewZnodes, checkPath, checkVersion } from '../../../src/zookeeper/client/arguments.ts'
import { fromZkCode, ZooKeeperError, type Operation } from '../../../src/zookeeper/client/errors.ts'
import { WatchBook, type WatchTable } from '../../../src/zookeeper/client/watch-book.ts'
import { contactTerms } from '../../../src/core/coordinator/lease.ts'
import type { Process } from '../process.ts'
import type { Random } from '../random.ts'
import type { Ensemble } from './ensemble.ts'
import type { Network, Wire } from './network.ts'
import type { Answer, ArmedWatch, Client, Request, Server } from './server.ts'

const CONNECTION_LOSS = -4
const CLOSING = -116
const NO_NODE = -101

export interface SimulatedZooKeeper {
  readonly ensemble: Ensemble
  readonly network: Network
  readonly random: Random
  /** Whose each session is, by the name of its process. */
  readonly owners: Map<string, string>
}

type Reply = Parameters<Answer>[0]

interface Pending {
  readonly op: Operation
  readonly path: string
  readonly settle: (reply: Reply | null) => void
}

class SimulatedConnection implements Connection {
  readonly #zookeeper: SimulatedZooKeeper
  readonly #process: Process
  readonly #options: ConnectionOptions
  readonly #watches = new WatchBook()
  readonly #armed = new Map<string, ArmedWatch>()
  readonly #pending: Pending[] = []
  readonly #tried: Server[] = []
  #last: Server | null = null
  #wire: Wire | null = null
  #client: Client | null = null
  #session: string | null = null
  /** The session time-out, as granted once it is. */
  #timeout: number
  #connected = false
  #over = false
  #lastHeard = 0
  #zxid = 0

  constructor (zookeeper: SimulatedZooKeeper, process: Process, options: ConnectionOptions) {
    this.#zookeeper = zookeeper
    this.#process = process
    this.#options = options
    this.#timeout = options.sessionTimeout
    this.#later(0, () => this.#connect())
  }

  get watchBytes (): number { return this.#watches.bytes }

  /** In the process, unless the connection is over by then. */
  #later (delay: number, action: () => void): void {
    this.#process.clock.after(delay, () => { if (!this.#over) action() })
  }

  /** Always from a step of its own, in the order in which things were learnt. */
  #emit (event: ConnectionEvent): void {
    if (!this.#over) this.#options.onEvent(event)
  }

  /** Every server once, in a random order, and then a pause. */
  #connect (): void {
    const { ensemble, network, random } = this.#zookeeper
    // As the C client goes round its list: the server that was left last comes last again.
    if (this.#tried.length === 0) this.#tried.push(...random.shuffled(ensemble.servers.filter((each) => each !== this.#last)), ...this.#last === null ? [] : [this.#last])
    const server = this.#tried.shift()
    if (server === undefined) return
    this.#last = server
    const pause = this.#tried.length === 0 ? this.#timeout / 60 + 1 : 1
    const wire = network.open(this.#process, server)
    this.#wire = wire
    let answered = false
    const refused = () => {
      if (answered || this.#wire !== wire) return
      answered = true
      wire.close()
      this.#wire = null
      this.#later(pause, () => this.#connect())
    }
    wire.onReset = refused
    this.#later(contactTerms(this.#timeout).silence, refused)
    wire.toServer(() => {
      if (!server.serving || server.znodes.zxid < this.#zxid || network.turnsAway(this.#process.name, server.id)) return wire.toProcess(refused)
      const accept = (session: string | null) => wire.toProcess(() => {
        if (answered) return
        answered = true
        if (session === null) return this.#expired()
        this.#established(wire, session)
      })
      if (this.#session === null) {
        return ensemble.open(server, this.#options.sessionTimeout, (session) => {
          this.#zookeeper.owners.set(session, this.#process.name)
          this.#attach(wire, session, () => accept(session))
        })
      }
      const open = ensemble.isOpen(server, this.#session)
      if (open === null) return wire.toProcess(refused)
      if (!open) return accept(null)
      const session = this.#session
      this.#attach(wire, session, () => accept(session))
    })
  }

  /** On the server: from here on it answers this client. */
  #attach (wire: Wire, session: string, done: () => void): void {
    const { ensemble } = this.#zookeeper
    const { server } = wire
    if (wire.closed || this.#wire !== wire) return
    if (!server.serving) return wire.reset()
    ensemble.move(session, server)
    ensemble.touch(server, session)
    const client: Client = {
      session,
      fired: (kind, path) => wire.toProcess(() => this.#fired(wire, kind, path)),
      dropped: () => wire.reset(),
      closed: () => wire.toProcess(() => wire.reset()),
    }
    server.attach(client)
    wire.onGone = () => server.detach(client)
    this.#client = client
    done()
  }

  #established (wire: Wire, session: string): void {
    const { clock } = this.#process
    this.#session = session
    this.#timeout = this.#zookeeper.ensemble.sessions.get(session)?.timeout ?? this.#timeout
    this.#connected = true
    this.#lastHeard = clock.monotonic()
    this.#tried.length = 0
    wire.onReset = () => this.#lost(wire)
    const client = this.#client
    const watches = [...this.#armed.values()]
    const since = this.#zxid
    if (watches.length > 0 && client !== null) wire.toServer(() => wire.server.rearm(client, watches, since))
    this.#emit({ type: 'connected', sessionId: session, negotiatedTimeout: this.#timeout })
    this.#ping(wire)
  }

  #ping (wire: Wire): void {
    if (this.#wire !== wire) return
    const { ensemble, network } = this.#zookeeper
    const client = this.#client
    if (this.#process.clock.monotonic() - this.#lastHeard >= contactTerms(this.#timeout).silence) return this.#lost(wire)
    const session = this.#session ?? ''
    wire.toServer(() => {
      ensemble.touch(wire.server, session)
      wire.server.pong(client, () => wire.toProcess(() => this.#heard()), network.options.timeline.now)
    })
    this.#later(contactTerms(this.#timeout).ping, () => this.#ping(wire))
  }

  #heard (): void { this.#lastHeard = this.#process.clock.monotonic() }

  #lost (wire: Wire): void {
    if (this.#wire !== wire || this.#over) return
    wire.close()
    this.#wire = null
    this.#connected = false
    this.#emit({ type: 'disconnected' })
    this.#failAll()
    this.#later(this.#client !== null && wire.server.turnedOut.has(this.#client) ? this.#timeout / 60 + 1 : 1, () => this.#connect())
  }

  #expired (): void {
    this.#wire?.close()
    this.#over = true
    this.#options.onEvent({ type: 'expired' })
    this.#failAll()
  }

  #failAll (): void {
    for (const { settle } of this.#pending.splice(0)) this.#process.clock.after(0, () => settle(null))
  }

  #fired (wire: Wire, kind: WatchKind, path: string): void {
    if (this.#wire !== wire) return
    this.#watches.fired(path, kind)
    const tables: readonly WatchTable[] = kind === 'children' ? ['child'] : kind === 'deleted' ? ['data', 'exist', 'child'] : ['data', 'exist']
    for (const table of tables) this.#armed.delete(`${table} ${path}`)
    this.#emit({ type: 'watch', kind, path })
  }

  #arm (path: string, table: WatchTable): void {
    this.#watches.armed(path, table)
    this.#armed.set(`${table} ${path}`, { path, table })
  }

  #call<T> (op: Operation, path: string, request: Request, finish: (reply: Reply) => T | ZooKeeperError): Promise<T> {
    const wire = this.#wire
    const client = this.#client
    if (this.#over || !this.#connected || wire === null || client === null) {
      // After whatever the client has learnt before and not told yet.
      return new Promise((_resolve, reject) => {
        this.#process.clock.after(0, () => reject(fromZkCode(this.#over ? CLOSING : CONNECTION_LOSS, op, path, false)))
      })
    }
    return new Promise((resolve, reject) => {
      const pending: Pending = {
        op,
        path,
        settle: (reply) => {
          const value = reply === null ? fromZkCode(this.#over ? CLOSING : CONNECTION_LOSS, op, path, true) : finish(reply)
          if (value instanceof ZooKeeperError) reject(value)
          else resolve(value)
        },
      }
      this.#pending.push(pending)
      wire.toServer(() => {
        this.#zookeeper.ensemble.touch(wire.server, client.session)
        wire.server.handle(client, request, (reply, zxid) => wire.toProcess(() => {
          this.#heard()
          this.#zxid = Math.max(this.#zxid, zxid)
          const at = this.#pending.indexOf(pending)
          if (at < 0) return
          this.#pending.splice(at, 1)
          pending.settle(reply)
        }))
      })
    })
  }

  async get (path: string, watch: boolean, maxLength = Infinity): Promise<{ data: string, stat: Stat }> {
    checkPath('get', path)
    return await this.#call('get', path, { op: 'get', path, watch }, ({ code, stat, data = '' }) => {
      if (code !== 0 || stat === null) return fromZkCode(code, 'get', path, true)
      if (watch) this.#arm(path, 'data')
      return { data: data.length > maxLength ? '' : data, stat }
    })
  }

  async exists (path: string, watch: boolean): Promise<Stat | null> {
    checkPath('exists', path)
    return await this.#call('exists', path, { op: 'exists', path, watch }, ({ code, stat }) => {
      if (code !== 0 && code !== NO_NODE) return fromZkCode(code, 'exists', path, true)
      if (watch) this.#arm(path, code === 0 ? 'data' : 'exist')
      return stat
    })
  }

  async children (path: string, watch: boolean): Promise<{ names: string[], stat: Stat }> {
    checkPath('children', path)
    return await this.#call('children', path, { op: 'children', path, watch }, ({ code, stat, names = [] }) => {
      if (code !== 0 || stat === null) return fromZkCode(code, 'children', path, true)
      if (watch) this.#arm(path, 'child')
      return { names: [...names], stat }
    })
  }

  async create (path: string, data: string, { ephemeral, sequential }: CreateFlags): Promise<string> {
    checkPath('create', path)
    checkData('create', path, data)
    return await this.#call('create', path, { op: 'create', path, data, ephemeral, sequential }, (reply) => reply.code === 0 ? reply.path : fromZkCode(reply.code, 'create', path, true))
  }

  async createAll (znodes: readonly NewZnode[]): Promise<void> {
    checkNewZnodes(znodes)
    const path = znodes[0]?.path ?? ''
    await this.#call('create', path, { op: 'create_all', znodes }, ({ code }) => code === 0 ? undefined : fromZkCode(code, 'create', path, true))
  }

  async set (path: string, data: string, version: number): Promise<Stat> {
    checkPath('set', path)
    checkData('set', path, data)
    checkVersion('set', path, version)
    return await this.#call('set', path, { op: 'set', path, data, version }, ({ code, stat }) => code === 0 && stat !== null ? stat : fromZkCode(code, 'set', path, true))
  }

  async delete (path: string, version: number): Promise<void> {
    checkPath('delete', path)
    checkVersion('delete', path, version)
    await this.#call('delete', path, { op: 'delete', path, version }, ({ code }) => code === 0 ? undefined : fromZkCode(code, 'delete', path, true))
  }

  async setGuarded (path: string, data: string, version: number, guard: WriteGuard): Promise<void> {
    checkGuarded(path, data, version, guard)
    await this.#call('set', path, { op: 'set_guarded', path, data, version, ...guard }, ({ code }) => code === 0 ? undefined : fromZkCode(code, 'set', path, true))
  }

  async deleteAll (znodes: readonly ZnodeVersion[], unchanged: readonly ZnodeVersion[]): Promise<void> {
    checkDeletions(znodes, unchanged)
    const path = znodes[0]?.path ?? ''
    await this.#call('delete', path, { op: 'delete_all', znodes, unchanged }, ({ code }) => code === 0 ? undefined : fromZkCode(code, 'delete', path, true))
  }

  async sync (path: string): Promise<void> {
    checkPath('sync', path)
    await this.#call('sync', path, { op: 'sync' }, ({ code }) => code === 0 ? undefined : fromZkCode(code, 'sync', path, true))
  }

  close (): void {
    if (this.#over) return
    this.#over = true
    const wire = this.#wire
    const client = this.#client
    if (this.#connected && wire !== null && client !== null) {
      wire.toServer(() => wire.server.handle(client, { op: 'close_session' }, () => {}))
    }
    wire?.close()
    this.#failAll()
  }
}

/** A `Connector` for one process. */
export function simulatedConnector (zookeeper: SimulatedZooKeeper, process: Process): Connector {
  return (options) => new SimulatedConnection(zookeeper, process, options)
}
