import t from 'tap'
import { setImmediate as nextTurn } from 'node:timers/promises'
import { Deliveries } from '../../../src/zookeeper/client/deliveries.ts'
import { connect, zookeeper } from '../../support/zookeeper.ts'

/** Counts the turns of the event loop while it is used. */
function turns (): { readonly now: () => number } & Disposable {
  let count = 0
  let isOver = false
  const next = () => {
    count += 1
    if (!isOver) setImmediate(next)
  }
  setImmediate(next)
  return { now: () => count, [Symbol.dispose]: () => { isOver = true } }
}

t.test('deliveries come in their order, each with its microtasks; one that is large has a turn with none behind it', async (t) => {
  using clock = turns()
  await nextTurn()
  const deliveries = new Deliveries()
  const seen: Array<readonly [name: string, turn: number]> = []
  const begun = clock.now()
  for (const name of ['a', 'B', 'c', 'D', 'E', 'f']) {
    deliveries.add(() => {
      if (name === name.toUpperCase()) deliveries.leaveTurn()
      seen.push([name, clock.now() - begun])
      queueMicrotask(() => seen.push([`${name}'`, clock.now() - begun]))
      if (name === 'B') deliveries.add(() => seen.push(['last', clock.now() - begun]))
    })
  }
  while (seen.length < 13) await nextTurn()
  const names = ['a', 'B', 'c', 'D', 'E', 'f'].flatMap((name) => [name, `${name}'`])
  t.strictSame(seen.map(([name]) => name), [...names, 'last'])
  const turnOf = new Map(seen)
  const first = turnOf.get('a') ?? NaN
  t.strictSame(names.map((name) => (turnOf.get(name) ?? NaN) - first), [0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 3, 3])
})

t.test('large values that are read at once are each decoded in a turn of their own', async (t) => {
  const session = await connect(t, await zookeeper(t))
  const paths = Array.from({ length: 6 }, (_, index) => `/large-${index}`)
  for (const path of paths) await session.create(path, 'ä'.repeat(200_000))
  using clock = turns()
  const read = await Promise.all(paths.map(async (path) => {
    const { data } = await session.get(path, { maxLength: 200_000 })
    return { turn: clock.now(), length: data.length }
  }))
  t.strictSame(read.map(({ length }) => length), paths.map(() => 200_000))
  t.equal(new Set(read.map(({ turn }) => turn)).size, paths.length)
})
