// A request for a switchover, judged in one fixed order.
import t from 'tap'
import { defaultTimeout, primaryOf, rule, type Ruling, type SwitchoverRequest } from '../../../src/core/switchover/rules.ts'
import type { KeySnapshot } from '../../../src/core/switchover/key-snapshot.ts'
import { gone, key, member, presence, primary, record, keySnapshot } from '../../support/scenario/builders.ts'

type Wish = Partial<SwitchoverRequest>
const request = (wish: Wish): SwitchoverRequest => ({ to: null, from: null, expectedEpoch: null, timeout: null, requestedBy: null, reason: null, ...wish })

const settled = keySnapshot()
const toHv2 = keySnapshot({ key: key('hv2', 2), records: [record(1, { outcome: 'succeeded' }), record(2)] })
const freed = keySnapshot({ key: key('none', 2), records: [record(2, { to: null })] })
const hv3Dead = keySnapshot({ members: [primary('hv1'), member('hv2'), gone('hv3')] })

const cases: [what: string, wish: Wish, keySnapshot: KeySnapshot, ruling: Partial<Ruling>][] = [
  ['to an unknown node', { to: 'hv9' }, settled, { kind: 'unknown_node', node: 'hv9' }],
  ['from an unknown node', { to: 'hv2', from: 'hv9' }, settled, { kind: 'unknown_node', node: 'hv9' }],

  ['to the settled primary', { to: 'hv1' }, settled, { kind: 'already', epoch: 1 }],
  ['to the settled primary, with an epoch that is over', { to: 'hv1', expectedEpoch: 0 }, settled, { kind: 'already', epoch: 1 }],
  ['to the settled primary, away from another', { to: 'hv1', from: 'hv2' }, settled, { kind: 'already', epoch: 1 }],
  ['away from one that is not primary', { from: 'hv2' }, settled, { kind: 'already', epoch: 1 }],
  ['to the primary while another may hold something', { to: 'hv1' }, hv3Dead, { kind: 'holder_unconfirmed', nodes: ['hv3'], alsoDead: [] }],

  ['to a primary that is not in contact', { to: 'hv1' }, keySnapshot({ members: [gone('hv1'), member('hv2')] }), { kind: 'ineligible' }],
  ['to a primary that is dead', { to: 'hv1' }, keySnapshot({ members: [primary('hv1', { daemonState: 'dead' }), member('hv2')] }), { kind: 'ineligible' }],
  ['away from one that is not primary, and the primary is dead', { from: 'hv2' }, keySnapshot({ members: [gone('hv1'), member('hv2')] }), { kind: 'precondition_failed' }],

  ['the same, in flight', { to: 'hv2' }, toHv2, { kind: 'in_flight' }],
  ['the same, in flight, with an epoch that never was', { to: 'hv2', expectedEpoch: 999_999 }, toHv2, { kind: 'precondition_failed' }],
  ['the same, in flight, with an epoch of long ago', { to: 'hv2', expectedEpoch: 0 }, toHv2, { kind: 'precondition_failed' }],
  ['to the settled primary, with an epoch that never was', { to: 'hv1', expectedEpoch: 999_999 }, settled, { kind: 'precondition_failed' }],
  ['away from another, with an epoch that never was', { from: 'hv2', expectedEpoch: 999_999 }, settled, { kind: 'precondition_failed' }],
  ['away from another, with an epoch before', { from: 'hv2', expectedEpoch: 0 }, settled, { kind: 'already' }],
  ['the same, in flight, with the old epoch', { to: 'hv2', expectedEpoch: 1 }, toHv2, { kind: 'in_flight' }],
  ['away from hv1, and it is moving to hv2', { from: 'hv1' }, toHv2, { kind: 'in_flight' }],
  ['away from hv1, and its key is free', { from: 'hv1' }, freed, { kind: 'in_flight' }],
  ['away from hv3, and a key from hv1 is free', { from: 'hv3' }, freed, { kind: 'precondition_failed' }],
  ['away from hv2, and it is moving there', { from: 'hv2' }, toHv2, { kind: 'busy' }],

  ['the same, and another write took its version', { to: 'hv2' }, keySnapshot({ key: key('hv1', 2), records: [record(2)] }), { kind: 'write', value: 'hv2' }],

  ['an epoch that does not hold', { to: 'hv2', expectedEpoch: 7 }, settled, { kind: 'precondition_failed', message: 'The epoch is 1, not 7.', primary: 'hv1', epoch: 1 }],
  ['an epoch that holds', { to: 'hv2', expectedEpoch: 1 }, settled, { kind: 'write', value: 'hv2' }],
  ['from somebody who is not primary', { to: 'hv2', from: 'hv3' }, settled, { kind: 'precondition_failed', message: 'The primary is hv1, not hv3.' }],
  ['from and to the same', { to: 'hv1', from: 'hv1' }, settled, { kind: 'precondition_failed', message: 'hv1 cannot be both the node that releases and the one that takes over.' }],
  ['a precondition comes before another in flight', { to: 'hv3', from: 'hv1' }, toHv2, { kind: 'precondition_failed' }],

  ['a key that is free, and nobody takes it', { to: 'hv3' }, freed, { kind: 'write', value: 'hv3' }],
  ['a key that names a fenced node', { to: 'hv3' }, keySnapshot({ key: key('hv2', 2), records: [record(2)], members: [member('hv1'), gone('hv2', { daemonState: 'fenced' }), member('hv3')] }), { kind: 'write', value: 'hv3' }],
  ['another in flight', { to: 'hv3' }, toHv2, { kind: 'busy', nodes: [] }],
  ['an older record that is open', { to: 'hv2' }, keySnapshot({ key: key('hv1', 2), records: [record(1), record(2, { outcome: 'succeeded' })] }), { kind: 'busy' }],
  ['the same target, but of an older epoch', { to: 'hv2' }, keySnapshot({ key: key('hv1', 3), records: [record(2)] }), { kind: 'busy' }],
  ['a node in takeover without a record', { to: 'hv2' }, keySnapshot({ members: [primary('hv1'), member('hv2'), member('hv3', { coordinatorState: 'takeover' })] }), { kind: 'busy', record: null, nodes: ['hv3'] }],
  ['in flight comes before a dead holder', { to: 'hv2' }, keySnapshot({ members: [gone('hv1'), member('hv2'), member('hv3', { coordinatorState: 'relinquish' })] }), { kind: 'busy' }],

  ['a dead holder', { to: 'hv2' }, hv3Dead, { kind: 'holder_unconfirmed', nodes: ['hv3'], alsoDead: [] }],
  ['a dead secondary beside a dead holder', { to: 'hv2' }, keySnapshot({ members: [{ ...primary('hv1'), daemonState: 'dead' }, member('hv2'), member('hv3', { daemonState: 'dead' })] }), { kind: 'holder_unconfirmed', nodes: ['hv1'], alsoDead: ['hv3'] }],
  ['a dead holder comes before eligibility', { to: 'hv2' }, keySnapshot({ members: [gone('hv1'), member('hv2', { daemonState: 'stop' })] }), { kind: 'holder_unconfirmed', nodes: ['hv1'], alsoDead: [] }],

  ['to a hypervisor', { to: 'hv2' }, keySnapshot({ members: [primary('hv1'), member('hv2', { mode: 'hypervisor' })] }), { kind: 'ineligible' }],
  ['to one that has stopped', { to: 'hv2' }, keySnapshot({ members: [primary('hv1'), member('hv2', { daemonState: 'stop' }), member('hv3')] }), { kind: 'ineligible' }],
  ['away, and there is nobody else', { from: 'hv1' }, keySnapshot({ members: [primary('hv1'), member('hv9', { mode: 'hypervisor', coordinatorState: 'client' })] }), { kind: 'ineligible', reasons: {} }],
  ['away, and one other will do', { from: 'hv1' }, keySnapshot({ members: [primary('hv1'), member('hv2', { daemonState: 'stop' }), member('hv3')] }), { kind: 'write', value: 'none' }],

  ['to a fit other', { to: 'hv2' }, settled, { kind: 'write', value: 'hv2', from: 'hv1', timeout: 40 }],
  ['to a fit other from the primary', { to: 'hv2', from: 'hv1', timeout: 7 }, settled, { kind: 'write', value: 'hv2', from: 'hv1', timeout: 7 }],
  ['away from the primary', { from: 'hv1' }, settled, { kind: 'write', value: 'none', from: 'hv1' }],
  ['to anybody while nobody is primary', { to: 'hv2' }, keySnapshot({ key: key('none'), members: [member('hv1'), member('hv2')] }), { kind: 'write', value: 'hv2', from: null }],
]

t.test('rulings', async (t) => {
  for (const [what, wish, each, ruling] of cases) t.match(rule(request(wish), each), ruling, what)
})

t.test('every reason of every candidate is given', async (t) => {
  const nobody = rule(request({ from: 'hv1' }), keySnapshot({ members: [primary('hv1'), member('hv2', { daemonState: 'stop' }), gone('hv3', { coordinatorState: 'secondary' })] }))
  t.match(nobody, { kind: 'ineligible', reasons: { hv2: [{ code: 'not_running' }], hv3: [{ code: 'not_present' }] } })
})

t.test('whom the role comes from', async (t) => {
  t.equal(primaryOf([member('hv1'), primary('hv2')]), 'hv2')
  t.equal(primaryOf([member('hv1', { coordinatorState: 'relinquish' }), primary('hv2')]), 'hv2')
  t.equal(primaryOf([member('hv1', { coordinatorState: 'relinquish' }), member('hv2')]), 'hv1', 'it may not be able to release')
  t.equal(primaryOf([member('hv1', { coordinatorState: 'takeover' })]), null)
})

t.test('the bound where nobody gives one', async (t) => {
  const slow = member('hv3', { presence: { ...presence, takeoverTime: 90.2 } })
  const unstated = gone('hv4', { ours: false, coordinatorState: 'secondary' })
  const members = [primary('hv1'), member('hv2'), slow]
  t.equal(defaultTimeout('hv1', 'hv2', members), 40)
  t.equal(defaultTimeout('hv1', 'hv3', members), 111, 'rounded up')
  t.equal(defaultTimeout('hv1', null, members), 111, 'the slowest who might win')
  t.equal(defaultTimeout(null, 'hv2', members), 30, 'nobody has to release')
  t.equal(defaultTimeout('hv9', null, []), 10)
  t.equal(defaultTimeout('hv4', 'hv4', [unstated]), 130, 'a PVC peer does not say')
})
