// The primary lock on a key that somebody has deleted.
import t from 'tap'
import { KeyOperations } from '../../src/cluster/key-operations.ts'
import { PRIMARY_NODE } from '../../src/cluster/layout.ts'
import { connect, lockBook, zookeeper } from '../support/zookeeper.ts'

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
