/** The state of each resource, published in `/nodes/<n>/resources` whenever it changes. For people: nothing waits for it, and nothing is decided on it. */
import { resourcesText, type ConcernCode, type Effort, type ResourceState, type ResourceStatus } from '../../core/model/resource-states.ts'
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
  /** Of resources whose present state an acquisition or a release for an epoch has led to. */
  readonly #efforts = new Map<string, Effort>()
  readonly #writer: LatestWriter

  constructor ({ clock, names, write }: ResourceStatePublisherOptions) {
    this.#clock = clock
    this.#statuses = new Map(names.map((name) => [name, { name, state: 'unknown', since: clock.wall(), error: null, concerns: [] }]))
    this.#writer = new LatestWriter({ clock, write })
    this.#publish()
  }

  get statuses (): readonly ResourceStatus[] { return [...this.#statuses.values()] }

  set (name: string, state: ResourceState, error: string | null = null, effort: Effort | null = null): void {
    const before = this.#statuses.get(name)
    if (before?.state === state && before.error === error) return
    // What is not held here is no concern of this node.
    this.#statuses.set(name, { name, state, error, since: this.#clock.wall(), concerns: state === 'released' ? [] : before?.concerns ?? [] })
    if (effort === null) this.#efforts.delete(name)
    else this.#efforts.set(name, effort)
    this.#publish()
  }

  /** @param message null: it is no longer so */
  concern (name: string, code: ConcernCode, message: string | null): void {
    const before = this.#statuses.get(name)
    const earlier = before?.concerns.find((each) => each.code === code)
    if (before === undefined || (earlier?.message ?? null) === message) return
    const others = before.concerns.filter((each) => each !== earlier)
    this.#statuses.set(name, { ...before, concerns: message === null ? others : [...others, { code, message, since: earlier?.since ?? this.#clock.wall() }] })
    this.#publish()
  }

  #publish (): void {
    this.#writer.put(resourcesText(this.statuses, this.#efforts))
  }

  [Symbol.dispose] (): void {
    this.#writer[Symbol.dispose]()
  }
}
