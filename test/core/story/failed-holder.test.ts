// Which node a failover takes the role from, and how that is known.
import t from 'tap'
import { confirmed, newFence, type FenceRecord } from '../../../src/core/model/fence-record.ts'
import type { FailedHolder } from '../../../src/core/model/record.ts'
import { certainty, completed, isIncomplete, judgement, lossBefore, lossBeforeWrite, reasonFor } from '../../../src/core/story/failed-holder.ts'
import type { FailureReading, KeySnapshot } from '../../../src/core/switchover/key-snapshot.ts'
import { key, keySnapshot, member, presence, record, transition } from '../../support/scenario/builders.ts'

const SIGN = '2026-01-01T00:00:10.000Z'
const JUDGED = '2026-01-01T00:00:14.000Z'
const FENCED = '2026-01-01T00:00:16.000Z'
const keepalive = { data: '17', mzxid: '0a', modified: SIGN }
const judged = newFence('hv2', 'presence_gone', { presence: null, renewal: null, keepalive: '17/0a' }, JUDGED)
const fence = confirmed({ ...judged, by: 'hv3', method: 'command', attempts: 2 }, 'hv3', 'The fencing command confirmed it.', FENCED)
const reading = (given: Partial<FailureReading> = {}) => new Map([['hv1', { fence, keepalive, ...given }]])
const fenced = member('hv1', { daemonState: 'fenced', presence: null })
const failedHolder = (snapshot: KeySnapshot) => lossBefore(snapshot) as FailedHolder | null
const after = (given: Parameters<typeof keySnapshot>[0] = {}): KeySnapshot => keySnapshot({ members: [fenced, member('hv2'), member('hv3')], failures: reading(), ...given })

t.test('the node that the key names, with what its fence record says', async (t) => {
  t.strictSame(failedHolder(after()), {
    from: 'hv1',
    reason: `hv2 judged hv1 dead at ${JUDGED}: its presence is gone: its session with ZooKeeper has ended. hv3 fenced hv1 by command, at attempt 2, confirmed at ${FENCED}: The fencing command confirmed it.`,
    last_held_at: SIGN,
    evidence: {
      node: 'hv1',
      daemon_state: 'fenced',
      judged_by: 'hv2',
      judged_at: JUDGED,
      why: 'presence_gone',
      last_sign_at: SIGN,
      fence: { state: 'confirmed', by: 'hv3', method: 'command', attempts: 2, confirmed_by: 'hv3', confirmed_at: FENCED, message: 'The fencing command confirmed it.' },
    },
  })
  t.match(failedHolder(after({ records: [] })), { from: 'hv1', last_held_at: SIGN }, 'as on a cluster whose records are gone')
})

t.test('nothing that has not failed', async (t) => {
  t.equal(failedHolder(keySnapshot()), null)
  t.equal(failedHolder(after({ key: key('hv9') })), null, 'a node that is not known')
  t.equal(failedHolder(after({ key: key('hv2') })), null, 'another node has failed, some time ago')
  t.equal(failedHolder(after({ key: key('none'), records: [] })), null, 'no record says which node held the role')
  t.equal(failedHolder(after({ key: key('none'), records: [record(1, { from: null, to: null })] })), null)
})

t.test('a key that names no node: the newest record knows the holder', async (t) => {
  const freed = record(2, { from: 'hv1', to: null })
  const failed = failedHolder(after({ key: key('none', 2), records: [record(1, { from: null, to: 'hv1', outcome: 'succeeded' }), freed] }))
  t.match(failed, { from: 'hv1', last_held_at: SIGN })
  const ahead = record(3, { from: 'hv9', to: null })
  const undone = record(2, { from: 'hv9', to: null, outcome: 'not_applied' })
  t.match(failedHolder(after({ key: key('none', 2), records: [record(1, { to: 'hv1', outcome: 'succeeded' }), undone, ahead] })), { from: 'hv1' }, 'what was never reached says nothing')
})

t.test('a takeover that failed since: what was lost before it is lost still', async (t) => {
  const first = record(2, { from: 'hv1', to: 'hv2', outcome: 'failed', last_held_at: 'long ago', evidence: failedHolder(after())?.evidence ?? null })
  const again = after({ key: key('none', 3), records: [record(1, { from: null, to: 'hv1', outcome: 'succeeded' }), first, record(3, { from: null, to: null })] })
  t.match(failedHolder(again), { from: 'hv1', last_held_at: 'long ago' })
  const back = after({ key: key('hv1', 3), records: [first, record(3, { from: 'hv2', to: 'hv1', outcome: 'succeeded' })] })
  t.match(failedHolder(back), { from: 'hv1', last_held_at: SIGN }, 'it has held the role again since')
})

t.test('a node that was only to hold the role', async (t) => {
  const taking = after({ records: [record(1, { from: 'hv3', to: 'hv1' })] })
  t.match(failedHolder(taking), { from: 'hv1', last_held_at: null, evidence: { last_sign_at: SIGN } }, 'its predecessor released everything at some time before')
})

t.test('the record of an earlier failure is no evidence', async (t) => {
  const earlier: FenceRecord = { ...fence, keepalive: '16/03' }
  t.match(failedHolder(after({ failures: reading({ fence: earlier }) })), { evidence: { judged_by: null, fence: null }, reason: 'hv1 was judged dead. hv1 is fenced; there is no record of who confirmed it.' })
  t.match(failedHolder(after({ failures: reading({ fence: { ...fence, keepalive: null } }) })), { evidence: { judged_by: 'hv2' } }, 'an operator has confirmed a node of which nothing was seen')
  t.match(failedHolder(after({ failures: reading({ keepalive: null }) })), { evidence: { judged_by: 'hv2', last_sign_at: null }, last_held_at: null })
  t.match(failedHolder(after({ failures: new Map() })), { from: 'hv1', evidence: { fence: null, last_sign_at: null }, last_held_at: null })
  const { failures, ...unread } = after()
  t.ok(failures)
  t.match(failedHolder(unread), { from: 'hv1', evidence: { fence: null } })
})

t.test('a node that counts as having released without a fence', async (t) => {
  t.match(failedHolder(after({ members: [member('hv1', { daemonState: 'dead', presence: null }), member('hv2')] })), { evidence: { daemon_state: 'dead' }, reason: /unfenced_failover/ })
})

t.test('in words', async (t) => {
  const evidence = failedHolder(after())!.evidence!
  t.match(reasonFor({ ...evidence, daemon_state: 'dead' }), /unfenced_failover.*no fence has confirmed/)
  const operator = { ...evidence.fence!, method: 'operator', confirmed_by: 'ops', attempts: 1 }
  t.equal(certainty({ ...evidence, fence: operator }), `The operator ops confirmed at ${FENCED} that hv1 is down, after 1 attempt to fence it.`)
  t.equal(certainty({ ...evidence, fence: { ...operator, confirmed_by: null, attempts: 0, confirmed_at: null } }), 'An operator confirmed that hv1 is down.')
  t.match(certainty({ ...evidence, fence: { ...operator, attempts: 3 } }), /after 3 attempts/)
  t.equal(certainty({ ...evidence, fence: { ...evidence.fence!, method: null, message: null, confirmed_by: null, confirmed_at: null } }), 'A coordinator fenced hv1, at attempt 2, confirmed.')
  t.equal(certainty({ ...evidence, fence: { ...evidence.fence!, state: 'pending' } }), 'hv1 is fenced; there is no record of who confirmed it.')
  t.equal(judgement({ ...evidence, why: null, judged_at: null }), 'hv2 judged hv1 dead.')
})

t.test('a fence record that is written behind the state which lets a coordinator contend', async (t) => {
  const early = failedHolder(after({ failures: reading({ fence: { ...judged, attempts: 1 } }) }))!
  const made = record(2, { ...early, evidence: early.evidence ?? null, to: 'hv2', outcome: 'succeeded' })
  t.match(made, { reason: /there is no record of who confirmed it\.$/, evidence: { judged_by: 'hv2', fence: { state: 'pending' } } })
  t.ok(isIncomplete(made, [fenced]))
  const whole = completed(made, { fence, keepalive })
  t.match(whole, { reason: /hv3 fenced hv1 by command, at attempt 2/, evidence: { last_sign_at: SIGN, fence: { state: 'confirmed' } } })
  t.notOk(isIncomplete(whole, [fenced]))
  t.notOk(isIncomplete(made, []), 'a node that is removed has no fence record')
  t.match(completed(made, { fence, keepalive: { ...keepalive, mzxid: '0b' } }), { evidence: { fence: { state: 'confirmed' } } }, 'the node may have come back since')
  t.equal(completed(made, { fence: { ...fence, judged_at: 'later' }, keepalive }), made, 'it has failed again since')
  t.equal(completed(made, { fence: null, keepalive }), made)
  const unjudged = failedHolder(after({ failures: reading({ fence: null }) }))!
  const operators = record(2, { ...unjudged, evidence: unjudged.evidence ?? null })
  t.match(completed(operators, { fence: { ...fence, judged_at: null, method: 'operator' }, keepalive }), { evidence: { fence: { method: 'operator' } } })
  t.equal(completed(operators, { fence: { ...fence, keepalive: '16/03' }, keepalive }), operators, 'of an earlier failure')
  t.notOk(isIncomplete(record(2), [fenced]))
  t.equal(completed(record(2), { fence, keepalive }).evidence, null)
  t.match(completed({ ...made, cause: 'request', reason: 'kernel' }, { fence, keepalive }), { reason: 'kernel', evidence: { fence: { state: 'confirmed' } } }, 'a client has given its own reason')
  t.notOk(isIncomplete({ ...made, evidence: { ...early.evidence!, daemon_state: 'dead' } }, [fenced]), 'nothing will confirm that')
})

t.test('a node that has started again since it held the role', async (t) => {
  const start = transition({ epoch: null, direction: 'start' })
  const started = (given: Parameters<typeof member>[1] = {}) => member('hv1', { transition: start, presence: { ...presence, earlierSign: SIGN }, ...given })
  const now = (given: Parameters<typeof keySnapshot>[0] = {}): KeySnapshot => keySnapshot({ members: [started(), member('hv2')], ...given })
  const lost = { from: 'hv1', last_held_at: SIGN }
  t.strictSame(lossBefore(now()), lost)
  t.strictSame(lossBefore(now({ key: key('none') })), lost, 'whatever the key says now')
  t.equal(lossBefore(now({ members: [started({ presence })] })), null, 'its earlier run was not primary, or does not say')
  t.equal(lossBefore(now({ members: [started({ presence: null })] })), null)
  t.equal(lossBefore(now({ members: [started({ transition: transition({ epoch: 1, direction: 'takeover' }) })] })), null, 'it has held the role in its present run')
  t.equal(lossBefore(now({ members: [started({ transition: null })] })), null)
  const begins = { daemonState: 'init' as const, transition: transition({ epoch: 1, direction: 'takeover' }) }
  t.strictSame(lossBefore(now({ members: [started(begins), member('hv2')] })), lost, 'the transition is still that of the run before')
  t.equal(lossBefore(now({ members: [started({ ...begins, presence }), member('hv2')] })), null)
  t.equal(lossBefore(now({ members: [] })), null)
  t.equal(lossBefore(now({ records: [] })), null, 'no record says which node held the role')
  t.equal(lossBefore(now({ key: key('hv2', 2), records: [record(1, { to: 'hv1', outcome: 'succeeded' }), record(2, { to: 'hv2', outcome: 'succeeded', last_held_at: 'then' })] })), null, 'another node has held it since')

  t.comment('an attempt that failed since: what was lost before it is lost still')
  const attempt = record(2, { from: 'hv1', to: 'hv1', outcome: 'failed', last_held_at: 'long ago' })
  const again = now({ key: key('none', 3), members: [started({ transition: transition({ epoch: 2, direction: 'takeover' }) })], records: [record(1, { to: 'hv1', outcome: 'succeeded' }), attempt, record(3, { from: null, to: null })] })
  t.strictSame(lossBefore(again), { from: 'hv1', last_held_at: 'long ago' })
})

t.test('a node that has stopped in order, or has released everything for a switchover that did not succeed', async (t) => {
  const BEGAN = '2026-01-01T00:00:20.000Z'
  const WROTE = '2026-01-01T00:00:25.000Z'
  const released = (given: Parameters<typeof member>[1] = {}) => member('hv1', { transition: transition(), stateSince: WROTE, ...given })
  const now = (given: Parameters<typeof keySnapshot>[0] = {}): KeySnapshot => keySnapshot({ key: key('none', 2), members: [released(), member('hv2')], ...given })
  t.strictSame(lossBefore(now({ releases: new Map([['hv1', BEGAN]]) })), { from: 'hv1', last_held_at: BEGAN })
  t.strictSame(lossBefore(now()), { from: 'hv1', last_held_at: WROTE }, 'when it had released, where it does not say when it began to')
  t.strictSame(lossBefore(now({ members: [released({ daemonState: 'stop', presence: null })] })), { from: 'hv1', last_held_at: WROTE })
  t.equal(lossBefore(now({ members: [released({ coordinatorState: 'relinquish' })] })), null, 'it holds something still')
  t.equal(lossBefore(now({ members: [released({ transition: transition({ direction: 'takeover' }) })] })), null)
  t.strictSame(lossBefore(now({ members: [released({ transition: null, ours: false, daemonState: 'stop' })] })), { from: 'hv1', last_held_at: WROTE }, 'a PVC node that has stopped')
  t.equal(lossBefore(now({ members: [released({ transition: null, ours: false })] })), null, 'one that runs may have been started again since')
  t.equal(lossBefore(now({ members: [] })), null, 'it is removed')

  t.comment('a taker of it died: the former holder had released everything by then')
  const taking = now({ key: key('hv2', 2), members: [released(), member('hv2', { daemonState: 'fenced', presence: null })], records: [record(1, { from: null, to: 'hv1', outcome: 'succeeded' }), record(2)], failures: new Map([['hv2', { fence, keepalive }]]) })
  t.match(lossBefore(taking), { from: 'hv2', last_held_at: WROTE, evidence: { node: 'hv2' } })
})

t.test('a node that is named, and did not come to hold the role', async (t) => {
  const attempt = record(2, { from: 'hv1', to: 'hv2', outcome: 'failed' })
  const named = after({ key: key('hv2', 2), records: [record(1, { from: null, to: 'hv1', outcome: 'succeeded' }), attempt] })
  t.match(lossBefore(named), { from: 'hv1', last_held_at: SIGN, evidence: { node: 'hv1' } }, 'the one before it counts')
})

t.test('before a write of the key without a record', async (t) => {
  const { members, failures } = after()
  const records = [record(1, { from: null, to: 'hv1', outcome: 'succeeded' })]
  t.match(lossBeforeWrite(2, { records, members, failures }), { from: 'hv1', last_held_at: SIGN, evidence: { node: 'hv1' } })
  t.equal(lossBeforeWrite(1, { records, members, failures }), null, 'what came later says nothing')
  t.match(lossBeforeWrite(9, { records: [...records, record(2, { from: 'hv1', to: null })], members, failures }), { from: 'hv1' })
})
