/**
 * The process's book of lock attempts, and of abandoned ones: children that this process created, or may have created, and has not
 * yet seen deleted.
 *
 * Guarantees: an entry leaves the book only when its child has been found and deleted, when it is certain that none
 * exists and none can come, or when its session has ended for good. While a path has an entry, `settled` keeps every other
 * attempt of this process on that path from starting, so that no attempt waits on an orphan of this process.
 * Does not guarantee how long that takes: without contact it takes until contact. The servers' word that a session has
 * expired settles its entries; after an end that they have not confirmed (closed or given up by us) its entries are looked
 * for with whatever session is offered, and are held to be settled twice the session time-out after that end.
 * A child of a session that no attempt of this process has is deleted at the session's next connection: servers that were restored from a backup have
 * children again that were deleted, and a session that was open in the backup lives on with them.
 * Once `close` has resolved it sends nothing more; what is left goes with its sessions.
 */
import type { Clock } from '../../runtime/clock.ts'
import { DeadlineError, withDeadline } from '../../runtime/deadline.ts'
import { ZooKeeperError, hasCode, isLinkFailure, isNoNode } from '../client/errors.ts'
import { childPath } from '../client/paths.ts'
import { lockContenders } from './lock-order.ts'
import { findChild } from '../session/sequential.ts'
import { ANY_VERSION, type Session } from '../session/session.ts'

export interface LockBookOptions {
  readonly clock: Clock
  /** A fresh random uuid as 32 lower-case hexadecimal digits. */
  readonly uuid: () => string
  /** An attempt to settle an entry that failed; it is made again. */
  readonly report?: (failure: { readonly path: string, readonly error: unknown }) => void
}

interface Entry {
  readonly session: Session
  readonly path: string
  readonly prefix: string
  /** The child's name, if it is known. */
  readonly name: string | null
  readonly done: Promise<void>
  /** A session that may look for the child after its own is over. */
  helper: Session | null
  wake: () => void
}

export class LockBook {
  readonly clock: Clock
  readonly uuid: () => string
  readonly #report: NonNullable<LockBookOptions['report']>
  readonly #entries = new Set<Entry>()
  /** How the names of the children begin that attempts of this process have. */
  readonly #current = new Set<string>()
  /** Paths on which a session has made attempts. */
  readonly #attempted = new WeakMap<Session, Set<string>>()
  readonly #sweeps = new Set<Promise<void>>()
  readonly #closing = new AbortController()

  constructor (options: LockBookOptions) {
    this.clock = options.clock
    this.uuid = options.uuid
    this.#report = options.report ?? (() => {})
  }

  /** The paths that have entries, each once. */
  get paths (): string[] {
    return [...new Set([...this.#entries].map(({ path }) => path))]
  }

  /** An attempt is made, whose child's name begins with `prefix`. */
  begin (session: Session, path: string, prefix: string): void {
    this.#current.add(prefix)
    const paths = this.#attempted.get(session)
    if (paths !== undefined) {
      paths.add(path)
      return
    }
    this.#attempted.set(session, new Set([path]))
    session.onState((state) => { if (state === 'connected') this.#sweep(session) })
  }

  /** The attempt whose child has this name, or a name that begins so, has ended, and so has the lock if it was taken. What is left of it has an entry. */
  end (name: string): void {
    for (const prefix of this.#current) if (name.startsWith(prefix)) this.#current.delete(prefix)
  }

  /** Books an attempt and begins to clean up after it. Resolves once it is settled; never rejects. */
  add (session: Session, path: string, prefix: string, name: string | null): Promise<void> {
    const { promise, resolve } = withResolvers()
    const entry: Entry = { session, path, prefix, name, done: promise, helper: null, wake: () => {} }
    this.#entries.add(entry)
    this.#settle(entry).finally(() => {
      this.#entries.delete(entry)
      resolve()
    })
    return promise
  }

  /**
   * Resolves once `path` has no entry. Rejects with `lock_unsettled` after `timeout` milliseconds, with `aborted` on abort.
   * @param session connected or not, may be used to look for children of sessions that are over
   */
  async settled (path: string, session: Session, timeout: number, signal?: AbortSignal): Promise<void> {
    const mine = [...this.#entries].filter((entry) => entry.path === path)
    if (mine.length === 0) return
    for (const entry of mine) {
      entry.helper = session
      entry.wake()
    }
    try {
      await withDeadline(this.clock, timeout, signal, async () => { await Promise.all(mine.map(({ done }) => done)) })
    } catch (error) {
      throw new ZooKeeperError(error instanceof DeadlineError ? 'lock_unsettled' : 'aborted', { op: 'lock', path })
    }
  }

  /** Begins nothing more, and waits for what is in progress. */
  async close (): Promise<void> {
    this.#closing.abort()
    for (const entry of this.#entries) entry.wake()
    await Promise.all([...[...this.#entries].map(({ done }) => done), ...this.#sweeps])
  }

  #sweep (session: Session): void {
    const sweep = Promise.all([...this.#attempted.get(session) ?? []].map(async (path) => await this.#deleteStrays(session, path))).then(() => { this.#sweeps.delete(sweep) })
    this.#sweeps.add(sweep)
  }

  /** Best effort: after a link failure the next connection does it. */
  async #deleteStrays (session: Session, path: string): Promise<void> {
    try {
      const { names } = await session.children(path)
      for (const { name } of lockContenders(names).filter(({ name }) => this.#isStray(name))) {
        const stat = await session.exists(childPath(path, name))
        if (stat?.ephemeralOwner === session.id && this.#isStray(name) && !this.#closing.signal.aborted) await session.delete(childPath(path, name), ANY_VERSION)
      }
    } catch (error) {
      if (!isLinkFailure(error) && !isNoNode(error) && !session.over) this.#report({ path, error })
    }
  }

  #isStray (name: string): boolean {
    return ![...this.#current, ...[...this.#entries].map(({ prefix }) => prefix)].some((prefix) => name.startsWith(prefix))
  }

  async #settle (entry: Entry): Promise<void> {
    const { signal } = this.#closing
    let endedAt: number | null = null
    for (let tries = 0; !signal.aborted; tries++) {
      try {
        if (!entry.session.over) {
          await entry.session.whenConnected({ signal })
          await this.#erase(entry, entry.session)
          return
        }
        if (hasCode(entry.session.lost.reason, 'session_expired') || entry.session.id === '') return
        endedAt ??= this.clock.monotonic()
        if (this.clock.monotonic() - endedAt >= 2 * entry.session.negotiatedTimeout) return
        if (entry.helper?.state === 'connected' && await this.#erase(entry, entry.helper)) return
      } catch (error) {
        if (signal.aborted) return
        this.#report({ path: entry.path, error })
      }
      if (entry.session.over && endedAt === null) continue
      await this.#pause(entry, Math.min(5_000, 50 * 2 ** Math.min(tries, 10)))
    }
  }

  /** True if the child was there and is deleted now. */
  async #erase (entry: Entry, session: Session): Promise<boolean> {
    const name = entry.name ?? await findChild(session, entry.path, entry.prefix)
    if (name === null || this.#closing.signal.aborted) return false
    try {
      await session.delete(childPath(entry.path, name), ANY_VERSION)
      return true
    } catch (error) {
      // Of a name we know, being gone is as good as deleted: it is never created a second time.
      if (isNoNode(error)) return true
      throw error
    }
  }

  /** Waits, but not past an offer of help. */
  async #pause (entry: Entry, delay: number): Promise<void> {
    await new Promise<void>((resolve) => {
      const timer = this.clock.after(delay, resolve)
      entry.wake = () => {
        timer[Symbol.dispose]()
        resolve()
      }
    })
    entry.wake = () => {}
  }
}

function withResolvers (): { promise: Promise<void>, resolve: () => void } {
  let resolve: () => void = () => {}
  const promise = new Promise<void>((_resolve) => { resolve = _resolve })
  return { promise, resolve }
}
