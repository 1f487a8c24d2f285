/**
 * `network_stats`: packets and bits per second of each physical interface and bond since the last reading, its speed in Mbit/s and whether
 * it is up, in PVC's shape. Interfaces of domains and other virtual ones are left out: there may be thousands.
 */
import { access, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Clock } from '../../runtime/clock.ts'
import { CollectorFault, type Collector } from './collector.ts'

export interface NetworkSources {
  /** The kernel's table of counters. */
  readonly counters: string
  /** A folder for each interface. */
  readonly interfaces: string
}

/** Totals since the interface came up. */
export interface Counters { readonly rxBytes: number, readonly rxPackets: number, readonly txBytes: number, readonly txPackets: number }

const system: NetworkSources = { counters: '/proc/net/dev', interfaces: '/sys/class/net' }

export function networkCollector (timeout: number, clock: Clock, { counters, interfaces }: NetworkSources = system): Collector {
  let last: { readonly at: number, readonly counters: ReadonlyMap<string, Counters> } | null = null

  async function describe (name: string, now: Counters, seconds: number | null) {
    const folder = join(interfaces, name)
    const before = last?.counters.get(name)
    const rate = (key: keyof Counters, factor: number) =>
      before === undefined || seconds === null ? 0 : Math.max(0, Math.round((now[key] - before[key]) * factor / seconds))
    const [speed, state] = await Promise.all([text(join(folder, 'speed')), text(join(folder, 'operstate'))])
    return {
      rx_pps: rate('rxPackets', 1),
      tx_pps: rate('txPackets', 1),
      rx_bps: rate('rxBytes', 8),
      tx_bps: rate('txBytes', 8),
      // -1, or an error, where the interface is down or has no speed.
      link_speed: Math.max(0, Number(speed ?? 0) || 0),
      state: state ?? 'unknown',
    }
  }

  return {
    name: 'network',
    timeout,
    async collect (signal) {
      const found = parseCounters(await readFile(counters, { encoding: 'latin1', signal }))
      const at = clock.monotonic()
      const names = (await Promise.all([...found.keys()].map(async (name) => await isPhysical(join(interfaces, name)) ? [name] : []))).flat()
      const seconds = last === null || at <= last.at ? null : (at - last.at) / 1000
      const described = await Promise.all(names.sort().map(async (name) => [name, await describe(name, found.get(name) as Counters, seconds)] as const))
      signal.throwIfAborted()
      last = { at, counters: found }
      return { znodes: { network_stats: JSON.stringify(Object.fromEntries(described)) }, check: null }
    },
  }
}

/** Throws a `CollectorFault` if there is no line of counters at all. */
export function parseCounters (table: string): Map<string, Counters> {
  const found = new Map<string, Counters>()
  for (const line of table.split('\n')) {
    const [, name, figures] = /^\s*([^\s:]+):\s*([\d\s]+)$/.exec(line) ?? []
    if (name === undefined || figures === undefined) continue
    const [rxBytes = 0, rxPackets = 0, , , , , , , txBytes = 0, txPackets = 0] = figures.trim().split(/\s+/).map(Number)
    found.set(name, { rxBytes, rxPackets, txBytes, txPackets })
  }
  if (found.size === 0) throw new CollectorFault('found no interface in the kernel\'s table')
  return found
}

const there = async (path: string) => await access(path).then(() => true, () => false)

/** Something of hardware behind it, or several such bonded together. */
const isPhysical = async (folder: string) => await there(join(folder, 'device')) || await there(join(folder, 'bonding'))

/** The text of a small file of the kernel's; null where it cannot be read, as of an interface that has just gone. */
const text = async (file: string) => await readFile(file, 'latin1').then((content) => content.trim(), () => null)
