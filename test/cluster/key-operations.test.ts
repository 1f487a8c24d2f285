// The primary lock on a key that was deleted, and the release of the lock directly after a write.
import t from 'tap'
import { KeyOperations } from '../../src/cluster/key-operations.ts'
import { PRIMARY_NODE } from '../../src/cluster/layout.ts'
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
