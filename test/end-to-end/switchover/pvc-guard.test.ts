/**
 * What a PVC node that takes over cannot know, and ours see to: that a primary has not come to see the key, that a free key is theirs, and that a release
 * which failed is tried again.
 */
import t from 'tap'
import { PRIMARY_NODE, PRIMARY_SYNC_LOCK } from '../../../src/cluster/layout.ts'
import { lockContenders } from '../../../src/zookeeper/locks/lock-order.ts'
import { breakable, breakOn, mendOn } from '../../support/breakable.ts'
import { cluster, quick, type Watcher } from '../../support/cluster.ts'
import { pvcNode } from '../../support/pvc-node.ts'
import { eventually } from '../../support/zookeeper.ts'

/** The names of those in the line of a lock, the first in front. */
async function line (watcher: Watcher, lock = PRIMARY_SYNC_LOCK): Promise<readonly string[]> {
  const session = await watcher.session()
  const { names } = await session.children(lock).catch(() => ({ names: [] as string[] }))
  return await Promise.all(lockContenders(names).map(async ({ name }) => (await session.get(`${lock}/${name}`).catch(() => null))?.data ?? ''))
}

const isThere = async (watcher: Watcher) => { await watcher.sees('the PVC node', (view) => view.members.some((member) => member.name === 'pvc1' && member.daemonState === 'run')) }
const isPrimary = async (watcher: Watcher) => { await watcher.sees('the PVC node is primary', (view) => view.members.some((member) => member.name === 'pvc1' && member.coordinatorState === 'primary'), 60_000) }

t.test('a primary that stands still as the key comes to name a PVC node', { timeout: 120_000 }, async (t) => {
  const { cluster: made, watcher } = await cluster(t, { nodes: ['hv1'], ...quick })
  await watcher.settled('hv1')
  await pvcNode(t, made, 'pvc1')
  await isThere(watcher)
  await eventually(async () => (await line(watcher))[0] === 'hv1')
  const hv1 = made.nodes.get('hv1')
  hv1?.signal('SIGSTOP')
  await watcher.writeKeyBlindly('pvc1')
  await eventually(async () => (await line(watcher)).length === 2)
  t.equal((await line(watcher))[0], 'hv1', 'the PVC node is behind it')
  hv1?.signal('SIGCONT')
  await isPrimary(watcher)
  t.equal(made.holder('address'), 'pvc1')
  await eventually(async () => (await line(watcher)).length === 0)

  await watcher.writeKeyBlindly('hv1')
  await watcher.settled('hv1', 60_000)
  await eventually(async () => (await line(watcher)).join() === 'hv1')
  t.same(made.collisions(), [])
})

t.test('a primary stops, and a PVC node is the only other: it contends once', { timeout: 120_000 }, async (t) => {
  const { cluster: made, watcher } = await cluster(t, { nodes: ['hv1'], ...quick, coordinator: { ...quick.coordinator, handover_timeout: 60 } })
  await made.startApi('hv1')
  await watcher.settled('hv1')
  await pvcNode(t, made, 'pvc1')
  await isThere(watcher)
  t.equal(await made.nodes.get('hv1')?.stop(50_000), 0)
  await isPrimary(watcher)
  await watcher.sees('the role was handed over at the first offer', ({ records }) => {
    const offers = records.filter(({ cause }) => cause === 'shutdown')
    return offers.length === 1 && offers[0]?.to === null && offers[0].outcome === 'succeeded'
  })
  t.same(made.collisions(), [])

  // Somebody holds the lock as the key becomes free: the PVC node has lost before it has begun.
  made.startNode('hv1')
  await watcher.sees('it is back', (view) => view.members.some((member) => member.name === 'hv1' && member.coordinatorState === 'secondary' && member.daemonState === 'run'))
  await watcher.writeKeyBlindly('hv1')
  await watcher.settled('hv1', 60_000)
  const session = await watcher.session()
  const child = await session.createSequential(`${PRIMARY_NODE}/00000000000000000000000000000000__lock__`, 'somebody', { ephemeral: true })
  const stopping = made.nodes.get('hv1')?.stop(50_000)
  await watcher.sees('it is told to stop', (view) => view.members.some((member) => member.name === 'hv1' && member.daemonState === 'shutdown'))
  await watcher.writeKeyBlindly('none')
  await eventually(async () => (await line(watcher, PRIMARY_NODE)).includes('pvc1'))
  await eventually(async () => !(await line(watcher, PRIMARY_NODE)).includes('pvc1'))
  await session.delete(child, 0)
  await isPrimary(watcher)
  t.equal(await stopping, 0)
  t.match(watcher.feed.view?.records.findLast(({ to }) => to === 'pvc1'), { cause: 'shutdown', from: 'hv1' }, 'it is named')
  t.same(made.collisions(), [])
})

t.test('a release that fails while a PVC node waits for it', { timeout: 120_000 }, async (t) => {
  const { cluster: made, watcher } = await cluster(t, { nodes: ['hv1'], ...quick, ...breakable })
  await watcher.settled('hv1')
  await pvcNode(t, made, 'pvc1')
  await isThere(watcher)
  breakOn(made, 'hv1', 'release')
  await watcher.writeKeyBlindly('pvc1')
  await watcher.sees('the failure', (view) => view.members.some((member) => member.name === 'hv1' && member.coordinatorState === 'relinquish' && member.transition?.error != null))
  mendOn(made, 'hv1')
  await isPrimary(watcher)
  await watcher.sees('no error any more', (view) => view.members.some(({ name, transition }) => name === 'hv1' && transition?.direction === 'relinquish' && transition.error === null))
  t.same(made.collisions(), [])
})

t.test('a daemon that was killed over a failed release starts again while a PVC node waits for its session', { timeout: 120_000 }, async (t) => {
  const { cluster: made, watcher } = await cluster(t, { nodes: ['hv1'], ...quick, ...breakable })
  await watcher.settled('hv1')
  await pvcNode(t, made, 'pvc1')
  await isThere(watcher)
  breakOn(made, 'hv1', 'release')
  await watcher.writeKeyBlindly('pvc1')
  await watcher.sees('the failure', (view) => view.members.some((member) => member.name === 'hv1' && member.coordinatorState === 'relinquish' && member.transition?.error != null))
  await eventually(async () => (await line(watcher)).length === 2)
  await made.nodes.get('hv1')?.kill()
  const started = made.startNode('hv1')
  await started.logged((line) => line.msg === 'registered', 60_000)
  await eventually(async () => (await line(watcher)).length === 2)
  await watcher.sees('the failure of the start', (view) => view.members.some((member) => member.name === 'hv1' && member.transition?.direction === 'start' && member.transition.error !== null), 60_000)
  t.equal(made.holder('service'), 'hv1')
  t.ok((await line(watcher)).includes('hv1'), 'it is in the line')
  mendOn(made, 'hv1')
  await isPrimary(watcher)
  t.equal(made.holder('address'), 'pvc1')
  await eventually(async () => (await line(watcher)).length === 0)
  t.same(made.collisions(), [])
})
