/** Switchovers over HTTP on a real ZooKeeper; a settler plays the nodes' part. */
import t from 'tap'
import { ANY_VERSION } from '../../../../src/zookeeper/session/session.ts'
import { api, ask, clusterTree, everything, settle, wish } from '../../support/api.ts'
import { eventually } from '../../../support/zookeeper.ts'

const names = ['plum', 'fig', 'quince']

t.test('one switchover, from the request to its end', async (t) => {
  const { server, session } = await clusterTree(t)
  const app = await api(t, { port: server.port })
  const other = await api(t, { port: server.port })

  const first = await ask(t, app, 'GET', '/api/v1/primary')
  t.match(first, { status: 200, body: { name: 'plum', epoch: 0, settled: true } })
  const etag = String(first.headers['etag'])
  const untouched = await everything(session)
  t.match(await wish(t, app, { to: 'plum' }), { status: 200, body: { epoch: 0, to: 'plum', cause: 'external', outcome: 'succeeded' } }, 'as it is, on a key that nobody has recorded')
  t.match(await wish(t, app, { from: 'fig' }), { status: 200, body: { epoch: 0, to: 'plum' } })
  t.match(await ask(t, app, 'GET', '/api/v1/switchover/0'), { status: 200, body: { to: 'plum', done: true } })
  t.strictSame(await everything(session), untouched)
  t.equal((await ask(t, app, 'GET', '/api/v1/primary', { headers: { 'if-none-match': etag } })).status, 304)
  const changed = ask(t, other, 'GET', '/api/v1/primary?wait=60', { headers: { 'if-none-match': etag } })

  const asked = await wish(t, app, { to: 'fig', from: 'plum', reason: 'tea', timeout: 60 }, '', { 'if-match': etag })
  t.match(asked, { status: 202, headers: { location: '/api/v1/switchover/1', 'retry-after': '1' }, body: { epoch: 1, state: 'requested', done: false, outcome: null, from: 'plum', to: 'fig', cause: 'request', reason: 'tea', timeout: 60 } })
  t.match(await ask(t, app, 'GET', '/api/v1/status/primary_node'), { body: { primary_node: 'fig' } }, 'the next reading shows it')
  t.match(await changed, { status: 200, body: { name: 'fig', epoch: 1, settled: false } }, 'the long-poll ended with the change')

  t.comment('a retry, a competitor, and PVC\'s route meanwhile')
  const before = await everything(session)
  t.match(await wish(t, app, { to: 'fig' }), { status: 202, body: { epoch: 1 } })
  t.match(await wish(t, other, { to: 'fig' }), { status: 202, body: { epoch: 1 } })
  t.match(await wish(t, app, { to: 'quince' }), { status: 409, headers: { location: '/api/v1/switchover/1' }, body: { code: 'switchover_in_flight', outcome: 'not_started', switchover: { epoch: 1 } } })
  const legacy = await ask(t, app, 'POST', '/api/v1/node/fig/coordinator-state?state=primary')
  t.match(legacy, { status: 200, headers: { location: '/api/v1/switchover/1' } })
  t.notMatch(legacy.body['message'], /already/)
  t.equal((await ask(t, app, 'POST', '/api/v1/node/quince/coordinator-state?state=primary')).status, 409)
  t.match(await wish(t, app, { to: 'fig' }, '?wait=0.05'), { status: 503, headers: { location: '/api/v1/switchover/1', 'retry-after': '1' }, body: { code: 'switchover_going_on', outcome: 'in_progress', epoch: 1, switchover: { epoch: 1, done: false } } }, 'no 2xx for who waits, unless it has succeeded')
  t.match(await ask(t, app, 'GET', '/api/v1/switchover/1?wait=0.05'), { status: 200, body: { done: false } })
  t.strictSame(await everything(session), before, 'nothing was written for any of them')

  t.comment('its end')
  const waiting = ask(t, other, 'GET', '/api/v1/switchover/1?wait=60')
  const posted = wish(t, app, { to: 'fig' }, '?wait=60')
  const nodes = settle(t, session, names)
  t.match(await waiting, { status: 200, body: { done: true, outcome: 'succeeded', progress: 1 } })
  t.match(await posted, { status: 200, body: { done: true, outcome: 'succeeded' } }, 'also if it was so already, and its record not closed yet, when it came to look')
  const [mine, theirs] = await Promise.all([ask(t, app, 'GET', '/api/v1/switchover/1'), ask(t, other, 'GET', '/api/v1/switchover/1')])
  t.equal(mine.text, theirs.text, 'every API gives the same answer')

  t.comment('as it is')
  t.match(await wish(t, app, { to: 'fig' }), { status: 200, body: { epoch: 1, done: true } })
  t.match(await wish(t, app, { from: 'plum' }), { status: 200, body: { epoch: 1 } })
  t.match((await ask(t, app, 'POST', '/api/v1/node/fig/coordinator-state?state=primary')).body['message'], /already/)
  t.match((await ask(t, app, 'POST', '/api/v1/node/plum/coordinator-state?state=secondary')).body['message'], /already/)
  for (const path of ['fig/coordinator-state?state=primary', 'plum/coordinator-state?state=secondary']) {
    for (const epoch of ['999999', '"999999.1"']) t.match(await ask(t, app, 'POST', `/api/v1/node/${path}`, { headers: { 'if-match': epoch } }), { status: 412, body: { outcome: 'not_started' } }, `${path}: so already, but not at an epoch that never was`)
  }

  t.comment('a new API, and a key that is made again')
  await nodes.close()
  await session.delete('/config/primary_node', ANY_VERSION)
  await eventually(() => app.services.view.latest?.cluster === null)
  t.match(await ask(t, app, 'GET', '/api/v1/primary'), { status: 200, body: { name: null, epoch: null, settled: false } })
  t.equal((await ask(t, app, 'GET', '/api/v1/status/primary_node')).status, 204)
  const again = await wish(t, app, { to: 'quince' })
  t.match(again, { status: 202, body: { to: 'quince' } })
  t.ok(Number(again.body['epoch']) > 1, 'epochs keep growing')
  const third = await api(t, { port: server.port })
  t.equal((await ask(t, third, 'GET', '/api/v1/switchover/1')).text, mine.text)
})

t.test('the primary releases, and whoever wins is pointed to', async (t) => {
  const { server, session } = await clusterTree(t)
  const app = await api(t, { port: server.port })
  const freed = await wish(t, app, { from: 'plum' })
  t.match(freed, { status: 202, body: { epoch: 1, to: null, from: 'plum', continued_by: null } })
  t.equal((await ask(t, app, 'GET', '/api/v1/status/primary_node')).status, 204)
  const legacy = await ask(t, app, 'POST', '/api/v1/node/plum/coordinator-state?state=secondary')
  t.match(legacy, { status: 200 })
  t.notMatch(legacy.body['message'], /already/, 'it is still primary')
  settle(t, session, names, 'quince')
  const ended = await wish(t, app, { from: 'plum' }, '?wait=60')
  t.match(ended.body, { done: true, outcome: 'succeeded', became: 'quince' }, 'and is told who it is')
  const first = await ask(t, app, 'GET', '/api/v1/switchover/1?wait=60')
  t.match(first.body, { done: true, outcome: 'succeeded', continued_by: 2, to: null, became: 'quince' })
  t.notOk('already' in first.body, 'that belongs to a request alone')
  for (const again of [{ from: 'plum' }, { to: 'quince' }]) t.match(await wish(t, app, again), { status: 200, body: { epoch: 2, became: 'quince', already: true } }, 'so already')
  t.match(await ask(t, app, 'GET', '/api/v1/primary'), { body: { name: 'quince', epoch: 2, settled: true } })
})

t.test('a primary that has died is nothing that a request could be content with', async (t) => {
  const { server, session } = await clusterTree(t)
  await session.create('/nodes/plum/presence', '{}', { ephemeral: true })
  await session.create('/nodes/plum/transition', '{}')
  const app = await api(t, { port: server.port })
  const first = await ask(t, app, 'GET', '/api/v1/primary')
  t.match(first, { body: { name: 'plum', settled: true } })
  t.match(await wish(t, app, { to: 'plum' }), { status: 200 })
  const told = ask(t, app, 'GET', '/api/v1/primary?wait=60', { headers: { 'if-none-match': String(first.headers['etag']) } })
  await session.delete('/nodes/plum/presence', ANY_VERSION)
  t.match(await told, { status: 200, body: { name: 'plum', settled: false } }, 'who waits is told')
  const before = await everything(session)
  t.match(await wish(t, app, { to: 'plum' }), { status: 422, body: { code: 'not_eligible', outcome: 'not_started', reasons: { plum: [{ code: 'not_present' }] } } })
  const legacy = await ask(t, app, 'POST', '/api/v1/node/plum/coordinator-state?state=primary')
  t.match(legacy, { status: 422, body: { reasons: { plum: [{ code: 'not_present' }] } } })
  t.notMatch(legacy.text, /already/)
  t.match(await wish(t, app, { from: 'plum' }), { status: 422, body: { code: 'holder_unconfirmed', nodes: ['plum'] } })
  t.match(await ask(t, app, 'GET', '/api/v1/switchover/0'), { status: 200, body: { to: 'plum', outcome: 'succeeded' } }, 'what is over stays over')
  t.strictSame(await everything(session), before)
})

t.test('how a wait ends that does not end well', async (t) => {
  const { server, session } = await clusterTree(t)
  const app = await api(t, { port: server.port })
  const close = async (epoch: number, closing: object) => {
    const path = `/switchovers/${String(epoch).padStart(10, '0')}`
    const { data } = await session.get(path)
    await session.set(path, JSON.stringify({ ...JSON.parse(data) as object, finished_at: new Date().toISOString(), ...closing }), ANY_VERSION)
  }
  const cases = [
    [502, 'switchover_failed', { outcome: 'failed', error: { code: 'acquire_failed', resource: 'dhcp', message: 'dhcp did not start.' } }],
    [504, 'switchover_timed_out', { outcome: 'timed_out' }],
    [409, 'switchover_superseded', { outcome: 'superseded', continued_by: 99 }],
  ] as const
  for (const [index, [status, code, closing]] of cases.entries()) {
    const epoch = index + 1
    const to = index % 2 === 0 ? 'fig' : 'quince'
    const waiting = wish(t, app, { to }, '?wait=60')
    await eventually(() => app.services.view.board.get(epoch) !== null)
    await close(epoch, closing)
    t.match(await waiting, { status, headers: { location: `/api/v1/switchover/${epoch}` }, body: { code, epoch, done: true, outcome: closing.outcome, to } }, code)
  }
  t.comment('records that are gone')
  await session.delete('/switchovers/0000000001', ANY_VERSION)
  await eventually(() => app.services.view.board.oldest === 2)
  t.match(await ask(t, app, 'GET', '/api/v1/switchover/1'), { status: 410, body: { code: 'record_expired' } })
})
