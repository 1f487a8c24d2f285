/**
 * Finds out at intervals whether this node could acquire each of its resources, while it holds nothing. The checks of all resources run beside one
 * another, change nothing, and nothing waits for them.
 *
 * Invariant: at most one round of checks runs at a time, and none is begun after `stop`.
 */
import type { Readiness, Unready } from '../../core/model/readiness.ts'
import type { KnownFailure } from '../../core/model/transition.ts'
import type { Clock, Timer } from '../../runtime/clock.ts'
import type { Logger } from '../../runtime/log/log.ts'
import type { Resource } from './resource.ts'

export interface ReadinessMonitorOptions {
  readonly clock: Clock
  readonly log: Logger
  readonly resources: readonly Resource[]
  /** Milliseconds between two rounds, and bound of one. */
  readonly interval: number
  /** Told after each round: what could not be acquired, the first of it as the failure of a switchover. */
  readonly onChecked: (readiness: Readiness, failure: KnownFailure | null) => void
}

interface Round {
  readonly stop: AbortController
  timer: Timer | null
  running: boolean
  /** Another round was asked for while one was running. */
  again: boolean
}

export class ReadinessMonitor {
  readonly #options: ReadinessMonitorOptions
  /** By resource, since the first check that found it so. */
  #unready = new Map<string, Unready>()
  #round: Round | null = null

  constructor (options: ReadinessMonitorOptions) {
    this.#options = options
  }

  /** Begins at once. Idempotent. */
  start (): void {
    if (this.#round !== null || this.#options.resources.length === 0) return
    this.#round = { stop: new AbortController(), timer: null, running: false, again: false }
    void this.#check(this.#round)
  }

  /** Checks now; after the round that is running, if one is: what it has found may be old. */
  checkNow (): void {
    const round = this.#round
    if (round === null) return
    if (round.running) round.again = true
    else void this.#check(round)
  }

  /** What was found is forgotten: it says nothing about a node that is acquiring or holds something. Idempotent. */
  stop (): void {
    this.#round?.stop.abort()
    this.#round?.timer?.[Symbol.dispose]()
    this.#round = null
    this.#unready = new Map()
  }

  async #check (round: Round): Promise<void> {
    const { clock, resources, interval, onChecked } = this.#options
    round.timer?.[Symbol.dispose]()
    round.running = true
    const results = await Promise.all(resources.map(async (resource) => await this.#checkOne(resource, round.stop.signal)))
    round.running = false
    if (round.stop.signal.aborted) return
    const failures = results.filter((failure) => failure !== null)
    this.#note(failures)
    onChecked({ unready: [...this.#unready.values()], interval: interval / 1_000 }, failures[0] ?? null)
    if (round.again) {
      round.again = false
      void this.#check(round)
      return
    }
    round.timer = clock.after(interval, () => { void this.#check(round) })
  }

  async #checkOne (resource: Resource, signal: AbortSignal): Promise<KnownFailure | null> {
    const { clock, log } = this.#options
    const begun = clock.monotonic()
    const result = await resource.attempt('ready', { epoch: null, signal })
    log.debug({ resource: resource.name, outcome: result.kind, duration_ms: Math.round(clock.monotonic() - begun) }, `readiness of ${resource.name} checked: ${result.kind}`)
    return result.kind === 'failed' ? result.failure : null
  }

  /** Keeps since when each has been so, and logs what has changed. */
  #note (failures: readonly KnownFailure[]): void {
    const { clock, log } = this.#options
    const found = new Map<string, Unready>()
    for (const { resource, message } of failures) {
      if (resource === null) continue
      const before = this.#unready.get(resource)
      if (before?.message !== message) log.warn({ resource }, `not eligible for primary: ${message}`)
      found.set(resource, { resource, message, since: before?.since ?? clock.wall() })
    }
    for (const resource of this.#unready.keys()) if (!found.has(resource)) log.info({ resource }, `${resource} could be acquired here again`)
    this.#unready = found
  }
}
