/** What every reading has: tags, `?consistent`; and the readings beyond PVC's. */
import t from 'tap'
import type { ClusterStatus } from '../../src/core/pvc/cluster-status.ts'
import { ANY_VERSION } from '../../src/zookeeper/session/session.ts'
import { api, ask, askOnce, clusterTree, everything, wish } from '../pvcapid/support/api.ts'
import { eventually } from '../support/zookeeper.ts'

t.test('tags, and what is true now', async (t) => {
  const { server, session } = await clusterTree(t)
  const app = await api(t, { port: server.port })
  const other = await api(t, { port: server.port })

  for (const path of ['/status', '/node', '/node/fig', '/node/fig/daemon-state', '/node/fig/coordinator-state', '/node/fig/domain-state', '/node/fig/log', '/primary', '/switchover', '/switchover/0', '/switchover/eligibility', '/status/primary_node', '/']) {
    const first = await ask(t, app, 'GET', `/api/v1${path}`)
    t.equal(first.status, 200, path)
    const etag = String(first.headers['etag'])
    t.match(etag, /^"[\w.-]+"$/, path)
    const again = await ask(t, other, 'GET', `/api/v1${path}`, { headers: { 'if-none-match': `"x", W/${etag}` } })
    t.match(again, { status: 304, text: '', headers: { etag } }, `${path}: the same at every API`)
    t.equal((await ask(t, app, 'GET', `/api/v1${path}`, { headers: { 'if-none-match': '"x"' } })).status, 200, path)
    t.equal((await ask(t, app, 'GET', `/api/v1${path}?consistent`)).status, 200, path)
    t.match(await ask(t, app, 'GET', `/api/v1${path}?consistent=maybe`), { status: 400, body: { code: 'argument_invalid' } }, path)
  }
  t.equal((await ask(t, app, 'GET', '/api/v1/node/oak', { headers: { 'if-none-match': '*' } })).status, 404, 'an error has no tag')

  t.comment('consistent: whatever was committed before is in the reply')
  for (let round = 0; round < 100; round++) {
    const state = round % 2 === 0 ? 'flush' : 'ready'
    await session.set('/nodes/fig/domainstate', state, ANY_VERSION)
    const { body } = await ask(t, app, 'GET', '/api/v1/node/fig/domain-state?consistent=true')
    if (body['domain_state'] !== state) t.fail(`round ${round}: ${JSON.stringify(body)}`)
  }
  await session.create('/nodes/oak', 'coordinator')
  await session.create('/nodes/oak/daemonstate', 'run')
  t.match((await ask(t, app, 'GET', '/api/v1/node/oak/daemon-state?consistent')).body, { daemon_state: 'run' }, 'a new node as well')
  await server.stop()
  await eventually(() => !!app.services.view.stale)
  t.match(await askOnce(t, app, 'GET', '/api/v1/node/fig?consistent'), { status: 503, body: { code: 'zookeeper_unavailable' }, headers: { 'retry-after': '1' } })
  t.equal((await ask(t, app, 'GET', '/api/v1/node/fig?consistent=false')).status, 200)
})

t.test('the status keeps what has not changed, and misses nothing', async (t) => {
  const { server, session } = await clusterTree(t)
  const app = await api(t, { port: server.port })
  const put = async (key: string, value: string) => await session.set(`/nodes/fig/${key}`, value, ANY_VERSION).catch(async () => await session.create(`/nodes/fig/${key}`, value))
  const status = async () => (await ask(t, app, 'GET', '/api/v1/status?consistent')).body as unknown as ClusterStatus
  const kept = () => app.services.view.status
  const first = await status()
  const before = kept()
  await put('memtotal', '777')
  t.match(await status(), { ...first, resources: { memory: { total: first.resources.memory.total + 777 } } })
  t.strictSame([kept().node_health === before.node_health, kept().detail.node === before.detail.node, kept() === before], [true, true, false], 'what a keepalive does not change is the same object')
  await put('daemonstate', 'dead')
  t.match(await status(), { nodes: { 'dead,ready': 1 }, detail: { node: first.detail.node.map((node) => node.name === 'fig' ? { ...node, daemon_state: 'dead' } : node) } })
  await put('monitoring_health', '50')
  t.match(await status(), { node_health: { ...first.node_health, fig: { health: 50 } } })
})

t.test('long-polls for one node, and what expects a tag', async (t) => {
  const { server, session } = await clusterTree(t)
  const app = await api(t, { port: server.port, limits: { waiters: 2 } })
  const path = '/api/v1/node/fig/coordinator-state'
  const etag = String((await ask(t, app, 'GET', path)).headers['etag'])
  const known = { headers: { 'if-none-match': etag } }
  t.equal((await ask(t, app, 'GET', `${path}?wait=60`)).status, 200, 'without a tag there is nothing to wait for')
  t.equal((await ask(t, app, 'GET', `${path}?wait=0.05`, known)).status, 304)
  const waiting = ask(t, app, 'GET', `${path}?wait=60`, known)
  const leaving = ask(t, app, 'GET', '/api/v1/node/quince/coordinator-state?wait=60', { headers: { 'if-none-match': String((await ask(t, app, 'GET', '/api/v1/node/quince/coordinator-state')).headers['etag']) } })
  await eventually(() => app.services.waiting() === 2)
  t.match(await ask(t, app, 'GET', `${path}?wait=60`, known), { status: 503, headers: { 'retry-after': '1' }, body: { code: 'too_many_waiting' } }, 'waiters are bounded')
  await session.set('/nodes/fig/cpuload', '1', ANY_VERSION).catch(async () => await session.create('/nodes/fig/cpuload', '1'))
  await eventually(() => app.services.nodes.get('fig').details.load === 1)
  t.equal(app.services.waiting(), 2, 'nobody is woken by something else')
  await session.set('/nodes/fig/routerstate', 'takeover', ANY_VERSION)
  t.match(await waiting, { status: 200, body: { coordinator_state: 'takeover' } })
  for (const child of ['daemonmode', 'daemonstate', 'routerstate', 'domainstate']) await session.delete(`/nodes/quince/${child}`, ANY_VERSION)
  await session.delete('/nodes/quince', ANY_VERSION)
  const gone = await leaving
  t.ok(gone.status === 404 || gone.body['coordinator_state'] === 'unknown', 'it ends with the node')
  await session.set('/nodes/fig/routerstate', 'secondary', ANY_VERSION)
  await eventually(() => app.services.nodes.get('fig').details.coordinator_state === 'secondary')

  t.comment('If-Match')
  const before = await everything(session)
  const refused = { status: 412, body: { code: 'precondition_failed', outcome: 'not_started' } }
  for (const tag of ['"7.1"', '"something-else"']) t.match(await ask(t, app, 'POST', `${path}?state=primary`, { headers: { 'if-match': tag } }), refused, tag)
  t.match(await ask(t, app, 'POST', '/api/v1/node/fig/domain-state?state=flush', { headers: { 'if-match': '"x"' } }), refused)
  t.match(await ask(t, app, 'POST', '/api/v1/status?state=true', { headers: { 'if-match': '"x"' } }), refused)
  t.strictSame(await everything(session), before, 'nothing was written')
  const tagOf = async (url: string) => String((await ask(t, app, 'GET', url)).headers['etag'])
  const ownTag = async (of: string) => await ask(t, app, 'POST', `/api/v1/node/fig/${of}`, { headers: { 'if-match': await tagOf(`/api/v1/node/fig/${of.split('?')[0]}`) } })
  await session.set('/nodes/fig/domainstate', 'no such state', ANY_VERSION)
  await eventually(() => app.services.nodes.get('fig').details.domain_state === null)
  t.equal((await ownTag('domain-state?state=flush')).status, 200, 'the tag of a state that cannot be read counts, too')
  t.equal((await ask(t, app, 'POST', '/api/v1/status?state=true', { headers: { 'if-match': await tagOf('/api/v1/status?consistent') } })).status, 200)
  t.equal((await ask(t, app, 'POST', `${path}?state=primary`, { headers: { 'if-match': etag } })).status, 200)
})

t.test('history and eligibility', async (t) => {
  const { server, session } = await clusterTree(t)
  await session.create('/switchovers', JSON.stringify({ czxid: (await session.get('/config/primary_node')).stat.czxid, base: 5 }))
  for (let epoch = 1; epoch <= 5; epoch++) {
    await session.create(`/switchovers/000000000${epoch}`, JSON.stringify({ epoch, from: 'plum', to: 'fig', cause: epoch === 3 ? 'fence' : 'request', requested_by: null, reason: `tea ${epoch}`, started_at: '2026-01-01T00:00:00.000Z', timeout: 60, outcome: 'succeeded', finished_at: '2026-01-01T00:00:09.000Z', continued_by: null, error: null, progress: 1, nodes: {}, timeline: [] }))
  }
  const app = await api(t, { port: server.port })
  const epochs = async (query: string) => (JSON.parse((await ask(t, app, 'GET', `/api/v1/switchover${query}`)).text) as Array<{ epoch: number }>).map(({ epoch }) => epoch)
  t.strictSame(await epochs(''), [5, 4, 3, 2, 1], 'failovers too, newest first')
  t.strictSame(await epochs('?limit=2'), [5, 4])
  t.strictSame(await epochs('?limit=2&before=4'), [3, 2])
  t.strictSame(await epochs('?before=1'), [])
  for (const query of ['?limit=0', '?limit=1001', '?before=x', '?befor=1']) t.equal((await ask(t, app, 'GET', `/api/v1/switchover${query}`)).status, 400, query)
  t.match(JSON.parse((await ask(t, app, 'GET', '/api/v1/switchover')).text), [{ reason: 'tea 5', count: 1, first_epoch: 5, first_started_at: '2026-01-01T00:00:00.000Z' }])

  t.comment('what was tried again and again')
  for (let epoch = 6; epoch <= 9; epoch++) {
    await session.create(`/switchovers/000000000${epoch}`, JSON.stringify({ epoch, from: null, to: 'fig', cause: epoch === 7 ? 'rollback' : 'contention', started_at: `2026-01-01T00:00:0${epoch}.000Z`, timeout: 60, outcome: epoch === 9 ? null : 'failed' }))
  }
  await eventually(async () => (await epochs('?each')).length === 9)
  t.match(JSON.parse((await ask(t, app, 'GET', '/api/v1/switchover?limit=3')).text), [
    { epoch: 9, done: false, count: 1 },
    { epoch: 8, outcome: 'failed', cause: 'contention', started_at: '2026-01-01T00:00:08.000Z', count: 3, first_epoch: 6, first_started_at: '2026-01-01T00:00:06.000Z' },
    { epoch: 5, count: 1 },
  ])
  t.strictSame(await epochs('?limit=2&before=6'), [5, 4], 'the page after it')
  for (const each of ['each', 'each=true']) t.strictSame(await epochs(`?limit=5&${each}`), [9, 8, 7, 6, 5], each)
  t.strictSame(await epochs('?each=false&limit=2'), [9, 8])
  t.equal((await ask(t, app, 'GET', '/api/v1/switchover?each=maybe')).status, 400)
  const { body } = await ask(t, app, 'GET', '/api/v1/switchover/7')
  t.match(body, { epoch: 7, cause: 'rollback' }, 'each is there by itself')
  t.notOk('count' in body)

  const eligible = async () => JSON.parse((await ask(t, app, 'GET', '/api/v1/switchover/eligibility?consistent')).text) as unknown
  t.match(await eligible(), [{ name: 'fig', eligible: true, reasons: [] }, { name: 'plum', eligible: true, coordinator_state: 'primary' }, { name: 'quince', eligible: true }])
  await session.set('/nodes/fig/daemonstate', 'shutdown', 0)
  t.match(await eligible(), [{ name: 'fig', eligible: false, reasons: [{ code: 'not_running' }] }, { eligible: true }, { eligible: true }])
  t.equal((await wish(t, app, { to: 'fig' })).status, 422, 'as a request would be judged')
})
