/** A node's health from its checks, in PVC's texts. */
import t from 'tap'
import { checkNames, checkTexts, healthOf, isStale, type CheckState } from '../../../src/core/pvc/health.ts'

const check = (given: Partial<CheckState> = {}): CheckState =>
  ({ name: 'raid', healthDelta: 10, message: 'One disk is slow', data: { sda: 'ok' }, lastRun: 1_760_000_000, runtime: 0.012, fault: null, ...given })

t.test('health is what the checks leave of 100', async (t) => {
  t.equal(healthOf([]), 100)
  t.equal(healthOf([check(), check({ healthDelta: 25 }), check({ healthDelta: null })]), 65)
  t.equal(healthOf([check({ healthDelta: 80 }), check({ healthDelta: 30 })]), 0)
})

t.test('a check in PVC\'s texts', async (t) => {
  t.same(checkTexts(check()), { last_run: '1760000000', health_delta: '10', message: 'One disk is slow', data: '{"sda":"ok"}', runtime: '0.01', stale: 'false' })
  t.match(checkTexts(check({ fault: 'hangs' })), { last_run: '1760000000', health_delta: '10', message: 'Old value (raid hangs): One disk is slow', stale: 'true' })
  t.same(checkTexts(check({ healthDelta: null, lastRun: null, data: null, message: '', fault: 'exited with 1' })),
    { last_run: '0', health_delta: '0', message: 'No value yet: raid exited with 1', data: 'null', runtime: '0.01', stale: 'true' })
  t.strictSame([checkTexts(check()).stale, checkTexts(check({ fault: 'hangs' })).stale, undefined].map(isStale), [false, true, false])
})

t.test('the list of checks is sorted', async (t) => {
  t.equal(checkNames([check(), check({ name: 'disk' })]), 'disk raid')
})
