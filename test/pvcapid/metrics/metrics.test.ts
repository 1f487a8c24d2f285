/** What Prometheus is told, and that the example's rules ask for nothing else. */
import { readFileSync } from 'node:fs'
import t from 'tap'
import { parse } from 'yaml'
import { ANY_VERSION } from '../../../src/zookeeper/session/session.ts'
import { eventually } from '../../support/zookeeper.ts'
import { api, ask, clusterTree, openApi, settle, wish } from '../support/api.ts'

t.test('metrics', async (t) => {
  const { server, session } = await clusterTree(t)
  await session.create('/nodes/fig/keepalive', '1')
  await session.create('/nodes/fig/fence', JSON.stringify({ state: 'unconfirmed' }))
  await session.create('/nodes/plum/presence', JSON.stringify({ broken_fences: [{ node: 'fig', message: 'No answer.', since: 'then' }] }), { ephemeral: true })
  await session.create('/nodes/fig/monitoring_plugins', 'disk load raid')
  for (const [path, data] of [['', ''], ['/disk', ''], ['/disk/stale', 'true'], ['/disk/message', 'anything'], ['/load', ''], ['/load/stale', 'false'], ['/raid', ''], ['/raid/message', 'Old value (of a PVC daemon)']] as const) await session.create(`/nodes/fig/monitoring_data${path}`, data)
  const resources = (...states: ReadonlyArray<readonly [name: string, state: string]>) => JSON.stringify({ resources: states.map(([name, state]) => ({ name, state, since: '2026-01-01T00:00:00.000Z', error: null, concerns: [] })) })
  await session.create('/nodes/plum/resources', resources(['vip', 'held']))
  await session.create('/nodes/fig/resources', resources(['job "1"', 'failed']))
  await session.create('/nodes/quince/resources', resources(...Array.from({ length: 200 }, (_, at) => [`r${at}`, 'held'] as const)))
  const app = await api(t, { port: server.port, authentication: true, node: 'plum' })
  const figures = async (): Promise<Map<string, number>> => {
    const reply = await ask(t, app, 'GET', '/metrics')
    t.match(reply, { status: 200, headers: { 'content-type': /^text\/plain; version=0\.0\.4/ } })
    return new Map(reply.text.split('\n').filter((line) => line !== '' && !line.startsWith('#')).map((line) => [line.slice(0, line.lastIndexOf(' ')), Number(line.slice(line.lastIndexOf(' ')))]))
  }
  const first = await figures()
  for (const [series, value] of [
    ['pvc_nodes{daemon_state="run"}', 4], ['pvc_nodes{daemon_state="dead"}', 0],
    ['pvc_coordinators{coordinator_state="primary"}', 1], ['pvc_coordinators{coordinator_state="secondary"}', 2],
    ['pvc_primary{node="plum"}', 1], ['pvc_primary{node="fig"}', 0], ['pvc_primary_epoch', 0], ['pvc_primary_settled', 1], ['pvc_maintenance', 0],
    ['pvc_node_stale_checks{node="fig"}', 1], ['pvc_node_stale_checks{node="plum"}', 0],
    ['pvc_node_fence_broken{node="fig",found_by="plum"}', 1],
    ['pvc_node_fence_state{node="fig",state="unconfirmed"}', 1], ['pvc_node_fence_state{node="fig",state="confirmed"}', 0],
    ['pvc_resource_state{node="plum",resource="vip",state="held"}', 1], ['pvc_resource_state{node="plum",resource="vip",state="released"}', 0], ['pvc_resource_state{node="fig",resource="job \\"1\\"",state="failed"}', 1],
    ['pvc_switchovers_total{cause="request",outcome="succeeded"}', 0], ['pvc_switchover_phase_duration_seconds_count{phase="total"}', 0], ['pvcapid_ready', 1],
    ['pvcapid_zookeeper_session_state{state="connected"}', 1], ['pvcapid_zookeeper_session_state{state="suspended"}', 0], ['pvcapid_zookeeper_sessions_total', 1],
    ['pvcapid_waiters', 0], ['pvcapid_waiters_limit', 20_000], ['pvcapid_event_streams', 0],
  ] as const) t.equal(first.get(series), value, series)
  for (const series of ['pvc_node_keepalive_age_seconds{node="fig"}', 'pvcapid_view_age_seconds', 'process_resident_memory_bytes', 'process_cpu_seconds_total', 'pvcapid_zookeeper_operation_duration_seconds_count{operation="get",result="ok"}']) t.ok((first.get(series) ?? -1) >= 0, series)

  t.equal([...first.keys()].filter((series) => /^pvc_resource_state\{node="quince",.*state="held"\}$/.test(series)).length, 64, 'of what a node says, no more than that is a series')
  await session.set('/nodes/plum/resources', resources(['vip', 'released']), ANY_VERSION)
  await session.set('/nodes/fig/resources', resources(), ANY_VERSION)

  t.comment('what happens is counted')
  const key = { 'x-api-key': 'an-operators-key' }
  const secret = '/api/v1/node/fig?limit=do-not-show-this'
  await ask(t, app, 'GET', secret)
  await ask(t, app, 'GET', '/no/such/route-of-mine')
  await wish(t, app, { to: 'fig' }, '', key)
  settle(t, session, ['plum', 'fig', 'quince'])
  t.match(await ask(t, app, 'GET', '/api/v1/switchover/1?wait=60', { headers: key }), { body: { outcome: 'succeeded' } })
  await session.set('/nodes/quince/daemonstate', 'dead', ANY_VERSION)
  await session.set('/config/maintenance', 'true', ANY_VERSION)
  await eventually(() => app.services.view.latest?.maintenance === 'true' && app.services.nodes.get('quince').details.daemon_state === 'dead')
  const then = await figures()
  for (const [series, value] of [
    ['pvc_nodes{daemon_state="run"}', 3], ['pvc_nodes{daemon_state="dead"}', 1], ['pvc_primary{node="plum"}', 0], ['pvc_primary{node="fig"}', 1],
    ['pvc_resource_state{node="plum",resource="vip",state="held"}', 0], ['pvc_resource_state{node="plum",resource="vip",state="released"}', 1], ['pvc_resource_state{node="fig",resource="job \\"1\\"",state="failed"}', undefined],
    ['pvc_primary_epoch', 1], ['pvc_maintenance', 1], ['pvc_switchovers_total{cause="request",outcome="succeeded"}', 1],
    ['pvc_switchover_phase_duration_seconds_count{phase="total"}', 1],
    ['pvcapid_authentication_failures_total{reason="key_missing"}', 1],
    ['pvcapid_http_requests_total{method="GET",route="/api/v1/node/:node",status="401"}', 1],
    ['pvcapid_http_requests_total{method="GET",route="unknown",status="404"}', 1],
    ['pvcapid_http_requests_total{method="POST",route="/api/v1/switchover",status="202"}', 1],
  ] as const) t.equal(then.get(series), value, series)
  t.notMatch([...then.keys()].join('\n'), /do-not-show-this|route-of-mine/, 'nothing that a client sends is a label')

  t.comment('the example')
  const rules = parse(readFileSync('examples/prometheus/pvc-alerts.yaml', 'utf8')) as { groups: Array<{ rules: Array<{ alert: string, expr: string }> }> }
  const known = new Set([...then.keys()].map((series) => series.replace(/\{.*/, '')))
  for (const { alert, expr } of rules.groups.flatMap((group) => group.rules)) {
    for (const [name] of expr.matchAll(/\b(pvc|pvcapid)_\w+/g)) t.ok(known.has(name), `${alert}: ${name}`)
  }
})

t.test('before there is a view', async (t) => {
  const app = await openApi(t, { port: 1 })
  const { text } = await ask(t, app, 'GET', '/metrics')
  t.match(text, /^pvcapid_ready 0$/m)
  t.match(text, /^pvcapid_view_age_seconds \+Inf$/m)
  t.match(text, /^pvcapid_zookeeper_session_state\{state="connecting"\} 1$/m)
})

t.test('every wrong key of one address is counted, beyond its limit as well', async (t) => {
  const app = await openApi(t, { port: 1, authentication: true })
  const statuses = new Map<number, number>()
  // As many as the example rule needs of one address: more than one a second.
  for (let sent = 0; sent < 90; sent++) {
    const { statusCode } = await app.inject({ url: '/api/v1/node', headers: { 'x-api-key': `guess-${sent}` } })
    statuses.set(statusCode, (statuses.get(statusCode) ?? 0) + 1)
  }
  t.strictSame([...statuses], [[401, 60], [429, 30]])
  t.match((await app.inject('/metrics')).body, /^pvcapid_authentication_failures_total\{reason="key_unknown"\} 90$/m)
})
