// What a coordinator publishes of fences that would fail.
import t from 'tap'
import { parseBrokenFences, publishedBrokenFences } from '../../../src/core/model/fence-probe.ts'

t.test('as published, and as read', async (t) => {
  const broken = [{ node: 'hv2', message: 'No answer.', since: 'then' }]
  t.strictSame(parseBrokenFences(JSON.parse(JSON.stringify(publishedBrokenFences(broken)))), broken)
  for (const value of [null, undefined, {}, 'x', 1]) t.equal(parseBrokenFences(value), null)
  t.strictSame(parseBrokenFences([null, 1, {}, { node: 1 }, { node: 'hv2', message: 7 }]), [{ node: 'hv2', message: '', since: '' }])
  const many = publishedBrokenFences(Array.from({ length: 100 }, () => ({ node: 'hv2', message: 'x'.repeat(1_000), since: 'then' })))
  t.strictSame([many.length, many[0]?.message.length], [16, 300])
})
