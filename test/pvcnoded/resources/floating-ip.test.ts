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
