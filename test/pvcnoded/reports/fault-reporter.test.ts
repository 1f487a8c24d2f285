/** What a node has reported as a fault, it deletes when that is over, in the order in which it found out. */
import t from 'tap'
import { faultId, type FoundFault } from '../../../src/core/pvc/fault.ts'
import { FaultReporter } from '../../../src/pvcnoded/reports/fault-reporter.ts'
import { createLogger } from '../../../src/runtime/log/log.ts'
import { ManualClock } from '../../support/manual-clock.ts'
import { connect, eventually, zookeeper } from '../../support/zookeeper.ts'

const fault: FoundFault = { kind: 'resource_lost', node: 'hv1', subject: 'ip', detail: 'gone' }

t.test('reported, over, reported again', async (t) => {
  const session = await connect(t, await zookeeper(t))
  const clock = new ManualClock()
  const reporter = new FaultReporter({ session, clock, log: createLogger({ name: 'pvcnoded', level: 'silent', clock }) })
  await session.ensurePath('/faults')
  const ids = async () => (await session.children('/faults')).names
  // Another program, or another run of this one, has raised it.
  await session.create(`/faults/${faultId(fault)}`, '')
  reporter.over(fault)
  reporter.report({ ...fault, subject: 'dhcp' })
  await eventually(async () => (await ids()).length === 2)
  t.ok((await ids()).includes(faultId(fault)), 'what it has not reported it leaves')
  reporter.report(fault)
  reporter.over(fault)
  reporter.over({ ...fault, subject: 'dhcp' })
  await eventually(async () => (await ids()).length === 0)
  reporter.report(fault)
  await eventually(async () => (await ids()).length === 1)
  await reporter[Symbol.asyncDispose]()
  reporter.over(fault)
  await reporter[Symbol.asyncDispose]()
  t.same(await ids(), [faultId(fault)], 'nothing after it was stopped')
})
