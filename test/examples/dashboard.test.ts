/** The example's Grafana dashboard asks for metrics, labels and values that the daemon has, and its panels fit beside each other. */
import { spawnSync } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { conditionKinds, severities } from '../../src/core/conditions/kinds.ts'
import { fenceStates } from '../../src/core/model/fence-record.ts'
import { resourceStates } from '../../src/core/model/resource-states.ts'
import { causes, coordinatorStates, daemonStates, outcomes } from '../../src/core/model/states.ts'
import { phases } from '../../src/core/switchover/phases.ts'
import { SESSION_STATES } from '../../src/zookeeper/session/session.ts'
import { metricFacts } from '../../tools/reference/metrics.ts'
import { dashboard, graphs, inPrometheus, queries, type Query } from './support/dashboard.ts'

const { panels, templating: { list: variables } } = dashboard

/** What Prometheus adds to every series, and its own metric. */
const SCRAPED = ['instance', 'job']
const facts = new Map([...metricFacts(), { name: 'up', kind: 'gauge', labels: [] as readonly string[] }].flatMap(({ name, kind, labels }) => kind === 'histogram'
  ? [[`${name}_bucket`, { kind: 'counter', labels: [...labels, 'le'] }], [`${name}_sum`, { kind: 'counter', labels }], [`${name}_count`, { kind: 'counter', labels }]] as const
  : [[name, { kind, labels }]] as const))
const labelsOf = (name: string): readonly string[] => [...facts.get(name)?.labels ?? [], ...SCRAPED]

/** Values of labels with a closed list, by the label or, where metrics differ, by metric and label. */
const VALUES: Readonly<Record<string, object>> = {
  code: conditionKinds,
  severity: severities,
  cause: causes,
  outcome: outcomes,
  phase: phases,
  coordinator_state: coordinatorStates,
  daemon_state: daemonStates,
  result: { ok: 0, error: 0 },
  'pvc_node_fence_state.state': fenceStates,
  'pvc_resource_state.state': resourceStates,
  'pvcapid_zookeeper_session_state.state': SESSION_STATES,
}

interface Selector { readonly name: string, readonly matchers: ReadonlyArray<{ readonly label: string, readonly value: string }> }
const selectorsOf = (expr: string): readonly Selector[] => [...expr.matchAll(/\b((?:pvc|pvcapid|process)_\w+|up)\b(?:\{([^}]*)\})?/g)].map(([, name = '', inside = '']) => ({
  name, matchers: [...inside.matchAll(/(\w+)\s*(?:=~|!~|!=|=)\s*"([^"]*)"/g)].map(([, label = '', value = '']) => ({ label, value })),
}))
const list = (text = ''): readonly string[] => text.split(',').map((each) => each.trim()).filter((each) => each !== '')

/** Everything that an expression asks for and the daemon does not have. */
function faults ({ expr, legend }: Pick<Query, 'expr' | 'legend'>): readonly string[] {
  const found: string[] = []
  const selectors = selectorsOf(expr)
  if (selectors.length === 0) found.push('asks for no metric')
  for (const { name, matchers } of selectors) {
    if (!facts.has(name)) found.push(`${name} is no metric`)
    for (const { label, value } of matchers) {
      if (!labelsOf(name).includes(label)) found.push(`${name} has no label ${label}`)
      const values = VALUES[`${name}.${label}`] ?? VALUES[label]
      for (const one of value.split('|')) if (values !== undefined && !Object.hasOwn(values, one)) found.push(`${label} is never ${one}`)
    }
    if (facts.get(name)?.kind === 'counter' && !new RegExp(`(?:rate|increase)\\(${name}\\b[^[]*\\[`).test(expr)) found.push(`${name} counts up: its rate or increase is of use`)
    if (matchers.every(({ value }) => value !== '$instance') && !expr.includes(`on (instance) ${name}`)) found.push(`${name} is not limited to the APIs that were chosen`)
  }
  const has = new Set(selectors.flatMap(({ name }) => labelsOf(name)))
  const grouped = [...expr.matchAll(/\b(?:by|on|group_left) \(([^)]*)\)/g)].map(([, labels]) => list(labels))
  for (const label of grouped.flat()) if (!has.has(label)) found.push(`no metric has the label ${label}`)
  const by = [...expr.matchAll(/\b(?:sum|max|min|count)(?: by \(([^)]*)\))? ?\(/g)].map(([, labels]) => list(labels))
  if (expr.includes('histogram_quantile') && !by.some((labels) => labels.includes('le'))) found.push('a quantile needs le')
  // An aggregation leaves only its own labels.
  const shown = by[0] ?? [...has]
  for (const [, label = ''] of legend.matchAll(/\{\{(\w+)\}\}/g)) if (!shown.includes(label)) found.push(`the legend names ${label}, which the result does not have`)
  return found
}

t.test('every query asks for what there is', async (t) => {
  for (const query of queries) t.strictSame(faults(query), [], `${query.where}: ${query.expr}`)
  t.ok(queries.length > 40, `${queries.length} queries`)
})

t.test('a query that asks for something else is found', async (t) => {
  const here = '{instance=~"$instance"}'
  t.strictSame(faults({ expr: `max by (node) (pvc_primary${here})`, legend: '{{node}}' }), [])
  for (const [expr, legend, fault] of [
    [`pvc_leader${here}`, '', 'pvc_leader is no metric'], ['vector(1)', '', 'asks for no metric'],
    ['pvc_primary{instance=~"$instance", name="hv1"}', '', 'pvc_primary has no label name'],
    ['pvc_condition{instance=~"$instance", code=~"node_dead|node_died"}', '', 'code is never node_died'],
    ['pvcapid_zookeeper_session_state{instance=~"$instance", state="pending"}', '', 'state is never pending'],
    [`pvcapid_log_lines_dropped_total${here}`, '', 'counts up'], ['pvc_primary', '', 'is not limited'],
    [`max by (zone) (pvc_primary${here})`, '', 'no metric has the label zone'], [`max(pvc_primary${here})`, '{{node}}', 'the legend names node'],
    [`histogram_quantile(0.5, sum by (phase) (rate(pvc_switchover_phase_duration_seconds_bucket${here}[1h])))`, '', 'a quantile needs le'],
  ] as const) t.match(faults({ expr, legend }).join(), fault, expr)
})

t.test('variables', async (t) => {
  t.match(variables.map(({ name }) => name), ['datasource', 'cluster', 'instance', 'node'])
  t.match(variables[0], { type: 'datasource', query: 'prometheus' })
  for (const { name, query } of variables.slice(1)) {
    const asked = typeof query === 'string' ? query : query.query
    const [, metric = '', matchers = '', label = ''] = /^label_values\((\w+)(\{.*\})?, (\w+)\)$/.exec(asked) ?? []
    t.ok(facts.has(metric), asked)
    for (const each of [label, ...selectorsOf(metric + matchers).flatMap(({ matchers }) => matchers.map(({ label }) => label))]) t.ok(labelsOf(metric).includes(each), `${name}: ${each}`)
  }
  const known = new Set([...variables.map(({ name }) => name), '__rate_interval', '__range', '__all'])
  for (const [, name = ''] of JSON.stringify(dashboard).matchAll(/\$\{?(\w+)/g)) t.ok(known.has(name), `$${name}`)
})

t.test('panels', async (t) => {
  const ids = panels.map(({ id }) => id)
  t.equal(new Set(ids).size, ids.length, 'ids are unique')
  const titles = panels.map(({ title }) => title)
  t.equal(new Set(titles).size, titles.length, 'so are titles')
  t.match(dashboard, { uid: /^[a-z-]{1,40}$/, schemaVersion: Number })
  const taken = new Map<string, string>()
  for (const { title, gridPos: { x, y, w, h } } of panels) {
    t.ok(x >= 0 && w > 0 && x + w <= 24 && h > 0, `${title}: within the 24 columns`)
    for (let column = x; column < x + w; column++) {
      for (let line = y; line < y + h; line++) {
        const other = taken.get(`${column},${line}`)
        if (other !== undefined) t.fail(`${title} overlaps ${other}`)
        taken.set(`${column},${line}`, title)
      }
    }
  }
  const source = { type: 'prometheus', uid: '${datasource}' } // eslint-disable-line no-template-curly-in-string -- Grafana's own
  for (const panel of graphs) {
    t.match(panel, { datasource: source, description: /\.$/ }, panel.title)
    const { targets = [] } = panel
    t.ok(targets.length > 0, `${panel.title} asks for something`)
    t.equal(new Set(targets.map(({ refId }) => refId)).size, targets.length, panel.title)
    for (const target of targets) {
      t.match(target, { datasource: source })
      t.ok(target.range !== target.instant, `${panel.title}: at one time, or over time`)
    }
  }
})

t.test('every metric of the cluster is shown', async (t) => {
  const text = JSON.stringify(dashboard)
  for (const { name } of metricFacts().filter(({ name }) => name.startsWith('pvc_'))) t.match(text, new RegExp(`\\b${name}(?:_bucket)?\\b`), name)
})

t.test('promtool takes every expression, where it is installed', async (t) => {
  const file = join(t.testdir(), 'rules.json')
  // JSON is YAML, too.
  writeFileSync(file, JSON.stringify({ groups: [{ name: 'dashboard', rules: queries.map(({ expr }, index) => ({ record: `dashboard:query${index}:shown`, expr: inPrometheus(expr) })) }] }))
  const { status, stdout, stderr, error } = spawnSync('promtool', ['check', 'rules', file], { encoding: 'utf8' })
  if (error !== undefined) {
    t.comment('promtool is not installed')
    return
  }
  t.equal(status, 0, `${stdout}${stderr}`)
  t.comment(stdout.trim())
})
