// The keeper: one session after the other, reported; without ZooKeeper it keeps trying and says so.
import t from 'tap'
import { ZooKeeperServer } from '../../../tools/testbed/zookeeper-server.ts'
import { ZooKeeperError } from '../../../src/zookeeper/client/errors.ts'
import { connect, eventually, expireSession, keep, proxy, zookeeper } from '../../support/zookeeper.ts'

t.test('ZooKeeper absent at the start: tries, says so, and gets there', async (t) => {
  const server = await zookeeper(t)
  await server.stop()
  const { keeper, reports } = keep(t, server, { connectTimeout: 200, random: () => 0, backoff: { min: 8, max: 32 } })
  t.equal(keeper.current, null)
  await eventually(() => reports.length >= 4)
  const failed = reports.map((report) => report.event === 'connect_failed' ? [report.serial, report.failures, report.retryIn, report.error.code] : report)
  t.strictSame(failed.slice(0, 4), [[1, 1, 4, 'connect_timeout'], [2, 2, 8, 'connect_timeout'], [3, 3, 16, 'connect_timeout'], [4, 4, 16, 'connect_timeout']], 'a bounded wait')
  const ready = keeper.ready()
  const controller = new AbortController()
  const impatient = keeper.ready(controller.signal)
  controller.abort()
  await t.rejects(impatient, { code: 'aborted' })
  await server.start()
  const session = await ready
  t.equal(keeper.current, session)
  t.equal(reports.at(-1)?.event, 'session_opened')
})

t.test('a new session after an expiry; listeners hear of each once', async (t) => {
  const server = await zookeeper(t)
  const path = await proxy(t, server)
  const { keeper, reports } = keep(t, path, { sessionTimeout: 2_000 })
  const heard: number[] = []
  keeper.onSession(({ serial }) => heard.push(serial))
  const first = await keeper.ready()
  const late: number[] = []
  keeper.onSession(({ serial }) => late.push(serial))
  await expireSession(server, path, first)
  const second = await keeper.ready()
  t.not(second, first)
  t.not(second.id, first.id)
  t.strictSame(heard, [1, second.serial])
  t.strictSame(late, [1, second.serial])
  t.match(reports.find(({ event }) => event === 'session_lost'), { serial: 1, error: { code: 'session_expired' } })
  await keeper.close()
  await keeper.close()
  t.equal(second.state, 'closed')
  await t.rejects(keeper.ready(), { code: 'closed' })
})

t.test('destroyed: nothing comes after', async (t) => {
  const server = await zookeeper(t)
  const { keeper } = keep(t, server)
  const session = await keeper.ready()
  keeper.destroy(new ZooKeeperError('aborted', { op: 'close' }))
  keeper.destroy(new ZooKeeperError('aborted', { op: 'close' }))
  t.equal(session.state, 'lost')
  t.equal(keeper.current, null)
  await t.rejects(keeper.ready(), { code: 'closed' })
})

t.test('the server of the tests: pause, restart with its data, figures', async (t) => {
  const server = await zookeeper(t)
  const session = await connect(t, server)
  await session.create('/kept', 'kept')
  t.equal((await server.mntr()).get('zk_server_state'), 'standalone')
  await server.restart()
  await session.whenConnected()
  t.equal((await session.get('/kept')).data, 'kept')
  await server.remove()
  t.notOk(server.running)
  await t.rejects(new ZooKeeperServer({ port: 1, startTimeout: 1 }).start().finally(() => {}), Error)
})
