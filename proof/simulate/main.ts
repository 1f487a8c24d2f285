/**
 * The simulator: `npm run simulate -- --runs 100` with fresh seeds, on as many cores as there are (`--jobs`), or `--seed SEED` for one run
 * again, with what happened in it. Exits 1 at a violation, with the seed and the fewest faults found that still lead to it (`--quick`: with the
 * seed alone).
 */
import { randomBytes } from 'node:crypto'
import { availableParallelism } from 'node:os'
import { misused, numberOption, programArguments, type Program } from '../../tools/program-arguments.ts'
import { campaign } from './campaign.ts'
import { sentence } from './faults.ts'
import { run } from './run.ts'
import { shrink } from './shrink.ts'

const program: Program = {
  name: 'npm run simulate',
  options: ['--runs N     with fresh seeds (100)', '--minutes N  instead, or as a bound', '--jobs N     at once; as many as there are cores', '--from SEED  the seeds that begin here', '--seed SEED  one run again, with what happens in it', '--quick      a violation is not shrunk'],
}
const { values } = programArguments(program, {
  options: {
    runs: { type: 'string' }, seed: { type: 'string' }, minutes: { type: 'string' }, from: { type: 'string' }, jobs: { type: 'string' }, quick: { type: 'boolean', default: false },
  },
})

function positive (name: 'runs' | 'minutes' | 'jobs'): number | undefined {
  const value = numberOption(program, name, values[name])
  return value === 0 ? misused(program, `--${name} has to be more than 0.`) : value
}

async function again (seed: string): Promise<boolean> {
  const report = await run(seed, { story: true })
  console.log(report.story.join('\n'))
  console.log(`${report.steps} steps, ${(report.simulated / 1000).toFixed(0)} s, ${report.switchovers} switchovers, ${report.violation ?? 'no violation'}`)
  return report.violation === null
}

async function many (): Promise<boolean> {
  const began = performance.now()
  const base = values.from ?? randomBytes(4).toString('hex')
  const minutes = positive('minutes')
  const { total, failed } = await campaign({
    base,
    runs: positive('runs') ?? (minutes === undefined ? 100 : Infinity),
    until: minutes === undefined ? Infinity : Date.now() + minutes * 60_000,
    jobs: positive('jobs') ?? availableParallelism(),
    tell: (line) => process.stderr.write(`\r${line}   `),
  })
  process.stderr.write('\n')
  const seconds = (performance.now() - began) / 1000
  const { runs: beside, to, from } = total.besidePvc
  const listed = (counts: ReadonlyMap<string, number>) => [...counts].map(([name, count]) => `${name} ${count}`).join(', ')
  console.log(`seeds ${base}-1 to ${base}-${total.highest}: ${total.runs} runs, ${total.switchovers} switchovers (${listed(total.outcomes)}), ${total.faults} faults, ${total.requests} requests, ${total.steps} steps, ${(total.simulated / 3_600_000).toFixed(1)} simulated hours in ${seconds.toFixed(0)} s, settled at the latest after ${(total.settling / 1000).toFixed(0)} s, ${failed === null ? 0 : 1} violations; ${beside} runs beside a PVC node, ${to} switchovers to it and ${from} from it; ${total.ensembleFaults.runs} runs with faults of ZooKeeper's service (${listed(total.ensembleFaults.struck)})`)
  if (failed !== null) await explain(failed)
  return failed === null
}

async function explain (seed: string): Promise<void> {
  const report = await run(seed)
  console.log(`seed ${seed}: ${String(report.violation)}`)
  if (values.quick) return
  const fewest = await shrink(report)
  console.log(`with only these:\n${fewest.faults.map((fault) => `  ${sentence(fault)}`).join('\n')}\n${fewest.violation ?? ''}`)
  console.log(`what happened:\n${fewest.story.slice(-400).join('\n')}`)
  // Again, for those who have kept the end only.
  console.log(`seed ${seed}: ${String(report.violation)}`)
}

process.exitCode = await (values.seed === undefined ? many() : again(values.seed)) ? 0 : 1
