/**
 * The port over the native `zookeeper` package: the one place in the project that calls it.
 *
 * Guarantees what `connection.ts` asks for, and in particular that nothing of ours ever runs inside a native callback:
 * closing there aborts the process, and a socket opened there can hang for ever. Every native event and result goes
 * through `Deliveries` first, in order. One instance is started once and closed once; arguments are checked; servers
 * are handed over as IP literals only; native messages, which can contain payloads, are dropped.
 * Does not guarantee: deadlines (`session.ts`), or that `close()` is quick: it may block the process for 4.5 s.
 */
import { isMainThread } from 'node:worker_threads'
import { systemClock, type Clock, type Timer } from '../../runtime/clock.ts'
import { hostLookup, type Lookup } from '../../runtime/process/name-lookup.ts'
import { checkData, checkDeletions, checkFlag, checkGuarded, checkNewZnodes, checkPath, checkVersion } from './arguments.ts'
import type { Connection, ConnectionEvent, ConnectionOptions, Connector, CreateFlags, NewZnode, Stat, WatchKind, WriteGuard, ZnodeVersion, Zxid } from './connection.ts'
import { chrooted } from './chroot.ts'
import { Deliveries } from './deliveries.ts'
import { ZooKeeperError, fromZkCode, type Operation } from './errors.ts'
import { AUTH_REQUIRED, EPHEMERAL, EXPIRED, NO_NODE, nativeZooKeeper, SEQUENTIAL, STATE_CONNECTING, isPatched, type NativeClient, type NativeOperations, type NativeStat } from './native-client.ts'
import { areLiterals, nativeLiteral, resolveEach, uniqueAddresses } from './resolve.ts'
import { connectionOrder } from './server-order.ts'
import { withoutSilent } from './silent-addresses.ts'
import { WatchBook } from './watch-book.ts'

export interface NativeOptions {
  lookup?: Lookup
  clock?: Clock
  /** Milliseconds between two resolutions of names while there is no connection. Default 5,000. */
  resolveInterval?: number
  /** From 0 to 1, as `Math.random`, which it is by default. */
  random?: () => number
  /** A name that could not be resolved, with the name; or an unforeseen failure that has no other way out. */
  onProblem?: (error: unknown, host?: string) => void
}

/** Bytes of a value from which on it is large: decoding it takes longer than anything else that a turn of the event loop is used for. */
const LARGE = 65_536

interface NativeSettings extends Required<NativeOptions> {
  /** The addresses that each name had last, in any connection of this process. */
  readonly known: Map<string, readonly string[]>
}

function zxid (value: number): Zxid {
  return value.toString(16).padStart(16, '0')
}

function statOf (native: NativeStat): Stat {
  const { version, cversion, ephemeralOwner, numChildren, dataLength } = native
  // Most znodes are never changed, and one text will do then: there are tens of thousands.
  const czxid = zxid(native.czxid)
  const sharedZxid = (value: number): Zxid => value === native.czxid ? czxid : zxid(value)
  return Object.freeze({
    version,
    cversion,
    czxid,
    mzxid: sharedZxid(native.mzxid),
    pzxid: sharedZxid(native.pzxid),
    ctime: native.ctime.getTime(),
    mtime: native.mtime.getTime(),
    ephemeralOwner,
    numChildren,
    dataLength,
  })
}

/** A UTF-16 unit takes three bytes of UTF-8 at most: what cannot be short enough is not decoded. */
function textOf (data: Buffer, maxLength: number): string {
  const text = data.length > 3 * maxLength ? '' : data.toString('utf8')
  return text.length > maxLength ? '' : text
}

/** Name servers give addresses in any order. */
function sameAddresses (a: readonly string[], b: readonly string[]): boolean {
  return a.length === b.length && a.every((address) => b.includes(address))
}

type Finish<R extends unknown[], T> = (code: number, ...result: R) => T | ZooKeeperError

class NativeConnection implements Connection {
  readonly #options: ConnectionOptions
  readonly #native: NativeSettings
  readonly #watches = new WatchBook()
  readonly #deliveries = new Deliveries()
  #client: NativeClient | null = null
  #addresses: readonly string[] = []
  #negotiatedTimeout = 0
  #disconnectedAt = 0
  #connected = false
  /** Terminal: closed by us, expired or failed. */
  #over = false
  #resolving: Timer | null = null

  constructor (options: ConnectionOptions, native: NativeSettings) {
    this.#options = options
    this.#native = native
    this.#deliveries.add(() => {
      this.#start().catch((error: unknown) => this.#fail(error))
    })
  }

  get watchBytes (): number { return this.#watches.bytes }

  async #start (): Promise<void> {
    // Ending a worker with a live client aborts the process.
    if (!isMainThread) throw new ZooKeeperError('invalid_argument', { op: 'connect', detail: 'ZooKeeper needs the main thread' })
    const { clock, random } = this.#native
    const servers = await this.#resolve()
    const order = connectionOrder(await withoutSilent(servers, clock), random)
    if (this.#over) return
    this.#addresses = uniqueAddresses(servers)
    const client = new (nativeZooKeeper())({
      connect: order.map(nativeLiteral).join(','),
      timeout: this.#options.sessionTimeout,
      debug_level: 0,
      host_order_deterministic: true,
      // By default ten partial reads in a row are reported as an expiry.
      response_counter_limit: 2_147_483_647,
    })
    if (!isPatched(client)) throw new ZooKeeperError('client_unpatched', { op: 'connect' })
    this.#client = client
    client.on('connect', () => {
      const sessionId = client.client_id
      const negotiatedTimeout = client.timeout
      this.#defer(() => this.#connect(sessionId, negotiatedTimeout))
    })
    client.on('connecting', () => this.#defer(() => this.#disconnect()))
    client.on('close', (_client, code) => this.#defer(() => this.#closedByClient(code)))
    for (const [event, kind] of [['created', 'created'], ['deleted', 'deleted'], ['changed', 'changed'], ['child', 'children'], ['notwatching', 'removed']] as const) {
      client.on(event, (_client, path) => this.#defer(() => this.#fire(kind, path)))
    }
    client.init({})
    // `init` hides a bad address; the state does not.
    if (client.state !== STATE_CONNECTING) throw new ZooKeeperError('connect_failed', { op: 'connect', detail: this.#addresses.join(', ') })
  }

  async #resolve (): Promise<ReadonlyArray<readonly string[]>> {
    const { lookup, clock, known, onProblem } = this.#native
    return await resolveEach(this.#options.servers, { lookup, clock, known, onFailure: (host, error) => onProblem(error, host) })
  }

  /** Never run our code inside a native callback. */
  #defer (action: () => void): void {
    this.#deliveries.add(() => { if (!this.#over) action() })
  }

  #emit (event: ConnectionEvent): void {
    this.#options.onEvent(event)
  }

  #connect (sessionId: string, negotiatedTimeout: number): void {
    this.#connected = true
    this.#negotiatedTimeout = negotiatedTimeout
    this.#resolving?.[Symbol.dispose]()
    this.#resolving = null
    this.#emit({ type: 'connected', sessionId, negotiatedTimeout })
  }

  #disconnect (): void {
    if (!this.#connected) return
    this.#connected = false
    this.#disconnectedAt = this.#native.clock.monotonic()
    if (!areLiterals(this.#options.servers)) this.#resolveLater(0)
    this.#emit({ type: 'disconnected' })
  }

  /**
   * While there is no connection, names are resolved again: the servers may have moved. The client cannot be told
   * (`set_servers` closes a socket that libuv still polls, which has aborted the process), so once the session can hardly
   * be alive any more this connection gives up, and the next one starts with the new addresses.
   */
  #resolveLater (delay: number): void {
    this.#resolving = this.#native.clock.after(delay, () => {
      this.#resolve().then((servers) => {
        if (this.#over || this.#connected || sameAddresses(uniqueAddresses(servers), this.#addresses)) return
        const away = this.#native.clock.monotonic() - this.#disconnectedAt
        if (away >= this.#negotiatedTimeout) throw new ZooKeeperError('connect_failed', { op: 'connect', detail: 'the servers have other addresses now' })
      }).catch((error: unknown) => {
        if (error instanceof ZooKeeperError && error.code === 'connect_failed') this.#fail(error)
        // That no name is resolved has been reported for each.
        else if (!(error instanceof ZooKeeperError && error.code === 'resolve_failed')) this.#native.onProblem(error)
      }).finally(() => {
        if (!this.#over && !this.#connected) this.#resolveLater(this.#native.resolveInterval)
      })
    })
  }

  #closedByClient (code: number): void {
    // The native side has closed itself: it must not be closed again.
    this.#client = null
    if (code === EXPIRED) {
      this.#end()
      this.#emit({ type: 'expired' })
    } else {
      this.#fail(code === AUTH_REQUIRED ? new ZooKeeperError('auth_required', { op: 'connect', zkCode: code }) : new ZooKeeperError('auth_failed', { op: 'connect', zkCode: code }))
    }
  }

  #fail (error: unknown): void {
    if (this.#over) {
      this.#native.onProblem(error)
      return
    }
    this.#end()
    const typed = error instanceof ZooKeeperError ? error : new ZooKeeperError('connect_failed', { op: 'connect', cause: error })
    this.#emit({ type: 'failed', error: typed })
  }

  /** Nothing is delivered after this; a native client that is still alive is closed. */
  #end (): void {
    this.#over = true
    this.#resolving?.[Symbol.dispose]()
    const client = this.#client
    this.#client = null
    client?.close()
  }

  #fire (kind: WatchKind, path: string): void {
    this.#watches.fired(path, kind)
    this.#emit({ type: 'watch', kind, path })
  }

  /** One request. `finish` turns the result into a value or an error, outside of the native callback. */
  #call<R extends unknown[], T> (op: Operation, path: string, start: (client: NativeOperations, done: (code: number, message: string, ...result: R) => void) => number, finish: Finish<R, T>): Promise<T> {
    const client = this.#client
    if (client === null) {
      // A closed client must not be called: it leaks what it is given.
      const code = this.#over ? 'closed' : 'connection_loss'
      return Promise.reject(new ZooKeeperError(code, { op, path }))
    }
    return new Promise((resolve, reject) => {
      const rc = start(client.native, (code, _message, ...result) => {
        this.#deliveries.add(() => {
          const value = finish(code, ...result)
          if (value instanceof ZooKeeperError) reject(value)
          else resolve(value)
        })
      })
      if (rc < 0) reject(fromZkCode(rc, op, path, false))
    })
  }

  async get (path: string, watch: boolean, maxLength = Infinity): Promise<{ data: string, stat: Stat }> {
    checkPath('get', path)
    checkFlag('get', path, 'watch', watch)
    return await this.#call('get', path, (client, done: (code: number, message: string, stat: NativeStat | null, data: Buffer | null) => void) => client.a_get(path, watch, done), (code, stat, data) => {
      if (code !== 0 || stat === null) return fromZkCode(code, 'get', path, true)
      if (watch) this.#watches.armed(path, 'data')
      if (data !== null && data.length >= LARGE) this.#deliveries.leaveTurn()
      return { data: data === null ? '' : textOf(data, maxLength), stat: statOf(stat) }
    })
  }

  async exists (path: string, watch: boolean): Promise<Stat | null> {
    checkPath('exists', path)
    checkFlag('exists', path, 'watch', watch)
    return await this.#call('exists', path, (client, done: (code: number, message: string, stat: NativeStat | null) => void) => client.a_exists(path, watch, done), (code, stat) => {
      if (code !== 0 && code !== NO_NODE) return fromZkCode(code, 'exists', path, true)
      if (watch) this.#watches.armed(path, code === 0 ? 'data' : 'exist')
      return stat === null ? null : statOf(stat)
    })
  }

  async children (path: string, watch: boolean): Promise<{ names: string[], stat: Stat }> {
    checkPath('children', path)
    checkFlag('children', path, 'watch', watch)
    return await this.#call('children', path, (client, done: (code: number, message: string, names: string[] | null, stat: NativeStat | null) => void) => client.a_get_children2(path, watch, done), (code, names, stat) => {
      if (code !== 0 || stat === null) return fromZkCode(code, 'children', path, true)
      if (watch) this.#watches.armed(path, 'child')
      return { names: names ?? [], stat: statOf(stat) }
    })
  }

  async create (path: string, data: string, flags: CreateFlags): Promise<string> {
    checkPath('create', path)
    checkData('create', path, data)
    checkFlag('create', path, 'ephemeral', flags.ephemeral)
    checkFlag('create', path, 'sequential', flags.sequential)
    const bits = (flags.ephemeral ? EPHEMERAL : 0) | (flags.sequential ? SEQUENTIAL : 0)
    return await this.#call('create', path, (client, done: (code: number, message: string, made: string) => void) => client.a_create(path, Buffer.from(data), bits, done), (code, made) => {
      return code === 0 ? made : fromZkCode(code, 'create', path, true)
    })
  }

  async createAll (znodes: readonly NewZnode[]): Promise<void> {
    checkNewZnodes(znodes)
    const [paths, data, flags] = [znodes.map(({ path }) => path), znodes.map((znode) => Buffer.from(znode.data)), znodes.map(({ ephemeral }) => ephemeral ? EPHEMERAL : 0)]
    const path = paths[0] ?? ''
    await this.#call('create', path, (client, done: (code: number, message: string) => void) => client.a_create_all(paths, data, flags, done), (code) => {
      return code === 0 ? undefined : fromZkCode(code, 'create', path, true)
    })
  }

  async set (path: string, data: string, version: number): Promise<Stat> {
    checkPath('set', path)
    checkData('set', path, data)
    checkVersion('set', path, version)
    return await this.#call('set', path, (client, done: (code: number, message: string, stat: NativeStat | null) => void) => client.a_set(path, Buffer.from(data), version, done), (code, stat) => {
      return code === 0 && stat !== null ? statOf(stat) : fromZkCode(code, 'set', path, true)
    })
  }

  async setGuarded (path: string, data: string, version: number, guard: WriteGuard): Promise<void> {
    checkGuarded(path, data, version, guard)
    const { unchanged, absent } = guard
    await this.#call('set', path, (client, done: (code: number, message: string) => void) => client.a_set_guarded(path, Buffer.from(data), version, unchanged.map((each) => each.path), unchanged.map((each) => each.version), absent, done), (code) => {
      return code === 0 ? undefined : fromZkCode(code, 'set', path, true)
    })
  }

  async delete (path: string, version: number): Promise<void> {
    checkPath('delete', path)
    checkVersion('delete', path, version)
    await this.#call('delete', path, (client, done: (code: number, message: string) => void) => client.a_delete_(path, version, done), (code) => {
      return code === 0 ? undefined : fromZkCode(code, 'delete', path, true)
    })
  }

  async deleteAll (znodes: readonly ZnodeVersion[], unchanged: readonly ZnodeVersion[]): Promise<void> {
    checkDeletions(znodes, unchanged)
    const all = [...unchanged, ...znodes]
    const path = znodes[0]?.path ?? ''
    await this.#call('delete', path, (client, done: (code: number, message: string) => void) => client.a_delete_all(all.map((each) => each.path), all.map(({ version }) => version), unchanged.length, done), (code) => {
      return code === 0 ? undefined : fromZkCode(code, 'delete', path, true)
    })
  }

  async sync (path: string): Promise<void> {
    checkPath('sync', path)
    await this.#call('sync', path, (client, done: (code: number, message: string) => void) => client.a_sync(path, done), (code) => {
      return code === 0 ? undefined : fromZkCode(code, 'sync', path, true)
    })
  }

  close (): void {
    if (!this.#over) this.#end()
  }
}

/** A `Connector` over the native package. */
export function nativeConnector (options: NativeOptions = {}): Connector {
  const complete: NativeSettings = {
    known: new Map(),
    random: options.random ?? Math.random,
    lookup: options.lookup ?? hostLookup,
    clock: options.clock ?? systemClock,
    resolveInterval: options.resolveInterval ?? 5_000,
    onProblem: options.onProblem ?? (() => {}),
  }
  return chrooted((connection) => new NativeConnection(connection, complete))
}
