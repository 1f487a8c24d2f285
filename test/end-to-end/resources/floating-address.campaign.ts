/**
 * Two floating addresses, one of each family, on three hosts of a network of their own, and a fourth that pings them every 10 ms: how long nobody
 * answers through a planned switchover and through the death of a whole host, that never two hosts have an address, and that the hosts' own addresses
 * stay. Once for each `arping` that can be installed, and for none, with and without `promote_secondaries`; the tests of the resource run under the
 * same conditions. Prints a table. A campaign (`npm run floating-address`; needs root and apt; FLOATING_ROUNDS sets the rounds of each).
 */
import t from 'tap'
import { execFile } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { packageFolder } from '../../../tools/testbed/daemon-process.ts'
import { Cluster } from '../../../tools/testbed/cluster.ts'
import { arpings, pathWith } from '../../support/network/arping-path.ts'
import { watch } from '../../support/cluster.ts'
import { networkHosts, type NetworkHost } from '../../support/network/network-host.ts'
import { AddressWatch, Ping } from '../../support/network/network-observers.ts'
import { relay } from '../../support/network/relay.ts'
import { eventually } from '../../support/zookeeper.ts'

const rounds = Number(process.env['FLOATING_ROUNDS'] ?? 5)
const NETWORKS = { IPv4: '10.213.8.', IPv6: 'fd00:213::' } as const
const ADDRESSES = [
  { family: 'IPv4', name: 'upstream', address: `${NETWORKS.IPv4}254`, prefix: 24 },
  { family: 'IPv6', name: 'upstream6', address: `${NETWORKS.IPv6}fe`, prefix: 64 },
] as const
/** Milliseconds without an answer that a planned move may cost. */
const SILENCE = 100
/** Seconds. */
const SESSION = 4
const TICK = 0.1
const THROWS = { saving_throws: 2, saving_interval: 0.3 }

const table: string[][] = [['arping', 'promote', 'family', 'planned: silence in ms, each move', 'most', 'host dies: moved after', 'bound', 'two holders', "hosts' own gone"]]

for (const arping of arpings) {
  const path = { PATH: '' }
  t.test(`arping: ${arping}`, { timeout: 0 }, async (t) => {
    path.PATH = pathWith(arping, t.testdir({}))
    // With every line of the resource's guarantees, for both families.
    const file = join(packageFolder(), 'dist', 'test', 'pvcnoded', 'resources', 'floating-ip.test.js')
    await promisify(execFile)(process.execPath, [file], { env: { ...process.env, ...path } })
    t.pass('the tests of the resource')
    for (const promotes of [0, 1]) await t.test(`promote_secondaries=${promotes}`, { timeout: 0 }, async (t) => await plannedAndUnplanned(t, arping, promotes, path))
  })
}

t.teardown(() => {
  const widths = table[0]?.map((_title, column) => Math.max(...table.map((row) => row[column]?.length ?? 0))) ?? []
  for (const row of table) t.comment(row.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join(' | '))
})

async function plannedAndUnplanned (t: Parameters<typeof watch>[0], arping: string, promotes: number, env: Readonly<Record<string, string>>): Promise<void> {
  const hosts = networkHosts(t, ['hv1', 'hv2', 'hv3', 'client', 'zk'])
  const [client, zk] = hosts.slice(3) as [NetworkHost, NetworkHost]
  const nodes = hosts.slice(0, 3)
  for (const [index, host] of hosts.entries()) host.ip('address', 'add', `${NETWORKS.IPv6}${index + 1}/64`, 'dev', host.device, 'nodad')
  client.ip('address', 'add', `${NETWORKS.IPv4}4/24`, 'dev', client.device)
  for (const host of nodes) await promisify(execFile)(host.prefix[0] ?? '', [...host.prefix.slice(1), 'sysctl', '-q', '-w', 'net.ipv4.conf.all.promote_secondaries=0', `net.ipv4.conf.${host.device}.promote_secondaries=${promotes}`])
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
  const observed = ADDRESSES.map((floating) => ({ ...floating, watch: new AddressWatch(t, nodes, floating.address), ping: new Ping(t, client, floating.address), planned: [] as number[], unplanned: [] as number[] }))
  const start = (host: NetworkHost) => made.startNode(host.name, {
    coordinators: [`${zk.address}:2181`],
    coordinator: { resources: ADDRESSES.map(({ name, address, prefix }) => ({ name, type: 'floating-ip', address: `${address}/${prefix}`, device: host.device })) },
  }, { prefix: host.prefix, env })
  const hostOf = (name: string) => nodes.find((host) => host.name === name) as NetworkHost
  const own = (host: NetworkHost) => `${NETWORKS.IPv4}${nodes.indexOf(host) + 1}`
  for (const host of nodes) start(host)
  const inRun = async () => await watcher.sees('three nodes in run', (view) => view.members.filter(({ daemonState, coordinatorState }) => daemonState === 'run' && (coordinatorState === 'secondary' || coordinatorState === 'primary')).length === 3, 60_000)
  const answered = async () => await eventually(() => observed.every(({ ping }) => Date.now() - ping.last < 100))

  let gone = 0
  for (let round = 0; round < rounds; round++) {
    await inRun()
    const before = await watcher.settled(undefined, 60_000)
    await answered()
    const holder = hostOf(before.name)
    const target = nodes[(nodes.indexOf(holder) + 1) % 3] as NetworkHost
    // Added after the floating address, an address of the host's own in its subnet is one that the kernel would take along with it.
    if (!holder.has(own(holder))) holder.ip('address', 'add', `${own(holder)}/24`, 'dev', holder.device)
    if (target.has(own(target))) target.ip('address', 'del', `${own(target)}/24`, 'dev', target.device)
    const since = Date.now()
    await watcher.writeKeyBlindly(target.name)
    await watcher.settled(undefined, 60_000)
    await answered()
    for (const { ping, planned } of observed) planned.push(ping.longestGap(since))
    if (!holder.has(own(holder))) gone++
  }
  for (const { family, planned } of observed) t.ok(Math.max(...planned) <= SILENCE, `${family}: a planned move silences it for at most ${SILENCE} ms`)
  t.equal(gone, 0, 'no host has lost an address of its own')

  let bound = 0
  for (let round = 0; round < rounds; round++) {
    await inRun()
    const { name } = await watcher.settled(undefined, 60_000)
    const host = hostOf(name)
    const fences = made.notes('fence-ended').length
    const killed = Date.now()
    host.ip('link', 'set', host.device, 'down')
    const watching = observed.flatMap(({ watch }) => watch.pids)
    for (const pid of host.pids) if (!watching.includes(pid)) process.kill(pid, 'SIGKILL')
    for (const { watch } of observed) watch.isOff(name)
    writeFileSync(join(made.folder, `off-${name}`), '')
    const moved = ({ watch }: typeof observed[number]) => watch.events.find(({ at, has }) => has && at > killed)?.at
    await eventually(() => observed.every((each) => moved(each) !== undefined))
    t.equal(made.notes('fence-ended').length, fences + 1, `round ${round + 1}: not before the fence`)
    const fence = Number(made.notes('fence-ended').at(-1)) - Number(made.notes('fence-begun').at(-1))
    bound = Math.max(bound, SESSION + TICK + THROWS.saving_throws * THROWS.saving_interval + fence + 3.5)
    for (const each of observed) each.unplanned.push(((moved(each) ?? Infinity) - killed) / 1000)
    await watcher.settled(undefined, 60_000)
    // Switched on again: nothing of what it was survives.
    for (const { address, prefix } of ADDRESSES) if (host.has(address)) host.ip('address', 'del', `${address}/${prefix}`, 'dev', host.device)
    host.ip('link', 'set', host.device, 'up')
    if (!host.has(`${NETWORKS.IPv6}${nodes.indexOf(host) + 1}`)) host.ip('address', 'add', `${NETWORKS.IPv6}${nodes.indexOf(host) + 1}/64`, 'dev', host.device, 'nodad')
    await made.nodes.get(name)?.exited()
    start(host)
  }
  for (const { family, watch, planned, unplanned } of observed) {
    t.ok(Math.max(...unplanned) <= bound, `${family}: moved within the bound after a host has died`)
    t.same(watch.both, [], `${family}: never on two hosts`)
    const row = [arping, String(promotes), family, planned.map((ms) => ms.toFixed(0)).join(' '), Math.max(...planned).toFixed(0), unplanned.map((seconds) => seconds.toFixed(1)).join(' '), bound.toFixed(1), String(watch.both.length), String(gone)]
    table.push(row)
  }
}
