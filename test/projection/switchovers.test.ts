/** What is believed of an epoch while not everything has been read. */
import t from 'tap'
import { ApiSnapshot } from '../../src/projection/api-snapshot.ts'
import { SwitchoverProjection } from '../../src/projection/switchovers.ts'
import { openRecord, type SwitchoverRecord } from '../../src/core/model/record.ts'
import { memberOf } from '../../src/core/model/member.ts'
import type { Znode } from '../../src/core/model/znode.ts'
import { PRIMARY_NODE } from '../../src/cluster/layout.ts'
import { PersistentMap } from '../../src/zookeeper/cache/persistent-map.ts'
import { CacheSnapshot, type CacheEntry } from '../../src/zookeeper/cache/cache-snapshot.ts'

const zxid = (count: number) => count.toString(16).padStart(16, '0')
const znode = (data: string): Znode => ({ data, version: 1, czxid: zxid(2), mzxid: zxid(9), modified: '2026-01-01T00:00:00.000Z', owner: '' })

const stat = { czxid: zxid(2), mzxid: zxid(9), pzxid: zxid(2), ctime: 0, mtime: 0, version: 1, cversion: 0, aversion: 0, ephemeralOwner: '0', dataLength: 3, numChildren: 0 }
const entries = PersistentMap.empty<CacheEntry>().set(PRIMARY_NODE, { data: 'fig', stat, names: null, listed: '' })
const members = [['fig', 'primary'], ['plum', 'secondary']].map(([name = '', state = '']) =>
  memberOf(name, (child) => child === 'routerstate' ? znode(state) : child === 'daemonstate' ? znode('run') : child === 'daemonmode' ? znode('coordinator') : undefined, true))

/** Everything up to transaction `upTo` is in it; the key, written at 9, is in any case. */
const snapshot = (upTo: number, records: readonly SwitchoverRecord[] = []) =>
  ApiSnapshot.next(new CacheSnapshot(1, 0, zxid(upTo), 1, entries), { key: { value: 'fig', version: 1, czxid: zxid(2), mzxid: zxid(9) }, ledger: { czxid: zxid(2), base: 0 }, members, records }, null, [])

t.test('a key that is read before its record is no switchover without a record', async (t) => {
  const board = new SwitchoverProjection()
  t.notOk(board.update(snapshot(8)).includes('switchover/1'))
  t.equal(board.get(1), null, 'its record may still come')
  t.match(board.primary, { name: 'fig', epoch: 1, settled: true })
  const record = openRecord(1, '2026-01-01T00:00:00.000Z', { from: 'plum', to: 'fig', cause: 'request', timeout: 60 })
  t.ok(board.update(snapshot(9, [record])).includes('switchover/1'))
  t.match(board.get(1), { cause: 'request', done: false })
})

t.test('once everything has been read, there is none', async (t) => {
  const board = new SwitchoverProjection()
  const early = snapshot(8)
  board.update(early)
  const complete = ApiSnapshot.next(new CacheSnapshot(2, 0, zxid(9), 1, entries), early.cluster, early, [])
  t.strictSame(board.update(complete), ['switchover/1'], 'though no coordinator has changed')
  t.match(board.get(1), { cause: 'external', outcome: 'succeeded' })
  t.strictSame(board.update(complete), [])
})

const keyed = (value: string, version: number) => ({ key: { value, version, czxid: zxid(2), mzxid: zxid(9) }, ledger: { czxid: zxid(2), base: 0 } })
const seen = (before: ApiSnapshot | null, value: string, version: number, given: { readonly members?: typeof members, readonly records?: readonly SwitchoverRecord[] } = {}) =>
  ApiSnapshot.next(new CacheSnapshot(version, 0, zxid(9), 1, entries), { ...keyed(value, version), members, records: [], ...given }, before, [])

t.test('a key that is written to itself reads as the switchover that wrote it, again and again', async (t) => {
  const board = new SwitchoverProjection()
  const record = { ...openRecord(1, '2026-01-01T00:00:00.000Z', { from: 'plum', to: 'fig', cause: 'request', timeout: 60 }), outcome: 'succeeded', finished_at: 'then' } as const
  board.update(seen(null, 'fig', 1, { records: [record] }))
  const first = board.get(1)
  for (const version of [2, 3]) {
    t.notOk(board.update(seen(null, 'fig', version, { records: [record] })).some((topic) => topic.startsWith('switchover/')))
    for (let epoch = 2; epoch <= version; epoch++) t.strictSame(board.get(epoch), { ...first, epoch })
    t.equal(board.get(2), board.get(2), 'its text is made once')
    t.equal(board.topicOf(2), 'switchover/1')
    t.equal(board.topicOf(1), 'switchover/1')
    t.equal(board.get(version + 1), null)
  }
  t.strictSame(board.newest().map(({ epoch }) => epoch), [1], 'and is no entry of the history')
  for (let version = 4; version < 200; version++) board.update(seen(null, 'fig', version, { records: [record] }))
  for (let epoch = 2; epoch < 200; epoch++) t.equal(board.get(epoch)?.started_at, record.started_at)
})

t.test('a write without a record keeps the primary that it was first seen with', async (t) => {
  const board = new SwitchoverProjection()
  const pvc = (state: string) => members.map((each) => each.name === 'plum' ? { ...each, coordinatorState: state === 'primary' ? 'primary' as const : 'secondary' as const } : { ...each, coordinatorState: state === 'primary' ? 'secondary' as const : 'primary' as const })
  board.update(seen(null, 'fig', 1, { members: pvc('primary') }))
  t.match(board.get(1), { from: 'plum', to: 'fig', done: false })
  board.update(seen(null, 'fig', 1, { members: pvc('secondary') }))
  t.match(board.get(1), { from: 'plum', to: 'fig', done: true })
})

t.test('the states in which a PVC node was seen stay in the timeline', async (t) => {
  const board = new SwitchoverProjection()
  const record = openRecord(1, '2026-01-01T00:00:00.000Z', { from: 'plum', to: 'fig', cause: 'request', timeout: 60 })
  for (const [state, second] of [['relinquish', 1], ['secondary', 2]] as const) {
    board.update(seen(null, 'fig', 1, { records: [record], members: members.map((each) => each.name === 'plum' ? { ...each, coordinatorState: state, stateSince: `2026-01-01T00:00:0${second}.000Z` } : { ...each, coordinatorState: 'takeover' as const }) }))
  }
  t.match(board.get(1)?.timeline.filter(({ node }) => node === 'plum'), [{ coordinator_state: 'relinquish' }, { coordinator_state: 'secondary' }])
})
