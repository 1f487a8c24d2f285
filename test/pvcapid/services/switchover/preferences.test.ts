/** `force` over HTTP: what it overrides, that a dry run honours it, and what is no preference. */
import t from 'tap'
import { api, ask, clusterTree, everything, wish } from '../../support/api.ts'
import { eventually } from '../../../support/zookeeper.ts'

t.test('force', async (t) => {
  const { server, session } = await clusterTree(t)
  const prefer = async (node: string, candidate: object) => await session.create(`/nodes/${node}/presence`, JSON.stringify({ candidate }), { ephemeral: true })
  await prefer('fig', { priority: 0, min_health: 0, health: null })
  await prefer('quince', { priority: 50, min_health: 80, health: 40 })
  const lines: string[] = []
  const app = await api(t, { port: server.port, logTo: lines })
  const before = await everything(session)
  const dry = async (body: object) => await wish(t, app, { ...body, dry_run: true })
  t.match(await dry({ to: 'quince' }), { status: 422, body: { code: 'not_eligible', detail: /^quince cannot take the role over\..* add "force": \["health"\] to the request/, reasons: { quince: [{ code: 'health_too_low' }] } } })
  t.match(await dry({ to: 'quince', force: ['health'] }), { status: 202, body: { to: 'quince', force: ['health'] } })
  t.match(await dry({ to: 'fig', force: ['health', 'resources'] }), { status: 202, body: { to: 'fig', force: null } }, 'nothing of that stood against it')
  t.match(await dry({ from: 'plum' }), { status: 422, body: { reasons: { fig: [{ code: 'priority_zero' }], quince: [{ code: 'health_too_low' }] } } })
  t.match(await dry({ from: 'plum', force: ['priority'] }), { status: 202, body: { to: 'fig' } })
  for (const force of [['safety'], 'health', ['health', 'health'], [1]]) t.match(await dry({ to: 'fig', force }), { status: 400 }, JSON.stringify(force))
  t.strictSame(await everything(session), before, 'nothing is written')
  const begun = await wish(t, app, { from: 'plum', force: ['priority', 'health'] })
  t.match(begun, { status: 202, body: { to: 'quince', cause: 'request', force: ['health'] } })
  t.ok(lines.some((line) => line.includes('"force":"priority,health"')), 'the log of requests says what was asked for')

  t.comment('the record keeps what was overridden')
  const epoch = Number(begun.body['epoch'])
  await eventually(async () => (await ask(t, app, 'GET', `/api/v1/switchover/${epoch}`)).status === 200)
  t.match((await ask(t, app, 'GET', `/api/v1/switchover/${epoch}`)).body, { force: ['health'] })
  t.match((await ask(t, app, 'GET', '/api/v1/switchover?each')).body, [{ epoch, force: ['health'] }])
  const story = (await ask(t, app, 'GET', `/api/v1/switchover/${epoch}/timeline`)).body as unknown as ReadonlyArray<{ event: string, message: string }>
  t.match(story.find(({ event }) => event === 'begun')?.message, /^From plum to quince \(request; overridden for its target: its health is below its min_health, or was in .*\)\.$/)
})

t.test('a coordinator that lacks a resource', async (t) => {
  const { server, session } = await clusterTree(t)
  const say = async (node: string, resources: readonly string[]) => await session.create(`/nodes/${node}/presence`, JSON.stringify({ resources }), { ephemeral: true })
  await say('plum', ['10.0.0.100', 'command x'])
  await say('fig', ['command x'])
  await say('quince', ['10.0.0.100', 'command x'])
  const app = await api(t, { port: server.port })
  const before = await everything(session)
  const message = 'fig: it lacks resources that plum, quince have (10.0.0.100)'
  const report = (await app.inject({ url: '/api/v1/switchover/eligibility' })).json<Array<{ name: string }>>()
  t.match(report.find(({ name }) => name === 'fig'), { eligible: false, resources: ['command x'], reasons: [{ code: 'lacks_resources', message }], unwilling: [{ code: 'lacks_resources', message }] })
  t.match(report.find(({ name }) => name === 'quince'), { eligible: true, resources: ['10.0.0.100', 'command x'], unwilling: [] })
  t.match(await wish(t, app, { to: 'fig' }), { status: 422, body: { code: 'not_eligible', reasons: { fig: [{ code: 'lacks_resources', message }] } } })
  t.match(await wish(t, app, { to: 'fig', force: ['health', 'priority'] }), { status: 422 })
  t.match(await wish(t, app, { to: 'fig', force: ['resources'], dry_run: true }), { status: 202, body: { to: 'fig' } })
  t.strictSame(await everything(session), before, 'nothing is written')
  const { conditions } = (await app.inject({ url: '/api/v1/status' })).json<{ conditions: Array<{ code: string, node: string | null, message: string }> }>()
  t.match(conditions.filter(({ code }) => code === 'resources_differ' || code === 'candidates_unwilling'), [{ code: 'resources_differ', node: 'fig', message: 'fig does not have resources that plum, quince have (10.0.0.100).' }])
  t.match(await wish(t, app, { to: 'fig', force: ['resources'] }), { status: 202, body: { to: 'fig', cause: 'request' } })
})
