// What names a resource on every host, and what a node says in its log of those that it is configured without.
import t from 'tap'
import type { ResourceConfig } from '../../../src/pvcnoded/config/node-config.ts'
import { LackLog } from '../../../src/pvcnoded/reports/lack-log.ts'
import { createResource } from '../../../src/pvcnoded/resources/create.ts'
import { createLogger } from '../../../src/runtime/log/log.ts'
import { systemClock } from '../../../src/runtime/clock.ts'
import { createCommandRunner } from '../../../src/runtime/process/command.ts'
import { having, member, primary } from '../../support/scenario/builders.ts'

const times = { acquireTimeout: 1, releaseTimeout: 1, retries: 0, checkInterval: 1 }
const identityOf = (config: ResourceConfig) => createResource(config, 'hv1', { clock: systemClock, commands: createCommandRunner(systemClock) }).identity

t.test('the same on every host, and another one for another thing', async (t) => {
  const ip = { type: 'floating-ip' as const, name: 'ip', prefix: 24, device: 'eth0', ...times }
  t.equal(identityOf({ ...ip, address: '10.0.0.100' }), '10.0.0.100')
  t.equal(identityOf({ ...ip, name: 'other', prefix: 32, device: 'bond0', address: '10.0.0.100' }), '10.0.0.100')
  t.equal(identityOf({ ...ip, address: 'FD77:0:0::0001' }), 'fd77::1', 'one spelling')
  t.equal(identityOf({ type: 'systemd-unit', name: 'dhcp', unit: 'dnsmasq.service', earlierUnits: [], ...times }), 'systemd-unit dnsmasq.service')
  const command = { type: 'command' as const, name: 'mount', acquire: ['a'], release: ['b'], check: undefined, ready: undefined, ...times }
  t.equal(identityOf(command), 'command mount')
  t.equal(identityOf({ ...command, acquire: ['/opt/a'], check: ['c'] }), 'command mount', 'programs are where the host has them')
})

t.test('the log says it once, and when it is over', async (t) => {
  const lines: Array<Record<string, unknown>> = []
  const log = createLogger({ name: 'pvcnoded', level: 'info', clock: systemClock, destination: { write: (line: string) => { lines.push(JSON.parse(line) as Record<string, unknown>) } } })
  const lack = new LackLog('hv3', log)
  const full = (name: string, ...more: string[]) => having(name, ['a', 'b', ...more])
  const said = () => lines.splice(0).map(({ level, msg }) => `${String(level)} ${String(msg)}`)
  lack.seen([full('hv1'), member('hv3', { presence: null })])
  lack.seen([primary('hv1'), having('hv3', ['a'])])
  lack.seen([full('hv1')])
  t.strictSame(said(), [], 'nothing is known yet')
  lack.seen([full('hv1'), having('hv3', ['a'])])
  lack.seen([full('hv1'), full('hv2'), having('hv3', ['a'], { coordinatorState: 'primary' })])
  t.match(said(), [/warn this node is configured without resources that hv1 has \(b\), and .*pvcnoded\.yaml.*docs\/operations\.md/], 'once, whichever node is primary')
  lack.seen([full('hv1', 'c'), having('hv3', ['a'])])
  t.match(said(), [/warn .*\(b, c\)/], 'another one')
  lack.seen([full('hv1'), having('hv3', ['a'])])
  t.strictSame(said(), [], 'fewer')
  lack.seen([having('hv1', ['a']), having('hv3', ['a'])])
  lack.seen([having('hv1', ['a']), having('hv3', ['a'])])
  t.match(said(), [/info this node is configured with every resource that another coordinator has/])
})
