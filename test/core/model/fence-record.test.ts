// What is kept of a fence.
import t from 'tap'
import { confirmed, newFence, openFence, parseFence, presentFence, retryPause, showsLife, sightedKeepalive, type FenceRecord } from '../../../src/core/model/fence-record.ts'

const WALL = '2026-01-01T00:00:00.000Z'
const record: FenceRecord = {
  state: 'unconfirmed', by: 'hv1', judged_by: 'hv2', judged_at: 'before', method: 'ipmi', why: 'keepalive_stale', presence: '1', renewal: 'a', keepalive: '2', attempts: 3, since: 'then', message: 'It did not answer.', confirmed_by: null, confirmed_at: null,
}

t.test('a record is read as it was written; what is missing is the least', async (t) => {
  t.strictSame(parseFence(JSON.stringify(record)), record)
  for (const why of ['presence_gone', null] as const) t.strictSame(parseFence(JSON.stringify({ ...record, why })), { ...record, why })
  const least = newFence(null, null, { presence: null, renewal: null, keepalive: null }, '')
  t.strictSame(parseFence('{}'), least)
  t.strictSame(parseFence('{"state":"down","why":"a guess","attempts":"many","confirmed_at":7}'), least, 'nor is anything believed that is no word of ours')
  for (const bad of [undefined, null, '', '[]']) t.equal(parseFence(bad), null)
})

t.test('confirmed: by whom and when', async (t) => {
  const after = confirmed(record, 'ops', 'It is off.', WALL)
  t.strictSame(after, { ...record, state: 'confirmed', message: 'It is off.', since: WALL, confirmed_by: 'ops', confirmed_at: WALL })
  t.strictSame(parseFence(JSON.stringify(after)), after)
  t.equal(openFence(JSON.stringify(after)), null, 'over: another death has nothing to do with it')
  t.strictSame(openFence(JSON.stringify(record)), record)
  t.equal(openFence(null), null)
})

t.test('signs of life', async (t) => {
  t.notOk(showsLife(record, { presence: '1', renewal: 'a', keepalive: '2' }), 'as it was judged')
  t.notOk(showsLife(record, { presence: null, renewal: null, keepalive: '2' }))
  t.ok(showsLife(record, { presence: '1', renewal: 'a', keepalive: '3' }))
  t.ok(showsLife(record, { presence: '7', renewal: 'a', keepalive: '2' }), 'another session')
  t.ok(showsLife(record, { presence: '1', renewal: 'b', keepalive: '2' }), 'its lease is renewed')
  t.notOk(showsLife({ ...record, renewal: null }, { presence: '1', renewal: 'b', keepalive: '2' }), 'a record of an earlier version does not know')
})

t.test('growing pauses', async (t) => {
  t.strictSame([0, 1, 2, 3, 7, 50].map(retryPause), [0, 5_000, 10_000, 20_000, 300_000, 300_000])
})

t.test('the record of an earlier death is none of this one', async (t) => {
  t.equal(sightedKeepalive(undefined), null)
  t.equal(sightedKeepalive({ data: '17', mzxid: '0a' }), '17/0a')
  t.equal(presentFence(record, 'dead', '2'), record)
  t.equal(presentFence(record, 'dead', '3'), null, 'it has come back in between')
  t.equal(presentFence(confirmed(record, 'ops', '', WALL), 'dead', '2'), null, 'that death is over')
  t.match(presentFence(confirmed(record, 'ops', '', WALL), 'fenced', '3'), { state: 'confirmed' })
  t.equal(presentFence(record, 'run', '3'), record)
  t.equal(presentFence(null, 'dead', '2'), null)
})
