// When a switchover is over, and how it ended.
import t from 'tap'
import { continuationOf, isComplete, isProven, settledPrimary, verdictOn, type RoleSnapshot } from '../../../src/core/switchover/completion.ts'
import type { Closing, SwitchoverRecord } from '../../../src/core/model/record.ts'
import { gone, key, member, primary, record } from '../../support/scenario/builders.ts'

const snapshot = (given: Partial<RoleSnapshot> = {}): RoleSnapshot =>
  ({ key: key('hv2', 5), ledger: { czxid: 'a', base: 0 }, members: [member('hv1'), primary('hv2'), member('hv3')], ...given })

t.test('complete', async (t) => {
  const cases: [what: string, snapshot: RoleSnapshot, complete: boolean][] = [
    ['everybody is where they should be', snapshot(), true],
    ['the key names another', snapshot({ key: key('hv1', 5) }), false],
    ['the same name at a later epoch', snapshot({ key: key('hv2', 6) }), false],
    ['the ledger does not know the key', snapshot({ ledger: null }), false],
    ['the target is still taking over', snapshot({ members: [member('hv1'), member('hv2', { coordinatorState: 'takeover' })] }), false],
    ['the target is not there', snapshot({ members: [member('hv1')] }), false],
    ['the former primary still relinquishes', snapshot({ members: [member('hv1', { coordinatorState: 'relinquish' }), primary('hv2')] }), false],
    ['somebody may hold something and cannot be asked', snapshot({ members: [primary('hv2'), gone('hv3')] }), false],
    ['a fenced one', snapshot({ members: [primary('hv2'), gone('hv3', { daemonState: 'fenced' })] }), true],
    ['a hypervisor', snapshot({ members: [primary('hv2'), member('hv9', { mode: 'hypervisor', coordinatorState: 'client' })] }), true],
  ]
  for (const [what, each, complete] of cases) t.equal(isComplete(each, 5, 'hv2'), complete, what)
  t.strictSame(settledPrimary(snapshot()), { name: 'hv2', epoch: 5 })
  t.equal(settledPrimary(snapshot({ ledger: null })), null)
  t.equal(settledPrimary(snapshot({ key: key('none', 5) })), null)
  t.equal(settledPrimary(snapshot({ members: [primary('hv1')] })), null)
  for (const daemonState of ['init', 'stop', 'dead', 'fenced', null] as const) t.equal(settledPrimary(snapshot({ members: [primary('hv2', { daemonState })] })), null, String(daemonState))
  t.equal(settledPrimary(snapshot({ members: [gone('hv2')] })), null, 'a primary that is not in contact settles nothing')
  t.strictSame(settledPrimary(snapshot({ members: [primary('hv2', { daemonState: 'shutdown' })] })), { name: 'hv2', epoch: 5 }, 'one that is stopping serves until it has handed over')
})

t.test('two readings prove it only if they show the same of everything that the rule reads', async (t) => {
  t.ok(isProven(snapshot(), snapshot(), 5, 'hv2'))
  t.ok(isProven(snapshot(), snapshot({ members: snapshot().members.toReversed() }), 5, 'hv2'), 'the order does not count')
  t.notOk(isProven(snapshot(), snapshot(), 6, 'hv2'))
  t.notOk(isProven(snapshot({ members: [primary('hv1')] }), snapshot({ members: [primary('hv1')] }), 5, 'hv2'))
  for (const other of [snapshot({ key: key('hv2', 6) }), snapshot({ ledger: null }), snapshot({ ledger: { czxid: 'a', base: 1 } }), snapshot({ members: [primary('hv2', { stamp: '2/1' })] })]) {
    t.notOk(isProven(other, snapshot(), 5, 'hv2'))
    t.notOk(isProven(snapshot(), other, 5, 'hv2'))
  }
})

t.test('the epoch that a freed key went to', async (t) => {
  const freed = record(3, { to: null })
  t.equal(continuationOf(freed, [freed, record(2)]), null)
  t.equal(continuationOf(freed, [record(7), freed, record(4, { to: null }), record(5), record(6)])?.epoch, 5, 'the first that names somebody, in any order')
  t.equal(continuationOf(freed, [record(4, { outcome: 'not_applied' }), record(5)])?.epoch, 5, 'one that was never written does not count')
})

t.test('verdicts', async (t) => {
  const mine = record(5, { to: 'hv2' })
  const freed = record(4, { from: 'hv1', to: null })
  const error = { code: 'acquire_failed', resource: 'ip', message: 'no' }
  const cases: [what: string, record: SwitchoverRecord, snapshot: RoleSnapshot, records: SwitchoverRecord[], boundPassed: boolean, closing: Closing | null][] = [
    ['complete', mine, snapshot(), [], false, { outcome: 'succeeded' }],
    ['complete, at the bound', mine, snapshot(), [], true, { outcome: 'succeeded' }],
    ['closed already', record(5, { outcome: 'failed' }), snapshot(), [], true, null],
    ['the ledger does not know the key', mine, snapshot({ ledger: null }), [], true, null],
    ['on its way', mine, snapshot({ members: [] }), [], false, null],
    ['on its way at the bound', mine, snapshot({ members: [] }), [], true, { outcome: 'timed_out' }],
    ['the key has moved on', mine, snapshot({ key: key('hv2', 7) }), [mine, record(7, { to: 'hv2' })], false, { outcome: 'superseded', continued_by: 7 }],
    ['its version was taken by another write', mine, snapshot({ key: key('hv1', 5) }), [], false, { outcome: 'superseded' }],
    ['its version was taken by a write that frees the key', mine, snapshot({ key: key('none', 5) }), [], true, { outcome: 'superseded' }],
    ['to be freed, and its version was taken', record(5, { to: null }), snapshot(), [], false, { outcome: 'superseded' }],
    ['not written yet', record(6), snapshot(), [], false, null],
    ['never written', record(6), snapshot(), [], true, { outcome: 'not_applied' }],
    ['freed, nobody has won', freed, snapshot(), [freed], false, null],
    ['freed, the winner is on its way', freed, snapshot(), [freed, mine], false, null],
    ['freed, the winner succeeded', freed, snapshot(), [record(5, { to: 'hv2', outcome: 'succeeded' })], false, { outcome: 'succeeded', continued_by: 5, error: null }],
    ['freed, the winner failed', freed, snapshot(), [record(5, { to: 'hv2', outcome: 'failed', error })], false, { outcome: 'failed', continued_by: 5, error }],
    ['freed, the former primary tried and failed', freed, snapshot(), [record(5, { to: 'hv1', outcome: 'failed', error })], false, { outcome: 'failed', continued_by: 5, error }],
    ['freed, and won by whom it was to leave', freed, snapshot(), [record(5, { to: 'hv1', outcome: 'succeeded' })], false,
      { outcome: 'failed', continued_by: 5, error: { code: 'no_other_primary', resource: null, message: 'No other coordinator took the role; hv1 took it back.' } }],
    ['freed by a rollback, and won by the former primary', { ...freed, cause: 'rollback' }, snapshot(), [record(5, { to: 'hv1', outcome: 'succeeded' })], false, { outcome: 'succeeded', continued_by: 5, error: null }],
    ['freed, and won by the node that had lost the role before', { ...freed, last_held_at: 'before' }, snapshot(), [record(5, { to: 'hv1', outcome: 'succeeded' })], false, { outcome: 'succeeded', continued_by: 5, error: null }],
    ['freed, and nobody won in time', freed, snapshot(), [], true, { outcome: 'timed_out' }],
    ['to be freed, never written', record(6, { to: null }), snapshot(), [], true, { outcome: 'not_applied' }],
  ]
  for (const [what, each, seen, records, passed, closing] of cases) t.strictSame(verdictOn(each, seen, records, passed), closing, what)
})
