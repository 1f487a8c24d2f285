/** A device that is a port of a bridge or bond, a bridge without ports, or the loopback: an address there cannot be reached. With the real `ip`, on a host that is a network namespace. */
import t from 'tap'
import { FloatingIp } from '../../../src/pvcnoded/resources/floating-ip.ts'
import { systemClock } from '../../../src/runtime/clock.ts'
import { createCommandRunner, type CommandRunner } from '../../../src/runtime/process/command.ts'
import { networkHosts, type NetworkHost } from '../../support/network/network-host.ts'
import { eventually } from '../../support/zookeeper.ts'

const commands = createCommandRunner(systemClock)
const signal = new AbortController().signal
const context = { epoch: 1, signal }
const on = (commands: CommandRunner, device: string, address = '10.213.7.254', prefix = 24) => new FloatingIp({
  type: 'floating-ip', name: 'vip', address, prefix, device, acquireTimeout: 20_000, releaseTimeout: 20_000, retries: 0, checkInterval: 20_000,
}, { clock: systemClock, commands })

t.test('a port of a bridge', async (t) => {
  const [a] = networkHosts(t, ['a']) as [NetworkHost]
  a.ip('link', 'add', 'brx', 'type', 'bridge')
  a.ip('link', 'set', 'brx', 'up')
  for (const [address, prefix] of [['10.213.7.254', 24], ['fd00:7::fe', 64]] as const) {
    const vip = on(a.runner(commands), 'eth0', address, prefix)
    t.same(await vip.attempt('ready', context), { kind: 'done' })
    t.same(await vip.attempt('acquire', context), { kind: 'done' })
    a.ip('link', 'set', 'eth0', 'master', 'brx')
    const enslaved = { kind: 'failed', failure: { message: /eth0 is a port of brx, which takes its packets; the address belongs on brx\.$/ } }
    t.match(await vip.attempt('check', context), enslaved, `${address}: not held`)
    t.match(await vip.attempt('acquire', context), enslaved)
    t.same(await vip.attempt('release', context), { kind: 'done', absent: true }, 'nobody could reach it, but it is removed')
    t.notOk(a.has(address))
    t.match(await vip.attempt('acquire', { ...context, handedOver: true }), enslaved, 'also when it is handed over')
    t.notOk(a.has(address))
    t.match(await vip.attempt('ready', context), enslaved)
    a.ip('link', 'set', 'eth0', 'nomaster')
    t.same(await vip.attempt('ready', context), { kind: 'done' })
  }
})

t.test('a bridge reaches others through its ports alone', async (t) => {
  const [a] = networkHosts(t, ['a']) as [NetworkHost]
  a.ip('link', 'add', 'brx', 'type', 'bridge')
  a.ip('link', 'set', 'brx', 'up')
  const vip = on(a.runner(commands), 'brx')
  const without = { kind: 'failed', failure: { message: /brx is a bridge without a port that has a carrier: no other machine can reach 10\.213\.7\.254 there\.$/ } }
  t.match(await vip.attempt('ready', context), without, 'although the kernel says that it has a carrier')
  t.match(await vip.attempt('ready', { epoch: null, daemonBeside: true, signal }), without, 'a warning of --check')
  a.ip('link', 'add', 'tap0', 'type', 'veth', 'peer', 'name', 'tap1')
  a.ip('link', 'set', 'tap0', 'master', 'brx')
  t.match(await vip.attempt('ready', context), { kind: 'failed' }, 'a port that is down is none')
  a.ip('link', 'set', 'eth0', 'master', 'brx')
  await eventually(async () => (await vip.attempt('ready', context)).kind === 'done')
})

t.test('a VRF is no obstacle', async (t) => {
  const [a] = networkHosts(t, ['a']) as [NetworkHost]
  const runner = a.runner(commands)
  // Not every kernel has VRFs: said by ip as it says it of one that has.
  const inVrf: CommandRunner = {
    run: async (request) => {
      const outcome = await runner.run(request)
      return outcome.kind === 'exited' && request.argv.includes('-details')
        ? { ...outcome, stdout: JSON.stringify((JSON.parse(outcome.stdout) as object[]).map((device) => ({ ...device, master: 'blue', linkinfo: { info_slave_kind: 'vrf' } }))) }
        : outcome
    },
  }
  t.same(await on(inVrf, 'eth0').attempt('ready', context), { kind: 'done' })
})

t.test('the loopback device', async (t) => {
  const [a] = networkHosts(t, ['a']) as [NetworkHost]
  const vip = on(a.runner(commands), 'lo')
  t.match(await vip.attempt('ready', { epoch: null, daemonBeside: true, signal }), { kind: 'failed', failure: { message: /lo is a loopback device, on which no other machine can reach 10\.213\.7\.254/ } }, 'a warning of --check')
  t.same(await vip.attempt('ready', { epoch: null, signal }), { kind: 'done' }, 'and no obstacle for a daemon that is to have it there')
})
