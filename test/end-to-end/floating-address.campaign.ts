/**
 * A floating address on three hosts of a network of their own, and a fourth that pings it every 10 ms: how long nobody answers through a planned
 * switchover and through the death of a whole host, and that never two hosts have it. A campaign (`npm run floating-address`; needs root;
 * FLOATING_ROUNDS sets the rounds of each).
 */
import t from 'tap'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { Cluster } from '../../scripts/support/cluster.ts'
import { watch } from '../support/cluster.ts'
import { networkHosts, type NetworkHost } from '../support/network-host.ts'
import { AddressWatch, Ping } from '../support/network-observers.ts'
import { relay } from '../support/relay.ts'
import { eventually } from '../support/zookeeper.ts'

const rounds = Number(process.env['FLOATING_ROUNDS'] ?? 10)
const FAMILIES = [
  { family: 'IPv4', address: '10.213.7.254', prefix: 24 },
  { family: 'IPv6', address: 'fd00:213::fe', prefix: 64 },
] as const
/** Milliseconds without an answer that a planned move may cost. */
const SILENCE = 100
/** Seconds. */
const SESSION = 4
const TICK = 0.1
const THROWS = { saving_throws: 2, saving_interval: 0.3 }

for (const { family, address: ADDRESS, prefix } of FAMILIES) {
  t.test(`${family}: planned and unplanned`, { timeout: 0 }, async (t) => {
    const hosts = networkHosts(t, ['hv1', 'hv2', 'hv3', 'client', 'zk'])
    for (const [index, host] of hosts.entries()) host.ip('address', 'add', `fd00:213::${index + 1}/64`, 'dev', host.device, 'nodad')
    const [client, zk] = hosts.slice(3) as [NetworkHost, NetworkHost]
    const nodes = hosts.slice(0, 3)
    const made: Cluster = new Cluster({
      nodes: [],
      sessionTimeout: SESSION,
      system: (folder) => ({ fencing: { method: 'command', command: ['sh', join(folder, 'power-off.sh'), '{node}'], ...THROWS } }),
    })
    t.teardown(async () => await made.close())
    await made.start()
    await relay(t, zk, 2181, made.zookeeper.port)
    // The power switch: the host is off, and stays off until the test switches it on again.
    writeFileSync(join(made.folder, 'power-off.sh'), `date +%s.%N >> ${made.folder}/fence-begun
while [ ! -e ${made.folder}/off-$1 ]; do sleep 0.05; done
date +%s.%N >> ${made.folder}/fence-ended
`)
    const watcher = await watch(t, made)
    const observed = new AddressWatch(t, nodes, ADDRESS)
    const ping = new Ping(t, client, ADDRESS)
    const start = (host: NetworkHost) => made.startNode(host.name, {
      coordinators: [`${zk.address}:2181`],
      coordinator: { resources: [{ name: 'upstream', type: 'floating-ip', address: `${ADDRESS}/${prefix}`, device: host.device }] },
    }, { prefix: host.prefix })
    const hostOf = (name: string) => nodes.find((host) => host.name === name) as NetworkHost
    for (const host of nodes) start(host)
    const inRun = async () => await watcher.sees('three nodes in run', (view) => view.members.filter(({ daemonState, coordinatorState }) => daemonState === 'run' && (coordinatorState === 'secondary' || coordinatorState === 'primary')).length === 3, 60_000)

    const planned: number[] = []
    for (let round = 0; round < rounds; round++) {
      await inRun()
      const before = await watcher.settled(undefined, 60_000)
      await eventually(() => Date.now() - ping.last < 100)
      const since = Date.now()
      await watcher.writeKeyBlindly(nodes[(nodes.indexOf(hostOf(before.name)) + 1) % 3]?.name ?? '')
      await watcher.settled(undefined, 60_000)
      await eventually(() => Date.now() - ping.last < 100)
      planned.push(ping.longestGap(since))
    }
    t.comment(`${family}, planned: nobody answered for at most ${Math.max(...planned).toFixed(0)} ms (${planned.map((ms) => ms.toFixed(0)).join(', ')})`)
    t.ok(Math.max(...planned) <= SILENCE, `at most ${SILENCE} ms each`)

    const unplanned: Array<{ took: number, bound: number }> = []
    for (let round = 0; round < rounds; round++) {
      await inRun()
      const { name } = await watcher.settled(undefined, 60_000)
      const host = hostOf(name)
      const fences = made.notes('fence-ended').length
      const killed = Date.now()
      host.ip('link', 'set', host.device, 'down')
      for (const pid of host.pids) if (!observed.pids.includes(pid)) process.kill(pid, 'SIGKILL')
      observed.isOff(name)
      writeFileSync(join(made.folder, `off-${name}`), '')
      await eventually(() => observed.events.some(({ at, has }) => has && at > killed))
      const moved = observed.events.find(({ at, has }) => has && at > killed)?.at ?? Infinity
      t.equal(made.notes('fence-ended').length, fences + 1, `round ${round + 1}: not before the fence`)
      const fence = Number(made.notes('fence-ended').at(-1)) - Number(made.notes('fence-begun').at(-1))
      unplanned.push({ took: (moved - killed) / 1000, bound: SESSION + TICK + THROWS.saving_throws * THROWS.saving_interval + fence + 3.5 })
      await watcher.settled(undefined, 60_000)
      // Switched on again: nothing of what it was survives.
      if (host.has(ADDRESS)) host.ip('address', 'del', `${ADDRESS}/${prefix}`, 'dev', host.device)
      host.ip('link', 'set', host.device, 'up')
      await made.nodes.get(name)?.exited()
      start(host)
    }
    t.comment(`the host dies: moved after ${unplanned.map(({ took, bound }) => `${took.toFixed(1)} s of ${bound.toFixed(1)}`).join(', ')}`)
    t.ok(unplanned.every(({ took, bound }) => took <= bound), 'each within its bound')
    t.same(observed.both, [], 'never on two hosts')
    t.comment(`${observed.events.length} changes of the address seen, ${observed.both.length} moments with two holders`)
  })
}
