/** What is made of what `systemctl` says. The program is a stand-in here, found before the real one: a test machine need not run systemd. */
import t, { type Test } from 'tap'
import { chmodSync, existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { judgeUnits, SystemdUnit } from '../../../src/pvcnoded/resources/systemd-unit.ts'
import { systemClock } from '../../../src/runtime/clock.ts'
import { createCommandRunner } from '../../../src/runtime/process/command.ts'

const signal = new AbortController().signal

/** `is-active` answers the states one after the other, the last one for ever. */
function unitOf (t: Test, { start = 0, stop = 0, states = [], shown = '', timeout = 15_000 }: { start?: number | 'hangs', stop?: number, states?: readonly string[], shown?: string, timeout?: number }) {
  const folder = t.testdir()
  writeFileSync(join(folder, 'states'), states.join('\n') + '\n')
  writeFileSync(join(folder, 'systemctl'), `#!/bin/sh
echo "$*" >> ${folder}/calls
case $1 in
  start) ${start === 'hangs' ? 'exec sleep 60' : `exit ${start}`} ;;
  stop) echo 'no such thing' >&2; exit ${stop} ;;
  show) printf '%b' '${shown}' ;;
  is-active) head -n 1 ${folder}/states; [ "$(wc -l < ${folder}/states)" -gt 1 ] && sed -i 1d ${folder}/states; exit 3 ;;
esac
`)
  chmodSync(join(folder, 'systemctl'), 0o755)
  const runner = createCommandRunner(systemClock)
  const unit = new SystemdUnit({ type: 'systemd-unit', name: 'dhcp', unit: 'dnsmasq.service', earlierUnits: ['dhcpd.service', 'other.service'], acquireTimeout: timeout, releaseTimeout: timeout, retries: 0, checkInterval: timeout }, {
    clock: systemClock, commands: { run: async (request) => await runner.run({ ...request, env: { ...request.env, PATH: `${folder}:${process.env['PATH'] ?? ''}` } }) },
  })
  const calls = () => existsSync(join(folder, 'calls')) ? readFileSync(join(folder, 'calls'), 'utf8').trim().split('\n') : []
  return { attempt: async (action: 'acquire' | 'release' | 'check' | 'ready') => await unit.attempt(action, { epoch: 1, signal }), calls }
}

t.test('acquire: started, and waited for until it is active', async (t) => {
  const good = unitOf(t, { states: ['activating', 'activating', 'active'] })
  t.same(await good.attempt('acquire'), { kind: 'done' })
  t.same(good.calls(), ['start -- dnsmasq.service', ...Array(3).fill('is-active -- dnsmasq.service')])
  t.match(await unitOf(t, { states: ['activating', 'failed'] }).attempt('acquire'), { kind: 'failed', failure: { code: 'acquire_failed', message: 'The acquire of dhcp failed: dnsmasq.service is failed.' } })
  t.match(await unitOf(t, { start: 1, states: ['failed'] }).attempt('acquire'), { kind: 'failed', failure: { message: /systemctl start -- exited with 1/ } })
  t.match(await unitOf(t, { states: ['activating'], timeout: 500 }).attempt('acquire'), { kind: 'failed', failure: { message: /took too long/ } })
  t.match(await unitOf(t, { start: 'hangs', states: [], timeout: 500 }).attempt('acquire'), { kind: 'failed', failure: { message: /took too long, and systemctl, which had not ended, was killed/ } })
})

t.test('release: stopped, and waited for until nothing of it runs', async (t) => {
  t.same(await unitOf(t, { states: ['deactivating', 'inactive'] }).attempt('release'), { kind: 'done' })
  t.same(await unitOf(t, { states: ['failed'] }).attempt('release'), { kind: 'done' })
  t.same(await unitOf(t, { stop: 5, states: ['inactive'] }).attempt('release'), { kind: 'done' }, 'a unit that does not exist does not run')
  t.match(await unitOf(t, { stop: 1, states: ['active'] }).attempt('release'), { kind: 'failed', failure: { message: /exited with 1: no such thing/ } })
})

t.test('check', async (t) => {
  t.same(await unitOf(t, { states: ['active'] }).attempt('check'), { kind: 'done' })
  t.match(await unitOf(t, { states: ['inactive'] }).attempt('check'), { kind: 'failed' })
  t.match(await unitOf(t, { states: [''] }).attempt('check'), { kind: 'failed', failure: { message: /does not say how/ } })
})

t.test('readiness: loaded, and no other name of the unit of another resource', async (t) => {
  // As systemd 252 prints it.
  const shown = (id: string, state: string, ...others: readonly string[]) => [`Id=${id}\\nLoadState=${state}\\n`, ...others.map((other) => `Id=${other}\\nLoadState=loaded\\n`)].join('\\n')
  const good = unitOf(t, { shown: shown('dnsmasq.service', 'loaded', 'dhcpd.service', 'other.service') })
  t.same(await good.attempt('ready'), { kind: 'done' })
  t.same(good.calls(), ['show --property=Id --property=LoadState -- dnsmasq.service dhcpd.service other.service'])
  for (const [said, why] of [
    [shown('isc-dhcp.service', 'loaded', 'dhcpd.service', 'isc-dhcp.service'), /dnsmasq\.service is the same unit as other\.service, which another resource has/],
    [shown('dnsmasq.service', 'masked', 'dhcpd.service', 'other.service'), /dnsmasq\.service is masked, and cannot be started until systemctl unmask/],
    [shown('dnsmasq.service', 'not-found', 'dhcpd.service', 'other.service'), /is not installed/],
    [shown('dnsmasq.service', 'bad-setting', 'dhcpd.service', 'other.service'), /is wrong in its file/],
    [shown('dnsmasq.service', 'error'), /is error/],
    [shown('dnsmasq.service', 'constructor'), /is constructor\.$/],
    ['', /is not known to systemd/],
  ] as const) t.match(await unitOf(t, { shown: said }).attempt('ready'), { kind: 'failed', failure: { message: why } }, said)
})

t.test('what the configuration itself shows: a template, a unit twice', async (t) => {
  const judge = (...units: readonly string[]) => judgeUnits('r', units.map((unit, index) => ({ type: 'systemd-unit', name: `n${index}`, unit })))
  t.same(judge('a@.service', 'b@1.service', 'b@2.service', 'b@1.service'), [
    { path: 'r[0].unit', message: 'a@.service is a template. Name an instance of it, as a@name.service.' },
    { path: 'r[3].unit', message: 'b@1.service is the unit of n1 already; each unit is one resource.' },
  ])
  t.same(judgeUnits('r', [{ type: 'command', name: 'x' }]), [])
})
