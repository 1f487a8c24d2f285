import t from 'tap'
import { WatchListeners } from '../../../src/zookeeper/client/watch-listeners.ts'

t.test('all listeners of a path are told in the order in which they came, and nobody else', async (t) => {
  const listeners = new WatchListeners()
  const told: string[] = []
  for (const name of ['first', 'second', 'third']) listeners.add('/a', (kind, path) => told.push(`${name} ${kind} ${path}`))
  listeners.add('/b', () => told.push('another path'))
  listeners.tell('changed', '/a')
  listeners.tell('changed', '/c')
  t.strictSame(told, ['first changed /a', 'second changed /a', 'third changed /a'])
})

t.test('who is disposed of is not told again, whatever its place, and the others are', async (t) => {
  for (const [gone, left] of [[0, 'bc'], [1, 'ac'], [2, 'ab']] as const) {
    const listeners = new WatchListeners()
    let told = ''
    const subscriptions = ['a', 'b', 'c'].map((name) => listeners.add('/x', () => { told += name }))
    subscriptions[gone]?.[Symbol.dispose]()
    subscriptions[gone]?.[Symbol.dispose]()
    listeners.tell('deleted', '/x')
    t.equal(told, left, `number ${gone}`)
    for (const subscription of subscriptions) subscription[Symbol.dispose]()
    listeners.tell('deleted', '/x')
    t.equal(told, left, 'none is left')
    listeners.add('/x', () => { told += 'd' })
    subscriptions[0]?.[Symbol.dispose]()
    listeners.tell('deleted', '/x')
    t.equal(told, `${left}d`, 'one that is disposed of again takes nobody else with it')
  }
})

t.test('a listener that is added twice is told twice, until each is disposed of', async (t) => {
  const listeners = new WatchListeners()
  let told = 0
  const listener = () => { told += 1 }
  const [one] = [listeners.add('/x', listener), listeners.add('/x', listener)]
  listeners.tell('changed', '/x')
  t.equal(told, 2)
  one?.[Symbol.dispose]()
  listeners.tell('changed', '/x')
  t.equal(told, 3)
})

t.test('who comes while others are told waits for the next time; who goes meanwhile is told once more; cleared, nobody is told', async (t) => {
  const listeners = new WatchListeners()
  const told: string[] = []
  listeners.add('/x', () => {
    told.push('first')
    second[Symbol.dispose]()
    listeners.add('/x', () => told.push('late'))
  })
  const second = listeners.add('/x', () => told.push('second'))
  listeners.tell('children', '/x')
  t.strictSame(told, ['first', 'second'])
  listeners.clear()
  listeners.tell('children', '/x')
  t.equal(told.length, 2)
})
