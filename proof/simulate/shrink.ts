/** Fewer faults that lead to the same: they are left out in ever smaller portions for as long as a violation of the same number remains. */
import type { Fault } from './faults.ts'
import { run, type RunReport } from './run.ts'

const kindOf = (violation: string | null) => violation?.split(':')[0] ?? null

export async function shrink (report: RunReport): Promise<RunReport> {
  const wanted = kindOf(report.violation)
  let faults = [...report.faults]
  for (let portion = Math.ceil(faults.length / 2); portion >= 1; portion = portion === 1 ? 0 : Math.ceil(portion / 2)) {
    for (let from = 0; from < faults.length;) {
      const fewer: Fault[] = faults.filter((_, index) => index < from || index >= from + portion)
      const { violation } = await run(report.seed, { faults: fewer })
      if (kindOf(violation) === wanted) faults = fewer
      else from += portion
    }
  }
  return await run(report.seed, { faults, story: true })
}
