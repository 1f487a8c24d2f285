/**
 * What the size of a cluster costs one API: the same changes, at the same rate, among 10 and 1,000 nodes; then the keepalives of all of them,
 * every 5 s, that write only what changed; and how long it takes to be ready, and how much memory it holds.
 */
import { setTimeout as delay } from 'node:timers/promises'
import { RawClient } from '../test/support/network/raw-client.ts'
import { ANY_VERSION, type Session } from '../src/zookeeper/session/session.ts'
import { KEEPALIVE_INTERVAL, Keepalives, makeNodes, nodeName } from './support/fleet.ts'
import { processorSeconds, READ_KEY, residentBytes, startPvcapid, type ApiProcess } from './support/processes.ts'
import { atMost, median, type Benchmark, type Row } from './support/report.ts'
import { World } from './support/world.ts'

const SIZES = [10, 100, 1_000] as const
const SMALLEST = SIZES[0]
/** Changes a second, and for how long, in each of the rounds. */
const RATE = 200
const SECONDS = 4
const ROUNDS = 3
/** Changes whose way to a client is timed. */
const TIMED = 40
const MEGABYTE = 2 ** 20

/** Milliseconds of processor time for one change of a figure in a node's reply, among `nodes` nodes. */
async function costOfChange (session: Session, { daemon }: ApiProcess, nodes: number): Promise<number> {
  const idle = processorSeconds(daemon.pid)
  await delay(SECONDS * 1000 / 2)
  const resting = (processorSeconds(daemon.pid) - idle) * 2
  const before = processorSeconds(daemon.pid)
  const begun = performance.now()
  const writes: Array<Promise<unknown>> = []
  while (performance.now() - begun < SECONDS * 1000) {
    const due = (performance.now() - begun) / 1000 * RATE
    while (writes.length < due) writes.push(session.set(`/nodes/${nodeName((writes.length * 7) % nodes)}/memused`, String(50_000 + writes.length), ANY_VERSION))
    await delay(5)
  }
  await Promise.all(writes)
  // Whatever is still in progress is part of it.
  await delay(200)
  return (processorSeconds(daemon.pid) - before - resting) / writes.length * 1000
}

/** Milliseconds from a state's write to the reply that tells a client who waited for it. */
async function timeToBeSeen (session: Session, { port }: ApiProcess): Promise<number> {
  const client = new RawClient(port)
  const node = nodeName(1)
  const ask = async (path: string, etag = '') => {
    const reply = await client.ask(`GET /api/v1/node/${node}/coordinator-state${path} HTTP/1.1\r\nHost: x\r\nX-Api-Key: ${READ_KEY}\r\nIf-None-Match: ${etag}\r\n\r\n`)
    if (reply?.status !== 200) throw new Error(`answered ${String(reply?.status)}`)
    return reply
  }
  const times: number[] = []
  let { headers } = await ask('')
  for (let count = 0; count < TIMED; count++) {
    const waiting = ask('?wait=60', headers.get('etag'))
    await delay(20)
    const begun = performance.now()
    await session.set(`/nodes/${node}/routerstate`, count % 2 === 0 ? 'takeover' : 'secondary', ANY_VERSION)
    headers = (await waiting).headers
    times.push(performance.now() - begun)
  }
  client.close()
  return median(times)
}

interface Figures { readonly nodes: number, cost: number, seen: number, startup: number, memory: number, busy: number, writes: number }

async function measure (nodes: number): Promise<Figures> {
  await using world = await World.start(0)
  const session = await world.session()
  await makeNodes(session, 0, nodes)
  const figures = { nodes, cost: NaN, seen: NaN, startup: NaN, memory: NaN, busy: NaN, writes: NaN }
  await using api = await startPvcapid(world.server.connectString)
  figures.startup = api.startup / 1000
  const costs: number[] = []
  for (let round = 0; round < ROUNDS; round++) costs.push(await costOfChange(session, api, nodes))
  figures.cost = median(costs)
  figures.seen = await timeToBeSeen(session, api)
  await using keepalives = new Keepalives(session, nodes)
  const before = processorSeconds(api.daemon.pid)
  await delay(2 * KEEPALIVE_INTERVAL * 1000)
  figures.busy = (processorSeconds(api.daemon.pid) - before) / (2 * KEEPALIVE_INTERVAL) * 100
  figures.writes = keepalives.writes / (2 * KEEPALIVE_INTERVAL)
  figures.memory = residentBytes(api.daemon.pid) / MEGABYTE
  return figures
}

export const scale: Benchmark = {
  name: 'scale',
  title: `${SIZES.join(', ')} nodes: what a change costs, beside its cost at ${SMALLEST}; start; memory`,
  async run () {
    const rows: Row[] = []
    const all: Figures[] = []
    for (const nodes of SIZES) all.push(await measure(nodes))
    const [smallest, largest] = [all[0] as Figures, all.at(-1) as Figures]
    for (const figures of all) {
      const isLargest = figures === largest
      rows.push({
        what: `a change, ${figures.nodes} nodes`,
        cells: {
          'CPU ms a change': figures.cost.toFixed(3),
          'ms to be seen': figures.seen.toFixed(1),
          'CPU % of keepalives': figures.busy.toFixed(1),
          'writes/s': figures.writes.toFixed(0),
          'start s': figures.startup.toFixed(2),
          MB: figures.memory.toFixed(0),
        },
        measured: figures.cost / smallest.cost,
        target: isLargest ? atMost(1.5) : null,
      })
    }
    rows.push({ what: `seen, ${largest.nodes} nodes`, cells: {}, measured: largest.seen / smallest.seen, target: atMost(1.5) })
    rows.push({ what: `start, ${largest.nodes} nodes, s`, cells: {}, measured: largest.startup, target: atMost(5) })
    rows.push({ what: `memory, ${largest.nodes} nodes, MB`, cells: {}, measured: largest.memory, target: atMost(200), decimals: 0 })
    return { rows, notes: [`a change: one figure of one node, ${RATE} a second; "to be seen": from the write of a state to the reply of who waited for it`] }
  },
}
