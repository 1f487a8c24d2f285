/** When nobody is fenced although somebody is dead: in maintenance mode, when several are dead at once, and when the dead one comes back. */
import t from 'tap'
import { fencedCluster } from '../../support/fencing.ts'
import { eventually } from '../../support/zookeeper.ts'

t.test('maintenance mode, and two of three dead', { timeout: 120_000 }, async (t) => {
  const { made, watcher, fences } = await fencedCluster(t, ['hv1', 'hv2', 'hv3'])
  const { name: first } = await watcher.settled()
  const [second = '', third = ''] = ['hv1', 'hv2', 'hv3'].filter((name) => name !== first)
  const session = await watcher.session()
  await session.create('/config/maintenance', 'true')
  await made.nodes.get(first)?.kill()
  const witness = made.nodes.get(third)
  const stateOf = (name: string) => watcher.feed.view?.members.find((member) => member.name === name)?.daemonState
  await witness?.logged((line) => line.msg === 'a node is dead; fencing is suspended by maintenance mode', 60_000)
  t.equal(stateOf(first), 'run', 'nobody is judged either')

  await made.nodes.get(second)?.kill()
  await watcher.sees('both gone', (view) => view.members.filter((member) => member.presence === null).length === 2)
  await session.set('/config/maintenance', 'false', 0)
  await witness?.logged((line) => line.msg.startsWith('more than one coordinator is dead at once') || (Array.isArray(line['nodes']) && line['nodes'].length === 2), 60_000)
  await eventually(() => stateOf(first) === 'dead' && stateOf(second) === 'dead')
  t.same(fences(), [])
  t.equal(watcher.feed.view?.key.value, first, 'the key is not freed')

  made.startNode(second)
  const next = await watcher.sees('another primary', (view) => view.members.some((member) => member.name !== first && member.coordinatorState === 'primary'), 60_000)
  t.not(next.key.value, first)
  t.same(fences().map((fence) => fence.split(' ')[0]), [first], 'with one of them back, the other is fenced, and nobody else')
  t.same(made.collisions(), [])
})

t.test('a node that is back before its saving throws are over', { timeout: 120_000 }, async (t) => {
  const { made, watcher, fences } = await fencedCluster(t, ['hv1', 'hv2'], {}, { saving_throws: 100, saving_interval: 0.5 })
  const { name } = await watcher.settled()
  const other = made.nodes.get(name === 'hv1' ? 'hv2' : 'hv1')
  await made.nodes.get(name)?.kill()
  await other?.logged((line) => line['peer'] === name, 60_000)
  made.startNode(name)
  await other?.logged((line) => line.msg === `${name} shows life: it is left alone`, 60_000)
  await watcher.sees('it runs', (view) => view.members.every((member) => member.daemonState === 'run'), 60_000)
  t.same(fences(), [])
  t.same(made.collisions(), [])
})
