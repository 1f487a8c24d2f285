/** ZooKeeper away: at the start, later, in the middle of a write. */
import t from 'tap'
import { MAINTENANCE, PRIMARY_NODE } from '../../../src/cluster/layout.ts'
import { connect, eventually, proxy } from '../../support/zookeeper.ts'
import { api, ask, askOnce, clusterTree, everything, openApi, settle, swallowRepliesToWritesOf, wish, wishOnce } from '../support/api.ts'

t.test('not there at the start', async (t) => {
  const { server } = await clusterTree(t)
  await server.stop()
  const app = await openApi(t, { port: server.port })
  await app.listen({ port: 0 })
  for (const path of ['/api/v1/node', '/api/v1/node/fig', '/api/v1/node/fig/coordinator-state', '/api/v1/status', '/api/v1/status/primary_node', '/api/v1/primary', '/api/v1/switchover/1', '/api/v1/node/fig/log']) {
    t.match(await askOnce(t, app, 'GET', path), { status: 503, headers: { 'retry-after': '1', 'x-view-stale': 'true', 'x-view-age': 'Infinity' }, body: { code: 'zookeeper_unavailable' } }, path)
  }
  const writes = ['/api/v1/node/fig/coordinator-state?state=primary', '/api/v1/node/fig/domain-state?state=flush', '/api/v1/status?state=true']
  for (const reply of await Promise.all([wishOnce(t, app, { to: 'fig' }), ...writes.map(async (path) => await askOnce(t, app, 'POST', path))])) {
    t.match(reply, { status: 503, body: { code: 'zookeeper_unavailable', outcome: 'not_started' } })
  }
  t.match(await ask(t, app, 'GET', '/health/ready'), { status: 503, body: { status: 'unavailable', view_age: null } })
  t.equal((await ask(t, app, 'GET', '/health/live')).status, 200)
  await server.start()
  await app.services.view.ready
  t.equal((await ask(t, app, 'GET', '/api/v1/node')).status, 200, 'it comes by itself')
  t.equal((await ask(t, app, 'GET', '/health/ready')).status, 200)
})

t.test('away later, and back', async (t) => {
  const { server, session } = await clusterTree(t)
  const app = await api(t, { port: server.port, sessionTimeout: 6_000 })
  const before = await everything(session)
  await server.stop()
  for (const path of ['/api/v1/node', '/api/v1/primary', '/api/v1/status', '/api/v1/node/fig/coordinator-state']) t.equal((await ask(t, app, 'GET', path)).status, 200, path)
  const asked = performance.now()
  // That the last is so already cannot be known either.
  const writes = [wishOnce(t, app, { to: 'fig' }), askOnce(t, app, 'POST', '/api/v1/node/fig/domain-state?state=flush'), wishOnce(t, app, { to: 'plum' })]
  for (const reply of await Promise.all(writes)) t.match(reply, { status: 503, body: { outcome: 'not_started' } })
  t.ok(performance.now() - asked < 6_000, 'within their bound')
  await eventually(() => app.services.view.stale)
  t.match(await ask(t, app, 'GET', '/api/v1/node'), { status: 200, headers: { 'x-view-stale': 'true' } })
  t.equal((await ask(t, app, 'GET', '/health/ready')).status, 503)
  t.equal((await ask(t, app, 'GET', '/health/live')).status, 200)
  await server.start()
  await eventually(() => !app.services.view.stale)
  t.equal((await ask(t, app, 'GET', '/health/ready')).status, 200)
  t.strictSame(await everything(await connect(t, server)), before, 'nothing was written')
  t.equal((await wish(t, app, { to: 'fig' })).status, 202)
})

t.test('silent, and not yet known to be: the lock is not what is said to be missing', async (t) => {
  const { server } = await clusterTree(t)
  const app = await api(t, { port: server.port, sessionTimeout: 60_000 })
  await server.pause()
  t.teardown(() => server.resume())
  const writes = [wishOnce(t, app, { to: 'fig' }), wishOnce(t, app, { to: 'fig' }, '?wait=5'), wishOnce(t, app, { from: 'plum' }), askOnce(t, app, 'POST', '/api/v1/node/fig/coordinator-state?state=primary'), askOnce(t, app, 'POST', '/api/v1/node/plum/coordinator-state?state=secondary')]
  for (const reply of await Promise.all(writes)) t.match(reply, { status: 503, body: { code: 'zookeeper_unavailable', outcome: 'not_started' } })
})

t.test('silent for a while: the same request, sent again as the reply says, is carried out once', async (t) => {
  const { server } = await clusterTree(t)
  const app = await api(t, { port: server.port, sessionTimeout: 60_000 })
  await server.pause()
  t.teardown(() => server.resume())
  const asked = wish(t, app, { to: 'fig' })
  t.match(await wishOnce(t, app, { to: 'fig' }), { status: 503, body: { code: 'zookeeper_unavailable', outcome: 'not_started' } })
  server.resume()
  let reply = await asked
  // A contender that was given up stands in front of the lock until the API has deleted it.
  while (reply.body['code'] === 'lock_not_had') reply = await wish(t, app, { to: 'fig' })
  t.match(reply, { status: 202, body: { epoch: 1, to: 'fig' } }, reply.text)
  t.match(await (await connect(t, server)).get(PRIMARY_NODE), { data: 'fig', stat: { version: 1 } })
})

t.test('the link is lost after the key was written', async (t) => {
  const { server, session } = await clusterTree(t)
  const path = await proxy(t, server)
  const app = await api(t, { port: path.port, sessionTimeout: 60_000 })
  const lost = swallowRepliesToWritesOf(path, PRIMARY_NODE)
  const asked = performance.now()
  const reply = await wish(t, app, { to: 'fig' })
  t.ok(performance.now() - asked < 5_000)
  t.match(reply, { status: 202, headers: { location: '/api/v1/switchover/1' }, body: { code: 'outcome_unknown', outcome: 'unknown', epoch: 1 } })
  t.equal((await session.get('/config/primary_node')).data, 'fig')
  await lost
  path.heal()
  settle(t, session, ['plum', 'fig', 'quince'])
  await eventually(() => app.services.view.board.get(1) !== null)
  t.match(await ask(t, app, 'GET', '/api/v1/switchover/1?wait=60'), { status: 200, body: { outcome: 'succeeded', to: 'fig' } }, 'the client can find out')
  t.equal((await session.get('/config/primary_node')).stat.version, 1)
  await eventually(async () => (await session.children('/config/primary_node')).names.every((name) => !name.includes('__lock__')))
})

t.test('the link is lost after the key was written, and somebody writes over it before it is back', async (t) => {
  const { server, session } = await clusterTree(t)
  const path = await proxy(t, server)
  const app = await api(t, { port: path.port, sessionTimeout: 60_000 })
  const lost = swallowRepliesToWritesOf(path, PRIMARY_NODE)
  const asked = wish(t, app, { to: 'fig' })
  await lost
  await eventually(async () => (await session.get('/config/primary_node')).stat.version === 1)
  await session.set('/config/primary_node', 'fig', 1)
  path.heal()
  t.match(await asked, { status: 202, headers: { location: '/api/v1/switchover/1' }, body: { code: 'outcome_unknown', outcome: 'unknown', epoch: 1 } }, 'what cannot be seen any more is not known')
  t.match(await ask(t, app, 'GET', '/api/v1/switchover/1?wait=60'), { status: 200, body: { outcome: 'superseded', to: 'fig' } }, 'but it has ended')
})

t.test('the link is lost after a small write, and somebody writes over it before it is back', async (t) => {
  const { server, session } = await clusterTree(t)
  const path = await proxy(t, server)
  const app = await api(t, { port: path.port, sessionTimeout: 60_000 })
  const { version } = (await session.get(MAINTENANCE)).stat
  const lost = swallowRepliesToWritesOf(path, MAINTENANCE)
  const asked = ask(t, app, 'POST', '/api/v1/status?state=true')
  await lost
  await eventually(async () => (await session.get(MAINTENANCE)).stat.version === version + 1)
  await session.set(MAINTENANCE, 'false', version + 1)
  path.heal()
  t.match(await asked, { status: 503, body: { code: 'outcome_unknown', outcome: 'unknown' } })
  t.equal((await session.get(MAINTENANCE)).data, 'false', 'and it is not done twice')
})

t.test('nothing passes any more before the write', async (t) => {
  const { server, session } = await clusterTree(t)
  const path = await proxy(t, server)
  const app = await api(t, { port: path.port, sessionTimeout: 60_000 })
  const before = await everything(session)
  path.blackHole()
  const asked = performance.now()
  const replies = await Promise.all([wishOnce(t, app, { to: 'fig' }), askOnce(t, app, 'POST', '/api/v1/node/quince/coordinator-state?state=primary'), askOnce(t, app, 'POST', '/api/v1/status?state=true')])
  t.ok(performance.now() - asked < 6_000)
  t.strictSame(replies.slice(0, 2).map(({ status, body }) => [status, body['outcome']]), [[503, 'not_started'], [503, 'not_started']])
  t.match(replies[2], { status: 503, body: { outcome: 'not_started' } })
  path.heal()
  await eventually(() => app.services.view.age < 1_000)
  t.strictSame(await everything(session), before, 'nothing was written, and nothing is later')
  t.equal((await wish(t, app, { to: 'fig' })).status, 202)
})
