/** What happened in a switchover, in one list: from its record and the journals of all coordinators, whatever stands in those. */
import t from 'tap'
import { journalText } from '../../src/core/story/journal.ts'
import { closeRecord, openRecord } from '../../src/core/model/record.ts'
import { readJournals } from '../../src/cluster/nodes/journals.ts'
import { switchoverPath } from '../../src/cluster/layout.ts'
import { put } from '../../src/cluster/put.ts'
import { ZooKeeperError } from '../../src/zookeeper/client/errors.ts'
import { ANY_VERSION, type Session } from '../../src/zookeeper/session/session.ts'
import { api, ask, askOnce, clusterTree, makeCluster, OPERATE } from '../pvcapid/support/api.ts'
import { eventually } from '../support/zookeeper.ts'

const at = (second: number) => `2026-01-01T00:00:${String(second).padStart(2, '0')}.000Z`
const opened = openRecord(1, at(10), { from: 'plum', to: 'fig', cause: 'request', timeout: 60, requested_by: 'ops', reason: 'kernel' })
const closed = closeRecord(opened, at(20), { outcome: 'succeeded' }, { progress: 1, nodes: {}, timeline: [{ at: at(15), node: 'fig', coordinator_state: 'takeover' }], last_held_at: at(12), held_again_at: at(18), outage_seconds: 6, resources: {} })
const journals = {
  plum: journalText([{ at: at(13), event: 'released', epoch: 1, resource: 'ip', message: 'ip is released, in 0.2 s' }, { at: at(11), event: 'demoted', epoch: null, resource: null, message: 'the lease ran out' }, { at: at(40), event: 'demoted', epoch: null, resource: null, message: 'later' }]),
  fig: journalText([{ at: at(17), event: 'acquired', epoch: 1, resource: 'ip', message: 'ip is acquired, in 0.1 s' }, { at: at(17), event: 'acquired', epoch: 2, resource: 'ip', message: 'of another one' }]),
}

async function recorded (session: Session): Promise<void> {
  await makeCluster(session, ['plum', 'fig', 'quince'], 'fig')
  await put(session, '/switchovers', JSON.stringify({ czxid: (await session.get('/config/primary_node')).stat.czxid, base: 1 }))
  await put(session, switchoverPath(1), JSON.stringify(closed))
  for (const [name, text] of Object.entries(journals)) await put(session, `/nodes/${name}/events`, text)
}

t.test('one list, the same at every API', async (t) => {
  const { server, session } = await clusterTree(t, recorded)
  const [app, other] = [await api(t, { port: server.port }), await api(t, { port: server.port })]
  const timeline = async (of = app, query = '') => await ask(t, of, 'GET', `/api/v1/switchover/1/timeline${query}`)
  const first = await timeline()
  t.equal(first.status, 200)
  const entries = first.body as unknown as ReadonlyArray<{ at: string, node: string | null, event: string, message: string }>
  t.strictSame(entries.map(({ at: moment, node, event }) => `${moment.slice(17, 19)} ${node ?? '-'} ${event}`), ['10 - begun', '11 plum demoted', '12 plum last_held', '13 plum released', '15 fig state', '17 fig acquired', '18 fig held', '20 - closed'])
  t.equal(entries[0]?.message, 'From plum to fig (request, asked for by ops): kernel')
  t.equal((await timeline(other)).text, first.text)
  t.equal((await ask(t, other, 'GET', '/api/v1/switchover/1/timeline', { headers: { 'if-none-match': String(first.headers['etag']) } })).status, 304)
  t.match((await ask(t, app, 'GET', '/api/v1/switchover/1')).body, { outage_seconds: 6, last_held_at: at(12), held_again_at: at(18), evidence: null, resources: {} })

  t.comment('whatever stands in a journal')
  for (const text of ['', 'oops', '[]', '{"events":7}', '{"events":[null]}', '['.repeat(60_000), `{"events":[{"at":"${at(14)}","event":"acquired","epoch":1,"message":${'['.repeat(20)}${']'.repeat(20)}}]}`, 'x'.repeat(300_000)]) {
    await session.set('/nodes/plum/events', text, ANY_VERSION)
    const reply = await timeline(app, '?consistent')
    t.equal(reply.status, 200, text.slice(0, 20))
    t.ok(reply.text.includes('ip is acquired'), 'it costs itself alone')
  }
  await session.set('/nodes/plum/events', '', ANY_VERSION)
  const large = journalText(Array.from({ length: 100 }, () => ({ at: at(14), event: 'failed' as const, epoch: 1, resource: 'ip', message: 'm'.repeat(300) })))
  for (const name of ['plum', 'quince']) await put(session, `/nodes/${name}/events`, large)
  t.ok((await timeline()).text.length < 300_000, 'bounded')
})

t.test('a node that is removed takes its journal with it, and the timeline says so', async (t) => {
  const { server, session } = await clusterTree(t, recorded)
  const app = await api(t, { port: server.port })
  for (const [child, text] of Object.entries({ daemonstate: 'stop', routerstate: 'secondary', transition: '{"direction":"relinquish"}' })) await put(session, `/nodes/plum/${child}`, text)
  const presence = await session.exists('/nodes/plum/presence')
  if (presence !== null) await session.delete('/nodes/plum/presence', presence.version)
  await eventually(async () => (await ask(t, app, 'DELETE', '/api/v1/node/plum')).status === 200)
  const gone = async () => ((await ask(t, app, 'GET', '/api/v1/switchover/1/timeline?consistent')).body as unknown as ReadonlyArray<{ node: string | null, event: string, message: string }>).filter(({ node }) => node === 'plum')
  t.match(await gone(), [{ event: 'last_held' }, { event: 'journal_gone', message: 'plum has been removed from the cluster since, and its journal with it: what only plum wrote of this switchover is not told here.' }])
  await put(session, '/nodes/plum/daemonmode', 'coordinator')
  t.match(await gone(), [{ event: 'last_held' }, { event: 'journal_gone', message: /^plum has been registered again at \S+\. The journal of before was removed with it/ }], 'another machine of that name')
})

t.test('what is refused', async (t) => {
  const { server, session } = await clusterTree(t, recorded)
  const app = await api(t, { port: server.port, authentication: true })
  const headers = { 'x-api-key': OPERATE }
  t.match(await ask(t, app, 'GET', '/api/v1/switchover/1/timeline'), { status: 401 })
  t.match(await ask(t, app, 'GET', '/api/v1/switchover/99/timeline', { headers }), { status: 404, body: { code: 'epoch_unknown' } })
  t.match(await ask(t, app, 'GET', '/api/v1/switchover/x/timeline', { headers }), { status: 400 })
  t.match(await ask(t, app, 'GET', '/api/v1/switchover/1/timeline?wait=1', { headers }), { status: 400 })

  await session.close()
  await server.stop()
  await eventually(() => !!app.services.view.stale)
  t.match(await askOnce(t, app, 'GET', '/api/v1/switchover/1/timeline', { headers }), { status: 503, body: { code: 'zookeeper_unavailable' } })
})

t.test('a journal that may not be read costs itself alone', async (t) => {
  const get = async (path: string) => {
    if (path.includes('plum')) throw new ZooKeeperError('no_auth', { op: 'get', path })
    if (path.includes('lost')) throw new ZooKeeperError('connection_loss', { op: 'get', path })
    return { data: journals.fig, stat: { mtime: 0, ephemeralOwner: '0' } }
  }
  const exists = async () => ({ ctime: 0 })
  const session = { get, exists } as unknown as Session
  t.match(await readJournals(session, ['plum', 'fig']), [{ node: 'plum', entries: [] }, { node: 'fig', entries: [{ event: 'acquired' }, {}] }])
  await t.rejects(readJournals(session, ['lost']), { code: 'connection_loss' })
})
