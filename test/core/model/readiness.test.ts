// What a node publishes of whether it could acquire its resources.
import t from 'tap'
import { parseReadiness, publishedReadiness, sentenceOf } from '../../../src/core/model/readiness.ts'

const of = (resource: string) => ({ resource, message: `${resource} is down.`, since: 'then' })

t.test('as it is published, and as it is read', async (t) => {
  const readiness = { unready: [of('ip'), of('job')], interval: 10 }
  t.strictSame(parseReadiness(JSON.parse(JSON.stringify(publishedReadiness(readiness)))), readiness)
  t.equal(sentenceOf(readiness), 'ip is down (since then, checked every 10 s); job is down (since then, checked every 10 s)')
  t.equal(sentenceOf(null), '')
})

t.test('what is malformed says nothing', async (t) => {
  for (const value of [null, undefined, 1, 'x', [], {}, { unready: 'x', interval: 1 }, { unready: [], interval: '1' }]) t.equal(parseReadiness(value), null, JSON.stringify(value))
  t.equal(parseReadiness(JSON.parse('{"unready":[],"interval":1e999}'))?.interval, 86_400, 'a day at most')
  t.strictSame(parseReadiness({ unready: [null, 1, {}, { resource: 1 }, { resource: 'ip', message: 7 }], interval: 1 }), { unready: [{ resource: 'ip', message: '', since: '' }], interval: 1 })
})

t.test('it is bounded', async (t) => {
  const many = publishedReadiness({ unready: Array.from({ length: 100 }, (_, index) => ({ ...of(`r${index}`), message: 'x'.repeat(1_000) })), interval: 10 })
  t.equal(many.unready.length, 16)
  t.equal(many.unready[0]?.message.length, 300)
  t.equal(parseReadiness({ unready: Array.from({ length: 100 }, () => of('ip')), interval: 1 })?.unready.length, 16)
})
