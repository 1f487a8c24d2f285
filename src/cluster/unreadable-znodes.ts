/** Says once of each znode that it cannot be read, however often that is tried, and once that it can be read again. Holds one entry for each path that fails. */
import { Episode, type Logger } from '../runtime/log/log.ts'
import type { Clock } from '../runtime/clock.ts'
import { isZooKeeperError } from '../zookeeper/client/errors.ts'
import { denialOf } from './denial.ts'

export class UnreadableZnodes {
  readonly #log: Logger
  readonly #clock: Clock
  readonly #episodes = new Map<string, { readonly episode: Episode, readonly why: string }>()

  constructor (log: Logger, clock: Clock) {
    this.#log = log
    this.#clock = clock
  }

  /** Why a znode cannot be read, as a sentence without its full stop; null if all can. */
  get why (): string | null {
    const [first] = this.#episodes.values()
    return first?.why ?? null
  }

  fault (error: unknown, path: string): void {
    const why = denialOf(error)?.message ?? (error instanceof Error ? error.message : String(error))
    const { episode } = this.#episodes.get(path) ?? { episode: new Episode(this.#log, this.#clock) }
    this.#episodes.set(path, { episode, why })
    episode.fault(`a znode cannot be read; it is tried again: ${why}`, { path, ...isZooKeeperError(error) ? { reason: error.code, operation: error.op } : { err: error } })
  }

  recovered (path: string): void {
    this.#episodes.get(path)?.episode.over('a znode can be read again', { path })
    this.#episodes.delete(path)
  }

  /** Everything is read again, on another session. */
  clear (): void {
    this.#episodes.clear()
  }
}
