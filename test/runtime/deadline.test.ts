/** Bounded work: it ends in time, leaves no timer and no listener, and loses no error. */
import { getEventListeners } from 'node:events'
import t from 'tap'
import { DeadlineError, linkSignals, pause, withDeadline } from '../../src/runtime/deadline.ts'
import { ManualClock } from '../support/manual-clock.ts'

const never = new Promise<never>(() => {})

t.test('work that is done in time gives its result and leaves no timer and no listener', async (t) => {
  const clock = new ManualClock()
  const caller = new AbortController()
  t.equal(await withDeadline(clock, 100, caller.signal, async () => 'done'), 'done')
  t.equal(clock.running, 0)
  t.equal(getEventListeners(caller.signal, 'abort').length, 0)
})

t.test('at the deadline the signal aborts and the promise rejects, though the work ignores it', async (t) => {
  const clock = new ManualClock()
  let seen: AbortSignal | undefined
  const running = withDeadline(clock, 1500, undefined, (signal) => {
    seen = signal
    return never
  })
  clock.advance(1499)
  t.equal(seen?.aborted, false)
  clock.advance(1)
  await t.rejects(running, { name: 'DeadlineError', code: 'deadline', milliseconds: 1500, message: 'not done within 1.5 s' })
  t.ok(seen?.reason instanceof DeadlineError)
  t.equal(clock.running, 0)
})

t.test("the caller's abort ends it with the caller's reason", async (t) => {
  const clock = new ManualClock()
  const caller = new AbortController()
  const running = withDeadline(clock, 100, caller.signal, () => never)
  caller.abort(new Error('shutting down'))
  await t.rejects(running, { message: 'shutting down' })
  t.equal(clock.running, 0)
  t.equal(getEventListeners(caller.signal, 'abort').length, 0)
})

t.test('with an aborted signal the work is not begun', async (t) => {
  const clock = new ManualClock()
  let begun = false
  await t.rejects(withDeadline(clock, 100, AbortSignal.abort(new Error('too late')), () => { begun = true }), { message: 'too late' })
  t.equal(begun, false)
  t.equal(clock.running, 0)
})

t.test('the error of the work comes through, thrown or rejected, and leaves nothing', async (t) => {
  const clock = new ManualClock()
  await t.rejects(withDeadline(clock, 100, undefined, () => { throw new Error('thrown') }), { message: 'thrown' })
  await t.rejects(withDeadline(clock, 100, undefined, async () => { throw new Error('rejected') }), { message: 'rejected' })
  t.equal(clock.running, 0)
})

t.test('what the work rejects with after the deadline disturbs nobody', async (t) => {
  const clock = new ManualClock()
  const unhandled: unknown[] = []
  const note = (reason: unknown) => unhandled.push(reason)
  process.on('unhandledRejection', note)
  t.teardown(() => process.off('unhandledRejection', note))
  let fail: (error: Error) => void = () => {}
  const running = withDeadline(clock, 1, undefined, () => new Promise((_resolve, reject) => { fail = reject }))
  clock.advance(1)
  await t.rejects(running, { code: 'deadline' })
  fail(new Error('late'))
  await new Promise((resolve) => setImmediate(resolve))
  t.same(unhandled, [])
})

t.test('linked signals follow the first that aborts, and are released', async (t) => {
  const one = new AbortController()
  const two = new AbortController()
  const linked = linkSignals(one.signal, undefined, two.signal)
  t.equal(linked.signal.aborted, false)
  two.abort('two')
  one.abort('one')
  t.equal(linked.signal.reason, 'two')

  t.equal(linkSignals(AbortSignal.abort('before')).signal.reason, 'before')

  const three = new AbortController()
  const free = linkSignals(three.signal)
  free[Symbol.dispose]()
  three.abort()
  t.equal(free.signal.aborted, false)
  t.equal(getEventListeners(three.signal, 'abort').length, 0)
})

t.test('a pause ends by itself or by its signal, and leaves no timer and no listener', async (t) => {
  const clock = new ManualClock()
  const caller = new AbortController()
  const left = () => [clock.running, getEventListeners(caller.signal, 'abort').length]
  const first = pause(clock, 100, caller.signal)
  t.same(left(), [1, 1])
  clock.advance(100)
  await first
  t.same(left(), [0, 0])
  const second = pause(clock, 100, caller.signal)
  caller.abort()
  await second
  t.same(left(), [0, 0])
  await pause(clock, 100, caller.signal)
})
