/** The example's Grafana dashboard, and what it asks Prometheus. */
import { readFileSync } from 'node:fs'

interface Place { readonly x: number, readonly y: number, readonly w: number, readonly h: number }
interface Source { readonly type: string, readonly uid: string }
interface Target { readonly refId: string, readonly expr: string, readonly legendFormat: string, readonly datasource: Source, readonly range: boolean, readonly instant: boolean }
interface Panel { readonly id: number, readonly type: string, readonly title: string, readonly gridPos: Place, readonly description?: string, readonly datasource?: Source, readonly targets?: readonly Target[] }
interface Variable { readonly name: string, readonly type: string, readonly query: string | { readonly query: string } }
interface Dashboard {
  readonly uid: string
  readonly schemaVersion: number
  readonly panels: readonly Panel[]
  readonly templating: { readonly list: readonly Variable[] }
  readonly annotations: { readonly list: ReadonlyArray<{ readonly name: string, readonly expr?: string }> }
}

export const dashboard = JSON.parse(readFileSync('examples/grafana/pvc-cluster.json', 'utf8')) as Dashboard
/** Those that ask for something: all but the headings of rows. */
export const graphs = dashboard.panels.filter(({ type }) => type !== 'row')

export interface Query { readonly where: string, readonly expr: string, readonly legend: string }
export const queries: readonly Query[] = [
  ...graphs.flatMap(({ title, targets = [] }) => targets.map(({ refId, expr, legendFormat }) => ({ where: `${title}, ${refId}`, expr, legend: legendFormat }))),
  ...dashboard.annotations.list.flatMap(({ name, expr }) => expr === undefined ? [] : [{ where: name, expr, legend: '' }]),
]

/** An expression as Prometheus takes it, with values in the place of Grafana's variables. */
export const inPrometheus = (expr: string, value = '.*'): string => expr.replace(/\$__(?:rate_interval|range)/g, '5m').replace(/\$\w+/g, value)
