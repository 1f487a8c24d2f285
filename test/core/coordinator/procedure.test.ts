// The ways between two states, as lists.
import t from 'tap'
import { afterStep, beginProcedure, relinquishPlan, rollbackPlan, startPlan, stuckPlan, takeoverPlan, transitionOf, type Step } from '../../../src/core/coordinator/procedure.ts'

const inWords = (steps: readonly Step[]) => steps.map((step) => Object.values(step).map((value) => typeof value === 'object' ? value.outcome : value).join(' '))

t.test('plans', async (t) => {
  t.strictSame(inWords(startPlan(['ip', 'dhcp'], 'secondary')), [
    'publish', 'turn_to dhcp', 'release dhcp', 'publish', 'turn_to ip', 'release ip', 'publish', 'enter secondary', 'announce run',
  ])
  t.strictSame(inWords(startPlan([], 'client')), ['publish', 'enter client', 'announce run'])
  t.strictSame(inWords(takeoverPlan(['ip', 'dhcp'], 7)), [
    'lock_role', 'look_again', 'publish', 'enter takeover',
    'turn_to ip', 'publish', 'await_release ip', 'acquire ip', 'turn_to dhcp', 'publish', 'await_release dhcp', 'acquire dhcp',
    'settle', 'confirm 7', 'enter primary', 'unlock',
  ])
  t.strictSame(inWords(relinquishPlan(['ip'], { besidePvc: true })), [
    'hold_sync', 'publish', 'enter relinquish', 'turn_to ip', 'release ip', 'publish', 'release_sync', 'settle', 'enter secondary',
  ])
  t.strictSame(inWords(relinquishPlan(['dhcp', 'ip'], { besidePvc: false })), [
    'publish', 'enter relinquish', 'turn_to dhcp', 'release dhcp', 'publish', 'turn_to ip', 'release ip', 'publish', 'settle', 'enter secondary',
  ])
  const rollback = rollbackPlan(['ip'], 7, { outcome: 'timed_out' })
  t.strictSame(inWords(rollback), ['publish', 'turn_to ip', 'release ip', 'publish', 'enter secondary', 'close_record 7 timed_out', 'give_back 7', 'unlock'])
  t.strictSame(inWords(rollbackPlan([], 7, null)), ['publish', 'enter secondary', 'give_back 7', 'unlock'])
  t.strictSame(inWords(stuckPlan(rollback)), ['publish', 'enter relinquish', 'close_record 7 timed_out', 'unlock'], 'the key is not given back')
})

t.test('steps are counted as clients count them', async (t) => {
  let procedure = beginProcedure('takeover', takeoverPlan(['ip', 'dhcp'], 7), 'now', { epoch: 7 })
  t.equal(procedure.of, 3)
  for (const step of takeoverPlan(['ip', 'dhcp'], 7)) procedure = afterStep(procedure, step)
  t.match(procedure, { done: 3, resource: 'dhcp', released: [] })
  let relinquish = beginProcedure('relinquish', relinquishPlan(['dhcp', 'ip'], { besidePvc: false }), 'now', { epoch: 7 })
  for (const step of relinquishPlan(['dhcp', 'ip'], { besidePvc: false })) relinquish = afterStep(relinquish, step)
  t.match(relinquish, { done: 3, of: 3, resource: 'ip', released: ['dhcp', 'ip'] })
  t.match(afterStep(beginProcedure('rollback', rollbackPlan(['ip'], 7, null), 'now', { done: 2, of: 3 }), { do: 'release', resource: 'ip' }), { done: 2, of: 3, released: ['ip'] }, 'undoing is no progress')
})

t.test('the transition that is published', async (t) => {
  const error = { code: 'x', resource: null, message: '' }
  const of = (name: Parameters<typeof beginProcedure>[0]) => transitionOf(beginProcedure(name, [{ do: 'publish' }], 'now', { epoch: 7, released: ['ip'], resource: 'ip', of: 3, done: 1, error }))
  t.strictSame(of('relinquish'), { epoch: 7, direction: 'relinquish', step: 1, of: 3, resource: 'ip', released: ['ip'], since: 'now', error })
  t.match(of('start'), { direction: 'start', released: ['ip'] })
  t.match(of('takeover'), { direction: 'takeover' })
  t.strictSame([of('rollback').direction, of('rollback').released], ['takeover', []], 'its peers keep waiting until it is secondary')
  t.match(of('announcement'), { direction: 'start' })
})
