/** docs/conditions.md, and the alert rules that are made of the same list. */
import { conditionKinds, severities, type ConditionCode } from '../../src/core/conditions/kinds.ts'
import { conditionEvents } from '../../src/pvcapid/services/faults/condition-log.ts'
import { code, page, table } from './markdown.ts'

const kinds = Object.entries(conditionKinds) as Array<[ConditionCode, typeof conditionKinds[ConditionCode]]>

/** Names that were published before there were conditions. */
const named: Partial<Record<ConditionCode, string>> = {
  primary_missing: 'PvcNoPrimary', fence_probe: 'PvcFenceBroken', lock_held: 'PvcPrimaryLockHeld',
}
/** Conditions that an API has of itself: `PvcapidNotReady` is their alert. */
const own: ReadonlySet<ConditionCode> = new Set(['view_stale'])
const alertName = (name: ConditionCode) => named[name] ?? `Pvc${name.split('_').map((word) => word.charAt(0).toUpperCase() + word.slice(1)).join('')}`

/** How long it has to last: what passes by itself in a moment wakes nobody. */
const lasting: Partial<Record<ConditionCode, string>> = { maintenance: '4h', primary_missing: '30s', node_unreachable: '30s', versions_differ: '1d', node_flushed: '1d', node_backs_off: '30m' }
const pauses = { critical: '15s', warning: '1m', info: '1h' } as const

const alertOf = (name: ConditionCode) => own.has(name) ? 'PvcapidNotReady' : alertName(name)

export function conditionsPage (): string {
  return page('Conditions', 'src/core/conditions/kinds.ts',
    'What can be wrong in a cluster, and what to do about it. A condition is there for as long as it is so, and every surface shows the same list: `conditions` of `GET /api/v1/status` and of `GET /health/cluster`, the metric `pvc_condition`, the [alerts](../examples/prometheus/pvc-alerts.yaml), the status page, the [log](#in-the-log) of each pvcapid, and, but for those that cost no health, `GET /api/v1/faults` and `cluster_health` of the status. A code, once published, keeps its meaning.',
    '`GET /health/cluster` answers 503 while there is a critical condition; with `?warning=503` (or `429`) also while there is a warning. A fault that is acknowledged costs no health any more, and its condition stays until it ends. The fault of a condition that has ended is deleted, also where the fault was raised by a node at an event: that of a lost resource once its node holds it again, or holds nothing, no longer backs off and could acquire it, or is stopped.',
    table(['severity', 'meaning'], Object.entries(severities).map(([name, meaning]) => [code(name), meaning])),
    table(['code', 'severity', 'what is the case', 'health'], kinds.map(([name, { severity, title, delta }]) => [`[${name}](#${name})`, severity, title, delta === 0 ? '' : `-${delta}`])),
    '## In the log',
    'Each pvcapid logs a condition when it begins and when it ends, and each line says so in `event`. The level of a beginning is `error` for a critical condition, `warn` for a warning, and `info` otherwise. Lines have `condition` (the code), `severity`, `node`, `resource` and `fault`; a beginning has `since` and `advice`, too. What was counted is logged after ten minutes, and the conditions that are there then are logged again. A condition that is shorter than half a second may be missing. [operations.md](operations.md#conditions-in-the-log) shows how to read them.',
    table(['event', 'level', 'meaning'], Object.entries(conditionEvents).map(([name, [level, meaning]]) => [code(name), level, meaning])),
    ...kinds.flatMap(([name, { title, severity, advice }]) => [`## ${name}`, `${title} (${severity}; alert ${code(alertOf(name))}).`, advice]))
}

const RUNBOOKS = 'https://runbooks.example/conditions.md'

function rule ([name, { severity, title, advice }]: typeof kinds[number]): string {
  const about = advice.includes('{node}') ? advice.replaceAll('{node}', '{{ $labels.node }}') : advice
  return `      - alert: ${alertName(name)}
        expr: max by (node, resource) (pvc_condition{code="${name}"} and on (instance) (pvcapid_ready == 1)) == 1
        for: ${lasting[name] ?? pauses[severity]}
        labels: {severity: ${severity}, code: ${name}}
        annotations:
          summary: '${title}{{ if $labels.node }}: {{ $labels.node }}{{ end }}{{ if $labels.resource }}, {{ $labels.resource }}{{ end }}'
          description: '${about.replaceAll("'", "''")}'
          runbook_url: ${RUNBOOKS}#${name}
`
}

const BEGIN = '      # One alert for each condition, made by npm run docs; each ends with its condition.\n'
const END = '      # Other alerts.\n'

/** The rules with those of the conditions in their place. */
export function alertRules (text: string): string {
  const [before, rest] = text.split(BEGIN) as [string, string]
  return `${before}${BEGIN}${kinds.filter(([name]) => !own.has(name)).map(rule).join('')}${END}${rest.slice(rest.indexOf(END) + END.length)}`
}
