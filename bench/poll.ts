/** What clients do most: asking for a state again and again, beside a bare Fastify server that answers from constants. */
import { besideConstant } from './support/beside-constant.ts'
import { Keepalives, nodeName } from './support/fleet.ts'
import { atLeast, type Benchmark } from './support/report.ts'
import { World } from './support/world.ts'

const NODES = 10
const EPOCH = 7

export const poll: Benchmark = {
  name: 'poll',
  title: `status polls, 16 connections, ${NODES} nodes with keepalives, beside a bare Fastify server that answers from constants`,
  async run ({ rounds, profile }) {
    await using world = await World.start(NODES)
    const session = await world.session()
    await session.create('/switchovers', JSON.stringify({ czxid: (await session.get('/config/primary_node')).stat.czxid, base: EPOCH }))
    await session.create(`/switchovers/${String(EPOCH).padStart(10, '0')}`, JSON.stringify({
      ...{ epoch: EPOCH, from: nodeName(1), to: nodeName(0), cause: 'request', requested_by: 'operators', reason: 'a benchmark', started_at: '2025-01-01T00:00:00.000Z', timeout: 60 },
      ...{ outcome: 'succeeded', finished_at: '2025-01-01T00:00:03.000Z', continued_by: null, error: null, progress: 1, nodes: {}, timeline: [] },
    }))
    await using keepalives = new Keepalives(session, NODES)
    const state = `/api/v1/node/${nodeName(1)}/coordinator-state`
    const rows = await besideConstant(world.server.connectString, [
      { what: 'coordinator-state', path: state },
      { what: 'primary', path: '/api/v1/primary' },
      { what: 'switchover/{epoch}', path: `/api/v1/switchover/${EPOCH}` },
      { what: 'coordinator-state, 304', path: state, unchanged: true },
      { what: 'primary, 304', path: '/api/v1/primary', unchanged: true },
    ], { slack: 0, target: atLeast(0.9), rounds: rounds ?? 4, profile })
    return { rows, notes: [keepalives.told] }
  },
}
