/** docs/metrics.md: every metric of pvcapid, from the registry that serves them. */
import { Metrics } from '../../src/pvcapid/metrics/metrics.ts'
import { code, page, table } from './markdown.ts'

interface MetricFacts {
  readonly name: string
  readonly help: string
  readonly kind: string
  readonly labels: readonly string[]
}

/** Sorted by name. */
export function metricFacts (): readonly MetricFacts[] {
  return new Metrics('').registry.getMetricsAsArray().map((metric) => {
    // prom-client's declarations leave out what every metric has.
    const { name, help, labelNames, type = metric.constructor.name.toLowerCase() } = metric as unknown as { readonly name: string, readonly help: string, readonly labelNames: readonly string[], readonly type?: string }
    return { name, help, kind: type, labels: labelNames }
  }).sort((a, b) => a.name < b.name ? -1 : 1)
}

export function metricsPage (): string {
  return page('Metrics', 'src/pvcapid/metrics/metrics.ts',
    '`GET /metrics` of every pvcapid, in Prometheus\' text format. What begins with `pvc_` concerns the cluster as that API sees it, what begins with `pvcapid_` the API itself. Labels come from closed lists, nodes\' names and routes, never from what clients send. [Alert rules](../examples/prometheus/pvc-alerts.yaml) are among the examples; [operations.md](operations.md#alerts) says what to do about each.',
    table(['metric', 'kind', 'labels', 'what it is'], metricFacts().map(({ name, kind, labels, help }) => [code(name), kind, labels.map(code).join(', '), help])))
}
