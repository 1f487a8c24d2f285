/**
 * The state of each resource, published in `/nodes/<n>/resources` whenever it changes: one write at a time, the newest state each time, and a
 * write that failed is made again. For people: nothing waits for it, and nothing is decided on it.
 */
import { resourcesText, type ResourceState, type ResourceStatus } from '../../core/resource-states.ts'
import type { Clock, Timer } from '../../runtime/clock.ts'

export interface ResourceBoardOptions {
  readonly clock: Clock
  /** In the order of acquisition. */
  readonly names: readonly string[]
  /** Writes the text; false if it could not be written. Must not reject. */
  readonly write: (text: string) => Promise<boolean>
}

/** Milliseconds after a write that failed. */
const AGAIN = 1_000

export class ResourceBoard implements Disposable {
  readonly #options: ResourceBoardOptions
  readonly #statuses: Map<string, ResourceStatus>
  #writing = false
  #changed = true
  #again: Timer | null = null
  #disposed = false

  constructor (options: ResourceBoardOptions) {
    this.#options = options
    this.#statuses = new Map(options.names.map((name) => [name, { name, state: 'unknown', since: options.clock.wall(), error: null }]))
    void this.#publish()
  }

  get statuses (): readonly ResourceStatus[] { return [...this.#statuses.values()] }

  set (name: string, state: ResourceState, error: string | null = null): void {
    const before = this.#statuses.get(name)
    if (before?.state === state && before.error === error) return
    this.#statuses.set(name, { name, state, error, since: this.#options.clock.wall() })
    this.#changed = true
    void this.#publish()
  }

  [Symbol.dispose] (): void {
    this.#disposed = true
    this.#again?.[Symbol.dispose]()
  }

  async #publish (): Promise<void> {
    if (this.#writing || this.#again !== null) return
    this.#writing = true
    while (this.#changed && !this.#disposed) {
      this.#changed = false
      if (await this.#options.write(resourcesText(this.statuses))) continue
      this.#changed = true
      if (!this.#disposed) {
        this.#again = this.#options.clock.after(AGAIN, () => {
          this.#again = null
          void this.#publish()
        })
      }
      break
    }
    this.#writing = false
  }
}
