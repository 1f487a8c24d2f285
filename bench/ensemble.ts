/**
 * What more hypervisors cost the ensemble: the watches that ZooKeeper keeps and the packets that it receives, by its own count, in an idle cluster of three
 * coordinators and one API as processes. The hypervisors are the production daemon, all in this process.
 */
import { setTimeout as delay } from 'node:timers/promises'
import { Hypervisors } from '../tools/testbed/hypervisors.ts'
import type { ZooKeeperServer } from '../tools/testbed/zookeeper-server.ts'
import { RealCluster } from './support/real-cluster.ts'
import { atMost, type Benchmark, type Row } from './support/report.ts'

/** The slope is that between the last two. */
const SIZES = [0, 5, 10, 20] as const
/** Seconds that a size is left to settle before it is counted, and counted. Every keepalive, 5 s, falls into it as often. */
const SETTLING = 10
const COUNTED = 20
/** Watches and packets a second of one more hypervisor, in the last step beside the one before: flat but for the scatter. */
const FLAT = 1.1

interface Figures { readonly nodes: number, readonly watches: number, readonly packets: number, readonly coordinator: number, readonly hypervisor: number }

/** ZooKeeper's session → its packets, of every connection that a client has. */
async function packetsOf (server: ZooKeeperServer): Promise<ReadonlyMap<string, number>> {
  const lines = (await server.fourLetter('cons')).split('\n')
  return new Map(lines.flatMap((line) => {
    const [, packets, session] = /recved=(\d+),.*sid=(0x[0-9a-f]+)/.exec(line) ?? []
    return session === undefined ? [] : [[session, Number(packets)] as const]
  }))
}

const figure = async (server: ZooKeeperServer, name: string): Promise<number> => Number((await server.mntr()).get(name))

async function measure (server: ZooKeeperServer, nodes: number, before: ReadonlySet<string>): Promise<Figures> {
  await delay(SETTLING * 1000)
  const [first, sessions, begun] = [await figure(server, 'zk_packets_received'), await packetsOf(server), performance.now()]
  await delay(COUNTED * 1000)
  const [last, later] = [await figure(server, 'zk_packets_received'), await packetsOf(server)]
  const seconds = (performance.now() - begun) / 1000
  const rate = (of: (session: string) => boolean) => {
    const rates = [...later].filter(([session]) => of(session)).map(([session, packets]) => (packets - (sessions.get(session) ?? packets)) / seconds)
    return rates.reduce((total, each) => total + each, 0) / Math.max(1, rates.length)
  }
  return {
    nodes,
    watches: await figure(server, 'zk_watch_count'),
    packets: (last - first) / seconds,
    coordinator: rate((session) => before.has(session)),
    hypervisor: rate((session) => !before.has(session)),
  }
}

export const ensemble: Benchmark = {
  name: 'ensemble',
  title: `what ${SIZES.join(', ')} hypervisors cost ZooKeeper beside three coordinators and an API, idle`,
  async run () {
    await using real = await new RealCluster({ sessionTimeout: 10 }).start(['hv1'])
    const { zookeeper } = real.cluster
    await using hypervisors = new Hypervisors({ servers: [zookeeper.connectString] })
    const before = new Set((await packetsOf(zookeeper)).keys())
    const all: Figures[] = []
    for (const nodes of SIZES) {
      for (let index = all.at(-1)?.nodes ?? 0; index < nodes; index++) await hypervisors.start(`n${String(index).padStart(4, '0')}`)
      all.push(await measure(zookeeper, nodes, before))
    }
    const slope = (to: Figures, from: Figures | undefined, of: 'watches' | 'packets') => from === undefined ? NaN : (to[of] - from[of]) / (to.nodes - from.nodes)
    const last = all.at(-1) as Figures
    const rows: Row[] = all.map((each, index) => ({
      what: `${each.nodes} hypervisors`,
      cells: {
        watches: String(each.watches),
        'packets/s': each.packets.toFixed(1),
        'of a coordinator or API': each.coordinator.toFixed(1),
        'of a hypervisor': each.nodes === 0 ? '' : each.hypervisor.toFixed(2),
        'watches each more': index === 0 ? '' : slope(each, all[index - 1], 'watches').toFixed(1),
        'packets/s each more': index === 0 ? '' : slope(each, all[index - 1], 'packets').toFixed(2),
      },
      measured: null,
      target: null,
    }))
    const [, first, middle] = all
    if (first !== undefined && middle !== undefined) {
      rows.push({ what: 'watches of one more, beside those of one of the first', cells: {}, measured: slope(last, middle, 'watches') / slope(first, all[0], 'watches'), target: atMost(FLAT) })
      rows.push({ what: 'packets of one more, beside those of one of the first', cells: {}, measured: slope(last, middle, 'packets') / slope(first, all[0], 'packets'), target: atMost(FLAT) })
    }
    return { rows, notes: ['one ZooKeeper server, session time-out 10 s, keepalives every 5 s; hypervisors in one process with the benchmark'] }
  },
}
