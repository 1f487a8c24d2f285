/** The checks of load balancers, and an operator's word for a dead node. */
import t, { type Test } from 'tap'
import { ANY_VERSION, type Session } from '../../src/zookeeper/session/session.ts'
import { api, ask, clusterTree, everything, openApi, OPERATE, READ, wish } from '../pvcapid/support/api.ts'
import { eventually } from '../support/zookeeper.ts'

t.test('roles', async (t) => {
  const { server, session } = await clusterTree(t)
  const app = await api(t, { port: server.port, node: 'plum', authentication: true })
  const statuses = async (node?: string) => await Promise.all(['primary', 'secondary'].map(async (role) => (await ask(t, app, 'GET', `/role/${role}${node === undefined ? '' : `?node=${node}`}`)).status))
  const shows = async (node: string, child: 'routerstate' | 'daemonstate', state: string) => {
    await session.set(`/nodes/${node}/${child}`, state, ANY_VERSION)
    await eventually(() => app.services.nodes.get(node).details[child === 'routerstate' ? 'coordinator_state' : 'daemon_state'] === state)
  }
  t.strictSame(await statuses(), [200, 503], 'its own node')
  t.strictSame(await statuses('fig'), [503, 200])
  t.strictSame(await statuses('yew'), [503, 503])
  t.strictSame(await statuses('oak'), [503, 503])
  for (const state of ['takeover', 'relinquish']) {
    await shows('plum', 'routerstate', state)
    t.strictSame(await statuses(), [503, 503], state)
  }
  await shows('plum', 'routerstate', 'primary')
  for (const [state, status] of [['shutdown', 200], ['dead', 503], ['fenced', 503], ['stop', 503], ['run', 200]] as const) {
    await shows('plum', 'daemonstate', state)
    t.strictSame(await statuses(), [status, 503], state)
  }
  t.comment('a node of ours that is not in contact')
  const present = () => app.services.view.latest?.cluster?.members.find(({ name }) => name === 'plum')
  await session.create('/nodes/plum/transition', '{}')
  await eventually(() => present()?.ours === true)
  t.strictSame(await statuses(), [503, 503], 'has no role')
  await session.create('/nodes/plum/presence', '{}', { ephemeral: true })
  await eventually(() => present()?.presence != null)
  t.strictSame(await statuses(), [200, 503])
  t.comment('GET, HEAD and OPTIONS say the same')
  for (const path of ['/role/primary', '/role/secondary', '/health/live', '/health/ready', '/role/primary?node=fig']) {
    const get = await ask(t, app, 'GET', path)
    t.match(await ask(t, app, 'OPTIONS', path), { status: get.status }, path)
    const head = await app.inject({ method: 'HEAD', url: path })
    t.strictSame([head.statusCode, head.body], [get.status, ''], path)
  }
  t.comment('without a name, and without ZooKeeper')
  const nameless = await api(t, { port: server.port })
  t.match(await ask(t, nameless, 'GET', '/role/primary'), { status: 503, body: { node: null, reasons: [/pvc\.node/] } })
  t.equal((await ask(t, nameless, 'GET', '/role/primary?node=plum')).status, 200)
  await server.stop()
  await eventually(() => app.services.view.stale)
  t.strictSame(await statuses(), [503, 503], 'nobody has a role while the view is stale')
  t.match(await ask(t, app, 'GET', '/role/primary'), { body: { coordinator_state: 'primary', reasons: [/stale/] } })
  const blind = await openApi(t, { port: server.port, node: 'plum' })
  t.match(await ask(t, blind, 'GET', '/role/secondary'), { status: 503, body: { view_age: null, coordinator_state: null } })
})

const confirm = async (t: Test, app: Awaited<ReturnType<typeof api>>, node: string, payload: object, key = OPERATE) =>
  await ask(t, app, 'POST', `/api/v1/node/${node}/fence-confirmation`, { payload, headers: { 'x-api-key': key } })

async function die (session: Session, node: string): Promise<void> {
  await session.create(`/nodes/${node}/keepalive`, '1700000000')
  await session.set(`/nodes/${node}/routerstate`, 'primary', ANY_VERSION)
  await session.set(`/nodes/${node}/daemonstate`, 'dead', ANY_VERSION)
}

t.test('fence confirmation', async (t) => {
  const { server, session } = await clusterTree(t)
  const app = await api(t, { port: server.port, authentication: true })
  await die(session, 'plum')
  const before = await everything(session)
  t.equal((await confirm(t, app, 'plum', { confirm: 'plum' }, READ)).status, 403)
  t.equal((await confirm(t, app, 'plum', { confirm: 'fig' })).status, 400)
  t.equal((await confirm(t, app, 'plum', { confirm: 'plum', force: true })).status, 400)
  t.equal((await confirm(t, app, 'oak', { confirm: 'oak' })).status, 404)
  t.equal((await confirm(t, app, '-x', { confirm: '-x' })).status, 404)
  t.match(await confirm(t, app, 'fig', { confirm: 'fig' }), { status: 409, body: { code: 'fence_not_confirmable', outcome: 'not_started', reasons: { fig: [{ code: 'not_silent' }] } } })
  t.strictSame(await everything(session), before)

  t.comment('signs of life')
  await session.create('/nodes/plum/presence', '{}', { ephemeral: true })
  t.match(await confirm(t, app, 'plum', { confirm: 'plum' }), { status: 409, body: { reasons: { plum: [{ code: 'present' }] } } })
  await session.delete('/nodes/plum/presence', ANY_VERSION)
  await session.set('/nodes/plum/keepalive', '1700000005', ANY_VERSION)
  const alive = await everything(session)
  t.match(await confirm(t, app, 'plum', { confirm: 'plum' }), { status: 409, body: { reasons: { plum: [{ code: 'keepalive_changed' }] } } })
  t.strictSame(await everything(session), alive)

  t.comment('down')
  await session.set('/nodes/plum/daemonstate', 'dead', ANY_VERSION)
  await eventually(() => app.services.nodes.get('plum').details.daemon_state === 'dead')
  t.match(await wish(t, app, { to: 'fig' }, '?wait=5', { 'x-api-key': OPERATE }), { status: 422, body: { code: 'holder_unconfirmed', confirmation: ['/api/v1/node/plum/fence-confirmation'] } })
  const done = await confirm(t, app, 'plum', { confirm: 'plum' })
  t.match(done, { status: 200, body: { message: /plum is fenced/ } })
  t.notMatch(done.body['message'], /already/)
  t.strictSame([(await session.get('/nodes/plum/daemonstate')).data, (await session.get('/nodes/plum/routerstate')).data], ['fenced', 'secondary'])
  t.match(JSON.parse((await session.get('/nodes/plum/fence')).data), { state: 'confirmed', confirmed_by: 'ops', confirmed_at: String })
  t.match(await confirm(t, app, 'plum', { confirm: 'plum' }), { status: 200, body: { message: /already/ } })
  await eventually(() => app.services.nodes.get('plum').details.daemon_state === 'fenced')
  t.equal((await wish(t, app, { to: 'fig' }, '', { 'x-api-key': OPERATE })).status, 202, 'the role can move now')
})
