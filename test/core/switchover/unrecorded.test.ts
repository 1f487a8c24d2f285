// What is answered for writes of the key that have no record.
import t from 'tap'
import { externalRecord, repeatedRecord, unrecordedSwitchover } from '../../../src/core/switchover/unrecorded.ts'
import { key, keySnapshot, member, primary, record } from '../../support/scenario/builders.ts'

const done = [member('hv1'), primary('hv2'), member('hv3')]
const succeeded = record(2, { outcome: 'succeeded' })

t.test('the record that is made of a write without one', async (t) => {
  t.match(externalRecord(4, 'then', 'hv2', [primary('hv1'), member('hv2')]), { epoch: 4, from: 'hv1', to: 'hv2', cause: 'external', started_at: 'then', timeout: 60, outcome: null })
  t.match(externalRecord(4, 'then', 'none', [member('hv1', { coordinatorState: 'relinquish' })]), { from: 'hv1', to: null })
  t.equal(externalRecord(4, 'then', 'hv2', done).from, null, 'it has arrived already')
  const loss = { from: 'hv3', last_held_at: 'before' }
  t.match(externalRecord(4, 'then', 'hv2', [member('hv2')], loss), { ...loss, to: 'hv2', cause: 'external' }, 'no node held the role')
  t.match(externalRecord(4, 'then', 'hv2', done, loss), loss)
  t.match(externalRecord(4, 'then', 'hv2', [primary('hv1'), member('hv2')], loss), { from: 'hv1', last_held_at: null }, 'a node releases it')
  t.match(externalRecord(4, 'then', 'hv2', [member('hv2', { coordinatorState: 'relinquish', stateSince: 'before' })]), { from: 'hv2', last_held_at: 'before' }, 'it gets the role back')
})

t.test('a write that repeats the name reads as the switchover that wrote it', async (t) => {
  const writes = { epoch: 4, value: 'hv2', members: done, records: [succeeded] }
  t.equal(repeatedRecord(4, writes), succeeded, 'the present write')
  t.equal(repeatedRecord(3, writes), succeeded, 'one before it')
  t.equal(repeatedRecord(5, writes), null, 'not written yet')
  t.equal(repeatedRecord(4, { ...writes, members: [] }), null, 'no node is primary: there will be a record of the present write')
  t.equal(repeatedRecord(3, { ...writes, members: [] }), succeeded)
  const open = record(2)
  t.equal(repeatedRecord(4, { ...writes, members: [], records: [open] }), open, 'it continues an open switchover')
  t.equal(repeatedRecord(4, { ...writes, records: [record(1, { to: 'hv1' }), open, record(3, { outcome: 'not_applied' })] }), open, 'a change that was never carried out wrote nothing')
  t.equal(repeatedRecord(4, { ...writes, value: 'hv3' }), null, 'it names another node')
  t.equal(repeatedRecord(4, { ...writes, records: [record(2, { outcome: 'timed_out' })] }), null)
  t.equal(repeatedRecord(4, { ...writes, records: [] }), null)
  t.equal(repeatedRecord(4, { ...writes, records: [succeeded, record(1, { to: 'hv1' })] }), succeeded, 'in whatever order')
  t.equal(repeatedRecord(1, { ...writes, records: [succeeded] }), null, 'older than every record')
})

t.test('it stays so when the role has moved on', async (t) => {
  const writes = { epoch: 6, value: 'hv3', members: done, records: [succeeded, record(6, { from: 'hv2', to: 'hv3' }), record(5, { from: 'hv2', to: 'hv1', outcome: 'failed' })] }
  t.equal(repeatedRecord(3, writes), succeeded)
  t.equal(repeatedRecord(4, writes), succeeded)
  t.equal(repeatedRecord(3, { ...writes, records: [succeeded, record(5, { from: 'hv3', to: 'hv1' })] }), null, 'another name may have been written in between')
  t.equal(repeatedRecord(3, { ...writes, records: [record(2, { to: null, outcome: 'succeeded' }), record(5, { from: null, to: 'hv1' })] }), null)
  const superseded = record(2, { outcome: 'superseded', continued_by: 5 })
  t.equal(repeatedRecord(3, { ...writes, records: [superseded, record(5, { from: 'hv1', to: 'hv3' })] }), superseded, 'it was open until then')
  t.equal(repeatedRecord(3, { ...writes, records: [{ ...superseded, continued_by: 4 }, record(5, { from: 'hv1', to: 'hv3' })] }), null)
})

t.test('the present write, where it repeats nothing', async (t) => {
  const external = keySnapshot({ key: key('hv2', 4), members: [primary('hv1'), member('hv2')], records: [] })
  t.match(unrecordedSwitchover(external, 'then'), { epoch: 4, from: 'hv1', to: 'hv2', cause: 'external', started_at: 'then', timeout: 60, done: false })
  t.equal(unrecordedSwitchover(external, 'then', null)?.from, null, 'as it was first seen')
  t.equal(unrecordedSwitchover(external, 'then', 'hv3')?.from, 'hv3')
  t.match(unrecordedSwitchover(keySnapshot({ key: key('hv2', 4), members: done }), 'then'), { outcome: 'succeeded', finished_at: 'then', progress: 1 })
})
