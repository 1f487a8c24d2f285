/**
 * Fencing under adversity: fences that hang, a fencer that dies, an ensemble that is away for two minutes, a clock that is an hour off, a paused
 * primary. A campaign (`npm run campaign -- fencing`; FENCING_ROUNDS sets the rounds of the paused primary, OUTAGE the seconds of the outage).
 */
import t from 'tap'
import { setTimeout as delay } from 'node:timers/promises'
import type { ZooKeeperServer } from '../../../tools/testbed/zookeeper-server.ts'
import { fakeClock } from '../../../tools/testbed/fake-clock.ts'
import { cluster, quick } from '../../support/cluster.ts'
import { fencedCluster } from '../../support/fencing.ts'
import { eventually, kazoo } from '../../support/zookeeper.ts'

const nodes = ['hv1', 'hv2', 'hv3']
const rounds = Number(process.env['FENCING_ROUNDS'] ?? 50)
const outage = Number(process.env['OUTAGE'] ?? 120)

t.test('how long a failover takes', { timeout: 300_000 }, async (t) => {
  const { made, watcher, fences } = await fencedCluster(t, nodes)
  const first = await watcher.settled()
  const from = performance.now()
  await made.nodes.get(first.name)?.kill()
  await watcher.sees('another primary', (view) => view.members.some((member) => member.name !== first.name && member.coordinatorState === 'primary'), 60_000)
  t.comment(`failover: ${((performance.now() - from) / 1000).toFixed(1)} s with a session time-out of 4 s and saving throws of 2 × 0.3 s`)
  t.equal(fences().length, 1)
  t.same(made.collisions(), [])
})

t.test('the fencer dies in the midst of it: another continues', { timeout: 300_000 }, async (t) => {
  const { made, watcher, fences, command } = await fencedCluster(t, nodes)
  const first = await watcher.settled()
  command('hangs')
  await made.nodes.get(first.name)?.kill()
  const others = nodes.filter((name) => name !== first.name)
  const fencing = await Promise.any(others.map(async (name) => {
    await made.nodes.get(name)?.logged((line) => line.msg === `fencing ${first.name}`, 60_000)
    return name
  }))
  await eventually(() => fences().length === 1)
  await made.nodes.get(fencing)?.kill()
  command('works')
  // Two are dead now, which suspends fencing; the fencer comes back, and one is.
  made.startNode(fencing)
  await watcher.sees('another primary', (view) => view.members.some((member) => member.name !== first.name && member.coordinatorState === 'primary'), 60_000)
  t.comment(`fences: ${fences().join('; ')}`)
  t.same(made.collisions(), [])
})

const absences: Readonly<Record<string, { readonly begin: (server: ZooKeeperServer) => Promise<void> | void, readonly end: (server: ZooKeeperServer) => Promise<unknown> | void }>> = {
  paused: { begin: async (server) => await server.pause(), end: (server) => server.resume() },
  stopped: { begin: async (server) => await server.stop(), end: async (server) => await server.start() },
}
for (const [how, { begin, end }] of Object.entries(absences)) {
  t.test(`the ensemble ${how}, five nodes and a PVC peer: nobody is fenced`, { timeout: 600_000 }, async (t) => {
    const five = ['hv1', 'hv2', 'hv3', 'hv4', 'hv5']
    const { made, watcher, fences } = await fencedCluster(t, five)
    const peer = await kazoo(t, made.zookeeper, PVC_PEER, 10)
    await watcher.settled()
    await watcher.sees('the PVC peer', (view) => view.members.some((member) => member.name === 'pvc1' && member.daemonState === 'run'))
    await begin(made.zookeeper)
    // The length of the outage is what is tested, not a wait for anything.
    await delay(outage * 1000)
    await end(made.zookeeper)
    await watcher.sees('everybody in run', (view) => [...five, 'pvc1'].every((name) => view.members.some((member) => member.name === name && member.daemonState === 'run')), 120_000)
    await delay(10_000)
    t.same(fences(), [])
    const judged = [...made.nodes.values()].flatMap((daemon) => daemon.log.filter((line) => typeof line['peer'] === 'string').map((line) => `${daemon.name}: ${line.msg}`))
    t.comment(`${how} for ${outage} s: ${fences().length} fences, ${judged.length} judgements ${judged.join('; ')}`)
    t.same(made.collisions(), [])
    await peer.kill()
  })
}

t.test('a clock an hour off: nobody is fenced, and nothing is missed', { timeout: 300_000 }, async (t) => {
  const { cluster: made, watcher } = await cluster(t, { nodes: ['hv1', 'hv2'], ...quick, system: () => ({ fencing: { method: 'command', command: ['false'] } }) })
  const odd = made.startNode('hv3', {}, { env: { ...fakeClock(), FAKETIME: '-1h' } })
  await watcher.sees('all three', (view) => view.members.filter((member) => member.daemonState === 'run').length === 3)
  const session = await watcher.session()
  const said = Number((await session.get('/nodes/hv3/keepalive')).data)
  t.ok(Math.abs(Date.now() / 1000 - said - 3600) < 60, 'its clock is an hour off')
  await delay(20_000)
  const lines = [...made.nodes.values()].flatMap((daemon) => daemon.log.filter((line) => typeof line['peer'] === 'string' || line.msg === 'keepalive missed').map((line) => `${daemon.name}: ${line.msg}`))
  t.same(lines, [])
  await odd.kill()
  await watcher.sees('and it is judged when it is dead', (view) => view.members.some((member) => member.name === 'hv3' && member.daemonState === 'dead'), 60_000)
})

t.test(`a primary paused for three session time-outs, ${rounds} times`, { timeout: 3_600_000 }, async (t) => {
  const { made, watcher, fences } = await fencedCluster(t, nodes)
  for (let round = 0; round < rounds; round++) {
    const first = await watcher.settled(undefined, 60_000)
    const daemon = made.nodes.get(first.name)
    daemon?.signal('SIGSTOP')
    await delay(12_000)
    daemon?.signal('SIGCONT')
    await watcher.sees('another epoch', (view) => view.key.version > 0 && view.records.some((record) => record.epoch > first.epoch && record.outcome === 'succeeded'), 60_000)
    await watcher.sees('everybody in run', (view) => view.members.every((member) => member.daemonState === 'run'), 60_000)
  }
  t.comment(`${rounds} pauses: ${fences().length} fences, ${made.collisions().length} collisions`)
  t.same(made.collisions(), [])
})

/** A PVC daemon as far as its peers can tell: states, and a keepalive that continues. */
const PVC_PEER = `
import threading, time
for name, value in (("", "coordinator"), ("/daemonmode", "coordinator"), ("/daemonstate", "run"), ("/routerstate", "secondary"), ("/domainstate", "ready"), ("/keepalive", "0")):
    zk.ensure_path("/nodes/pvc1" + name)
    zk.set("/nodes/pvc1" + name, value.encode())
def beat():
    while True:
        try:
            zk.set("/nodes/pvc1/keepalive", str(int(time.time())).encode())
        except Exception:
            pass
        time.sleep(1)
threading.Thread(target=beat, daemon=True).start()
for line in sys.stdin:
    pass
`
