/**
 * The exhaustive search: every interleaving of the coordinator machines within the bounds, judged by the invariants.
 * `npm run explore -- --nodes 3 --resources 1 --requests 1 --blind 1 --crashes 1 …`; exits 1 with the shortest way to each violation.
 */
import { parseArgs } from 'node:util'
import { search } from './explore/search.ts'

const { values } = parseArgs({
  options: Object.fromEntries(['nodes', 'resources', 'requests', 'blind', 'crashes', 'expiries', 'failures', 'shutdowns', 'hasty', 'writes', 'limit'].map((name) => [name, { type: 'string' as const }])),
})
const number = (name: string, fallback: number) => values[name] === undefined ? fallback : Number(values[name])

const bounds = {
  nodes: ['hv1', 'hv2', 'hv3', 'hv4'].slice(0, number('nodes', 2)),
  resources: ['r1', 'r2'].slice(0, number('resources', 1)),
  requests: number('requests', 1),
  blindWrites: number('blind', 1),
  crashes: number('crashes', 0),
  expiries: number('expiries', 0),
  failures: number('failures', 0),
  shutdowns: number('shutdowns', 0),
  hasty: number('hasty', 0),
  writes: number('writes', 4),
}
const began = performance.now()
const report = search(bounds, { limit: number('limit', Infinity), tell: (line) => { process.stderr.write(`\r${line}   `) } })
process.stderr.write('\n')
console.log(`bounds ${JSON.stringify(bounds)}`)
console.log(`${report.states} states, ${report.edges} edges, depth ${report.depth}, ${report.settled} settled, ${report.beyond} beyond the bound on writes, ${((performance.now() - began) / 1000).toFixed(1)} s`)
for (const [what, way] of report.violations) console.log(`\n${what}:\n${way.map((label, index) => `  ${index + 1}. ${label}`).join('\n')}`)
console.log(`\n${report.violations.size} violations`)
process.exitCode = report.violations.size === 0 ? 0 : 1
