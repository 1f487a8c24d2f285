/** Stalls of the event loop are seen, and nothing else is taken for one. */
import t from 'tap'
import { watchLoop } from '../../src/runtime/loop-watch.ts'
import { ManualClock } from '../support/manual-clock.ts'

t.test('a turn that comes late is a stall, one in time is not, and watching continues', async (t) => {
  const clock = new ManualClock()
  const after = clock.after.bind(clock)
  let delay = 0
  clock.after = (wait, action) => after(wait + delay, action)
  const stalls: number[] = []
  const watch = watchLoop({ clock, threshold: 1_000, onStall: (late) => stalls.push(late) })
  clock.advance(5_000)
  t.same(stalls, [])
  delay = 3_000
  clock.advance(500)
  delay = 0
  clock.advance(3_500)
  t.same(stalls, [3_000])
  clock.advance(5_000)
  t.same(stalls, [3_000])
  watch[Symbol.dispose]()
  t.equal(clock.running, 0)
})
