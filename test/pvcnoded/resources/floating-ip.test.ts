/** Addresses that move, with the real `ip`, on hosts that are network namespaces. */
import t from 'tap'
import type { AttemptTools } from '../../../src/pvcnoded/resources/attempt.ts'
import { FloatingIp } from '../../../src/pvcnoded/resources/floating-ip.ts'
import type { AttemptResult } from '../../../src/pvcnoded/resources/resource.ts'
import { systemClock } from '../../../src/runtime/clock.ts'
import { createCommandRunner, type CommandOutcome, type CommandRunner } from '../../../src/runtime/process/command.ts'
import { networkHosts, type NetworkHost } from '../../support/network/network-host.ts'
import { eventually } from '../../support/zookeeper.ts'

const commands = createCommandRunner(systemClock)
const signal = new AbortController().signal
const context = { epoch: 1, signal }
/** What each resource has reported, and what the last of them has said is wrong, by code. */
const warnings: string[] = []
const log = { warn: (_fields: object, message: string) => { warnings.push(message) }, info: () => {} } as unknown as NonNullable<AttemptTools['log']>
const concerns = new Map<string, string | null>()
const on = (host: NetworkHost, address = '10.213.7.254', prefix = 24, device = host.device, runner: CommandRunner = host.runner(commands)) => new FloatingIp({
  type: 'floating-ip', name: 'vip', address, prefix, device, acquireTimeout: 20_000, releaseTimeout: 20_000, retries: 0, checkInterval: 20_000,
}, { clock: systemClock, commands: runner, log, onConcern: (_name, code, message) => { concerns.set(code, message) } })
const reported = async (what: RegExp) => await eventually(() => warnings.some((message) => what.test(message)))
const message = async (attempt: Promise<AttemptResult>) => { const result = await attempt; return result.kind === 'failed' ? result.failure.message : result.kind }
const FAMILIES = [['10.213.7.254', 24, 32], ['fd00:7::fe', 64, 128]] as const

t.test('floating addresses', async (t) => {
  const [a, b] = networkHosts(t, ['a', 'b']) as [NetworkHost, NetworkHost]
  const here = on(a)
  const there = on(b)
  t.match(await here.attempt('check', context), { kind: 'failed', failure: { code: 'check_failed', resource: 'vip', message: 'The check of vip failed: eth0 does not have 10.213.7.254.' } })
  t.same(await here.attempt('acquire', context), { kind: 'done' })
  t.ok(a.has('10.213.7.254'))
  t.same(await here.attempt('acquire', context), { kind: 'done' }, 'twice is no fault')
  t.same(await here.attempt('check', context), { kind: 'done' })

  t.match(await there.attempt('acquire', context), { kind: 'failed', failure: { message: /another machine on eth0 \([0-9a-f:]{17}\) answers for 10\.213\.7\.254/ } }, 'the probe keeps a second holder out')
  t.notOk(b.has('10.213.7.254'))

  t.same(await here.attempt('release', context), { kind: 'done' })
  t.same(await here.attempt('release', context), { kind: 'done', absent: true }, 'twice is no fault')
  t.notOk(a.has('10.213.7.254'))
  t.ok(a.has(a.address), 'its own address stays')

  b.ip('neighbor', 'replace', '10.213.7.253', 'lladdr', '02:00:00:00:00:01', 'nud', 'stale', 'dev', 'eth0')
  const other = on(a, '10.213.7.253')
  t.same(await other.attempt('acquire', context), { kind: 'done' })
  const own = /link\/ether (\S+)/.exec(a.ip('link', 'show', 'eth0'))?.[1] ?? ''
  await eventually(() => b.ip('neighbor', 'show', '10.213.7.253').includes(own))
  t.pass('a peer that knew somebody else by it has learnt better')
  await other.attempt('release', context)

  const six = on(a, 'fd00:7::fe', 64)
  t.same(await six.attempt('acquire', context), { kind: 'done' })
  t.notMatch(a.ip('-6', 'address', 'show', 'dev', 'eth0', 'to', 'fd00:7::fe'), 'tentative', 'IPv6: usable at once')
  t.same(await six.attempt('release', context), { kind: 'done' })
  t.notOk(a.has('fd00:7::fe'))

  const nowhere = on(a, '10.213.7.252', 24, 'nodev')
  t.match(await nowhere.attempt('acquire', context), { kind: 'failed', failure: { message: /nodev/ } })
  t.same(await nowhere.attempt('release', context), { kind: 'done', absent: true }, 'a device that does not exist has no address')
  const aborted = new AbortController()
  const acquiring = here.attempt('acquire', { epoch: 1, signal: aborted.signal })
  aborted.abort()
  t.same(await acquiring, { kind: 'aborted' })
  t.notOk(a.has('10.213.7.254'))
})

t.test('the link is asked before, and told afterwards, whatever the family', async (t) => {
  const [a, b] = networkHosts(t, ['a', 'b']) as [NetworkHost, NetworkHost]
  const own = /link\/ether (\S+)/.exec(a.ip('link', 'show', 'eth0'))?.[1] ?? ''
  for (const [address, prefix] of [['10.213.7.254', 24], ['fd00:7::fe', 64]] as const) {
    const here = on(a, address, prefix)
    const there = on(b, address, prefix)
    const knows = () => b.ip('neighbor', 'show', address).includes(own)
    const forgets = () => { b.ip('neighbor', 'replace', address, 'lladdr', '02:00:00:00:00:01', 'nud', 'stale', 'dev', 'eth0') }
    forgets()
    t.same(await here.attempt('acquire', context), { kind: 'done' })
    await eventually(knows)
    t.pass(`${address}: a peer that knew somebody else by it has learnt better`)
    t.match(await there.attempt('acquire', context), { kind: 'failed', failure: { message: /another machine on eth0 .* answers for/ } })
    t.notOk(b.has(address), 'before it was used')
    t.same(await there.attempt('acquire', { ...context, handedOver: true }), { kind: 'done' }, 'what was handed over is not asked for')
    await there.attempt('release', context)
    // Its first announcements last for 2.5 s; after that each check makes one.
    for (let checks = 0; checks === 0;) {
      forgets()
      await eventually(async () => {
        if (knows()) return true
        await here.attempt('check', context)
        checks++
        return false
      })
    }
    t.pass('it is announced again')
    await here.attempt('release', context)
  }
})

t.test('another machine that has the address is refused, or reported while it is held', async (t) => {
  const [a, b] = networkHosts(t, ['a', 'b']) as [NetworkHost, NetworkHost]
  for (const [address, prefix] of FAMILIES) {
    const here = on(a, address, prefix)
    b.ip('address', 'add', `${address}/${prefix}`, 'dev', 'eth0', ...address.includes(':') ? ['nodad'] : [])
    t.match(await message(here.attempt('acquire', context)), /another machine on eth0 .* answers for/)
    a.ip('address', 'add', `${address}/${prefix}`, 'dev', 'eth0', ...address.includes(':') ? ['nodad'] : [])
    t.match(await message(here.attempt('acquire', context)), /another machine on eth0 .* answers for/, 'left over here, too: it is asked for all the same')
    warnings.length = 0
    t.equal(await message(here.attempt('acquire', { ...context, handedOver: true })), 'done')
    await reported(/another machine on eth0 .* has .* too/)
    t.pass(`${address}: handed over, and reported`)
    t.equal(await message(here.attempt('release', context)), 'done')
    b.ip('address', 'del', `${address}/${prefix}`, 'dev', 'eth0')
    t.equal(await message(here.attempt('acquire', context)), 'done')
    warnings.length = 0
    b.ip('address', 'add', `${address}/${prefix}`, 'dev', 'eth0', ...address.includes(':') ? ['nodad'] : [])
    await eventually(async () => {
      if (await message(here.attempt('check', context)) !== 'done') t.fail('it is held all the same')
      return warnings.length > 0
    })
    t.match(warnings, [/another machine on eth0 .* has .* too; remove it there/])
    t.match(concerns.get('address_duplicate'), /^another machine on eth0 .* has .* too; remove it there$/, 'it is a concern')
    b.ip('address', 'del', `${address}/${prefix}`, 'dev', 'eth0')
    await eventually(async () => await message(here.attempt('check', context)) === 'done' && concerns.get('address_duplicate') === null)
    b.ip('address', 'add', `${address}/${prefix}`, 'dev', 'eth0', ...address.includes(':') ? ['nodad'] : [])
    await eventually(async () => await message(here.attempt('check', context)) === 'done' && concerns.get('address_duplicate') !== null)
    await here.attempt('release', context)
    t.equal(concerns.get('address_duplicate'), null, 'until it is gone, or the address is not held here any more')
    b.ip('address', 'del', `${address}/${prefix}`, 'dev', 'eth0')
  }
})

t.test('an address that is not as it is to be is put right', async (t) => {
  const [a] = networkHosts(t, ['a']) as [NetworkHost]
  const shown = (address: string) => a.ip('-o', 'address', 'show', 'to', address)
  for (const [address, prefix, other] of FAMILIES) {
    const here = on(a, address, prefix)
    const isV6 = address.includes(':')
    warnings.length = 0
    a.ip('address', 'add', `${address}/${other}`, 'dev', 'eth0')
    if (!isV6) a.ip('address', 'add', `${address}/${prefix}`, 'dev', 'eth0')
    t.equal(await message(here.attempt('acquire', context)), 'done')
    t.notMatch(shown(address), `/${other}`, 'the other prefix is gone, although the right one was there')
    t.match(warnings, [`eth0 had ${address}/${other}, not /${prefix}; removing it`])
    await here.attempt('release', context)
    a.ip('address', 'add', `${address}/${prefix}`, 'dev', 'eth0', 'valid_lft', '600', 'preferred_lft', '600', ...isV6 ? ['nodad'] : [])
    t.equal(await message(here.attempt('acquire', context)), 'done')
    t.match(shown(address), /valid_lft forever/, 'it does not end by itself')
    if (isV6) t.match(shown(address), /preferred_lft 0sec/, 'and is no source address')
    if (!isV6) a.ip('address', 'add', `${address}/${other}`, 'dev', 'eth0', 'label', 'eth0:x')
    warnings.length = 0
    const started = on(a, address, prefix)
    t.equal(await message(started.attempt('release', { ...context, epoch: null })), 'done')
    t.match(warnings, [/^eth0 has .*, left over or added by hand; removing it$/], 'what a start finds is reported')
    t.equal(await message(here.attempt('release', context)), 'done', 'its announcements end')
    t.notOk(a.has(address))
  }
})

t.test('an IPv6 address that the kernel holds back is not held', async (t) => {
  const [a, b] = networkHosts(t, ['a', 'b']) as [NetworkHost, NetworkHost]
  b.ip('address', 'add', 'fd00:7::fe/64', 'dev', 'eth0', 'nodad')
  a.ip('address', 'add', 'fd00:7::fe/64', 'dev', 'eth0')
  await eventually(() => a.ip('address', 'show', 'to', 'fd00:7::fe').includes('dadfailed'))
  const here = on(a, 'fd00:7::fe', 64)
  t.match(await message(here.attempt('check', context)), /cannot be used/)
  b.ip('address', 'del', 'fd00:7::fe/64', 'dev', 'eth0')
  t.equal(await message(here.attempt('acquire', context)), 'done')
  t.notMatch(a.ip('address', 'show', 'to', 'fd00:7::fe'), /tentative|dadfailed/)
  t.equal(await message(here.attempt('check', context)), 'done')
  await here.attempt('release', context)
})

t.test('ready: the address could be added and announced, and no device has it already', async (t) => {
  const [a] = networkHosts(t, ['a']) as [NetworkHost]
  const ready = async (vip: FloatingIp, daemonBeside = false) => await message(vip.attempt('ready', { ...context, daemonBeside }))
  a.ip('link', 'add', 'other', 'type', 'veth', 'peer', 'name', 'another')
  for (const [address, prefix, other] of FAMILIES) {
    const vip = on(a, address, prefix)
    t.equal(await ready(vip), 'done')
    t.equal(await ready(on(a, address, prefix, 'eth9')), 'The readiness check of vip failed: there is no device eth9.')
    for (const device of ['eth0', 'other']) {
      a.ip('address', 'add', `${address}/${other}`, 'dev', device, ...address.includes(':') ? ['nodad'] : [])
      t.equal(await ready(vip), `The readiness check of vip failed: ${device} has ${address}/${other}, although this node does not hold it; remove it with ip address del.`)
      t.equal(await ready(vip, true), 'done', 'a daemon that runs beside may hold it')
      a.ip('address', 'del', `${address}/${other}`, 'dev', device)
    }
    a.ip('address', 'add', `${address}/${other}`, 'dev', 'lo')
    t.equal(await ready(vip), 'done', 'as real servers behind a load balancer have it')
    const runner = a.runner(commands)
    const without = on(a, address, prefix, 'eth0', { run: async (request) => await runner.run({ ...request, argv: request.argv[0] === 'perl' ? ['no-such-program'] : request.argv }) })
    t.match(await ready(without), /The readiness check of vip failed/, 'without perl')
    const unprivileged = on(a, address, prefix, 'eth0', { run: async (request) => await runner.run({ ...request, argv: request.argv[0] === 'perl' ? ['setpriv', '--bounding-set=-net_raw', '--inh-caps=-net_raw', ...request.argv] : request.argv }) })
    t.match(await ready(unprivileged), /could not be announced on eth0: no raw socket/, 'without the right to')
    t.equal(await ready(unprivileged, true), 'done', 'the daemon may have it')
  }
  await commands.run({ argv: [...a.prefix, 'sysctl', '-q', '-w', 'net.ipv6.conf.eth0.disable_ipv6=1'], timeout: 5_000, signal })
  t.match(await ready(on(a, 'fd00:7::fe', 64)), /IPv6 is disabled on eth0/)
  a.ip('link', 'set', 'eth0', 'down')
  t.equal(await ready(on(a)), 'The readiness check of vip failed: eth0 is down.')
})

t.test('what is handed over is added first and looked at afterwards', async (t) => {
  const [a] = networkHosts(t, ['a']) as [NetworkHost]
  a.ip('link', 'add', 'p0', 'type', 'veth', 'peer', 'name', 'p1')
  a.ip('link', 'set', 'p1', 'up')
  a.ip('link', 'set', 'p0', 'up')
  const handed = { ...context, handedOver: true }
  for (const [address, prefix, other] of FAMILIES) {
    const order: string[] = []
    const runner = a.runner(commands)
    const vip = on(a, address, prefix, 'p0', { run: async (request) => { order.push(request.argv[2] ?? ''); return await runner.run(request) } })
    t.equal(await message(vip.attempt('ready', context)), 'done')
    order.length = 0
    t.equal(await message(vip.attempt('acquire', handed)), 'done')
    t.equal(order.filter((word) => word === 'replace' || word === 'address')[0], 'replace', 'nothing comes before it')
    t.ok(a.has(address))
    t.equal(await message(vip.attempt('release', context)), 'done')
    a.ip('address', 'add', `${address}/${other}`, 'dev', 'p0')
    t.equal(await message(vip.attempt('acquire', handed)), 'done', 'another prefix is put right all the same')
    t.match(a.ip('-o', 'address', 'show', 'to', address), `${address}/${prefix}`)
    t.notMatch(a.ip('-o', 'address', 'show', 'to', address), `${address}/${other}`)
    t.equal(await message(vip.attempt('release', context)), 'done')
    a.ip('link', 'set', 'p1', 'down')
    t.match(await message(vip.attempt('acquire', handed)), /p0 has no carrier/)
    t.notOk(a.has(address), 'and nothing is left of it')
    a.ip('link', 'set', 'p1', 'up')
  }
})

t.test('a release that is stopped, or may not change the setting, leaves setting, addresses and routes as they were', async (t) => {
  const [a] = networkHosts(t, ['a']) as [NetworkHost]
  const sysctl = async (...words: string[]) => await commands.run({ argv: [...a.prefix, 'sysctl', ...words], timeout: 5_000, signal })
  const runner = a.runner(commands)
  const prepare = async () => {
    a.ip('address', 'flush', 'dev', 'eth0')
    await sysctl('-q', '-w', 'net.ipv4.conf.all.promote_secondaries=0', 'net.ipv4.conf.eth0.promote_secondaries=0')
    a.ip('address', 'add', '10.213.7.254/24', 'dev', 'eth0')
    a.ip('address', 'add', `${a.address}/24`, 'dev', 'eth0', 'label', 'eth0:own', 'broadcast', '10.213.7.255', 'valid_lft', '6000', 'preferred_lft', '5000')
    a.ip('route', 'replace', 'default', 'via', '10.213.7.2', 'dev', 'eth0', 'src', a.address, 'metric', '77')
    a.ip('route', 'replace', '10.99.0.0/16', 'via', '10.213.7.3', 'dev', 'eth0')
  }
  const isWhole = async (what: string) => {
    t.match(await sysctl('-n', 'net.ipv4.conf.eth0.promote_secondaries'), { stdout: '0\n' }, what)
    const shown = a.ip('-o', 'address', 'show', 'to', a.address)
    t.match(shown, /brd 10\.213\.7\.255 .*eth0:own/, 'the host has its own, with its label')
    t.match(shown, /valid_lft (5999|6000)sec/)
    t.match(a.ip('route'), new RegExp(`default via 10\\.213\\.7\\.2 .*src ${a.address} metric 77`))
    t.match(a.ip('route'), /10\.99\.0\.0\/16 via/)
  }
  const [before, after] = [false, true]
  for (const when of [before, after]) {
    await prepare()
    const stop = new AbortController()
    const stopping = on(a, '10.213.7.254', 24, 'eth0', {
      run: async (request) => {
        const lends = request.argv.at(-1)?.endsWith('promote_secondaries=1') === true
        if (lends && when === before) stop.abort()
        const outcome = await runner.run(request)
        if (lends) stop.abort()
        return outcome
      },
    })
    t.equal(await message(stopping.attempt('release', { epoch: 1, signal: stop.signal })), 'aborted')
    await isWhole('stopped while the setting is changed')
  }
  const denied: CommandOutcome = { kind: 'exited', code: 1, stdout: '', stderr: 'denied' }
  for (const [what, option, refusal] of [['denied', undefined, denied], ['no settings on stdin', '-p', denied], ['no sysctl', undefined, { kind: 'failed_to_start', message: 'spawn sysctl ENOENT' }]] as const) {
    await prepare()
    const refuses = ([program, ...words]: readonly string[]) => program === 'sysctl' && (option === undefined || words.includes(option))
    const deaf = on(a, '10.213.7.254', 24, 'eth0', { run: async (request) => refuses(request.argv) ? refusal : await runner.run(request) })
    t.equal(await message(deaf.attempt('release', context)), 'done', what)
    t.notOk(a.has('10.213.7.254'))
    await isWhole(what)
  }
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
    for (const [device, failure] of [['p1', /p0 has no carrier/], ['p0', /p0 is down/]] as const) {
      a.ip('link', 'set', device, 'down')
      a.ip('address', 'replace', `${address}/${prefix}`, 'dev', 'p0')
      t.match(await vip.attempt('check', context), { kind: 'failed', failure: { message: failure } })
      t.match(await vip.attempt('acquire', context), { kind: 'failed', failure: { message: failure } })
      a.ip('link', 'set', device, 'up')
    }
    t.equal(await message(vip.attempt('release', context)), 'done')
    t.notOk(a.has(address))
    await vip.attempt('acquire', context)
    a.ip('link', 'set', 'p1', 'down')
    t.same(await vip.attempt('release', context), { kind: 'done', absent: true }, 'what nobody could reach was not held')
    a.ip('link', 'set', 'p1', 'up')
  }
})

t.test('a device that loses its configured name while the address is held', async (t) => {
  const [a] = networkHosts(t, ['a']) as [NetworkHost]
  const rename = (from: string, to: string) => {
    a.ip('link', 'set', from, 'down')
    a.ip('link', 'set', from, 'name', to)
    a.ip('link', 'set', to, 'up')
  }
  const altname = (verb: 'add' | 'del') => a.ip('link', 'property', verb, 'dev', 'eth0', 'altname', 'uplink')
  const losses = [
    ['its altname is deleted', 'uplink', () => altname('del'), () => altname('add')],
    ['it is renamed', 'eth0', () => rename('eth0', 'eth7'), () => rename('eth7', 'eth0')],
    ['another device has the name by then', 'eth0', () => {
      rename('eth0', 'eth7')
      a.ip('link', 'add', 'eth0', 'type', 'bridge')
      a.ip('link', 'set', 'eth0', 'up')
    }, () => {
      a.ip('link', 'del', 'eth0')
      rename('eth7', 'eth0')
    }],
  ] as const
  altname('add')
  for (const [what, device, lose, mend] of losses) {
    for (const [address, prefix] of FAMILIES) {
      const vip = on(a, address, prefix, device)
      t.same(await vip.attempt('acquire', context), { kind: 'done' })
      if (what !== 'its altname is deleted' && address.includes(':')) a.ip('address', 'del', `${address}/${prefix}`, 'dev', 'eth0')
      lose()
      // The kernel takes IPv6 addresses from a device that goes down for its renaming.
      if (what !== 'its altname is deleted' && address.includes(':')) a.ip('address', 'add', `${address}/${prefix}`, 'dev', 'eth7', 'nodad')
      t.match(await vip.attempt('check', context), { kind: 'failed' }, `${what}: ${address} is not where it is configured`)
      warnings.length = 0
      t.same(await vip.attempt('release', context), { kind: 'done' })
      t.notOk(a.has(address), 'released means that no device has it')
      // Announcements go on meanwhile, and one that falls into the renaming says that it failed.
      t.match(warnings.filter((warning) => !warning.includes('announced')), [new RegExp(`has ${address.replaceAll('.', '\\.')}/${prefix}, which is configured for ${device}; removing it`)])
      t.same(await vip.attempt('release', context), { kind: 'done', absent: true })
      mend()
      t.same(await vip.attempt('ready', { epoch: null, signal }), { kind: 'done' }, 'nothing is left over')
    }
  }
  const { address } = a
  t.ok(a.has(address), 'its own address stays')

  a.ip('address', 'add', '10.213.7.254/32', 'dev', 'lo')
  t.same(await on(a).attempt('release', context), { kind: 'done', absent: true }, 'the loopback device of a real server is left alone')
  t.ok(a.has('10.213.7.254'))
})

t.test('a device whose address cannot be removed is not released, whatever its name', async (t) => {
  const [a] = networkHosts(t, ['a']) as [NetworkHost]
  const runner = a.runner(commands)
  const stubborn: CommandRunner = { run: async (request) => await runner.run(request.argv.includes('del') ? { ...request, argv: ['false'] } : request) }
  a.ip('link', 'property', 'add', 'dev', 'eth0', 'altname', 'uplink')
  t.same(await on(a, '10.213.7.254', 24, 'uplink').attempt('acquire', context), { kind: 'done' })
  a.ip('link', 'property', 'del', 'dev', 'eth0', 'altname', 'uplink')
  t.match(await message(on(a, '10.213.7.254', 24, 'uplink', stubborn).attempt('release', context)), /eth0 still has 10\.213\.7\.254/)
})
