/**
 * Watches the other nodes' presence and keepalives, on this machine's monotonic clock. Reads them again and again: what it has seen is only ever
 * a ground to look closer, which `Fencer` does directly.
 *
 * Invariant: all windows begin anew at each (re)connection of the session, and with each life.
 */
import type { Sighting } from '../../core/fence-record.ts'
import { isAlive, observe, type FencingTerms, type Watches } from '../../core/fencing.ts'
import type { Member } from '../../core/member.ts'
import { readZnode } from '../../cluster/reading.ts'
import type { Clock, Timer } from '../../runtime/clock.ts'
import { isZooKeeperError } from '../../zookeeper/errors.ts'
import { nodePath } from '../../zookeeper/paths.ts'
import type { Session } from '../../zookeeper/session.ts'

export interface ObserverOptions {
  readonly session: Session
  readonly clock: Clock
  readonly terms: FencingTerms
  /** Milliseconds between two looks. */
  readonly interval: number
  /** The nodes as the view shows them. */
  readonly members: () => readonly Member[]
  /** Called after each look. */
  readonly onLook: () => void
}

export class Observer implements Disposable {
  readonly #options: ObserverOptions
  readonly #subscription: Disposable
  #timer: Timer | null = null
  #watches: Watches = new Map()
  /** Counts connections: a look that a disconnection fell into is dropped. */
  #connection = 0
  #disposed = false

  constructor (options: ObserverOptions) {
    this.#options = options
    this.#subscription = options.session.onState(() => {
      this.#connection++
      this.#watches = new Map()
    })
    void this.#look()
  }

  get watches (): Watches { return this.#watches }

  /** Whether a node's keepalive has changed within the window; true for one that has not been watched for that long. */
  alive (name: string): boolean {
    return isAlive(this.#watches.get(name), this.#options.terms, this.#options.clock.monotonic())
  }

  [Symbol.dispose] (): void {
    this.#disposed = true
    this.#subscription[Symbol.dispose]()
    this.#timer?.[Symbol.dispose]()
  }

  async #look (): Promise<void> {
    const { session, clock, interval, members, onLook } = this.#options
    const connection = this.#connection
    try {
      const seen = await Promise.all(members().map(async ({ name, daemonState }) => [name, { ...await sight(session, name), daemonState }] as const))
      if (connection === this.#connection && !this.#disposed) {
        this.#watches = observe(this.#watches, new Map(seen), clock.monotonic())
        onLook()
      }
    } catch (error) {
      if (!isZooKeeperError(error)) throw error
    }
    if (!this.#disposed && !session.over) this.#timer = clock.after(interval, () => { void this.#look() })
  }
}

/** One node's presence and keepalive, read directly. */
export async function sight (session: Session, node: string): Promise<Sighting> {
  const [presence, keepalive] = await Promise.all([readZnode(session, nodePath(node, 'presence')), readZnode(session, nodePath(node, 'keepalive'))])
  // With its version: a wall clock that steps back may say the same again.
  return { presence: presence?.owner ?? null, keepalive: keepalive === undefined ? null : `${keepalive.data}/${keepalive.mzxid}` }
}
