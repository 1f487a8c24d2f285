/** A child of the primary lock that nobody removes is named wherever somebody looks, and once it is deleted everything continues. */
import t from 'tap'
import { PRIMARY_NODE } from '../../../src/cluster/layout.ts'
import { askApi, askForSwitchover } from '../../support/api-client.ts'
import { cluster, quick } from '../../support/cluster.ts'
import { eventually } from '../../support/zookeeper.ts'

t.test('a persistent child of the primary lock', { timeout: 120_000 }, async (t) => {
  const { cluster: made, watcher } = await cluster(t, { nodes: ['hv1', 'hv2'], ...quick, coordinator: { ...quick.coordinator, handover_timeout: 3 } })
  const api = await made.startApi('hv1')
  const { name: former } = await watcher.settled()
  const other = former === 'hv1' ? 'hv2' : 'hv1'
  const session = await watcher.session()
  const status = async () => (await askApi<{ primary_lock: Record<string, unknown> | null }>(`${api}/api/v1/status`)).body.primary_lock
  await eventually(async () => await status() === null)

  const child = 'left__lock__0000000000'
  await session.create(`${PRIMARY_NODE}/${child}`, 'script mover')
  await eventually(async () => await status() !== null)
  t.match(await status(), { child, identifier: 'script mover', session: null })
  t.match(await askForSwitchover(api, { to: other }), { status: 503, body: { code: 'lock_not_had', outcome: 'not_started', detail: /^The primary lock is held by `script mover` \(a persistent znode, which no session owns, since 20.*\), and no switchover is in progress/ } })
  t.ok(made.apis.get('hv1')?.log.some(({ msg }) => msg.startsWith('the primary lock is held by `script mover`')), 'the log of the API')
  const held = async () => Number(/^pvc_primary_lock_held_seconds (.*)$/m.exec((await askApi(`${api}/metrics`)).text)?.[1])
  t.ok(await held() > 0)

  t.equal(await made.nodes.get(former)?.stop(), 0, 'the primary stops, although it cannot hand over')
  const named = ({ level, msg }: { level: string, msg: string }) => level === 'warn' && msg.startsWith('the primary lock is held by `script mover`')
  t.equal(made.nodes.get(former)?.log.filter(named).length, 1, 'and says once who holds the lock')
  const waited = made.nodes.get(former)?.log.filter((line) => line['outcome'] === 'lock_timeout') ?? []
  t.ok(waited.length > 0 && waited.every(({ msg }) => msg.includes('the primary lock is held by `script mover`')), 'every wait that ended without the lock names the holder')
  await eventually(() => made.nodes.get(other)?.log.some(({ msg }) => msg.startsWith('the primary lock is held by `script mover`')) === true)
  t.equal(watcher.feed.view?.key.value, former, 'nobody takes over')

  await session.delete(`${PRIMARY_NODE}/${child}`, 0)
  await watcher.settled(other)
  await eventually(async () => await status() === null && await held() === 0)
  t.ok(made.nodes.get(other)?.log.some(({ msg, lasted }) => msg === 'the primary lock is acquired' && typeof lasted === 'number'), 'and the log says that it is over')
})
