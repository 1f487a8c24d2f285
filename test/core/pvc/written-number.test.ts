// Numbers keep on their way through this project what PVC's API writes of them: a fraction, and every digit.
import fc from 'fast-check'
import t from 'tap'
import { fraction, jsonText, parseWritten, WrittenNumber, writtenJson } from '../../../src/core/pvc/written-number.ts'

t.test('the text of a fraction', async (t) => {
  for (const [value, text] of [[0, '0.0'], [-0, '0.0'], [3, '3.0'], [-2, '-2.0'], [0.35, '0.35'], [1e21, '1e+21'], [1e16, '10000000000000000.0']] as const) t.equal(fraction(value).text, text)
  t.equal(JSON.stringify({ load: fraction(0) }), '{"load":0}', 'a plain number to JSON.stringify')
  fc.assert(fc.property(fc.double({ noNaN: true, noDefaultInfinity: true }), (value) => JSON.parse(fraction(value).text) === (value === 0 ? 0 : value) && /[.e]/.test(fraction(value).text)))
})

t.test('of a JSON text', async (t) => {
  t.strictSame(writtenJson('{"a": 0.0, "b": 0, "c": "0.0", "d": [1.50, 2e0, -3.0], "e\\"1.0": "x\\\\"}'), { a: fraction(0), b: 0, c: '0.0', d: [1.5, fraction(2), fraction(-3)], 'e"1.0': 'x\\' })
  t.strictSame(writtenJson('12.0'), fraction(12))
  t.strictSame(writtenJson('{"a":0.0,"b":"\\u0000","c":"\\u0000\\u00001.0","\\u0000":2.0}'), { a: fraction(0), b: '\0', c: '\0\x001.0', '\0': fraction(2) }, 'a text with the mark')
  for (const text of [undefined, '', '{', 'None', '1.', '1e400', '[-1e999, 0.0]', '[1e999, "\\u0000"]', `[${'9'.repeat(400)}]`]) t.equal(writtenJson(text), null, String(text))
  fc.assert(fc.property(fc.json(), (text) => {
    const plain = (value: unknown): unknown => value instanceof WrittenNumber ? value.value : Array.isArray(value) ? value.map(plain) : typeof value === 'object' && value !== null ? Object.fromEntries(Object.entries(value).map(([key, item]) => [key, plain(item)])) : value
    const read = plain(writtenJson(text))
    return JSON.stringify(read) === JSON.stringify(JSON.parse(text))
  }))
})

t.test('what is parsed is written as it was', async (t) => {
  for (const text of ['{"x":0.0,"y":[12345678901234567890,-9007199254740993,9007199254740991]}', '[1.5,2.0,"1.0",null,true,{}]', '3', '{"__proto__":{"x":1.0}}', '["\\u0000",1.0]']) t.equal(jsonText(writtenJson(text)), text)
  t.equal(jsonText(writtenJson('[1e2, -0.0, 1.50]')), '[100.0,0.0,1.5]', 'a fraction as Python has it')
  t.same(parseWritten('[1e999]'), { ok: false, problem: 'has a number beyond what a double holds' })
  t.match(parseWritten('[[1.0]]', { length: 100, depth: 1 }), { ok: false, problem: /nests/ })
})
