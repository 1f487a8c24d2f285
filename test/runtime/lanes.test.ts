/** Work for many items, a few of them at a time. */
import t from 'tap'
import { inLanes } from '../../src/runtime/lanes.ts'

t.test('a few at a time, and results in the order of the items', async (t) => {
  const waiting: Array<() => void> = []
  let most = 0
  let running = 0
  const done = inLanes([3, 1, 2, 5, 4], 2, async (item) => {
    running += 1
    most = Math.max(most, running)
    await new Promise<void>((resolve) => { waiting.push(resolve) })
    running -= 1
    return item * 10
  })
  for (let left = 5; left > 0; left -= 1) {
    waiting.pop()?.()
    await new Promise((resolve) => { setImmediate(resolve) })
  }
  t.strictSame(await done, [30, 10, 20, 50, 40])
  t.equal(most, 2)
  t.strictSame(await inLanes([], 2, async () => 1), [])
})

t.test('none is begun after a failure', async (t) => {
  const begun: number[] = []
  await t.rejects(inLanes([1, 2, 3, 4, 5, 6], 2, async (item) => {
    begun.push(item)
    if (item === 2) throw new Error('two')
    await new Promise((resolve) => { setImmediate(resolve) })
  }), /two/)
  await new Promise((resolve) => { setImmediate(resolve) })
  t.strictSame(begun, [1, 2])
})
