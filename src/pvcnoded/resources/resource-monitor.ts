/**
 * Looks after the resources of a primary: each is checked again and again, and one that is gone is acquired again at once. One that cannot be
 * had again within its attempts is reported, and tried again at its next check.
 *
 * Invariant: after `stop` has resolved, no check and no acquisition is in progress, and none begins before the next `start`.
 */
import type { KnownFailure } from '../../core/model/transition.ts'
import type { Clock, Timer } from '../../runtime/clock.ts'
import type { Logger } from '../../runtime/log/log.ts'
import type { ResourceStatePublisher } from './state-publisher.ts'
import { attemptAll, type Resource } from './resource.ts'

export interface ResourceMonitorOptions {
  readonly clock: Clock
  readonly log: Logger
  readonly resources: readonly Resource[]
  readonly board: ResourceStatePublisher
  /** Resolves true once the lease is sound; false if that will not be, or on abort. */
  readonly mayAct: (signal: AbortSignal) => Promise<boolean>
  /** Told of a resource that is gone and could not be acquired again. */
  readonly onLost: (failure: KnownFailure) => void
  /** Told once of a resource that was reported, and is held again. */
  readonly onRegained: (resource: string) => void
}

interface Run {
  readonly stop: AbortController
  readonly timers: Map<string, Timer>
  readonly running: Set<Promise<void>>
}

export class ResourceMonitor {
  readonly #options: ResourceMonitorOptions
  #watch: Run | null = null
  /** Those that were reported as lost and have not been seen held since. */
  readonly #reported = new Set<string>()

  constructor (options: ResourceMonitorOptions) {
    this.#options = options
  }

  /** @param epoch the one that the resources are held for */
  start (epoch: number | null): void {
    if (this.#watch !== null) return
    const watch: Run = { stop: new AbortController(), timers: new Map(), running: new Set() }
    this.#watch = watch
    this.#reported.clear()
    for (const resource of this.#options.resources) this.#checkLater(watch, resource, epoch)
  }

  /** Stops whatever is in progress, with its process group; resolves once nothing is. Idempotent. */
  async stop (): Promise<void> {
    const watch = this.#watch
    if (watch === null) return
    watch.stop.abort()
    for (const timer of watch.timers.values()) timer[Symbol.dispose]()
    await Promise.all(watch.running)
    if (this.#watch === watch) this.#watch = null
  }

  #checkLater (watch: Run, resource: Resource, epoch: number | null): void {
    if (resource.checkInterval === null || watch.stop.signal.aborted) return
    watch.timers.set(resource.name, this.#options.clock.after(resource.checkInterval, () => {
      const looking = this.#look(resource, epoch, watch.stop.signal)
      watch.running.add(looking)
      void looking.then(() => {
        watch.running.delete(looking)
        this.#checkLater(watch, resource, epoch)
      })
    }))
  }

  async #look (resource: Resource, epoch: number | null, signal: AbortSignal): Promise<void> {
    const { log, board, mayAct, onLost } = this.#options
    const { name } = resource
    const begun = this.#options.clock.monotonic()
    const elapsed = () => Math.round(this.#options.clock.monotonic() - begun)
    const checked = await resource.attempt('check', { epoch, signal })
    if (signal.aborted || checked.kind === 'aborted') return
    if (checked.kind === 'done') {
      log.debug({ resource: name, duration_ms: elapsed() }, `${name} is held, as its check found`)
      return this.#isHeld(name)
    }
    // While it cannot be acquired again, each check finds the same.
    log[this.#reported.has(name) ? 'debug' : 'warn']({ resource: name, duration_ms: elapsed() }, `${name} is lost; acquiring it again: ${checked.failure.message}`)
    board.set(name, 'lost', checked.failure.message)
    if (!await mayAct(signal)) return
    const acquired = await attemptAll(resource, 'acquire', { epoch, signal })
    if (signal.aborted || acquired.kind === 'aborted') return
    if (acquired.kind === 'done') {
      log.info({ resource: name, duration_ms: elapsed() }, `${name} is acquired again`)
      return this.#isHeld(name)
    }
    this.#reported.add(name)
    board.set(name, 'failed', acquired.failure.message)
    onLost({ ...acquired.failure, code: 'resource_lost' })
  }

  #isHeld (name: string): void {
    this.#options.board.set(name, 'held')
    if (this.#reported.delete(name)) this.#options.onRegained(name)
  }
}
