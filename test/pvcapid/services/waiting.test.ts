/** Those who wait for a switchover: bounded in number, ended in time, and never told anything of a write that is not so. */
import { once } from 'node:events'
import { connect as connectSocket, type AddressInfo } from 'node:net'
import t from 'tap'
import { PRIMARY_NODE } from '../../../src/cluster/layout.ts'
import { Waiters } from '../../../src/pvcapid/services/waiters.ts'
import { ManualClock } from '../../support/manual-clock.ts'
import { eventually, proxy } from '../../support/zookeeper.ts'
import { api, ask, clusterTree, everything, OPERATE, READ, settle, swallowRepliesToWritesOf, wish } from '../support/api.ts'

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

t.test('a request that waits for its own switchover has a place that readers cannot take', async (t) => {
  const { server, session } = await clusterTree(t)
  const app = await api(t, { port: server.port, limits: { waiters: 1 } })
  const etag = String((await ask(t, app, 'GET', '/api/v1/node/yew/coordinator-state')).headers['etag'])
  const first = ask(t, app, 'GET', '/api/v1/node/yew/coordinator-state?wait=3600', { headers: { 'if-none-match': etag } })
  await eventually(() => app.services.waiting() === 1)
  const posted = wish(t, app, { to: 'fig' }, '?wait=60')
  await eventually(() => app.services.waiting() === 2)
  t.match(await ask(t, app, 'GET', '/api/v1/node/yew/coordinator-state?wait=60', { headers: { 'if-none-match': etag } }), { status: 503, body: { code: 'too_many_waiting' } })
  settle(t, session, ['plum', 'fig', 'quince'])
  t.match(await posted, { status: 200, body: { epoch: 1, outcome: 'succeeded' } })
  await session.set('/nodes/yew/routerstate', 'secondary', 0)
  t.equal((await first).status, 200)
  t.equal(app.services.waiting(), 0)
})

t.test('places for writes are bounded, also for one client, and taken before anything is written', async (t) => {
  const { server, session } = await clusterTree(t)
  const app = await api(t, { port: server.port })
  const before = await everything(session)
  const waiters = new Waiters({ clock: new ManualClock(), limit: 1 })
  const client = (identity: string) => ({ identity, keyFault: () => null, isOver: () => false, onceOver: () => ({ [Symbol.dispose] () {} }), onceGone: () => ({ [Symbol.dispose] () {} }) })
  const places: Disposable[] = []
  for (const name of ['a', 'b', 'c', 'd']) {
    for (let count = 0; count < 256; count++) places.push(waiters.placeOfWrite(client(name)))
    if (name !== 'd') t.throws(() => waiters.placeOfWrite(client(name)), { code: 'too_many_waiting', message: /share/ })
  }
  t.throws(() => waiters.placeOfWrite(client('e')), { code: 'too_many_waiting' })
  for (const place of places) place[Symbol.dispose]()
  t.equal(waiters.size, 0)
  t.match(await ask(t, app, 'GET', '/api/v1/primary'), { status: 200 })
  t.strictSame(await everything(session), before)
})

t.test('one client has its share of waiters and of streams, by address and by key', async (t) => {
  const { server } = await clusterTree(t)
  const app = await api(t, { port: server.port, authentication: true, limits: { waiters: 4, waitersPerClient: 1, eventStreams: 4, eventStreamsPerClient: 1 }, config: { trustedProxies: ['127.0.0.1'] } })
  const base = await app.listen({ host: '127.0.0.1', port: 0 })
  const etag = String((await ask(t, app, 'GET', '/api/v1/primary', { headers: { 'x-api-key': READ } })).headers['etag'])
  const leaving = new AbortController()
  const wait = (from: string, key: string) => ({ headers: { 'x-forwarded-for': from, 'x-api-key': key, 'if-none-match': etag } })
  const url = '/api/v1/primary?wait=3600'
  const held: Array<Promise<unknown>> = []
  for (const [from, key] of [['10.0.0.1', READ], ['10.0.0.1', OPERATE], ['2001:db8::1', READ]] as const) {
    const before = app.services.waiting()
    held.push(fetch(`${base}${url}`, { ...wait(from, key), signal: leaving.signal }).catch(() => null))
    await eventually(() => app.services.waiting() === before + 1)
    t.match(await ask(t, app, 'GET', url, wait(from, key)), { status: 503, headers: { 'retry-after': '1' }, body: { code: 'too_many_waiting' } }, from)
    const streams = app.services.streams()
    held.push(fetch(`${base}/api/v1/events`, { ...wait(from, key), signal: leaving.signal }).catch(() => null))
    await eventually(() => app.services.streams() === streams + 1)
    t.match(await ask(t, app, 'GET', '/api/v1/events', wait(from, key)), { status: 503, body: { code: 'too_many_waiting' } }, from)
  }
  t.match(await ask(t, app, 'GET', url, wait('2001:db8::2', READ)), { status: 503 }, 'the same network')
  leaving.abort()
  await Promise.all(held)
  await eventually(() => app.services.waiting() === 0 && app.services.streams() === 0)
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
