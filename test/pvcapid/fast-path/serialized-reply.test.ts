/** What is sent for an object: the same whatever it is put together from, and made once for what does not change. */
import t from 'tap'
import { fraction } from '../../../src/core/pvc/written-number.ts'
import { etagOf } from '../../../src/pvcapid/http/etag.ts'
import { serialized, serializedText } from '../../../src/pvcapid/fast-path/serialized-reply.ts'

t.test('JSON is made once for what is frozen', async (t) => {
  let made = 0
  const item = Object.freeze({ toJSON: () => ({ made: ++made }) })
  t.equal(serializedText(item), '{"made":1}')
  t.equal(serializedText(item), '{"made":1}')
  t.equal(serializedText(Object.freeze([item, null, 'x'])), '[{"made":1},null,"x"]')
  const whole = Object.freeze({ 'a "name"': item, left: undefined, list: Object.freeze([item]), plain: { x: [1, null] }, none: null })
  t.equal(serializedText(whole), '{"a \\"name\\"":{"made":1},"list":[{"made":1}],"plain":{"x":[1,null]},"none":null}')
  t.equal(serializedText(whole), JSON.stringify({ ...whole, 'a "name"': { made: 1 }, list: [{ made: 1 }] }), 'put together from its parts, it reads as in one piece')
  t.equal(etagOf(Object.freeze({ part: Object.freeze({ x: 1 }) })), etagOf(Object.freeze({ part: Object.freeze({ x: 1 }) })), 'the same reply has the same tag')
  t.not(etagOf(Object.freeze({ part: Object.freeze({ x: 1 }) })), etagOf(Object.freeze({ part: Object.freeze({ x: 2 }) })))
  t.not(etagOf(Object.freeze({ part: Object.freeze({ x: 1 }) })), etagOf(Object.freeze({ trap: Object.freeze({ x: 1 }) })))
  const open = { made: 1 }
  t.equal(serializedText(open), '{"made":1}')
  open.made = 2
  t.equal(serializedText(open), '{"made":2}')
})

t.test('fractions stay such', async (t) => {
  const value = { load: fraction(0), list: [fraction(1), { x: fraction(0.5), none: undefined }], text: '0.0', null: null }
  const text = '{"load":0.0,"list":[1.0,{"x":0.5}],"text":"0.0","null":null}'
  t.equal(serializedText(value), text)
  t.equal(serializedText(Object.freeze(value)), text)
  t.equal(serialized(Object.freeze({ ...value })).length, text.length)
  t.equal(serializedText(Object.freeze({ part: Object.freeze({ load: fraction(0) }) })), '{"part":{"load":0.0}}')
})

t.test('a long reply goes out in pieces, of which those that have not changed are kept', async (t) => {
  const item = (name: string) => Object.freeze({ name, text: 'Zoë '.repeat(100) })
  const bytesOf = (value: object) => {
    const { body } = serialized(value)
    return Buffer.concat(typeof body === 'string' ? [Buffer.from(body)] : body)
  }
  for (const count of [0, 1, 31, 32, 33, 64, 65, 100]) {
    const list = Object.freeze(Array.from({ length: count }, (_, index) => item(`node ${index}`)))
    for (const value of [list, Object.freeze({ first: 1, ö: list, rest: Object.freeze({ list }), last: 'é' })]) {
      const json = JSON.stringify(value)
      // Its length and its bytes before its text, which would settle both.
      const length = serialized(value).length
      t.equal(bytesOf(value).toString(), json, `${count} items`)
      t.equal(length, Buffer.byteLength(json))
      t.equal(serializedText(value), json)
    }
  }
  const before = Object.freeze([null, ...Array.from({ length: 99 }, (_, index) => item(`node ${index}`))])
  const after = Object.freeze(before.map((same, index) => index === 70 ? item('another') : same))
  const [first, second] = [serialized(before), serialized(after)]
  t.equal(bytesOf(after).toString(), JSON.stringify(after))
  t.equal(second.pieces.filter((piece) => !first.pieces.includes(piece) && piece.length > 4_096).length, 2, 'the run that begins with nothing to know it by, and the one with the change')
  t.not(first.etag, second.etag)
  t.equal(etagOf(Object.freeze([...after])), second.etag)
  t.equal(etagOf(Object.freeze(after.map((same) => same === null ? null : Object.freeze({ ...same })))), second.etag, 'made again by another API, it has the same tag')
})
