/** Those who wait for a switchover: bounded in number, ended in time, and never told anything of a write that is not so. */
import { once } from 'node:events'
import { connect as connectSocket, type AddressInfo } from 'node:net'
import t from 'tap'
import { PRIMARY_NODE } from '../../../src/cluster/layout.ts'
import { eventually, proxy } from '../../support/zookeeper.ts'
import { api, ask, clusterTree, everything, settle, swallowRepliesToWritesOf, wish } from '../support/api.ts'

t.test('they are bounded, and end with the API or their client', async (t) => {
  const { server } = await clusterTree(t)
  const app = await api(t, { port: server.port, limits: { waiters: 2 } })
  await wish(t, app, { to: 'fig' })
  const url = '/api/v1/switchover/1?wait=3600'
  const base = await app.listen({ host: '127.0.0.1', port: 0 })
  const leaving = new AbortController()
  const left = fetch(`${base}${url}`, { signal: leaving.signal }).catch((error: unknown) => error)
  await eventually(() => app.services.waiting() === 1)
  const staying = fetch(`${base}${url}`)
  await eventually(() => app.services.waiting() === 2)
  t.match(await ask(t, app, 'GET', url), { status: 503, headers: { 'retry-after': '1' }, body: { code: 'too_many_waiting' } })
  leaving.abort()
  t.match(await left, { name: 'AbortError' })
  await eventually(() => app.services.waiting() === 1)
  const closed = app.close()
  const reply = await staying
  t.match([reply.status, await reply.json()], [200, { epoch: 1, done: false }], 'an answer at shutdown')
  await closed
  t.equal(app.services.waiting(), 0)
})

t.test('a request that wants to wait has its place before anything is written', async (t) => {
  const { server, session } = await clusterTree(t)
  const app = await api(t, { port: server.port, limits: { waiters: 1 } })
  const etag = String((await ask(t, app, 'GET', '/api/v1/node/yew/coordinator-state')).headers['etag'])
  const first = ask(t, app, 'GET', '/api/v1/node/yew/coordinator-state?wait=3600', { headers: { 'if-none-match': etag } })
  await eventually(() => app.services.waiting() === 1)
  const before = await everything(session)
  t.match(await wish(t, app, { to: 'fig' }, '?wait=60'), { status: 503, headers: { 'retry-after': '1' }, body: { code: 'too_many_waiting', outcome: 'not_started' } })
  t.strictSame(await everything(session), before, 'nothing was written')
  t.match(await wish(t, app, { to: 'fig' }), { status: 202, body: { epoch: 1, to: 'fig' } }, 'one that does not want to wait needs none')
  await session.set('/nodes/yew/routerstate', 'secondary', 0)
  t.equal((await first).status, 200)
  const posted = wish(t, app, { to: 'fig' }, '?wait=60')
  await eventually(() => app.services.waiting() === 1)
  t.match(await ask(t, app, 'GET', '/api/v1/switchover/1?wait=60'), { status: 503, body: { code: 'too_many_waiting' } })
  settle(t, session, ['plum', 'fig', 'quince'])
  t.match(await posted, { status: 200, body: { epoch: 1, outcome: 'succeeded' } })
  t.equal(app.services.waiting(), 0)
})

t.test('a request with a body waits as long as its client does', async (t) => {
  const { server, session } = await clusterTree(t)
  const app = await api(t, { port: server.port })
  await app.listen({ host: '127.0.0.1', port: 0 })
  const { port } = app.server.address() as AddressInfo
  const body = '{"to":"fig"}'
  const post = async (...parts: readonly string[]) => {
    const socket = connectSocket(port, '127.0.0.1')
    t.teardown(() => socket.destroy())
    const answer = once(socket, 'data').then(([chunk]) => String(chunk))
    answer.catch(() => {})
    for (const part of [`POST /api/v1/switchover?wait=60 HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: ${body.length}\r\n\r\n`, ...parts]) {
      socket.write(part)
      await new Promise((resolve) => { setImmediate(resolve) })
    }
    return { socket, answer }
  }
  const whole = await post(body)
  const inPieces = await post('{"to":', '"fig"', '}')
  await eventually(() => app.services.waiting() === 2 && app.services.view.board.get(1) !== null)
  const leaving = await post(body)
  await eventually(() => app.services.waiting() === 3)
  leaving.socket.destroy()
  await eventually(() => app.services.waiting() === 2)
  settle(t, session, ['plum', 'fig', 'quince'])
  t.match(await Promise.all([whole.answer, inPieces.answer]), [/^HTTP\/1.1 200 [^]*"outcome":"succeeded"/, /^HTTP\/1.1 200 [^]*"outcome":"succeeded"/])
})

t.test('ZooKeeper goes away while a switchover is waited for', async (t) => {
  const { server, session } = await clusterTree(t)
  const path = await proxy(t, server)
  const app = await api(t, { port: path.port, sessionTimeout: 60_000 })
  const posted = wish(t, app, { to: 'fig' }, '?wait=4')
  // The lock is released once the write has been acknowledged.
  await eventually(async () => app.services.view.board.primary.epoch === 1 && (await session.children('/config/primary_node')).names.length === 0)
  path.blackHole()
  t.match(await posted, {
    status: 503,
    headers: { location: '/api/v1/switchover/1', 'retry-after': '1' },
    body: { code: 'zookeeper_unavailable', outcome: 'in_progress', epoch: 1, switchover: { epoch: 1, to: 'fig', done: false } },
  }, 'whether it is over cannot be known')
  path.heal()
})

t.test('the link is lost after the key was written, and the client waits', async (t) => {
  const { server, session } = await clusterTree(t)
  const path = await proxy(t, server)
  const app = await api(t, { port: path.port, sessionTimeout: 60_000 })
  const lost = swallowRepliesToWritesOf(path, PRIMARY_NODE)
  const posted = wish(t, app, { to: 'fig' }, '?wait=60')
  await lost
  await eventually(() => app.services.view.stale)
  path.heal()
  settle(t, session, ['plum', 'fig', 'quince'])
  t.match(await posted, { status: 200, body: { epoch: 1, to: 'fig', outcome: 'succeeded' } }, 'it is told once it is known')

  const lostAgain = swallowRepliesToWritesOf(path, PRIMARY_NODE)
  const blind = wish(t, app, { to: 'plum' }, '?wait=4')
  await lostAgain
  t.match(await blind, { status: 503, headers: { location: '/api/v1/switchover/2', 'retry-after': '1' }, body: { code: 'outcome_unknown', outcome: 'unknown', epoch: 2 } }, 'that it is not known is no success')
  path.heal()
})
