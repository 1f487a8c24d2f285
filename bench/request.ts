/** A request for a switchover, from the client's POST to 202, with no other request in progress; beside the raw client making the same operations. */
import { ANY_VERSION } from '../src/zookeeper/session/session.ts'
import { makeNodes, nodeName } from './support/fleet.ts'
import { OPERATE_KEY, startPvcapid, startReference } from './support/processes.ts'
import { atMost, median, medianRatio, quantile, type Benchmark } from './support/report.ts'
import { World } from './support/world.ts'

const NODES = 3
const ROUNDS = 100
const WARM_UP = 20

export const request: Benchmark = {
  name: 'request',
  title: 'POST /switchover to 202, uncontended, beside the raw client making the same ZooKeeper operations',
  async run ({ rounds, profile }) {
    await using world = await World.start(NODES)
    const session = await world.session()
    await using api = await startPvcapid(world.server.connectString, { profile })
    await session.create('/raw', '')
    await makeNodes(session, 0, NODES, '/raw')
    await session.create('/raw/switchovers', '{}')
    using raw = await startReference('request', [world.server.connectString, '/raw', Array.from({ length: NODES }, (_, index) => nodeName(index)).join()])
    const base = `http://127.0.0.1:${api.port}`
    const headers = { 'x-api-key': OPERATE_KEY, 'content-type': 'application/json' }
    let [from, to] = [nodeName(0), nodeName(1)]
    const post = async (): Promise<number> => {
      const body = JSON.stringify({ to })
      const begun = performance.now()
      const reply = await fetch(`${base}/api/v1/switchover`, { method: 'POST', headers, body })
      const text = await reply.text()
      const took = performance.now() - begun
      if (reply.status !== 202) throw new Error(`answered ${reply.status} ${text}`)
      // The nodes' part, so that nothing is in flight when the next one comes.
      await session.set(`/nodes/${from}/routerstate`, 'secondary', ANY_VERSION)
      await session.set(`/nodes/${to}/routerstate`, 'primary', ANY_VERSION)
      const ended = await (await fetch(`${base}${reply.headers.get('location') ?? ''}?wait=10`, { headers })).json() as { readonly outcome: string | null }
      if (ended.outcome !== 'succeeded') throw new Error(`the switchover ended ${String(ended.outcome)}`)
      ;[from, to] = [to, from]
      return took
    }
    const ours: number[] = []
    const theirs: number[] = []
    for (let round = 0; round < WARM_UP + (rounds ?? ROUNDS); round++) {
      const took = await post()
      const rawTook = Number(await raw.ask('change'))
      if (round < WARM_UP) continue
      ours.push(took)
      theirs.push(rawTook)
    }
    const figures = (values: readonly number[]) => `${median(values).toFixed(2)} ms, p95 ${quantile(values, 0.95).toFixed(2)} ms`
    return {
      rows: [{ what: 'POST to 202', cells: { requests: String(ours.length), ours: figures(ours), 'raw client': figures(theirs) }, measured: medianRatio(ours, theirs), target: atMost(1.3) }],
      notes: ['ours is timed by the client, with HTTP; the raw client times itself'],
    }
  },
}
