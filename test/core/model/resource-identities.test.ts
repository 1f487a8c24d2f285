// What a node says that it is configured to hold: bounded, in one order, and never compared where it is not as a node writes it.
import t from 'tap'
import { memberOf } from '../../../src/core/model/member.ts'
import { parseIdentities, publishedIdentities } from '../../../src/core/model/resource-states.ts'

t.test('what is published', async (t) => {
  t.strictSame(publishedIdentities([]), [], 'a node without resources says so')
  t.strictSame(publishedIdentities(['systemd-unit b.service', '10.0.0.100', '10.0.0.100']), ['10.0.0.100', 'systemd-unit b.service'])
  t.strictSame(publishedIdentities([`systemd-unit ${'x'.repeat(300)}`])?.map(({ length }) => length), [128])
  const many = Array.from({ length: 65 }, (_, index) => `command r${index}`)
  t.equal(publishedIdentities(many.slice(1))?.length, 64)
  t.equal(publishedIdentities(many), null, 'a list that was cut would lack what the node has')
})

t.test('what is read', async (t) => {
  t.strictSame(parseIdentities(['10.0.0.100', 'command x']), ['10.0.0.100', 'command x'])
  t.strictSame(parseIdentities([]), [])
  for (const text of [undefined, null, 'ip', 5, {}, [5], [''], [null], ['a', ['b']], ['a\nb'], ['\u202e'], ['x'.repeat(129)], Array.from({ length: 65 }, () => 'a')]) t.equal(parseIdentities(text), null, JSON.stringify(text)?.slice(0, 40))
  const every = publishedIdentities(Array.from({ length: 64 }, (_, index) => `command ${'x'.repeat(200)}${index}`.slice(-128)))
  t.strictSame(parseIdentities(JSON.parse(JSON.stringify(every))), every, 'whatever is published can be read')
})

t.test('of a presence', async (t) => {
  const read = (data: string, owner = '5') => memberOf('hv1', (child) => child === 'presence' ? { data, owner, version: 0, czxid: '1', mzxid: '1', modified: '' } : undefined, true).presence?.resources
  t.strictSame(read('{"resources":["10.0.0.100"]}'), ['10.0.0.100'])
  t.equal(read('{}'), null, 'a daemon of an earlier version')
  t.equal(read('no JSON'), null)
  t.equal(read('{"resources":["a",7]}'), null)
})
