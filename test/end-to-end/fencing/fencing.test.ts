/** A dead primary: nobody takes over what it may hold before a fence is confirmed, and then at once. */
import t from 'tap'
import { fencedCluster } from '../../support/fencing.ts'
import { parseFence } from '../../../src/core/model/fence-record.ts'
import { eventually } from '../../support/zookeeper.ts'

t.test('a fence that fails first', async (t) => {
  const { made, watcher, fences, command } = await fencedCluster(t, ['hv1', 'hv2'])
  const first = await watcher.settled()
  command('fails')
  await made.nodes.get(first.name)?.kill()
  const session = await watcher.session()
  const record = async () => parseFence((await session.get(`/nodes/${first.name}/fence`).catch(() => null))?.data)
  await eventually(async () => (await record())?.state === 'unconfirmed' && (await record())?.attempts === 1)
  t.match(await record(), { why: 'presence_gone', message: 'The fencing command exited with 1.' })
  t.match(watcher.feed.view, { key: { value: first.name, version: first.epoch } }, 'the key is not freed')
  t.match(watcher.feed.view?.members.find((member) => member.name === first.name), { daemonState: 'dead', coordinatorState: 'primary' })
  t.equal(made.holder('address'), first.name)

  const faults = async () => await Promise.all((await session.children('/faults').catch(() => ({ names: [] as string[] }))).names.map(async (id) => (await session.get(`/faults/${id}/message`).catch(() => null))?.data ?? ''))
  // A fault's message comes after its znode.
  await eventually(async () => (await faults()).filter((message) => message !== '').length === 2)
  t.match((await faults()).sort().join(' '), new RegExp(`^Node ${first.name} is dead and could not be fenced; .* The fencing command exited with 1\\. Node ${first.name} is dead; `))
  command('works')
  const second = await watcher.settled(first.name === 'hv1' ? 'hv2' : 'hv1', 60_000)
  t.match(watcher.feed.view?.members.find((member) => member.name === first.name), { daemonState: 'fenced', coordinatorState: 'secondary' })
  t.match(watcher.feed.view?.records.find(({ epoch }) => epoch === second.epoch), { cause: 'fence', outcome: 'succeeded' })
  t.match(await record(), { state: 'confirmed', attempts: 2, confirmed_by: second.name })
  t.same(fences(), [`${first.name} ${first.epoch} fails`, `${first.name} ${first.epoch}`])

  made.startNode(first.name)
  await watcher.sees('it is back', (view) => view.members.some((member) => member.name === first.name && member.daemonState === 'run' && member.coordinatorState === 'secondary'))
  t.same(await watcher.settled(), second)
  t.same(made.collisions(), [])
})
