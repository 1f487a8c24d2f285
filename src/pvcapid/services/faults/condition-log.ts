/**
 * The log of conditions: a line when a condition begins, at the level of its severity, and a line when it ends.
 *
 * Guarantees: a beginning that is logged is followed by its end, unless this API stops first; a condition that becomes more severe is logged again.
 * A condition that begins again and again is logged `LIMIT` times within `WINDOW`, and all conditions together `LIMIT_OF_ALL` times. The rest is
 * counted; at the end of the window a line says how many there were, and the conditions that are there then are logged.
 * Does not log a condition that begins and ends between two looks of the view.
 */
import { identityOf, type Condition } from '../../../core/conditions/condition.ts'
import { severities, type Severity } from '../../../core/conditions/kinds.ts'
import type { Clock, Timer } from '../../../runtime/clock.ts'
import type { Logger } from '../../../runtime/log/log.ts'
import type { ClusterCache } from '../cluster-cache.ts'

/** Milliseconds in which beginnings are counted together: ten minutes, as log lines say. */
const WINDOW = 600_000
/** Beginnings of one condition, and of all, that are logged within a window. */
const LIMIT = 10
const LIMIT_OF_ALL = 500

/** What the log says of conditions, by the field `event` of its line: level and meaning. */
export const conditionEvents = {
  condition_began: ['by severity', 'The condition is there, as its sentence says; also one that is found when pvcapid starts.'],
  condition_worsened: ['by severity', 'It is more severe than before.'],
  condition_ended: ['`info`', 'It has ended, `lasted` seconds after this API first saw it. An end is logged if its beginning was.'],
  condition_repeated: ['by severity', `It began more than ${LIMIT} times within ten minutes, and \`times\` beginnings are not in the log.`],
  conditions_omitted: ['`warn`', `More than ${LIMIT_OF_ALL.toLocaleString('en')} conditions began within ten minutes, and \`times\` beginnings are not in the log.`],
} as const satisfies Readonly<Record<string, readonly [level: string, meaning: string]>>
type ConditionEvent = keyof typeof conditionEvents

/** The most severe first. */
const order = Object.keys(severities)
const isWorse = (one: Condition, other: Condition) => order.indexOf(one.severity) < order.indexOf(other.severity)

const levels = { critical: 'error', warning: 'warn', info: 'info' } as const satisfies Readonly<Record<Severity, keyof Logger>>

export interface ConditionLogOptions {
  readonly view: Pick<ClusterCache, 'onConditions'>
  readonly clock: Clock
  readonly log: Pick<Logger, 'error' | 'warn' | 'info'>
}

interface Present {
  readonly condition: Condition
  /** Monotonic. */
  readonly begun: number
  readonly isLogged: boolean
}

interface Count {
  condition: Condition
  logged: number
  omitted: number
}

const fieldsOf = ({ code, severity, node, resource, fault }: Condition, event: ConditionEvent) => ({ event, condition: code, severity, node, resource, fault })

export class ConditionLog implements Disposable {
  readonly #options: ConditionLogOptions
  readonly #subscription: Disposable
  readonly #present = new Map<string, Present>()
  /** Of the window, by condition: no more than `LIMIT_OF_ALL`. */
  readonly #counts = new Map<string, Count>()
  #logged = 0
  /** Beginnings that are in no count. */
  #omitted = 0
  #window: Timer | null = null

  constructor (options: ConditionLogOptions) {
    this.#options = options
    this.#subscription = options.view.onConditions((conditions) => this.#compare(conditions))
  }

  /** Logs what has been counted. */
  [Symbol.dispose] (): void {
    this.#subscription[Symbol.dispose]()
    this.#window?.[Symbol.dispose]()
    this.#summarize()
  }

  #compare (conditions: readonly Condition[]): void {
    const found = new Map(conditions.map((condition) => [identityOf(condition), condition]))
    for (const [identity, present] of this.#present) {
      if (found.has(identity)) continue
      this.#present.delete(identity)
      if (present.isLogged) this.#logEnd(present)
    }
    for (const [identity, condition] of found) {
      const before = this.#present.get(identity)
      if (before === undefined) this.#present.set(identity, { condition, begun: this.#options.clock.monotonic(), isLogged: this.#logBeginning(identity, condition) })
      else if (isWorse(condition, before.condition)) this.#present.set(identity, { ...before, condition, isLogged: this.#logBeginning(identity, condition, 'condition_worsened', `condition became ${condition.severity}`) || before.isLogged })
      else this.#present.set(identity, { ...before, condition })
    }
  }

  #logEnd ({ condition, begun }: Present): void {
    const { clock, log } = this.#options
    log.info({ ...fieldsOf(condition, 'condition_ended'), lasted: Math.round(clock.monotonic() - begun) / 1000 }, `condition ended: ${condition.message}`)
  }

  /** Whether it is logged, which the limits may forbid. */
  #logBeginning (identity: string, condition: Condition, event: ConditionEvent = 'condition_began', what = 'condition began'): boolean {
    if (!this.#isWithinLimits(identity, condition)) return false
    const { since, advice, message } = condition
    this.#options.log[levels[condition.severity]]({ ...fieldsOf(condition, event), since, advice }, `${what}: ${message}`)
    return true
  }

  #isWithinLimits (identity: string, condition: Condition): boolean {
    this.#window ??= this.#options.clock.after(WINDOW, () => this.#endWindow())
    const count = this.#counts.get(identity)
    if (this.#logged >= LIMIT_OF_ALL || (count !== undefined && count.logged >= LIMIT)) {
      if (count === undefined) this.#omitted += 1
      else Object.assign(count, { condition, omitted: count.omitted + 1 })
      return false
    }
    this.#logged += 1
    if (count === undefined) this.#counts.set(identity, { condition, logged: 1, omitted: 0 })
    else count.logged += 1
    return true
  }

  #endWindow (): void {
    this.#window = null
    this.#summarize()
    for (const [identity, present] of this.#present) {
      if (!present.isLogged) this.#present.set(identity, { ...present, isLogged: this.#logBeginning(identity, present.condition) })
    }
  }

  #summarize (): void {
    const { log } = this.#options
    for (const { condition, omitted } of this.#counts.values()) {
      if (omitted > 0) log[levels[condition.severity]]({ ...fieldsOf(condition, 'condition_repeated'), times: omitted }, `condition began ${omitted} more times within ten minutes: ${condition.message}`)
    }
    if (this.#omitted > 0) log.warn({ event: 'conditions_omitted' satisfies ConditionEvent, times: this.#omitted }, `${this.#omitted} more conditions began within ten minutes than are logged; GET /api/v1/status has those that are there now`)
    this.#counts.clear()
    this.#logged = 0
    this.#omitted = 0
  }
}
