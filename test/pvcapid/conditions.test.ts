/** Conditions on every surface, a share of them; `npm run campaign -- conditions` has all. And what an API says while it has no contact. */
import t from 'tap'
import { deleteFault, raiseFault } from '../../src/cluster/fault-writer.ts'
import { ANY_VERSION } from '../../src/zookeeper/session/session.ts'
import { eventually } from '../support/zookeeper.ts'
import { api, ask, clusterTree } from './support/api.ts'
import { run } from './support/condition-surfaces.ts'

t.test('each is everywhere while it is so, then nowhere', async (t) => {
  await run(t, new Set(['primary_dead', 'fence_unconfirmed', 'node_fenced', 'node_health_low', 'fencing_suspended', 'lock_held', 'resource_lost', 'address_duplicate', 'fence_probe', 'domains_left', 'schema_too_new']))
})

t.test('a fault ends with its condition, acknowledged or not', async (t) => {
  const { server, session } = await clusterTree(t)
  const app = await api(t, { port: server.port })
  const faults = async () => JSON.parse((await ask(t, app, 'GET', '/api/v1/faults')).text) as Array<{ id: string, status: string, health_delta: number }>
  await session.create('/nodes/fig/monitoring_health', '10')
  await eventually(async () => (await faults()).length === 1)
  const id = (await faults())[0]?.id ?? ''
  t.strictSame((await session.children('/faults')).names, [], 'no API has written it')
  t.match(await ask(t, app, 'GET', '/api/v1/status'), { body: { cluster_health: { health: 90 } } })
  t.match(await ask(t, app, 'DELETE', `/api/v1/faults/${id}`), { status: 200 })
  t.match(await faults(), [{ id, status: 'new' }], 'it is still so')
  t.match(await ask(t, app, 'PUT', `/api/v1/faults/${id}`), { status: 200, body: { message: `Acknowledged: ${id}.` } })
  await eventually(async () => (await faults())[0]?.status === 'ack')
  t.match(await ask(t, app, 'GET', '/api/v1/status'), { body: { cluster_health: { health: 100 } } })
  t.match(await ask(t, app, 'GET', '/health/cluster?warning'), { status: 503, body: { status: 'warning', conditions: [{ code: 'node_health_low' }] } }, 'acknowledged, it is still so')
  await session.set('/nodes/fig/monitoring_health', '100', ANY_VERSION)
  await eventually(async () => (await session.children('/faults')).names.length === 0)
  await eventually(() => app.services.view.conditions.length === 0)
  const well = await ask(t, app, 'GET', '/health/cluster')
  t.match(well, { status: 200, body: { status: 'ok', primary: 'plum', stale: false } })
  t.strictSame(well.body['conditions'], [])

  await session.set('/nodes/fig/daemonstate', 'dead', ANY_VERSION)
  await raiseFault(session, { kind: 'node_dead', node: 'fig' }, '2026-02-03T04:05:07.789Z')
  await eventually(async () => (await ask(t, app, 'GET', '/health/cluster')).status === 503)
  t.match(app.services.view.conditions, [{ code: 'node_dead', node: 'fig' }])
  t.match(await ask(t, app, 'PUT', '/api/v1/faults'), { status: 200 })
  await session.set('/nodes/fig/daemonstate', 'run', ANY_VERSION)
  await eventually(async () => (await session.children('/faults')).names.length === 0)
  await raiseFault(session, { kind: 'resource_lost', node: 'fig', subject: 'ip' }, '2026-02-03T04:05:07.789Z')
  await eventually(async () => (await ask(t, app, 'GET', '/health/cluster')).body['status'] === 'warning')
  t.match(app.services.view.conditions, [{ code: 'fault' }], 'a fault of another client is left to that client')
  for (const name of (await session.children('/faults')).names) await deleteFault(session, name)
  await eventually(async () => (await ask(t, app, 'GET', '/health/cluster')).body['status'] === 'ok')
})

t.test('the fault of a lost resource ends when its node is configured without it', async (t) => {
  const { server, session } = await clusterTree(t)
  const resources = (...names: string[]) => JSON.stringify({ resources: names.map((name) => ({ name, state: 'released', error: null, since: '2026-01-01T00:00:00.000Z' })) })
  await session.create('/nodes/plum/resources', resources('ip.v4', 'other'))
  await raiseFault(session, { kind: 'resource_lost', node: 'plum', subject: 'ip.v4', detail: 'The acquire of ip.v4 failed: no carrier.' }, '2026-02-03T04:05:07.789Z')
  const app = await api(t, { port: server.port })
  await eventually(async () => (await ask(t, app, 'GET', '/health/cluster')).body['status'] === 'warning')
  t.match(app.services.view.conditions, [{ code: 'fault' }])
  await session.set('/nodes/plum/resources', resources('other'), ANY_VERSION)
  await eventually(async () => (await session.children('/faults')).names.length === 0)
})

t.test('which domains a fenced node has left is said until they are elsewhere', async (t) => {
  const { server, session } = await clusterTree(t)
  const app = await api(t, { port: server.port })
  for (const [uuid, name, node, state] of [['u1', 'web1', 'fig', 'start'], ['u2', '', 'fig', 'migrate'], ['u3', 'old1', 'fig', 'stop'], ['u4', 'db1', 'quince', 'start']] as const) {
    await session.create(`/domains/${uuid}`, name)
    await session.create(`/domains/${uuid}/node`, node)
    await session.create(`/domains/${uuid}/state`, state)
  }
  const left = async () => ((await ask(t, app, 'GET', '/api/v1/status?consistent')).body as { readonly conditions?: ReadonlyArray<{ readonly code: string, readonly message: string }> }).conditions?.filter(({ code }) => code === 'domains_left').map(({ message }) => message)
  const transition = JSON.stringify({ direction: 'start', epoch: null, step: 1, of: 1, released: [], since: '2026-01-01T00:00:00.000Z', error: null })
  for (const name of ['plum', 'fig', 'quince', 'yew']) await session.create(`/nodes/${name}/transition`, transition)
  t.strictSame(await left(), [])
  await session.set('/nodes/fig/daemonstate', 'fenced', ANY_VERSION)
  t.strictSame(await left(), ['fig was fenced, and 2 domains are still on it: u2, web1.'])
  t.match((await ask(t, app, 'GET', '/api/v1/status')).text, /"text":"fig was fenced, and 2 domains are still on it: u2, web1\."/, 'in the health that PVC\'s client shows, too')
  await session.set('/domains/u1/node', 'quince', ANY_VERSION)
  t.strictSame(await left(), ['fig was fenced, and 1 domain is still on it: u2.'])
  await session.set('/domains/u2/state', 'stop', ANY_VERSION)
  t.strictSame(await left(), [])
  await session.set('/domains/u2/state', 'start', ANY_VERSION)
  t.equal((await left())?.length, 1)
  await session.set('/nodes/fig/daemonstate', 'run', ANY_VERSION)
  t.strictSame(await left(), [])
})

t.test('without contact nothing is settled, and bodies say so', async (t) => {
  const { server } = await clusterTree(t)
  const app = await api(t, { port: server.port })
  const first = await ask(t, app, 'GET', '/api/v1/primary')
  t.strictSame(first.body, { name: 'plum', epoch: 0, since: first.body['since'], settled: true })
  const waiting = ask(t, app, 'GET', '/api/v1/primary?wait=60', { headers: { 'if-none-match': String(first.headers['etag']) } })
  await server.stop()
  t.match(await waiting, { status: 200, headers: { 'x-view-stale': 'true', etag: '"0.stale"' }, body: { name: 'plum', settled: false, stale: true } }, 'who waits is told')
  t.match(await ask(t, app, 'GET', '/health/cluster'), { status: 503, body: { status: 'critical', stale: true, conditions: [{ code: 'view_stale' }] } })
  t.match((await ask(t, app, 'GET', '/metrics')).text, /^pvc_condition\{code="view_stale",severity="critical",node="",resource=""\} 1$/m)
})
