/** The state of each resource, published in `/nodes/<n>/resources` whenever it changes. For people: nothing waits for it, and nothing is decided on it. */
import { resourcesText, type ResourceState, type ResourceStatus } from '../../core/model/resource-states.ts'
import type { Clock } from '../../runtime/clock.ts'
import { LatestWriter } from '../../runtime/latest-writer.ts'

export interface ResourceStatePublisherOptions {
  readonly clock: Clock
  /** In the order of acquisition. */
  readonly names: readonly string[]
  /** Writes the text; false if it could not be written. Must not reject. */
  readonly write: (text: string) => Promise<boolean>
}

export class ResourceStatePublisher implements Disposable {
  readonly #clock: Clock
  readonly #statuses: Map<string, ResourceStatus>
  readonly #writer: LatestWriter

  constructor ({ clock, names, write }: ResourceStatePublisherOptions) {
    this.#clock = clock
    this.#statuses = new Map(names.map((name) => [name, { name, state: 'unknown', since: clock.wall(), error: null }]))
    this.#writer = new LatestWriter({ clock, write })
    this.#writer.put(resourcesText(this.statuses))
  }

  get statuses (): readonly ResourceStatus[] { return [...this.#statuses.values()] }

  set (name: string, state: ResourceState, error: string | null = null): void {
    const before = this.#statuses.get(name)
    if (before?.state === state && before.error === error) return
    this.#statuses.set(name, { name, state, error, since: this.#clock.wall() })
    this.#writer.put(resourcesText(this.statuses))
  }

  [Symbol.dispose] (): void {
    this.#writer[Symbol.dispose]()
  }
}
