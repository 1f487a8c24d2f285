// A key that is written to itself, with no record of that: the switchover that wrote the name continues.
import t from 'tap'
import { judge } from '../../../src/core/coordinator/intent.ts'
import { verdictOn } from '../../../src/core/switchover/completion.ts'
import { particularsOf } from '../../../src/core/switchover/progress.ts'
import { continuedRecord, isRepeated, isUnrecordedSince, unrecordedEpoch } from '../../../src/core/switchover/rewrites.ts'
import { rule } from '../../../src/core/switchover/rules.ts'
import { key, keySnapshot, member, primary, record, transition } from '../../support/scenario/builders.ts'

const ledger = { czxid: 'a', base: 0 }
const done = [member('hv1'), primary('hv2'), member('hv3')]

t.test('what repeats what', async (t) => {
  t.ok(isUnrecordedSince(2, 4, [1, 2, 5]))
  t.notOk(isUnrecordedSince(2, 4, [3]) || isUnrecordedSince(2, 4, [4]))
  const asked = record(2)
  t.ok(isRepeated(asked, 2, 'hv3', []), 'its own epoch, whatever it says')
  t.ok(isRepeated(asked, 4, 'hv2', [1, 2]))
  t.notOk(isRepeated(asked, 4, 'hv3', [1, 2]) || isRepeated(asked, 4, 'hv2', [1, 2, 3]) || isRepeated(asked, 1, 'hv2', []))
  t.equal(continuedRecord(4, 'hv2', [record(1, { to: 'hv2' }), asked]), asked)
  for (const [epoch, value, records] of [[4, 'hv3', [asked]], [2, 'hv2', [asked]], [4, 'hv2', []], [4, 'hv2', [record(2, { outcome: 'succeeded' })]], [4, 'hv2', [asked, record(3, { to: 'hv3' })]], [1, 'hv2', [asked]]] as const) t.equal(continuedRecord(epoch, value, records), null)
})

t.test('neither superseded nor another record', async (t) => {
  const asked = record(2)
  t.equal(verdictOn(asked, { key: key('hv2', 3), ledger, members: keySnapshot().members }, [asked], false), null, 'it continues')
  t.match(verdictOn(asked, { key: key('hv2', 3), ledger, members: keySnapshot().members }, [asked], true), { outcome: 'timed_out' })
  t.strictSame(verdictOn(asked, { key: key('hv2', 3), ledger, members: done }, [asked], false), { outcome: 'succeeded' })
  t.match(verdictOn(asked, { key: key('hv2', 3), ledger, members: done }, [asked, record(3)], false), { outcome: 'superseded', continued_by: 3 }, 'that epoch has a record of its own')
  t.match(verdictOn(asked, { key: key('hv3', 3), ledger, members: done }, [asked], false), { outcome: 'superseded' })
  t.equal(verdictOn(asked, { key: key('hv2', 1), ledger, members: done }, [asked], false), null, 'its write has not come yet')
})

t.test('a retry joins it, and the key can be given back', async (t) => {
  const records = [record(1, { from: null, to: 'hv1', outcome: 'succeeded' }), record(2)]
  const wish = { to: 'hv2', from: null, expectedEpoch: null, timeout: null, requestedBy: null, reason: null }
  t.match(rule(wish, keySnapshot({ key: key('hv2', 3), records })), { kind: 'in_flight', record: { epoch: 2 } })
  t.match(rule({ ...wish, to: 'hv3' }, keySnapshot({ key: key('hv2', 3), records })), { kind: 'busy' })
  const back = { kind: 'give_back', node: 'hv2', to: 'hv1', epoch: 2 } as const
  t.match(judge(back, keySnapshot({ key: key('hv2', 3), records })), { kind: 'write', value: 'hv1' })
  t.match(judge(back, keySnapshot({ key: key('hv2', 3), records: [...records, record(3)] })), { kind: 'refuse' })
  t.match(judge(back, keySnapshot({ key: key('hv2', 1), records })), { kind: 'refuse' })
})

t.test('who is at it, and since when', async (t) => {
  const taker = member('hv2', { coordinatorState: 'takeover', transition: transition({ epoch: 3, direction: 'takeover', step: 1, of: 4 }) })
  const pvc = member('hv1', { ours: false, coordinatorState: 'relinquish', stateSince: '2026-01-01T00:00:00.500Z' })
  t.match(particularsOf(record(2), [taker, pvc]), {
    progress: 0.13,
    nodes: { hv2: { coordinator_state: 'takeover', step: 1, of: 4 } },
    timeline: [{ at: '2026-01-01T00:00:00.500Z', node: 'hv1', coordinator_state: 'relinquish' }, { node: 'hv2', coordinator_state: 'takeover' }],
  })
  for (const given of [{ stateSince: null }, { coordinatorState: null }, { stateSince: '2025-12-31T00:00:00.000Z' }]) t.strictSame(particularsOf(record(2), [{ ...pvc, ...given }]).timeline, [], 'from before it began')
  t.strictSame(particularsOf(record(2), [member('hv2', { transition: transition({ epoch: 3, direction: 'relinquish' }) })]).progress, 0)
})

t.test('records that have to be made', async (t) => {
  const given = { key: key('hv2', 3), ledger, members: keySnapshot().members, records: [record(2)] }
  t.equal(unrecordedEpoch(given), null, 'it continues')
  t.equal(unrecordedEpoch({ ...given, records: [record(3)] }), null)
  t.equal(unrecordedEpoch({ ...given, records: [record(2, { outcome: 'succeeded' })] }), 3, 'no node is primary')
  t.equal(unrecordedEpoch({ ...given, members: done, records: [record(2, { outcome: 'succeeded' })] }), null, 'it changes nothing')
  t.equal(unrecordedEpoch({ ...given, members: done, records: [record(2, { outcome: 'failed' })] }), 3)
  t.equal(unrecordedEpoch({ ...given, key: key('hv3', 3) }), 3)
  t.equal(unrecordedEpoch({ ...given, records: [] }), 3)
  t.equal(unrecordedEpoch({ ...given, ledger: null }), null)
  t.equal(unrecordedEpoch({ ...given, key: key('none', 0), records: [] }), null)
  t.equal(unrecordedEpoch({ ...given, key: key('hv1', 0), records: [] }), 0)
})
