/** Whether this API can do its work: it has a view, and the view is fresh. */
import { worst, type Condition } from '../../core/conditions/condition.ts'
import { NOBODY } from '../../core/model/states.ts'
import type { ClusterCache } from './cluster-cache.ts'

export interface HealthReport {
  readonly ready: boolean
  readonly body: { readonly status: string, readonly view_age: number | null, readonly reasons: readonly string[] }
}

/** Whether the cluster is well, as far as this API can see. */
export interface ClusterHealth {
  readonly status: 'ok' | 'warning' | 'critical'
  readonly primary: string | null
  readonly view_age: number | null
  readonly stale: boolean
  readonly conditions: readonly Condition[]
}

export class HealthService {
  readonly #view: ClusterCache
  readonly #unreachable: () => string | null

  #stopping = false

  /** @param unreachable why there is no session with ZooKeeper, as a sentence; null while there is one or nothing is known */
  constructor (view: ClusterCache, unreachable: () => string | null) {
    this.#view = view
    this.#unreachable = unreachable
  }

  /** Whether this API is stopping. */
  get stopping (): boolean { return this.#stopping }

  /** From now on this API is not ready. */
  stop (): void {
    this.#stopping = true
  }

  cluster (): ClusterHealth {
    const { age, stale, conditions, latest } = this.#view
    const severity = worst(conditions)
    const named = latest?.primaryNode ?? NOBODY
    return {
      status: severity === 'info' ? 'ok' : severity,
      primary: named === NOBODY ? null : named,
      view_age: age === Infinity ? null : Math.round(age) / 1000,
      stale,
      conditions,
    }
  }

  report (): HealthReport {
    const { age, stale } = this.#view
    if (this.#stopping) return unready(age === Infinity ? null : Math.round(age) / 1000, 'This API is stopping.')
    const why = this.#unreachable()
    if (age === Infinity) return unready(null, 'Nothing has been read from ZooKeeper yet.', why)
    const seconds = Math.round(age) / 1000
    if (stale) return unready(seconds, `ZooKeeper has not answered for ${seconds} s.`, why)
    return { ready: true, body: { status: 'ok', view_age: seconds, reasons: [] } }
  }
}

const unready = (age: number | null, reason: string, why: string | null = null): HealthReport =>
  ({ ready: false, body: { status: 'unavailable', view_age: age, reasons: why === null ? [reason] : [reason, why] } })
