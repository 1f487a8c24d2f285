/** Znodes that are missing, malformed or strange cost their own fields and nothing else. */
import t from 'tap'
import { api, ask, clusterTree, wish } from '../pvcapid/support/api.ts'

t.test('a tree that others have left things in', async (t) => {
  const { server, session } = await clusterTree(t)
  for (const [path, data] of [
    ['/nodes/bad name', 'coordinator'], ['/nodes/bad name/daemonstate', 'run'], ['/nodes/bare', ''],
    ['/nodes/fig/cpuload', 'high'], ['/nodes/fig/monitoring_plugins', 'disk ../../x'], ['/nodes/fig/presence-of-mind', 'x'], ['/nodes/fig/ipmipassword', 'hush'],
    ['/switchovers', '{"czxid":7}'], ['/switchovers/junk', 'x'], ['/switchovers/0000000009', '{"epoch":'],
    ['/domains/u', ''], ['/faults/f', ''], ['/faults/f/delta', 'much'],
  ] as const) await session.create(path, data)
  await session.set('/nodes/quince/daemonstate', 'asleep', 0)
  const app = await api(t, { port: server.port })
  const list = await ask(t, app, 'GET', '/api/v1/node')
  t.strictSame(JSON.parse(list.text).map(({ name }: { name: string }) => name), ['bare', 'fig', 'plum', 'quince', 'yew'])
  t.notMatch(list.text, /hush/)
  t.match((await ask(t, app, 'GET', '/api/v1/node/fig')).text, /"load":0\.0,/)
  t.notMatch(list.text, /:null/, 'nothing that the stock client could not format')
  t.match(await ask(t, app, 'GET', '/api/v1/node/bare/coordinator-state'), { status: 200, body: { name: 'bare', coordinator_state: 'unknown' } })
  t.match(await ask(t, app, 'GET', '/api/v1/node/quince/daemon-state'), { status: 200, body: { daemon_state: 'unknown' } })
  t.match(await ask(t, app, 'GET', '/api/v1/status'), { status: 200, body: { nodes: { total: 5 }, detail: { faults: [{ health_delta: 10, message: 'The daemon state of quince cannot be read.' }, { id: 'f', last_reported: '', message: '', health_delta: 0 }] } } })
  t.match(await ask(t, app, 'GET', '/api/v1/switchover/9'), { status: 410, body: { code: 'epoch_unrecorded' } })
  const asked = await wish(t, app, { to: 'fig' })
  t.match(asked, { status: 202, body: { to: 'fig' } })
  t.ok(Number(asked.body['epoch']) > 9, 'past every record there is, readable or not')
})
