/** Two ZooKeepers that have to be one and the same to whoever talks to them: a real server behind a proxy, and the simulator's model. */
import type { Test } from 'tap'
import { chrooted } from '../../src/zookeeper/client/chroot.ts'
import type { Connection, ConnectionEvent } from '../../src/zookeeper/client/connection.ts'
import { nativeConnector } from '../../src/zookeeper/client/native.ts'
import { Process } from '../../proof/simulate/process.ts'
import { Random } from '../../proof/simulate/random.ts'
import { Timeline } from '../../proof/simulate/timeline.ts'
import { simulatedConnector } from '../../proof/simulate/zookeeper/client.ts'
import { Ensemble } from '../../proof/simulate/zookeeper/ensemble.ts'
import { Network } from '../../proof/simulate/zookeeper/network.ts'
import type { Server } from '../../proof/simulate/zookeeper/server.ts'
import { kazoo, proxy, zookeeper, type Kazoo } from './zookeeper.ts'

export interface Peer {
  readonly connection: Connection
  /** Everything it was told, in order. */
  readonly events: readonly ConnectionEvent[]
  /** Resolves when it has been told something for which `matches` holds, since the beginning. */
  told (matches: (event: ConnectionEvent) => boolean, times?: number): Promise<void>
  /** Its connection breaks, and it cannot make another until it is healed. */
  cut (): Promise<void>
  heal (): void
  /** Resolves when it has tried that often, from now on, to connect. */
  tried (times: number): Promise<void>
}

export interface World {
  /** Another client, connected. Milliseconds, 4,000 by default. */
  connect (sessionTimeout?: number): Promise<Peer>
  /** All servers end, and start without data. */
  loseData (): Promise<void>
  /** From now on the servers serve no session that does not authenticate, which none does. */
  requireAuthentication (): Promise<void>
  /** Nothing but `allowed` of `rwcd` is permitted at a znode. */
  permit (path: string, allowed: string): Promise<void>
}

/** `<path> <permissions>` sets what clients may do with a znode. */
const LISTS = `
from kazoo.security import make_acl, make_digest_acl
zk.add_auth('digest', 'owner:secret')
for line in sys.stdin:
    path, allowed = line.split(' ')
    zk.set_acls(path, [make_digest_acl('owner', 'secret', all=True), make_acl('world', 'anyone', read='r' in allowed, write='w' in allowed, create='c' in allowed, delete='d' in allowed)])
    say('done')
`

/** What is heard, and who waits to hear it. */
function hearing () {
  const events: ConnectionEvent[] = []
  const wakes = new Set<() => void>()
  let attempts = 0
  const wakeAll = () => { for (const wake of [...wakes]) wake() }
  const until = async (holds: () => boolean) => {
    while (!holds()) {
      await new Promise<void>((resolve) => {
        const wake = () => {
          wakes.delete(wake)
          resolve()
        }
        wakes.add(wake)
      })
    }
  }
  return {
    events,
    onEvent: (event: ConnectionEvent) => {
      events.push(event)
      wakeAll()
    },
    onAttempt: () => {
      attempts++
      wakeAll()
    },
    told: async (matches: (event: ConnectionEvent) => boolean, times = 1) => await until(() => events.filter(matches).length >= times),
    tried: async (times: number) => {
      const before = attempts
      await until(() => attempts >= before + times)
    },
  }
}

const connected = ({ type }: ConnectionEvent) => type === 'connected'

/** @param chroot under which every client is */
export async function realWorld (t: Test, chroot = '/'): Promise<World> {
  const properties: Record<string, string> = {}
  const server = await zookeeper(t, { properties })
  let lists: Promise<Kazoo> | null = null
  return {
    connect: async (sessionTimeout = 4_000) => {
      const between = await proxy(t, server)
      const { events, onEvent, onAttempt, told, tried } = hearing()
      // Without a connection nothing else is sent.
      between.onRequest = onAttempt
      const connection = nativeConnector()({ servers: [between.connectString], chroot: { path: chroot, create: true }, sessionTimeout, onEvent })
      t.teardown(() => connection.close())
      await told(connected)
      return { connection, events, told, tried, cut: async () => between.refuse(), heal: () => between.heal() }
    },
    loseData: async () => {
      await server.kill()
      await server.wipe()
      await server.start()
    },
    requireAuthentication: async () => {
      Object.assign(properties, { 'zookeeper.enforce.auth.enabled': 'true', 'zookeeper.enforce.auth.schemes': 'digest' })
      await server.restart()
    },
    permit: async (path, allowed) => {
      lists ??= kazoo(t, server, LISTS)
      await (await lists).ask(`${outside(chroot, path)} ${allowed}`)
    },
  }
}

const outside = (chroot: string, path: string) => chroot === '/' ? path : `${chroot}${path}`

/**
 * @param servers of the ensemble
 * @param chroot under which every client is
 */
export function modelWorld (t: Test, servers: number, chroot = '/'): World {
  const timeline = new Timeline()
  const random = new Random('contract')
  const ensemble = new Ensemble({ timeline, random, servers, latency: 0.4, disk: 1 })
  const onAttempt = new Map<string, () => void>()
  const network = new class extends Network {
    override open (process: Process, server: Server) {
      onAttempt.get(process.name)?.()
      return super.open(process, server)
    }
  }({ timeline, random, latency: 0.4 })
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
      const { events, onEvent, onAttempt: attempted, told, tried } = hearing()
      onAttempt.set(process.name, attempted)
      const connection = chrooted(simulatedConnector({ ensemble, network, random, owners: new Map() }, process))({ servers: ['model'], chroot: { path: chroot, create: true }, sessionTimeout, onEvent })
      await told(connected)
      return {
        connection,
        events,
        told,
        tried,
        cut: async () => {
          for (const { id } of ensemble.servers) network.cut(process.name, id, 'both')
          network.reset(process.name)
        },
        heal: () => { for (const { id } of ensemble.servers) network.heal(process.name, id) },
      }
    },
    loseData: async () => ensemble.loseData(0, 100),
    requireAuthentication: async () => {
      for (const each of ensemble.servers) {
        each.authRequired = true
        each.dropAll()
      }
    },
    permit: async (path, allowed) => ensemble.access.allow(outside(chroot, path), allowed),
  }
}
