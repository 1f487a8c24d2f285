/** Clients that write the key without the lock, as older ones do: whatever they put there, the cluster ends with one primary that serves. */
import t from 'tap'
import { cluster, quick } from '../../support/cluster.ts'
import { nodePath, PRIMARY_NODE } from '../../../src/cluster/layout.ts'
import type { Stat } from '../../../src/zookeeper/client/connection.ts'
import { hasCode, isNodeExists } from '../../../src/zookeeper/client/errors.ts'
import type { Session } from '../../../src/zookeeper/session/session.ts'

const nodes = ['hv1', 'hv2', 'hv3']

t.test('a planned switch, and one that flips back at once', async (t) => {
  const { cluster: made, watcher } = await cluster(t, { nodes, ...quick })
  const first = await watcher.settled()
  const [second, third] = nodes.filter((name) => name !== first.name) as [string, string]

  const version = await watcher.writeKeyBlindly(second)
  await watcher.sees('takeover', (view) => view.members.some((member) => member.name === second && member.coordinatorState === 'takeover'))
  const moved = await watcher.settled(second)
  t.equal(moved.epoch, first.epoch + 1)
  t.equal(watcher.feed.view?.key.version, version, 'nobody else wrote the key')
  t.match(watcher.feed.view?.records.at(-1), { cause: 'external', outcome: 'succeeded', from: first.name, to: second })

  await t.test('before anybody has begun', async (t) => {
    await watcher.writeKeyBlindly(third)
    await watcher.writeKeyBlindly(second)
    const still = await watcher.settled(second)
    t.equal(still.epoch, moved.epoch + 2)
  })

  await t.test('during the relinquish', async (t) => {
    await watcher.writeKeyBlindly(third)
    await watcher.sees('relinquish', (view) => view.members.some((member) => member.name === second && member.coordinatorState === 'relinquish'))
    await watcher.writeKeyBlindly(second)
    const back = await watcher.settled()
    t.ok(back.epoch >= moved.epoch + 4, 'one primary, not none')
  })
  t.same(made.collisions(), [])
})

t.test('a key that names somebody who cannot serve is repaired', async (t) => {
  const { cluster: made, watcher } = await cluster(t, { nodes, ...quick })
  await watcher.settled()
  const session = await watcher.session()
  await session.create(nodePath('box1'), 'hypervisor')
  for (const [child, value] of [['daemonmode', 'hypervisor'], ['daemonstate', 'run'], ['routerstate', 'client']] as const) {
    await session.create(nodePath('box1', child), value)
  }
  const stopped = nodes.find((name) => name !== watcher.feed.view?.key.value) ?? ''
  t.equal(await made.nodes.get(stopped)?.stop(), 0, 'a secondary stops in order')

  for (const [who, name] of [['a stopped node', stopped], ['a hypervisor', 'box1'], ['nobody known', 'no-such-node'], ['nonsense', '../x y']]) {
    await watcher.writeKeyBlindly(name as string)
    const primary = await watcher.settled()
    t.ok(nodes.includes(primary.name) && primary.name !== stopped, `${who}: repaired`)
    t.match(watcher.feed.view?.records.at(-1), { cause: 'repair', outcome: 'succeeded' }, `${who}: recorded as a repair`)
  }
  t.same(made.collisions(), [])
})

t.test('the key deleted and made again, as a restore does', async (t) => {
  const { cluster: made, watcher } = await cluster(t, { nodes, ...quick })
  const first = await watcher.settled()
  await watcher.writeKeyBlindly(nodes.find((name) => name !== first.name) ?? '')
  const second = await watcher.settled()
  t.ok(second.epoch > first.epoch)
  const session = await watcher.session()
  const stat = await deleteKey(session)
  await session.create(PRIMARY_NODE, first.name).catch(async (error: unknown) => {
    // A coordinator has made it meanwhile.
    if (!isNodeExists(error)) throw error
    await watcher.writeKeyBlindly(first.name)
  })
  await watcher.sees('another life of the key', (view) => view.key.czxid !== stat.czxid)
  const third = await watcher.settled(first.name)
  t.ok(third.epoch > second.epoch, `epochs keep growing: ${second.epoch}, then ${third.epoch}`)
  const epochs = watcher.feed.view?.records.map((record) => record.epoch) ?? []
  t.same(epochs, [...new Set(epochs)].sort((a, b) => a - b))

  await t.test('and deleted for good', async (t) => {
    const stat = await deleteKey(session)
    await watcher.sees('a key that a coordinator has made', (view) => view.key.czxid > stat.czxid)
    const fourth = await watcher.settled()
    t.ok(fourth.epoch > third.epoch)
  })
  t.same(made.collisions(), [])
})

/** Deletes the key at a moment at which nothing holds or waits for the lock, whose znodes are the key's children. */
async function deleteKey (session: Session): Promise<Stat> {
  for (;;) {
    const { stat } = await session.get(PRIMARY_NODE)
    try {
      await session.delete(PRIMARY_NODE, stat.version)
      return stat
    } catch (error) {
      if (!hasCode(error, 'not_empty', 'bad_version')) throw error
    }
  }
}
