/**
 * `npm run bench`: every benchmark but the soak, `npm run bench -- NAME…`: those. Each prints one table. Exits 1 if a target is missed, which
 * its row says, and 2 if something cannot be measured.
 *
 * `--rounds N` interleaved rounds instead of each one's own; `--minutes N` for the soak; `--profile FOLDER` keeps CPU profiles of the daemons.
 */
import { ensemble } from './ensemble.ts'
import { failover } from './failover.ts'
import { list } from './list.ts'
import { lock } from './lock.ts'
import { packets } from './packets.ts'
import { poll } from './poll.ts'
import { request } from './request.ts'
import { scale } from './scale.ts'
import { soak } from './soak.ts'
import { switchover } from './switchover.ts'
import { watch } from './watch.ts'
import { misused, programArguments, type Program } from '../tools/program-arguments.ts'
import { isMet, machineText, reportText, type Benchmark, type BenchmarkOptions } from './support/report.ts'

const benchmarks: readonly Benchmark[] = [poll, list, packets, request, lock, watch, scale, ensemble, failover, switchover, soak]
/** Too long to be one of all. */
const onlyByName: ReadonlySet<string> = new Set(['soak'])

const program: Program = {
  name: 'npm run bench',
  options: [`NAME…             these alone: ${benchmarks.map(({ name }) => name).join(', ')}`, '--rounds N        instead of each one\'s own', '--minutes N       of the soak (30)', '--profile FOLDER  CPU profiles of the daemons'],
}

function count (name: string, text: string | undefined): number | null {
  if (text === undefined) return null
  if (!/^[1-9]\d{0,3}$/.test(text)) misused(program, `--${name} has to be a whole number of at least 1, not "${text}".`)
  return Number(text)
}

function commandLine (): { chosen: readonly Benchmark[], options: BenchmarkOptions } {
  const { values, positionals } = programArguments(program, { allowPositionals: true, options: { rounds: { type: 'string' }, minutes: { type: 'string' }, profile: { type: 'string' } } })
  const unknown = positionals.find((name) => !benchmarks.some((benchmark) => benchmark.name === name))
  if (unknown !== undefined) misused(program, `There is no benchmark "${unknown}".`)
  const chosen = positionals.length > 0 ? benchmarks.filter(({ name }) => positionals.includes(name)) : benchmarks.filter(({ name }) => !onlyByName.has(name))
  return { chosen, options: { rounds: count('rounds', values.rounds), minutes: count('minutes', values.minutes) ?? 30, profile: values.profile ?? null } }
}

const { chosen, options } = commandLine()
console.log(`On ${machineText()}, ${new Date().toISOString().slice(0, 10)}.\n`)
for (const benchmark of chosen) {
  const begun = performance.now()
  try {
    const report = await benchmark.run(options)
    console.log(reportText(benchmark, report))
    console.log(`Took ${((performance.now() - begun) / 1000).toFixed(0)} s.\n`)
    if (!report.rows.every(isMet)) process.exitCode ||= 1
  } catch (error) {
    console.error(`${benchmark.name} could not be measured:`, error)
    process.exitCode = 2
  }
}
