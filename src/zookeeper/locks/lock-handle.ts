/**
 * A lock that is held.
 *
 * Guarantees:
 * - `lost` aborts, once, when the session is lost or closed, or when our child is found to be gone, to belong to another
 *   session, or to be no longer first. After each reconnection that is verified before `sound` is true again.
 * - `release()` resolves only when the deletion of our child is acknowledged, or the child is gone, or the session is over.
 *   If that cannot be had in time it rejects, and the child is on the `LockBook`.
 * Does not guarantee that no other session holds the lock while we are out of contact: `sound` is false then, and what may still
 * be done is for the lease to say.
 */
import { lockPlace, type LockKind } from './lock-order.ts'
import { ZooKeeperError, isLinkFailure, isNoNode, isZooKeeperError } from '../client/errors.ts'
import type { LockBook } from './lock-book.ts'
import { childPath } from '../client/paths.ts'
import { ANY_VERSION, type OperationOptions, type Session } from '../session/session.ts'

export interface ReleaseOptions {
  /** Milliseconds. Default 5,000. */
  readonly timeout?: number
}

export class LockHandle implements AsyncDisposable {
  readonly session: Session
  /** The lock's path. */
  readonly path: string
  /** Our child's name, without the path. */
  readonly name: string
  readonly kind: LockKind
  readonly #book: LockBook
  readonly #lost = new AbortController()
  readonly #subscriptions: Disposable[] = []
  #verified = true
  #releasing: Promise<void> | null = null
  #released = false

  private constructor (session: Session, path: string, name: string, kind: LockKind, book: LockBook) {
    this.session = session
    this.path = path
    this.name = name
    this.kind = kind
    this.#book = book
  }

  /** For `acquireLock` alone, which sees to it that our child is first in line: makes sure that it is ours, and watches it from now on. */
  static async take (session: Session, path: string, name: string, kind: LockKind, book: LockBook, deadline: number): Promise<LockHandle> {
    const handle = new LockHandle(session, path, name, kind, book)
    handle.#subscriptions.push(
      session.onState((state) => {
        if (session.over) handle.#lose(session.lost.reason)
        else if (state === 'suspended') handle.#verified = false
        else if (state === 'connected') handle.#verifyQuietly()
      }),
      session.onWatch(handle.#child, () => handle.#verifyQuietly()),
    )
    try {
      await handle.#checkOwner({ deadline })
    } catch (error) {
      handle.#unsubscribe()
      throw error
    }
    return handle
  }

  /** For `acquireLock` alone: our child was not first in line after all, and stays where it is. */
  forget (): void {
    this.#unsubscribe()
  }

  get #child (): string { return childPath(this.path, this.name) }

  /** Aborts when the lock is no longer ours other than by `release()`. */
  get lost (): AbortSignal { return this.#lost.signal }

  /** True while there is contact and the lock has been verified since contact was made, and it is neither lost nor being released. */
  get sound (): boolean {
    return this.#verified && this.session.state === 'connected' && !this.#lost.signal.aborted && this.#releasing === null
  }

  get released (): boolean { return this.#released }

  /**
   * Reads, on the same session, that our child exists, is ours and is still first. Rejects with `lock_lost` (and `lost`
   * aborts) if not, with a link failure if that could not be found out.
   */
  async verify (options: OperationOptions = {}): Promise<void> {
    if (this.#lost.signal.aborted || this.#releasing !== null) throw new ZooKeeperError('lock_lost', { op: 'lock', path: this.path, cause: this.#lost.signal.reason })
    try {
      await this.#checkOwner(options)
      const { names } = await this.session.children(this.path, options)
      if (lockPlace(names, this.name, this.kind).place !== 'holds') throw this.#lossError('no longer first in line')
    } catch (error) {
      if (isZooKeeperError(error) && error.code === 'lock_lost') this.#lose(error)
      else if (this.session.over) this.#lose(this.session.lost.reason)
      throw error
    }
    if (this.session.state === 'connected') this.#verified = true
  }

  /** Gives the lock back. Idempotent: all calls share the first one's outcome. */
  release (options: ReleaseOptions = {}): Promise<void> {
    this.#releasing ??= this.#release(options.timeout ?? 5_000)
    return this.#releasing
  }

  async [Symbol.asyncDispose] (): Promise<void> {
    await this.release()
  }

  async #release (timeout: number): Promise<void> {
    this.#unsubscribe()
    const { clock } = this.session
    const until = clock.monotonic() + timeout
    try {
      await this.#deleteChild(until)
    } finally {
      this.#book.end(this.name)
    }
    this.#released = true
  }

  async #deleteChild (until: number): Promise<void> {
    const { clock } = this.session
    while (!this.session.over) {
      const deadline = until - clock.monotonic()
      try {
        if (deadline <= 0) throw new ZooKeeperError('deadline', { op: 'lock', path: this.path, maybeApplied: true })
        await this.session.whenConnected({ deadline })
        await this.session.delete(this.#child, ANY_VERSION, { deadline: Math.max(1, until - clock.monotonic()) })
        break
      } catch (error) {
        if (isNoNode(error)) break
        if (this.session.over) break
        if (isLinkFailure(error) && until > clock.monotonic()) continue
        void this.#book.add(this.session, this.path, this.name, this.name)
        throw error
      }
    }
  }

  async #checkOwner (options: OperationOptions): Promise<void> {
    try {
      const { stat } = await this.session.get(this.#child, { ...options, watch: true })
      if (stat.ephemeralOwner !== this.session.id) throw this.#lossError('our child belongs to another session')
    } catch (error) {
      throw isNoNode(error) ? this.#lossError('our child is gone') : error
    }
  }

  #lossError (detail: string): ZooKeeperError {
    return new ZooKeeperError('lock_lost', { op: 'lock', path: this.path, detail })
  }

  /** After a watch or a reconnection. Until it has succeeded the handle is not sound; a link failure is repeated with the link. */
  #verifyQuietly (): void {
    this.#verified = false
    this.verify().catch((error: unknown) => {
      if (this.#lost.signal.aborted || this.#releasing !== null) return
      // Without contact the next connection verifies again. With contact (a deadline) nothing else would: do it here.
      if (isLinkFailure(error) && this.session.state === 'connected') this.session.clock.after(100, () => this.#verifyQuietly())
      else if (!isLinkFailure(error)) this.#lose(error)
    })
  }

  #unsubscribe (): void {
    for (const subscription of this.#subscriptions.splice(0)) subscription[Symbol.dispose]()
  }

  #lose (reason: unknown): void {
    if (this.#lost.signal.aborted || this.#releasing !== null) return
    this.#verified = false
    this.#unsubscribe()
    this.#book.end(this.name)
    this.#lost.abort(reason)
  }
}
