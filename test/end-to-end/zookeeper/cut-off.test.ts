/**
 * A primary that is cut off from ZooKeeper, with everybody else in contact: it releases before its session can have ended, whatever it was
 * doing, and comes back through a start.
 */
import t from 'tap'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { Cluster } from '../../../tools/testbed/cluster.ts'
import { quick, watch } from '../../support/cluster.ts'
import { eventually, proxy } from '../../support/zookeeper.ts'

t.test('cut off while it holds everything', async (t) => {
  const made = new Cluster({ nodes: [], ...quick })
  t.teardown(async () => await made.close())
  await made.start()
  const path = await proxy(t, made.zookeeper)
  const watcher = await watch(t, made)
  const daemon = made.startNode('hv1', { coordinators: [path.connectString] })
  const first = await watcher.settled('hv1')
  made.startNode('hv2')
  await watcher.sees('a secondary', (view) => view.members.some((member) => member.name === 'hv2' && member.coordinatorState === 'secondary'))

  path.blackHole()
  await daemon.logged((line) => line['event'] === 'demoted' && line['reason'] === 'the lease ran out')
  await watcher.sees('the end of its session', (view) => view.members.some((member) => member.name === 'hv1' && member.presence === null))
  t.equal(made.holder('address'), null, 'when its session ended, it had released everything')
  t.equal(made.holder('service'), null)
  t.equal(watcher.feed.view?.key.value, 'hv1', 'and nobody has taken over what nobody could know to be free')

  path.heal()
  const back = await watcher.sees('a later epoch that succeeded', (view) => view.records.some((record) => record.epoch > first.epoch && record.outcome === 'succeeded'))
  t.equal(made.holder('address'), back.key.value)
  t.same(made.collisions(), [])
})

t.test('cut off during a long acquisition', async (t) => {
  const made = new Cluster({ nodes: [], ...quick })
  t.teardown(async () => await made.close())
  await made.start()
  const path = await proxy(t, made.zookeeper)
  const watcher = await watch(t, made)
  const slow = join(made.folder, 'slow.sh')
  writeFileSync(slow, `[ "$PVC_ACTION" = release ] && { echo released >> ${made.folder}/slow.log; exit 0; }
echo begun >> ${made.folder}/slow.log
sleep 30 & wait
echo ended >> ${made.folder}/slow.log
`)
  const command = ['sh', slow]
  const daemon = made.startNode('hv1', {
    coordinators: [path.connectString],
    coordinator: { settle_time: 0.1, resources: [{ name: 'slow', type: 'command', acquire: command, release: command, acquire_timeout: 60, release_timeout: 1 }] },
  })
  await eventually(() => made.notes('slow.log').includes('begun'))
  path.blackHole()
  await daemon.logged((line) => line['event'] === 'demoted')
  await watcher.sees('the end of its session', (view) => view.members.some((member) => member.presence === null))
  t.same(made.notes('slow.log'), ['released', 'begun', 'released'], 'the acquisition was killed, and only then released')
})
