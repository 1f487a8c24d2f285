/**
 * The simulator: `npm run simulate -- --runs 100` with fresh seeds, or `--seed SEED` for one run again, with what happened in it. Exits 1 at a
 * violation, with the seed and the fewest faults found that still lead to it (`--quick`: with the seed alone).
 */
import { randomBytes } from 'node:crypto'
import { parseArgs } from 'node:util'
import { sentence } from './simulate/faults.ts'
import { run } from './simulate/run.ts'
import { shrink } from './simulate/shrink.ts'

const { values } = parseArgs({ options: { runs: { type: 'string', default: '100' }, seed: { type: 'string' }, minutes: { type: 'string' }, from: { type: 'string' }, quick: { type: 'boolean', default: false } } })

async function again (seed: string): Promise<boolean> {
  const report = await run(seed, { story: true })
  console.log(report.story.join('\n'))
  console.log(`${report.steps} steps, ${(report.simulated / 1000).toFixed(0)} s, ${report.switchovers} switchovers, ${report.violation ?? 'no violation'}`)
  return report.violation === null
}

async function many (): Promise<boolean> {
  const began = performance.now()
  const base = values.from ?? randomBytes(4).toString('hex')
  const until = values.minutes === undefined ? Infinity : began + Number(values.minutes) * 60_000
  const total = { runs: 0, switchovers: 0, faults: 0, steps: 0, simulated: 0, settling: 0 }
  const outcomes = new Map<string, number>()
  const runs = values.minutes === undefined ? Number(values.runs) : Infinity
  for (let number = 1; number <= runs && performance.now() < until; number++) {
    const report = await run(`${base}-${number}`)
    total.runs++
    total.switchovers += report.switchovers
    total.faults += report.faults.length
    total.steps += report.steps
    total.simulated += report.simulated
    total.settling = Math.max(total.settling, report.settledAfter)
    for (const [outcome, count] of report.outcomes) outcomes.set(outcome, (outcomes.get(outcome) ?? 0) + count)
    process.stderr.write(`\r${report.seed}: ${total.switchovers} switchovers, ${total.faults} faults   `)
    if (report.violation !== null) {
      console.log(`seed ${report.seed}: ${report.violation}`)
      if (values.quick) return false
      const fewest = await shrink(report)
      console.log(`with only these:\n${fewest.faults.map((fault) => `  ${sentence(fault)}`).join('\n')}\n${fewest.violation ?? ''}`)
      console.log(`what happened:\n${fewest.story.slice(-400).join('\n')}`)
      return false
    }
  }
  process.stderr.write('\n')
  const seconds = (performance.now() - began) / 1000
  console.log(`seeds ${base}-1 to ${base}-${total.runs}: ${total.switchovers} switchovers (${[...outcomes].map(([outcome, count]) => `${outcome} ${count}`).join(', ')}), ${total.faults} faults and requests, ${total.steps} steps, ${(total.simulated / 3_600_000).toFixed(1)} simulated hours in ${seconds.toFixed(0)} s, settled at the latest after ${(total.settling / 1000).toFixed(0)} s, 0 violations`)
  return true
}

process.exitCode = await (values.seed === undefined ? many() : again(values.seed)) ? 0 : 1
