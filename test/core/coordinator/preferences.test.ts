// What a coordinator does by what it and its peers prefer: who goes first, who does not go by itself, and that neither costs more than the transition delay.
import t from 'tap'
import { decide, delayOf, type Decision, type DecisionInput } from '../../../src/core/coordinator/decision.ts'
import { newCoordinator, type Coordinator } from '../../../src/core/coordinator/coordinator-state.ts'
import { step } from '../../../src/core/coordinator/coordinator.ts'
import { judge } from '../../../src/core/coordinator/intent.ts'
import type { Member } from '../../../src/core/model/member.ts'
import { gone, having, key, keySnapshot, member, preferring, presence, primary, unready } from '../../support/scenario/builders.ts'

const delays = { transitionDelay: 500, takeoverStart: 5_000, reclaimDelay: 4_000, settleTime: 2_000, handoverTimeout: 120_000 }
const me = (given: Partial<DecisionInput> = {}): DecisionInput => ({
  self: 'hv1', state: 'secondary', daemon: 'run', stopping: false, announced: false, spentEpoch: 0, tried: null, backingOff: false, handoverOver: false, guard: 'none', lostResource: null, unready: null, echoed: false, delays, ...given,
})
const decided = (value: string, members: readonly Member[], given: Partial<DecisionInput> = {}): Decision =>
  decide(me(given), { key: key(value, 5), ledger: { czxid: 'a', base: 0 }, members })
const told = (decision: Decision) => decision.do === 'contend' ? `contend after ${delayOf(decision)}` : decision.do

const own = (priority: number) => preferring('hv1', { priority })
const unwell = { minHealth: 80, health: 79 }

t.test('who goes first', async (t) => {
  const cases: [what: string, members: readonly Member[], value: string, told: string][] = [
    ['equal', [own(50), member('hv2')], 'none', 'contend after 0'],
    ['the highest', [own(80), member('hv2'), preferring('hv3', { priority: 1 })], 'none', 'contend after 0'],
    ['the lowest of two', [own(20), member('hv2')], 'none', 'contend after 500'],
    ['the middle of three', [own(50), preferring('hv2', { priority: 80 }), preferring('hv3', { priority: 20 })], 'none', 'contend after 250'],
    ['the lowest of three', [own(20), preferring('hv2', { priority: 80 }), preferring('hv3', { priority: 50 })], 'none', 'contend after 500'],
    ['one that says nothing has the default', [member('hv1'), preferring('hv2', { priority: 51 })], 'none', 'contend after 500'],
    ['a node that it does not see itself', [preferring('hv2', { priority: 51 })], 'none', 'contend after 500'],
    ['a higher one that is not there', [own(20), gone('hv2', { coordinatorState: 'secondary' })], 'none', 'contend after 0'],
    ['a higher one that is not ready', [own(20), unready('hv2')], 'none', 'contend after 0'],
    ['a higher one that backs off', [own(20), member('hv2', { presence: { ...presence, backoff: { until: '', why: '' } } })], 'none', 'contend after 0'],
    ['a higher one that is not well', [own(20), preferring('hv2', unwell)], 'none', 'contend after 0'],
    ['a higher one that is primary', [own(20), primary('hv2')], 'none', 'contend after 0'],
    ['a named one that is slow', [own(20), member('hv2')], 'hv2', 'contend after 5000'],
    ['past a slow one, beside a higher one', [own(20), member('hv2'), member('hv3')], 'hv2', 'contend after 5500'],
    ['priority 0', [own(0), member('hv2')], 'none', 'nothing'],
    ['priority 0, past a slow one', [own(0), member('hv2'), member('hv3')], 'hv2', 'nothing'],
    ['priority 0, alone', [own(0)], 'none', 'nothing'],
    ['not well', [preferring('hv1', unwell), member('hv2')], 'none', 'nothing'],
    ['priority 0, named', [own(0), member('hv2')], 'hv1', 'takeover'],
    ['not well, named', [preferring('hv1', unwell), member('hv2')], 'hv1', 'takeover'],
    ['lacks what a peer has that could contend', [having('hv1', []), having('hv2', ['ip'])], 'none', 'nothing'],
    ['lacks what no peer has that could contend', [having('hv1', []), having('hv2', ['ip'], { daemonState: 'shutdown' })], 'none', 'contend after 0'],
    ['lacks what the primary has, past a slow one', [having('hv1', []), having('hv2', []), having('hv3', ['ip'], { coordinatorState: 'primary' })], 'hv2', 'nothing'],
    ['lacks what the primary has, named', [having('hv1', []), having('hv3', ['ip'], { coordinatorState: 'primary' })], 'hv1', 'takeover'],
    ['has more than its peers', [having('hv1', ['ip']), having('hv2', [])], 'none', 'contend after 0'],
    ['safety comes first, whatever the priority', [own(100), gone('hv2')], 'none', 'nothing'],
  ]
  for (const [what, members, value, expected] of cases) t.equal(told(decided(value, members)), expected, what)
  t.equal(told(decided('none', [primary('hv1', { presence: { ...presence, preference: { priority: 0, minHealth: 0, health: null } } })], { state: 'primary' })), 'contend after 4000', 'one that holds the role keeps it')
})

t.test('no head start is longer than the transition delay, whatever the priorities', async (t) => {
  const some = [0, 1, 20, 50, 80, 100]
  for (const a of some) {
    for (const b of some) {
      for (const c of some) {
        const members = [own(a), preferring('hv2', { priority: b }), preferring('hv3', { priority: c })]
        const decision = decided('none', members)
        if (a === 0) t.equal(decision.do, 'nothing')
        else if (delayOf(decision) > delays.transitionDelay || (delayOf(decision) === 0) !== (a >= Math.max(b, c))) t.fail(`${a} ${b} ${c}: ${delayOf(decision)}`)
      }
    }
  }
})

t.test('a primary hands its role on only to a node that contends', async (t) => {
  const lost = { state: 'primary', lostResource: { code: 'resource_lost', resource: 'ip', message: 'ip is gone.' } } as const
  t.equal(told(decided('hv1', [primary('hv1'), preferring('hv2', { priority: 0 })], lost)), 'nothing')
  t.equal(told(decided('hv1', [primary('hv1'), preferring('hv2', { priority: 1 })], lost)), 'free')
  const stopping = { state: 'primary', daemon: 'shutdown', stopping: true, announced: true } as const
  t.equal(told(decided('none', [primary('hv1', { daemonState: 'shutdown' }), preferring('hv2', unwell)], stopping)), 'relinquish', 'it waits for none')
  const full = (given: Partial<Member>) => having('hv1', ['ip'], { coordinatorState: 'primary', ...given })
  t.equal(told(decided('hv1', [full({}), having('hv2', [])], lost)), 'nothing', 'one that lacks something')
  t.equal(told(decided('hv1', [full({}), having('hv2', ['ip'])], lost)), 'free')
  for (const daemonState of ['shutdown', 'run'] as const) t.equal(told(decided('none', [full({ daemonState }), having('hv2', [])], stopping)), 'nothing', `one that lacks what the stopping primary has is waited for, whose own state reads ${daemonState}`)
})

t.test('willingness is judged again under the lock', async (t) => {
  const seen = { value: 'none', version: 1, czxid: 'a' }
  const contend = { kind: 'contend', node: 'hv1', cause: 'contention', past: 'nobody', seen } as const
  const judged = (self: Member, ...others: Member[]) => judge(contend, keySnapshot({ key: key('none'), members: [self, ...others] })).kind
  t.equal(judged(own(1)), 'write')
  t.equal(judged(own(0)), 'refuse')
  t.equal(judged(preferring('hv1', unwell)), 'refuse')
  t.equal(judged(having('hv1', []), having('hv2', ['ip'])), 'refuse', 'it lacks what a peer has')
  t.equal(judged(having('hv1', ['ip']), having('hv2', [])), 'write')
  t.equal(judged(having('hv1', [], { coordinatorState: 'primary' }), having('hv2', ['ip'])), 'write', 'one that holds the role, and lacks something')
  t.equal(judged(preferring('hv1', { priority: 0 }, { coordinatorState: 'primary' })), 'write', 'one that holds the role')
  t.equal(judged(preferring('hv1', { priority: 0 }, { coordinatorState: 'relinquish' })), 'write', 'one that could not release')
  t.equal(judged(own(100), gone('hv2')), 'refuse', 'safety comes first')
  t.equal(judge(contend, keySnapshot({ key: key('none'), members: [] })).kind, 'write')
})

t.test('a delay that runs is neither begun again nor made longer by what others prefer meanwhile', async (t) => {
  const settings = { self: 'hv1', mode: 'coordinator' as const, resources: [], delays, backoff: { first: 5_000, most: 300_000 } }
  const view = (...others: Member[]) => ({ key: key('none', 5), ledger: { czxid: 'a', base: 0 }, members: [own(20), ...others], records: [] })
  const see = (machine: Coordinator, ...others: Member[]) => step(machine, { type: 'view', view: view(...others), wall: '' })
  const rest: Coordinator = { ...newCoordinator(settings, 0), daemon: 'run', state: 'secondary' }
  const first = see(rest, preferring('hv2', { priority: 80 }))
  t.match(first.effects, [{ type: 'delay', ms: 500 }])
  const second = see(first.state, preferring('hv2', { priority: 80 }), preferring('hv3', { priority: 10 }))
  t.strictSame(second.effects, [], 'it would be 250 ms now')
  const over = step(second.state, { type: 'elapsed', id: first.state.timers.idle?.id ?? -1, wall: '' })
  t.match(over.effects, [{ type: 'do', op: { op: 'lock' } }])
  t.match(see(second.state).effects, [{ type: 'cancel' }, { type: 'do', op: { op: 'lock' } }], 'at once, when no other is in front')
})
