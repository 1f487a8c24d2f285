// One turn: the state as it becomes, and the effects in the order they were asked for.
import t from 'tap'
import { newCoordinator } from '../../../src/core/coordinator/coordinator-state.ts'
import { StepContext } from '../../../src/core/coordinator/turn.ts'
import { settings, trouble } from '../../support/scenario/driver.ts'

t.test('effects in order, each with a number of its own', async (t) => {
  const before = newCoordinator(settings, 0)
  const turn = new StepContext(before, 'now')
  t.strictSame([turn.do({ op: 'unlock' }), turn.delay(5), turn.do({ op: 'survey' })], [1, 2, 3])
  turn.cancel(2)
  turn.note({ code: 'begun', procedure: 'start', epoch: null })
  turn.selfFence(trouble)
  turn.end('left')
  t.strictSame(turn.effects.map(({ type }) => type), ['do', 'delay', 'do', 'cancel', 'note', 'self_fence', 'ended'])
  t.equal(turn.state.nextId, 4)
  t.equal(before.nextId, 1, 'the state that it began with is not touched')
})

t.test('delays by purpose', async (t) => {
  const turn = new StepContext(newCoordinator(settings, 0), 'now')
  turn.timer('bound', 7)
  turn.idle({ id: 8, subject: 'x' })
  t.strictSame(turn.state.timers, { idle: { id: 8, subject: 'x' }, bound: 7, standBack: null, handover: null })
  turn.timer('bound', null)
  turn.idle(null)
  t.strictSame(turn.state.timers, { idle: null, bound: null, standBack: null, handover: null })
})
