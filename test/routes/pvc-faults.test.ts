/** Faults, tasks and figures as PVC's client, its plugins and its Prometheus ask for them; what stays with PVC says so in a sentence that its client prints. */
import t from 'tap'
import { raiseFault } from '../../src/cluster/fault-writer.ts'
import { faultId } from '../../src/core/pvc/fault.ts'
import { isNoNode } from '../../src/zookeeper/client/errors.ts'
import { eventually } from '../support/zookeeper.ts'
import { api, ask, clusterTree, OPERATE, READ } from '../pvcapid/support/api.ts'

t.test('faults', async (t) => {
  const { server, session } = await clusterTree(t)
  const app = await api(t, { port: server.port })
  const list = async (query = '') => JSON.parse((await ask(t, app, 'GET', `/api/v1/faults${query}`)).text) as Array<Record<string, unknown>>
  t.strictSame(await list(), [])
  t.match(await ask(t, app, 'PUT', '/api/v1/faults'), { status: 200, body: { message: 'There is no fault.' } })
  const lost = { kind: 'resource_lost', node: 'fig', detail: 'upstream is gone' } as const
  await raiseFault(session, lost, '2026-02-03T04:05:06.789Z')
  await raiseFault(session, { kind: 'node_dead', node: 'plum' }, '2026-02-03T04:05:07.789Z')
  await session.create('/faults/ABCD1234', '')
  const id = faultId(lost)
  // A fault is listed once it exists; its texts may be read a moment later.
  await eventually(async () => (await list()).filter(({ health_delta: delta }) => delta !== 0).length === 2 && (await list()).length === 3)
  t.strictSame((await session.children(`/faults/${id}`)).names.sort(), ['ack_time', 'delta', 'first_time', 'last_time', 'message', 'status'], 'PVC\'s format')
  t.strictSame((await list()).map(({ health_delta: delta }) => delta), [50, 25, 0], 'newest first')
  t.strictSame((await list('?sort_key=health_delta')).map(({ health_delta: delta }) => delta), [50, 25, 0])
  t.strictSame((await list('?sort_key=message')).map(({ message }) => String(message).slice(0, 8)), ['', 'Node fig', 'Node plu'])
  t.equal((await ask(t, app, 'GET', '/api/v1/faults?sort_key=nonsense')).status, 400)
  t.strictSame(JSON.parse((await ask(t, app, 'GET', `/api/v1/faults/${id}`)).text), [{ id, last_reported: '2026-02-03 04:05:06', first_reported: '2026-02-03 04:05:06', acknowledged_at: '', status: 'new', health_delta: 25, message: 'Node fig has lost a resource and could not acquire it again: upstream is gone' }])

  for (const headers of [{}, { 'content-type': 'application/json' }]) t.match(await ask(t, app, 'PUT', `/api/v1/faults/${id}`, { headers, payload: '' }), { status: 200 })
  t.equal((await session.get(`/faults/${id}/status`)).data, 'ack')
  t.match((await session.get(`/faults/${id}/ack_time`)).data, /^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d$/)
  t.match(await ask(t, app, 'PUT', `/api/v1/faults/${id}`), { body: { message: /already/i } })
  await raiseFault(session, { ...lost, detail: 'again' }, '2026-02-03T05:00:00Z')
  t.strictSame(await Promise.all(['status', 'first_time', 'last_time', 'message'].map(async (key) => (await session.get(`/faults/${id}/${key}`)).data)), ['ack', '2026-02-03 04:05:06', '2026-02-03 05:00:00', 'Node fig has lost a resource and could not acquire it again: again'], 'found again, it is the same fault, and acknowledged')
  t.match(await ask(t, app, 'DELETE', `/api/v1/faults/${id}`), { status: 200 })
  t.equal(await session.exists(`/faults/${id}`), null)
  for (const method of ['GET', 'PUT', 'DELETE'] as const) {
    for (const other of [id, 'a%2Fb']) {
      await eventually(async () => (await list()).length === 2)
      t.match(await ask(t, app, method, `/api/v1/faults/${other}`), { status: 404 }, `${method} ${other}`)
    }
  }
  t.match(await ask(t, app, 'PUT', '/api/v1/faults/ABCD1234'), { status: 200, body: { message: /^Acknowledged: ABCD1234/ } })
  t.equal((await session.get('/faults/ABCD1234/status')).data, 'ack', 'one that came without a status')
  t.match(await ask(t, app, 'PUT', '/api/v1/faults'), { status: 200 })
  t.match(await ask(t, app, 'DELETE', '/api/v1/faults'), { status: 200, body: { message: /^Deleted: / } })
  t.strictSame((await session.children('/faults')).names, [])
})

t.test('a great many at once', async (t) => {
  const { server, session } = await clusterTree(t)
  const app = await api(t, { port: server.port })
  const many = Array.from({ length: 300 }, (_, index) => `F${index}`)
  await session.ensurePath('/faults')
  await Promise.all(many.map(async (id) => {
    await session.create(`/faults/${id}`, '')
    await Promise.all(['status', 'message'].map(async (key) => await session.create(`/faults/${id}/${key}`, 'new')))
  }))
  t.match(await ask(t, app, 'PUT', '/api/v1/faults'), { status: 200 })
  t.strictSame(new Set(await Promise.all(many.map(async (id) => (await session.get(`/faults/${id}/status`)).data))), new Set(['ack']))
  t.match(await ask(t, app, 'DELETE', '/api/v1/faults'), { status: 200 })
  t.strictSame((await session.children('/faults')).names, [])
})

t.test('a key that may only read changes no fault', async (t) => {
  const { server, session } = await clusterTree(t)
  const app = await api(t, { port: server.port, authentication: true })
  await raiseFault(session, { kind: 'node_dead', node: 'plum' }, '2026-02-03T04:05:07.789Z')
  for (const method of ['PUT', 'DELETE'] as const) {
    t.equal((await ask(t, app, method, '/api/v1/faults')).status, 401)
    t.match(await ask(t, app, method, '/api/v1/faults', { headers: { 'x-api-key': READ } }), { status: 403, body: { outcome: 'not_started' } })
  }
  t.equal((await session.children('/faults')).names.length, 1)
  t.equal((await ask(t, app, 'GET', '/api/v1/faults')).status, 401)
  t.equal((await ask(t, app, 'DELETE', '/api/v1/faults', { headers: { 'x-api-key': OPERATE } })).status, 200)
  t.equal((await ask(t, app, 'GET', '/api/v1/metrics')).status, 200, 'Prometheus has no key')
})

t.test('tasks, figures, and what stays with PVC', async (t) => {
  const { server } = await clusterTree(t)
  const app = await api(t, { port: server.port })
  t.equal((await ask(t, app, 'GET', '/api/v1/tasks')).text, '[]')
  for (const path of ['metrics', 'metrics/health']) {
    const reply = await ask(t, app, 'GET', `/api/v1/${path}`)
    t.match(reply, { status: 200, headers: { 'content-type': 'text/plain; version=0.0.4; charset=utf-8' } })
    t.match(reply.text, /^pvc_nodes 4$/m)
    t.equal(/^pvc_node_load_average/m.test(reply.text), path === 'metrics')
    t.equal((await ask(t, app, 'GET', `/api/v1/${path}`, { headers: { 'if-none-match': String(reply.headers['etag']) } })).status, 304)
  }
  for (const [method, path] of [['GET', 'vm'], ['POST', 'vm'], ['GET', 'vm/web1/state'], ['GET', 'network'], ['GET', 'storage/ceph/status'], ['GET', 'provisioner/template'], ['POST', 'initialize'], ['GET', 'backup'], ['GET', 'tasks/1'], ['GET', 'metrics/ceph'], ['GET', 'sriov/pf/hv1'], ['OPTIONS', 'vm']] as const) {
    t.match(await ask(t, app, method, `/api/v1/${path}`), { status: 501, body: { code: 'served_by_pvc', message: /PVC's own API/ } }, `${method} ${path}`)
  }
  t.equal((await ask(t, app, 'GET', '/api/v1/vmware')).status, 404)
})

t.test('slashes and methods as a web framework of Python\'s takes them', async (t) => {
  const { server } = await clusterTree(t)
  const app = await api(t, { port: server.port })
  for (const path of ['/api/v1//status', '/api/v1//', '/api/v1//node/plum']) t.equal((await app.inject({ url: path })).statusCode, 200, path)
  for (const [path, allow] of [['/api/v1/status', 'GET, HEAD, OPTIONS, POST'], ['/api/v1/faults', 'DELETE, GET, HEAD, OPTIONS, PUT'], ['/api/v1/node/plum/coordinator-state', 'GET, HEAD, OPTIONS, POST'], ['/api/v1//status', 'GET, HEAD, OPTIONS, POST']] as const) {
    const { statusCode, headers, body } = await app.inject({ method: 'OPTIONS', url: path })
    t.match({ statusCode, headers, body }, { statusCode: 204, headers: { allow }, body: '' }, path)
  }
  t.equal((await app.inject({ method: 'OPTIONS', url: '/api/v1/nonsense' })).statusCode, 404)
  t.match(await ask(t, app, 'DELETE', '/api/v1/status'), { status: 405, headers: { allow: 'GET, HEAD, OPTIONS, POST' } })
})

t.test('faults that are raised, acknowledged and deleted at the same time', { timeout: 120_000 }, async (t) => {
  const { server, session } = await clusterTree(t)
  const [app, other] = [await api(t, { port: server.port }), await api(t, { port: server.port })]
  const statuses = new Set<number>()
  const asked = async (method: 'PUT' | 'DELETE', path: string, through = app) => { statuses.add((await ask(t, through, method as 'POST', path)).status) }
  for (let round = 0; round < 25; round++) {
    const ids = await Promise.all(Array.from({ length: 8 }, async (_, at) => {
      await raiseFault(session, { kind: 'resource_lost', node: 'fig', subject: `r${at}` }, '2026-02-03T04:05:06.789Z')
      return faultId({ kind: 'resource_lost', node: 'fig', subject: `r${at}` })
    }))
    await Promise.all([
      asked('DELETE', '/api/v1/faults'), asked('PUT', '/api/v1/faults'), asked('DELETE', '/api/v1/faults', other), asked('PUT', '/api/v1/faults', other),
      ...ids.flatMap((id) => [asked('PUT', `/api/v1/faults/${id}`), asked('DELETE', `/api/v1/faults/${id}`, other)]),
      raiseFault(session, { kind: 'resource_lost', node: 'fig', subject: 'r0' }, '2026-02-03T04:05:07.789Z').catch((error: unknown) => { if (!isNoNode(error)) throw error }),
    ])
  }
  t.strictSame([...statuses].filter((status) => status !== 200 && status !== 404), [], [...statuses].join())
  await asked('DELETE', '/api/v1/faults')
  t.strictSame((await session.children('/faults')).names, [], 'and none comes back in part')
})
