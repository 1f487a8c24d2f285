/**
 * Three ZooKeeper servers, one of which can be cut off from the others while its clients keep talking to it.
 *
 * The one that can be cut off has the highest number, so that it makes every connection to the others by itself (a server with a lower number that
 * connects is hung up on and called back), and all of them through proxies; it starts last, when the others have a leader.
 */
import { freePort } from './free-port.ts'
import { Proxy } from './proxy.ts'
import { ZooKeeperServer, type Transaction } from './zookeeper-server.ts'

export class ZooKeeperEnsemble {
  /** The third can be cut off. */
  readonly servers: readonly [ZooKeeperServer, ZooKeeperServer, ZooKeeperServer]
  readonly #proxies: readonly Proxy[]

  private constructor (servers: ZooKeeperEnsemble['servers'], proxies: readonly Proxy[]) {
    this.servers = servers
    this.#proxies = proxies
  }

  static async start (): Promise<ZooKeeperEnsemble> {
    const members = await Promise.all([1, 2, 3].map(async (id) => ({ id, quorum: await freePort(), election: await freePort() })))
    const line = (id: number, quorum: number, election: number) => `server.${id}=127.0.0.1:${quorum}:${election}`
    const direct = members.map(({ id, quorum, election }) => line(id, quorum, election))
    const proxies: Proxy[] = []
    const through = async (port: number) => {
      const proxy = await Proxy.start(port)
      proxies.push(proxy)
      return proxy.port
    }
    const proxied = await Promise.all(members.slice(0, 2).map(async ({ id, quorum, election }) => line(id, await through(quorum), await through(election))))
    const server = (id: number, servers: readonly string[]) => new ZooKeeperServer({ tickTime: 500, heap: 128, ensemble: { id, servers } })
    const made = new ZooKeeperEnsemble([server(1, direct), server(2, direct), server(3, [...proxied, ...direct.slice(2)])], proxies)
    const [first, second, third] = made.servers
    try {
      await Promise.all([first.start(), second.start()])
      await third.start()
      if (await made.leader() === third) throw new Error('the third server is the leader')
      return made
    } catch (error) {
      await made.remove()
      throw error
    }
  }

  /** The server that says that it leads. Rejects while none does. */
  async leader (): Promise<ZooKeeperServer> {
    const says = await Promise.all(this.servers.map(async (server) => server.running && (await server.fourLetter('srvr').catch(() => '')).includes('Mode: leader')))
    const leader = this.servers.find((_, index) => says[index] === true)
    if (leader === undefined) throw new Error('no server of the ensemble leads')
    return leader
  }

  /** The third server hears nothing of the others any more, nor they of it: it answers reads from what it has. */
  cutOff (): void {
    for (const proxy of this.#proxies) proxy.blackHole()
  }

  heal (): void {
    for (const proxy of this.#proxies) proxy.heal()
  }

  /** Everything that was committed, in order. Every server has to be in its place again: what only a deposed leader had is gone from its log then. */
  async transactions (): Promise<readonly Transaction[]> {
    const logs = await Promise.all(this.servers.map(async (server) => await server.transactions()))
    const byZxid = new Map(logs.flat().map((transaction) => [parseInt(transaction.zxid, 16), transaction]))
    return [...byZxid].sort(([a], [b]) => a - b).map(([, transaction]) => transaction)
  }

  async remove (): Promise<void> {
    await Promise.all(this.servers.map(async (server) => await server.remove()))
    await Promise.all(this.#proxies.map(async (proxy) => await proxy.close()))
  }
}
