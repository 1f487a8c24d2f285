/**
 * The exhaustive search: every interleaving of the coordinator machines within the bounds, judged by the invariants.
 * `npm run explore` goes through the bounds named below; `npm run explore -- --nodes 3 --requests 1 --crashes 1 …` through those given, where
 * what is not named does not happen. Exits 1 with the shortest way to each violation, or if the search was stopped by `--limit`.
 */
import { availableParallelism } from 'node:os'
import { numberOption, programArguments, type Program } from '../../tools/program-arguments.ts'
import { Worker } from 'node:worker_threads'
import type { Bounds, Budget } from './model.ts'
import type { Heard, Task } from './search-thread.ts'
import type { Report } from './search.ts'

const kinds = ['requests', 'blind', 'crashes', 'expiries', 'failures', 'shutdowns', 'hasty', 'stale', 'unfenced', 'readings'] as const
const program: Program = {
  name: 'npm run explore',
  options: [`--nodes N, --pvc N, --resources N, --writes N: the cluster; --${kinds.join(' N, --')} N: what happens in it; the bounds of the suite by default`, '--priorities N,N…  of the nodes, in their order; the default of each', '--limit N  states at most', '--quick    the first violation is enough'],
}
const { values } = programArguments(program, {
  options: {
    ...Object.fromEntries(['nodes', 'pvc', 'resources', 'writes', 'limit', ...kinds].map((name) => [name, { type: 'string' as const }])),
    priorities: { type: 'string' },
    quick: { type: 'boolean', default: false },
  },
})
const number = (name: string, fallback: number) => {
  const value = (values as Record<string, unknown>)[name]
  return numberOption(program, name, typeof value === 'string' ? value : undefined, fallback)
}

const nothing: Budget = { requests: 0, blindWrites: 0, crashes: 0, expiries: 0, failures: 0, shutdowns: 0, hasty: 0, stale: 0, unfenced: 0, readings: 0 }
const cluster = (nodes: number, resources: number, writes: number, pvc = 0, priorities?: readonly number[]): Bounds =>
  ({ ...nothing, pvc, priorities, nodes: ['hv1', 'hv2', 'hv3', 'hv4'].slice(0, nodes), resources: ['r1', 'r2'].slice(0, resources), writes })

/** What `npm run explore` goes through: for each cluster, what may happen in it, one list of events after the other. */
const suite: ReadonlyArray<readonly [Bounds, readonly Budget[]]> = [
  [cluster(3, 2, 4), [
    { ...nothing, requests: 1, failures: 2 },
    { ...nothing, blindWrites: 1, failures: 1 },
    { ...nothing, shutdowns: 1, failures: 1 },
    { ...nothing, expiries: 1, failures: 1 },
    { ...nothing, crashes: 1, failures: 1 },
  ]],
  [cluster(3, 1, 4), [
    { ...nothing, requests: 1, failures: 2 },
    { ...nothing, blindWrites: 1, failures: 1 },
    { ...nothing, shutdowns: 1, failures: 1 },
    { ...nothing, expiries: 1, failures: 1 },
    { ...nothing, crashes: 1, failures: 1 },
    { ...nothing, stale: 1, unfenced: 1 },
    { ...nothing, expiries: 1, unfenced: 1 },
  ]],
  [cluster(2, 2, 4), [
    { ...nothing, requests: 1, blindWrites: 1 },
    { ...nothing, requests: 1, failures: 2 },
  ]],
  [cluster(2, 1, 4), [{ ...nothing, requests: 1, readings: 1 }]],
  [cluster(2, 2, 4, 1), [
    { ...nothing, requests: 1, blindWrites: 1 },
    { ...nothing, blindWrites: 2 },
  ]],
  // A PVC node that was named before a taker that is not the former primary.
  [cluster(3, 1, 4, 1), [{ ...nothing, blindWrites: 2 }]],
  // One that leaves the role to another, and one that never contends by itself.
  [cluster(3, 1, 4, 0, [50, 0, 80]), [
    { ...nothing, requests: 1, failures: 1 },
    { ...nothing, blindWrites: 1 },
    { ...nothing, shutdowns: 1 },
    { ...nothing, crashes: 1 },
  ]],
]

const priorities = values.priorities?.split(',').map((text) => numberOption(program, 'priorities', text, 0))
const given: ReadonlyArray<readonly [Bounds, readonly Budget[]]> = [[cluster(number('nodes', 2), number('resources', 1), number('writes', 4), number('pvc', 0), priorities), [{
  requests: number('requests', 0),
  blindWrites: number('blind', 0),
  crashes: number('crashes', 0),
  expiries: number('expiries', 0),
  failures: number('failures', 0),
  shutdowns: number('shutdowns', 0),
  hasty: number('hasty', 0),
  stale: number('stale', 0),
  unfenced: number('unfenced', 0),
  readings: number('readings', 0),
}]]]

const happens = (budget: Budget) => Object.entries(budget).filter(([, times]) => times > 0).map(([what, times]) => `${what} ${times}`).join(' + ') || 'nothing'

interface Search {
  readonly name: string
  readonly task: Task
}
interface Found {
  readonly report: Report
  readonly seconds: number
}

async function find ({ name, task }: Search): Promise<Found> {
  const began = performance.now()
  const thread = new Worker(new URL('./search-thread.js', import.meta.url), { workerData: task, resourceLimits: { maxOldGenerationSizeMb: 8000 } })
  const report = await new Promise<Report>((resolve, reject) => {
    thread.on('message', (heard: Heard) => {
      if ('report' in heard) resolve(heard.report)
      else process.stderr.write(`${name}: ${heard.line}\n`)
    })
    thread.on('error', reject)
  })
  return { report, seconds: (performance.now() - began) / 1000 }
}

function tell (name: string, { report, seconds }: Found): void {
  const { states, edges, depth, settled, beyond, exhausted } = report
  console.log(`${name}:\n  ${states} states, ${edges} edges, depth ${depth}, ${settled} settled, ${beyond} beyond the bound on writes, ${exhausted ? 'exhausted' : 'NOT exhausted'}, ${seconds.toFixed(0)} s`)
  for (const [what, way] of report.violations) console.log(`\n${what}:\n${way.map((label, index) => `  ${index + 1}. ${label}`).join('\n')}`)
}

const custom = ['nodes', 'pvc', 'resources', 'writes', 'priorities', ...kinds].some((name) => name in values)
const searches = (custom ? given : suite).map(([bounds, budgets]): Search => ({
  name: `${bounds.nodes.length} coordinators${bounds.pvc === 0 ? '' : `, ${bounds.pvc} of them PVC's`}${bounds.priorities === undefined ? '' : `, of priorities ${bounds.priorities.join(', ')}`}, ${bounds.resources.length} resources, up to ${bounds.writes} writes of the key; ${budgets.map(happens).join(', or ')}`,
  task: { bounds, options: { budgets, limit: number('limit', Infinity), quick: values.quick } },
}))

let violations = 0
let unfinished = 0
/** States by the number of coordinators; one that two searches have come to counts once. */
const states = new Map<number, Set<string>>()
const began = performance.now()
const waiting = [...searches]
await Promise.all(Array.from({ length: Math.min(availableParallelism(), searches.length) }, async () => {
  for (let search = waiting.shift(); search !== undefined; search = waiting.shift()) {
    const found = await find(search)
    tell(search.name, found)
    const nodes = search.task.bounds.nodes.length
    const seen = states.get(nodes) ?? new Set()
    for (const id of found.report.ids) seen.add(id)
    states.set(nodes, seen)
    violations += found.report.violations.size
    if (!found.report.exhausted) unfinished++
  }
}))
for (const [nodes, { size }] of states) console.log(`${nodes} coordinators: ${size} distinct states`)
console.log(`${violations} violations and dead ends${unfinished > 0 ? `, ${unfinished} searches not finished` : ''}, ${((performance.now() - began) / 1000).toFixed(0)} s`)
process.exitCode = violations + unfinished === 0 ? 0 : 1
