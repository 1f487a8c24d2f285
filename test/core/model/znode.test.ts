// Reading what stands in a znode.
import t from 'tap'
import { count, jsonObject, text, texts } from '../../../src/core/model/znode.ts'

t.test('JSON objects, and nothing else', async (t) => {
  t.strictSame(jsonObject('{"a":1}'), { a: 1 })
  for (const given of [null, undefined, '', '{', 'null', '[1]', '7', '"a"']) t.equal(jsonObject(given), null, String(given))
})

t.test('values', async (t) => {
  t.strictSame([text('a'), text(1), text(null)], ['a', null, null])
  t.strictSame([count(0), count(7), count(-1), count(1.5), count('7'), count(2 ** 60)], [0, 7, null, null, null, null])
  t.strictSame([texts(['a', 1, 'b']), texts('a'), texts(null)], [['a', 'b'], [], []])
})
