// Which resources a coordinator lacks, what a request for it comes to, and what eligibility and the conditions say of that.
import t from 'tap'
import { contendsByItself, headStart } from '../../../src/core/switchover/contention.ts'
import { unwillingnessReasons } from '../../../src/core/switchover/eligibility.ts'
import { eligibilityReport } from '../../../src/core/switchover/eligibility-report.ts'
import { couldContend, differences, lacks, lacksInWords } from '../../../src/core/switchover/lacking.ts'
import { rule, type SwitchoverRequest } from '../../../src/core/switchover/rules.ts'
import type { Member } from '../../../src/core/model/member.ts'
import { defaultPreference } from '../../../src/core/model/preference.ts'
import { conditionsIn, gone, having, keySnapshot, member, presence, primary } from '../../support/scenario/builders.ts'

const says = (given: object) => ({ ...presence, ...given })
const holding = (name: string, resources: readonly string[] | null, given: Partial<Member> = {}) => having(name, resources, { coordinatorState: 'primary', ...given })
const lacked = (self: Member, ...others: Member[]) => lacks(self, [self, ...others]).map(({ resource, nodes }) => `${resource} ${nodes.join(' ')}`).join(', ')
const both = ['a', 'b']

t.test('what a node lacks', async (t) => {
  const cases: [what: string, self: Member, others: Member[], expected: string][] = [
    ['the primary has more', having('hv3', ['a']), [holding('hv1', both)], 'b hv1'],
    ['the primary has another one', having('hv3', ['a', 'c']), [holding('hv1', both)], 'b hv1'],
    ['it has none at all', having('hv3', []), [holding('hv1', both)], 'a hv1, b hv1'],
    ['the primary has less', having('hv3', both), [holding('hv1', ['a'])], ''],
    ['all have the same', having('hv3', both), [holding('hv1', both), having('hv2', both)], ''],
    ['a peer that could contend has more', having('hv3', ['a']), [having('hv2', both)], 'b hv2'],
    ['as the primary has', having('hv3', ['a']), [holding('hv1', both), having('hv2', both)], 'b hv1 hv2'],
    ['a peer has another one: neither goes behind the other', having('hv3', ['a']), [having('hv2', ['b'])], ''],
    ['as many, but not the same', having('hv3', ['a', 'c']), [having('hv2', both)], ''],
    ['the primary stops', having('hv3', ['a']), [holding('hv1', both, { daemonState: 'shutdown' })], ''],
    ['the primary is dead', having('hv3', ['a']), [gone('hv1', { daemonState: 'dead' })], ''],
    ['the primary is judged dead, and is there', having('hv3', ['a']), [holding('hv1', both, { daemonState: 'dead' })], ''],
    ['a peer is on the way', having('hv3', ['a']), [holding('hv1', both, { coordinatorState: 'takeover' }), having('hv2', both, { coordinatorState: 'relinquish' })], ''],
    ['the peer stops', having('hv3', ['a']), [having('hv2', both, { daemonState: 'shutdown' })], ''],
    ['the peer is not ready', having('hv3', ['a']), [member('hv2', { presence: says({ resources: both, readiness: { interval: 1, unready: [{ resource: 'b', message: '', since: '' }] } }) })], ''],
    ['the peer backs off', having('hv3', ['a']), [member('hv2', { presence: says({ resources: both, backoff: { until: '', why: '' } }) })], ''],
    ['the peer never contends by itself', having('hv3', ['a']), [member('hv2', { presence: says({ resources: both, preference: { ...defaultPreference, priority: 0 } }) })], ''],
    ['it does not say', having('hv3', null), [holding('hv1', both)], ''],
    ['the primary does not say', having('hv3', ['a']), [holding('hv1', null)], ''],
    ['a hypervisor has it', having('hv3', ['a']), [having('hv9', both, { mode: 'hypervisor' })], ''],
    ['it is a hypervisor', having('hv9', [], { mode: 'hypervisor' }), [holding('hv1', both)], ''],
  ]
  for (const [what, self, others, expected] of cases) t.equal(lacked(self, ...others), expected, what)
})

t.test('of those that could contend one always does, whatever each is configured with', async (t) => {
  const sets = [null, [], ['a'], ['b'], ['c'], ['a', 'b'], ['a', 'c'], ['b', 'c'], ['a', 'b', 'c']]
  const priorities = [0, 50]
  for (const one of sets) {
    for (const two of sets) {
      for (const three of sets) {
        for (const priority of priorities) {
          const members = [having('hv1', one), having('hv2', two), member('hv3', { presence: says({ resources: three, preference: { ...defaultPreference, priority } }) })]
          if (members.filter(couldContend).some((each) => contendsByItself(each, members))) continue
          t.fail(JSON.stringify([one, two, three, priority]))
        }
      }
    }
  }
})

t.test('a node that lacks something gives none of the others a head start', async (t) => {
  const preferred = member('hv3', { presence: says({ resources: ['a'], preference: { ...defaultPreference, priority: 80 } }) })
  t.equal(headStart('hv2', 'none', [having('hv2', both), preferred]), 0)
  t.equal(headStart('hv2', 'none', [having('hv2', ['a']), preferred]), 1)
})

const request = (wish: Partial<SwitchoverRequest>): SwitchoverRequest => ({ to: null, from: null, expectedEpoch: null, timeout: null, requestedBy: null, reason: null, ...wish })
const told = (wish: Partial<SwitchoverRequest>, ...others: Member[]): string => {
  const ruling = rule(request(wish), keySnapshot({ members: [holding('hv1', both), ...others] }))
  if (ruling.kind === 'write') return `writes ${ruling.value}`
  return ruling.kind === 'ineligible' ? Object.values(ruling.reasons).flat().map(({ code }) => code).join(' ') : ruling.kind
}

t.test('a request', async (t) => {
  const less = having('hv3', ['a'])
  const cases: [what: string, wish: Partial<SwitchoverRequest>, others: Member[], told: string][] = [
    ['to a node that lacks something', { to: 'hv3' }, [less], 'lacks_resources'],
    ['naming it does not override that, nor does another preference', { to: 'hv3', force: ['health', 'priority'] }, [less], 'lacks_resources'],
    ['forced', { to: 'hv3', force: ['resources'] }, [less], 'writes hv3'],
    ['to one that has everything', { to: 'hv2' }, [having('hv2', both), less], 'writes hv2'],
    ['to one that has more', { to: 'hv2' }, [having('hv2', [...both, 'c'])], 'writes hv2'],
    ['to one that does not say', { to: 'hv2' }, [having('hv2', null)], 'writes hv2'],
    ['away, one contends', { from: 'hv1' }, [having('hv2', both), less], 'writes none'],
    ['away, none contends', { from: 'hv1' }, [having('hv2', ['b']), less], 'lacks_resources lacks_resources'],
    ['away, forced: the node that lacks the fewest', { from: 'hv1', force: ['resources', 'health'] }, [having('hv2', []), member('hv4', { presence: says({ resources: [], preference: { ...defaultPreference, priority: 90 } }) }), less], 'writes hv3'],
    ['away, forced, one contends', { from: 'hv1', force: ['resources'] }, [less, having('hv4', both)], 'writes none'],
    ['what is safety is not overridden', { to: 'hv3', force: ['resources'] }, [less, gone('hv4')], 'holder_unconfirmed'],
  ]
  for (const [what, wish, others, expected] of cases) t.equal(told(wish, ...others), expected, what)
})

t.test('eligibility', async (t) => {
  const report = eligibilityReport(keySnapshot({ members: [holding('hv1', ['10.0.0.100', 'command x']), having('hv2', null), having('hv3', ['command x'])] }))
  t.match(report, [
    { name: 'hv1', eligible: true, resources: ['10.0.0.100', 'command x'], unwilling: [] },
    { name: 'hv2', eligible: true, resources: null, unwilling: [] },
    { name: 'hv3', eligible: false, resources: ['command x'], reasons: [{ code: 'lacks_resources', message: 'hv3: it lacks resources that hv1 has (10.0.0.100)' }], unwilling: [{ code: 'lacks_resources' }] },
  ])
  const self = having('hv3', ['a'], { coordinatorState: 'primary' })
  t.strictSame(unwillingnessReasons(self, [self, having('hv2', both)]), [], 'a primary is not asked')
})

t.test('in words', async (t) => {
  const self = having('hv3', [])
  t.equal(lacksInWords(differences(self, [self, primary('hv0'), having('hv1', ['a', 'b']), having('hv2', ['a', 'c'])])), 'resources that hv1, hv2 have (a) and that hv1 has (b) and that hv2 has (c)')
  const many = Array.from({ length: 64 }, (_, index) => `command ${'x'.repeat(100)}${index}`)
  t.ok(lacksInWords(differences(self, [self, having('hv1', many)])).length < 400)
})

t.test('the cluster says so in either direction, and only as long as it is so', async (t) => {
  const facts = (...members: Member[]) => conditionsIn('hv1', members).map(({ code, message, node }) => `${code} ${node ?? '-'}: ${message}`)
  t.strictSame(facts(holding('hv1', both), having('hv2', both)), [])
  t.strictSame(facts(holding('hv1', both), having('hv2', null)), [], 'one of an earlier version')
  t.strictSame(facts(holding('hv1', both), having('hv2', ['a'])), ['resources_differ hv2: hv2 does not have resources that hv1 has (b).'], 'that no peer would contend while the primary is there is no failover lost')
  t.strictSame(facts(holding('hv1', ['a']), having('hv2', both)), ['resources_differ hv1: hv1 does not have resources that hv2 has (b).'])
  t.strictSame(facts(holding('hv1', ['10.0.0.100']), having('hv2', ['10.0.0.101'])).length, 2, 'one name with two addresses')
  t.strictSame(facts(holding('hv1', both), member('hv2', { presence: null, daemonState: 'stop' })).filter((line) => line.startsWith('resources')), [], 'one that is stopped')
})
