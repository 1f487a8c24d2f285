/**
 * ONE ZooKeeper session, from the first attempt to connect to its end.
 *
 *     connecting ──connected──► connected ⇄ suspended
 *          │                        │           │
 *          └───────────► lost (expired, failed, destroyed) | closed (by us)      — never left again
 *
 * Guarantees:
 * - Every operation settles within its deadline. On a session that is over, not yet connected or suspended it rejects at
 *   once, without anything having been sent, so nothing is ever queued for later and no watch is armed blindly.
 * - A write that fails with `maybeApplied: false` was not applied; with `true` its outcome is unknown.
 * - When the session ends, `lost` aborts once, with the reason, after the state has changed and before listeners hear.
 * - A session that is connected again and again, and whose connections all end before any request was answered, is lost after a session time-out of that. Servers
 *   that want sessions to authenticate treat one that has watches so. No lease lasts that long without an answer, so nothing is lost that was not lost before.
 * - A watch listener is told before any read could return newer data. On reconnection nothing is said per path: watchers
 *   listen to the state too, and read again on `connected`.
 * Does not guarantee: that `connected` means the server is in touch with the others, nor that the session still exists
 * while `suspended`. What may be believed for how long is a matter of the lease, which the caller measures with
 * `clock.monotonic()` taken before the write it wants to count on.
 */
import type { Clock } from '../../runtime/clock.ts'
import type { Chroot, Connection, ConnectionEvent, Connector, NewZnode, Stat, ZnodeVersion } from '../client/connection.ts'
import { ZooKeeperError, isLinkFailure, isNoNode, isNodeExists, isUnauthenticated, isWrite, type Operation } from '../client/errors.ts'
import { parentPath } from '../client/paths.ts'
import { checkVersion } from '../client/arguments.ts'
import { WatchListeners, type WatchListener } from '../client/watch-listeners.ts'

/** Each state with what may be believed in it. */
export const SESSION_STATES = {
  connecting: 'no session yet; nothing can be done',
  connected: 'the session lives, as far as can be known',
  suspended: 'out of contact; the session may or may not live: begin nothing',
  lost: 'the session is over, its ephemeral znodes are gone or will be: you hold nothing',
  closed: 'closed by this process: you hold nothing',
} as const
export type SessionState = keyof typeof SESSION_STATES

/** In place of an expected version: whatever the version is. Written out, so that it can be seen and searched for. */
export const ANY_VERSION: unique symbol = Symbol('ANY_VERSION')
export type ExpectedVersion = number | typeof ANY_VERSION

export interface ExpectedZnode {
  readonly path: string
  readonly version: ExpectedVersion
}

/** Characters of a znode's data that are read unless more are asked for: more than any value of use, and few enough to hold many of them. */
const MAX_TEXT = 131_072
/** Connections in a row without an answer from which on a session counts as unserved. */
const UNSERVED = 10
/** Bytes of watches that one re-arming request may hold; a server accepts 1,048,575 for the request as a whole. */
const MAX_WATCH_BYTES = 1_000_000

export interface OperationOptions {
  /** Milliseconds until the operation is given up. Default: the session's. */
  readonly deadline?: number | undefined
  readonly signal?: AbortSignal | undefined
}
export interface ReadOptions extends OperationOptions {
  /** Arm the watch of this path; listen with `onWatch`. */
  readonly watch?: boolean | undefined
  /** Characters of data at most; longer data read as empty. Default `MAX_TEXT`. */
  readonly maxLength?: number | undefined
}
export interface CreateOptions extends OperationOptions {
  readonly ephemeral?: boolean | undefined
}

export interface SessionOptions {
  readonly connector: Connector
  readonly servers: readonly string[]
  /** The znode under which every path of the session is; the root of the ensemble unless given. */
  readonly chroot?: Chroot | undefined
  /** Milliseconds to ask for. */
  readonly sessionTimeout: number
  readonly clock: Clock
  /** Our own number of this session in this process, from 1. */
  readonly serial?: number
  /** Milliseconds within which the first `connected` must come, else the session is lost with `connect_timeout`. Default 10,000. */
  readonly connectTimeout?: number
  /** Milliseconds; the default deadline of an operation. Default 5,000. */
  readonly deadline?: number
}

export type StateListener = (state: SessionState, session: Session) => void

export class Session {
  readonly serial: number
  readonly clock: Clock
  readonly #connection: Connection
  readonly #deadline: number
  readonly #lost = new AbortController()
  readonly #stateListeners = new Set<StateListener>()
  readonly #watchListeners = new WatchListeners()
  /** Operations in progress; each entry fails its own, because the session is over. */
  readonly #pending = new Set<() => void>()
  #state: SessionState = 'connecting'
  #id = ''
  #negotiatedTimeout: number
  /** Monotonic milliseconds of the last answer to a request, or of the first connection. */
  #answeredAt = 0
  /** Connections since then. */
  #unanswered = 0
  #closing: Promise<void> | null = null
  #idle: (() => void) | null = null

  constructor (options: SessionOptions) {
    this.serial = options.serial ?? 1
    this.clock = options.clock
    this.#deadline = options.deadline ?? 5_000
    this.#negotiatedTimeout = options.sessionTimeout
    const { servers, chroot, sessionTimeout } = options
    this.#connection = options.connector({ servers, chroot, sessionTimeout, onEvent: (event) => this.#onEvent(event) })
    const timer = this.clock.after(options.connectTimeout ?? 10_000, () => {
      if (this.#state === 'connecting') this.destroy(new ZooKeeperError('connect_timeout', { op: 'connect', detail: servers.join(', ') }))
    })
    this.lost.addEventListener('abort', () => timer[Symbol.dispose](), { once: true })
  }

  get state (): SessionState { return this.#state }
  /** The session's id as ZooKeeper shows it, hexadecimal; empty before the first connection. Equals `Stat.ephemeralOwner` of its ephemerals. */
  get id (): string { return this.#id }
  /** Milliseconds; what was asked for until the servers have answered. */
  get negotiatedTimeout (): number { return this.#negotiatedTimeout }
  /** Aborts when the session is lost or closed; the reason is a `ZooKeeperError`. */
  get lost (): AbortSignal { return this.#lost.signal }
  get over (): boolean { return this.#state === 'lost' || this.#state === 'closed' }

  /** Tells of every change of state, in order. */
  onState (listener: StateListener): Disposable {
    this.#stateListeners.add(listener)
    return { [Symbol.dispose]: () => { this.#stateListeners.delete(listener) } }
  }

  /** Tells when a watch on `path` has fired. Arming it is a matter of the reading (`watch: true`). */
  onWatch (path: string, listener: WatchListener): Disposable {
    return this.#watchListeners.add(path, listener)
  }

  /** Resolves once the session is connected; rejects when it is over, at the deadline (none by default) or on abort. */
  async whenConnected (options: OperationOptions = {}): Promise<void> {
    if (this.#state === 'connected') return
    if (this.over) throw this.#ended('connect')
    await new Promise<void>((resolve, reject) => {
      const settle = (error?: ZooKeeperError): void => {
        listener[Symbol.dispose]()
        timer?.[Symbol.dispose]()
        options.signal?.removeEventListener('abort', onAbort)
        if (error === undefined) resolve()
        else reject(error)
      }
      const onAbort = (): void => settle(new ZooKeeperError('aborted', { op: 'connect' }))
      const listener = this.onState((state) => {
        if (state === 'connected') settle()
        else if (this.over) settle(this.#ended('connect'))
      })
      const timer = options.deadline === undefined ? null : this.clock.after(options.deadline, () => settle(new ZooKeeperError('deadline', { op: 'connect' })))
      options.signal?.addEventListener('abort', onAbort, { once: true })
      if (options.signal?.aborted === true) onAbort()
    })
  }

  async get (path: string, options: ReadOptions = {}): Promise<{ data: string, stat: Stat }> {
    return await this.#run('get', path, options, () => this.#connection.get(path, options.watch ?? false, options.maxLength ?? MAX_TEXT))
  }

  /** Null if and only if the znode does not exist; every other failure rejects. */
  async exists (path: string, options: ReadOptions = {}): Promise<Stat | null> {
    return await this.#run('exists', path, options, () => this.#connection.exists(path, options.watch ?? false))
  }

  /** The names of the children, sorted. */
  async children (path: string, options: ReadOptions = {}): Promise<{ names: string[], stat: Stat }> {
    const { names, stat } = await this.#run('children', path, options, () => this.#connection.children(path, options.watch ?? false))
    return { names: names.sort(), stat }
  }

  /** Rejects with `node_exists` or, without a parent, `no_node`. */
  async create (path: string, data: string, options: CreateOptions = {}): Promise<void> {
    await this.#run('create', path, options, () => this.#connection.create(path, data, { ephemeral: options.ephemeral ?? false, sequential: false }))
  }

  /** Makes them in this order, in one transaction: all of them or none. Rejects as `create` does, with the path of the first. */
  async createAll (znodes: readonly NewZnode[], options: OperationOptions = {}): Promise<void> {
    await this.#run('create', znodes[0]?.path ?? '', options, () => this.#connection.createAll(znodes))
  }

  /**
   * Creates `<path><number>` and resolves with the whole path. When the reply is lost the znode may exist all the same:
   * use `createProtected` (`sequential.ts`), which finds it again.
   */
  async createSequential (path: string, data: string, options: CreateOptions = {}): Promise<string> {
    return await this.#run('create', path, options, () => this.#connection.create(path, data, { ephemeral: options.ephemeral ?? false, sequential: true }))
  }

  /** Creates `path` and whatever is missing above it, empty and persistent. */
  async ensurePath (path: string, options: OperationOptions = {}): Promise<void> {
    if (await this.exists(path, options) !== null) return
    try {
      await this.create(path, '', options)
    } catch (error) {
      if (isNodeExists(error)) return
      if (!isNoNode(error)) throw error
      await this.ensurePath(parentPath(path), options)
      await this.ensurePath(path, options)
    }
  }

  /** Rejects with `bad_version` unless the znode is at `expectedVersion`. */
  async set (path: string, data: string, expectedVersion: ExpectedVersion, options: OperationOptions = {}): Promise<Stat> {
    const version = this.#version('set', path, expectedVersion)
    return await this.#run('set', path, options, () => this.#connection.set(path, data, version))
  }

  /** As `set`, and only if every znode of `unchanged` is at its version and none of `absent` is there, which is `node_exists`: all in one transaction. */
  async setGuarded (path: string, data: string, expectedVersion: ExpectedVersion, { unchanged, absent }: { readonly unchanged: readonly ExpectedZnode[], readonly absent: readonly string[] }, options: OperationOptions = {}): Promise<void> {
    const version = this.#version('set', path, expectedVersion)
    const same = unchanged.map((each): ZnodeVersion => ({ path: each.path, version: this.#version('set', each.path, each.version) }))
    await this.#run('set', path, options, () => this.#connection.setGuarded(path, data, version, { unchanged: same, absent }))
  }

  /** Rejects with `bad_version` unless the znode is at `expectedVersion`, with `no_node` if there is none. */
  async delete (path: string, expectedVersion: ExpectedVersion, options: OperationOptions = {}): Promise<void> {
    const version = this.#version('delete', path, expectedVersion)
    await this.#run('delete', path, options, () => this.#connection.delete(path, version))
  }

  /**
   * Deletes them in this order, in one transaction, and only if every znode of `unchanged` is at its version: all of that or nothing. Rejects as `delete` does, or with
   * `not_empty`, with the path of the first.
   */
  async deleteAll (znodes: readonly ExpectedZnode[], unchanged: readonly ExpectedZnode[], options: OperationOptions = {}): Promise<void> {
    const versioned = (all: readonly ExpectedZnode[]) => all.map(({ path, version }): ZnodeVersion => ({ path, version: this.#version('delete', path, version) }))
    const [gone, same] = [versioned(znodes), versioned(unchanged)] as const
    await this.#run('delete', znodes[0]?.path ?? '', options, () => this.#connection.deleteAll(gone, same))
  }

  /** Reads after this see everything that was committed before it. */
  async sync (path: string, options: OperationOptions = {}): Promise<void> {
    await this.#run('sync', path, options, () => this.#connection.sync(path))
  }

  /**
   * Graceful end: nothing new is begun, what is in progress is awaited (at most its own deadlines), then the session is
   * closed, which blocks the process for up to 4.5 s if the server does not answer. Release locks before.
   */
  close (): Promise<void> {
    this.#closing ??= (async () => {
      if (this.#pending.size > 0) await new Promise<void>((resolve) => { this.#idle = resolve })
      this.#end('closed', new ZooKeeperError('closed', { op: 'close' }))
    })()
    return this.#closing
  }

  /** The end, now: everything in progress fails, and the state becomes `lost` with `error` as the reason. */
  destroy (error: ZooKeeperError): void {
    this.#end('lost', error)
  }

  #version (op: Operation, path: string, expected: ExpectedVersion): number {
    if (expected === ANY_VERSION) return -1
    checkVersion(op, path, expected)
    // On the wire -1 means "any": it must not come about by mistake.
    if (expected === -1) throw new ZooKeeperError('invalid_argument', { op, path, detail: 'for any version say ANY_VERSION' })
    return expected
  }

  #ended (op: Operation, path?: string, sent = false): ZooKeeperError {
    const cause = this.#lost.signal.reason as ZooKeeperError | undefined
    return new ZooKeeperError(cause?.code ?? 'closed', { op, path, cause, maybeApplied: sent && isWrite(op) })
  }

  #run<T> (op: Operation, path: string, options: OperationOptions, start: () => Promise<T>): Promise<T> {
    if (this.over || this.#closing !== null) return Promise.reject(this.#ended(op, path))
    if (this.#state !== 'connected') return Promise.reject(new ZooKeeperError('connection_loss', { op, path, detail: this.#state }))
    if (options.signal?.aborted === true) return Promise.reject(new ZooKeeperError('aborted', { op, path }))
    return new Promise((resolve, reject) => {
      const settle = (): boolean => {
        if (!this.#pending.delete(onEnd)) return false
        timer[Symbol.dispose]()
        options.signal?.removeEventListener('abort', onAbort)
        if (this.#pending.size === 0) this.#idle?.()
        return true
      }
      const fail = (error: ZooKeeperError): void => { if (settle()) reject(error) }
      const onAbort = (): void => fail(new ZooKeeperError('aborted', { op, path, maybeApplied: isWrite(op) }))
      const onEnd = (): void => fail(this.#ended(op, path, true))
      this.#pending.add(onEnd)
      const deadline = options.deadline ?? this.#deadline
      const timer = this.clock.after(deadline, () => {
        fail(new ZooKeeperError('deadline', { op, path, maybeApplied: isWrite(op), detail: `${deadline} ms` }))
      })
      options.signal?.addEventListener('abort', onAbort, { once: true })
      // What comes after the deadline is of no interest any more: the caller has been told that the outcome is unknown.
      start().then((value) => {
        this.#answered()
        if (settle()) resolve(value)
      }, (error: ZooKeeperError) => {
        if (!isLinkFailure(error)) this.#answered()
        fail(error)
        // The server has closed the connection with these words; the client would come back, and be told the same, for as long as the session lives.
        if (isUnauthenticated(error)) this.destroy(error)
      })
    })
  }

  #answered (): void {
    this.#answeredAt = this.clock.monotonic()
    this.#unanswered = 0
  }

  #onEvent (event: ConnectionEvent): void {
    if (this.over) return
    switch (event.type) {
      case 'connected':
        if (this.#id === '') this.#answered()
        this.#unanswered++
        this.#id = event.sessionId
        this.#negotiatedTimeout = event.negotiatedTimeout
        this.#become('connected')
        break
      case 'disconnected':
        if (this.#connection.watchBytes > MAX_WATCH_BYTES) {
          this.destroy(new ZooKeeperError('watch_overflow', { op: 'connect', detail: `${this.#connection.watchBytes} bytes` }))
        } else if (this.#unanswered >= UNSERVED && this.clock.monotonic() - this.#answeredAt >= this.#negotiatedTimeout) {
          this.destroy(new ZooKeeperError('session_unserved', { op: 'connect', detail: `${this.#unanswered} connections` }))
        } else {
          this.#become('suspended')
        }
        break
      case 'expired':
        this.#end('lost', new ZooKeeperError('session_expired', { op: 'connect', zkCode: -112 }))
        break
      case 'failed':
        this.#end('lost', event.error)
        break
      case 'watch':
        this.#watchListeners.tell(event.kind, event.path)
        break
      default:
        event satisfies never
    }
  }

  #become (state: SessionState): void {
    if (this.over || state === this.#state) return
    this.#state = state
    for (const listener of [...this.#stateListeners]) listener(state, this)
  }

  #end (state: 'lost' | 'closed', reason: ZooKeeperError): void {
    if (this.over) return
    this.#state = state
    this.#lost.abort(reason)
    for (const fail of [...this.#pending]) fail()
    for (const listener of [...this.#stateListeners]) listener(state, this)
    this.#stateListeners.clear()
    this.#watchListeners.clear()
    this.#connection.close()
  }
}
