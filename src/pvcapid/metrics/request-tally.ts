/**
 * Requests and their durations, counted in plain numbers by what was found out about a route when it was registered, and put into Prometheus'
 * form only when it asks. Counting one is some additions, whatever the labels.
 */
import type { Metric, Registry } from 'prom-client'

/** The requests of one method and route. */
export class RouteTally {
  readonly method: string
  readonly route: string
  readonly bounds: readonly number[]
  readonly byStatus = new Map<number, number>()
  /** Durations up to each bound and above the one before; the last above all of them. */
  readonly buckets: number[]
  sum = 0
  timed = 0

  constructor (method: string, route: string, bounds: readonly number[]) {
    this.method = method
    this.route = route
    this.bounds = bounds
    this.buckets = new Array<number>(bounds.length + 1).fill(0)
  }

  count (status: number): void {
    this.byStatus.set(status, (this.byStatus.get(status) ?? 0) + 1)
  }

  /** @param seconds how long a request took that was not to wait */
  time (seconds: number): void {
    let at = 0
    while (at < this.bounds.length && seconds > (this.bounds[at] as number)) at++
    this.buckets[at] = (this.buckets[at] as number) + 1
    this.sum += seconds
    this.timed += 1
  }
}

interface Figure {
  readonly metricName?: string
  readonly labels: Readonly<Record<string, string | number>>
  readonly value: number
}

export class RequestTally {
  readonly #bounds: readonly number[]
  readonly #routes = new Map<string, RouteTally>()

  /** @param bounds seconds, ascending */
  constructor (registry: Registry, bounds: readonly number[]) {
    this.#bounds = bounds
    // `labelNames` as the library's own metrics have it, for the reference that is made of them.
    const register = (name: string, help: string, type: string, labelNames: readonly string[], values: () => readonly Figure[]): void => {
      registry.registerMetric({ name, help, type, labelNames, get: async () => ({ name, help, type, values: values(), aggregator: 'sum' }) } as unknown as Metric)
    }
    register('pvcapid_http_requests_total', 'Requests by method, route and status.', 'counter', ['method', 'route', 'status'], () => this.#requests())
    register('pvcapid_http_request_duration_seconds', 'Duration of requests that were not to wait, by method and route.', 'histogram', ['method', 'route'], () => this.#durations())
  }

  /** The tally of one method and route: both from closed lists, never what a client sent. */
  of (method: string, route: string): RouteTally {
    const key = `${method} ${route}`
    const tally = this.#routes.get(key) ?? new RouteTally(method, route, this.#bounds)
    this.#routes.set(key, tally)
    return tally
  }

  #requests (): readonly Figure[] {
    return [...this.#routes.values()].flatMap(({ method, route, byStatus }) => [...byStatus].map(([status, value]) => ({ labels: { method, route, status: String(status) }, value })))
  }

  #durations (): readonly Figure[] {
    const name = 'pvcapid_http_request_duration_seconds'
    return [...this.#routes.values()].filter(({ timed }) => timed > 0).flatMap(({ method, route, bounds, buckets, sum, timed }) => {
      let below = 0
      const upTo = bounds.map((le, at) => {
        below += buckets[at] as number
        return { metricName: `${name}_bucket`, labels: { le, method, route }, value: below }
      })
      const labels = { method, route }
      return [
        ...upTo,
        { metricName: `${name}_bucket`, labels: { le: '+Inf', ...labels }, value: timed },
        { metricName: `${name}_sum`, labels, value: sum },
        { metricName: `${name}_count`, labels, value: timed },
      ]
    })
  }
}
