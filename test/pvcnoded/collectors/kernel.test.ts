/** The figures that every node has, from the kernel's own texts. */
import t from 'tap'
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { countOnline, cpuCountCollector } from '../../../src/pvcnoded/collectors/cpu-count.ts'
import { loadCollector, loadText } from '../../../src/pvcnoded/collectors/load.ts'
import { memoryCollector, memoryTexts } from '../../../src/pvcnoded/collectors/memory.ts'
import { networkCollector, parseCounters } from '../../../src/pvcnoded/collectors/network.ts'
import { ManualClock } from '../../support/manual-clock.ts'

const signal = new AbortController().signal
const facts = { cpus: 0, kernel: '6.1.0', os: 'GNU/Linux', arch: 'x86_64' }

t.test('this very machine', async (t) => {
  const { znodes } = await memoryCollector(1_000).collect(signal)
  t.match(znodes, { memtotal: /^\d+$/, memused: /^\d+$/, memfree: /^\d+$/ })
  t.ok(Number(znodes.memused) <= Number(znodes.memtotal))
  t.match(await loadCollector(1_000).collect(signal), { znodes: { cpuload: /^\d+\.\d+$/ }, check: null })
  t.match(await cpuCountCollector(1_000, facts).collect(signal), { znodes: { staticdata: /^[1-9]\d* 6\.1\.0 GNU\/Linux x86_64$/ } })
  t.type(JSON.parse((await networkCollector(1_000, new ManualClock()).collect(signal)).znodes.network_stats ?? ''), 'object')
})

t.test('texts', async (t) => {
  t.same(memoryTexts('MemTotal:       2048000 kB\nMemFree:         512000 kB\nMemAvailable:   1024000 kB\n'), { memtotal: '2000', memused: '1000', memfree: '500' })
  t.throws(() => memoryTexts('MemTotal: 1 kB\n'), { code: 'collector_fault' })
  t.equal(loadText('1.52 0.9 0.5 1/200 4711\n'), '1.52')
  t.throws(() => loadText('high\n'), { code: 'collector_fault' })
  t.equal(countOnline('0\n'), 1)
  t.equal(countOnline('0-3,6,8-9\n'), 7)
  t.throws(() => countOnline('all of them'), { code: 'collector_fault' })
  t.throws(() => parseCounters('Inter-|   Receive\n'), { code: 'collector_fault' })
})

t.test('network: rates between two readings, physical interfaces alone', async (t) => {
  const folder = t.testdir({ net: { eth0: { device: {}, speed: '10000\n', operstate: 'up\n' }, bond0: { bonding: {}, operstate: 'down\n' }, tap7: { operstate: 'up\n' } } })
  const counters = join(folder, 'dev')
  const table = (bytes: number, packets: number) => writeFileSync(counters, `Inter-|   Receive\n face |bytes
  eth0: ${bytes} ${packets} 0 0 0 0 0 0 ${bytes * 2} ${packets * 2} 0 0 0 0 0 0
 bond0: 5 5 0 0 0 0 0 0 5 5 0 0 0 0 0 0
  tap7: 9 9 0 0 0 0 0 0 9 9 0 0 0 0 0 0\n`)
  const clock = new ManualClock()
  const collector = networkCollector(1_000, clock, { counters, interfaces: join(folder, 'net') })
  const collect = async () => JSON.parse((await collector.collect(signal)).znodes.network_stats ?? '') as unknown
  const still = { rx_pps: 0, tx_pps: 0, rx_bps: 0, tx_bps: 0 }
  const down = { ...still, link_speed: 0, state: 'down' }
  table(1_000, 10)
  t.same(await collect(), { bond0: down, eth0: { ...still, link_speed: 10_000, state: 'up' } }, 'nothing to compare with yet')
  clock.advance(2_000)
  table(2_000, 30)
  t.same(await collect(), { bond0: down, eth0: { rx_pps: 10, tx_pps: 20, rx_bps: 4_000, tx_bps: 8_000, link_speed: 10_000, state: 'up' } })
  clock.advance(1_000)
  table(0, 0)
  mkdirSync(join(folder, 'net', 'eth1'))
  t.match(await collect(), { eth0: still }, 'counters that began again are no traffic')
})
