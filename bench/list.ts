/** Everything there is, in one reply: all nodes, and the cluster's status, beside a bare Fastify server that answers from constants. */
import { besideConstant } from './support/beside-constant.ts'
import { Keepalives } from './support/fleet.ts'
import { atLeast, type Benchmark, type Row } from './support/report.ts'
import { World } from './support/world.ts'

const SIZES = [4, 100, 1_000] as const

export const list: Benchmark = {
  name: 'list',
  title: 'all nodes and the status, 16 connections, with keepalives, beside a bare Fastify server that answers from constants',
  async run ({ rounds, profile }) {
    const rows: Row[] = []
    const notes: string[] = []
    for (const nodes of SIZES) {
      await using world = await World.start(nodes)
      await using keepalives = new Keepalives(await world.session(), nodes)
      // A figure may lose or gain a digit, in each node's part.
      rows.push(...await besideConstant(world.server.connectString, [
        { what: `node, ${nodes} nodes`, path: '/api/v1/node' },
        { what: `status, ${nodes} nodes`, path: '/api/v1/status' },
      ], { slack: 100 + 2 * nodes, target: atLeast(0.85), rounds: rounds ?? 3, profile }))
      notes.push(keepalives.told)
    }
    return { rows, notes }
  },
}
