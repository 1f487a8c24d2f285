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

  /** For a `ZnodeCache`. */
  readonly listeners = {
    onError: (error: unknown, path: string) => this.fault(error, path),
    onRecovered: (path: string) => this.recovered(path),
    onMissed: (path: string) => this.missed(path),
  } as const

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

  /** A change was not notified: ZooKeeper withholds that from a session that may not read the znode at that moment. */
  missed (path: string): void {
    this.#log.warn({ path }, `ZooKeeper has not reported a change of ${path}, which it does not while this session may not read it; it is read again`)
  }

  /** Everything is read again, on another session. */
  clear (): void {
    this.#episodes.clear()
  }
}
