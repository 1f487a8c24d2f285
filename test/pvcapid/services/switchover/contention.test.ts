/** Many clients at once, and others who hold the primary lock. */
import t from 'tap'
import { api, ask, clusterTree, everything, settle, wish } from '../../support/api.ts'
import { eventually, kazoo } from '../../../support/zookeeper.ts'

const names = ['plum', 'fig', 'quince']

t.test('eight clients on two APIs: one version of the key for each switchover that anybody was told of', async (t) => {
  const { server, session } = await clusterTree(t)
  const [even, odd] = [await api(t, { port: server.port }), await api(t, { port: server.port })]
  settle(t, session, names)
  const told = new Set<number>()
  const statuses = new Map<number, number>()
  const client = async (number: number): Promise<void> => {
    const app = number % 2 === 0 ? even : odd
    for (let round = 0; round < 12; round++) {
      const node = names[Math.floor(Math.random() * names.length)] ?? 'plum'
      const legacy = (number + round) % 3 !== 0
      const reply = await app.inject(legacy
        ? { method: 'POST', url: `/api/v1/node/${node}/coordinator-state?state=primary` }
        : { method: 'POST', url: '/api/v1/switchover', payload: { to: node } })
      statuses.set(reply.statusCode, (statuses.get(reply.statusCode) ?? 0) + 1)
      const epoch = Number(/\d+$/.exec(String(reply.headers['location']))?.[0])
      if (reply.statusCode < 300 && epoch > 0) told.add(epoch)
      else if (reply.statusCode >= 300) t.equal(reply.json<{ outcome: string }>().outcome, 'not_started')
    }
  }
  await Promise.all(Array.from({ length: 8 }, async (_, number) => await client(number)))
  const { stat } = await session.get('/config/primary_node')
  t.strictSame([...told].sort((a, b) => a - b), Array.from({ length: stat.version }, (_, index) => index + 1), `${stat.version} versions`)
  t.ok(stat.version > 0)
  t.strictSame([...statuses.keys()].filter((status) => ![200, 202, 409, 412, 503].includes(status)), [], JSON.stringify([...statuses]))
  await eventually(async () => (await session.children('/config/primary_node')).names.every((name) => !name.includes('__lock__')))
})

t.test('somebody else holds the lock', async (t) => {
  const { server, session } = await clusterTree(t)
  const app = await api(t, { port: server.port })
  const python = await kazoo(t, server, `
lock = zk.Lock("/config/primary_node", "python")
for line in sys.stdin:
    if line.strip() == "take":
        lock.acquire()
    else:
        lock.release()
    say(line.strip())
`, 10)
  await python.ask('take')
  const before = await everything(session)
  const asked = performance.now()
  const reply = await wish(t, app, { to: 'fig' })
  t.ok(performance.now() - asked < 2_500, 'it answers within its bound')
  t.match(reply, { status: 503, headers: { 'retry-after': '1' }, body: { code: 'lock_not_had', outcome: 'not_started' } })
  const many = await Promise.all([wish(t, app, { to: 'fig' }), wish(t, app, { to: 'quince' }), ask(t, app, 'POST', '/api/v1/node/fig/coordinator-state?state=primary')])
  t.strictSame(many.map(({ status }) => status), [503, 503, 503])
  t.strictSame(await everything(session), before, 'the key is as it was')
  t.equal((await ask(t, app, 'GET', '/api/v1/node/fig/coordinator-state')).status, 200, 'reads continue')

  t.comment('what somebody began under the lock is the answer')
  await session.set('/nodes/quince/routerstate', 'takeover', 0)
  t.match(await wish(t, app, { to: 'fig' }), { status: 409, body: { nodes: ['quince'] } })
  await session.set('/nodes/quince/routerstate', 'secondary', 1)
  await python.ask('release')
  await eventually(async () => (await session.children('/config/primary_node')).names.every((name) => !name.includes('__lock__')))
  t.match(await wish(t, app, { to: 'fig' }), { status: 202, body: { epoch: 1 } })
})

t.test('a key that is written without the lock is never overwritten', async (t) => {
  const { server, session } = await clusterTree(t)
  const app = await api(t, { port: server.port })
  let version = 0
  for (let round = 0; round < 30; round++) {
    const to = round % 2 === 0 ? 'fig' : 'quince'
    const [reply] = await Promise.all([wish(t, app, { to }), session.set('/config/primary_node', 'plum', version).then(() => true, () => false)])
    const { data, stat } = await session.get('/config/primary_node')
    t.ok(reply.status === 202 ? ['plum', to].includes(data) : data === 'plum', `${reply.status}: ${data}`)
    t.ok(stat.version - version <= 2)
    if (reply.status === 202) {
      const path = `/switchovers/${String(reply.body['epoch']).padStart(10, '0')}`
      const { data: record, stat: { version: recorded } } = await session.get(path)
      await session.set(path, JSON.stringify({ ...JSON.parse(record) as object, outcome: 'failed', finished_at: '2031-01-01T00:00:00.000Z' }), recorded).catch(() => {})
    }
    version = stat.version
    if (data !== 'plum') version = (await session.set('/config/primary_node', 'plum', version)).version
    await eventually(() => app.services.view.latest?.cluster?.key.version === version)
  }
})
