// The primary lock on a key that was deleted, and the release of the lock directly after a write.
import t from 'tap'
import { KeyOperations } from '../../src/cluster/key-operations.ts'
import { PRIMARY_NODE } from '../../src/cluster/layout.ts'
import { put } from '../../src/cluster/put.ts'
import { readRecord } from '../../src/cluster/reading.ts'
import { confirmed, newFence, sightedKeepalive } from '../../src/core/model/fence-record.ts'
import { reasonFor } from '../../src/core/story/failed-holder.ts'
import { openRecord } from '../../src/core/model/record.ts'
import { ZooKeeperError } from '../../src/zookeeper/client/errors.ts'
import { connect, eventually, lockBook, proxy, zookeeper } from '../support/zookeeper.ts'

t.test('whoever takes the lock makes a key that names nobody', async (t) => {
  const server = await zookeeper(t)
  const session = await connect(t, server)
  const operations = new KeyOperations(session, { book: lockBook(), identifier: 'me', lockTimeout: 5_000 })
  t.same(await operations.run({ op: 'lock' }), { kind: 'done' }, 'though there is nothing above it either')
  t.equal((await session.get(PRIMARY_NODE)).data, 'none')
  t.same(await operations.run({ op: 'unlock' }), { kind: 'done' })

  await session.delete(PRIMARY_NODE, 0)
  t.same(await operations.concludeNotApplied(1, ''), { kind: 'refused' })
  t.equal((await session.get(PRIMARY_NODE)).data, 'none', 'and not an empty one')
})

t.test('a free key and a free lock come together', async (t) => {
  const server = await zookeeper(t)
  const session = await connect(t, server)
  const operations = new KeyOperations(session, { book: lockBook(), identifier: 'me', lockTimeout: 5_000 })
  await operations.run({ op: 'lock' })
  t.same(await operations.run({ op: 'write_key', value: 'none', version: 0, andUnlock: true }), { kind: 'done' })
  t.same(await operations.run({ op: 'unlock' }), { kind: 'done' }, 'acknowledged')
  const { stat } = await session.get(PRIMARY_NODE)
  t.equal(BigInt(`0x${stat.pzxid}`) - BigInt(`0x${stat.mzxid}`), 1n, 'nothing comes in between')
  t.same((await session.children(PRIMARY_NODE)).names, [])

  await operations.run({ op: 'lock' })
  t.same(await operations.run({ op: 'write_key', value: 'none', version: 0, andUnlock: true }), { kind: 'refused' })
  t.same((await session.children(PRIMARY_NODE)).names, [], 'also where it is refused')
})

t.test('a write that unlocks, and a connection that ends before it has passed', async (t) => {
  const server = await zookeeper(t)
  const between = await proxy(t, server)
  const session = await connect(t, between)
  const other = await connect(t, server)
  const operations = new KeyOperations(session, { book: lockBook(), identifier: 'me', lockTimeout: 5_000 })
  await operations.run({ op: 'lock' })
  between.refuse()
  await eventually(() => session.state !== 'connected')
  const writing = operations.run({ op: 'write_key', value: 'hv1', version: 0, andUnlock: true })
  between.heal()
  t.same(await writing, { kind: 'done' }, 'the lock is looked at again before it is sent')
  t.equal((await other.get(PRIMARY_NODE)).data, 'hv1')

  await operations.run({ op: 'lock' })
  between.blackHole()
  const lost = operations.run({ op: 'write_key', value: 'none', version: 1, andUnlock: true })
  await eventually(() => session.state !== 'connected')
  between.heal()
  t.same(await lost, { kind: 'failed' }, 'the lock may be gone: not sent again')
  t.equal((await other.get(PRIMARY_NODE)).data, 'hv1')
  t.same(await operations.run({ op: 'unlock' }), { kind: 'done' })
  t.same((await other.children(PRIMARY_NODE)).names, [])
})

t.test('what is known of a node that has failed is read beside the records, and what comes later as a success is closed', async (t) => {
  const session = await connect(t, await zookeeper(t))
  const operations = new KeyOperations(session, { book: lockBook(), identifier: 'me', lockTimeout: 5_000 })
  const texts = { hv1: { daemonmode: 'coordinator', daemonstate: 'fenced', routerstate: 'secondary', keepalive: '17' }, hv2: { daemonmode: 'coordinator', daemonstate: 'run', routerstate: 'primary' } }
  for (const [name, children] of Object.entries(texts)) for (const [child, text] of Object.entries(children)) await put(session, `/nodes/${name}/${child}`, text)
  await put(session, PRIMARY_NODE, 'hv1')
  await put(session, '/switchovers', '')
  const { data, stat } = await session.get('/nodes/hv1/keepalive')
  const judged = newFence('hv2', 'presence_gone', { presence: null, renewal: null, keepalive: sightedKeepalive({ data, mzxid: stat.mzxid }) }, '2026-01-01T00:00:00.000Z')
  await put(session, '/nodes/hv1/fence', JSON.stringify(judged))
  const failures = async () => {
    const answer = await operations.run({ op: 'read_snapshot' })
    return answer.kind === 'done' ? answer.keySnapshot?.failures : undefined
  }
  t.match(await failures(), new Map([['hv1', { fence: judged, keepalive: { data: '17', modified: new Date(stat.mtime).toISOString() } }]]))
  t.equal((await failures())?.size, 1, 'and of no other node')

  const fence = { state: 'pending', by: 'hv2', method: null, attempts: 0, confirmed_by: null, confirmed_at: null, message: null } as const
  const evidence = { node: 'hv1', daemon_state: 'fenced', judged_by: 'hv2', judged_at: judged.judged_at, why: 'presence_gone', last_sign_at: null, fence } as const
  for (const epoch of [7, 8]) await operations.createRecord(openRecord(epoch, 'then', { from: 'hv1', to: 'hv2', cause: 'fence', timeout: 60, evidence, reason: reasonFor(evidence) }))
  await put(session, '/nodes/hv1/fence', JSON.stringify(confirmed({ ...judged, method: 'command', attempts: 1 }, 'hv2', 'It is off.', 'now')))
  await operations.conclude(7, { outcome: 'succeeded' }, 'now')
  t.match((await readRecord(session, 7))?.record, { outcome: 'succeeded', reason: /hv2 fenced hv1 by command/, evidence: { fence: { state: 'confirmed', attempts: 1 } } })
  await operations.conclude(8, { outcome: 'failed' }, 'now')
  t.match((await readRecord(session, 8))?.record, { outcome: 'failed', reason: reasonFor(evidence), evidence: { fence: { state: 'pending' } } }, 'a role that is on its way to another node waits for nothing')

  const get = session.get.bind(session)
  session.get = async (path, options) => {
    if (path.endsWith('/fence')) throw new ZooKeeperError('no_auth', { op: 'get', path })
    return await get(path, options)
  }
  t.match((await failures())?.get('hv1'), { fence: null, keepalive: { data: '17' } }, 'one that may not be read keeps no coordinator from the role')
})
