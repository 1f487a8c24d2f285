// The ways between two states, as lists.
import t from 'tap'
import { afterStep, beginProcedure, guardPlan, relinquishPlan, rollbackPlan, startPlan, stuckPlan, takeoverPlan, transitionOf, type Step } from '../../../src/core/coordinator/procedure.ts'

const inWords = (steps: readonly Step[]) => steps.map((step) => Object.values(step).map((value) => typeof value === 'object' ? value.outcome : value).join(' '))

t.test('plans', async (t) => {
  t.strictSame(inWords(startPlan(['ip', 'dhcp'], 'secondary')), [
    'publish', 'turn_to dhcp', 'release dhcp', 'publish', 'turn_to ip', 'release ip', 'publish', 'enter secondary', 'announce run',
  ])
  t.strictSame(inWords(startPlan([], 'client')), ['publish', 'enter client', 'announce run'])
  t.strictSame(inWords(takeoverPlan(['ip', 'dhcp'], 7, { besidePvc: false })), [
    'lock_role', 'look_again', 'publish', 'enter takeover',
    'turn_to ip', 'publish', 'await_release ip', 'acquire ip', 'turn_to dhcp', 'publish', 'await_release dhcp', 'acquire dhcp',
    'settle', 'confirm 7', 'enter primary', 'unlock',
  ])
  t.strictSame(inWords(takeoverPlan(['ip'], 7, { besidePvc: true })).slice(-4), ['confirm 7', 'enter primary', 'guard_sync', 'unlock'], 'never under neither')
  t.strictSame(inWords(guardPlan(true)), ['guard_sync'])
  t.strictSame(inWords(guardPlan(false)), ['look_at_peers', 'release_sync'])
  t.strictSame(inWords(relinquishPlan(['ip'], { besidePvc: true, again: true })), ['hold_sync', 'publish', 'turn_to ip', 'release ip', 'publish', 'release_sync', 'settle', 'enter secondary'])
  t.strictSame(inWords(relinquishPlan(['ip'], { besidePvc: true })), [
    'hold_sync', 'publish', 'enter relinquish', 'turn_to ip', 'release ip', 'publish', 'release_sync', 'settle', 'enter secondary',
  ])
  t.strictSame(inWords(relinquishPlan(['dhcp', 'ip'], { besidePvc: false })), [
    'publish', 'enter relinquish', 'turn_to dhcp', 'release dhcp', 'publish', 'turn_to ip', 'release ip', 'publish', 'settle', 'enter secondary',
  ])
  const rollback = rollbackPlan(['ip'], 7, { outcome: 'timed_out' })
  t.strictSame(inWords(rollback), ['publish', 'turn_to ip', 'release ip', 'publish', 'enter secondary', 'close_record 7 timed_out', 'give_back 7', 'unlock'])
  t.strictSame(inWords(rollbackPlan(['ip'], 7, null, null, true)), ['publish', 'turn_to ip', 'release ip', 'publish', 'release_sync', 'enter secondary', 'give_back 7', 'unlock'])
  t.strictSame(inWords(rollbackPlan([], 7, null)), ['publish', 'enter secondary', 'give_back 7', 'unlock'])
  t.strictSame(inWords(stuckPlan(rollback)), ['publish', 'enter relinquish', 'close_record 7 timed_out', 'unlock'], 'the key is not given back')
})

t.test('steps are counted as clients count them', async (t) => {
  let procedure = beginProcedure('takeover', takeoverPlan(['ip', 'dhcp'], 7, { besidePvc: false }), 'now', { epoch: 7 })
  t.equal(procedure.of, 3)
  for (const step of takeoverPlan(['ip', 'dhcp'], 7, { besidePvc: false })) procedure = afterStep(procedure, step)
  t.match(procedure, { done: 3, resource: 'dhcp', released: [] })
  let relinquish = beginProcedure('relinquish', relinquishPlan(['dhcp', 'ip'], { besidePvc: false }), 'now', { epoch: 7 })
  for (const step of relinquishPlan(['dhcp', 'ip'], { besidePvc: false })) relinquish = afterStep(relinquish, step)
  t.match(relinquish, { done: 3, of: 3, resource: 'ip', released: ['dhcp', 'ip'] })
  t.match(afterStep(beginProcedure('rollback', rollbackPlan(['ip'], 7, null), 'now', { done: 2, of: 3 }), { do: 'release', resource: 'ip' }), { done: 2, of: 3, released: ['ip'] }, 'undoing is no progress')
  const error = { code: 'release_failed', resource: 'ip', message: 'ip stays.' }
  t.equal(afterStep(beginProcedure('relinquish', relinquishPlan(['ip'], { besidePvc: false }), 'now', { error }), { do: 'release', resource: 'ip' }).error, null, 'released after all')
  t.strictSame(afterStep(beginProcedure('rollback', rollbackPlan(['ip'], 7, null), 'now', { error }), { do: 'release', resource: 'ip' }).error, error)
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
