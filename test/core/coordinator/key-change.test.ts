// One change of the key, operation by operation, and what each failure leads to.
import t from 'tap'
import { beginKeyChange, continueKeyChange, describe, mayBeAbandoned, planOfRequest, type KeyAnswer, type KeyChange, type KeyOutcome } from '../../../src/core/coordinator/key-change.ts'
import type { Intent } from '../../../src/core/coordinator/intent.ts'
import type { KeySnapshot } from '../../../src/core/switchover/key-snapshot.ts'
import { key, record, keySnapshot } from '../../support/scenario/builders.ts'

const toHv2: Extract<Intent, { kind: 'request' }> = { kind: 'request', request: { to: 'hv2', from: null, expectedEpoch: null, timeout: 9, requestedBy: null, reason: null } }

const denial = { code: 'no_auth', operation: 'create', path: '/switchovers/0', message: 'ZooKeeper does not permit it' }

/** Runs a change to its end: everything is `done` but what `failure` names by operation and occurrence (`write_key`, `write_key/2`). */
function run (intent: Intent, reads: KeySnapshot | readonly KeySnapshot[], failure: Record<string, KeyAnswer['kind']> = {}, underLock = false): { ops: string[], outcome: KeyOutcome } {
  let change: KeyChange = beginKeyChange(intent, { underLock })
  const snapshots = [reads].flat()
  const ops: string[] = []
  const seen = new Map<string, number>()
  for (;;) {
    const [op] = change.plan
    const nth = (seen.get(op.op) ?? 0) + 1
    seen.set(op.op, nth)
    const shown = op.op === 'write_key' ? ` ${op.value}@${op.version}${op.andUnlock === true ? ' and unlock' : ''}` : op.op === 'close_record' ? ` ${op.record.epoch} ${op.record.outcome}@${op.version}` : op.op === 'create_record' ? ` ${op.record.epoch}` : op.op === 'write_ledger' ? ` ${op.ledger.base}@${op.version}` : ''
    ops.push(`${op.op}${shown}`)
    const kind = failure[nth === 1 ? op.op : `${op.op}/${nth}`] ?? failure[`${op.op}/*`] ?? 'done'
    const read = snapshots[Math.min(snapshots.length, nth) - 1]
    const progress = continueKeyChange(change, kind === 'done' ? { kind, ...(op.op === 'read_snapshot' && read !== undefined ? { keySnapshot: read } : {}) } : kind === 'denied' ? { kind, denial } : { kind }, 'now')
    if (progress.done) return { ops, outcome: progress.outcome }
    change = progress.change
  }
}

const ofHv2: Intent = { kind: 'contend', node: 'hv2', cause: 'contention', past: 'nobody', seen: key('none') }
const moving = keySnapshot({ key: key('hv2', 2), records: [record(1, { outcome: 'succeeded' }), record(2)] })
const decline: Intent = { kind: 'decline', node: 'hv2', error: { code: 'ready_failed', resource: 'ip', message: 'eth9 is down.' }, seen: key('hv2', 2) }
const free: Intent = { kind: 'free', node: 'hv1', cause: 'shutdown', reason: null, to: null, seen: key('hv1') }
const plain = ['lock', 'read_snapshot', 'create_record 2', 'write_key hv2@1', 'unlock']
const stale = keySnapshot({ ledger: null })
const died = keySnapshot({ records: [record(1, { outcome: 'succeeded' }), record(2), record(3, { outcome: 'not_applied' })] })
const usedUp = ['lock', 'read_snapshot', 'close_record 2 not_applied@0', 'write_key hv1@1', 'write_key hv1@2', 'create_record 4', 'write_key hv2@3', 'unlock']

const cases: [what: string, intent: Intent, keySnapshot: KeySnapshot, failure: Record<string, KeyAnswer['kind']>, ops: string[], outcome: KeyOutcome['kind']][] = [
  ['all goes well', toHv2, keySnapshot(), {}, plain, 'committed'],
  ['refused by what is read', { kind: 'adopt', seen: key('hv1') }, keySnapshot(), {}, ['lock', 'read_snapshot', 'unlock'], 'refused'],
  ['adopted', { kind: 'adopt', seen: key('hv1') }, stale, {}, ['lock', 'read_snapshot', 'write_ledger 1@0', 'unlock'], 'adopted'],
  ['adopted by somebody else first', { kind: 'adopt', seen: key('hv1') }, stale, { write_ledger: 'refused' }, ['lock', 'read_snapshot', 'write_ledger 1@0', 'unlock'], 'overtaken'],
  ['the ledger first', toHv2, keySnapshot({ ledger: null, ledgerVersion: null, records: [] }), {}, ['lock', 'read_snapshot', 'write_ledger 0@null', 'create_record 2', 'write_key hv2@1', 'unlock'], 'committed'],
  ['the ledger unknown', toHv2, keySnapshot({ ledger: null }), { write_ledger: 'unknown' }, ['lock', 'read_snapshot', 'write_ledger 1@0', 'unlock'], 'not_started'],

  ['freed', free, keySnapshot(), {}, ['lock', 'read_snapshot', 'create_record 2', 'write_key none@1 and unlock', 'unlock'], 'committed'],
  ['not freed: another program wrote first', free, keySnapshot(), { write_key: 'refused' }, ['lock', 'read_snapshot', 'create_record 2', 'write_key none@1 and unlock', 'close_record 2 superseded@0', 'unlock'], 'overtaken'],
  ['freed, after an epoch that is used up', { ...free, seen: key('none', 1) }, keySnapshot({ key: key('none', 1), records: [record(1, { outcome: 'succeeded' }), record(2)] }), {},
    ['lock', 'read_snapshot', 'close_record 2 not_applied@0', 'write_key none@1', 'create_record 3', 'write_key none@2 and unlock', 'unlock'], 'committed'],
  ['declined', decline, moving, {}, ['lock', 'read_snapshot', 'close_record 2 failed@0', 'create_record 3', 'write_key hv1@2', 'unlock'], 'committed'],
  ['declined, and closed by somebody else', decline, moving, { close_record: 'refused' }, ['lock', 'read_snapshot', 'close_record 2 failed@0', 'create_record 3', 'write_key hv1@2', 'unlock'], 'committed'],
  ['declined, and not closed', decline, moving, { close_record: 'failed' }, ['lock', 'read_snapshot', 'close_record 2 failed@0', 'unlock'], 'not_started'],

  ['the lock not in time', toHv2, keySnapshot(), { lock: 'refused' }, ['lock'], 'lock_timeout'],
  ['no lock', toHv2, keySnapshot(), { lock: 'failed' }, ['lock'], 'not_started'],
  ['no snapshot', toHv2, keySnapshot(), { read_snapshot: 'failed' }, ['lock', 'read_snapshot', 'unlock'], 'not_started'],
  ['the record written over', toHv2, keySnapshot(), { create_record: 'overwritten' }, ['lock', 'read_snapshot', 'create_record 2', 'unlock'], 'overtaken'],
  ['the record never sent', toHv2, keySnapshot(), { create_record: 'failed' }, ['lock', 'read_snapshot', 'create_record 2', 'unlock'], 'not_started'],
  ['the record unknown', toHv2, keySnapshot(), { create_record: 'unknown' }, ['lock', 'read_snapshot', 'create_record 2', 'unlock'], 'not_started'],
  ['the key of a coordinator\'s change is written by another program', ofHv2, keySnapshot({ key: key('none') }), { write_key: 'refused' }, [...plain.slice(0, 4), 'close_record 2 superseded@0', 'unlock'], 'overtaken'],
  ['and the record not closed', ofHv2, keySnapshot({ key: key('none') }), { write_key: 'refused', close_record: 'failed' }, [...plain.slice(0, 4), 'close_record 2 superseded@0', 'unlock'], 'not_started'],
  ['the key written over', toHv2, keySnapshot(), { write_key: 'overwritten' }, [...plain.slice(0, 4), 'close_record 2 superseded@0', 'unlock'], 'overwritten'],
  ['and the record closed and written over', toHv2, keySnapshot(), { write_key: 'overwritten', close_record: 'overwritten' }, [...plain.slice(0, 4), 'close_record 2 superseded@0', 'unlock'], 'overwritten'],
  ['and the record not closed', toHv2, keySnapshot(), { write_key: 'overwritten', close_record: 'failed' }, [...plain.slice(0, 4), 'close_record 2 superseded@0', 'unlock'], 'overwritten'],
  ['the key never sent', toHv2, keySnapshot(), { write_key: 'failed' }, plain, 'not_started'],
  ['the key unknown', toHv2, keySnapshot(), { write_key: 'unknown' }, plain, 'unknown'],
  ['the lock not released', toHv2, keySnapshot(), { unlock: 'failed' }, plain, 'committed'],

  ['the lock denied', toHv2, keySnapshot(), { lock: 'denied' }, ['lock'], 'denied'],
  ['the snapshot denied', toHv2, keySnapshot(), { read_snapshot: 'denied' }, ['lock', 'read_snapshot', 'unlock'], 'denied'],
  ['the ledger denied', toHv2, keySnapshot({ ledger: null }), { write_ledger: 'denied' }, ['lock', 'read_snapshot', 'write_ledger 1@0', 'unlock'], 'denied'],
  ['the record denied', toHv2, keySnapshot(), { create_record: 'denied' }, ['lock', 'read_snapshot', 'create_record 2', 'unlock'], 'denied'],
  ['the key denied', toHv2, keySnapshot(), { write_key: 'denied' }, [...plain.slice(0, 4), 'close_record 2 not_applied@0', 'unlock'], 'denied'],
  ['and the closing of its record', toHv2, keySnapshot(), { write_key: 'denied', close_record: 'denied' }, [...plain.slice(0, 4), 'close_record 2 not_applied@0', 'unlock'], 'denied'],
  ['the release of the lock denied', toHv2, keySnapshot(), { unlock: 'denied' }, plain, 'committed'],
  ['denied while using up', toHv2, died, { write_key: 'denied' }, ['lock', 'read_snapshot', 'close_record 2 not_applied@0', 'write_key hv1@1', 'unlock'], 'denied'],

  ['epochs of writers that died are used up', toHv2, died, {}, usedUp, 'committed'],
  ['closed by an observer meanwhile', toHv2, died, { close_record: 'refused' }, usedUp, 'committed'],
  ['not closed', toHv2, died, { close_record: 'failed' }, ['lock', 'read_snapshot', 'close_record 2 not_applied@0', 'unlock'], 'not_started'],
  ['lost while using up', toHv2, died, { 'write_key/2': 'unknown' }, ['lock', 'read_snapshot', 'close_record 2 not_applied@0', 'write_key hv1@1', 'write_key hv1@2', 'unlock'], 'not_started'],
]

t.test('changes', async (t) => {
  for (const [what, intent, read, failure, ops, outcome] of cases) {
    const done = run(intent, read, failure)
    t.strictSame(done.ops, ops, what)
    t.equal(done.outcome.kind, outcome, what)
  }
  for (const kind of ['unknown', 'overwritten'] as const) t.match(run(toHv2, keySnapshot(), { write_key: kind }).outcome, { epoch: 2 }, 'whose record will tell')
  t.same(run(toHv2, keySnapshot(), { create_record: 'denied' }).outcome, { kind: 'denied', denial }, 'with what is denied')
  t.match(run(toHv2, keySnapshot()).outcome, { record: { epoch: 2, from: 'hv1', to: 'hv2', timeout: 9, started_at: 'now', outcome: null } })
})

/** PVC's keepalive has written the name that is there. */
const rewritten = (times: number, value = 'hv1') => keySnapshot({ key: key(value, 1 + times) })
const once = [...plain.slice(0, 4), 'close_record 2 superseded@0', 'read_snapshot']

t.test('a request that another program\'s write comes before is judged again under the same lock', async (t) => {
  const again = run(toHv2, [keySnapshot(), rewritten(1)], { write_key: 'refused' })
  t.strictSame(again.ops, [...once, 'create_record 3', 'write_key hv2@2', 'unlock'], 'its record is closed')
  t.match(again.outcome, { kind: 'committed', record: { epoch: 3, from: 'hv1', to: 'hv2' } })
  t.match(run(toHv2, [keySnapshot(), rewritten(1)], { write_key: 'refused', close_record: 'refused' }).outcome, { kind: 'committed' }, 'it is gone already')

  const freed = run({ ...toHv2, request: { ...toHv2.request, to: null, from: 'hv1' } }, [keySnapshot(), rewritten(1)], { write_key: 'refused' })
  t.strictSame(freed.ops.slice(3), ['write_key none@1 and unlock', 'close_record 2 superseded@0', 'lock', 'read_snapshot', 'create_record 3', 'write_key none@2 and unlock', 'unlock'], 'under the lock again, which went with the write')

  const most = run(toHv2, [0, 1, 2, 3, 4].map((times) => rewritten(times)), { 'write_key/*': 'refused' })
  t.equal(most.ops.filter((op) => op.startsWith('write_key')).length, 5)
  t.strictSame(most.ops.slice(-2), ['close_record 6 superseded@0', 'unlock'])
  t.strictSame(most.outcome, { kind: 'overtaken' })

  for (const [what, snapshot] of [['another node', rewritten(1, 'hv3')], ['another life of the key', keySnapshot({ key: { ...key('hv1', 0), czxid: 'b' } })]] as const) {
    const other = run(toHv2, [keySnapshot(), snapshot], { write_key: 'refused' })
    t.strictSame(other.ops, [...once, 'unlock'], `${what}: not moved`)
    t.strictSame(other.outcome, { kind: 'overtaken' })
  }
  const named = run({ ...toHv2, request: { ...toHv2.request, expectedEpoch: 1 } }, [keySnapshot(), rewritten(1)], { write_key: 'refused' })
  t.match(named.outcome, { kind: 'refused', refusal: { kind: 'precondition_failed', epoch: 2 } }, 'a precondition of the client\'s is judged again, too')

  for (const [kind, outcome] of [['failed', 'not_started'], ['denied', 'denied']] as const) {
    const stopped = run(toHv2, keySnapshot(), { write_key: 'refused', close_record: kind })
    t.strictSame([stopped.ops.slice(-2), stopped.outcome.kind], [['close_record 2 superseded@0', 'unlock'], outcome])
  }
})

t.test('before its record is made as well', async (t) => {
  const made = (read: KeySnapshot, failure: Record<string, KeyAnswer['kind']>) => {
    const { ops, outcome } = run(toHv2, [read, rewritten(1)], failure)
    t.match(outcome, { kind: 'committed', record: { epoch: 3 } })
    return ops.slice(2, -4)
  }
  t.strictSame(made(keySnapshot(), { create_record: 'refused' }), ['create_record 2'])
  t.strictSame(made(stale, { write_ledger: 'refused' }), ['write_ledger 1@0'])
  for (const kind of ['refused', 'overwritten'] as const) t.strictSame(made(died, { write_key: kind }), ['close_record 2 not_applied@0', 'write_key hv1@1'], 'using up epochs')
})

t.test('a change whose epoch a client has is not judged again', async (t) => {
  let change: KeyChange = beginKeyChange(toHv2, { underLock: true })
  for (const answer of [{ kind: 'done', keySnapshot: keySnapshot() }, { kind: 'done' }] as const) {
    const progress = continueKeyChange(change, answer, 'now')
    if (progress.done) throw new Error('it is over')
    change = progress.change
  }
  const refused = continueKeyChange({ ...change, told: true }, { kind: 'refused' }, 'now')
  t.match(refused, { done: false, change: { plan: [{ op: 'close_record', record: { epoch: 2, outcome: 'superseded' } }], outcome: { kind: 'overtaken' } } })
})

t.test('a record that is there but cannot be read is used up all the same', async (t) => {
  t.strictSame(run(toHv2, { ...keySnapshot(), recordEpochs: [1, 2] }).ops, ['lock', 'read_snapshot', 'write_key hv1@1', 'create_record 3', 'write_key hv2@2', 'unlock'])
})

t.test('under a lock that is held already', async (t) => {
  const back: Intent = { kind: 'give_back', node: 'hv1', to: 'hv2', epoch: 1 }
  t.strictSame(run(back, keySnapshot(), {}, true).ops, ['read_snapshot', 'create_record 2', 'write_key hv2@1'])
  t.strictSame(run(back, keySnapshot(), { write_key: 'refused' }, true).ops, ['read_snapshot', 'create_record 2', 'write_key hv2@1', 'close_record 2 superseded@0'])
})

t.test('until an epoch is named it may be given up', async (t) => {
  const begun = beginKeyChange(toHv2, { underLock: true })
  t.ok(mayBeAbandoned(begun))
  t.equal(describe(begun), 'request at read_snapshot')
  const progress = continueKeyChange(begun, { kind: 'done', keySnapshot: keySnapshot() }, 'now')
  if (progress.done) throw new Error('it has only begun')
  t.notOk(mayBeAbandoned(progress.change))
  t.equal(describe(progress.change), 'request at create_record of 0000000002')
})

t.test('the plan of a request is what its change would make', async (t) => {
  for (const [read, epoch] of [[keySnapshot(), 2], [stale, 3], [died, 4]] as const) {
    const { outcome } = run(toHv2, read)
    t.match(outcome, { kind: 'committed', record: { epoch } })
    t.strictSame(planOfRequest(toHv2.request, read, 'now'), { kind: 'planned', record: outcome.kind === 'committed' ? outcome.record : null })
  }
  t.match(planOfRequest({ ...toHv2.request, to: 'hv9' }, keySnapshot(), 'now'), { kind: 'unknown_node', node: 'hv9' })
})
