/** The device on which this daemon has put an address, with the real `ip`: whichever name goes to another device meanwhile, and whichever session it was for. */
import t from 'tap'
import type { AttemptTools } from '../../../src/pvcnoded/resources/attempt.ts'
import { FloatingIp } from '../../../src/pvcnoded/resources/floating-ip.ts'
import type { AttemptResult } from '../../../src/pvcnoded/resources/resource.ts'
import { systemClock } from '../../../src/runtime/clock.ts'
import { createCommandRunner } from '../../../src/runtime/process/command.ts'
import { networkHosts, type NetworkHost } from '../../support/network/network-host.ts'

const commands = createCommandRunner(systemClock)
const signal = new AbortController().signal
const context = { epoch: 1, signal }
const warnings: string[] = []
const log = { warn: (_fields: object, message: string) => { warnings.push(message) }, info: () => {} } as unknown as NonNullable<AttemptTools['log']>
const on = (host: NetworkHost, address: string, prefix: number, device: string, placed = new Map<string, number>()) => new FloatingIp({
  type: 'floating-ip', name: 'vip', address, prefix, device, acquireTimeout: 20_000, releaseTimeout: 20_000, retries: 0, checkInterval: 20_000,
}, { clock: systemClock, commands: host.runner(commands), log, placed })
const message = async (attempt: Promise<AttemptResult>) => { const result = await attempt; return result.kind === 'failed' ? result.failure.message : result.kind }
const FAMILIES = [['10.213.7.254', 24], ['fd00:7::fe', 64]] as const

t.test('an altname that moves to another device while the address is held', async (t) => {
  const [a] = networkHosts(t, ['a']) as [NetworkHost]
  a.ip('link', 'add', 'p0', 'type', 'veth', 'peer', 'name', 'p1')
  for (const device of ['p0', 'p1']) a.ip('link', 'set', device, 'up')
  const move = (from: string, to: string) => {
    a.ip('link', 'property', 'del', 'dev', from, 'altname', 'uplink')
    a.ip('link', 'property', 'add', 'dev', to, 'altname', 'uplink')
  }
  a.ip('link', 'property', 'add', 'dev', 'eth0', 'altname', 'uplink')
  const where = (address: string) => ['eth0', 'p0'].filter((device) => a.ip('-o', 'address', 'show', 'dev', device, 'to', address) !== '')
  for (const [address, prefix] of FAMILIES) {
    const vip = on(a, address, prefix, 'uplink')
    t.same(await vip.attempt('acquire', context), { kind: 'done' })
    move('eth0', 'p0')
    t.equal(await message(vip.attempt('check', context)), `The check of vip failed: uplink is p0 now, which does not have ${address}; it is on eth0.`)
    t.same(where(address), ['eth0'])
    t.same(await vip.attempt('acquire', context), { kind: 'done' })
    t.same(where(address), ['p0'], 'acquired again, it is on one device')
    t.same(await vip.attempt('check', context), { kind: 'done' })
    move('p0', 'eth0')
    t.same(await vip.attempt('release', context), { kind: 'done' })
    t.same(where(address), [])
  }
})

t.test('what this daemon has put there itself is not left over', async (t) => {
  const [a] = networkHosts(t, ['a']) as [NetworkHost]
  const placed = new Map<string, number>()
  const ofLife = () => on(a, '10.213.7.254', 24, 'eth0', placed)
  const leftOver = () => warnings.splice(0).filter((warning) => warning.includes('left over'))
  const release = async (vip: FloatingIp) => await message(vip.attempt('release', { epoch: null, signal }))
  leftOver()
  const first = ofLife()
  t.same(await first.attempt('acquire', context), { kind: 'done' })
  t.equal(await release(first), 'done')
  t.same(leftOver(), [], 'after a lost lease')
  const second = ofLife()
  t.same(await second.attempt('acquire', context), { kind: 'done' })
  t.equal(await release(ofLife()), 'done')
  t.same(leftOver(), [], 'nor at the start of the next session')
  a.ip('address', 'add', '10.213.7.254/24', 'dev', 'eth0')
  t.equal(await release(second), 'done')
  t.same(leftOver().length, 1, 'what was added by hand since is')
})
