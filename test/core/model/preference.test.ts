// What a node prefers, published and read.
import t from 'tap'
import { countedHealth, defaultPreference, healthFound, parsePreference, publishedPreference, unwillingness, withoutRecovery, type HealthCourse } from '../../../src/core/model/preference.ts'
import { isWilling, memberOf, preferenceOf } from '../../../src/core/model/member.ts'
import { gone, member, preferring } from '../../support/scenario/builders.ts'

t.test('what is published is what is read, and the defaults are not published', async (t) => {
  const preference = { priority: 0, minHealth: 80, health: 79 }
  t.strictSame(parsePreference(JSON.parse(JSON.stringify(publishedPreference(preference)))), preference)
  t.equal(publishedPreference({ ...defaultPreference, health: 12 }), undefined)
  t.strictSame(publishedPreference({ priority: 80, minHealth: 0, health: 12 }), { priority: 80, min_health: 0, health: null }, 'a health that does not matter is not told')
})

t.test('what cannot be read is the default', async (t) => {
  for (const value of [null, undefined, 1, 'x', [], {}, { priority: '80' }, { priority: -1, min_health: 101, health: 1.5 }, { health: Infinity }]) t.strictSame(parsePreference(value), defaultPreference, JSON.stringify(value))
  t.strictSame(parsePreference({ priority: 100, min_health: 'x' }), { priority: 100, minHealth: 0, health: null })
})

t.test('what keeps a node from contending', async (t) => {
  t.strictSame(unwillingness(defaultPreference), [])
  t.strictSame(unwillingness({ priority: 0, minHealth: 80, health: 79 }), ['health', 'priority'])
  t.strictSame(unwillingness({ priority: 1, minHealth: 80, health: 80 }), [])
  t.strictSame(unwillingness({ priority: 1, minHealth: 80, health: null }), [], 'a health that is not known')
})

t.test('of a member', async (t) => {
  t.strictSame(preferenceOf(gone('a')), defaultPreference, 'a node that is not there')
  t.equal(isWilling(member('a')), true)
  t.equal(isWilling(preferring('a', { priority: 0 })), false)
  const read = (text: string) => memberOf('a', (child) => child === 'presence' ? { data: text, owner: '5', mzxid: '1', czxid: '1', version: 0, modified: '' } as never : undefined, true)
  t.strictSame(preferenceOf(read('{"session":"5"}')), defaultPreference, 'a node of an earlier version')
  t.strictSame(preferenceOf(read('{"candidate":{"priority":7,"min_health":9,"health":8}}')), { priority: 7, minHealth: 9, health: 8 })
})

t.test('a health that wavers', async (t) => {
  const INTERVAL = 5_000
  let course: HealthCourse = { found: null, low: null }
  const counted = (found: number | null, at: number) => {
    course = healthFound(course, found, 80, at)
    return countedHealth(course, INTERVAL, at)
  }
  t.equal(counted(null, 0), null)
  t.strictSame([counted(100, 0), counted(80, 5_000)], [100, 80], 'as it is, while it is not too low')
  t.strictSame([counted(40, 10_000), counted(100, 15_000), counted(60, 20_000), counted(100, 25_000)], [40, 40, 60, 60], 'the last that was too low')
  t.strictSame([counted(90, 30_000), counted(90, 34_999), counted(95, 35_000), counted(85, 40_000)], [60, 60, 95, 85], 'for three intervals')
  counted(70, 45_000)
  t.equal(countedHealth(withoutRecovery(course, 80), INTERVAL, 45_000), 70, 'one that is too low is too low whether or not a node serves')
  counted(100, 50_000)
  t.equal(countedHealth(course, INTERVAL, 50_000), 70)
  t.equal(countedHealth(withoutRecovery(course, 80), INTERVAL, 50_000), 100, 'while no node serves it counts at once')
  t.strictSame(withoutRecovery({ found: null, low: null }, 80), { found: null, low: null })
})
