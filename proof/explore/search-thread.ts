/** One search, in a thread of its own. */
import { parentPort, workerData } from 'node:worker_threads'
import type { Bounds } from './model.ts'
import { search, type Report, type SearchOptions } from './search.ts'

export interface Task {
  readonly bounds: Bounds
  readonly options: Omit<SearchOptions, 'tell'>
}
export type Heard = { readonly line: string } | { readonly report: Report }

const { bounds, options } = workerData as Task
const say = (heard: Heard) => parentPort?.postMessage(heard)
say({ report: search(bounds, { ...options, tell: (line) => { say({ line }) } }) })
