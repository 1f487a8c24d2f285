/** A dry run is answered as the request would be, and writes nothing: not even a lock child. */
import t from 'tap'
import { ANY_VERSION } from '../../../../src/zookeeper/session/session.ts'
import { api, clusterTree, everything, settle, wish } from '../../support/api.ts'

const KEY = '/config/primary_node'

t.test('a dry run judges as for real, and writes nothing', async (t) => {
  const { server, session } = await clusterTree(t)
  const lines: string[] = []
  const app = await api(t, { port: server.port, logTo: lines })
  /** All znodes, and how many children the key has ever had. */
  const state = async () => ({ ...await everything(session), lockChildren: (await session.get(KEY)).stat.cversion })
  const dry = async (body: object, query = '', headers = {}) => {
    const before = await state()
    const answer = await wish(t, app, { ...body, dry_run: true }, query, headers)
    t.strictSame(await state(), before, `${JSON.stringify(body)}${query}: nothing is written`)
    return answer
  }

  t.comment('what would be begun')
  const planned = await dry({ to: 'fig', reason: 'tea', timeout: 60 }, '?wait=60')
  t.match(planned, { status: 202, body: { epoch: 1, state: 'requested', done: false, outcome: null, from: 'plum', to: 'fig', cause: 'request', reason: 'tea', timeout: 60, dry_run: true } })
  t.equal(planned.headers['location'], undefined, 'there is nothing to follow')
  t.ok(lines.some((line) => line.includes('"dry_run":true') && line.includes('"outcome":"not_started"')), 'the log says what it was')
  t.match(await dry({ from: 'plum' }), { status: 202, body: { to: null, from: 'plum', dry_run: true } })

  t.comment('what would be refused')
  await session.set('/nodes/quince/daemonstate', 'stop', ANY_VERSION)
  for (const [body, headers] of [[{ to: 'nobody' }, {}], [{ to: 'quince' }, {}], [{ to: 'yew' }, {}], [{ to: 'fig', from: 'fig' }, {}], [{ to: 'fig', from: 'quince' }, {}], [{ to: 'fig' }, { 'if-match': '99' }]] as const) {
    const tried = await dry(body, '', headers)
    const asked = await wish(t, app, body, '', headers)
    t.ok(tried.status >= 400, `${JSON.stringify(body)}: ${tried.status}`)
    t.strictSame([tried.status, tried.body], [asked.status, asked.body], 'as the request is')
  }

  t.comment('beside a switchover in progress')
  const asked = await wish(t, app, { to: 'fig', reason: 'tea', timeout: 60 })
  const { started_at: _planned, dry_run: _dry, ...plan } = planned.body
  const { started_at: _started, ...begun } = asked.body
  t.strictSame(plan, begun, 'the request begins what the dry run told')
  t.match(await dry({ to: 'fig' }), { status: 202, headers: { location: '/api/v1/switchover/1' }, body: { epoch: 1, dry_run: true } })
  t.match(await dry({ to: 'plum' }), { status: 409, headers: { location: '/api/v1/switchover/1' }, body: { code: 'switchover_in_flight', outcome: 'not_started' } })

  t.comment('and once it is so')
  const nodes = settle(t, session, ['plum', 'fig'])
  t.match(await wish(t, app, { to: 'fig' }, '?wait=60'), { status: 200 })
  await nodes.close()
  t.match(await dry({ to: 'fig' }), { status: 200, body: { epoch: 1, already: true, dry_run: true } })
})

t.test('a dry run without a primary key', async (t) => {
  const { server, session } = await clusterTree(t)
  await session.delete(KEY, ANY_VERSION)
  const app = await api(t, { port: server.port })
  const before = await everything(session)
  t.match(await wish(t, app, { to: 'fig', dry_run: true }), { status: 422, body: { code: 'not_eligible', outcome: 'not_started' } })
  t.strictSame(await everything(session), before)
})
