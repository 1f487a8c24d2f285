// Whether what is read under the lock still bears the wish out.
import t from 'tap'
import { isAsSeen, judge, type Intent, type Judgement, type Past } from '../../../src/core/coordinator/intent.ts'
import type { KeySnapshot } from '../../../src/core/switchover/key-snapshot.ts'
import { gone, key, member, presence, primary, record, keySnapshot, transition } from '../../support/scenario/builders.ts'

const seen = { value: 'hv1', version: 1, czxid: 'a' }
const moved = { kind: 'refuse', refusal: { kind: 'moved' } }
const contend = (node: string, past: Past = 'slow'): Intent => ({ kind: 'contend', node, cause: 'repair', past, seen })
const giveBack = (to: string | null, epoch = 1): Intent => ({ kind: 'give_back', node: 'hv1', to, epoch })
const cannot = { code: 'ready_failed', resource: 'ip', message: 'eth9 is down.' }
const decline: Intent = { kind: 'decline', node: 'hv1', error: cannot, seen }
const secondaries = [member('hv1'), member('hv2'), member('hv3')]
const restarted = member('hv1', { transition: transition({ epoch: null, direction: 'start' }), presence: { ...presence, earlierSign: 'then' } })
const fenced = member('hv1', { daemonState: 'fenced', presence: null })
const fenced2 = member('hv2', { daemonState: 'fenced', presence: null })
const elsewhere = keySnapshot({ key: key('hv3', 1) })
const later = keySnapshot({ key: key('hv1', 2) })
const again = keySnapshot({ key: key('hv1', 1, 'b'), ledger: { czxid: 'b', base: 0 } })
const writes = (value: string, from: string | null, to: string | null, cause: string) => ({ kind: 'write', value, record: { from, to, cause } })

const cases: [what: string, intent: Intent, keySnapshot: KeySnapshot, judgement: object][] = [
  ['contend, as seen', contend('hv2'), keySnapshot({ members: secondaries }), writes('hv2', null, 'hv2', 'repair')],
  ['contend past nobody, and the named node can serve', contend('hv2', 'nobody'), keySnapshot({ members: secondaries }), moved],
  ['contend past nobody, and the named node is stopping', contend('hv2', 'nobody'), keySnapshot({ members: [member('hv1', { daemonState: 'shutdown' }), member('hv2')] }), writes('hv2', null, 'hv2', 'repair')],
  ['contend past nobody, and the named node is unknown', contend('hv2', 'nobody'), keySnapshot({ members: [member('hv2')] }), writes('hv2', null, 'hv2', 'repair')],
  ['contend, the key has moved', contend('hv2'), elsewhere, moved],
  ['contend, the key was written again', contend('hv2'), later, moved],
  ['contend, the key was made again', contend('hv2'), again, moved],
  ['contend, and a peer cannot be asked', contend('hv2'), keySnapshot({ members: [member('hv1'), member('hv2'), gone('hv3')] }), moved],
  ['contend, and the named node has begun', contend('hv2'), keySnapshot({ members: [member('hv1', { coordinatorState: 'takeover' }), member('hv2')] }), moved],
  ['contend, and the named node is primary', contend('hv2'), keySnapshot(), moved],
  ['contend, and the named primary is not fit', contend('hv2'), keySnapshot({ members: [primary('hv1', { daemonState: 'shutdown' }), member('hv2')] }), writes('hv2', 'hv1', 'hv2', 'repair')],
  ['contend, as primary, whatever the peers are at', contend('hv2'), keySnapshot({ members: [member('hv1'), primary('hv2'), gone('hv3')] }), writes('hv2', 'hv2', 'hv2', 'repair')],

  ['contend over a node that was fenced', contend('hv2'), keySnapshot({ members: [member('hv1', { daemonState: 'fenced', presence: null }), member('hv2')] }), { ...writes('hv2', 'hv1', 'hv2', 'repair'), record: { from: 'hv1', timeout: 30, reason: /^hv1 was judged dead\. hv1 is fenced/, evidence: { node: 'hv1', daemon_state: 'fenced' } } }],
  ['contend over one of which the fencer has written `fenced`, and not yet `secondary`', contend('hv2'), keySnapshot({ members: [member('hv1', { daemonState: 'fenced', coordinatorState: 'primary', presence: null }), member('hv2')] }), { record: { from: 'hv1', reason: /^hv1 was judged dead\. hv1 is fenced/, evidence: { node: 'hv1', daemon_state: 'fenced' } } }],
  ['contend over one that has stopped', contend('hv2'), keySnapshot({ members: [member('hv1', { daemonState: 'stop', presence: null }), member('hv2')] }), { record: { from: 'hv1', last_held_at: '2026-01-01T00:00:00.000Z', evidence: undefined, reason: 'The primary key named hv1, which could not serve: its daemon state was stop and it was out of contact. hv1 was last known to hold the role at 2026-01-01T00:00:00.000Z.' } }],

  ['rewrite, as seen', { kind: 'rewrite', node: 'hv1', cause: 'restart', seen }, keySnapshot({ members: secondaries }), writes('hv1', null, 'hv1', 'restart')],
  ['rewrite, started again since it held the role', { kind: 'rewrite', node: 'hv1', cause: 'restart', seen }, keySnapshot({ members: [restarted, member('hv2')] }), { ...writes('hv1', 'hv1', 'hv1', 'restart'), record: { from: 'hv1', to: 'hv1', cause: 'restart', timeout: 30, last_held_at: 'then', evidence: undefined } }],
  ['rewrite, and another node is primary', { kind: 'rewrite', node: 'hv1', cause: 'restart', seen }, keySnapshot({ members: [restarted, primary('hv2')] }), { record: { from: 'hv2', last_held_at: undefined } }],
  ['contend over one that has started again', contend('hv2'), keySnapshot({ members: [restarted, member('hv2')] }), { ...writes('hv2', 'hv1', 'hv2', 'repair'), record: { from: 'hv1', last_held_at: 'then', evidence: undefined } }],
  ['rewrite, moved', { kind: 'rewrite', node: 'hv1', cause: 'restart', seen }, later, moved],
  ['free, as seen', { kind: 'free', node: 'hv1', cause: 'shutdown', reason: null, to: null, seen }, keySnapshot(), writes('none', 'hv1', null, 'shutdown')],
  ['free, because a resource is gone', { kind: 'free', node: 'hv1', cause: 'repair', reason: 'ip is gone.', to: null, seen }, keySnapshot(), writes('none', 'hv1', null, 'repair')],
  ['free, naming a fit node', { kind: 'free', node: 'hv1', cause: 'shutdown', reason: null, to: 'hv2', seen }, keySnapshot(), writes('hv2', 'hv1', 'hv2', 'shutdown')],
  ['free, naming a node that is not there', { kind: 'free', node: 'hv1', cause: 'shutdown', reason: null, to: 'hv9', seen }, keySnapshot(), writes('none', 'hv1', null, 'shutdown')],
  ['free, moved', { kind: 'free', node: 'hv1', cause: 'shutdown', reason: null, to: null, seen }, elsewhere, moved],

  ['give back to a fit node', giveBack('hv2'), keySnapshot({ members: secondaries }), writes('hv2', null, 'hv2', 'rollback')],
  ['give back to one that is not fit', giveBack('hv3'), keySnapshot({ members: [member('hv1'), gone('hv3')] }), writes('none', 'hv3', null, 'rollback')],
  ['give back to nobody', giveBack(null), keySnapshot({ members: secondaries }), writes('none', null, null, 'rollback')],
  ['never back to oneself', giveBack('hv1'), keySnapshot({ members: secondaries }), writes('none', null, null, 'rollback')],
  ['give back, but the key names another', giveBack('hv2'), elsewhere, moved],
  ['give back, but the key was written again', giveBack('hv2'), keySnapshot({ key: key('hv1', 2), records: [record(2, { to: 'hv1' })] }), moved],
  ['give back, and the key was only repeated', giveBack('hv2'), later, writes('hv2', 'hv1', 'hv2', 'rollback')],

  ['decline, the former primary still holds everything', decline, keySnapshot({ members: [member('hv1'), primary('hv2')] }), { ...writes('hv2', 'hv2', 'hv2', 'rollback'), fails: undefined }],
  ['decline a switchover that is open', decline, keySnapshot({ members: [member('hv1'), primary('hv2')], records: [record(1, { from: 'hv2', to: 'hv1' })] }), { ...writes('hv2', 'hv2', 'hv2', 'rollback'), fails: { stored: { version: 0, record: { epoch: 1 } }, error: cannot } }],
  ['decline, and nobody has it', decline, keySnapshot({ members: secondaries }), writes('none', null, null, 'rollback')],
  ['decline, moved', decline, later, moved],

  ['adopt a life that the ledger does not know', { kind: 'adopt', seen }, keySnapshot({ ledger: null }), { kind: 'adopt' }],
  ['adopt, but somebody has', { kind: 'adopt', seen }, keySnapshot(), moved],

  ['a request that is refused', { kind: 'request', request: { to: 'hv9', from: null, expectedEpoch: null, timeout: null, requestedBy: null, reason: null } }, keySnapshot(), { kind: 'refuse', refusal: { kind: 'unknown_node' } }],
  ['a request that is not', { kind: 'request', request: { to: 'hv2', from: null, expectedEpoch: null, timeout: 9, requestedBy: 'ops', reason: 'kernel' } }, keySnapshot(),
    { kind: 'write', value: 'hv2', record: { from: 'hv1', to: 'hv2', cause: 'request', timeout: 9, requested_by: 'ops', reason: 'kernel' } }],
]

t.test('judgements', async (t) => {
  for (const [what, intent, each, judgement] of cases) {
    const given: Judgement = judge(intent, each)
    t.match(given, judgement, what)
  }
  t.throws(() => judge({ kind: 'whim' } as never, keySnapshot()), /unreachable/)
})

t.test('every record of a change that no client asked for says why', async (t) => {
  const why = (intent: Intent, given: Parameters<typeof keySnapshot>[0] = {}) => {
    const judgement = judge(intent, keySnapshot(given))
    return judgement.kind === 'write' ? judgement.record.reason : judgement.kind
  }
  const free = { value: 'none', version: 1, czxid: 'a' }
  t.equal(why({ ...contend('hv2'), seen: free } as Intent, { key: key('none', 1), members: secondaries }), 'The primary key named no node.')
  t.equal(why(contend('hv2'), { members: [member('hv2')] }), 'The primary key named hv1, which is no node of this cluster.')
  t.equal(why(contend('hv2'), { members: secondaries }), 'The primary key named hv1, which had not begun to take over in the time that it had.')
  t.equal(why(contend('hv2'), { members: [member('hv1', { daemonState: null }), member('hv2')] }), 'The primary key named hv1, which could not serve: its daemon state was missing.')
  t.equal(why({ kind: 'rewrite', node: 'hv1', cause: 'restart', seen }, { members: secondaries }), 'The primary key named hv1 from before; hv1 takes over under a number of its own.')
  t.equal(why({ kind: 'rewrite', node: 'hv1', cause: 'restart', seen }, { members: [restarted] }), 'The primary key named hv1 from before; hv1 takes over under a number of its own. hv1 was last known to hold the role at then.')
  t.equal(why({ kind: 'free', node: 'hv1', cause: 'shutdown', reason: null, to: null, seen }), 'hv1 is stopping and hands the role on.')
  t.equal(why({ kind: 'free', node: 'hv1', cause: 'repair', reason: 'ip is gone.', to: null, seen }), 'ip is gone.')
  t.equal(why(giveBack('hv2'), { members: secondaries }), 'hv1 did not complete its takeover.')
  t.equal(why(decline, { members: [member('hv1'), primary('hv2')] }), 'hv1 found that it could not take over: eth9 is down.')
  const asked = { to: 'hv2', from: null, expectedEpoch: null, timeout: 9, requestedBy: null, reason: null }
  t.match(judge({ kind: 'request', request: { ...asked, reason: 'it is down' } }, keySnapshot({ members: [fenced, member('hv2')] })), { value: 'hv2', record: { cause: 'request', from: 'hv1', reason: 'it is down', evidence: { node: 'hv1' } } }, 'a request that ends a vacancy says from whom the role was lost')
  t.match(judge({ kind: 'request', request: asked }, keySnapshot({ members: [restarted, member('hv2')] })), { record: { from: 'hv1', reason: null, last_held_at: 'then', evidence: undefined } })
  t.match(judge(giveBack('hv3', 2), keySnapshot({ key: key('hv1', 2), members: [member('hv1'), fenced2, member('hv3')], records: [record(1, { from: null, to: 'hv2', outcome: 'succeeded' }), record(2, { from: 'hv2', to: 'hv1', outcome: 'failed', last_held_at: 'long ago' })] })), { value: 'hv3', record: { cause: 'rollback', from: 'hv2', last_held_at: 'long ago', evidence: { node: 'hv2' } } }, 'so does a rollback')
  const back = (released: readonly string[]) => judge({ ...giveBack('hv3', 2) }, keySnapshot({ key: key('hv1', 2), members: [member('hv1'), member('hv3', { coordinatorState: 'relinquish', transition: transition({ released }) })] }))
  t.match(back(['ip']), { record: { from: 'hv3', to: 'hv3', last_held_at: '2026-01-01T00:00:00.000Z' } }, 'it gets back what it has released')
  t.match(back([]), { record: { from: 'hv3', to: 'hv3', last_held_at: null } }, 'it holds everything still')
  t.match(judge(contend('hv2'), keySnapshot({ members: [primary('hv1', { daemonState: 'init', transition: transition({ epoch: null, direction: 'start' }), presence: { ...presence, earlierSign: 'then' } }), member('hv2')] })), { record: { from: 'hv1', last_held_at: 'then' } }, 'one that has begun again reads as the primary until it has released everything')
  t.equal(why({ kind: 'request', request: asked }), null, 'a client brings its own reason, or none')
})

t.test('as seen', async (t) => {
  t.ok(isAsSeen(key('hv1', 1), seen))
  t.notOk(isAsSeen(key('hv2', 1), seen))
  t.notOk(isAsSeen(key('hv1', 2), seen))
  t.notOk(isAsSeen(key('hv1', 1, 'b'), seen))
})
