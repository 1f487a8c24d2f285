/**
 * Ends that take long: a release of 60 s with a keepalive of 1 s and six fence intervals, and a ZooKeeper that does not answer. A campaign
 * (`npm run campaign -- shutdown`): it takes about two minutes.
 */
import t from 'tap'
import { join } from 'node:path'
import { writeFileSync } from 'node:fs'
import { cluster, quick } from '../../support/cluster.ts'

t.test('a release of 60 s', { timeout: 300_000 }, async (t) => {
  const { cluster: made, watcher } = await cluster(t, { nodes: [], ...quick })
  const script = join(made.folder, 'slow.sh')
  writeFileSync(script, '[ "$PVC_ACTION" = acquire ] || [ -z "$PVC_EPOCH" ] || sleep 60\n')
  const command = ['sh', script]
  const coordinator = { settle_time: 0.1, handover_timeout: 200, resources: [{ name: 'slow', type: 'command', acquire: command, release: command, release_timeout: 90 }] }
  const first = made.startNode('hv1', { coordinator })
  await watcher.settled('hv1')
  made.startNode('hv2', { coordinator })
  await watcher.sees('a peer', (view) => view.members.some((member) => member.name === 'hv2' && member.daemonState === 'run'))
  const states = new Set<string | null>()
  const watching = watcher.feed.onView((view) => states.add(view.members.find((member) => member.name === 'hv1')?.daemonState ?? null))
  const from = performance.now()
  t.equal(await first.stop(150_000), 0)
  const took = performance.now() - from
  await watcher.settled('hv2', 120_000)
  watching[Symbol.dispose]()
  t.notOk(states.has('dead'), 'never dead')
  const all = await made.zookeeper.transactions()
  const session = all.findLast((each) => each.path === '/nodes/hv1/daemonstate' && each.data === 'stop')?.session
  const own = all.filter((each) => each.session === session)
  const last = own.slice(-3).map(({ op, path, data }) => `${op} ${path} ${path.endsWith('keepalive') ? '' : data}`.trim())
  t.same(last, ['setData /nodes/hv1/keepalive', 'setData /nodes/hv1/daemonstate stop', 'closeSession'])
  const since = own.findIndex((each) => each.path === '/nodes/hv1/daemonstate' && each.data === 'shutdown')
  const beats = own.slice(since).filter((each) => each.path === '/nodes/hv1/keepalive').length
  t.ok(beats > 55, 'keepalives continued')
  t.comment(`the shutdown took ${(took / 1000).toFixed(1)} s, with ${beats} keepalives; states seen: ${[...states].join(' ')}; last writes: ${last.join(', ')}`)
})

t.test('ZooKeeper does not answer: the end comes all the same, and what could not be written is an error', { timeout: 120_000 }, async (t) => {
  const { cluster: made, watcher } = await cluster(t, { nodes: [], ...quick })
  const daemon = made.startNode('hv1', { coordinator: { settle_time: 0.1, handover_timeout: 3 } })
  await watcher.settled('hv1')
  await made.zookeeper.pause()
  daemon.signal('SIGTERM')
  const line = await daemon.logged((each) => each.level === 'error', 60_000)
  t.match(line.msg, /could not be (written|reached)/)
  t.equal(await daemon.exited(), 1)
  t.ok(daemon.log.some((each) => each['code'] === 'stop_not_written'))
  made.zookeeper.resume()
})
