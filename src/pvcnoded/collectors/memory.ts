/** `memtotal`, `memused` and `memfree` in MB, from the kernel's own figures. Used is what could not be had without swapping. */
import { readFile } from 'node:fs/promises'
import { CollectorFault, type Collector } from './collector.ts'

export function memoryCollector (timeout: number, file = '/proc/meminfo'): Collector {
  return {
    name: 'memory',
    timeout,
    collect: async (signal) => ({ znodes: memoryTexts(await readFile(file, { encoding: 'latin1', signal })), check: null }),
  }
}

/** Throws a `CollectorFault` if a figure is missing. */
export function memoryTexts (meminfo: string): { memtotal: string, memused: string, memfree: string } {
  const megabytes = (name: string) => {
    const found = new RegExp(`^${name}:\\s+(\\d+) kB$`, 'm').exec(meminfo)
    if (found === null) throw new CollectorFault(`found no ${name} in what the kernel says of its memory`)
    return Math.floor(Number(found[1]) / 1024)
  }
  const total = megabytes('MemTotal')
  return { memtotal: String(total), memused: String(total - megabytes('MemAvailable')), memfree: String(megabytes('MemFree')) }
}
