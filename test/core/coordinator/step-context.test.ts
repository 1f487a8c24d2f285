// One turn: the state as it becomes, and the effects in the order they were asked for.
import t from 'tap'
import { newCoordinator } from '../../../src/core/coordinator/coordinator-state.ts'
import { StepContext } from '../../../src/core/coordinator/step-context.ts'
import { settings, failure } from '../../support/scenario/driver.ts'

t.test('effects in order, each with a number of its own', async (t) => {
  const before = newCoordinator(settings, 0)
  const context = new StepContext(before, 'now')
  t.strictSame([context.do({ op: 'unlock' }), context.delay(5), context.do({ op: 'read_snapshot' })], [1, 2, 3])
  context.cancel(2)
  context.note({ code: 'begun', procedure: 'start', epoch: null })
  context.selfFence(failure)
  context.end('left')
  t.strictSame(context.effects.map(({ type }) => type), ['do', 'delay', 'do', 'cancel', 'note', 'self_fence', 'ended'])
  t.equal(context.state.nextId, 4)
  t.equal(before.nextId, 1, 'the state that it began with is not touched')
})

t.test('delays by purpose', async (t) => {
  const context = new StepContext(newCoordinator(settings, 0), 'now')
  context.timer('bound', 7)
  context.idle({ id: 8, subject: 'x' })
  t.strictSame(context.state.timers, { idle: { id: 8, subject: 'x' }, bound: 7, backoff: null, handover: null })
  context.timer('bound', null)
  context.idle(null)
  t.strictSame(context.state.timers, { idle: null, bound: null, backoff: null, handover: null })
})
