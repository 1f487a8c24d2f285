/** An operator's word that a node is down, on a real ZooKeeper: a sign of life that comes between its judgement and its write wins. */
import t from 'tap'
import { put } from '../../../src/cluster/put.ts'
import type { Connector } from '../../../src/zookeeper/client/connection.ts'
import { ANY_VERSION } from '../../../src/zookeeper/session/session.ts'
import { connector } from '../../support/zookeeper.ts'
import { api, ask, clusterTree } from '../support/api.ts'

/** The client of ZooKeeper, with something that happens before each write of a daemon state. */
const before = (happens: () => Promise<void>): Connector => (options) => {
  const connection = connector(options)
  const { set, setGuarded } = connection
  const first = async (path: string) => { if (path.endsWith('/daemonstate')) await happens() }
  return Object.assign(connection, {
    set: async (...args: Parameters<typeof set>) => { await first(args[0]); return await set.apply(connection, args) },
    setGuarded: async (...args: Parameters<typeof setGuarded>) => { await first(args[0]); await setGuarded.apply(connection, args) },
  })
}

t.test('a node that comes to life before the write is not fenced', async (t) => {
  const { server, session } = await clusterTree(t)
  const fig = '/nodes/fig'
  await put(session, `${fig}/keepalive`, '1700000000')
  await session.set(`${fig}/daemonstate`, 'dead', ANY_VERSION)
  if (await session.exists(`${fig}/presence`) !== null) await session.delete(`${fig}/presence`, ANY_VERSION)
  let comes: () => Promise<void> = async () => {}
  const app = await api(t, { port: server.port, connector: before(async () => await comes()) })
  const confirm = async () => await ask(t, app, 'POST', '/api/v1/node/fig/fence-confirmation', { payload: { confirm: 'fig' } })
  const state = async () => (await session.get(`${fig}/daemonstate`)).data

  comes = async () => { await session.set(`${fig}/keepalive`, '1700000001', ANY_VERSION) }
  t.match(await confirm(), { status: 409, body: { code: 'fence_not_confirmable', outcome: 'not_started', reasons: { fig: [{ code: 'keepalive_changed' }] } } })
  t.equal(await state(), 'dead')

  // Judged dead again, after that keepalive.
  comes = async () => {}
  await session.set(`${fig}/daemonstate`, 'dead', ANY_VERSION)
  comes = async () => { if (await session.exists(`${fig}/presence`) === null) await session.create(`${fig}/presence`, '{}', { ephemeral: true }) }
  t.match(await confirm(), { status: 409, body: { code: 'fence_not_confirmable', outcome: 'not_started', reasons: { fig: [{ code: 'present' }] } } })
  t.equal(await state(), 'dead')

  comes = async () => {}
  await session.delete(`${fig}/presence`, ANY_VERSION)
  t.match(await confirm(), { status: 200 })
  t.equal(await state(), 'fenced')
  t.equal(await session.exists(`${fig}/presence`), null, 'and nothing is left there of the question whether it is present')
})
