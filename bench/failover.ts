/** A primary that is killed, with fencing that confirms at once: from SIGKILL to the next primary, settled, as a client sees it. */
import { RealCluster, SETTLE_TIME, TRANSITION_DELAY } from './support/real-cluster.ts'
import { atMost, median, type Benchmark } from './support/report.ts'

const SESSION_TIMEOUT = 4
const SAVING_THROWS = 3
const SAVING_INTERVAL = 1
/** Of the private ZooKeeper: it counts sessions out at multiples of this. */
const TICK = 0.1
const ROUNDS = 5

export const failover: Benchmark = {
  name: 'failover',
  title: 'kill -9 of the primary, a fence that confirms at once, beyond session time-out, tick, saving throws and the mandated waits',
  async run ({ rounds }) {
    const fencing = { method: 'command', command: ['true'], saving_throws: SAVING_THROWS, saving_interval: SAVING_INTERVAL }
    await using real = await new RealCluster({ sessionTimeout: SESSION_TIMEOUT, system: { fencing } }).start()
    const mandated = (SESSION_TIMEOUT + TICK + SAVING_THROWS * SAVING_INTERVAL + TRANSITION_DELAY + SETTLE_TIME) * 1000
    const took: number[] = []
    for (let round = 0; round < (rounds ?? ROUNDS); round++) {
      const before = await real.settled('hv1')
      const victim = before.name ?? ''
      const begun = performance.now()
      await real.cluster.nodes.get(victim)?.kill()
      await real.settled('hv1', ({ name }) => name !== null && name !== victim)
      took.push(performance.now() - begun)
      const back = real.cluster.startNode(victim)
      await back.logged(({ msg }) => msg === 'registered')
      await real.comeBack(victim)
    }
    return {
      rows: [{
        what: 'median, ms beyond',
        cells: { failovers: String(took.length), 'mandated at most': `${mandated.toFixed(0)} ms`, took: `${median(took).toFixed(0)} ms`, most: `${Math.max(...took).toFixed(0)} ms` },
        measured: median(took) - mandated,
        target: atMost(500),
        decimals: 0,
      }],
      notes: [`session time-out ${SESSION_TIMEOUT} s; its last renewal may be a third of that old, so a session may end sooner after the kill`],
    }
  },
}
