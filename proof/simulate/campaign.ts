/** Many runs, one after the other on each of several threads: seeds are dealt out in turn, so that which are run does not depend on who is faster. */
import { Worker } from 'node:worker_threads'
import type { EnsembleFaultKind } from './ensemble-faults/kinds.ts'
import type { RunReport } from './run.ts'

export interface CampaignOptions {
  /** Seeds are `<base>-1`, `<base>-2`, … */
  readonly base: string
  readonly runs: number
  /** Milliseconds since 1970 at which no run is begun any more. */
  readonly until: number
  readonly jobs: number
  readonly tell: (line: string) => void
}

export interface Total {
  runs: number
  /** The highest number of a seed. */
  highest: number
  switchovers: number
  faults: number
  requests: number
  steps: number
  /** Milliseconds. */
  simulated: number
  /** The longest that any run took to settle, in milliseconds. */
  settling: number
  readonly outcomes: Map<string, number>
  /** Runs with a PVC node, and switchovers to it and from it that succeeded. */
  readonly besidePvc: { runs: number, to: number, from: number }
  /** Runs with faults of ZooKeeper's service, and how many struck, by kind. */
  readonly ensembleFaults: { runs: number, readonly struck: Map<EnsembleFaultKind, number> }
}

/** What a thread is told to do: seeds `first`, `first + stride`, … up to `last`. */
export interface Share { readonly base: string, readonly first: number, readonly stride: number, readonly last: number, readonly until: number }
export type Done = { readonly number: number } & Omit<RunReport, 'faults' | 'story'>

/** Ends early, with the seed, at the first violation. */
export async function campaign ({ base, runs, until, jobs, tell }: CampaignOptions): Promise<{ total: Total, failed: string | null }> {
  const total: Total = { runs: 0, highest: 0, switchovers: 0, faults: 0, requests: 0, steps: 0, simulated: 0, settling: 0, outcomes: new Map(), besidePvc: { runs: 0, to: 0, from: 0 }, ensembleFaults: { runs: 0, struck: new Map() } }
  let failed: string | null = null
  const workers = Array.from({ length: Math.min(jobs, runs) }, (_, index) => new Worker(new URL('./campaign-thread.js', import.meta.url), {
    workerData: { base, first: index + 1, stride: jobs, last: runs, until } satisfies Share,
  }))
  await Promise.all(workers.map(async (worker) => await new Promise<void>((resolve, reject) => {
    worker.on('message', (done: Done) => {
      add(total, done)
      tell(`${done.seed}: ${total.switchovers} switchovers, ${total.faults} faults`)
      if (done.violation === null) return
      failed ??= done.seed
      for (const other of workers) void other.terminate()
    })
    worker.on('error', reject)
    worker.on('exit', () => resolve())
  })))
  return { total, failed }
}

function add (total: Total, { number, switchovers, struck, steps, simulated, settledAfter, outcomes, besidePvc, ensembleFaults }: Done): void {
  total.runs++
  total.highest = Math.max(total.highest, number)
  total.switchovers += switchovers
  total.faults += struck.faults
  total.requests += struck.requests
  total.steps += steps
  total.simulated += simulated
  total.settling = Math.max(total.settling, settledAfter)
  for (const [outcome, count] of outcomes) total.outcomes.set(outcome, (total.outcomes.get(outcome) ?? 0) + count)
  if (ensembleFaults !== null) total.ensembleFaults.runs++
  for (const [kind, count] of ensembleFaults ?? []) total.ensembleFaults.struck.set(kind, (total.ensembleFaults.struck.get(kind) ?? 0) + count)
  if (besidePvc === null) return
  total.besidePvc.runs++
  total.besidePvc.to += besidePvc.to
  total.besidePvc.from += besidePvc.from
}
