// What a request comes to where nodes prefer not to be primary; what eligibility and the conditions of the cluster say of that.
import t from 'tap'
import { planOfRequest } from '../../../src/core/coordinator/key-change.ts'
import { eligibilityReport } from '../../../src/core/switchover/eligibility-report.ts'
import { rule, type SwitchoverRequest } from '../../../src/core/switchover/rules.ts'
import type { Member } from '../../../src/core/model/member.ts'
import { whyNoPeerContends } from '../../../src/core/switchover/free-role.ts'
import { conditionsIn, gone, having, keySnapshot, member, preferring, presence, primary, unready } from '../../support/scenario/builders.ts'

const request = (wish: Partial<SwitchoverRequest>): SwitchoverRequest => ({ to: null, from: null, expectedEpoch: null, timeout: null, requestedBy: null, reason: null, ...wish })
const unwell = (name: string, given = {}) => preferring(name, { minHealth: 80, health: 40, ...given })
const never = (name: string, given = {}) => preferring(name, { priority: 0, ...given })

const told = (wish: Partial<SwitchoverRequest>, ...others: Member[]): string => {
  const ruling = rule(request(wish), keySnapshot({ members: [primary('hv1'), ...others] }))
  if (ruling.kind === 'write') return `writes ${ruling.value}`
  return ruling.kind === 'ineligible' ? Object.values(ruling.reasons).flat().map(({ code }) => code).join(' ') : ruling.kind
}

t.test('a request', async (t) => {
  const cases: [what: string, wish: Partial<SwitchoverRequest>, others: Member[], told: string][] = [
    ['to a node of priority 0', { to: 'hv2' }, [never('hv2')], 'writes hv2'],
    ['to one that is not well', { to: 'hv2' }, [unwell('hv2')], 'health_too_low'],
    ['to one that is not well, forced', { to: 'hv2', force: ['health'] }, [unwell('hv2')], 'writes hv2'],
    ['to one that is not well, with the other preference forced', { to: 'hv2', force: ['priority'] }, [unwell('hv2')], 'health_too_low'],
    ['to a primary that is not well', { to: 'hv2' }, [unwell('hv2'), primary('hv3', {})], 'health_too_low'],
    ['away, one contends', { from: 'hv1' }, [never('hv2'), member('hv3')], 'writes none'],
    ['away, forced, one contends', { from: 'hv1', force: ['priority'] }, [never('hv2'), member('hv3')], 'writes none'],
    ['away, none contends', { from: 'hv1' }, [never('hv2'), unwell('hv3')], 'priority_zero health_too_low'],
    ['away, forced', { from: 'hv1', force: ['priority'] }, [never('hv2'), unwell('hv3')], 'writes hv2'],
    ['away, forced otherwise', { from: 'hv1', force: ['health'] }, [never('hv2'), unwell('hv3')], 'writes hv3'],
    ['away, forced in every way: the highest priority', { from: 'hv1', force: ['health', 'priority'] }, [never('hv2'), unwell('hv3'), unwell('hv4', { priority: 80 })], 'writes hv4'],
    ['away, forced: the first of two that are alike', { from: 'hv1', force: ['priority'] }, [never('hv2'), never('hv3')], 'writes hv2'],
    ['away, forced: the best health', { from: 'hv1', force: ['health'] }, [unwell('hv2'), unwell('hv3', { health: 60 })], 'writes hv3'],
    ['what is safety is not overridden: not ready', { to: 'hv2', force: ['health', 'priority'] }, [unready('hv2')], 'not_ready'],
    ['not running', { from: 'hv1', force: ['health', 'priority'] }, [never('hv2', {}), member('hv3')].map((each) => ({ ...each, daemonState: 'stop' as const })), 'not_running not_running'],
    ['a dead holder', { to: 'hv2', force: ['health', 'priority'] }, [never('hv2'), gone('hv3')], 'holder_unconfirmed'],
    ['a node in takeover', { to: 'hv2', force: ['health', 'priority'] }, [never('hv2'), member('hv3', { coordinatorState: 'takeover' })], 'busy'],
  ]
  for (const [what, wish, others, expected] of cases) t.equal(told(wish, ...others), expected, what)
})

t.test('a dry run honours the same, and its record names the node that is chosen', async (t) => {
  const snapshot = keySnapshot({ members: [primary('hv1'), never('hv2')] })
  t.match(planOfRequest(request({ from: 'hv1' }), snapshot, ''), { kind: 'ineligible' })
  t.match(planOfRequest(request({ from: 'hv1', force: ['priority'] }), snapshot, ''), { kind: 'planned', record: { from: 'hv1', to: 'hv2' } })
  t.match(planOfRequest(request({ from: 'hv1' }), keySnapshot(), ''), { kind: 'planned', record: { from: 'hv1', to: null } })
})

t.test('the record keeps what was overridden, and not what was named without need', async (t) => {
  const every: SwitchoverRequest['force'] = ['resources', 'priority', 'health']
  const full = having('hv3', ['ip'], { daemonState: 'run', coordinatorState: 'primary' })
  const unwellAndLess = having('hv2', [], { presence: { ...unwell('hv2').presence ?? presence, resources: [] } })
  const cases: [what: string, wish: Partial<SwitchoverRequest>, members: Member[], force: SwitchoverRequest['force'] | null][] = [
    ['none was named', { to: 'hv2' }, [primary('hv1'), member('hv2')], null],
    ['nothing stood against it', { to: 'hv2', force: every }, [primary('hv1'), member('hv2')], null],
    ['a node that is named does not have to contend', { to: 'hv2', force: every }, [primary('hv1'), never('hv2')], null],
    ['its health', { to: 'hv2', force: every }, [primary('hv1'), unwell('hv2')], ['health']],
    ['its health, and what it lacks', { to: 'hv2', force: every }, [full, unwellAndLess], ['health', 'resources']],
    ['what it lacks', { to: 'hv2', force: every }, [full, having('hv2', [])], ['resources']],
    ['away, and one contends', { from: 'hv1', force: every }, [primary('hv1'), never('hv2'), member('hv3')], null],
    ['away, and none contends', { from: 'hv1', force: every }, [primary('hv1'), never('hv2')], ['priority']],
    ['away, and the one named has both against it', { from: 'hv1', force: every }, [primary('hv1'), unwell('hv2'), preferring('hv3', { priority: 0, minHealth: 80, health: 79 })], ['health']],
    ['away, and only one is left, with both', { from: 'hv1', force: every }, [primary('hv1'), preferring('hv3', { priority: 0, minHealth: 80, health: 79 })], ['health', 'priority']],
  ]
  for (const [what, wish, members, force] of cases) t.match(planOfRequest(request(wish), keySnapshot({ members }), ''), { kind: 'planned', record: { force } }, what)
})

t.test('eligibility', async (t) => {
  const report = eligibilityReport(keySnapshot({ members: [primary('hv1'), never('hv2'), unwell('hv3')] }))
  t.match(report, [
    { name: 'hv1', eligible: true, priority: 50, min_health: 0, health: null, unwilling: [] },
    { name: 'hv2', eligible: true, reasons: [], priority: 0, unwilling: [{ code: 'priority_zero', message: 'hv2: it does not contend by itself (priority 0)' }] },
    { name: 'hv3', eligible: false, priority: 50, min_health: 80, health: 40, reasons: [{ code: 'health_too_low', message: 'hv3: its health is below its min_health, or was in the last three keepalive intervals (40 %, min_health 80 %)' }], unwilling: [{ code: 'health_too_low' }] },
  ])
  t.match(eligibilityReport(keySnapshot({ members: [primary('hv1', never('hv1').presence === null ? {} : { presence: never('hv1').presence })] })), [{ eligible: true, priority: 0, unwilling: [] }], 'a primary is not asked')
})

const facts = (value: string | null, ...members: Member[]) => conditionsIn(value, members)
  .filter(({ code }) => code === 'candidates_unwilling' || code === 'successor_missing').map(({ code, severity, message }) => `${severity} ${code} ${message}`)

t.test('where only unwilling nodes are left the cluster says so', async (t) => {
  const fenced = gone('hv1', { daemonState: 'fenced', coordinatorState: 'secondary' })
  t.strictSame(facts('hv1', primary('hv1'), never('hv2')), ['warning candidates_unwilling No other coordinator takes over from hv1 by itself: hv2: it does not contend by itself (priority 0).'])
  t.strictSame(facts('hv1', primary('hv1'), never('hv2'), member('hv3')), [])
  t.match(facts('hv1', primary('hv1'), unready('hv2')), [/^warning successor_missing/])
  t.match(facts('hv1', fenced, never('hv2'), unwell('hv3')), [/^critical candidates_unwilling No coordinator becomes primary by itself: hv2.*; hv3/])
  t.match(facts('none', never('hv2')), [/^critical candidates_unwilling/])
  t.strictSame(facts('hv1', fenced, never('hv2'), member('hv3')), [], 'one contends')
  t.strictSame(facts('hv1', gone('hv1'), never('hv2')), [], 'none may contend yet: the dead primary is what there is to see to')
  t.strictSame(facts(null, never('hv2')), [], 'a key is made first')
  t.strictSame(facts('none', member('hv2', { daemonState: 'stop' })), [], 'none is there')
  t.strictSame(facts('hv3', never('hv2'), member('hv3', { coordinatorState: 'takeover' })), [], 'a switchover is in progress')
})

t.test('the peers of a primary that hands its role on', async (t) => {
  t.equal(whyNoPeerContends('hv1', [primary('hv1'), member('hv2')]), null)
  t.equal(whyNoPeerContends('hv1', [primary('hv1')]), 'there is none')
  t.match(whyNoPeerContends('hv1', [primary('hv1'), unwell('hv2'), never('hv3')]), /^hv2: its health is below its min_health, .*; hv3: it does not contend by itself/)
})
