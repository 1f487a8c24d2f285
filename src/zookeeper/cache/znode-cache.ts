/**
 * A watch-fed cache of the znodes that a specification names.
 *
 * Level-triggered: a watch that fires means "read again", and nothing depends on having seen a value in between. After a
 * reconnection and on a new session everything is read again, after a `sync`, so that no server that lags behind can take
 * the tree back in time.
 *
 * Guarantees: while there is contact, every change that lasts is shown, also one of which ZooKeeper withheld the event (see `CacheAudit`: the first
 * root within a probe and with `caughtUp`, the others within a round of all); a znode never goes back to an older value; one
 * snapshot never changes, and tells what is missing from what has not been read yet; `asOf` never claims more than was read (see `CacheSnapshot`).
 * What a reader will not see: values that were replaced before they were read; several znodes as they were at one common
 * moment (each is as new as its own last reading, none older than `asOf` allows for; what must be one moment is to be read
 * on the session); a znode whose reading fails, which is reported, and keeps `asOf` from moving on. It cannot tell a
 * server that is cut off from the others and keeps answering.
 */
import type { Clock, Timer } from '../../runtime/clock.ts'
import type { Stat, WatchKind, Zxid } from '../client/connection.ts'
import { ZooKeeperError, isLinkFailure, isNoNode } from '../client/errors.ts'
import { pathProblem } from '../client/paths.ts'
import { PersistentMap } from './persistent-map.ts'
import type { Session, SessionState } from '../session/session.ts'
import { CacheAudit, listingOf } from './cache-audit.ts'
import { BOTH, CHILDREN, DATA, CacheReader } from './cache-reader.ts'
import { CacheSnapshot, type CacheEntry } from './cache-snapshot.ts'
import { CatchingUp } from './catching-up.ts'
import { Notes } from './notes.ts'
import type { SessionSource } from './session-source.ts'

export { CacheSnapshot, type CacheEntry }

/** What the cache wants of one path. */
export interface Interest {
  readonly data: boolean
  readonly children: boolean
}

export interface ZnodeCacheOptions {
  readonly sessions: SessionSource
  readonly clock: Clock
  /** Read in any case, whether or not a parent is of interest; they may be missing and come later. At least one. */
  readonly roots: readonly string[]
  /** Pure: what is wanted of a path. Asked of the roots, and of each child of a path whose children are wanted. */
  readonly interest: (path: string) => Interest
  /** Readings at once. Default 64. */
  readonly concurrency?: number
  /** Milliseconds between two probes, which keep `asOf` young. Default 1,000. */
  readonly probeInterval?: number
  /** Znodes that are verified with each probe: the first root, and others in turn. Default 16. */
  readonly probed?: number | undefined
  /** A reading that failed though there was contact; it is repeated. */
  readonly onError?: (error: unknown, path: string) => void
  /** What failed before has been read. */
  readonly onRecovered?: (path: string) => void
  /** A znode had changed and no watch had fired; it is read again. */
  readonly onMissed?: (path: string) => void
}

/** `changed`: paths that have another value, other children, or are gone, since the last call; each once. */
export type CacheListener = (snapshot: CacheSnapshot, changed: readonly string[]) => void

export class ZnodeCache {
  /** Resolves once everything has been read for the first time; rejects if the tree is closed before. */
  readonly ready: Promise<void>
  readonly #options: Required<ZnodeCacheOptions> & { readonly probed: number }
  readonly #roots: ReadonlySet<string>
  readonly #listeners = new Set<CacheListener>()
  readonly #subscription: Disposable
  #stateSubscription: Disposable | null = null
  #audit: CacheAudit | null = null
  readonly #tracked = new Map<string, Disposable | null>()
  #session: Session | null = null
  #reader: CacheReader | null = null
  #entries = PersistentMap.empty<CacheEntry>()
  readonly #notes = new Notes()
  #published = this.#entries
  readonly #catchingUp = new CatchingUp()
  #changed = new Set<string>()
  #flush: Timer | null = null
  #snapshot = new CacheSnapshot(0, -Infinity, '', 0, PersistentMap.empty<CacheEntry>())
  /** When the last answered request was sent. */
  #contact = -Infinity
  /** `asOf` as it was when contact was lost: nothing newer may be claimed before all has been read again. */
  #floor: number | null = -Infinity
  #newest: Zxid | '' = ''
  #loaded = false
  #closed = false
  #resolveReady: () => void = () => {}
  #rejectReady: (error: ZooKeeperError) => void = () => {}

  constructor (options: ZnodeCacheOptions) {
    this.#options = { concurrency: 64, probeInterval: 1_000, onError: () => {}, onRecovered: () => {}, onMissed: () => {}, ...options, probed: options.probed ?? 16 }
    this.#roots = new Set(options.roots)
    this.ready = new Promise((resolve, reject) => {
      this.#resolveReady = resolve
      this.#rejectReady = reject
    })
    this.ready.catch(() => {})
    for (const root of this.#roots) this.#tracked.set(root, null)
    this.#subscription = options.sessions.onSession((session) => this.#adopt(session))
  }

  /** The present state. `asOf` moves on with every answer; the revision only with a change. */
  get snapshot (): CacheSnapshot {
    const asOf = this.#asOf()
    if (asOf !== this.#snapshot.asOf) {
      const { revision, zxid, serial } = this.#snapshot
      this.#snapshot = new CacheSnapshot(revision, asOf, zxid, serial, this.#published, this.#notes.published)
    }
    return this.#snapshot
  }

  /**
   * The snapshot once everything is in it that was committed before this call, by any client: a `sync`, and then whatever the servers had
   * told of until its answer. The session's deadline bounds the sync; the caller's `signal` all of it. Rejects as the session does.
   */
  async caughtUp (signal: AbortSignal): Promise<CacheSnapshot> {
    const session = this.#session
    if (session === null) throw new ZooKeeperError('connection_loss', { op: 'sync' })
    const { clock } = this.#options
    const sentAt = clock.monotonic()
    await Promise.all([session.sync('/', { signal }), this.#audit?.verify(this.#options.roots[0] as string)])
    if (this.#session === session && session.state === 'connected') this.#contact = Math.max(this.#contact, sentAt)
    // A watch fires before the answer to a sync that came after the change, so by now everything of interest is marked.
    const told = clock.monotonic()
    const isThrough = (): boolean => this.#floor === null && (this.#reader?.oldest ?? Infinity) > told && this.#changed.size === 0
    await this.#catchingUp.until(isThrough, signal)
    return this.snapshot
  }

  /** Tells of changes, at most once per turn of the event loop, from the first full load on. */
  onChange (listener: CacheListener): Disposable {
    this.#listeners.add(listener)
    return { [Symbol.dispose]: () => { this.#listeners.delete(listener) } }
  }

  /** No more readings and no more news; the last snapshot stays. Does not close the session. Idempotent. */
  close (): void {
    if (this.#closed) return
    this.#closed = true
    this.#subscription[Symbol.dispose]()
    this.#leave()
    this.#flush?.[Symbol.dispose]()
    this.#listeners.clear()
    this.#rejectReady(new ZooKeeperError('closed', { op: 'get' }))
  }

  #asOf (): number {
    if (this.#floor !== null) return this.#floor
    // What is read but not yet published counts as not read.
    const pending = this.#changed.size > 0 ? this.#snapshot.asOf : Infinity
    return Math.min(this.#contact, this.#reader?.oldest ?? Infinity, pending)
  }

  #adopt (session: Session): void {
    if (this.#closed || session === this.#session) return
    this.#leave()
    this.#session = session
    const onState = (state: SessionState): void => {
      if (state === 'connected') this.#resync(session)
      else this.#pause()
    }
    this.#stateSubscription = session.onState(onState)
    if (session.state === 'connected') this.#resync(session)
    const { probeInterval, probed, roots, onMissed } = this.#options
    this.#audit = new CacheAudit({
      ...this.#options,
      session,
      interval: probeInterval,
      size: probed,
      first: roots[0] as string,
      paths: () => this.#tracked.keys(),
      entry: (path) => this.#entries.get(path),
      isKnown: (path) => this.#isKnown(path),
      onContact: (sentAt) => { this.#contact = Math.max(this.#contact, sentAt) },
      onMissed: (path) => {
        onMissed(path)
        this.#mark(session, path, BOTH)
      },
    })
  }

  /** Of a child that has come back the list of its parent tells, and not the child itself. */
  #isKnown (path: string): boolean {
    const reader = this.#reader
    return !this.#tracked.has(path) || this.#floor !== null || reader === null || reader.isMarked(path) || reader.isMarked(path.slice(0, path.lastIndexOf('/')))
  }

  /** Contact is gone: claim nothing newer than what was known by now. */
  #pause (): void {
    this.#floor ??= this.#asOf()
    this.#reader?.stop()
    this.#reader = null
  }

  #leave (): void {
    this.#pause()
    this.#stateSubscription?.[Symbol.dispose]()
    this.#audit?.[Symbol.dispose]()
    this.#audit = null
    for (const [path, watch] of this.#tracked) {
      watch?.[Symbol.dispose]()
      this.#tracked.set(path, null)
    }
    this.#session = null
  }

  /** Reads everything again. The list of work is this reader's own: what an earlier one still brings is ignored. */
  #resync (session: Session): void {
    this.#pause()
    // A watch can fire, and be answered by a reading, before the readings that are to come with the sync.
    let synced = false
    const reader: CacheReader = new CacheReader({
      session,
      clock: this.#options.clock,
      concurrency: this.#options.concurrency,
      read: (path, parts): Promise<void> => this.#read(session, reader, path, parts),
      onIdle: () => { if (synced) this.#idle(reader) },
      onRead: (path) => {
        if (reader.isMarked(path)) this.#noteMarked(path)
        else this.#settle(path)
        this.#catchingUp.look()
      },
      onError: (error, path) => {
        this.#settle(path)
        this.#options.onError(error, path)
      },
      onRecovered: this.#options.onRecovered,
    })
    this.#reader = reader
    const start = (): void => {
      session.sync('/').then(() => {
        if (this.#reader !== reader) return
        synced = true
        for (const path of [...this.#tracked.keys()]) this.#mark(session, path, BOTH)
      }, (error: unknown) => {
        if (this.#reader !== reader) return
        if (!isLinkFailure(error)) this.#options.onError(error, '/')
        this.#options.clock.after(100, () => { if (this.#reader === reader) start() })
      })
    }
    start()
  }

  /** @param foundBy the path by whose reading it was found that this one has to be read */
  #mark (session: Session, path: string, parts: number, foundBy?: string): void {
    if (!this.#tracked.get(path)) this.#tracked.set(path, session.onWatch(path, this.#onWatch))
    if (parts !== DATA) this.#noteMarked(path)
    this.#reader?.mark(path, parts, foundBy)
  }

  #noteMarked (path: string): void {
    if (!this.#entries.has(path)) this.#notes.forget(path)
    else if (this.#options.interest(path).children) this.#notes.listing(path)
  }

  /** A path has been read, or cannot be. */
  #settle (path: string): void {
    const isNews = this.#entries.has(path) ? this.#notes.listed(path) : this.#tracked.has(path) && this.#notes.missing(path)
    if (isNews) this.#touch(path)
  }

  /** One function for all paths and sessions. */
  readonly #onWatch = (kind: WatchKind, path: string): void => {
    if (this.#session === null || !this.#tracked.has(path)) return
    this.#mark(this.#session, path, kind === 'changed' ? DATA : kind === 'children' ? CHILDREN : BOTH)
  }

  async #read (session: Session, reader: CacheReader, path: string, parts: number): Promise<void> {
    if (!this.#tracked.has(path)) return
    const wanted = this.#options.interest(path)
    try {
      if ((parts & DATA) !== 0 && wanted.data) {
        const sentAt = this.#options.clock.monotonic()
        const { data, stat } = await session.get(path, { watch: true })
        if (this.#reader !== reader) return
        this.#contact = Math.max(this.#contact, sentAt)
        this.#hasRead(stat.mzxid)
        this.#onData(path, data, stat, wanted.children)
      }
      if ((parts & CHILDREN) !== 0 && wanted.children) {
        const sentAt = this.#options.clock.monotonic()
        const { names, stat } = await session.children(path, { watch: true })
        if (this.#reader !== reader) return
        this.#contact = Math.max(this.#contact, sentAt)
        this.#hasRead(stat.pzxid)
        this.#onChildren(session, path, names, stat, wanted.data)
      }
    } catch (error) {
      // What cannot be asked for (a name can be longer than a path of ours) is as good as absent: no other znode is affected.
      const isUnaskable = error instanceof ZooKeeperError && error.code === 'invalid_argument'
      if (!isNoNode(error) && !isUnaskable) throw error
      if (this.#reader !== reader) return
      this.#remove(path)
      if (isUnaskable) {
        this.#options.onError(error, path)
        return
      }
      // A root has no parent whose list would tell of its coming: watch for that. Others are met again in a list.
      if (this.#roots.has(path) && await session.exists(path, { watch: true }) !== null && this.#reader === reader) this.#mark(session, path, BOTH, path)
    }
  }

  #hasRead (zxid: Zxid): void {
    if (zxid > this.#newest) this.#newest = zxid
  }

  #onData (path: string, data: string, stat: Stat, keepsChildren: boolean): void {
    if (!this.#tracked.has(path)) return
    const old = this.#entries.get(path)
    if (old !== undefined && old.stat.mzxid === stat.mzxid && old.stat.czxid === stat.czxid) return
    this.#put(path, { data, stat, names: old?.names ?? null, listed: old?.listed ?? '' })
    if (old === undefined && keepsChildren) this.#notes.listing(path)
  }

  #onChildren (session: Session, path: string, names: readonly string[], stat: Stat, keepsData: boolean): void {
    if (!this.#tracked.has(path)) return
    const old = this.#entries.get(path)
    if (keepsData && old === undefined) {
      // Gone and back between the two readings: take both again.
      this.#mark(session, path, BOTH, path)
      return
    }
    const listed = listingOf(stat)
    if (old?.names == null || old.listed !== listed) {
      const present = new Set(names)
      for (const name of old?.names ?? []) if (!present.has(name)) this.#forget(join(path, name))
      this.#put(path, { data: old?.data ?? '', stat: keepsData && old !== undefined ? old.stat : stat, names: Object.freeze(names), listed })
    }
    for (const name of names) {
      const child = join(path, name)
      // Also one that is known but was not there when it was last read: it has come back.
      if (this.#tracked.has(child) && this.#entries.has(child)) continue
      const { data, children } = this.#options.interest(child)
      if (!data && !children) continue
      if (pathProblem(child) === null) this.#mark(session, child, BOTH, path)
      else this.#notes.missing(child)
    }
  }

  #put (path: string, entry: CacheEntry): void {
    if (!this.#entries.has(path)) this.#notes.forget(path)
    this.#entries = this.#entries.set(path, Object.freeze(entry))
    this.#touch(path)
  }

  /** `path` does not exist. It stays tracked: its parent's list decides. */
  #remove (path: string): void {
    const old = this.#entries.get(path)
    if (old === undefined) return
    this.#entries = this.#entries.delete(path)
    this.#touch(path)
    for (const name of old.names ?? []) this.#forget(join(path, name))
  }

  /** `path` is of no interest any more, because it is in no list. Roots stay. */
  #forget (path: string): void {
    this.#remove(path)
    this.#notes.forget(path)
    if (this.#roots.has(path)) return
    this.#tracked.get(path)?.[Symbol.dispose]()
    this.#tracked.delete(path)
  }

  #touch (path: string): void {
    this.#changed.add(path)
    if (this.#loaded) this.#flush ??= this.#options.clock.after(0, () => this.#publish())
  }

  #idle (reader: CacheReader): void {
    if (this.#reader !== reader) return
    this.#floor = null
    this.#catchingUp.look()
    if (this.#loaded) return
    this.#loaded = true
    this.#publish()
    this.#resolveReady()
  }

  #publish (): void {
    this.#flush = null
    const changed = [...this.#changed]
    this.#changed.clear()
    this.#published = this.#entries
    this.#notes.publish()
    // Whatever came before the newest transaction that was read has been told of: if nothing is left to be read, all of it is in here.
    const zxid = this.#floor === null && this.#reader?.idle === true ? this.#newest : this.#snapshot.zxid
    this.#snapshot = new CacheSnapshot(this.#snapshot.revision + 1, this.#asOf(), zxid, this.#session?.serial ?? this.#snapshot.serial, this.#published, this.#notes.published)
    for (const listener of [...this.#listeners]) listener(this.#snapshot, changed)
    this.#catchingUp.look()
  }
}

function join (parent: string, name: string): string {
  return parent === '/' ? `/${name}` : `${parent}/${name}`
}
