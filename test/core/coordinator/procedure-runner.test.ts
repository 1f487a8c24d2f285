// A procedure step by step: what each answer leads to, and what the bound does to each step.
import t from 'tap'
import type { NodeAnswer, NodeOp } from '../../../src/core/coordinator/coordinator-state.ts'
import type { CoordinatorState } from '../../../src/core/model/states.ts'
import { key, member, primary, record, keySnapshot } from '../../support/scenario/builders.ts'
import { Driver, taking, failure } from '../../support/scenario/driver.ts'

t.test('waiting for peers: read again whenever anything has moved, never without success', async (t) => {
  const holding = { kind: 'done', members: [member('hv1'), primary('hv2')] } as const
  const asked = () => taking().until('read_peers')
  t.strictSame(asked().answer(holding).words, [], 'it waits')
  t.strictSame(asked().answer(holding).view('hv1', 1).words, ['read_peers'], 'something has moved')
  t.strictSame(asked().view('hv1', 1).words, [], 'one reading at a time')
  t.strictSame(asked().view('hv1', 1).answer(holding).words, ['read_peers'], 'something had moved meanwhile')
  t.strictSame(asked().view('hv1', 1).answer(holding).answer(holding).words, [])
  t.strictSame(asked().answer({ kind: 'done' }).words, [], 'no members are no permission')
  t.strictSame(asked().answer({ kind: 'done', members: [member('hv2')] }).words, ['acquire ip'])
})

t.test('the lock is had, and the key is looked at again', async (t) => {
  const looked = (given: Parameters<typeof keySnapshot>[0]) => taking().answer().answer({ kind: 'done', keySnapshot: keySnapshot(given) }).words
  const mine = { key: key('hv1', 1), members: [member('hv1')] }
  t.strictSame(looked({ ...mine, records: [] }), ['publish'])
  t.strictSame(looked({ ...mine, records: [record(1, { to: 'hv1' })] }), ['publish'])
  t.strictSame(looked({ ...mine, key: key('hv2', 1), records: [] }), ['unlock'])
  t.strictSame(looked({ ...mine, key: key('hv1', 2), records: [] }), ['unlock'])
  t.strictSame(looked({ ...mine, records: [record(1, { to: 'hv1', outcome: 'timed_out' })] }), ['unlock'], 'its switchover is over')
  t.strictSame(looked({ ...mine, records: [record(1, { to: 'hv2' })] }), ['unlock'], 'its epoch is another\'s')
  t.strictSame(taking().answer().answer({ kind: 'done' }).words, ['unlock'], 'nothing read is no permission')
})

t.test('the bound', async (t) => {
  const begun = taking()
  t.strictSame(begun.words, ['delay 29500', 'note begun', 'lock_role'], 'of which the first delay is over')
  t.strictSame(new Driver().view('hv1', 1, { records: [] }).elapse('idle').words[0], 'delay 59500', 'without a record')
  t.strictSame(new Driver().view('hv1', 1, { records: [record(1, { to: 'hv1', timeout: 0.1 })] }).elapse('idle').words[0], 'delay 0')
  const at = (op: NodeOp['op'], resource?: string) => taking().until(op, resource).elapse('bound')

  t.strictSame(at('lock_role').words, ['cancel'])
  t.strictSame(at('lock_role').answer({ kind: 'aborted' }).words, ['note given_up', 'lock'])
  t.match(at('lock_role').answer({ kind: 'aborted' }).effects[0], { note: { reason: 'its bound has passed' } })
  t.match(taking().until('lock_role').send({ type: 'shutdown' }).answer({ kind: 'aborted' }).effects[0], { note: { reason: 'this node was told to stop' } })
  const had = at('lock_role').answer()
  t.strictSame(had.words, ['read_snapshot'], 'whom to give it back to has to be read first')
  t.strictSame(had.answer({ kind: 'done', keySnapshot: keySnapshot({ key: key('hv1', 1), members: [member('hv1')], records: [record(1, { from: 'hv2', to: 'hv1' })] }) }).words, ['note begun', 'publish'])
  t.match(had.state.activity, { procedure: { name: 'rollback', former: 'hv2' } })
  const evidence = { node: 'hv2', daemon_state: 'fenced', judged_by: null, judged_at: null, why: null, last_sign_at: null, fence: null } as const
  const failover = at('lock_role').answer().answer({ kind: 'done', keySnapshot: keySnapshot({ key: key('hv1', 1), members: [member('hv1')], records: [record(1, { from: 'hv2', to: 'hv1', evidence })] }) })
  t.match(failover.state.activity, { procedure: { name: 'rollback', former: null } }, 'it never goes back to the node that has failed')
  const again = at('lock_role').answer().answer({ kind: 'done', keySnapshot: keySnapshot({ key: key('hv1', 1), members: [member('hv1')], records: [record(1, { from: 'hv2', to: 'hv1', last_held_at: 'then' })] }) })
  t.match(again.state.activity, { procedure: { name: 'rollback', former: null } }, 'nor to one that has started again since it held the role')
  t.strictSame(at('lock_role').answer().answer({ kind: 'done', keySnapshot: keySnapshot({ key: key('hv2', 2) }) }).words, ['unlock'], 'nothing to undo, and not ours to close')
  t.strictSame(at('lock_role').answer().answer({ kind: 'done', keySnapshot: keySnapshot({ key: key('hv2', 2) }) }).answer().words.slice(0, 1), ['note finished'])

  t.strictSame(at('write_state').words, [])
  t.strictSame(at('write_state').answer().words, ['note begun', 'publish'])
  t.strictSame(at('read_peers').words, ['note begun', 'publish'])
  t.strictSame(at('acquire').words, ['cancel'])
  t.strictSame(at('acquire').answer({ kind: 'aborted' }).words, ['note begun', 'publish'])
  t.strictSame(at('acquire').answer({ kind: 'refused', failure }).until('conclude').words, ['conclude failed'], 'it had failed by then')
  t.strictSame(at('acquire').answer().until('conclude').words, ['conclude timed_out'])
  t.strictSame(at('read_record').answer({ kind: 'done', record: null }).until('conclude').words, ['conclude timed_out'])

  const settling = taking().until('acquire', 'dhcp').answer()
  t.strictSame(settling.words, ['delay 2000'])
  t.strictSame(settling.elapse('bound').words, ['cancel', 'note begun', 'publish'])

  const late = taking().until('read_record').answer({ kind: 'done', record: null })
  t.strictSame([late.words, late.elapse('bound').words, late.answer().words], [['primary'], [], ['unlock']], 'too late to undo')
  const later = taking().until('read_record').answer({ kind: 'done', record: null }).answer()
  t.strictSame([later.elapse('bound').words, later.answer().words], [[], ['note finished']])
  t.equal(later.state.state, 'primary')
  const guarding = new Driver().view('hv1', 1, { members: [member('hv1'), member('pvc1', { ours: false, presence: null })] }).elapse('idle').until('guard_sync')
  t.strictSame([guarding.elapse('bound').words, guarding.answer().words, guarding.state.guard], [[], ['unlock'], 'held'])
})

t.test('a PVC node waits for the lock', async (t) => {
  const pvc = (state: CoordinatorState, alive = true) => ({ members: [member('hv1', { coordinatorState: 'takeover' }), member('hv2'), member('pvc1', { ours: false, presence: null, coordinatorState: state, alive })] })
  const at = (op: NodeOp['op']) => taking().until(op)
  const waiting = at('read_peers').answer({ kind: 'done', members: [member('hv1'), primary('hv2')] })
  t.strictSame(at('acquire').view('pvc1', 2, pvc('secondary')).words, [], 'it has not begun')
  t.strictSame(at('acquire').view('pvc1', 2, pvc('takeover', false)).words, [], 'it is not there')
  for (const named of ['hv2', 'none']) t.strictSame(at('acquire').view(named, 2, pvc('takeover')).words, ['cancel'], `it was named meanwhile, and ${named} is now`)
  t.strictSame(waiting.view('hv1', 2, pvc('takeover')).words, ['read_peers'], 'the key names this node')
  t.strictSame(waiting.view('pvc1', 2, pvc('takeover')).words, ['cancel', 'note begun', 'publish'], 'the lock is given up, not kept until the bound')
  t.match(waiting.state.activity, { procedure: { name: 'rollback' } })
  t.strictSame(waiting.view('pvc1', 2, pvc('takeover')).words, [], 'once')
  t.strictSame(waiting.until('conclude').words, ['conclude superseded'])
  t.match(waiting.effects, [{ op: { closing: { continued_by: 2 } } }])
  t.strictSame(at('acquire').view('pvc1', 2, pvc('takeover')).words, ['cancel'])
  t.strictSame(at('acquire').view('pvc1', 2, pvc('takeover')).view('pvc1', 2, pvc('takeover')).words, [], 'once')
  t.strictSame(taking().view('pvc1', 2, pvc('takeover')).words, ['cancel'], 'it has no lock yet')
  t.strictSame(taking().view('hv1', 1, pvc('takeover')).words, [], 'it has its turn after the PVC node')
  const stuck = new Driver({ state: 'relinquish', held: ['ip'] }).view('hv1', 1).elapse('idle')
  t.strictSame(stuck.words.at(-1), 'lock_role')
  t.strictSame(stuck.view('hv1', 1, pvc('takeover')).words, ['cancel'], 'it waits for a release')
  t.strictSame(at('unlock').view('pvc1', 2, pvc('takeover')).words, [], 'it is primary: the role is handed over in the usual way')
})

t.test('the key moves on while a taker waits for its peers: it gives up the lock that a peer needs to keep the role', async (t) => {
  const waiting = () => taking().until('read_peers').answer({ kind: 'done', members: [member('hv1'), primary('hv2')] })
  for (const named of ['none', 'hv2', 'hv3', 'hv9']) {
    const given = waiting().view(named, 2)
    t.strictSame(given.words, ['cancel', 'note begun', 'publish'], named)
    t.match(given.state.activity, { procedure: { name: 'rollback' } })
    t.strictSame(given.until('conclude').words, ['conclude superseded'])
    t.match(given.effects, [{ op: { closing: { continued_by: 2 } } }])
  }
  t.strictSame(taking().until('read_peers').view('none', 2).words, ['cancel', 'note begun', 'publish'], 'also while they are being read')
  const earlier = taking().until('write_state').view('none', 2).until('read_peers')
  t.strictSame(earlier.answer({ kind: 'done', members: [member('hv1'), primary('hv2')] }).words, ['cancel', 'note begun', 'publish'], 'it had moved before the wait')
  t.strictSame(waiting().view('hv1', 2).words, ['read_peers'], 'its name is written again')
  t.strictSame(taking().until('acquire').view('none', 2).words, [], 'all have released: the takeover continues, and ends in the usual way')
})

t.test('what a takeover waits for is said, and on record when its bound has passed', async (t) => {
  const waits = (holder: ReturnType<typeof member>) => {
    const members = [member('hv1', { coordinatorState: 'takeover' }), holder]
    return taking().view('hv1', 1, { members }).until('read_peers').answer({ kind: 'done', members })
  }
  const gone = waits(member('hv2', { coordinatorState: 'primary', presence: null }))
  t.match(gone.effects, [{ note: { code: 'waits', procedure: 'takeover', epoch: 1, resource: 'ip', nodes: ['hv2'] } }])
  const closingOf = (driver: typeof gone) => { driver.elapse('bound').until('conclude'); return driver.effects }
  t.match(closingOf(gone), [{ op: { closing: { outcome: 'timed_out', error: { code: 'not_released', resource: 'ip', message: 'hv2 had not released ip when the bound of the switchover had passed; hv2 cannot be asked.' } } } }])
  const there = waits(member('hv2', { coordinatorState: 'relinquish' }))
  t.strictSame(there.words, [], 'a node that is there releases, or says why not')
  t.match(closingOf(there), [{ op: { closing: { outcome: 'timed_out', error: { code: 'not_released', message: 'hv2 had not released ip when the bound of the switchover had passed.' } } } }])
  const released = taking().view('hv1', 1, { members: [member('hv1', { coordinatorState: 'takeover' }), member('hv2')] }).until('read_peers')
  released.elapse('bound').until('conclude')
  t.match(released.effects, [{ op: { closing: { outcome: 'timed_out', error: undefined } } }], 'by its view all have released')
})

t.test('a PVC node waits for the lock that was named before this node', async (t) => {
  const pvc = (alive = true, state: CoordinatorState = 'takeover') => member('pvc1', { ours: false, presence: null, coordinatorState: state, alive })
  const read = (...others: ReturnType<typeof member>[]) => taking().until('read_peers').answer({ kind: 'done', members: [member('hv1', { coordinatorState: 'takeover' }), ...others] })
  const given = read(pvc())
  t.strictSame(given.words, ['note failure', 'cancel', 'note begun', 'publish'], 'each would wait for the other until the bound')
  t.strictSame(given.until('conclude').words, ['conclude failed'])
  t.match(given.effects, [{ op: { closing: { error: { code: 'peer_in_takeover', resource: 'ip' } } } }])
  t.strictSame(read(primary('hv2')).view('hv1', 1).answer({ kind: 'done', members: [primary('hv2'), pvc()] }).words, ['note failure', 'cancel', 'note begun', 'publish'], 'it begins later')
  t.strictSame(read(pvc(false)).words, ['note waits'], 'it is not there')
  t.strictSame(read(pvc(true, 'relinquish')).words, [], 'it releases')
  t.strictSame(read(member('hv2', { coordinatorState: 'takeover' })).words, [], 'one of ours has no takeover without the lock')
})

t.test('a record that somebody has closed is rolled back without closing it', async (t) => {
  const closed = taking().until('read_record').answer({ kind: 'done', record: record(1, { outcome: 'timed_out' }) })
  t.strictSame(closed.words, ['cancel', 'note begun', 'publish'])
  t.notOk(closed.state.activity.kind === 'procedure' && closed.state.activity.procedure.steps.some((each) => each.do === 'close_record'))
})

t.test('a rolled-back node backs off, longer each time, up to a most', async (t) => {
  const backoff = (failures: number) => {
    const driver = taking()
    driver.state = { ...driver.state, failures }
    driver.until('acquire').answer({ kind: 'refused', failure }).until('conclude').answer().answer({ kind: 'done', keySnapshot: keySnapshot({ key: key('none', 2) }) })
    return driver.until('unlock').answer()
  }
  t.ok(backoff(0).words.includes('delay 5000'))
  t.ok(backoff(1).words.includes('delay 10000'))
  t.ok(backoff(2).words.includes('delay 12000'))
  const driver = backoff(0)
  t.equal(driver.state.failures, 1)
  t.strictSame(driver.view('none', 2, { members: [member('hv1'), member('hv2')] }).words, [])
  t.strictSame(driver.elapse('backoff').words, ['lock'], 'and then it contends again')
})

t.test('what the end of an operation leads to', async (t) => {
  const at = (op: NodeOp['op'], answer: NodeAnswer) => taking().until(op).answer(answer)
  for (const kind of ['failed', 'unknown'] as const) {
    for (const op of ['lock_role', 'read_snapshot', 'publish', 'write_state', 'read_peers', 'read_record'] as const) {
      t.ok(at(op, { kind }).words.includes('note demoted'), `${op} ${kind}: the session is gone`)
    }
  }
  t.ok(at('write_state', { kind: 'refused' }).words.includes('note demoted'), 'somebody else has written our state')
  t.strictSame(at('lock_role', { kind: 'refused' }).words, ['note given_up', 'cancel', 'lock'])
  for (const kind of ['failed', 'unknown', 'aborted', 'refused'] as const) {
    t.strictSame(at('acquire', { kind }).words, ['note failure', 'cancel', 'note begun', 'publish'], `acquire ${kind}`)
    t.match(at('acquire', { kind }).effects[0], { note: { failure: { code: 'acquire_aborted', resource: 'ip' } } })
    t.strictSame(taking().until('read_record').answer({ kind: 'done', record: null }).answer().answer({ kind }).words, ['note finished', 'cancel'], `unlock ${kind}: it is primary all the same`)
  }
  const closing = () => taking().until('acquire').answer({ kind: 'refused', failure }).until('conclude')
  t.strictSame(closing().answer({ kind: 'refused' }).words, ['read_snapshot'], 'somebody has closed it')
  t.ok(closing().answer({ kind: 'unknown' }).words.includes('note demoted'))
})

t.test('giving the key back', async (t) => {
  const giving = () => taking().until('acquire').answer({ kind: 'refused', failure }).until('conclude').answer()
  const read = { kind: 'done', keySnapshot: keySnapshot({ key: key('hv1', 1), members: [member('hv1'), member('hv2')] }) } as const
  t.strictSame(giving().words, ['read_snapshot'])
  t.strictSame(giving().answer(read).words, ['create_record'])
  t.strictSame(giving().answer(read).answer().words, ['write_key'])
  t.strictSame(giving().answer(read).answer().answer().words, ['note key_changed', 'unlock'])
  t.strictSame(giving().answer(read).answer().answer({ kind: 'refused' }).words, ['close_record'], 'a blind write was first')
  for (const kind of ['unknown', 'aborted', 'failed'] as const) {
    t.ok(giving().answer(read).answer().answer({ kind }).words.includes('note demoted'), `${kind}: nobody knows, and the session is gone`)
  }
})

t.test('what ZooKeeper denies', async (t) => {
  const denied: NodeAnswer = { kind: 'denied', denial: { code: 'no_auth', operation: 'create', path: '/x', message: 'not permitted' } }
  const named = taking().answer(denied)
  t.strictSame(named.words, ['note given_up', 'cancel', 'delay 5000'], 'the lock: it backs off')
  t.match(named.effects[0], { note: { reason: 'not permitted' } })
  for (const op of ['read_snapshot', 'publish', 'write_state', 'read_peers', 'read_record'] as const) {
    t.match(taking().until(op).answer(denied).effects.find((effect) => effect.type === 'note'), { note: { code: 'demoted', reason: `${stepOf[op]}: not permitted` } }, `${op}: what cannot be published or read is no ground for holding anything`)
  }
  const closing = () => taking().until('acquire').answer({ kind: 'refused', failure }).until('conclude')
  t.strictSame(closing().answer(denied).words, ['read_snapshot'], 'the record stays open')
  const given = closing().answer().answer(denied)
  t.strictSame(given.words, ['note key_changed', 'unlock'], 'the key stays, and the lock is released')
  t.match(given.effects[0], { note: { outcome: 'denied', denial: { path: '/x' } } })
})

const stepOf = { read_snapshot: 'look_again', publish: 'publish', write_state: 'enter', read_peers: 'await_release', read_record: 'confirm' } as const

t.test('a stuck node that takes over again does not forget what it holds', async (t) => {
  const driver = new Driver({ state: 'relinquish', held: ['ip'] }).view('hv1', 1).elapse('idle').until('acquire', 'dhcp')
  t.strictSame(driver.state.held, ['ip', 'dhcp'])
})

t.test('a second backing off takes the place of the first', async (t) => {
  const driver = taking()
  driver.state = { ...driver.state, timers: { ...driver.state.timers, backoff: 77 } }
  driver.until('acquire').answer({ kind: 'refused', failure }).until('release').answer({ kind: 'refused', failure })
  t.strictSame(driver.words, ['note failure', 'self_fence x', 'cancel', 'delay 5000', 'publish'])
})

t.test('the key is written to itself', async (t) => {
  const records = [record(1, { to: 'hv1', from: 'hv2', timeout: 30 })]
  const again = () => new Driver().view('hv1', 2, { records }).elapse('idle')
  t.strictSame(again().words, ['delay 29500', 'note begun', 'lock_role'], 'the bound is that of the switchover')
  const looked = again().answer().answer({ kind: 'done', keySnapshot: keySnapshot({ key: key('hv1', 2), members: [member('hv1')], records }) })
  t.match(looked.state.activity, { procedure: { epoch: 2, recordEpoch: 1, former: 'hv2' } })
  const refused = looked.until('acquire').answer({ kind: 'refused', failure }).until('conclude')
  t.match(refused.effects, [{ op: { epoch: 1, closing: { outcome: 'failed' } } }], 'what has failed is the switchover that was asked for')
  const confirming = again().answer().answer({ kind: 'done', keySnapshot: keySnapshot({ key: key('hv1', 2), members: [member('hv1')], records }) }).until('read_record')
  t.match(confirming.effects.findLast((effect) => effect.type === 'do'), { op: { epoch: 1 } })
})
