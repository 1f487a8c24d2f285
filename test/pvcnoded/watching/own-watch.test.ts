/** What a node watches of itself. */
import t from 'tap'
import { pino } from 'pino'
import { nodePath } from '../../../src/cluster/layout.ts'
import { OwnWatch } from '../../../src/pvcnoded/watching/own-watch.ts'
import { systemClock } from '../../../src/runtime/clock.ts'
import { ANY_VERSION } from '../../../src/zookeeper/session/session.ts'
import { connect, eventually, zookeeper } from '../../support/zookeeper.ts'

for (const state of ['dead', 'fenced'] as const) {
  t.test(`a hypervisor that is judged: ${state}`, async (t) => {
    const session = await connect(t, await zookeeper(t))
    for (const path of ['/nodes', nodePath('n1')]) await session.create(path, '')
    await session.create(nodePath('n1', 'daemonstate'), 'init')
    await session.create(nodePath('n1', 'domainstate'), 'ready')
    let judged = 0
    const asked: Array<string | undefined> = []
    const watch = new OwnWatch({ session, clock: systemClock, log: pino({ level: 'silent' }), node: 'n1', onJudged: () => { judged += 1 } })
    t.teardown(() => watch[Symbol.dispose]())
    const subscription = watch.onDomainState(() => { asked.push(watch.domainState?.data) })
    await eventually(() => asked.at(-1) === 'ready')
    await session.set(nodePath('n1', 'daemonstate'), 'run', ANY_VERSION)
    await session.set(nodePath('n1', 'domainstate'), 'flush', ANY_VERSION)
    await eventually(() => asked.at(-1) === 'flush')
    t.equal(judged, 0, 'its own states are no judgement')
    subscription[Symbol.dispose]()
    const told = asked.length
    await session.set(nodePath('n1', 'daemonstate'), state, ANY_VERSION)
    await eventually(() => judged > 0)
    t.equal(asked.length, told, 'nothing is told after the end')
  })
}
