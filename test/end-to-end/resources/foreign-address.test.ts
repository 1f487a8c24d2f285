/** Another machine with an address that is held is published while it is there. A primary that has lost its address to a machine outside of the cluster hands its role on; the taker does not add the address beside that machine. */
import t from 'tap'
import { Cluster } from '../../../tools/testbed/cluster.ts'
import { parseResources } from '../../../src/core/model/resource-states.ts'
import { watch } from '../../support/cluster.ts'
import { networkHosts, type NetworkHost } from '../../support/network/network-host.ts'
import { AddressWatch } from '../../support/network/network-observers.ts'
import { relay } from '../../support/network/relay.ts'
import { eventually } from '../../support/zookeeper.ts'

for (const [address, prefix] of [['10.213.9.254', 24], ['fd00:219::fe', 64]] as const) {
  t.test(address, { timeout: 120_000 }, async (t) => {
    const hosts = networkHosts(t, ['hv1', 'hv2', 'stranger', 'zk'], '10.213.9')
    const [stranger, zk] = hosts.slice(2) as [NetworkHost, NetworkHost]
    const nodes = hosts.slice(0, 2)
    for (const [index, host] of hosts.entries()) host.ip('address', 'add', `fd00:219::${index + 1}/64`, 'dev', host.device, 'nodad')
    const made = new Cluster({ nodes: [] })
    t.teardown(async () => await made.close())
    await made.start()
    await relay(t, zk, 2181, made.zookeeper.port)
    const watcher = await watch(t, made)
    const observed = new AddressWatch(t, nodes, address)
    for (const host of nodes) {
      made.startNode(host.name, {
        coordinators: [`${zk.address}:2181`],
        coordinator: { resources: [{ name: 'upstream', type: 'floating-ip', address: `${address}/${prefix}`, device: host.device, retries: 0, check_interval: 1 }] },
      }, { prefix: host.prefix })
    }
    await watcher.sees('two nodes in run', (view) => view.members.filter(({ daemonState }) => daemonState === 'run').length === 2, 60_000)
    const { name } = await watcher.settled(undefined, 60_000)
    const holder = nodes.find((host) => host.name === name) as NetworkHost
    const other = nodes.find((host) => host !== holder) as NetworkHost
    const intrude = () => { stranger.ip('address', 'add', `${address}/${prefix}`, 'dev', stranger.device, ...address.includes(':') ? ['nodad'] : []) }
    const concerns = async () => parseResources((await (await watcher.session()).get(`/nodes/${name}/resources`)).data)?.flatMap((resource) => resource.concerns) ?? []
    intrude()
    await eventually(async () => (await concerns()).length > 0)
    t.match(await concerns(), [{ code: 'address_duplicate', message: new RegExp(`another machine on ${holder.device} .* has ${address} too`) }], 'published while it is held')
    stranger.ip('address', 'del', `${address}/${prefix}`, 'dev', stranger.device)
    await eventually(async () => (await concerns()).length === 0)
    intrude()
    holder.ip('address', 'del', `${address}/${prefix}`, 'dev', holder.device)
    const failure = await made.nodes.get(other.name)?.logged(({ msg }) => msg.includes('answers for'), 60_000)
    t.match(failure, { msg: new RegExp(`another machine on ${other.device} .* answers for ${address}`) }, 'the taker has asked')
    t.same(observed.events.filter(({ host }) => host === other.name), [], 'before it added anything')
  })
}
