/**
 * What this node publishes of itself as a candidate, in its presence: whether it could acquire its resources, checked while it is secondary and
 * once more whenever the key names it, which is when they stand by as well; until when it leaves the role to its peers, and what it prefers. The coordinator machine is told what the checks find.
 */
import type { Coordinator } from '../../core/coordinator/coordinator-state.ts'
import { epochOf } from '../../core/model/epoch.ts'
import type { Backoff } from '../../core/model/member.ts'
import { backoffTime } from '../../core/coordinator/procedure-runner.ts'
import { countedHealth, healthFound, publishedPreference, unwillingness, withoutRecovery, type HealthCourse, type Preference, type PublishedPreference } from '../../core/model/preference.ts'
import { publishedReadiness, type Readiness } from '../../core/model/readiness.ts'
import { shortened } from '../../core/model/shortened.ts'
import type { Failure } from '../../core/model/transition.ts'
import { isServed } from '../../core/switchover/contention.ts'
import type { Clock } from '../../runtime/clock.ts'
import type { Logger } from '../../runtime/log/log.ts'
import { ReadinessMonitor } from '../resources/readiness-monitor.ts'
import type { Resource } from '../resources/resource.ts'

export interface CandidacyOptions {
  readonly clock: Clock
  readonly log: Logger
  readonly resources: readonly Resource[]
  /** Milliseconds between two checks. */
  readonly interval: number
  /** Milliseconds between two keepalives. */
  readonly keepaliveInterval: number
  /** As configured, with the health that is known. */
  readonly preference: Preference
  /** Puts all of it into the presence. */
  readonly publish: (parts: { readonly readiness: Readiness | null, readonly stands_back: Backoff | null, readonly candidate: PublishedPreference | undefined }) => void
  /** Told after each round of checks. */
  readonly onChecked: (readiness: Readiness, failure: Failure | null) => void
}

export class Candidacy implements Disposable {
  readonly #options: CandidacyOptions
  readonly #monitor: ReadinessMonitor
  #isNamed = false
  #standsBy = false
  #readiness: Readiness | null = null
  #preference: Preference
  #course: HealthCourse
  #isServed = true
  #backoff: { readonly timer: number, readonly shown: Backoff } | null = null
  /** The newest epoch that named this node and was checked for. */
  #checkedFor = -1
  #why = ''

  constructor (options: CandidacyOptions) {
    this.#options = options
    this.#preference = options.preference
    const { clock, log, resources, interval, preference: { health, minHealth } } = options
    this.#course = healthFound({ found: null, low: null }, health, minHealth, clock.monotonic())
    this.#monitor = new ReadinessMonitor({
      clock,
      log,
      resources,
      interval,
      onChecked: (readiness, failure) => {
        this.#readiness = publishedReadiness(readiness)
        this.#publish()
        options.onChecked(readiness, failure)
        if (this.#isNamed && failure === null) this.#standBy()
      },
    })
  }

  /** Follows the machine; to be called after each of its steps. */
  follow (machine: Coordinator): void {
    const { view, settings: { self } } = machine
    this.#isNamed = view?.key.value === self
    if (!this.#isNamed) this.#standDown()
    const isCandidate = machine.daemon === 'run' && machine.state === 'secondary' && !machine.stopping && machine.activity.kind !== 'procedure'
    if (isCandidate) {
      this.#monitor.start()
      this.#checkWhenNamed(machine)
    } else {
      this.#monitor.stop()
      this.#readiness = null
    }
    this.#followBackoff(machine, isCandidate)
    this.#isServed = machine.view === null || isServed(machine.view.key.value, machine.view.members)
    this.#countHealth()
    this.#publish()
  }

  /** Its health in percent has been found. */
  health (health: number): void {
    this.#course = healthFound(this.#course, health, this.#preference.minHealth, this.#options.clock.monotonic())
    this.#countHealth()
    this.#publish()
  }

  /** Why the node will back off, if it is about to. */
  because (failure: Failure): void {
    this.#why = failure.message
  }

  [Symbol.dispose] (): void {
    this.#monitor.stop()
    this.#standDown()
  }

  /** The peers wait for the transition delay before they begin to release anything: this is the time to find out. */
  #checkWhenNamed ({ view, settings: { self } }: Coordinator): void {
    const epoch = view?.key.value === self ? epochOf(view.key, view.ledger) : null
    if (epoch === null || epoch <= this.#checkedFor) return
    this.#checkedFor = epoch
    this.#monitor.checkNow()
  }

  /** Between now and the acquisition is the transition delay: what takes time begins in it. */
  #standBy (): void {
    this.#standsBy = true
    for (const resource of this.#options.resources) resource.standBy?.()
  }

  /** After a takeover has begun, its own operations see to it. */
  #standDown (): void {
    if (!this.#standsBy) return
    this.#standsBy = false
    for (const resource of this.#options.resources) void resource.standDown?.()
  }

  #countHealth (): void {
    const { clock, log, keepaliveInterval } = this.#options
    const { minHealth } = this.#preference
    if (!this.#isServed) this.#course = withoutRecovery(this.#course, minHealth)
    const health = countedHealth(this.#course, keepaliveInterval, clock.monotonic())
    const [before, now] = [this.#preference, { ...this.#preference, health }].map((preference) => unwillingness(preference).includes('health'))
    this.#preference = { ...this.#preference, health }
    if (now && !before) log.warn({ health, min_health: minHealth }, `the health of this node is ${health} %, below its min_health of ${minHealth} %: it does not become primary by itself, nor by a request without \`force: ["health"]\``)
    else if (before && !now) log.info({ health, min_health: minHealth }, `the health of this node is ${health} % again, not below its min_health of ${minHealth} %`)
  }

  #followBackoff ({ timers: { backoff: timer }, failures, settings }: Coordinator, isCandidate: boolean): void {
    if (timer === null || !isCandidate) this.#backoff = null
    else if (this.#backoff?.timer !== timer) {
      const until = new Date(Date.parse(this.#options.clock.wall()) + backoffTime(settings, failures)).toISOString()
      this.#backoff = { timer, shown: { until, why: shortened(this.#why, 300) } }
    }
  }

  #publish (): void {
    this.#options.publish({ readiness: this.#readiness, stands_back: this.#backoff?.shown ?? null, candidate: publishedPreference(this.#preference) })
  }
}
