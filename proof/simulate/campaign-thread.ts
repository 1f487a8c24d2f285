/** One thread of a campaign. */
import { parentPort, workerData } from 'node:worker_threads'
import type { Done, Share } from './campaign.ts'
import { run } from './run.ts'

// Nobody reads the stacks of the errors that are part of what is simulated.
Error.stackTraceLimit = 0
const { base, first, stride, last, until } = workerData as Share
for (let number = first; number <= last && Date.now() < until; number += stride) {
  const { faults: _faults, story: _story, ...report } = await run(`${base}-${number}`)
  parentPort?.postMessage({ ...report, number } satisfies Done)
  if (report.violation !== null) break
}
