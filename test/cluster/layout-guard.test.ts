/** The connector that keeps a process from writing in a layout that it does not know, on a real ZooKeeper. */
import t from 'tap'
import { guardedConnector, type KnownNewerSchema } from '../../src/cluster/layout-guard.ts'
import { KeyOperations } from '../../src/cluster/key-operations.ts'
import { openRecord } from '../../src/core/model/record.ts'
import { ANY_VERSION, type Session } from '../../src/zookeeper/session/session.ts'
import { connect, connector, keep, lockBook, zookeeper } from '../support/zookeeper.ts'

async function guarded (t: Parameters<typeof keep>[0], known: KnownNewerSchema): Promise<{ readonly outside: Session, readonly inside: Session }> {
  const server = await zookeeper(t)
  const outside = await connect(t, server)
  for (const path of ['/config', '/config/primary_node', '/schema', '/faults', '/faults/A']) await outside.create(path, path.endsWith('node') ? 'hv1' : '')
  const { keeper } = keep(t, server, { connector: guardedConnector(connector, 'API', known) })
  return { outside, inside: await keeper.ready() }
}
const barred = { code: 'write_barred', maybeApplied: false }

t.test('writes are refused and readings are not', async (t) => {
  const state: { version: number | null } = { version: 16 }
  const { outside, inside } = await guarded(t, () => state.version)
  await t.rejects(inside.set('/config/primary_node', 'hv2', ANY_VERSION), { ...barred, message: /version 16 of PVC's layout/ })
  await t.rejects(inside.create('/config/maintenance', 'true'), barred)
  await t.rejects(inside.createSequential('/config/primary_node/x', ''), barred)
  await t.rejects(inside.delete('/faults/A', ANY_VERSION), barred)
  t.equal((await inside.get('/config/primary_node')).data, 'hv1')
  t.strictSame((await inside.children('/config')).names, ['primary_node'])
  t.not(await inside.exists('/faults/A'), null)
  await inside.sync('/')
  state.version = null
  await inside.set('/config/primary_node', 'hv2', ANY_VERSION)
  await inside.delete('/faults/A', ANY_VERSION)
  t.equal((await outside.get('/config/primary_node')).data, 'hv2')
})

t.test('where the version is not known it is read before each write', async (t) => {
  const { outside, inside } = await guarded(t, () => undefined)
  await inside.set('/config/primary_node', 'hv2', ANY_VERSION)
  await outside.create('/schema/version', '15')
  await inside.set('/config/primary_node', 'hv3', ANY_VERSION)
  await outside.set('/schema/version', '16', ANY_VERSION)
  await t.rejects(inside.set('/config/primary_node', 'hv4', ANY_VERSION), barred)
  t.equal((await outside.get('/config/primary_node')).data, 'hv3')
})

t.test('a change of the key that the version is raised under ends without it, and its lock is released', async (t) => {
  const state: { version: number | null } = { version: null }
  const { outside, inside } = await guarded(t, () => state.version)
  const operations = new KeyOperations(inside, { book: lockBook(), identifier: 'a test', lockTimeout: 1_000 })
  t.match(await operations.run({ op: 'lock' }), { kind: 'done' })
  state.version = 16
  const record = openRecord(1, '2026-02-03T04:05:06.789Z', { from: 'hv1', to: 'hv2', cause: 'request', timeout: 60 })
  t.match(await operations.run({ op: 'create_record', record }), { kind: 'denied', denial: { code: 'write_barred', message: /^The cluster uses version 16/ } })
  t.match(await operations.run({ op: 'write_key', value: 'hv2', version: 0 }), { kind: 'denied', denial: { code: 'write_barred' } })
  t.match(await operations.run({ op: 'unlock' }), { kind: 'done' })
  t.strictSame((await outside.children('/config/primary_node')).names, [], 'the lock is free')
  t.match(await operations.run({ op: 'lock' }), { kind: 'denied' }, 'and not taken again')
  t.strictSame((await outside.children('/config/primary_node')).names, [])
})
