/**
 * Watches the other nodes' presence and keepalives, on this machine's monotonic clock. A look reads directly what is in doubt or due
 * (`core/fencing/looking.ts`), and takes the cache's word that the rest is as it was; when the view shows that a presence has gone, it looks at once. What it has
 * seen is only ever a ground to look closer, which `Fencer` does directly.
 *
 * Invariant: all windows begin again at each (re)connection of the session, and with each life; the first look after that reads everything.
 */
import { borneOut, directReading, type CachedPresence } from '../../core/fencing/looking.ts'
import { sightedKeepalive, type Sighting } from '../../core/model/fence-record.ts'
import { isAlive, observe, type FencingTerms, type LivenessByNode } from '../../core/fencing/judgement.ts'
import { isPresent, isSessions, type Member } from '../../core/model/member.ts'
import { readZnode } from '../../cluster/reading.ts'
import type { Clock, Timer } from '../../runtime/clock.ts'
import { isZooKeeperError } from '../../zookeeper/client/errors.ts'
import { nodePath } from '../../cluster/layout.ts'
import type { Session } from '../../zookeeper/session/session.ts'

export interface ObserverOptions {
  readonly session: Session
  readonly clock: Clock
  readonly terms: FencingTerms
  /** Milliseconds between two looks. */
  readonly interval: number
  /** Milliseconds after a keepalive at which the next one is looked for. */
  readonly cadence: number
  /** A presence as the cache has it; null for none. */
  readonly presenceOf: (name: string) => CachedPresence | null
  /** The nodes as the view shows them. */
  readonly members: () => readonly Member[]
  /** Calls the listener with every new view. */
  readonly onView: (listener: () => void) => Disposable
  /** Called after each look. */
  readonly onLook: () => void
}

export class Observer implements Disposable {
  readonly #options: ObserverOptions
  readonly #subscriptions: readonly Disposable[]
  #timer: Timer | null = null
  #watches: LivenessByNode = new Map()
  /** Counts connections: a look that a disconnection fell into is dropped. */
  #connection = 0
  /** The next look is not to wait. */
  #hastened = false
  #disposed = false

  constructor (options: ObserverOptions) {
    this.#options = options
    const again = options.session.onState(() => {
      this.#connection++
      this.#watches = new Map()
    })
    this.#subscriptions = [again, options.onView(() => this.#compare())]
    void this.#look()
  }

  get watches (): LivenessByNode { return this.#watches }

  /** Whether a node has shown a sign of life within the window; true for one that has not been watched for that long. */
  alive (name: string): boolean {
    return isAlive(this.#watches.get(name), this.#options.terms, this.#options.clock.monotonic())
  }

  [Symbol.dispose] (): void {
    this.#disposed = true
    for (const subscription of this.#subscriptions) subscription[Symbol.dispose]()
    this.#timer?.[Symbol.dispose]()
  }

  /** The view may know before the next look that a presence has gone. */
  #compare (): void {
    if (!this.#options.members().some((member) => member.ours && !isPresent(member) && this.#watches.get(member.name)?.last.presence != null)) return
    this.#hastened = true
    if (this.#timer !== null) this.#lookAfter(0)
  }

  #lookAfter (delay: number): void {
    this.#timer?.[Symbol.dispose]()
    this.#timer = this.#options.clock.after(delay, () => {
      this.#timer = null
      void this.#look()
    })
  }

  async #look (): Promise<void> {
    this.#hastened = false
    const { session, clock, interval, members, onLook } = this.#options
    const begun = clock.monotonic()
    const connection = this.#connection
    try {
      const seen = await Promise.all(members().map(async (member) => [member.name, { ...await this.#sight(member, begun), daemonState: member.daemonState }] as const))
      if (connection === this.#connection && !this.#disposed) {
        this.#watches = observe(this.#watches, new Map(seen), clock.monotonic())
        onLook()
      }
    } catch (error) {
      if (!isZooKeeperError(error)) throw error
    }
    if (!this.#disposed && !session.over) this.#lookAfter(this.#hastened ? 0 : interval)
  }

  async #sight (member: Member, now: number): Promise<Sighting> {
    const { session, cadence, presenceOf } = this.#options
    const watch = this.#watches.get(member.name)
    const cached = presenceOf(member.name)
    const wanted = directReading(member, watch, cached, cadence, now)
    if (watch === undefined || wanted === 'presence') return await sight(session, member.name)
    const seen = borneOut(watch.last, cached)
    return wanted === 'none' ? seen : { ...seen, keepalive: await sightedAt(session, member.name) }
  }
}

const sightedAt = async (session: Session, node: string) => sightedKeepalive(await readZnode(session, nodePath(node, 'keepalive')))

/** One node's presence and keepalive, read directly. */
export async function sight (session: Session, node: string): Promise<Sighting> {
  const [found, keepalive] = await Promise.all([readZnode(session, nodePath(node, 'presence')), sightedAt(session, node)])
  const presence = isSessions(found) ? found : undefined
  return { presence: presence?.owner ?? null, renewal: presence?.mzxid ?? null, keepalive }
}
