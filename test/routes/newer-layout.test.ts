/** A version of PVC's layout that the API does not know: it reads as ever, and writes nothing, neither for a client nor by itself. */
import t from 'tap'
import { raiseFault } from '../../src/cluster/fault-writer.ts'
import { ANY_VERSION, type Session } from '../../src/zookeeper/session/session.ts'
import { api, ask, clusterTree, everything } from '../pvcapid/support/api.ts'
import { eventually } from '../support/zookeeper.ts'

const writes: ReadonlyArray<readonly ['POST' | 'PUT' | 'DELETE', string, object?]> = [
  ['POST', '/api/v1/status?state=true'],
  ['POST', '/api/v1/node/fig/domain-state?state=flush'],
  ['POST', '/api/v1/node/fig/coordinator-state?state=primary'],
  ['POST', '/api/v1/switchover', { to: 'fig' }],
  ['POST', '/api/v1/node/quince/fence-confirmation', { confirm: 'quince' }],
  ['DELETE', '/api/v1/node/yew'],
  ['PUT', '/api/v1/faults'], ['DELETE', '/api/v1/faults'], ['PUT', '/api/v1/faults/ABCD1234'], ['DELETE', '/api/v1/faults/ABCD1234'],
]
const readings = ['/node', '/node/fig', '/node/fig/domain-state', '/node/fig/log', '/status', '/status/primary_node', '/primary', '/switchover', '/faults', '/metrics']

const raise = async (session: Session, path: string, version: string) => {
  await session.ensurePath(path)
  await session.set(path, version, ANY_VERSION)
}

t.test('every write is refused, and nothing is written', async (t) => {
  const { server, session } = await clusterTree(t)
  const lines: string[] = []
  const app = await api(t, { port: server.port, logTo: lines })
  const said = (event: string) => lines.map((line) => JSON.parse(line) as Record<string, unknown>).filter((line) => line['event'] === event && line['condition'] === 'schema_too_new').length
  let rounds = 0
  await session.set('/nodes/quince/daemonstate', 'dead', ANY_VERSION)
  await session.set('/nodes/yew/daemonstate', 'stop', ANY_VERSION)
  for (const [path, version] of [['/schema/version', '16'], ['/nodes/fig/activeschema', '17']] as const) {
    await raise(session, '/schema/version', '15')
    await raise(session, path, version)
    await eventually(() => app.services.view.newerSchema === Number(version))
    const before = await everything(session)
    for (const [method, url, payload] of writes) {
      const reply = await ask(t, app, method as 'POST', url, payload === undefined ? {} : { payload })
      t.match(reply, { status: 503, body: { code: 'schema_too_new', outcome: 'not_started', message: new RegExp(`version ${version} of PVC's layout.*versions 0 to 15.*Install`) } }, `${method} ${url}`)
    }
    for (const url of readings) t.equal((await ask(t, app, 'GET', `/api/v1${url}`)).status, 200, url)
    t.ok(app.services.health.cluster().conditions.some(({ code }) => code === 'schema_too_new'), 'a condition says so')
    t.strictSame(await everything(session), before, 'no znode has another value or version')
    rounds += 1
    await eventually(() => said('condition_began') === rounds)
    await raise(session, path, '15')
    await eventually(() => app.services.view.newerSchema === null)
    await eventually(() => said('condition_ended') === rounds)
    t.equal((await ask(t, app, 'POST', '/api/v1/status?state=true')).status, 200, 'in a layout that it knows it writes again')
    t.equal((await ask(t, app, 'POST', '/api/v1/status?state=false')).status, 200)
  }
  t.equal(lines.filter((line) => line.includes('of PVC\'s layout, and this API knows')).length, 2 * rounds, 'the log says so once each time, at the beginning and at the end')
})

t.test('one node\'s impossible number refuses nobody\'s writes, and the cluster\'s own does', async (t) => {
  const { server, session } = await clusterTree(t)
  const app = await api(t, { port: server.port })
  await raise(session, '/schema/version', '15')
  await raise(session, '/nodes/fig/activeschema', '1000')
  await eventually(() => app.services.view.newerSchema === 1_000)
  for (const number of ['1001', '9'.repeat(23)]) {
    await raise(session, '/nodes/fig/activeschema', number)
    await eventually(() => app.services.view.newerSchema === null)
    t.equal((await ask(t, app, 'POST', '/api/v1/status?state=true')).status, 200, number)
  }
  await raise(session, '/schema/version', '9'.repeat(23))
  await eventually(() => app.services.view.newerSchema !== null)
  t.match(await ask(t, app, 'POST', '/api/v1/status?state=false'), { status: 503, body: { code: 'schema_too_new', outcome: 'not_started' } })
})

t.test('what no client asked for is not written either', async (t) => {
  const { server, session } = await clusterTree(t)
  const lines: string[] = []
  const app = await api(t, { port: server.port, logTo: lines })
  await session.set('/nodes/quince/daemonstate', 'dead', ANY_VERSION)
  await raiseFault(session, { kind: 'node_dead', node: 'quince' }, '2026-02-03T04:05:07.789Z')
  await eventually(() => app.services.view.latest?.faults.length === 1 && app.services.view.conditions.some(({ code }) => code === 'node_dead'))
  const { names } = await session.children('/faults')
  // One look, which follows the fault, at the least.
  t.equal((await ask(t, app, 'PUT', '/api/v1/faults')).status, 200)
  await raise(session, '/schema/version', '16')
  await eventually(() => app.services.view.newerSchema === 16)
  await session.set('/nodes/quince/daemonstate', 'run', ANY_VERSION)
  await eventually(() => lines.some((line) => line.includes('could not be deleted yet') && line.includes('write_barred')))
  t.strictSame((await session.children('/faults')).names, names)
  await raise(session, '/schema/version', '15')
  await eventually(async () => (await session.children('/faults')).names.length === 0)
})
