/** Two ZooKeepers that have to be one and the same to whoever talks to them: a real server behind a proxy, and the simulator's model. */
import type { Test } from 'tap'
import type { Connection, ConnectionEvent } from '../../src/zookeeper/client/connection.ts'
import { nativeConnector } from '../../src/zookeeper/client/native.ts'
import { Process } from '../../proof/simulate/process.ts'
import { Random } from '../../proof/simulate/random.ts'
import { Timeline } from '../../proof/simulate/timeline.ts'
import { simulatedConnector } from '../../proof/simulate/zookeeper/client.ts'
import { Ensemble } from '../../proof/simulate/zookeeper/ensemble.ts'
import { Network } from '../../proof/simulate/zookeeper/network.ts'
import { proxy, zookeeper } from './zookeeper.ts'

export interface Peer {
  readonly connection: Connection
  /** Everything it was told, in order. */
  readonly events: readonly ConnectionEvent[]
  /** Resolves when it has been told something for which `matches` holds, since the beginning. */
  told (matches: (event: ConnectionEvent) => boolean, times?: number): Promise<void>
  /** Its connection breaks, and it cannot make another until it is healed. */
  cut (): Promise<void>
  heal (): void
}

export interface World {
  /** Another client, connected. Milliseconds, 4,000 by default. */
  connect (sessionTimeout?: number): Promise<Peer>
}

/** What is heard, and who waits to hear it. */
function hearing () {
  const events: ConnectionEvent[] = []
  const wakes = new Set<() => void>()
  return {
    events,
    onEvent: (event: ConnectionEvent) => {
      events.push(event)
      for (const wake of [...wakes]) wake()
    },
    told: async (matches: (event: ConnectionEvent) => boolean, times = 1) => {
      while (events.filter(matches).length < times) {
        await new Promise<void>((resolve) => {
          const wake = () => {
            wakes.delete(wake)
            resolve()
          }
          wakes.add(wake)
        })
      }
    },
  }
}

const connected = ({ type }: ConnectionEvent) => type === 'connected'

export async function realWorld (t: Test): Promise<World> {
  const server = await zookeeper(t)
  return {
    connect: async (sessionTimeout = 4_000) => {
      const between = await proxy(t, server)
      const { events, onEvent, told } = hearing()
      const connection = nativeConnector()({ servers: [between.connectString], sessionTimeout, onEvent })
      t.teardown(() => connection.close())
      await told(connected)
      return { connection, events, told, cut: async () => between.refuse(), heal: () => between.heal() }
    },
  }
}

/** @param servers of the ensemble */
export function modelWorld (t: Test, servers: number): World {
  const timeline = new Timeline()
  const random = new Random('contract')
  const ensemble = new Ensemble({ timeline, random, servers, latency: 0.4, disk: 1 })
  const network = new Network({ timeline, random, latency: 0.4 })
  const ended = new AbortController()
  let peers = 0
  t.teardown(() => ended.abort())
  const pump = async () => {
    while (!ended.signal.aborted) {
      await timeline.run(timeline.now + 5)
      await new Promise((resolve) => { setImmediate(resolve) })
    }
  }
  void pump()
  return {
    connect: async (sessionTimeout = 4_000) => {
      const process = new Process(`peer ${++peers}`, timeline)
      const { events, onEvent, told } = hearing()
      const connection = simulatedConnector({ ensemble, network, random, owners: new Map() }, process)({ servers: ['model'], sessionTimeout, onEvent })
      await told(connected)
      return {
        connection,
        events,
        told,
        cut: async () => {
          for (const { id } of ensemble.servers) network.cut(process.name, id, 'both')
          network.reset(process.name)
        },
        heal: () => { for (const { id } of ensemble.servers) network.heal(process.name, id) },
      }
    },
  }
}
