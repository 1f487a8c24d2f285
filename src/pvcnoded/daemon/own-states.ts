/**
 * Looks every few seconds, and at once after each reconnection, whether ZooKeeper still has what this incarnation has published. Servers that were restored
 * from a backup may take a session that was open in it, and any program may write or delete a znode: peers would go by that.
 *
 * Guarantees: an incarnation whose presence is missing, or any of whose states is not as it has written it, is told so. `exists` needs no permission.
 * Does not guarantee that changed data of others are noticed: each node sees to its own.
 */
import { sureRead } from '../../cluster/certain-write.ts'
import type { Clock, Timer } from '../../runtime/clock.ts'
import { isZooKeeperError } from '../../zookeeper/client/errors.ts'
import type { Session } from '../../zookeeper/session/session.ts'
import type { OwnZnodes } from './own-znodes.ts'
import type { Presence } from './presence.ts'

/** What peers go by. */
const published = ['daemonstate', 'routerstate', 'transition'] as const

/** Milliseconds between two looks. */
const INTERVAL = 5_000

export interface OwnStatesOptions {
  readonly session: Session
  readonly clock: Clock
  readonly presence: Pick<Presence, 'isThere'>
  readonly own: Pick<OwnZnodes, 'difference'>
  /** Called with a reason, as part of a sentence. */
  readonly onDifference: (reason: string) => void
}

const reasons = {
  gone: 'the presence of this node was deleted',
  older: 'ZooKeeper has older data of this node, probably from a backup',
  changed: 'another program has changed or deleted the state of this node',
} as const

export class OwnStates implements Disposable {
  readonly #options: OwnStatesOptions
  readonly #subscription: Disposable
  #timer: Timer | null = null
  #looking = false
  #disposed = false

  constructor (options: OwnStatesOptions) {
    this.#options = options
    this.#subscription = options.session.onState((state) => { if (state === 'connected') void this.#look() })
    this.#lookLater()
  }

  [Symbol.dispose] (): void {
    this.#disposed = true
    this.#subscription[Symbol.dispose]()
    this.#timer?.[Symbol.dispose]()
  }

  #lookLater (): void {
    this.#timer = this.#options.clock.after(INTERVAL, () => {
      void this.#look()
      this.#lookLater()
    })
  }

  /** One at a time: where ZooKeeper is silent, it ends with the session. */
  async #look (): Promise<void> {
    if (this.#looking || this.#disposed) return
    this.#looking = true
    const { session, presence, own, onDifference } = this.#options
    try {
      const found = await sureRead(session, async () => ({ difference: await presence.isThere() ? await own.difference(published) : 'gone' as const }))
      if (found?.difference != null && !this.#disposed) onDifference(reasons[found.difference])
    } catch (error) {
      if (!isZooKeeperError(error)) throw error
    } finally {
      this.#looking = false
    }
  }
}
