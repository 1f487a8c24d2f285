/** Collectors of a simulated machine. They answer when they like, now and then wrongly or not at all. */
import { CollectorFault, type Collector, type Reading } from '../../src/pvcnoded/collectors/collector.ts'
import type { Process } from './process.ts'
import type { Random } from './random.ts'

/** Most readings find nothing new: what a change of a figure sets going is no different from one to the next. */
const CHANGES = 0.1

/** The check that a node's health follows, where that matters. */
export const WEAR = 'wear'

/** @param worn whether the health of the machine matters, and so changes */
export function collectorsOf (process: Process, random: Random, worn: boolean): readonly Collector[] {
  const figure = (least: number, most: number) => {
    let value = random.between(least, most)
    return () => {
      if (random.chance(CHANGES)) value = random.between(least, most)
      return value
    }
  }
  const used = figure(1_000, 9_000)
  const load = figure(0, 4)
  return [
    collector('memory', () => ({ znodes: { memtotal: '24000', memused: used().toFixed(0), memfree: '15000' }, check: null }), process, random),
    collector('load', () => ({ znodes: { cpuload: load().toFixed(2) }, check: null }), process, random),
    ...worn ? [collector(WEAR, wear(random), process, random)] : [],
  ]
}

function wear (random: Random): () => Reading {
  let delta = 0
  return () => {
    if (random.chance(CHANGES)) delta = Math.floor(random.between(0, 101))
    return { znodes: {}, check: { healthDelta: delta, message: '', data: null } }
  }
}

function collector (name: string, reading: () => Reading, process: Process, random: Random): Collector {
  return {
    name,
    timeout: 2_000,
    collect: async (signal) => await new Promise<Reading>((resolve, reject) => {
      if (random.chance(0.01)) return
      process.clock.after(random.latency(5), () => {
        if (signal.aborted || random.chance(0.01)) reject(new CollectorFault('was out of sorts'))
        else resolve(reading())
      })
    }),
  }
}
