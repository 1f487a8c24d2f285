/** Three ZooKeeper servers, one of which can be cut off from its leader while its clients go on talking to it. */
import type { Test } from 'tap'
import { ZooKeeperServer } from '../../scripts/support/zookeeper-server.ts'
import { freePort } from './free-port.ts'
import { Proxy } from './proxy.ts'

export interface Ensemble {
  readonly leader: ZooKeeperServer
  readonly follower: ZooKeeperServer
  /** The follower hears nothing of the others any more, nor they of it: it answers reads from what it has. */
  cutOff (): void
  heal (): void
}

/**
 * The follower has the highest number, so that it makes every connection to the others by itself (a server with a lower number that connects is
 * hung up on and called back), and all of them through proxies; it starts last, when the others have a leader.
 */
export async function ensemble (t: Test): Promise<Ensemble> {
  const members = await Promise.all([1, 2, 3].map(async (id) => ({ id, quorum: await freePort(), election: await freePort() })))
  const line = (id: number, quorum: number, election: number) => `server.${id}=127.0.0.1:${quorum}:${election}`
  const direct = members.map(({ id, quorum, election }) => line(id, quorum, election))
  const proxies: Proxy[] = []
  const through = async (port: number) => {
    const proxy = await Proxy.start(port)
    t.teardown(async () => await proxy.close())
    proxies.push(proxy)
    return proxy.port
  }
  const proxied = await Promise.all(members.slice(0, 2).map(async ({ id, quorum, election }) => line(id, await through(quorum), await through(election))))
  const servers = members.map(({ id }) => new ZooKeeperServer({ tickTime: 500, heap: 128, ensemble: { id, servers: id === 3 ? [...proxied, ...direct.slice(2)] : direct } }))
  t.teardown(async () => { await Promise.all(servers.map(async (server) => await server.remove())) })
  const [first, second, follower] = servers as [ZooKeeperServer, ZooKeeperServer, ZooKeeperServer]
  await Promise.all([first.start(), second.start()])
  await follower.start()
  const mode = await follower.fourLetter('srvr')
  if (!mode.includes('Mode: follower')) throw new Error(`the third server is no follower: ${mode}`)
  const leader = (await first.fourLetter('srvr')).includes('Mode: leader') ? first : second
  return {
    leader,
    follower,
    cutOff: () => { for (const proxy of proxies) proxy.blackHole() },
    heal: () => { for (const proxy of proxies) proxy.heal() },
  }
}
