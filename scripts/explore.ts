/**
 * The exhaustive search: every interleaving of the coordinator machines within the bounds, judged by the invariants.
 * `npm run explore` goes through the bounds named below; `npm run explore -- --nodes 3 --requests 1 --crashes 1 …` through those given, where
 * what is not named does not happen. Exits 1 with the shortest way to each violation, or if the search was stopped by `--limit`.
 */
import { parseArgs } from 'node:util'
import type { Bounds, Budget } from './explore/model.ts'
import { search, type Report } from './explore/search.ts'

const kinds = ['requests', 'blind', 'crashes', 'expiries', 'failures', 'shutdowns', 'hasty', 'stale', 'unfenced'] as const
const { values } = parseArgs({
  options: {
    ...Object.fromEntries(['nodes', 'resources', 'writes', 'limit', ...kinds].map((name) => [name, { type: 'string' as const }])),
    quick: { type: 'boolean', default: false },
  },
})
const number = (name: string, fallback: number) => {
  const value = (values as Record<string, unknown>)[name]
  return value === undefined ? fallback : Number(value)
}

const nothing: Budget = { requests: 0, blindWrites: 0, crashes: 0, expiries: 0, failures: 0, shutdowns: 0, hasty: 0, stale: 0, unfenced: 0 }
const cluster = (nodes: number, resources: number, writes: number): Bounds =>
  ({ ...nothing, nodes: ['hv1', 'hv2', 'hv3', 'hv4'].slice(0, nodes), resources: ['r1', 'r2'].slice(0, resources), writes })

/** What `npm run explore` goes through: for each cluster, what may happen in it, one list of events after the other. */
const suite: ReadonlyArray<readonly [Bounds, readonly Budget[]]> = [
  [cluster(2, 2, 4), [
    { ...nothing, requests: 1, blindWrites: 1 },
    { ...nothing, requests: 1, failures: 2 },
  ]],
  [cluster(3, 1, 4), [
    { ...nothing, requests: 1, failures: 2 },
    { ...nothing, blindWrites: 1, failures: 1 },
    { ...nothing, shutdowns: 1 },
    { ...nothing, expiries: 1 },
    { ...nothing, crashes: 1 },
    { ...nothing, stale: 1, unfenced: 1 },
    { ...nothing, expiries: 1, unfenced: 1 },
  ]],
]

const given: ReadonlyArray<readonly [Bounds, readonly Budget[]]> = [[cluster(number('nodes', 2), number('resources', 1), number('writes', 4)), [{
  requests: number('requests', 0),
  blindWrites: number('blind', 0),
  crashes: number('crashes', 0),
  expiries: number('expiries', 0),
  failures: number('failures', 0),
  shutdowns: number('shutdowns', 0),
  hasty: number('hasty', 0),
  stale: number('stale', 0),
  unfenced: number('unfenced', 0),
}]]]

const happens = (budget: Budget) => Object.entries(budget).filter(([, times]) => times > 0).map(([what, times]) => `${what} ${times}`).join(' + ') || 'nothing'

function tellOf (report: Report, seconds: number): void {
  const { states, edges, depth, settled, beyond, exhausted } = report
  console.log(`${states} states, ${edges} edges, depth ${depth}, ${settled} settled, ${beyond} beyond the bound on writes, ${exhausted ? 'exhausted' : 'NOT exhausted'}, ${seconds.toFixed(0)} s`)
  for (const [what, way] of report.violations) console.log(`\n${what}:\n${way.map((label, index) => `  ${index + 1}. ${label}`).join('\n')}`)
}

const custom = ['nodes', 'resources', 'writes', ...kinds].some((name) => name in values)
let violations = 0
let unfinished = 0
let states = 0
for (const [bounds, budgets] of custom ? given : suite) {
  console.log(`${bounds.nodes.length} coordinators, ${bounds.resources.length} resources, up to ${bounds.writes} writes of the key; ${budgets.map(happens).join(', or ')}`)
  const began = performance.now()
  const report = search(bounds, { budgets, limit: number('limit', Infinity), quick: values.quick, tell: (line) => { process.stderr.write(`\r${line}   `) } })
  process.stderr.write('\n')
  tellOf(report, (performance.now() - began) / 1000)
  states += report.states
  violations += report.violations.size
  if (!report.exhausted) unfinished++
}
console.log(`\n${states} states, ${violations} violations${unfinished > 0 ? `, ${unfinished} searches not finished` : ''}`)
process.exitCode = violations + unfinished === 0 ? 0 : 1
