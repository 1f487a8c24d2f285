/** Whether this API can do its work: it has a view, and the view is fresh. */
import type { ClusterCache } from './cluster-cache.ts'

export interface HealthReport {
  readonly ready: boolean
  readonly body: { readonly status: string, readonly view_age: number | null, readonly reasons: readonly string[] }
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
