/** The role goes to a PVC node and comes back, again and again: neither acquires anything before the other has released everything. */
import t from 'tap'
import { join } from 'node:path'
import { packageFolder } from '../../../tools/testbed/daemon-process.ts'
import { cluster, quick } from '../../support/cluster.ts'
import { pvcNode } from '../../support/pvc-node.ts'

t.test('there and back', { timeout: 170_000 }, async (t) => {
  // So slow to release that the PVC node would be at it long before, if nothing kept it waiting.
  const release = (folder: string) => ['sh', '-c', 'sleep 2; exec sh "$0" "$1"', join(packageFolder(), 'tools', 'testbed', 'exclusive-resource.sh'), folder]
  const { cluster: made, watcher } = await cluster(t, { nodes: ['hv1', 'hv2'], ...quick, resourceSettings: (folder) => ({ release: release(folder), release_timeout: 5 }) })
  const first = await watcher.settled()
  await pvcNode(t, made, 'pvc1')
  await watcher.sees('the PVC node', (view) => view.members.some((member) => member.name === 'pvc1' && member.daemonState === 'run' && !member.ours))
  for (const target of ['pvc1', first.name, 'pvc1', 'hv1']) {
    await watcher.writeKeyBlindly(target)
    await watcher.settled(target, 60_000)
    t.same(['address', 'service'].map((resource) => made.holder(resource)), [target, target])
  }
  const handedOver = made.effects().filter((effect) => effect.includes(first.name) || effect.includes('pvc1')).map((effect) => effect.split(' ').slice(1).join(' '))
  const from = handedOver.indexOf('pvc1 acquire address')
  t.same(handedOver.slice(from - 2, from), [`${first.name} release service`, `${first.name} release address`], 'everything was released before the PVC node acquired anything')
  t.same(made.collisions(), [])
})
