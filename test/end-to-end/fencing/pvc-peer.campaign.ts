/**
 * Deaths beside PVC nodes, and fences by either kind: nothing is held twice, a fence that failed frees nothing, and the role is back within the windows,
 * saving throws and one takeover. A campaign (`npm run campaign -- pvc-peer`; PVC_PEER_DEATHS sets how often).
 */
import t, { type Test } from 'tap'
import { join } from 'node:path'
import { askApi } from '../../support/api-client.ts'
import { fencedCluster } from '../../support/fencing.ts'
import { pvcNode, type PvcNodeOptions } from '../../support/pvc-node.ts'
import { PVC_FENCE } from '../../../src/core/fencing/judgement.ts'
import { ANY_VERSION } from '../../../src/zookeeper/session/session.ts'
import type { Cluster } from '../../../tools/testbed/cluster.ts'
import type { Watcher } from '../../support/cluster.ts'
import { eventually, type Kazoo } from '../../support/zookeeper.ts'

const DEATHS = Number(process.env['PVC_PEER_DEATHS'] ?? 5)
/** Milliseconds: a window of 7 s, saving throws, a contention and a takeover, each with room for a machine that is busy. */
const FAILOVER = 60_000

/** Ours have no agent. */
const unarmed = { method: 'none', command: undefined }

const fence = (made: Cluster) => ['sh', join(made.folder, 'fence.sh')]
const domain = async (watcher: Watcher, uuid: string) => (await (await watcher.session()).get(`/domains/${uuid}/node`)).data
const domainOn = async (watcher: Watcher, uuid: string, node: string) => {
  const session = await watcher.session()
  await session.ensurePath(`/domains/${uuid}`)
  await session.create(`/domains/${uuid}/node`, node)
}
const runs = async (watcher: Watcher, name: string) => await watcher.sees(`${name} in run`, (view) => view.members.some((member) => member.name === name && member.daemonState === 'run' && member.coordinatorState === 'secondary'), FAILOVER)

async function joined (t: Test, made: Cluster, watcher: Watcher, name: string, options: PvcNodeOptions = {}): Promise<Kazoo> {
  const peer = await pvcNode(t, made, name, options)
  await runs(watcher, name)
  // A node whose keepalive has not been seen to change yet is given 90 s more, as after an outage.
  const session = await watcher.session()
  const keepalive = async () => Number((await session.get(`/nodes/${name}/keepalive`)).data)
  const before = await keepalive()
  await eventually(async () => await keepalive() >= before + 3)
  return peer
}

async function primaryIs (watcher: Watcher, name: string): Promise<void> {
  if ((await watcher.settled(undefined, FAILOVER)).name !== name) await watcher.writeKeyBlindly(name)
  await watcher.settled(name, FAILOVER)
}

for (const signal of ['SIGKILL', 'SIGTERM'] as const) {
  t.test(`a PVC primary ends by ${signal}, ${DEATHS} times: no other PVC node is there, so ours fence it`, { timeout: 60_000 + DEATHS * 180_000 }, async (t) => {
    const { made, watcher, fences } = await fencedCluster(t, ['hv1', 'hv2'])
    await watcher.settled()
    for (let death = 1; death <= DEATHS; death++) {
      const peer = await joined(t, made, watcher, 'pvc1')
      await primaryIs(watcher, 'pvc1')
      await peer.kill(signal)
      await watcher.sees('one of ours is primary', (view) => view.members.some((member) => member.ours && member.coordinatorState === 'primary'), FAILOVER)
      t.equal(fences().length, signal === 'SIGKILL' ? death : 0)
    }
    t.same(made.collisions(), [])
  })
}

t.test(`one of ours dies as primary, ${DEATHS} times: PVC fences it, and takes its domains`, { timeout: 60_000 + DEATHS * 180_000 }, async (t) => {
  const { made, watcher, fences } = await fencedCluster(t, ['hv1'], {}, unarmed)
  await watcher.settled()
  await joined(t, made, watcher, 'pvc1', { fence: fence(made) })
  await domainOn(watcher, 'd1', 'hv1')
  for (let death = 1; death <= DEATHS; death++) {
    await primaryIs(watcher, 'hv1')
    await made.nodes.get('hv1')?.kill()
    await watcher.sees('the PVC node as primary', (view) => view.key.value === 'pvc1' && view.members.some((member) => member.name === 'pvc1' && member.coordinatorState === 'primary'), FAILOVER)
    t.same(fences().length, death)
    t.equal(await domain(watcher, 'd1'), 'pvc1')
    made.startNode('hv1')
    await runs(watcher, 'hv1')
    await (await watcher.session()).set('/domains/d1/node', 'hv1', ANY_VERSION)
  }
  t.same(made.collisions(), [])
})

t.test(`a PVC primary dies, ${DEATHS} times, beside another PVC node and ours that would not fence: PVC fences it`, { timeout: 60_000 + DEATHS * 180_000 }, async (t) => {
  const { made, watcher, fences } = await fencedCluster(t, ['hv1'], {}, unarmed)
  await watcher.settled()
  await joined(t, made, watcher, 'pvc2', { fence: fence(made) })
  for (let death = 1; death <= DEATHS; death++) {
    const peer = await joined(t, made, watcher, 'pvc1')
    await primaryIs(watcher, 'pvc1')
    await peer.kill()
    await watcher.sees('another primary', (view) => view.members.some((member) => member.name !== 'pvc1' && member.coordinatorState === 'primary'), FAILOVER)
    t.match(watcher.feed.view?.members.find((member) => member.name === 'pvc1'), { daemonState: 'fenced' })
    t.equal(fences().length, death)
  }
  const judged = [...made.nodes.values()].flatMap((daemon) => daemon.log.filter((line) => line['peer'] === 'pvc1').map((line) => line.msg))
  t.same(judged, [], 'ours has judged no node')
  t.same(made.collisions(), [])
})

const idle = {
  'fences nobody': null,
  // For as long as the node that fences lives.
  'has judged it and hangs in the fence': ['sh', '-c', 'while kill -0 "$PPID" 2> /dev/null; do sleep 1; done'],
} as const
for (const [how, command] of Object.entries(idle)) {
  t.test(`a PVC primary dies beside a PVC node that ${how}: ours fence it once PVC has had its time`, { timeout: 600_000 }, async (t) => {
    const { made, watcher, fences } = await fencedCluster(t, ['hv1', 'hv2'])
    await watcher.settled()
    await joined(t, made, watcher, 'pvc2', { fence: command, contends: false })
    const peer = await joined(t, made, watcher, 'pvc1', { contends: false })
    await primaryIs(watcher, 'pvc1')
    await peer.kill()
    await watcher.sees('one of ours is primary', (view) => view.members.some((member) => member.ours && member.coordinatorState === 'primary'), PVC_FENCE + FAILOVER)
    t.match(watcher.feed.view?.members.find((member) => member.name === 'pvc1'), { daemonState: 'fenced' })
    t.equal(fences().length, 1)
    t.same(made.collisions(), [])
  })
}

t.test('PVC\'s fence of a node fails: what it has written over `dead` frees nothing, until an operator confirms', { timeout: 300_000 }, async (t) => {
  for (const victim of ['hv1', 'pvc1'] as const) {
    await t.test(victim, async (t) => {
      const { made, watcher, command } = await fencedCluster(t, ['hv1', 'hv2'], {}, unarmed)
      const api = await made.startApi('hv2')
      await watcher.settled()
      // PVC's nodes believe their fencers, and would take over; it is ours that are looked at.
      await joined(t, made, watcher, 'pvc2', { fence: fence(made), contends: false })
      const peer = await joined(t, made, watcher, 'pvc1', { contends: false })
      await primaryIs(watcher, victim)
      command('fails')
      if (victim === 'hv1') await made.nodes.get('hv1')?.kill()
      else await peer.kill()
      await watcher.sees('the key freed by PVC', (view) => view.key.value === 'none' && view.members.some((member) => member.name === victim && member.fencersWord), FAILOVER)
      const post = async (path: string, body: object) => await askApi(`${api}/api/v1/${path}`, { method: 'POST', body })
      t.match(await post('switchover', { to: 'hv2' }), { status: 422, body: { code: 'holder_unconfirmed' } })
      t.equal(made.holder('address'), victim)
      // What the operator has done before saying so.
      made.takeFrom(victim)
      t.match(await post(`node/${victim}/fence-confirmation`, { confirm: victim }), { status: 200 })
      await watcher.sees('one of ours is primary', (view) => view.members.some((member) => member.ours && member.name !== victim && member.coordinatorState === 'primary'), FAILOVER)
      t.same(made.collisions(), [])
    })
  }
})

t.test('a PVC primary dies where nothing would fence it: it is shown, and an operator\'s word is taken after 60 s', { timeout: 300_000 }, async (t) => {
  const { made, watcher } = await fencedCluster(t, ['hv1', 'hv2'], {}, unarmed)
  const api = await made.startApi('hv1')
  await watcher.settled()
  const peer = await joined(t, made, watcher, 'pvc1', { contends: false })
  await primaryIs(watcher, 'pvc1')
  const confirm = async () => await askApi(`${api}/api/v1/node/pvc1/fence-confirmation`, { method: 'POST', body: { confirm: 'pvc1' } })
  await peer.kill()
  t.match(await confirm(), { status: 409, body: { reasons: { pvc1: [{ code: 'not_silent' }] } } })
  await eventually(async () => (await askApi<{ readonly settled: boolean }>(`${api}/api/v1/primary`)).body.settled === false)
  t.equal((await fetch(`${api}/health/cluster`)).status, 503)
  t.equal((await fetch(`${api}/role/primary?node=pvc1`)).status, 503)
  made.takeFrom('pvc1')
  await eventually(async () => (await confirm()).status === 200)
  await watcher.sees('one of ours is primary', (view) => view.members.some((member) => member.ours && member.coordinatorState === 'primary'), FAILOVER)
  t.same(made.collisions(), [])
})

t.test('schema versions: a PVC node starts beside ours and raises the cluster\'s', { timeout: 120_000 }, async (t) => {
  const { made, watcher } = await fencedCluster(t, ['hv1'])
  await watcher.settled()
  const session = await watcher.session()
  await joined(t, made, watcher, 'pvc1', { schema: 14 })
  t.equal((await session.get('/schema/version')).data, '14')
  t.equal((await session.get('/nodes/hv1/latestschema')).data, '15')
})
