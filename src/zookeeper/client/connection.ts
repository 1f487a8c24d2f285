/**
 * The port: one client instance of ZooKeeper, from its one start to its one close. `native.ts` implements it over the
 * `zookeeper` package; a simulator may implement it too, and everything above runs on either.
 *
 * What an implementation promises:
 * 1. It starts by itself when it is made, and never calls back into our code synchronously: neither an event nor a
 *    settled promise reaches anyone inside a call of ours or inside a callback of a native library.
 * 2. Events and settlements are delivered one at a time, in the order in which the client learnt of them, each with its
 *    microtasks run before the next. So a watch event is delivered before any result that could show newer data.
 * 3. `connected` is the first event unless the connection fails; then `disconnected` and `connected` alternate. `expired`
 *    and `failed` are terminal: nothing is delivered after them, and every operation in flight is rejected.
 * 4. Every operation settles once the connection has been closed, has expired or has failed; not necessarily before.
 *    Deadlines are the business of the layer above.
 * 5. A watch is armed exactly when an operation with `watch: true` succeeds (`exists` also when it finds nothing). It
 *    fires at most once and is then gone; watches of one kind on one path are one watch. Data watches (`get`, `exists`)
 *    fire on changed, deleted and created, child watches (`children`) on children and deleted.
 * 6. Watches survive a disconnection: changes made meanwhile are reported after the next `connected`. Nothing is
 *    reported on disconnection itself; watchers must read again after `connected`.
 * 7. Requests are applied in the order in which they were made on this connection. A read sees all earlier writes of the
 *    same connection, and never goes back in time within one session.
 * 8. After `close()` no event is delivered. `close()` is idempotent. It may block for some seconds.
 *
 * Operations are rejected with a `ZooKeeperError`, whose `maybeApplied` is true for a write whose outcome is unknown.
 */
import type { ZooKeeperError } from './errors.ts'

/** A transaction number: 16 lower-case hexadecimal digits, so that `<` on the strings is the order of transactions. */
export type Zxid = string

/** What ZooKeeper knows of a znode. Immutable. */
export interface Stat {
  /** Number of changes of the data since the znode was created, from 0. A signed 32-bit number. */
  readonly version: number
  /** Number of changes of the list of children. */
  readonly cversion: number
  /** Transaction that created the znode. */
  readonly czxid: Zxid
  /** Transaction that last changed the data. */
  readonly mzxid: Zxid
  /** Transaction that last changed the list of children. */
  readonly pzxid: Zxid
  /** Milliseconds since 1970, on the clock of a server. To be shown, never compared with our own clock. */
  readonly ctime: number
  readonly mtime: number
  /** The owning session's id, as in `Session.id`; `'0'` for a persistent znode. */
  readonly ephemeralOwner: string
  readonly numChildren: number
  /** In bytes. */
  readonly dataLength: number
}

/** `removed` means that the watch went away without firing: read again. */
export type WatchKind = 'created' | 'deleted' | 'changed' | 'children' | 'removed'

export interface WatchEvent {
  readonly type: 'watch'
  readonly kind: WatchKind
  readonly path: string
}

export type ConnectionEvent =
  | { readonly type: 'connected', readonly sessionId: string, readonly negotiatedTimeout: number }
  | { readonly type: 'disconnected' }
  | { readonly type: 'expired' }
  | { readonly type: 'failed', readonly error: ZooKeeperError }
  | WatchEvent

export interface CreateFlags {
  readonly ephemeral: boolean
  readonly sequential: boolean
}

export interface NewZnode {
  readonly path: string
  readonly data: string
  readonly ephemeral: boolean
}

/** A znode as it has to be when a transaction is applied. */
export interface ZnodeVersion {
  readonly path: string
  readonly version: number
}

/** Versions are signed 32-bit numbers; -1 (`ANY_VERSION` in `session.ts`) matches every version. */
/** What has to be so for a write. */
export interface WriteGuard {
  readonly unchanged: readonly ZnodeVersion[]
  /** Paths. For a moment that no reader sees each is made and deleted again: watches fire. */
  readonly absent: readonly string[]
}

export interface Connection {
  /** Bytes that one request re-arming every armed watch would need; bounded by what a server accepts (1 MB). */
  readonly watchBytes: number
  /** @param maxLength UTF-16 units of data at most; longer data read as empty, and cost nothing to read. Any length unless given */
  get (path: string, watch: boolean, maxLength?: number): Promise<{ data: string, stat: Stat }>
  /** Null if and only if the znode does not exist. */
  exists (path: string, watch: boolean): Promise<Stat | null>
  /** In no particular order. */
  children (path: string, watch: boolean): Promise<{ names: string[], stat: Stat }>
  /** The path of the new znode, with its number if it is sequential. */
  create (path: string, data: string, flags: CreateFlags): Promise<string>
  /** Makes them in this order, in one transaction: all of them or, with the first refusal as the reason, none. At least one. */
  createAll (znodes: readonly NewZnode[]): Promise<void>
  set (path: string, data: string, version: number): Promise<Stat>
  /**
   * As `set`, in one transaction with its guard, and only if that holds: every znode of `unchanged` is at its version, and those of `absent` are not there. Else nothing is done,
   * with the first refusal as the reason: `bad_version` or `no_node`, and `node_exists` for `absent`, whose parents have to be there.
   */
  setGuarded (path: string, data: string, version: number, guard: WriteGuard): Promise<void>
  delete (path: string, version: number): Promise<void>
  /**
   * Deletes them in this order, in one transaction, and only if every znode of `unchanged` is at its version: all of that or, with the first refusal as the
   * reason, nothing. At least one.
   */
  deleteAll (znodes: readonly ZnodeVersion[], unchanged: readonly ZnodeVersion[]): Promise<void>
  /** Brings the server this client talks to up to date with the leader. */
  sync (path: string): Promise<void>
  close (): void
}

/** The znode under which everything is: where a connection has one, every path is below it, and `/` is itself. */
export interface Chroot {
  /** Absolute, as the servers have it. */
  readonly path: string
  /** Whether it is made if it is missing; else that is `chroot_deleted`. */
  readonly create: boolean
}

export interface ConnectionOptions {
  /** `host` or `host:port`, port 2181 by default; `[v6]:port` for IPv6. At least one. */
  readonly servers: readonly string[]
  /** The root of the ensemble unless given. `chrooted` (`chroot.ts`) adds it to an implementation that knows none. */
  readonly chroot?: Chroot | undefined
  /** The session time-out to ask for, in milliseconds. The servers may negotiate another. */
  readonly sessionTimeout: number
  /** Every event, in order. Must not throw. */
  readonly onEvent: (event: ConnectionEvent) => void
}

export type Connector = (options: ConnectionOptions) => Connection
