/**
 * A PVC primary stands still, and a fencer of PVC's whose fence did not work writes `dead`, `secondary` and frees the key. Whatever its daemon state says afterwards, it
 * counts as a holder until it writes a coordinator state itself.
 */
import t from 'tap'
import { fencedCluster } from '../../support/fencing.ts'
import { pvcNode } from '../../support/pvc-node.ts'
import { PRIMARY_NODE, nodePath } from '../../../src/cluster/layout.ts'
import { ANY_VERSION } from '../../../src/zookeeper/session/session.ts'
import { eventually } from '../../support/zookeeper.ts'

t.test('a node that comes back holding everything, after a fence that failed', { timeout: 240_000 }, async (t) => {
  const { made, watcher } = await fencedCluster(t, ['hv1', 'hv2'], { zookeeper: { maxSessionTimeout: 600_000 } }, { method: 'none', command: undefined })
  await watcher.settled(undefined, 60_000)
  // It is to come back with its session, however long it stands still here.
  const peer = await pvcNode(t, made, 'pvc1', { contends: false, session: 600 })
  await watcher.sees('pvc1 in run', (view) => view.members.some(({ name, daemonState }) => name === 'pvc1' && daemonState === 'run'), 60_000)
  await watcher.writeKeyBlindly('pvc1')
  await watcher.settled('pvc1', 60_000)

  peer.process.kill('SIGSTOP')
  t.teardown(() => peer.process.kill('SIGCONT'))
  const session = await watcher.session()
  const write = async (child: 'daemonstate' | 'routerstate', value: string) => await session.set(nodePath('pvc1', child), value, ANY_VERSION)
  await write('daemonstate', 'dead')
  await write('routerstate', 'secondary')
  await session.set(PRIMARY_NODE, 'none', ANY_VERSION)
  await eventually(async () => await session.exists(nodePath('pvc1', 'disbelieved')) !== null)
  const taker = 'hv1'
  // Another may have contended by now: an operator names this one.
  await session.set(PRIMARY_NODE, taker, ANY_VERSION)
  await watcher.sees('a taker', (view) => view.members.some(({ name, coordinatorState }) => name === taker && coordinatorState === 'takeover'), 60_000)
  const seesIt = async () => {
    // The taker has seen the change: its next keepalive comes from the same session, after the notification.
    const keepalive = async () => (await session.get(nodePath(taker, 'keepalive'))).stat.version
    const before = await keepalive()
    await eventually(async () => await keepalive() >= before + 2)
  }
  for (const daemonState of ['run', 'dead', 'run', 'shutdown', 'run']) {
    await write('daemonstate', daemonState)
    await seesIt()
    t.equal(made.holder('address'), 'pvc1', `${taker} acquires nothing while the state of pvc1 is ${daemonState}`)
    t.ok(watcher.feed.view?.members.some(({ name, fencersWord }) => name === 'pvc1' && fencersWord))
  }
  t.same(made.collisions(), [])

  peer.process.kill('SIGCONT')
  await watcher.sees('pvc1 released', (view) => view.members.some(({ name, fencersWord, coordinatorState }) => name === 'pvc1' && !fencersWord && coordinatorState === 'secondary'), 60_000)
  const { name: primary } = await watcher.settled(undefined, 120_000)
  t.not(primary, 'pvc1')
  t.equal(made.holder('address'), primary)
  t.same(made.collisions(), [])
})
