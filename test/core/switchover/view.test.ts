/** A switchover as clients read it, from its record and from what the nodes publish. */
import t from 'tap'
import { memberOf, type MemberZnode } from '../../../src/core/model/member.ts'
import { closeRecord, openRecord } from '../../../src/core/model/record.ts'
import { unrecordedSwitchover } from '../../../src/core/switchover/unrecorded.ts'
import { NOTHING_SEEN, switchoverView } from '../../../src/core/switchover/view.ts'
import type { KeySnapshot } from '../../../src/core/switchover/key-snapshot.ts'

const member = (name: string, texts: Partial<Record<MemberZnode, string>>) => memberOf(name, (child) => {
  const data = texts[child]
  return data === undefined ? undefined : { data, version: 0, czxid: '1', mzxid: '2', modified: '2031-01-01T00:00:09.000Z', owner: '' }
}, true)
const coordinator = (name: string, routerstate: string, transition?: object) =>
  member(name, { daemonmode: 'coordinator', daemonstate: 'run', routerstate, ...(transition === undefined ? {} : { transition: JSON.stringify(transition) }) })
const at = '2031-01-01T00:00:00.000Z'
const record = openRecord(7, at, { from: 'plum', to: 'fig', cause: 'request', timeout: 30 })
const nothingElse = { members: [], records: [record] }

t.test('nobody has begun', async (t) => {
  const view = switchoverView(record, { members: [coordinator('plum', 'primary'), coordinator('fig', 'secondary')], records: [record] }, NOTHING_SEEN)
  t.match(view, { state: 'requested', done: false, outcome: null, progress: 0, epoch: 7, from: 'plum', to: 'fig', started_at: at, timeout: 30, continued_by: null })
  t.strictSame(Object.keys(view.nodes), ['plum', 'fig'])
})

t.test('a node is at it', async (t) => {
  const begun = { epoch: 7, direction: 'relinquish', step: 1, of: 2, resource: 'dhcp', released: [], since: '2031-01-01T00:00:01.000Z' }
  const members = [coordinator('plum', 'relinquish', begun), coordinator('fig', 'secondary')]
  t.match(switchoverView(record, { members, records: [record] }, NOTHING_SEEN), { state: 'in_progress', progress: 0.25, nodes: { plum: { step: 1, of: 2, resource: 'dhcp' } }, timeline: [{ node: 'plum', coordinator_state: 'relinquish' }] })
  t.equal(switchoverView(record, { members, records: [record] }, { progress: 0.5, states: [] }).progress, 0.5, 'it never falls below what was seen')
  t.equal(switchoverView(record, { members, records: [record] }, { progress: 0.1, states: [] }).progress, 0.25)
})

t.test('nodes that publish no transition show it by their state', async (t) => {
  for (const [from, to, state] of [['relinquish', 'secondary', 'in_progress'], ['secondary', 'takeover', 'in_progress'], ['secondary', 'primary', 'in_progress'], ['primary', 'secondary', 'requested']] as const) {
    t.equal(switchoverView(record, { members: [coordinator('plum', from), coordinator('fig', to)], records: [record] }, NOTHING_SEEN).state, state, `${from}, ${to}`)
  }
})

t.test('a freed key points to whoever won, while it is open', async (t) => {
  const freed = openRecord(7, at, { from: 'plum', to: null, cause: 'request', timeout: 30 })
  t.match(switchoverView(freed, { members: [], records: [freed] }, NOTHING_SEEN), { state: 'requested', continued_by: null })
  const won = openRecord(8, at, { from: null, to: 'fig', cause: 'contention', timeout: 30 })
  t.match(switchoverView(freed, { members: [], records: [freed, won] }, NOTHING_SEEN), { state: 'in_progress', continued_by: 8 })
  t.equal(switchoverView({ ...freed, continued_by: 9 }, { members: [], records: [freed, won] }, NOTHING_SEEN).continued_by, 9)
})

t.test('a closed record is the whole truth', async (t) => {
  const particulars = { progress: 0.4, nodes: {}, timeline: [] }
  const closed = closeRecord(record, at, { outcome: 'failed', error: { code: 'x', resource: 'dhcp', message: 'no' } }, particulars)
  t.match(switchoverView(closed, { ...nothingElse, members: [coordinator('fig', 'takeover')] }, { progress: 0.9, states: [] }), { state: 'done', done: true, outcome: 'failed', progress: 0.4, finished_at: at, nodes: {}, error: { code: 'x' } })
})

t.test('a key that was written without a record', async (t) => {
  const keySnapshot = (value: string, routerstate: string): KeySnapshot => ({
    key: { value, version: 3, czxid: 'c', mzxid: 'm' },
    ledger: null,
    ledgerVersion: null,
    recordEpochs: [],
    records: [],
    members: [coordinator('plum', routerstate), coordinator('fig', 'secondary')],
  })
  t.equal(unrecordedSwitchover(keySnapshot('none', 'secondary'), at), null, 'nobody is named')
  t.match(unrecordedSwitchover(keySnapshot('plum', 'primary'), at), { epoch: 3, to: 'plum', cause: 'external', outcome: 'succeeded', done: true, progress: 1, finished_at: at })
  t.match(unrecordedSwitchover(keySnapshot('plum', 'takeover'), at), { epoch: 3, outcome: null, done: false, state: 'in_progress' })
  t.match(unrecordedSwitchover({ ...keySnapshot('plum', 'takeover'), records: [{ record, version: 0 }], recordEpochs: [7] }, at), { epoch: 8 })
})

t.test('who became primary', async (t) => {
  const freed = openRecord(7, at, { from: 'plum', to: null, cause: 'request', timeout: 30 })
  const end = (given: typeof record, outcome: 'succeeded' | 'failed', next: number | null) => closeRecord(given, at, { outcome, continued_by: next }, given)
  const became = (given: typeof record, records = [given]) => switchoverView(given, { members: [], records }, NOTHING_SEEN).became
  const later = { ...openRecord(8, at, { from: null, to: 'quince', cause: 'contention', timeout: 30 }) }
  t.equal(became(record), null)
  t.equal(became(end(record, 'succeeded', null)), 'fig')
  t.equal(became(end(record, 'failed', null)), null)
  t.equal(became(end(freed, 'succeeded', 8), [later]), 'quince')
  t.equal(became(end(freed, 'succeeded', 8)), null, 'its record is not kept any more')
})
