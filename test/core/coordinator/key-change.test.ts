// One change of the key, operation by operation, and what each trouble leads to.
import t from 'tap'
import { beginKeyChange, continueKeyChange, describe, mayBeAbandoned, type KeyAnswer, type KeyChange, type KeyOutcome } from '../../../src/core/coordinator/key-change.ts'
import type { Intent } from '../../../src/core/coordinator/intent.ts'
import type { KeySnapshot } from '../../../src/core/switchover/survey.ts'
import { key, record, survey } from '../../support/scenario/builders.ts'

const toHv2: Intent = { kind: 'request', request: { to: 'hv2', from: null, expectedEpoch: null, timeout: 9, requestedBy: null, reason: null } }

/** Runs a change to its end: everything is `done` but what `trouble` names by operation and occurrence (`write_key`, `write_key/2`). */
function run (intent: Intent, read: KeySnapshot, trouble: Record<string, KeyAnswer['kind']> = {}, underLock = false): { ops: string[], outcome: KeyOutcome } {
  let change: KeyChange = beginKeyChange(intent, { underLock })
  const ops: string[] = []
  const seen = new Map<string, number>()
  for (;;) {
    const [op] = change.plan
    const nth = (seen.get(op.op) ?? 0) + 1
    seen.set(op.op, nth)
    const shown = op.op === 'write_key' ? ` ${op.value}@${op.version}` : op.op === 'close_record' ? ` ${op.record.epoch} ${op.record.outcome}@${op.version}` : op.op === 'create_record' ? ` ${op.record.epoch}` : op.op === 'write_ledger' ? ` ${op.ledger.base}@${op.version}` : ''
    ops.push(`${op.op}${shown}`)
    const kind = trouble[nth === 1 ? op.op : `${op.op}/${nth}`] ?? 'done'
    const progress = continueKeyChange(change, kind === 'done' ? { kind, ...(op.op === 'survey' ? { survey: read } : {}) } : { kind }, 'now')
    if (progress.done) return { ops, outcome: progress.outcome }
    change = progress.change
  }
}

const moving = survey({ key: key('hv2', 2), records: [record(1, { outcome: 'succeeded' }), record(2)] })
const decline: Intent = { kind: 'decline', node: 'hv2', error: { code: 'ready_failed', resource: 'ip', message: 'eth9 is down.' }, seen: key('hv2', 2) }
const plain = ['lock', 'survey', 'create_record 2', 'write_key hv2@1', 'unlock']
const stale = survey({ ledger: null })
const died = survey({ records: [record(1, { outcome: 'succeeded' }), record(2), record(3, { outcome: 'not_applied' })] })
const usedUp = ['lock', 'survey', 'close_record 2 not_applied@0', 'write_key hv1@1', 'write_key hv1@2', 'create_record 4', 'write_key hv2@3', 'unlock']

const cases: [what: string, intent: Intent, survey: KeySnapshot, trouble: Record<string, KeyAnswer['kind']>, ops: string[], outcome: KeyOutcome['kind']][] = [
  ['all goes well', toHv2, survey(), {}, plain, 'committed'],
  ['refused by what is read', { kind: 'adopt', seen: key('hv1') }, survey(), {}, ['lock', 'survey', 'unlock'], 'refused'],
  ['adopted', { kind: 'adopt', seen: key('hv1') }, stale, {}, ['lock', 'survey', 'write_ledger 1@0', 'unlock'], 'adopted'],
  ['adopted by somebody else first', { kind: 'adopt', seen: key('hv1') }, stale, { write_ledger: 'refused' }, ['lock', 'survey', 'write_ledger 1@0', 'unlock'], 'overtaken'],
  ['the ledger first', toHv2, survey({ ledger: null, ledgerVersion: null, records: [] }), {}, ['lock', 'survey', 'write_ledger 0@null', 'create_record 2', 'write_key hv2@1', 'unlock'], 'committed'],
  ['the ledger unknown', toHv2, survey({ ledger: null }), { write_ledger: 'unknown' }, ['lock', 'survey', 'write_ledger 1@0', 'unlock'], 'not_started'],

  ['declined', decline, moving, {}, ['lock', 'survey', 'close_record 2 failed@0', 'create_record 3', 'write_key hv1@2', 'unlock'], 'committed'],
  ['declined, and closed by somebody else', decline, moving, { close_record: 'refused' }, ['lock', 'survey', 'close_record 2 failed@0', 'create_record 3', 'write_key hv1@2', 'unlock'], 'committed'],
  ['declined, and not closed', decline, moving, { close_record: 'failed' }, ['lock', 'survey', 'close_record 2 failed@0', 'unlock'], 'not_started'],

  ['the lock not in time', toHv2, survey(), { lock: 'refused' }, ['lock'], 'lock_timeout'],
  ['no lock', toHv2, survey(), { lock: 'failed' }, ['lock'], 'not_started'],
  ['no survey', toHv2, survey(), { survey: 'failed' }, ['lock', 'survey', 'unlock'], 'not_started'],
  ['the record is there', toHv2, survey(), { create_record: 'refused' }, ['lock', 'survey', 'create_record 2', 'unlock'], 'overtaken'],
  ['the record never sent', toHv2, survey(), { create_record: 'failed' }, ['lock', 'survey', 'create_record 2', 'unlock'], 'not_started'],
  ['the record unknown', toHv2, survey(), { create_record: 'unknown' }, ['lock', 'survey', 'create_record 2', 'unlock'], 'not_started'],
  ['the key written by somebody else', toHv2, survey(), { write_key: 'refused' }, [...plain.slice(0, 4), 'close_record 2 superseded@0', 'unlock'], 'overtaken'],
  ['and the record closed by somebody else', toHv2, survey(), { write_key: 'refused', close_record: 'refused' }, [...plain.slice(0, 4), 'close_record 2 superseded@0', 'unlock'], 'overtaken'],
  ['the key written over', toHv2, survey(), { write_key: 'overwritten' }, [...plain.slice(0, 4), 'close_record 2 superseded@0', 'unlock'], 'overwritten'],
  ['and the record closed and written over', toHv2, survey(), { write_key: 'overwritten', close_record: 'overwritten' }, [...plain.slice(0, 4), 'close_record 2 superseded@0', 'unlock'], 'overwritten'],
  ['and the record not closed', toHv2, survey(), { write_key: 'overwritten', close_record: 'failed' }, [...plain.slice(0, 4), 'close_record 2 superseded@0', 'unlock'], 'overwritten'],
  ['the key never sent', toHv2, survey(), { write_key: 'failed' }, plain, 'not_started'],
  ['the key unknown', toHv2, survey(), { write_key: 'unknown' }, plain, 'unknown'],
  ['the lock not let go of in words', toHv2, survey(), { unlock: 'failed' }, plain, 'committed'],

  ['epochs of writers that died are used up', toHv2, died, {}, usedUp, 'committed'],
  ['closed by an observer meanwhile', toHv2, died, { close_record: 'refused' }, usedUp, 'committed'],
  ['not closed', toHv2, died, { close_record: 'failed' }, ['lock', 'survey', 'close_record 2 not_applied@0', 'unlock'], 'not_started'],
  ['overtaken while using up', toHv2, died, { write_key: 'refused' }, ['lock', 'survey', 'close_record 2 not_applied@0', 'write_key hv1@1', 'unlock'], 'overtaken'],
  ['written over while using up', toHv2, died, { write_key: 'overwritten' }, ['lock', 'survey', 'close_record 2 not_applied@0', 'write_key hv1@1', 'unlock'], 'overtaken'],
  ['lost while using up', toHv2, died, { 'write_key/2': 'unknown' }, ['lock', 'survey', 'close_record 2 not_applied@0', 'write_key hv1@1', 'write_key hv1@2', 'unlock'], 'not_started'],
]

t.test('changes', async (t) => {
  for (const [what, intent, read, trouble, ops, outcome] of cases) {
    const done = run(intent, read, trouble)
    t.strictSame(done.ops, ops, what)
    t.equal(done.outcome.kind, outcome, what)
  }
  for (const kind of ['unknown', 'overwritten'] as const) t.match(run(toHv2, survey(), { write_key: kind }).outcome, { epoch: 2 }, 'whose record will tell')
  t.match(run(toHv2, survey()).outcome, { record: { epoch: 2, from: 'hv1', to: 'hv2', timeout: 9, started_at: 'now', outcome: null } })
})

t.test('a record that is there but cannot be read is used up all the same', async (t) => {
  t.strictSame(run(toHv2, { ...survey(), recordEpochs: [1, 2] }).ops, ['lock', 'survey', 'write_key hv1@1', 'create_record 3', 'write_key hv2@2', 'unlock'])
})

t.test('under a lock that is held already', async (t) => {
  const back: Intent = { kind: 'give_back', node: 'hv1', to: 'hv2', epoch: 1 }
  t.strictSame(run(back, survey(), {}, true).ops, ['survey', 'create_record 2', 'write_key hv2@1'])
  t.strictSame(run(back, survey(), { write_key: 'refused' }, true).ops, ['survey', 'create_record 2', 'write_key hv2@1', 'close_record 2 superseded@0'])
})

t.test('until an epoch is named it may be given up', async (t) => {
  const begun = beginKeyChange(toHv2, { underLock: true })
  t.ok(mayBeAbandoned(begun))
  t.equal(describe(begun), 'request at survey')
  const progress = continueKeyChange(begun, { kind: 'done', survey: survey() }, 'now')
  if (progress.done) throw new Error('it has only begun')
  t.notOk(mayBeAbandoned(progress.change))
  t.equal(describe(progress.change), 'request at create_record of 0000000002')
})
