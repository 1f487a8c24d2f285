/** A private ZooKeeper with a cluster's znodes on it, and a session for this process, which plays the nodes. */
import { ZooKeeperServer } from '../../tools/testbed/zookeeper-server.ts'
import { systemClock } from '../../src/runtime/clock.ts'
import { nativeConnector } from '../../src/zookeeper/client/native.ts'
import { Session } from '../../src/zookeeper/session/session.ts'
import { makeNodes } from './fleet.ts'

const connector = nativeConnector()

export class World implements AsyncDisposable {
  readonly server = new ZooKeeperServer({ heap: 512 })
  #sessions: Session[] = []

  /** Starts the server and makes `nodes` nodes. */
  static async start (nodes: number): Promise<World> {
    const world = new World()
    await world.server.start()
    if (nodes > 0) await makeNodes(await world.session(), 0, nodes)
    return world
  }

  /** A session of its own. */
  async session (): Promise<Session> {
    const session = new Session({ connector, servers: [this.server.connectString], sessionTimeout: 10_000, clock: systemClock })
    this.#sessions.push(session)
    await session.whenConnected()
    return session
  }

  async [Symbol.asyncDispose] (): Promise<void> {
    for (const session of this.#sessions.splice(0)) await session.close()
    await this.server.remove()
  }
}
