/** Addresses that move, with the real `ip` and `arping`, on hosts that are network namespaces. */
import t from 'tap'
import { FloatingIp } from '../../../src/pvcnoded/resources/floating-ip.ts'
import { systemClock } from '../../../src/runtime/clock.ts'
import { createCommandRunner } from '../../../src/runtime/command.ts'
import { networkHosts, type NetworkHost } from '../../support/network-host.ts'

const commands = createCommandRunner(systemClock)
const signal = new AbortController().signal
const context = { epoch: 1, signal }
const on = (host: NetworkHost, address = '10.213.7.254', prefix = 24, device = host.device) => new FloatingIp({
  type: 'floating-ip', name: 'vip', address, prefix, device, acquireTimeout: 20_000, releaseTimeout: 20_000, retries: 0, checkInterval: 20_000,
}, { clock: systemClock, commands: host.runner(commands) })

t.test('floating addresses', async (t) => {
  const [a, b] = networkHosts(t, ['a', 'b']) as [NetworkHost, NetworkHost]
  const here = on(a)
  const there = on(b)
  t.match(await here.attempt('check', context), { kind: 'failed', trouble: { code: 'check_failed', resource: 'vip', message: 'The check of vip failed: eth0 does not have 10.213.7.254.' } })
  t.same(await here.attempt('acquire', context), { kind: 'done' })
  t.ok(a.has('10.213.7.254'))
  t.same(await here.attempt('acquire', context), { kind: 'done' }, 'twice is no fault')
  t.same(await here.attempt('check', context), { kind: 'done' })

  t.match(await there.attempt('acquire', context), { kind: 'failed', trouble: { message: /another machine on eth0 answers for 10\.213\.7\.254/ } }, 'the probe keeps a second holder out')
  t.notOk(b.has('10.213.7.254'))

  t.same(await here.attempt('release', context), { kind: 'done' })
  t.same(await here.attempt('release', context), { kind: 'done' }, 'twice is no fault')
  t.notOk(a.has('10.213.7.254'))
  t.ok(a.has(a.address), 'its own address stays')

  b.ip('neighbor', 'replace', '10.213.7.253', 'lladdr', '02:00:00:00:00:01', 'nud', 'stale', 'dev', 'eth0')
  const other = on(a, '10.213.7.253')
  t.same(await other.attempt('acquire', context), { kind: 'done' })
  const own = /link\/ether (\S+)/.exec(a.ip('link', 'show', 'eth0'))?.[1] ?? ''
  while (!b.ip('neighbor', 'show', '10.213.7.253').includes(own)) await new Promise((resolve) => setTimeout(resolve, 20))
  t.pass('a peer that knew somebody else by it has learnt better')
  await other.attempt('release', context)

  const six = on(a, 'fd00:7::fe', 64)
  t.same(await six.attempt('acquire', context), { kind: 'done' })
  t.notMatch(a.ip('-6', 'address', 'show', 'dev', 'eth0', 'to', 'fd00:7::fe'), 'tentative', 'IPv6: usable at once')
  t.same(await six.attempt('release', context), { kind: 'done' })
  t.notOk(a.has('fd00:7::fe'))

  const nowhere = on(a, '10.213.7.252', 24, 'nodev')
  t.match(await nowhere.attempt('acquire', context), { kind: 'failed', trouble: { message: /nodev/ } })
  t.same(await nowhere.attempt('release', context), { kind: 'done' }, 'a device that does not exist has no address')
  const aborted = new AbortController()
  const acquiring = here.attempt('acquire', { epoch: 1, signal: aborted.signal })
  aborted.abort()
  t.same(await acquiring, { kind: 'aborted' })
  t.notOk(a.has('10.213.7.254'))
})

t.test('one notion of the address on the device', async (t) => {
  const [a] = networkHosts(t, ['a']) as [NetworkHost]
  a.ip('link', 'property', 'add', 'dev', 'eth0', 'altname', 'uplink')
  for (const [address, prefix, other, written] of [['10.213.7.254', 24, 32, '10.213.7.254'], ['fd00:7::fe', 64, 128, 'FD00:7:0::FE']] as const) {
    const vip = on(a, written, prefix, 'uplink')
    t.same(await vip.attempt('acquire', context), { kind: 'done' }, `${address} by the altname`)
    t.same(await vip.attempt('check', context), { kind: 'done' })
    if (address.includes(':')) t.match(a.ip('address', 'show', 'to', address), /deprecated/, 'no source address')
    t.same(await vip.attempt('release', context), { kind: 'done' })
    t.notOk(a.has(address))
    a.ip('address', 'add', `${address}/${other}`, 'dev', 'eth0')
    t.same(await vip.attempt('acquire', context), { kind: 'done' }, 'another prefix is put right')
    t.match(a.ip('-o', 'address', 'show', 'to', address), `${address}/${prefix}`)
    t.notMatch(a.ip('-o', 'address', 'show', 'to', address), `${address}/${other}`)
    // The kernel has an IPv6 address on a device once, an IPv4 address once with each prefix.
    if (!address.includes(':')) a.ip('address', 'add', `${address}/${other}`, 'dev', 'eth0', 'label', 'eth0:x')
    t.same(await vip.attempt('release', context), { kind: 'done' }, 'every entry is released')
    t.notOk(a.has(address))
  }
})

for (const promotes of [0, 1]) {
  t.test(`a release takes no other address along, promote_secondaries=${promotes}`, async (t) => {
    const [a] = networkHosts(t, ['a']) as [NetworkHost]
    const sysctl = async (...words: string[]) => await commands.run({ argv: [...a.prefix, 'sysctl', ...words], timeout: 5_000, signal })
    await sysctl('-q', '-w', 'net.ipv4.conf.all.promote_secondaries=0', `net.ipv4.conf.eth0.promote_secondaries=${promotes}`)
    a.ip('address', 'flush', 'dev', 'eth0')
    a.ip('address', 'add', '10.213.7.254/24', 'dev', 'eth0')
    a.ip('address', 'add', `${a.address}/24`, 'dev', 'eth0')
    t.same(await on(a).attempt('release', context), { kind: 'done' })
    t.notOk(a.has('10.213.7.254'))
    t.ok(a.has(a.address), 'the host keeps its own')
    t.match(await sysctl('-n', 'net.ipv4.conf.eth0.promote_secondaries'), { stdout: `${promotes}\n` }, 'the setting is what it was')
  })
}

t.test('held means reachable', async (t) => {
  const [a] = networkHosts(t, ['a']) as [NetworkHost]
  a.ip('link', 'add', 'p0', 'type', 'veth', 'peer', 'name', 'p1')
  a.ip('link', 'set', 'p1', 'up')
  a.ip('link', 'set', 'p0', 'up')
  for (const [address, prefix] of [['10.213.8.254', 24], ['fd00:8::fe', 64]] as const) {
    const vip = on(a, address, prefix, 'p0')
    t.same(await vip.attempt('acquire', context), { kind: 'done' })
    for (const [device, trouble] of [['p1', /p0 has no carrier/], ['p0', /p0 is down/]] as const) {
      a.ip('link', 'set', device, 'down')
      a.ip('address', 'replace', `${address}/${prefix}`, 'dev', 'p0')
      t.match(await vip.attempt('check', context), { kind: 'failed', trouble: { message: trouble } })
      t.match(await vip.attempt('acquire', context), { kind: 'failed', trouble: { message: trouble } })
      a.ip('link', 'set', device, 'up')
    }
    t.same(await vip.attempt('release', context), { kind: 'done' })
    t.notOk(a.has(address))
  }
})
