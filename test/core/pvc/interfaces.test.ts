/** The figures of interfaces: each leaf is what PVC's client can format, and each malformed one costs itself alone. */
import t from 'tap'
import { interfacesOf, totalOf } from '../../../src/core/pvc/interfaces.ts'
import { fraction } from '../../../src/core/pvc/written-number.ts'

const sound = { rx_pps: 1, tx_pps: 2.5, rx_bps: 3, tx_bps: 4, link_speed: -1, state: 'up' }

t.test('sound ones stay as they are', async (t) => {
  t.strictSame(interfacesOf(JSON.stringify({ eno1: sound, eno2: { rx_bps: 5, state: 'up' }, eno3: {} })), { eno1: sound, eno2: { rx_bps: 5, state: 'up' }, eno3: {} })
  t.strictSame(interfacesOf('{"eno1":{"rx_bps":2.0,"mtu":1500,"driver":"x","is_bond":true}}'), { eno1: { rx_bps: fraction(2), mtu: 1500, driver: 'x', is_bond: true } }, 'with other fields')
})

t.test('malformed ones', async (t) => {
  for (const text of [undefined, '', 'None', '[]', '5', '1.0', 'null', '{', '"x"', '{"e":{"rx_bps":1e999}}']) t.equal(interfacesOf(text), null, String(text))
  t.strictSame(interfacesOf('{"a":5,"b":null,"c":"up","d":[],"e":1.0,"f":{"state":"up"}}'), { f: { state: 'up' } }, 'an entry that has no figures is left out')
  for (const bad of ['null', '"5"', '{}', '[1]', 'true', '1e300', '9'.repeat(16)]) {
    t.strictSame(interfacesOf(`{"e":{"rx_bps":${bad},"link_speed":${bad},"tx_bps":4}}`), { e: { rx_bps: 0, link_speed: 0, tx_bps: 4 } }, bad)
  }
  t.strictSame(interfacesOf('{"e":{"state":null,"more":null,"deep":{"x":1},"list":[1]}}'), { e: { state: 'unknown' } })
  t.strictSame(JSON.stringify(interfacesOf('{"__proto__":{"rx_bps":null},"constructor":{"__proto__":1}}')), '{"__proto__":{"rx_bps":0},"constructor":{"__proto__":1}}')
})

t.test('a figure of all of them', async (t) => {
  const found = interfacesOf('{"a":{"rx_bps":2.0},"b":{"rx_bps":1.5},"c":{"rx_bps":"x"},"d":{"tx_bps":9}}') ?? {}
  t.strictSame([totalOf(found, 'rx_bps'), totalOf(found, 'tx_bps'), totalOf({}, 'rx_bps')], [3.5, 9, 0])
})
