/** What two APIs answer for writes of the key by another program, at once and when the key has been written again. */
import t from 'tap'
import { PRIMARY_NODE } from '../../../../src/cluster/layout.ts'
import { ANY_VERSION } from '../../../../src/zookeeper/session/session.ts'
import { eventually } from '../../../support/zookeeper.ts'
import { api, ask, clusterTree, settle, wish } from '../../support/api.ts'

const names = ['plum', 'fig', 'quince']
type Api = Awaited<ReturnType<typeof api>>

async function seen (t: Parameters<typeof ask>[0], apis: readonly Api[], epoch: number) {
  for (const app of apis) await eventually(() => (app.services.view.board.primary.epoch ?? -1) >= epoch)
  return await Promise.all(apis.map(async (app) => await ask(t, app, 'GET', `/api/v1/switchover/${epoch}`)))
}

t.test('a key that is written to itself', async (t) => {
  const { server, session } = await clusterTree(t)
  const apis = [await api(t, { port: server.port }), await api(t, { port: server.port })]
  const [app] = apis as [Api]
  settle(t, session, names)
  t.match(await wish(t, app, { to: 'fig', reason: 'tea' }), { status: 202, body: { epoch: 1 } })
  await seen(t, apis, 1)
  const done = await ask(t, app, 'GET', '/api/v1/switchover/1?wait=60')
  t.match(done.body, { done: true, outcome: 'succeeded' })
  for (const epoch of [2, 3, 4]) {
    await session.set(PRIMARY_NODE, 'fig', ANY_VERSION)
    for (const reply of await seen(t, apis, epoch)) t.strictSame({ status: reply.status, body: reply.body }, { status: 200, body: { ...done.body as object, epoch } })
  }
  for (const each of apis) {
    for (const epoch of [2, 3]) t.strictSame((await ask(t, each, 'GET', `/api/v1/switchover/${epoch}`)).body, { ...done.body as object, epoch }, 'the same as before')
    t.match(await ask(t, each, 'GET', '/api/v1/switchover/5'), { status: 404, body: { code: 'epoch_unknown' } })
    t.match((await ask(t, each, 'GET', '/api/v1/switchover')).body, [{ epoch: 1 }], 'the history has it once')
  }
})

t.test('keys that another program writes, where no coordinator makes records', async (t) => {
  const { server, session } = await clusterTree(t)
  const apis = [await api(t, { port: server.port }), await api(t, { port: server.port })]
  await session.set(PRIMARY_NODE, 'fig', ANY_VERSION)
  const first = await seen(t, apis, 1)
  for (const reply of first) t.match(reply, { status: 200, body: { from: 'plum', to: 'fig', cause: 'external', done: false } })
  t.equal(first[0]?.text, first[1]?.text)
  settle(t, session, names)
  for (const app of apis) t.match((await ask(t, app, 'GET', '/api/v1/switchover/1?wait=60')).body, { from: 'plum', done: true, started_at: (first[0]?.body as { started_at: string }).started_at })
  await session.set(PRIMARY_NODE, 'quince', ANY_VERSION)
  await seen(t, apis, 2)
  for (const app of apis) t.match(await ask(t, app, 'GET', '/api/v1/switchover/1'), { status: 410, body: { code: 'epoch_unrecorded', epoch: 1 } })
})
