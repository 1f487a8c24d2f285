/** `cpuload`: the load average of one minute. */
import { readFile } from 'node:fs/promises'
import { CollectorFault, type Collector } from './collector.ts'

export function loadCollector (timeout: number, file = '/proc/loadavg'): Collector {
  return {
    name: 'load',
    timeout,
    collect: async (signal) => ({ znodes: { cpuload: loadText(await readFile(file, { encoding: 'latin1', signal })) }, check: null }),
  }
}

/** Throws a `CollectorFault` for anything that does not begin with a number. */
export function loadText (loadavg: string): string {
  const found = /^\d+\.\d+(?= )/.exec(loadavg)
  if (found === null) throw new CollectorFault('found no load average in what the kernel says')
  return found[0]
}
