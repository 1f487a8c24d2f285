// The machine's own bookkeeping: which answer belongs to what, which delay is still wanted, and what a lost lease does to each activity.
// The course of whole switchovers is in test/scenarios.
import t from 'tap'
import { key, member, primary, record, keySnapshot } from '../../support/scenario/builders.ts'
import { Driver, settings, taking, failure } from '../../support/scenario/driver.ts'

t.test('a new machine starts at once', async (t) => {
  const driver = new Driver({ daemon: 'init', state: null }).send({ type: 'view', view: keySnapshot() as never })
  t.strictSame(driver.words, ['note begun', 'publish'])
})

t.test('a hypervisor takes no view, whatever state it is in', async (t) => {
  const hypervisor = { ...settings, mode: 'hypervisor' } as const
  t.strictSame(new Driver({ settings: hypervisor, daemon: 'init', state: null }).send({ type: 'begin' }).words, ['note begun', 'publish'])
  for (const state of ['client', 'secondary', 'primary', 'relinquish'] as const) {
    const driver = new Driver({ settings: hypervisor, state })
    t.strictSame(driver.view('hv1', 1).view('none', 2).view('hv2', 3, { members: [primary('hv1'), member('hv2')] }).words, [], state)
    t.equal(driver.state.view, null)
  }
})

t.test('events and activities that nobody knows are bugs, and bugs are crashes', async (t) => {
  t.throws(() => new Driver().send({ type: 'whim' } as never), /unreachable/)
  t.throws(() => new Driver({ activity: { kind: 'whim', id: 1 } as never }).answer(), /unreachable/)
})

t.test('answers to anything given up are dropped', async (t) => {
  const driver = taking()
  const before = driver.state
  t.strictSame(driver.send({ type: 'answer', id: driver.id - 1, answer: { kind: 'done' } }).words, [])
  t.strictSame(driver.state, before)
  t.strictSame(driver.send({ type: 'elapsed', id: 999 }).words, [])
  t.strictSame(new Driver().send({ type: 'answer', id: 1, answer: { kind: 'done' } }).words, [])
})

t.test('the one delay of a node at rest', async (t) => {
  const driver = new Driver().view('hv1', 1)
  t.strictSame(driver.words, ['delay 500'])
  t.strictSame(driver.view('hv1', 1).words, [], 'it continues while the same is wanted')
  t.strictSame(driver.view('hv1', 2).words, ['cancel', 'delay 500'], 'it starts again when that changes')
  t.strictSame(driver.view('hv2', 3, { members: [member('hv1'), primary('hv2')] }).words, ['cancel'], 'it ends when nothing is wanted')
  t.strictSame(driver.view('hv1', 4).view('none', 5).words, ['cancel', 'lock'], 'what has no delay is done at once')
})

t.test('a wait for the lock is given up when the key moves', async (t) => {
  const contending = () => new Driver().view('none', 1)
  t.strictSame(contending().view('none', 1).words, [])
  t.strictSame(contending().view('hv2', 2).words, ['cancel'])
  t.strictSame(contending().view('none', 2).words, ['cancel'])
  t.strictSame(contending().answer().view('hv2', 2).words, [], 'not once the lock is had: the keySnapshot will show it')
  t.strictSame(contending().view('none', 2).answer({ kind: 'aborted' }).words, ['note key_changed', 'lock'], 'and then it looks again')
  t.strictSame(taking().view('hv1', 1).words, [])
  t.strictSame(taking().view('hv1', 2).words, ['cancel'], 'an epoch that is over is another epoch, whatever name it has')
  t.strictSame(taking().view('hv2', 2).words, ['cancel'])
})

t.test('a lost lease', async (t) => {
  const lose = (driver: Driver) => driver.send({ type: 'lost', reason: 'the lease ran out' })
  const holding = { state: 'primary', held: ['ip', 'dhcp'] } as const
  t.strictSame(lose(new Driver()).words, ['note demoted', 'demoted'], 'nothing is held')
  const idle = lose(new Driver(holding).view('hv2', 1))
  t.strictSame(idle.words, ['note demoted', 'cancel', 'release dhcp'], 'in reverse; the delay is over')
  t.strictSame(lose(idle).words, [], 'once')
  t.strictSame(idle.view('hv1', 9).words, [], 'nothing else is begun')
  t.strictSame(idle.answer().words, ['release ip'])
  t.strictSame(idle.answer({ kind: 'refused', failure }).words, ['self_fence x', 'demoted'])
  t.strictSame([idle.state.held, idle.state.activity.kind], [[], 'ended'])
  t.strictSame(lose(idle).words, [], 'it has ended')
  t.strictSame(lose(new Driver(holding).view('hv2', 1)).answer({ kind: 'refused' }).words, ['release ip'], 'a release without a word of its failure')

  const acquiring = lose(taking().until('acquire', 'dhcp'))
  t.strictSame(acquiring.words, ['note demoted', 'cancel', 'cancel'], 'the bound and the acquire are stopped, and nothing is released yet')
  t.strictSame(acquiring.answer({ kind: 'aborted' }).words, ['release dhcp'], 'what was being acquired first')
  t.strictSame(acquiring.answer().answer().words, ['demoted'])

  const relinquishing = () => new Driver({ ...holding, spentEpoch: 1 }).view('hv2', 2).elapse('idle').until('release')
  t.strictSame(lose(relinquishing()).words, ['note demoted'], 'a release is left to finish')
  t.strictSame(lose(relinquishing()).answer({ kind: 'refused', failure }).words, ['self_fence x', 'release dhcp'])
  t.strictSame(lose(new Driver({ ...holding, spentEpoch: 1 }).view('hv2', 2).elapse('idle')).words, ['note demoted', 'cancel', 'release dhcp'], 'a publication is not waited for')
  t.strictSame(lose(new Driver().view('none', 1)).words, ['note demoted', 'cancel', 'demoted'], 'nor a wait for the lock')
  for (const kind of ['failed', 'unknown'] as const) {
    t.strictSame(relinquishing().answer({ kind }).words, ['note failure', 'self_fence release_aborted', 'publish'], `a release that is ${kind} counts as not done`)
  }

  const inOrder = new Driver({ ...holding, settings: { ...settings, handover: ['ip', 'dhcp'] }, spentEpoch: 1 }).view('hv2', 2).elapse('idle').until('release')
  t.strictSame([relinquishing().words, inOrder.words], [['release dhcp'], ['release ip']], 'in reverse, or in the order that was given for a handover')

  const all = new Driver({ ...holding, timers: { idle: { id: 90, subject: '' }, bound: 91, backoff: 92, handover: 93 } })
  t.strictSame(lose(all).effects.flatMap((effect) => effect.type === 'cancel' ? effect.id : []), [90, 91, 92, 93])
  t.strictSame(all.state.timers, { idle: null, bound: null, backoff: null, handover: null })
})

t.test('a resource that is gone for good', async (t) => {
  const lose = (driver: Driver) => driver.send({ type: 'resource_lost', failure })
  const peers = { members: [primary('hv1'), member('hv2')] }
  const holding = () => new Driver({ state: 'primary', held: ['ip', 'dhcp'], spentEpoch: 1 }).view('hv1', 1, peers)
  t.strictSame(lose(holding()).words, ['note failure', 'lock'], 'the key is freed for a peer')
  t.strictSame(lose(new Driver()).words, [], 'a secondary has lost nothing')
  const alone = lose(new Driver({ state: 'primary', held: ['ip'], spentEpoch: 1 }).view('hv1', 1, { members: [primary('hv1')] }))
  t.strictSame(alone.words, ['note failure'], 'with nobody to hand it to it stays')
  t.strictSame(alone.view('hv1', 1, peers).words, ['lock'], 'until there is somebody')
  const read = { kind: 'done', keySnapshot: keySnapshot(peers) } as const
  const freed = lose(holding()).answer().answer(read).answer().answer().answer()
  t.strictSame(freed.words, ['note key_changed', 'delay 5000'], 'freed: it backs off')
  t.equal(freed.state.lostResource, null)
  t.strictSame(lose(freed).words, [], 'and does not hand on again before that is over')
  const refused = lose(holding()).answer({ kind: 'refused' })
  t.ok(refused.state.lostResource !== null, 'not freed: it keeps meaning to')
  const mended = lose(new Driver({ state: 'primary', held: ['ip', 'dhcp'], spentEpoch: 1 }).view('hv1', 1, { members: [primary('hv1')] }))
  t.ok(mended.send({ type: 'resource_regained', resource: 'another' }).state.lostResource !== null)
  t.strictSame(mended.send({ type: 'resource_regained', resource: failure.resource ?? '' }).view('hv1', 1, peers).words, [], 'held again before a peer could take over: the role is kept')
})

t.test('releasing towards a PVC peer', async (t) => {
  const pvc = { members: [primary('hv1'), member('hv2', { ours: false, presence: null })] }
  const leaving = () => new Driver({ state: 'primary', held: ['ip'], spentEpoch: 1, lostResource: failure }).view('hv2', 2, pvc).elapse('idle')
  t.strictSame(leaving().words, ['note begun', 'hold_sync'])
  t.strictSame(leaving().answer().words, ['publish'])
  t.strictSame(leaving().answer({ kind: 'refused' }).words, ['publish'], 'with or without the lock')
  t.strictSame(leaving().answer({ kind: 'denied', denial: { code: 'no_auth', operation: 'create', path: null, message: '' } }).words, ['publish'], 'which may be denied, too')
  t.ok(leaving().answer({ kind: 'failed' }).words.includes('note demoted'), 'the session is gone')
  for (const kind of ['done', 'failed'] as const) {
    t.strictSame(leaving().answer().until('release_sync').answer({ kind }).words, ['delay 2000'], `release: ${kind}`)
  }
  const toOurs = { members: [primary('hv1'), member('hv2'), member('pvc1', { ours: false, presence: null })] }
  t.strictSame(new Driver({ state: 'primary', held: ['ip'], spentEpoch: 1 }).view('hv2', 2, toOurs).elapse('idle').words, ['note begun', 'hold_sync'], 'beside one that may be named before everything is released')
  const left = leaving().answer().until('release_sync').answer()
  left.send({ type: 'elapsed', id: left.id })
  t.equal(left.answer().state.lostResource, null, 'it is not lostResource any more')
})

t.test('a primary beside a PVC node stands guard', async (t) => {
  const pvc = (given: Parameters<typeof member>[1] = {}) => ({ members: [primary('hv1'), member('pvc1', { ours: false, presence: null, alive: true, ...given })] })
  const resting = () => new Driver({ state: 'primary', held: ['ip'], spentEpoch: 1 }).view('hv1', 1, pvc())
  const asking = resting
  t.strictSame(asking().words, ['note begun', 'guard_sync'])
  const guarded = () => asking().answer()
  t.strictSame([guarded().words, guarded().state.guard], [['note finished'], 'held'])
  t.strictSame(asking().answer({ kind: 'refused' }).words, ['note finished', 'delay 5000'], 'another is in front: again later')
  t.strictSame(asking().view('hv1', 1, pvc()).words, [], 'it waits')
  t.strictSame(asking().view('pvc1', 2, pvc()).words, ['cancel'], 'but holds up no release')
  t.strictSame(asking().view('hv1', 1, pvc({ coordinatorState: 'takeover' })).words, ['cancel'])
  t.strictSame(asking().send({ type: 'shutdown' }).words, ['cancel', 'delay 120000'])
  t.strictSame(asking().view('pvc1', 2, pvc()).answer({ kind: 'aborted' }).words, ['note finished', 'delay 500'])
  const leaving = pvc({ coordinatorState: 'relinquish' })
  const behind = () => guarded().view('hv1', 1, leaving).elapse('idle')
  t.strictSame(behind().words, ['note begun', 'read_peers'])
  t.strictSame(behind().answer({ kind: 'done', ...leaving }).words, ['release_sync'], 'given up for a PVC node that has to release')
  t.equal(behind().answer({ kind: 'done', ...leaving }).answer().state.guard, 'none')
  for (const stale of [{ kind: 'done', ...pvc() }, { kind: 'done' }] as const) t.strictSame(behind().answer(stale).words, ['note finished', 'delay 500'], 'not on what was so before')
  t.strictSame(guarded().view('pvc1', 2, pvc()).elapse('idle').until('release_sync').answer().state.guard, 'none', 'at the latest with the role')
})

t.test('a release that failed is tried again', async (t) => {
  const peers = { members: [primary('hv1', { coordinatorState: 'relinquish' }), member('hv2', { coordinatorState: 'takeover' })] }
  const failed = () => new Driver({ state: 'primary', held: ['ip', 'dhcp'], spentEpoch: 1 }).view('hv2', 2, peers).elapse('idle').until('release', 'ip').answer({ kind: 'refused', failure }).answer()
  t.strictSame(failed().words, ['note finished', 'delay 5000'])
  t.strictSame([failed().state.held, failed().state.releaseFailure], [['ip'], failure])
  const ended = (driver: Driver) => driver.effects.find((effect) => effect.type === 'note' && effect.note.code === 'finished')
  t.match(ended(failed()), { note: { procedure: 'relinquish', failure } }, 'its end says that something is not released')
  const done = new Driver({ state: 'primary', held: ['ip'], spentEpoch: 1 }).view('hv2', 2, peers).elapse('idle').until('release').answer().until('write_state').answer()
  t.match(ended(done), { note: { procedure: 'relinquish', failure: null } })
  const none = new Driver().view('hv1', 1).elapse('idle').answer().answer({ kind: 'done', keySnapshot: keySnapshot({ key: { value: 'hv2', version: 2 } as never }) }).answer()
  t.match(ended(none), { note: { procedure: 'takeover', failure: null, idle: true } }, 'a takeover that found nothing to take over')
  const again = () => failed().elapse('idle')
  t.match(again().effects.find((effect) => effect.type === 'do'), { op: { op: 'publish', transition: { released: ['dhcp'], error: failure } } }, 'shown as what it is')
  t.strictSame(again().answer().words, ['release ip'], 'it is in its state already')
  t.match(again().until('release').answer().effects.find((effect) => effect.type === 'do'), { op: { op: 'publish', transition: { released: ['dhcp', 'ip'], error: null } } })
  t.match(again().until('write_state').answer().state, { state: 'secondary', held: [], releaseFailure: null })
})

t.test('a primary that stops names a PVC node that has not come to the role', async (t) => {
  const pvc = { members: [primary('hv1', { daemonState: 'shutdown' }), member('pvc1', { ours: false, presence: null, alive: true })] }
  const stopping = new Driver({ state: 'primary', held: ['ip'], spentEpoch: 1, daemon: 'shutdown', stopping: true, announced: true }).view('none', 2, pvc)
  t.strictSame(stopping.words, ['delay 5000'])
  t.match(stopping.elapse('idle').state.activity, { intent: { kind: 'free', to: 'pvc1', cause: 'shutdown' } })
})

t.test('a shutdown', async (t) => {
  const driver = new Driver().send({ type: 'shutdown' })
  t.strictSame(driver.words, ['delay 120000', 'note begun', 'write_daemon_state'])
  t.strictSame(driver.send({ type: 'shutdown' }).words, [], 'once')
  t.strictSame(driver.answer().words, ['note finished', 'left'])
  const primary = new Driver({ state: 'primary', held: ['ip'] }).send({ type: 'shutdown' }).answer()
  t.strictSame(primary.elapse('handover').state.handoverOver, true)
  const early = new Driver({ daemon: 'init', state: null }).send({ type: 'shutdown' })
  t.strictSame([early.state.daemon, early.words], ['init', ['delay 120000', 'note begun', 'publish']], 'a start is finished first')
})

t.test('a node that is named and cannot acquire its resources', async (t) => {
  const cannot = { code: 'ready_failed', resource: 'ip', message: 'eth9 is down.' }
  const named = new Driver().view('hv1', 1)
  t.strictSame(named.words, ['delay 500'])
  t.strictSame(named.send({ type: 'readiness', failure: null }).words, [], 'nothing is in the way: it keeps waiting')
  t.strictSame(named.send({ type: 'readiness', failure: cannot }).words, ['cancel', 'lock'], 'the key is given back at once')
  const moving = { key: key('hv1', 1), members: [member('hv1'), primary('hv2')], records: [record(1, { from: 'hv2', to: 'hv1' })] }
  t.strictSame(named.answer().answer({ kind: 'done', keySnapshot: keySnapshot(moving) }).words, ['close_record'])
  t.strictSame(named.answer().answer().answer().answer().words, ['note key_changed', 'delay 5000'], 'until that is seen')
  t.equal(named.state.state, 'secondary')
  const busy = taking().send({ type: 'readiness', failure: cannot })
  t.strictSame(busy.words, [], 'a takeover that has begun finds out for itself')
})
