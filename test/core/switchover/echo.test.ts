// PVC's keepalive writes the name of its own node over that of the target, in the half second before the node relinquishes.
import t from 'tap'
import { newCoordinator } from '../../../src/core/coordinator/coordinator-state.ts'
import { step } from '../../../src/core/coordinator/coordinator.ts'
import { decide, type DecisionInput } from '../../../src/core/coordinator/decision.ts'
import { judge, type Intent } from '../../../src/core/coordinator/intent.ts'
import { beginKeyChange, continueKeyChange, type KeyChange, type KeyOp } from '../../../src/core/coordinator/key-change.ts'
import type { Member } from '../../../src/core/model/member.ts'
import type { SwitchoverRecord } from '../../../src/core/model/record.ts'
import { verdictOn } from '../../../src/core/switchover/completion.ts'
import { isEchoed } from '../../../src/core/switchover/key-snapshot.ts'
import { isEcho, unrecordedEpoch } from '../../../src/core/switchover/rewrites.ts'
import { rule } from '../../../src/core/switchover/rules.ts'
import { repeatedRecord } from '../../../src/core/switchover/unrecorded.ts'
import { key, keySnapshot, member, primary, record, unready } from '../../support/scenario/builders.ts'

const pvc = (given: Partial<Member> = {}) => primary('pv1', { ours: false, presence: null, ...given })
const asked = record(2, { from: 'pv1', to: 'hv2' })
const members = [pvc(), member('hv2'), member('hv3')]
const write = { epoch: 3, value: 'pv1', members, recordEpochs: [1, 2] }
const wish = { to: 'hv2', from: null, expectedEpoch: null, timeout: null, requestedBy: null, reason: null }
const echoed = (given: { readonly members?: readonly Member[], readonly records?: readonly SwitchoverRecord[], readonly key?: ReturnType<typeof key> } = {}) =>
  keySnapshot({ key: key('pv1', 3), members, records: [record(1, { from: null, to: 'pv1', outcome: 'succeeded' }), asked], ...given })

t.test('what is an echo', async (t) => {
  t.ok(isEcho(asked, write))
  t.ok(isEcho(asked, { ...write, members: [pvc({ coordinatorState: 'relinquish' }), member('hv2')] }), 'it has begun to relinquish')
  for (const [what, given, other] of [
    ['it is over', { outcome: 'succeeded' }, {}],
    ['it came from no node', { from: null }, {}],
    ['it came from a node that has failed', { evidence: { node: 'pv1', daemon_state: 'fenced', judged_by: null, judged_at: null, why: null, last_sign_at: null, fence: null } }, {}],
    ['it names the holder itself', { to: 'pv1' }, {}],
    ['another name', {}, { value: 'hv3' }],
    ['the second write', {}, { epoch: 4 }],
    ['the write has a record', {}, { recordEpochs: [2, 3] }],
    ['the holder has released', {}, { members: [pvc({ coordinatorState: 'secondary' }), member('hv2')] }],
    ['the holder is one of ours', {}, { members: [primary('pv1'), member('hv2')] }],
    ['the holder is gone', {}, { members: [member('hv2')] }],
    ['the target is gone', {}, { members: [pvc()] }],
    ['the target is one of PVC\'s', {}, { members: [pvc(), member('hv2', { ours: false, presence: null })] }],
    ['the target cannot serve', {}, { members: [pvc(), member('hv2', { daemonState: 'shutdown' })] }],
    ['the target is not ready', {}, { members: [pvc(), unready('hv2')] }],
    ['the target has begun', {}, { members: [pvc(), member('hv2', { coordinatorState: 'takeover' })] }],
  ] as const) t.notOk(isEcho({ ...asked, ...given }, { ...write, ...other }), what)
})

t.test('the switchover continues', async (t) => {
  const ledger = { czxid: 'a', base: 0 }
  const snapshot = { key: key('pv1', 3), ledger, members }
  t.equal(verdictOn(asked, snapshot, [asked], false), null)
  t.match(verdictOn(asked, { ...snapshot, members: [pvc(), member('hv2', { daemonState: 'dead' })] }, [asked], false), { outcome: 'superseded' }, 'its target cannot write its name again')
  t.match(verdictOn(asked, snapshot, [asked], true), { outcome: 'timed_out' }, 'and has its bound')
  t.match(verdictOn(asked, { ...snapshot, key: key('pv1', 4) }, [asked], false), { outcome: 'superseded', continued_by: 4 }, 'the second time it is meant')
  t.equal(unrecordedEpoch({ ...snapshot, records: [asked] }), null, 'no record is made of an echo')
  t.equal(unrecordedEpoch({ ...snapshot, key: key('pv1', 4), records: [asked] }), 4)
  t.equal(repeatedRecord(3, { epoch: 3, value: 'pv1', members, records: [asked] }), asked, 'it reads as the switchover')
  t.equal(repeatedRecord(3, { epoch: 4, value: 'hv2', members, records: [asked] }), asked, 'also when the name is there again')
  t.ok(isEchoed(echoed()) && isEchoed(echoed(), 'hv2'))
  t.notOk(isEchoed(echoed(), 'hv3') || isEchoed(echoed({ key: key('hv2', 3) })))
})

t.test('requests meanwhile', async (t) => {
  t.match(rule(wish, echoed()), { kind: 'in_flight', record: { epoch: 2 } }, 'the same')
  t.match(rule({ ...wish, to: 'pv1' }, echoed()), { kind: 'busy' }, 'the holder is about to release')
  t.match(rule({ ...wish, to: null, from: 'hv3' }, echoed()), { kind: 'in_flight' }, 'away from another node')
  t.match(rule({ ...wish, to: 'pv1' }, echoed({ records: [record(3, { from: null, to: 'pv1', outcome: 'succeeded' })] })), { kind: 'already' })
})

t.test('its target writes its name again, once', async (t) => {
  const seen = { value: 'pv1', version: 3, czxid: 'a' }
  const delays = { transitionDelay: 500, takeoverStart: 5_000, reclaimDelay: 4_000, settleTime: 2_000, handoverTimeout: 120_000 }
  const me: DecisionInput = { self: 'hv2', state: 'secondary', daemon: 'run', stopping: false, announced: false, spentEpoch: 1, tried: null, backingOff: false, handoverOver: false, guard: 'none', lostResource: null, unready: null, echoed: true, delays }
  const snapshot = { key: key('pv1', 3), ledger: { czxid: 'a', base: 0 }, members }
  t.strictSame(decide(me, snapshot), { do: 'reassert', after: 0, seen })
  t.strictSame(decide({ ...me, backingOff: true }, snapshot), { do: 'reassert', after: 0, seen }, 'it was asked for by name')
  t.strictSame(decide({ ...me, tried: { intent: 'reassert', seen } }, snapshot), { do: 'reassert', after: 5_000, seen })
  for (const given of [{ echoed: false }, { daemon: 'shutdown' as const, announced: true, state: 'takeover' as const }, { unready: { code: 'ready_failed', resource: 'ip', message: '' } }]) t.strictSame(decide({ ...me, ...given }, snapshot), { do: 'nothing' })

  const settings = { self: 'hv2', mode: 'coordinator', resources: [], delays, backoff: { first: 1, most: 1 } } as const
  const { state, effects } = step({ ...newCoordinator(settings, 1), daemon: 'run', state: 'secondary' }, { type: 'view', wall: 'now', view: { ...snapshot, records: [asked] } })
  t.match(state.activity, { kind: 'key_change', intent: { kind: 'reassert', node: 'hv2', seen } })
  t.match(effects, [{ type: 'do', op: { op: 'lock' } }])

  const intent: Intent = { kind: 'reassert', node: 'hv2', seen }
  t.strictSame(judge(intent, echoed()), { kind: 'repeat', value: 'hv2' })
  for (const given of [{ key: key('pv1', 4) }, { members: [pvc({ coordinatorState: 'secondary' }), member('hv2')] }, { records: [asked, record(4)] }]) t.match(judge(intent, echoed(given)), { kind: 'refuse', refusal: { kind: 'moved' } })

  const run = (...answers: ReadonlyArray<Parameters<typeof continueKeyChange>[1]>) => {
    const ops: KeyOp[] = []
    let change: KeyChange = beginKeyChange(intent, { underLock: false })
    for (const answer of answers) {
      ops.push(change.plan[0])
      const progress = continueKeyChange(change, answer, 'now')
      if (progress.done) return { ops, outcome: progress.outcome }
      change = progress.change
    }
    return { ops, outcome: null }
  }
  const done = { kind: 'done' } as const
  const { ops, outcome } = run(done, { kind: 'done', keySnapshot: echoed() }, done, done)
  t.match(ops, [{ op: 'lock' }, { op: 'read_snapshot' }, { op: 'write_key', value: 'hv2', version: 3 }, { op: 'unlock' }], 'with no record of its own')
  t.strictSame(outcome, { kind: 'reasserted' })
  t.match(run(done, { kind: 'done', keySnapshot: echoed() }, { kind: 'refused' }, done).outcome, { kind: 'overtaken' })
  t.match(run(done, { kind: 'done', keySnapshot: echoed() }, { kind: 'failed' }, done).outcome, { kind: 'not_started' })
})
