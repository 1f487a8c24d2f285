/** A primary on a real ensemble of three, each server behind a proxy of its own, and what can happen to the one server that the primary talks to. */
import type { Test } from 'tap'
import { Cluster } from '../../../tools/testbed/cluster.ts'
import type { DaemonProcess } from '../../../tools/testbed/daemon-process.ts'
import { ZooKeeperEnsemble } from '../../../tools/testbed/ensemble.ts'
import { Proxy } from '../../../tools/testbed/proxy.ts'
import type { ZooKeeperServer } from '../../../tools/testbed/zookeeper-server.ts'
import { eventually } from '../zookeeper.ts'

/** Seconds: what a quarter of it has to be longer than, a server's answer on a busy machine. */
const SESSION_TIMEOUT = 8

interface Way {
  readonly server: ZooKeeperServer
  readonly proxy: Proxy
}

export interface SilentServers {
  readonly cluster: Cluster
  readonly primary: DaemonProcess
  /** The server that the primary talks to; `follower` or `leader` makes it one of that kind first. */
  served (by: 'follower' | 'leader'): Promise<Way>
  /** Does something to it; resolves once the primary has contact again, or has given everything up. */
  strike (action: () => void | Promise<void>): Promise<void>
  /** All three servers are in their places. */
  whole (): Promise<void>
}

export async function silentServers (t: Test): Promise<SilentServers> {
  const ensemble = await ZooKeeperEnsemble.start()
  t.teardown(async () => await ensemble.remove())
  const ways: Way[] = []
  for (const server of ensemble.servers) {
    const proxy = await Proxy.start(server.port)
    t.teardown(async () => await proxy.close())
    ways.push({ server, proxy })
  }
  const cluster = new Cluster({ nodes: [], zookeeper: ensemble.servers[0], sessionTimeout: SESSION_TIMEOUT, keepaliveInterval: 2, coordinator: { settle_time: 0.1, handover_timeout: 20 } })
  t.teardown(async () => await cluster.close())
  const primary = cluster.startNode('hv1', { coordinators: ways.map(({ proxy }) => proxy.connectString) })
  await primary.logged((line) => line['event'] === 'finished' && line['procedure'] === 'takeover')
  cluster.startNode('hv2', { coordinators: ensemble.servers.map(({ connectString }) => connectString) })
  await cluster.nodes.get('hv2')?.logged((line) => line['event'] === 'finished' && line['procedure'] === 'start')

  const contacts = () => primary.log.filter((line) => line.msg === 'in contact with ZooKeeper again' || line.msg === 'ZooKeeper session opened').length
  const strike = async (action: () => void | Promise<void>): Promise<void> => {
    const before = contacts()
    await action()
    await eventually(() => contacts() > before)
  }
  const whole = async (): Promise<void> => {
    await eventually(async () => {
      const modes = await Promise.all(ensemble.servers.map(async (server) => /Mode: (leader|follower)/.exec(await server.fourLetter('srvr').catch(() => ''))?.[1]))
      return modes.filter((mode) => mode === 'leader').length === 1 && modes.filter((mode) => mode === 'follower').length === 2
    })
  }
  const served = async (by: 'follower' | 'leader'): Promise<Way> => {
    await whole()
    for (;;) {
      const leader = await ensemble.leader()
      const way = ways.find(({ proxy }) => proxy.connections > 0)
      if (way !== undefined && (way.server === leader) === (by === 'leader')) return way
      // To the next one, whichever that is.
      await strike(() => way?.proxy.cut())
    }
  }
  return { cluster, primary, served, strike, whole }
}
