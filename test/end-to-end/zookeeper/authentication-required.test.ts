/** Servers that close every session which does not authenticate: both daemons say so once, in the same word, and do not besiege them. */
import t from 'tap'
import { setTimeout as delay } from 'node:timers/promises'
import { Cluster } from '../../../tools/testbed/cluster.ts'
import { notifications } from '../../support/network/notify-socket.ts'
import { eventually, keep, zookeeper } from '../../support/zookeeper.ts'

const properties = { 'zookeeper.enforce.auth.enabled': 'true', 'zookeeper.enforce.auth.schemes': 'digest' }

t.test('both daemons', { timeout: 90_000 }, async (t) => {
  const made = new Cluster({ nodes: [], zookeeper: { properties } })
  t.teardown(async () => await made.close())
  await made.start()
  const { path, said } = await notifications(t)
  const node = made.startNode('hv1', {}, { env: { NOTIFY_SOCKET: path } })
  const api = await made.startApi('hv1')
  await node.logged((line) => line['reason'] === 'auth_required')
  await eventually(() => said.some((line) => /^STATUS=waiting for ZooKeeper: .*authenticate/.test(line)))
  const ready = async () => (await (await fetch(`${api}/health/ready`)).json() as { reasons: string[] }).reasons
  await eventually(async () => (await ready()).some((reason) => reason.includes('do not authenticate')))
  // For long enough that another session is tried.
  await delay(8_000)
  for (const [who, log] of [['the node', node.log], ['the API', made.apis.get('hv1')?.log ?? []]] as const) {
    const warnings = log.filter(({ level, msg }) => level !== 'info' && !msg.startsWith('fencing method none'))
    t.match(warnings, [{ level: 'warn', reason: 'auth_required' }], `${who}: one line`)
    t.equal(log.filter(({ msg }) => /session opened|connected to ZooKeeper/.test(msg)).length, 1, `${who}: what does not last is no session`)
  }
  t.match(await ready(), [/^Nothing has been read/, /do not authenticate/])
  t.notOk(said.includes('READY=1'))
  await node.stop(50_000)
})

t.test('a session with watches, which the client arms again before it says anything else, is given up within a bound, and the next one is told why', { timeout: 60_000 }, async (t) => {
  const changed: Record<string, string> = {}
  const server = await zookeeper(t, { properties: changed })
  // Long enough that the session does not end by itself before it has been given up.
  const { keeper, reports } = keep(t, server, { sessionTimeout: 20_000 })
  const session = await keeper.ready()
  await session.exists('/', { watch: true })
  session.onState((state) => { if (state === 'connected') session.sync('/').catch(() => {}) })
  Object.assign(changed, properties)
  await server.restart()
  await eventually(() => reports.some((report) => report.event === 'connect_failed' && report.error.code === 'auth_required'))
  t.match(reports.filter(({ event }) => event === 'session_lost')[0], { error: { code: 'session_unserved' } })
})

t.test('a session counts only once it has answered', { timeout: 60_000 }, async (t) => {
  const server = await zookeeper(t, { properties })
  const { keeper, reports } = keep(t, server, { backoff: { min: 10, max: 100 } })
  let opened = 0
  keeper.onSession((session) => {
    opened += 1
    session.exists('/').catch(() => {})
  })
  const failures = () => reports.filter((report) => report.event === 'connect_failed')
  await eventually(() => failures().length >= 3)
  t.equal(opened, 1)
  t.ok(failures().every(({ error, retryIn }) => error.code === 'auth_required' && retryIn >= 100), 'and the longest pause is made at once')
  const aborted = new AbortController()
  const ready = keeper.ready(aborted.signal)
  aborted.abort()
  await t.rejects(ready, { code: 'aborted' })
})
