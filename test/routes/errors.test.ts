/** Every refusal: its status, its code, and that nothing at all was written. */
import t from 'tap'
import { patiently } from '../support/api-client.ts'
import { api, ask, clusterTree, everything, OPERATE, READ, wish } from '../pvcapid/support/api.ts'
import { eventually } from '../support/zookeeper.ts'

t.test('what is refused writes nothing', async (t) => {
  const { server, session } = await clusterTree(t)
  const app = await api(t, { port: server.port })
  const before = await everything(session)
  const expect = async (status: number, code: string, reply: ReturnType<typeof ask>): Promise<void> => {
    const { status: got, body } = await reply
    t.strictSame([got, body['code']], [status, code], `${status} ${code}`)
  }
  const json = { 'content-type': 'application/json' }

  t.comment('bodies')
  for (const body of [{}, { reason: 'x' }, { to: 7 }, { to: 'fig', form: 'plum' }, { to: '../config' }, { to: '' }, { to: 'x'.repeat(65) }, { to: 'fig', timeout: '30' }, { to: 'fig', timeout: 0 }, { to: 'fig', reason: 'x'.repeat(501) }, { from: null }]) {
    await expect(400, 'argument_invalid', wish(t, app, body))
  }
  await expect(400, 'malformed_request', ask(t, app, 'POST', '/api/v1/switchover', { payload: '{"to":', headers: json }))
  await expect(400, 'malformed_request', ask(t, app, 'POST', '/api/v1/switchover', { payload: '', headers: json }))
  await expect(400, 'argument_invalid', ask(t, app, 'POST', '/api/v1/switchover', { payload: '["fig"]', headers: json }))
  await expect(400, 'argument_invalid', ask(t, app, 'POST', '/api/v1/switchover'))
  await expect(415, 'media_type_unsupported', ask(t, app, 'POST', '/api/v1/switchover', { payload: 'to=fig', headers: { 'content-type': 'application/x-www-form-urlencoded' } }))
  await expect(415, 'media_type_unsupported', ask(t, app, 'POST', '/api/v1/node/fig/coordinator-state', { payload: 'state=primary', headers: { 'content-type': 'text/plain' } }))
  await expect(413, 'body_too_large', ask(t, app, 'POST', '/api/v1/switchover', { payload: JSON.stringify({ to: 'x'.repeat(70_000) }), headers: json }))

  t.comment('queries and headers')
  for (const query of ['?wait=soon', '?wait=-1', '?wait=3601', '?wait=1&wait=2', '?wiat=1', '?wait=true', '?wait=']) await expect(400, 'argument_invalid', wish(t, app, { to: 'fig' }, query))
  await expect(400, 'argument_invalid', wish(t, app, { to: 'fig' }, '', { 'if-match': 'yesterday' }))
  for (const lines of ['0', '-1', 'ten', '1.5', '']) await expect(400, 'argument_invalid', ask(t, app, 'GET', `/api/v1/node/plum/log?lines=${lines}`))
  for (const epoch of ['x', '-1', '1.5', '10000000000']) await expect(400, 'argument_invalid', ask(t, app, 'GET', `/api/v1/switchover/${epoch}`))
  await expect(400, 'pattern_invalid', ask(t, app, 'GET', '/api/v1/node?limit=(%3F%3Dx)'))
  await expect(400, 'argument_invalid', ask(t, app, 'GET', `/api/v1/node?limit=${'x'.repeat(201)}`))
  await expect(400, 'argument_invalid', ask(t, app, 'GET', '/api/v1/node?limit=a&limit=b'))

  t.comment('names that lead elsewhere')
  for (const name of ['..', '%2e%2e', '%00', 'fig%2Fdaemonstate', '..%2F..%2Fconfig', 'x'.repeat(300), '%ff%fe', 'fig%00']) {
    const { status } = await app.inject({ method: 'GET', url: `/api/v1/node/${name}/daemon-state` }).then(({ statusCode }) => ({ status: statusCode }))
    t.ok(status === 404 || status === 400, `${name.slice(0, 20)} → ${status}`)
    const send = async (path: string) => await patiently('POST', async () => {
      const reply = await app.inject({ method: 'POST', url: `/api/v1/node/${name}/${path}` })
      return { status: reply.statusCode, headers: reply.headers, body: reply.json<unknown>() }
    })
    const post = await send('coordinator-state?state=primary')
    t.ok(post.status === 404 || post.status === 400, `${name.slice(0, 20)} → ${post.status}`)
    t.match(post.headers['content-type'], /^application\/problem\+json/)
    const flush = await send('domain-state?state=flush')
    t.ok(flush.status === 404 || flush.status === 400, `${name.slice(0, 20)} → ${flush.status}`)
  }
  await expect(400, 'malformed_request', ask(t, app, 'GET', '/api/v1/node/%'))
  await expect(400, 'malformed_request', ask(t, app, 'GET', `/api/v1/node/${'x'.repeat(2_000)}`))
  await expect(400, 'malformed_request', ask(t, app, 'GET', `/api/v1/switchover/${'x'.repeat(2_000)}?wait=1`))

  t.comment('routes and methods')
  await expect(404, 'route_unknown', ask(t, app, 'GET', '/api/v1/nodes'))
  await expect(404, 'route_unknown', ask(t, app, 'GET', '/api'))
  const wrong = await ask(t, app, 'DELETE', '/api/v1/node/fig/coordinator-state')
  t.strictSame([wrong.status, wrong.body['code'], wrong.headers['allow']], [405, 'method_not_allowed', 'GET, HEAD, OPTIONS, POST'])
  t.equal((await ask(t, app, 'PUT', '/api/v1/switchover')).headers['allow'], 'GET, HEAD, OPTIONS, POST')

  t.comment('things that are not there')
  await expect(404, 'node_unknown', wish(t, app, { to: 'oak' }))
  await expect(404, 'node_unknown', wish(t, app, { from: 'oak' }))
  await expect(404, 'epoch_unknown', ask(t, app, 'GET', '/api/v1/switchover/4711'))
  await expect(404, 'epoch_unknown', ask(t, app, 'GET', '/api/v1/switchover/4711?wait=5'))
  await expect(404, 'node_unknown', ask(t, app, 'GET', '/api/v1/node/oak/log'))

  t.comment('rulings')
  await expect(412, 'precondition_failed', wish(t, app, { to: 'quince', from: 'fig' }))
  for (const name of ['fig', 'plum', 'oak']) t.match(await wish(t, app, { to: name, from: name }), { status: 400, body: { code: 'argument_invalid', outcome: 'not_started', detail: /^from and to are both/ } })
  const stale = await wish(t, app, { to: 'fig' }, '', { 'if-match': '"3.1"' })
  t.match(stale, { status: 412, body: { primary: 'plum', epoch: 0, outcome: 'not_started' } })
  const hypervisor = await wish(t, app, { to: 'yew' })
  t.match(hypervisor, { status: 422, body: { code: 'not_eligible', outcome: 'not_started', reasons: { yew: [{ code: 'not_a_coordinator' }] } } })
  t.strictSame(await everything(session), before, 'no znode has another value or version')

  t.comment('nodes that cannot')
  await session.set('/nodes/fig/daemonstate', 'shutdown', 0)
  await session.set('/nodes/quince/routerstate', 'takeover', 0)
  await eventually(() => app.services.nodes.get('quince').details.coordinator_state === 'takeover' && app.services.nodes.get('fig').details.daemon_state === 'shutdown')
  const changed = await everything(session)
  t.match(await wish(t, app, { to: 'fig' }), { status: 409, body: { code: 'switchover_in_flight', switchover: null, nodes: ['quince'] } })
  await session.set('/nodes/quince/routerstate', 'secondary', 1)
  await eventually(() => app.services.nodes.get('quince').details.coordinator_state === 'secondary')
  t.match(await wish(t, app, { to: 'fig' }), { status: 422, body: { reasons: { fig: [{ code: 'not_running' }] } } })
  await session.set('/nodes/quince/daemonstate', 'dead', 0)
  await session.set('/nodes/quince/routerstate', 'primary', 2)
  await eventually(() => app.services.nodes.get('quince').details.coordinator_state === 'primary')
  t.match(await wish(t, app, { to: 'fig' }), { status: 422, body: { code: 'holder_unconfirmed', nodes: ['quince'], confirmation: ['/api/v1/node/quince/fence-confirmation'] } })
  const after = await everything(session)
  t.equal(after['/config/primary_node'], changed['/config/primary_node'])
  t.equal(after['/switchovers'], undefined, 'not even the ledger was made')
})

t.test('keys', async (t) => {
  const { server, session } = await clusterTree(t)
  const lines: string[] = []
  const app = await api(t, { port: server.port, authentication: true, logTo: lines })
  const before = await everything(session)
  const paths = ['/api/v1/status', '/api/v1/node', '/api/v1/node/fig', '/api/v1/node/fig/daemon-state', '/api/v1/node/fig/coordinator-state', '/api/v1/node/fig/domain-state', '/api/v1/node/fig/log', '/api/v1/primary', '/api/v1/switchover/1']
  for (const path of paths) {
    const missing = await ask(t, app, 'GET', path)
    t.match(missing, { status: 401, body: { code: 'key_missing' }, headers: { 'www-authenticate': /X-Api-Key/ } }, path)
    t.match(await ask(t, app, 'GET', path, { headers: { 'x-api-key': `${READ} ` } }), { status: 401, body: { code: 'key_unknown' } }, path)
    t.not((await ask(t, app, 'GET', path, { headers: { 'x-api-key': READ } })).status, 401, path)
  }
  t.match(lines.filter((line) => line.includes('a request with an unknown key was refused')), [/"level":"info".*"path":"\/api\/v1\/status","from":"127.0.0.1".*"code":"key_unknown"/], 'the first of its client is in the log')
  t.comment('before any argument is looked at')
  for (const path of ['/api/v1/switchover?wait=x', '/api/v1/status?state=x', '/api/v1/node/oak/coordinator-state', '/api/v1/node/oak/domain-state?state=x']) {
    t.equal((await ask(t, app, 'POST', path)).status, 401, path)
    t.match(await ask(t, app, 'POST', path, { headers: { 'x-api-key': READ } }), { status: 403, body: { code: 'key_too_weak', outcome: 'not_started' } }, path)
    t.equal((await ask(t, app, 'POST', path, { headers: { 'x-api-key': OPERATE } })).status, 400, path)
  }
  t.comment('open to everybody')
  for (const path of ['/api/v1/', '/api/v1/status/primary_node', '/health/live', '/health/ready', '/openapi.json', '/docs', '/', '/status.js', '/status.css', '/metrics', '/role/primary?node=plum']) t.equal((await app.inject(path)).statusCode, 200, path)
  t.strictSame(await everything(session), before)
  t.comment('whose key it was')
  const asked = await wish(t, app, { to: 'fig', reason: 'tea' }, '', { 'x-api-key': OPERATE })
  t.match(asked, { status: 202, body: { requested_by: 'ops', reason: 'tea', to: 'fig', from: 'plum' } })
})
