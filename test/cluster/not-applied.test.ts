// A record whose key was never written: closed so only by whoever holds the primary lock, and never by what an old view shows.
import t from 'tap'
import { ensureKey, KeyOperations } from '../../src/cluster/key-operations.ts'
import { readRecord } from '../../src/cluster/reading.ts'
import { openRecord } from '../../src/core/model/record.ts'
import { PRIMARY_NODE, SWITCHOVERS } from '../../src/cluster/layout.ts'
import { connect, lockBook, zookeeper } from '../support/zookeeper.ts'

const WALL = '2026-01-01T00:00:00.000Z'

t.test('never written', async (t) => {
  const server = await zookeeper(t)
  const writer = new KeyOperations(await connect(t, server), { book: lockBook(), identifier: 'writer', lockTimeout: 5_000 })
  const observer = new KeyOperations(await connect(t, server), { book: lockBook(), identifier: 'observer', lockTimeout: 400 })
  // Where the lock is free, how long a busy machine takes to give it is not what is tested.
  const patient = new KeyOperations(await connect(t, server), { book: lockBook(), identifier: 'observer', lockTimeout: 30_000 })
  const { session } = writer
  await ensureKey(session)
  const { stat } = await session.get(PRIMARY_NODE)
  await session.create(SWITCHOVERS, JSON.stringify({ czxid: stat.czxid, base: 7 }))
  for (const epoch of [8, 9]) await writer.createRecord(openRecord(epoch, WALL, { from: null, to: 'hv1', cause: 'request', timeout: 20 }))
  const outcomeOf = async (epoch: number) => (await readRecord(observer.session, epoch))?.record.outcome

  t.same(await writer.run({ op: 'lock' }), { kind: 'done' })
  t.same(await observer.concludeNotApplied(8, WALL), { kind: 'refused' }, 'somebody may be about to write it')
  t.equal(await outcomeOf(8), null)

  t.same(await writer.run({ op: 'write_key', value: 'hv1', version: stat.version }), { kind: 'done' })
  t.same(await writer.run({ op: 'unlock' }), { kind: 'done' })
  t.same(await patient.concludeNotApplied(8, WALL), { kind: 'refused' }, 'it was written')
  t.equal(await outcomeOf(8), null)

  t.same(await patient.concludeNotApplied(9, WALL), { kind: 'done' })
  t.equal(await outcomeOf(9), 'not_applied')
  t.same((await session.children(PRIMARY_NODE)).names, [], 'and the lock is released')

  await session.set(SWITCHOVERS, JSON.stringify({ czxid: '0', base: 0 }), 0)
  t.same(await patient.concludeNotApplied(8, WALL), { kind: 'refused' }, 'nobody can tell in a life of the key that the ledger does not know')
})
