/**
 * A primary that is cut off, again and again, with `unfenced_failover`: nothing but its own lease keeps it from holding what its successor acquires.
 * Cut off from ZooKeeper alone; by way of a follower that has lost its leader and keeps answering reads; and in the midst of an acquisition
 * of 30 s. A campaign (`npm run campaign -- cut-off`; CUT_OFF_ROUNDS sets the rounds of each).
 */
import t, { type Test } from 'tap'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { Cluster } from '../../../tools/testbed/cluster.ts'
import { packageFolder } from '../../../tools/testbed/daemon-process.ts'
import type { ZooKeeperServer } from '../../../tools/testbed/zookeeper-server.ts'
import { watch } from '../../support/cluster.ts'
import { ensemble } from '../../support/ensemble.ts'
import { connect, eventually, proxy } from '../../support/zookeeper.ts'

const rounds = Number(process.env['CUT_OFF_ROUNDS'] ?? 50)
const RESOURCES = ['address', 'service']

interface Surroundings {
  readonly zookeeper?: ZooKeeperServer
  /** Where hv1 finds ZooKeeper. */
  readonly way: (made: Cluster) => Promise<string> | string
  readonly cut: () => void | Promise<void>
  readonly heal: () => void
  /** hv1 takes this long for each acquisition, seconds. */
  readonly slow?: number
}

/** hv1 is made primary and cut off, hv2 takes over, hv1 comes back; and so on. */
async function campaign (t: Test, { zookeeper, way, cut, heal, slow }: Surroundings): Promise<void> {
  const exclusive = join(packageFolder(), 'tools', 'testbed', 'exclusive-resource.sh')
  const resources = (command: (folder: string) => readonly string[], folder: string) => RESOURCES.map((name) => ({
    name, type: 'command', acquire: command(folder), release: ['sh', exclusive, folder], acquire_timeout: 60, release_timeout: 0.55, retries: 3,
  }))
  const plain = (folder: string) => ['sh', exclusive, folder]
  const made: Cluster = new Cluster({
    nodes: [],
    sessionTimeout: 5,
    ...zookeeper === undefined ? {} : { zookeeper },
    system: (folder) => ({ fencing: { unfenced_failover: true }, self_fence: ['sh', '-c', `echo "$PVC_NODE" >> ${folder}/self-fences`] }),
  })
  t.teardown(async () => await made.close())
  await made.start()
  const sluggish = join(made.folder, 'sluggish.sh')
  writeFileSync(sluggish, `sh ${exclusive} ${made.folder} || exit 1\nsleep ${slow ?? 0} & wait\necho "$PVC_EPOCH" >> ${made.folder}/ended\n`)
  const watcher = await watch(t, made)
  const coordinator = { settle_time: 0.1, handover_timeout: 20 }
  made.startNode('hv2', { coordinator: { ...coordinator, resources: resources(plain, made.folder) } })
  await watcher.settled('hv2')
  made.startNode('hv1', { coordinators: [await way(made)], coordinator: { ...coordinator, resources: resources(slow === undefined ? plain : () => ['sh', sluggish], made.folder) } })
  const isSecondary = (name: string) => watcher.feed.view?.members.some((member) => member.name === name && member.daemonState === 'run' && member.coordinatorState === 'secondary') === true
  let good = 0
  for (let round = 1; round <= rounds; round++) {
    await eventually(() => isSecondary('hv1'))
    const mark = made.effects().length
    await watcher.writeKeyBlindly('hv1')
    if (slow === undefined) await watcher.settled('hv1', 60_000)
    else await eventually(() => made.effects().slice(mark).some((effect) => effect.endsWith('hv1 acquire address')))
    await cut()
    await watcher.settled('hv2', 60_000)
    const wrong = overlaps(made.effects())
    if (wrong.length === 0 && made.collisions().length === 0) good++
    else t.fail(`round ${round}: ${wrong.join('; ')} ${made.collisions().join('; ')}`)
    heal()
  }
  t.same(made.notes('ended'), [], 'no acquisition that was in progress came to its end')
  t.equal(good, rounds)
  t.comment(`${good} of ${rounds}: everything released before anybody else acquired anything; ${made.notes('self-fences').length} self-fences, ${made.collisions().length} collisions`)
}

/** What was acquired while another node had not released what it had begun to acquire before. */
function overlaps (effects: readonly string[]): readonly string[] {
  const holders = new Map<string, string>()
  return effects.flatMap((effect) => {
    const [, node = '', action, resource = ''] = effect.split(' ')
    const holder = holders.get(resource)
    if (action === 'release' && holder === node) holders.delete(resource)
    if (action !== 'acquire') return []
    if (holder === undefined) holders.set(resource, node)
    return holder === undefined || holder === node ? [] : [`${effect} while ${holder} had it`]
  })
}

t.test(`cut off from ZooKeeper only, ${rounds} times`, { timeout: 0 }, async (t) => {
  let path: Awaited<ReturnType<typeof proxy>> | null = null
  await campaign(t, {
    way: async (made) => {
      path = await proxy(t, made.zookeeper)
      return path.connectString
    },
    cut: () => path?.blackHole(),
    heal: () => path?.heal(),
  })
})

t.test(`by way of a follower that has lost its leader and answers reads, ${rounds} times`, { timeout: 0 }, async (t) => {
  const { leader, follower, cutOff, heal } = await ensemble(t)
  // It outlives each cut.
  const reader = await connect(t, follower, { sessionTimeout: 30_000 })
  await campaign(t, {
    zookeeper: leader,
    way: () => follower.connectString,
    cut: async () => {
      cutOff()
      t.equal((await reader.get('/config/primary_node')).data, 'hv1', 'it answers reads')
    },
    heal,
  })
})

t.test(`in the midst of an acquisition of 30 s, ${rounds} times`, { timeout: 0 }, async (t) => {
  let path: Awaited<ReturnType<typeof proxy>> | null = null
  await campaign(t, {
    slow: 30,
    way: async (made) => {
      path = await proxy(t, made.zookeeper)
      return path.connectString
    },
    cut: () => path?.blackHole(),
    heal: () => path?.heal(),
  })
})
