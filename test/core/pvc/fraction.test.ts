// Numbers that PVC's API writes with a fraction keep it on the way through this project.
import fc from 'fast-check'
import t from 'tap'
import { Fraction, fraction, parseWithFractions } from '../../../src/core/pvc/fraction.ts'

t.test('the text of a fraction', async (t) => {
  for (const [value, text] of [[0, '0.0'], [-0, '0.0'], [3, '3.0'], [-2, '-2.0'], [0.35, '0.35'], [1e21, '1e+21'], [1e16, '10000000000000000.0']] as const) t.equal(fraction(value).text, text)
  t.equal(JSON.stringify({ load: fraction(0) }), '{"load":0}', 'a plain number to JSON.stringify')
  fc.assert(fc.property(fc.double({ noNaN: true, noDefaultInfinity: true }), (value) => JSON.parse(fraction(value).text) === (value === 0 ? 0 : value) && /[.e]/.test(fraction(value).text)))
})

t.test('of a JSON text', async (t) => {
  t.strictSame(parseWithFractions('{"a": 0.0, "b": 0, "c": "0.0", "d": [1.50, 2e0, -3.0], "e\\"1.0": "x\\\\"}'), { a: fraction(0), b: 0, c: '0.0', d: [1.5, fraction(2), fraction(-3)], 'e"1.0': 'x\\' })
  t.strictSame(parseWithFractions('12.0'), fraction(12))
  t.strictSame(parseWithFractions('{"a":0.0,"b":"\\u0000"}'), { a: 0, b: '\0' }, 'a text with the mark is left as it is')
  for (const text of [undefined, '', '{', 'None', '1.', '1e400', '[-1e999, 0.0]']) t.equal(parseWithFractions(text), null, String(text))
  fc.assert(fc.property(fc.json(), (text) => {
    const plain = (value: unknown): unknown => value instanceof Fraction ? value.value : Array.isArray(value) ? value.map(plain) : typeof value === 'object' && value !== null ? Object.fromEntries(Object.entries(value).map(([key, item]) => [key, plain(item)])) : value
    const read = plain(parseWithFractions(text))
    return JSON.stringify(read) === JSON.stringify(JSON.parse(text))
  }))
})
