/** Says in the log who holds the primary lock while this node waits for it, once for each holder, and what ZooKeeper denies, once for each time that this continues. */
import type { Denial } from '../../core/coordinator/key-change.ts'
import { holderInWords } from '../../core/model/lock-holder.ts'
import { readLockHolder } from '../../cluster/reading.ts'
import type { Clock } from '../../runtime/clock.ts'
import { Episode, type Logger } from '../../runtime/log/log.ts'
import { isZooKeeperError } from '../../zookeeper/client/errors.ts'
import { PRIMARY_NODE } from '../../cluster/layout.ts'
import type { Session } from '../../zookeeper/session/session.ts'

export class LockWatch {
  readonly #session: Session
  readonly #log: Logger
  readonly #episode: Episode
  readonly #denied: Episode
  /** The child that was named last. */
  #holder: string | null = null

  constructor (session: Session, log: Logger, clock: Clock) {
    this.#session = session
    this.#log = log
    this.#episode = new Episode(log, clock)
    this.#denied = new Episode(log, clock)
  }

  /** The lock could not be acquired, or is waited for longer than a holder should need. Resolves with the holder in words, null if that is not known. */
  async held (): Promise<string | null> {
    try {
      const holder = await readLockHolder(this.#session, PRIMARY_NODE)
      if (holder === null) return null
      if (this.#holder !== null && this.#holder !== holder.child) this.#episode.over('another process holds the primary lock')
      this.#holder = holder.child
      const { identifier, session, since } = holder
      this.#episode.fault(`the primary lock is held by ${holderInWords(holder)}; if it stays held, see "A lock that is not released" in docs/operations.md`, { holder: identifier, holder_session: session, held_since: since })
      return holderInWords(holder)
    } catch (error) {
      if (!isZooKeeperError(error)) throw error
      this.#log.debug({ err: error }, 'the holder of the primary lock could not be read')
      return null
    }
  }

  /** A change of the key came to `outcome`. */
  ended (outcome: string, denial: Denial | undefined): void {
    if (outcome === 'lock_timeout') return
    if (denial !== undefined) {
      const { code, operation, path, message } = denial
      return this.#denied.fault(`the primary key cannot be changed: ${message}. Give this node the right in the access list of that znode; it tries again`, { reason: code, operation, path })
    }
    this.#denied.over('ZooKeeper permits changes of the primary key again')
    this.acquired()
  }

  acquired (): void {
    this.#holder = null
    this.#episode.over('the primary lock is acquired')
  }
}
