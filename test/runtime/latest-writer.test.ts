// One write at a time, the newest text each time, and a retry after a failure.
import t from 'tap'
import { LatestWriter } from '../../src/runtime/latest-writer.ts'
import { ManualClock } from '../support/manual-clock.ts'

const settle = async () => { for (let turn = 0; turn < 5; turn++) await new Promise((resolve) => { setImmediate(resolve) }) }

t.test('writes', async (t) => {
  const clock = new ManualClock()
  const written: string[] = []
  const answers: Array<(done: boolean) => void> = []
  const writer = new LatestWriter({ clock, write: async (text) => { written.push(text); return await new Promise((resolve) => { answers.push(resolve) }) } })
  writer.assume('zero')
  writer.put('zero')
  t.strictSame(written, [], 'it is there')
  writer.put('one')
  writer.put('one')
  writer.put('two')
  writer.put('three')
  t.strictSame(written, ['one'], 'one at a time')
  answers.shift()?.(true)
  await settle()
  t.strictSame(written, ['one', 'three'], 'the newest')
  answers.shift()?.(false)
  await settle()
  t.strictSame(written, ['one', 'three'], 'not at once again')
  writer.put('four')
  t.strictSame(written, ['one', 'three'], 'nor for another text')
  clock.advance(1_000)
  t.strictSame(written, ['one', 'three', 'four'])
  answers.shift()?.(false)
  writer[Symbol.dispose]()
  await settle()
  clock.advance(10_000)
  t.equal(written.length, 3, 'nothing after its end')
  t.equal(clock.running, 0)
})
