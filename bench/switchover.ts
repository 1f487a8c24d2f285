/** Planned switchovers of real daemons with resources that take no time, as a client sees them: from its request to the reply that says it succeeded. */
import { NODES, RealCluster, SETTLE_TIME, TRANSITION_DELAY } from './support/real-cluster.ts'
import { atMost, median, quantile, type Benchmark } from './support/report.ts'

const SWITCHOVERS = 100
/** Milliseconds that the protocol itself waits. */
const MANDATED = (TRANSITION_DELAY + SETTLE_TIME) * 1000

export const switchover: Benchmark = {
  name: 'switchover',
  title: `${SWITCHOVERS} planned switchovers, resources that take no time, beyond the mandated ${MANDATED} ms`,
  async run ({ rounds }) {
    await using real = await new RealCluster({ sessionTimeout: 10 }).start(['hv1'])
    const beyond: number[] = []
    let { name } = await real.settled('hv1')
    for (let count = 0; count < (rounds ?? SWITCHOVERS); count++) {
      const to = NODES[(NODES.findIndex((node) => node === name) + 1) % NODES.length] ?? ''
      const begun = performance.now()
      await real.switchover('hv1', to)
      beyond.push(performance.now() - begun - MANDATED)
      name = to
    }
    const cells = { switchovers: String(beyond.length), least: `${Math.min(...beyond).toFixed(0)} ms`, most: `${Math.max(...beyond).toFixed(0)} ms` }
    return {
      rows: [
        { what: 'median, ms beyond', cells, measured: median(beyond), target: atMost(100), decimals: 0 },
        { what: 'p99, ms beyond', cells: {}, measured: quantile(beyond, 0.99), target: atMost(250), decimals: 0 },
      ],
    }
  },
}
