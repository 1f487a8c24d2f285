/** `staticdata` (`cpus kernel os arch`), with the processors that are online now: they can be plugged in and out. */
import { readFile } from 'node:fs/promises'
import type { StaticData } from '../static-data.ts'
import { staticText } from '../static-data.ts'
import { CollectorFault, type Collector } from './collector.ts'

export function cpuCountCollector (timeout: number, facts: StaticData, file = '/sys/devices/system/cpu/online'): Collector {
  return {
    name: 'cpus',
    timeout,
    async collect (signal) {
      const cpus = countOnline(await readFile(file, { encoding: 'latin1', signal }))
      return { znodes: { staticdata: staticText({ ...facts, cpus }) }, check: null }
    },
  }
}

/** How many a list like `0-3,6` names. Throws a `CollectorFault` for anything else. */
export function countOnline (list: string): number {
  const ranges = list.trim().split(',').map((range) => /^(\d+)(?:-(\d+))?$/.exec(range))
  return ranges.reduce((sum, range) => {
    if (range === null) throw new CollectorFault('could not read the kernel\'s list of processors')
    return sum + Number(range[2] ?? range[1]) - Number(range[1]) + 1
  }, 0)
}
