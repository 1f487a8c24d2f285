// Rounds of readiness checks: at once, at intervals, again when asked, and none after the stop.
import t, { type Test } from 'tap'
import type { Readiness } from '../../../src/core/model/readiness.ts'
import { ReadinessMonitor } from '../../../src/pvcnoded/resources/readiness-monitor.ts'
import type { AttemptResult } from '../../../src/pvcnoded/resources/resource.ts'
import { createLogger } from '../../../src/runtime/log/log.ts'
import { ManualClock } from '../../support/manual-clock.ts'

const settle = async () => { for (let turn = 0; turn < 5; turn++) await new Promise((resolve) => { setImmediate(resolve) }) }
const done: AttemptResult = { kind: 'done' }
const failed = (message: string): AttemptResult => ({ kind: 'failed', failure: { code: 'ready_failed', resource: 'ip', message } })

function monitorOf (t: Test) {
  const clock = new ManualClock()
  const answers: Array<(result: AttemptResult) => void> = []
  const told: Array<{ readiness: Readiness, failure: string | null }> = []
  const actions: string[] = []
  const monitor = new ReadinessMonitor({
    clock,
    log: createLogger({ name: 'pvcnoded', level: 'silent', clock }),
    interval: 10_000,
    resources: [{ name: 'ip', identity: 'ip', acquireTimeout: 1, releaseTimeout: 1, retries: 0, checkInterval: 10_000, attempt: async (action) => { actions.push(action); return await new Promise((resolve) => { answers.push(resolve) }) } }],
    onChecked: (readiness, failure) => told.push({ readiness, failure: failure?.message ?? null }),
  })
  t.teardown(() => monitor.stop())
  const answer = async (result: AttemptResult) => { answers.shift()?.(result); await settle() }
  return { clock, monitor, told, actions, answer }
}

t.test('at once, and at intervals', async (t) => {
  const { clock, monitor, told, actions, answer } = monitorOf(t)
  monitor.start()
  monitor.start()
  t.strictSame(actions, ['ready'])
  clock.advance(60_000)
  t.strictSame(actions, ['ready'], 'one round at a time')
  const since = clock.wall()
  await answer(failed('It is down.'))
  t.strictSame(told, [{ readiness: { unready: [{ resource: 'ip', message: 'It is down.', since }], interval: 10 }, failure: 'It is down.' }])
  clock.advance(10_000)
  await answer(failed('It is down.'))
  t.strictSame(told[1], told[0], 'since the first time')
  clock.advance(10_000)
  await answer(done)
  t.strictSame(told[2], { readiness: { unready: [], interval: 10 }, failure: null })
})

t.test('when asked, and after a round that was running', async (t) => {
  const { clock, monitor, told, actions, answer } = monitorOf(t)
  monitor.checkNow()
  t.strictSame(actions, [], 'not before the start')
  monitor.start()
  monitor.checkNow()
  await answer(done)
  t.equal(actions.length, 2)
  await answer(failed('It is down.'))
  t.equal(told.at(-1)?.failure, 'It is down.')
  monitor.checkNow()
  t.equal(actions.length, 3)
  clock.advance(10_000)
  t.equal(actions.length, 3, 'its timer is gone')
})

t.test('nothing after the stop', async (t) => {
  const { clock, monitor, told, actions, answer } = monitorOf(t)
  monitor.start()
  monitor.stop()
  await answer(failed('It is down.'))
  clock.advance(60_000)
  t.strictSame([told, actions.length], [[], 1])
})
