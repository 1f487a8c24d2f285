// The persistent map behaves as a Map that is copied before each change.
import fc from 'fast-check'
import t from 'tap'
import { PersistentMap } from '../../../src/zookeeper/cache/persistent-map.ts'

t.test('as a Map, for any history, and no version ever changes', async (t) => {
  const key = fc.oneof(fc.integer({ min: 0, max: 60 }).map((n) => `/nodes/${n}`), fc.string())
  fc.assert(fc.property(fc.array(fc.tuple(key, fc.option(fc.integer({ min: 0, max: 3 })))), (history) => {
    const model = new Map<string, number>()
    let map = PersistentMap.empty<number>()
    const versions: [PersistentMap<number>, [string, number][]][] = []
    for (const [path, value] of history) {
      const before = map
      const same = value === null ? !model.has(path) : model.get(path) === value
      if (value === null) {
        model.delete(path)
        map = map.delete(path)
      } else {
        model.set(path, value)
        map = map.set(path, value)
      }
      if ((map === before) !== same) return false
      if (map.has(path) !== model.has(path) || map.get(path) !== model.get(path) || map.size !== model.size) return false
      versions.push([map, [...model].sort()])
    }
    return versions.every(([version, entries]) => JSON.stringify([...version].sort()) === JSON.stringify(entries))
  }))
  t.pass('no counterexample')
})

t.test('keys that collide are kept apart', async (t) => {
  let map = PersistentMap.empty<number>()
  for (let i = 0; i < 100_000; i++) map = map.set(`k${i}`, i)
  t.equal(map.size, 100_000)
  for (let i = 0; i < 100_000; i += 7) if (map.get(`k${i}`) !== i) t.fail(`k${i}`)
  for (let i = 0; i < 100_000; i++) map = map.delete(`k${i}`)
  t.equal(map.size, 0)
  t.strictSame([...map], [])
})
