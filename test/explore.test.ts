/** A share of the exhaustive search small enough for every run; `npm run explore` goes further. */
import t from 'tap'
import { initialWorld, type Bounds } from '../proof/explore/model.ts'
import { violation } from '../proof/invariants/invariants.ts'
import { search } from '../proof/explore/search.ts'

const none: Bounds = {
  nodes: ['hv1', 'hv2'], pvc: 0, resources: ['r1'], requests: 1, blindWrites: 0, crashes: 0, expiries: 0, failures: 0, shutdowns: 0, hasty: 0, stale: 0, unfenced: 0, readings: 0, writes: 4,
}

for (const [what, bounds] of [
  ['a request between two coordinators, two resources', { ...none, resources: ['r1', 'r2'] }],
  ['a request, and an acquisition or a release that fails', { ...none, failures: 1 }],
  ['a node that is there and judged dead, without fences', { ...none, requests: 0, stale: 1, unfenced: 1 }],
  ['a crash, with a node that never contends by itself and one that goes first', { ...none, nodes: ['hv1', 'hv2', 'hv3'], priorities: [50, 0, 80], requests: 0, crashes: 1 }],
  ['a request and a blind write beside a PVC node', { ...none, pvc: 1, blindWrites: 1 }],
  ['three requests beside a PVC node, which asks nobody what is held', { ...none, pvc: 1, requests: 3, writes: 6 }],
  ['a request, a blind write and a failing release beside a PVC node', { ...none, pvc: 1, blindWrites: 1, failures: 1, writes: 6 }],
  ['a request and a shutdown beside a PVC node, which contends once', { ...none, pvc: 1, shutdowns: 1 }],
] as const) {
  t.test(what, async (t) => {
    const report = search(bounds)
    t.ok(report.settled > 0 && report.states > 2_000, `${report.states} states, ${report.settled} of them settled`)
    t.same([...report.violations], [], 'no violation and no dead end')
  })
}

t.test('the invariants can be broken', async (t) => {
  const world = initialWorld(none)
  t.equal(violation(world, world), null)
  const hv2 = world.nodes['hv2']!
  t.equal(violation({ ...world, nodes: { ...world.nodes, hv2: { ...hv2, holds: ['r1'] } } }, world), 'a resource is held by two nodes')
  const znodes = world.zk.nodes['hv2']!
  t.equal(violation({ ...world, zk: { ...world.zk, nodes: { ...world.zk.nodes, hv2: { ...znodes, state: 'takeover' } } } }, world), 'a takeover without the primary lock')
})
