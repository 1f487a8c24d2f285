/**
 * Compares the znodes of a cache with ZooKeeper in turn, and so keeps proving contact where nothing changes.
 *
 * A watch can be lost while the session lives: a server that judges permissions when a watch fires (ZooKeeper 3.8.4 and 3.9.2, Debian's 3.8.0)
 * withholds the event from a session that may not read the znode at that moment, and the watch is gone. Nothing tells when the permission comes
 * back. `exists` needs no permission, so every znode is compared by it.
 *
 * Guarantees: the first znode is compared with each probe, every other within as many probes as it takes to go round; a probe begins when the one
 * before has been answered.
 */
import type { Clock, Timer } from '../../runtime/clock.ts'
import type { Stat } from '../client/connection.ts'
import { isLinkFailure } from '../client/errors.ts'
import type { Session } from '../session/session.ts'
import type { CacheEntry } from './cache-snapshot.ts'

export interface CacheAuditOptions {
  readonly session: Session
  readonly clock: Clock
  /** Milliseconds from an answer to the next probe. */
  readonly interval: number
  /** Znodes of one probe. */
  readonly size: number
  /** Compared with each probe. */
  readonly first: string
  /** All there are, which may change meanwhile. */
  readonly paths: () => Iterable<string>
  readonly entry: (path: string) => CacheEntry | undefined
  readonly interest: (path: string) => { readonly data: boolean, readonly children: boolean }
  /** Whether a path is to be read anyway, or of no interest any more. */
  readonly isKnown: (path: string) => boolean
  /** ZooKeeper has answered a request that was sent at `sentAt`, monotonic milliseconds. */
  readonly onContact: (sentAt: number) => void
  /** A znode is not as the cache has it, and no watch has fired. */
  readonly onMissed: (path: string) => void
  readonly onError: (error: unknown, path: string) => void
}

export class CacheAudit implements Disposable {
  readonly #options: CacheAuditOptions
  #round: Iterator<string>
  #timer: Timer | null = null
  #over = false

  constructor (options: CacheAuditOptions) {
    this.#options = options
    this.#round = options.paths()[Symbol.iterator]()
    this.#again()
  }

  [Symbol.dispose] (): void {
    this.#over = true
    this.#timer?.[Symbol.dispose]()
  }

  /** Compares one znode now. Never rejects. */
  async verify (path: string): Promise<void> {
    const { session, clock, entry, interest, isKnown, onContact, onMissed, onError } = this.#options
    const sentAt = clock.monotonic()
    try {
      const stat = await session.exists(path)
      if (this.#over || session.state !== 'connected') return
      onContact(sentAt)
      // An event comes before any reply that shows its change, so what has been told is known by now.
      if (!isKnown(path) && hasDrifted(entry(path), stat, interest(path))) onMissed(path)
    } catch (error) {
      if (!this.#over && !isLinkFailure(error) && !session.over) onError(error, path)
    }
  }

  #again (): void {
    const { session, clock, interval } = this.#options
    this.#timer = clock.after(interval, () => {
      if (this.#over || session.over) return
      if (session.state === 'connected') void Promise.all(this.#next().map(async (path) => await this.verify(path))).then(() => { if (!this.#over) this.#again() })
      else this.#again()
    })
  }

  #next (): readonly string[] {
    const { first, size, paths } = this.#options
    const chosen = new Set([first])
    let rounds = 0
    while (chosen.size < size && rounds < 2) {
      const { done, value } = this.#round.next()
      if (done !== true) chosen.add(value as string)
      else {
        rounds += 1
        this.#round = paths()[Symbol.iterator]()
      }
    }
    return [...chosen]
  }
}

/** Whether a znode with this stat (null: none) is not what the cache has of it (undefined: nothing). */
function hasDrifted (entry: CacheEntry | undefined, stat: Stat | null, wanted: { readonly data: boolean, readonly children: boolean }): boolean {
  if (entry === undefined || stat === null) return (entry === undefined) !== (stat === null)
  if (wanted.data && (entry.stat.mzxid !== stat.mzxid || entry.stat.czxid !== stat.czxid)) return true
  return wanted.children && entry.listed !== listingOf(stat)
}

/** The transaction of a list of children, from the stat that came with it. */
export const listingOf = ({ czxid, pzxid }: Stat): string => `${czxid}${pzxid}`
