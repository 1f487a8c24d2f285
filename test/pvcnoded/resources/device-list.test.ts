/** What `ip` prints, and what may come in its place: no answer that cannot be read counts as one, and none ends the daemon or keeps other resources held. */
import { execFileSync } from 'node:child_process'
import { chmodSync, unlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { devicesIn } from '../../../src/pvcnoded/resources/device-list.ts'
import { attempted } from '../../../src/pvcnoded/resources/attempt.ts'
import { FloatingIp } from '../../../src/pvcnoded/resources/floating-ip.ts'
import { systemClock } from '../../../src/runtime/clock.ts'
import { createCommandRunner } from '../../../src/runtime/process/command.ts'
import { networkHosts, type NetworkHost } from '../../support/network/network-host.ts'

const device = { ifindex: 2, ifname: 'eth0', flags: ['UP', 'LOWER_UP'], addr_info: [{ family: 'inet', local: '10.0.0.1', prefixlen: 24, valid_life_time: 4294967295 }] }

t.test('lists', async (t) => {
  t.match(devicesIn(JSON.stringify([{}, device, { ...device, ifname: 'lo', addr_info: undefined, master: 'br0', linkinfo: { info_kind: 'veth' } }])), [device, { ifname: 'lo', addr_info: [], master: 'br0' }])
  t.strictSame(devicesIn('[]\n'), [])
  t.match(devicesIn(`[${JSON.stringify(device).replace('"eth0"', '"eth0","ifalias":"up\u0001\u001b[1m it\\\'s \\\\\\" x"')}]`), [device], 'an alias as iproute2 prints it')
  const wrong = ['', ' \n', 'null', '{}', '[null]', '[[]]', '7', '"eth0"', '[{"ifname":7}]', '[{"ifname":"eth0"}]', '\u0000\ufffd', JSON.stringify([device]).slice(0, -4), '['.repeat(5_000),
    ...[{ ifindex: '2' }, { flags: null }, { flags: [1] }, { addr_info: {} }, { addr_info: [null] }, { addr_info: [{ local: 7 }] }, { addr_info: [{ prefixlen: '24' }] }, { master: 1 }, { linkinfo: [] }, { linkinfo: { info_kind: 1 } }].map((part) => JSON.stringify([{ ...device, ...part }]))]
  for (const text of wrong) t.throws(() => devicesIn(text), { code: 'attempt_fault' }, JSON.stringify(text).slice(0, 100))
})

t.test('an unexpected error is a failed attempt, and said', async (t) => {
  const said: object[] = []
  const log = { warn: (fields: object, msg: string) => { said.push({ ...fields, msg }) }, info: () => {} } as never
  const result = await attempted('check', 'vip', { log }, async () => { throw new TypeError('of undefined') })
  t.match(result, { kind: 'failed', failure: { code: 'check_failed', resource: 'vip', message: 'The check of vip failed by an unexpected error: of undefined.' } })
  t.match(said, [{ err: TypeError, resource: 'vip', msg: /unexpected error in the check of vip/ }])
})

t.test('another program answers to the name of ip', async (t) => {
  const [host] = networkHosts(t, ['a']) as [NetworkHost]
  host.ip('link', 'set', 'dev', host.device, 'alias', 'up\u0001it\'s "x" \\')
  const folder = t.testdir()
  const real = execFileSync('sh', ['-c', 'command -v ip'], { encoding: 'utf8' }).trim()
  const answers = join(folder, 'answer')
  const program = join(folder, 'ip')
  writeFileSync(program, `#!/bin/sh\n[ ! -e ${answers} ] && exec ${real} "$@" || cat ${answers}\n`)
  chmodSync(program, 0o755)
  const runner = host.runner(createCommandRunner(systemClock))
  const commands: typeof runner = { run: async (command) => await runner.run({ ...command, env: { ...command.env, PATH: `${folder}:${process.env['PATH']}` } }) }
  const vip = new FloatingIp({ type: 'floating-ip', name: 'vip', address: '10.213.7.254', prefix: 24, device: host.device, acquireTimeout: 20_000, releaseTimeout: 20_000, retries: 0, checkInterval: 20_000 }, { clock: systemClock, commands })
  const context = { epoch: 1, signal: new AbortController().signal }
  t.match(await vip.attempt('acquire', context), { kind: 'done' }, "an alias is anybody's text")
  t.match(await vip.attempt('check', context), { kind: 'done' })
  for (const [answer, what] of [['', /ip printed nothing/], ['null', /ip printed no list of devices: null/], ['[{"ifname":"eth0"', /what ip printed is not valid JSON/], ['\u0000\u0001\ufffd', /./]] as const) {
    writeFileSync(answers, answer)
    for (const action of ['check', 'release', 'ready'] as const) t.match(await vip.attempt(action, context), { kind: 'failed', failure: { code: `${action}_failed`, message: what } }, `${action}: ${JSON.stringify(answer)}`)
  }
  t.ok(host.has('10.213.7.254'), 'and the address is not said to be gone')
  unlinkSync(answers)
  t.match(await vip.attempt('release', context), { kind: 'done' })
  t.notOk(host.has('10.213.7.254'))
})
